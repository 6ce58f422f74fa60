//! What of the lane runs out.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgPool;

use crate::spans::{
    ERRORS_KEPT_MS, EXAMPLES_KEPT_MS, HOURS_KEPT_MS, PEOPLE_KEPT_MS, hour_of, minutes_since,
};

/// Rows deleted by one statement, so that none holds anybody up.
const DELETED_AT_ONCE: i64 = 20_000;

/// Returns the day and the time by the database's clock, in UTC.
///
/// # Errors
/// When the database is away.
pub async fn today(pool: &PgPool) -> sqlx::Result<(NaiveDate, DateTime<Utc>)> {
    sqlx::query_as("select (now() at time zone 'UTC')::date, now()").fetch_one(pool).await
}

/// Makes the partition of a day of counting, if it is not there.
///
/// # Errors
/// When the database is away, or a scan holds the table for longer than 2 s.
pub async fn ensure_key_day(pool: &PgPool, day: NaiveDate) -> sqlx::Result<()> {
    sqlx::query("select ensure_span_key_day($1)").bind(day).execute(pool).await?;
    Ok(())
}

/// Moves the day in which keys are stored on; it never goes back.
///
/// # Errors
/// When the database is away.
pub async fn advance_key_day(pool: &PgPool, day: NaiveDate) -> sqlx::Result<()> {
    sqlx::query("update span_lane set key_day = $1 where key_day < $1")
        .bind(day)
        .execute(pool)
        .await?;
    Ok(())
}

/// Drops the keys of days before the given one, and forgets entries that were consumed before it.
///
/// # Errors
/// As [`ensure_key_day`].
pub async fn drop_keys_before(pool: &PgPool, day: NaiveDate) -> sqlx::Result<()> {
    sqlx::query("select drop_span_key_days_before($1)").bind(day).execute(pool).await?;
    sqlx::query("delete from span_consumed_entry where consumed_at < $1::date")
        .bind(day)
        .execute(pool)
        .await?;
    Ok(())
}

/// Deletes what is older than it is kept for. Returns how many rows that were; call it again while there are any.
///
/// # Errors
/// When the database is away.
pub async fn expire(pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let now_ms = now.timestamp_millis();
    let at = |ms: i64| DateTime::from_timestamp_millis(ms).unwrap_or(now);
    let minutes = "delete from span_cell where ctid in (
        select ctid from span_cell where level = 0 and at < $1 limit $2)";
    let hours = "delete from span_cell where ctid in (
        select ctid from span_cell where level = 1 and at < $1 limit $2)";
    let errors = "delete from span_kept where ctid in (
        select ctid from span_kept where start_at < $1 limit $2)";
    let examples = "delete from span_kept where ctid in (
        select ctid from span_kept where start_at < $1 and not is_error limit $2)";
    let people = "delete from span_person where ctid in (
        select ctid from span_person where hour < $1 limit $2)";
    let mut deleted = 0;
    for (statement, before) in [
        (minutes, minutes_since(now_ms)),
        (hours, hour_of(now_ms - HOURS_KEPT_MS)),
        (errors, now_ms - ERRORS_KEPT_MS),
        (examples, now_ms - EXAMPLES_KEPT_MS),
        (people, hour_of(now_ms - PEOPLE_KEPT_MS)),
    ] {
        let done =
            sqlx::query(statement).bind(at(before)).bind(DELETED_AT_ONCE).execute(pool).await?;
        deleted += done.rows_affected();
    }
    Ok(deleted)
}
