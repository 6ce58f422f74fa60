//! Removing what projects keep no longer: rows of the event table, whole weeks of it, and what rows of the log hold.

use std::time::Duration;

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use sqlx::{Connection as _, PgPool};
use uuid::Uuid;

use crate::log_row::EXCEPTION;

/// Rows that one transaction deletes: so long, and no longer, it is in the way of nobody.
const ROWS_MAX: i64 = 2_000;
/// Rows of the log that one transaction empties.
const LOG_ROWS_MAX: i64 = 200;
/// How long a transaction waits for a lock, and may take.
const LIMITS: &str = "set local lock_timeout = '200ms'; set local statement_timeout = '10s';
    set local plan_cache_mode = force_custom_plan";

/// Before when a project's events are too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// Whose.
    pub project: ProjectId,
    /// Events; for ever if `None`.
    pub events_before: Option<DateTime<Utc>>,
    /// Errors; never before events.
    pub exceptions_before: Option<DateTime<Utc>>,
}

/// One partition of the event table.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Week {
    /// Its name.
    pub name: String,
    /// The first instant of it; none for the one that holds all that is older than two years.
    pub start: Option<DateTime<Utc>>,
    /// The first instant after it.
    pub end: DateTime<Utc>,
}

impl Expiry {
    /// Returns the project and before when its events, or its errors, are too old, if a week reaches back so far.
    #[must_use]
    pub fn reaches(&self, week: &Week, exceptions: bool) -> Option<(ProjectId, DateTime<Utc>)> {
        let before = if exceptions { self.exceptions_before } else { self.events_before }?;
        week.start.is_none_or(|start| start < before).then_some((self.project, before))
    }

    /// Returns whether all that the project can have in a week is too old.
    #[must_use]
    pub fn covers(&self, week: &Week) -> bool {
        self.events_before.is_some_and(|before| week.end <= before)
    }
}

/// Notes projects of which events are removed for their age, before any is.
///
/// # Errors
/// When the database is away.
pub async fn note_aged(pool: &PgPool, expiries: &[Expiry]) -> sqlx::Result<()> {
    sqlx::query("insert into aged_project select unnest($1::uuid[]) on conflict do nothing")
        .bind(expiries.iter().map(|expiry| expiry.project.uuid()).collect::<Vec<_>>())
        .execute(pool)
        .await?;
    Ok(())
}

/// Returns the partitions of the event table, oldest first.
///
/// # Errors
/// When the database is away.
pub async fn weeks(pool: &PgPool) -> sqlx::Result<Vec<Week>> {
    sqlx::query_as(
        r"select name, (regexp_match(bound, 'FROM \(''([^'']+)''\)'))[1]::timestamptz as start,
             (regexp_match(bound, 'TO \(''([^'']+)''\)'))[1]::timestamptz as end
         from (select c.relname::text as name, pg_get_expr(c.relpartbound, c.oid) as bound
               from pg_inherits i join pg_class c on c.oid = i.inhrelid
               where i.inhparent = 'event'::regclass) partition
         order by 3",
    )
    .fetch_all(pool)
    .await
}

/// Drops a week in which only these projects have events. Returns whether it did.
///
/// # Errors
/// When the database is away, or somebody holds the table for longer than it waits.
pub async fn drop_week(pool: &PgPool, week: &Week, expired: &[Uuid]) -> sqlx::Result<bool> {
    sqlx::query_scalar("select drop_event_week($1, $2)")
        .bind(&week.name)
        .bind(expired)
        .fetch_one(pool)
        .await
}

/// Returns whether only these projects have events in a week. Looks at one row of each project, and locks nothing.
///
/// # Errors
/// When the database is away.
pub async fn has_only(pool: &PgPool, week: &Week, projects: &[Uuid]) -> sqlx::Result<bool> {
    let others: bool = sqlx::query_scalar(
        "with recursive found as (
             (select project_id from event where time >= $1 and time < $2 order by project_id limit 1)
             union all
             select (select project_id from event
                     where project_id > found.project_id and time >= $1 and time < $2 order by project_id limit 1)
             from found where found.project_id is not null)
         select exists (select from found where project_id is not null and not project_id = any($3))",
    )
    .bind(week.start)
    .bind(week.end)
    .bind(projects)
    .fetch_one(pool)
    .await?;
    Ok(!others)
}

