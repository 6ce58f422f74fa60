//! Partitions by week.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use sqlx::PgPool;

/// Returns the Monday of the ISO week that holds an instant, in UTC.
#[must_use]
pub fn week_of(time: DateTime<Utc>) -> NaiveDate {
    let day = time.date_naive();
    day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday()))
}

/// Returns the Monday of this week by the database's clock, in UTC.
///
/// # Errors
/// When the database is away.
pub async fn this_week(pool: &PgPool) -> sqlx::Result<NaiveDate> {
    sqlx::query_scalar("select date_trunc('week', now() at time zone 'UTC')::date")
        .fetch_one(pool)
        .await
}

/// Forgets entries that were consumed before a week: their events' keys are gone as well.
///
/// # Errors
/// When the database is away.
pub async fn forget_consumed(pool: &PgPool, week: NaiveDate) -> sqlx::Result<()> {
    sqlx::query("delete from consumed_entry where consumed_at < $1::date")
        .bind(week)
        .execute(pool)
        .await?;
    Ok(())
}

/// Returns the Monday before which all events share one partition.
///
/// # Errors
/// When the database is away.
pub async fn old_boundary(pool: &PgPool) -> sqlx::Result<NaiveDate> {
    sqlx::query_scalar("select week from old_boundary").fetch_one(pool).await
}

/// Makes the partition of a week of event times, if it is not there.
///
/// # Errors
/// When the database is away, or a scan holds the table for longer than 2 s.
pub async fn ensure_event_week(pool: &PgPool, week: NaiveDate) -> sqlx::Result<()> {
    sqlx::query("select ensure_event_week($1)").bind(week).execute(pool).await?;
    Ok(())
}

/// Makes the partition of a week of storing, if it is not there.
///
/// # Errors
/// As [`ensure_event_week`].
pub async fn ensure_key_week(pool: &PgPool, week: NaiveDate) -> sqlx::Result<()> {
    sqlx::query("select ensure_key_week($1)").bind(week).execute(pool).await?;
    Ok(())
}

/// Moves the key week on; it never goes back.
///
/// # Errors
/// When the database is away.
pub async fn advance_key_clock(pool: &PgPool, week: NaiveDate) -> sqlx::Result<()> {
    sqlx::query("update key_clock set week = $1 where week < $1").bind(week).execute(pool).await?;
    Ok(())
}

/// Drops the keys of weeks before the given one.
///
/// # Errors
/// As [`ensure_event_week`].
pub async fn drop_key_weeks_before(pool: &PgPool, week: NaiveDate) -> sqlx::Result<()> {
    let dropped: i32 =
        sqlx::query_scalar("select drop_key_weeks_before($1)").bind(week).fetch_one(pool).await?;
    if dropped > 0 {
        tracing::info!(dropped, "weeks of event keys ran out");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday() {
        let sunday =
            DateTime::from_timestamp(1_763_855_999, 0).expect("2025-11-22T23:59:59Z is a Saturday");
        assert_eq!(week_of(sunday), NaiveDate::from_ymd_opt(2025, 11, 17).expect("a date"));
    }
}
