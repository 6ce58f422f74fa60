//! The days that were rolled up.

use chrono::{DateTime, NaiveDate, Utc};
use observe_core::ProjectId;
use observe_runtime::postgres::Database;

use crate::error::ReportsError;
use crate::usage::DailyUsage;

const SELECT_DAYS: &str = "
    select day, events, active_persons, sessions, errors, requests, checks_up, checks_down
    from daily_usage where project_id = $1 and day between $2 and $3 order by day";
const SELECT_LAST_DAY: &str = "select max(day) from daily_usage where project_id = $1";
const UPSERT_DAYS: &str = "
    insert into daily_usage (project_id, day, events, active_persons, sessions, errors, requests, checks_up, checks_down,
        rolled_time)
    select $1, day, events, active_persons, sessions, errors, requests, checks_up, checks_down, $10
    from unnest($2::date[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[])
        as d(day, events, active_persons, sessions, errors, requests, checks_up, checks_down)
    on conflict (project_id, day) do update set events = excluded.events, active_persons = excluded.active_persons,
        sessions = excluded.sessions, errors = excluded.errors, requests = excluded.requests,
        checks_up = excluded.checks_up, checks_down = excluded.checks_down, rolled_time = excluded.rolled_time";

type Row = (NaiveDate, i64, i64, i64, i64, i64, i64, i64);

/// Reads and writes them.
#[derive(Clone, Debug)]
pub(crate) struct UsageStore(pub(crate) Database);

impl UsageStore {
    /// Returns the days that were rolled up, oldest first.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) async fn days(
        &self,
        project: ProjectId,
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<Vec<DailyUsage>, ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        let rows: Vec<Row> = sqlx::query_as(SELECT_DAYS)
            .bind(project.uuid())
            .bind(first)
            .bind(last)
            .fetch_all(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(rows.into_iter().map(day).collect())
    }

    /// Returns the last day that was rolled up.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) async fn last_day(
        &self,
        project: ProjectId,
    ) -> Result<Option<NaiveDate>, ReportsError> {
        let last = sqlx::query_scalar(SELECT_LAST_DAY).bind(project.uuid());
        Ok(last.fetch_one(self.0.worker()).await?)
    }

    /// Writes days, in the place of what was written before.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) async fn save(
        &self,
        project: ProjectId,
        days: &[DailyUsage],
        now: DateTime<Utc>,
    ) -> Result<(), ReportsError> {
        let column = |of: fn(&DailyUsage) -> u64| -> Vec<i64> {
            days.iter().map(|day| i64::try_from(of(day)).unwrap_or(i64::MAX)).collect()
        };
        sqlx::query(UPSERT_DAYS)
            .bind(project.uuid())
            .bind(days.iter().map(|day| day.day).collect::<Vec<_>>())
            .bind(column(|day| day.events))
            .bind(column(|day| day.active_persons))
            .bind(column(|day| day.sessions))
            .bind(column(|day| day.errors))
            .bind(column(|day| day.requests))
            .bind(column(|day| day.checks_up))
            .bind(column(|day| day.checks_down))
            .bind(now)
            .execute(self.0.worker())
            .await?;
        Ok(())
    }
}

fn day(row: Row) -> DailyUsage {
    let number = |value: i64| u64::try_from(value).unwrap_or(0);
    DailyUsage {
        day: row.0,
        events: number(row.1),
        active_persons: number(row.2),
        sessions: number(row.3),
        errors: number(row.4),
        requests: number(row.5),
        checks_up: number(row.6),
        checks_down: number(row.7),
    }
}