/// Returns which of these projects have something in a week before their instant, errors alone if `exceptions` says so.
///
/// # Errors
/// When the database is away.
pub async fn have_expired(
    pool: &PgPool,
    week: &Week,
    expiries: &[(ProjectId, DateTime<Utc>)],
    exceptions: bool,
) -> sqlx::Result<Vec<(ProjectId, DateTime<Utc>)>> {
    let (projects, befores): (Vec<Uuid>, Vec<DateTime<Utc>>) =
        expiries.iter().map(|(project, before)| (project.uuid(), *before)).unzip();
    let found: Vec<(Uuid, DateTime<Utc>)> = sqlx::query_as(
        "select project_id, before from unnest($1::uuid[], $2::timestamptz[]) as given (project_id, before)
         where exists (
             select from event where event.project_id = given.project_id
                 and time >= coalesce($3, '-infinity'::timestamptz) and time < $4 and time < before
                 and ($5::text is null or name = $5))",
    )
    .bind(projects)
    .bind(befores)
    .bind(week.start)
    .bind(week.end)
    .bind(exceptions.then_some(EXCEPTION))
    .fetch_all(pool)
    .await?;
    Ok(found.into_iter().map(|(project, before)| (ProjectId::new(project), before)).collect())
}

/// Deletes some of what a project has in a week before an instant, its errors alone if `exceptions` says so. Returns whether
/// there may be more.
///
/// # Errors
/// When the database is away.
pub async fn delete_some(
    pool: &PgPool,
    project: ProjectId,
    week: &Week,
    before: DateTime<Utc>,
    exceptions: bool,
) -> sqlx::Result<bool> {
    let mut connection = pool.acquire().await?;
    let mut tx = connection.begin().await?;
    sqlx::raw_sql(LIMITS).execute(&mut *tx).await?;
    // The bounds are those of one partition, in which a row is told by its place.
    let deleted = sqlx::query(
        "delete from event where time >= coalesce($2, '-infinity'::timestamptz) and time < $3
             and ctid = any(array(
                 select ctid from event
                 where project_id = $1 and time >= coalesce($2, '-infinity'::timestamptz) and time < least($3, $4)
                     and ($5::text is null or name = $5)
                 limit $6))",
    )
    .bind(project.uuid())
    .bind(week.start)
    .bind(week.end)
    .bind(before)
    .bind(exceptions.then_some(EXCEPTION))
    .bind(ROWS_MAX)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(deleted.rows_affected() >= ROWS_MAX.unsigned_abs())
}

/// Empties some rows of the log all of whose events are too old. Returns whether there may be more. What identity was not told
/// of yet stays.
///
/// # Errors
/// When the database is away.
pub async fn empty_some(pool: &PgPool, expiry: &Expiry) -> sqlx::Result<bool> {
    let mut connection = pool.acquire().await?;
    let mut tx = connection.begin().await?;
    sqlx::raw_sql(LIMITS).execute(&mut *tx).await?;
    let emptied = sqlx::query(
        "update event_log set payload = '', identity_events = null
         where (shard, first_sequence) in (
             select l.shard, l.first_sequence from event_log l join shard s on s.id = l.shard
             where l.project_id = $1 and octet_length(l.payload) > 0 and l.newest_at < greatest($2, $3)
                 and (l.newest_at < $2 or (l.exceptions and l.newest_at < $3))
                 and (l.identity_events is null or l.first_sequence <= s.relayed_sequence)
             limit $4)",
    )
    .bind(expiry.project.uuid())
    .bind(expiry.events_before)
    .bind(expiry.exceptions_before)
    .bind(LOG_ROWS_MAX)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(emptied.rows_affected() >= LOG_ROWS_MAX.unsigned_abs())
}

/// How long to rest between two transactions, so that they take a small part of the time.
pub const REST: Duration = Duration::from_millis(50);
