//! Removing an erased person's events: rows of the table, and with them, in the same transaction, what the rows of the log
//! hold. A row of the table says where in the log its event is, so exactly those rows of the log are found; should the process
//! die, what is left of the one leads to what is left of the other.

use observe_core::ProjectId;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::task::{self, Removed, Task};
use crate::erasure::{Cuts, rewrite};
use crate::shard::Shard;
use crate::store::retention::Week;

/// Events that one transaction removes at most.
const EVENTS_MAX: i64 = 2_000;
/// Rows of the log that one transaction looks at, and bytes of them after which it looks at no further one: each is unpacked and
/// packed.
const LOG_ROWS_MAX: usize = 200;
const LOG_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Rows of the log that one transaction looks through, without knowing whether they hold anything.
const SCANNED_ROWS_MAX: i64 = 16;
/// How long a transaction waits for a lock, and may take.
const LIMITS: &str = "set local lock_timeout = '1s'; set local statement_timeout = '20s';
    set local plan_cache_mode = force_custom_plan";

/// An event's place in the log.
type Place = (Shard, i64);

/// A row of the log.
#[derive(sqlx::FromRow)]
struct LogRow {
    shard: Shard,
    first_sequence: i64,
    count: i32,
    project_id: Uuid,
    payload: Vec<u8>,
    identity_events: Option<Vec<u8>>,
}

/// Removes some of the person's events of one week. Returns whether there may be more.
///
/// # Errors
/// When the database is away, or a row of the log is damaged.
pub async fn remove_some(pool: &PgPool, task: &Task, week: &Week) -> anyhow::Result<bool> {
    let mut tx = pool.begin().await?;
    sqlx::raw_sql(LIMITS).execute(&mut *tx).await?;
    let mut places: Vec<Place> = sqlx::query_as(
        "select shard, sequence from event
         where project_id = $1 and distinct_id = any($2) and arrival <= $3
             and time >= coalesce($4, '-infinity'::timestamptz) and time < $5
         limit $6",
    )
    .bind(task.project.uuid())
    .bind(&task.distinct_ids)
    .bind(task.cut_us)
    .bind(week.start)
    .bind(week.end)
    .bind(EVENTS_MAX)
    .fetch_all(&mut *tx)
    .await?;
    if places.is_empty() {
        return Ok(false);
    }
    let is_full = i64::try_from(places.len()).is_ok_and(|found| found >= EVENTS_MAX);
    places.sort_unstable();
    let (done, log_rows) = rewrite_log(&mut tx, task, &places).await?;
    let mut events = 0;
    for of_shard in places[..done].chunk_by(|a, b| a.0 == b.0) {
        events += delete(&mut tx, task, week, of_shard).await?;
    }
    task::add(&mut tx, task.number, Removed { events, log_rows, ..Removed::default() }).await?;
    tx.commit().await?;
    Ok(is_full || done < places.len())
}

/// Deletes the person's rows of one week that have these places, all of one shard. Returns how many there were.
async fn delete(
    tx: &mut PgConnection,
    task: &Task,
    week: &Week,
    places: &[Place],
) -> sqlx::Result<i64> {
    let deleted = sqlx::query(
        "delete from event
         where project_id = $1 and distinct_id = any($2) and arrival <= $3
             and time >= coalesce($4, '-infinity'::timestamptz) and time < $5
             and shard = $6 and sequence = any($7)",
    )
    .bind(task.project.uuid())
    .bind(&task.distinct_ids)
    .bind(task.cut_us)
    .bind(week.start)
    .bind(week.end)
    .bind(places.first().map(|(shard, _)| *shard))
    .bind(places.iter().map(|(_, sequence)| *sequence).collect::<Vec<i64>>())
    .execute(tx)
    .await?;
    Ok(i64::try_from(deleted.rows_affected()).unwrap_or(i64::MAX))
}

/// Takes the person's events out of the rows of the log that hold these places, which are in order; of at most so many rows
/// that the transaction stays short. Returns how many places are done, and how many rows were written.
async fn rewrite_log(
    tx: &mut PgConnection,
    task: &Task,
    places: &[Place],
) -> anyhow::Result<(usize, i64)> {
    let (mut rows, mut bytes, mut written) = (0, 0, 0);
    // What the row that was looked at last covers.
    let mut covered: Option<(Shard, i64)> = None;
    for (done, (shard, sequence)) in places.iter().enumerate() {
        if covered.is_some_and(|(of, last)| of == *shard && *sequence <= last) {
            continue;
        }
        if rows == LOG_ROWS_MAX || bytes >= LOG_BYTES_MAX {
            return Ok((done, written));
        }
        rows += 1;
        let row: Option<LogRow> = sqlx::query_as(
            "select shard, first_sequence, count, project_id, payload, identity_events from event_log
             where shard = $1 and first_sequence <= $2 order by first_sequence desc limit 1 for update",
        )
        .bind(shard)
        .bind(sequence)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { continue };
        bytes += row.payload.len();
        covered = Some((row.shard, row.first_sequence + i64::from(row.count) - 1));
        written += i64::from(rewrite_row(tx, &row, &task.cuts).await? > 0);
    }
    Ok((places.len(), written))
}

/// Writes a row of the log without what is erased. Returns how many events it lost.
async fn rewrite_row(tx: &mut PgConnection, row: &LogRow, cuts: &Cuts) -> anyhow::Result<usize> {
    let project = ProjectId::new(row.project_id);
    let rewritten = rewrite(project, &row.payload, row.identity_events.as_deref(), cuts)?;
    let Some(rewritten) = rewritten else { return Ok(0) };
    sqlx::query(
        "update event_log set payload = $3, identity_events = $4 where shard = $1 and first_sequence = $2",
    )
    .bind(row.shard)
    .bind(row.first_sequence)
    .bind(&rewritten.payload)
    .bind(&rewritten.identity_events)
    .execute(tx)
    .await?;
    Ok(rewritten.removed)
}

/// Returns whether events of the project were removed for their age, so that the log may hold some that the table does not.
///
/// # Errors
/// When the database is away.
pub async fn is_aged(pool: &PgPool, project: ProjectId) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from aged_project where project_id = $1)")
        .bind(project.uuid())
        .fetch_one(pool)
        .await
}

/// Goes on through the project's log after a place, and takes out what the table no longer leads to. Returns where it stopped;
/// `None` at the end.
///
/// # Errors
/// As [`remove_some`].
pub async fn scan_some(pool: &PgPool, task: &Task, after: Place) -> anyhow::Result<Option<Place>> {
    let mut tx = pool.begin().await?;
    sqlx::raw_sql(LIMITS).execute(&mut *tx).await?;
    let rows: Vec<LogRow> = sqlx::query_as(
        "select shard, first_sequence, count, project_id, payload, identity_events from event_log
         where project_id = $1 and octet_length(payload) > 0 and (shard, first_sequence) > ($2, $3)
         order by shard, first_sequence limit $4 for update",
    )
    .bind(task.project.uuid())
    .bind(after.0)
    .bind(after.1)
    .bind(SCANNED_ROWS_MAX)
    .fetch_all(&mut *tx)
    .await?;
    let Some(last) = rows.last().map(|row| (row.shard, row.first_sequence)) else {
        return Ok(None);
    };
    let mut removed = Removed::default();
    for row in &rows {
        let events = rewrite_row(&mut tx, row, &task.cuts).await?;
        removed.events += i64::try_from(events).unwrap_or(i64::MAX);
        removed.log_rows += i64::from(events > 0);
    }
    task::add(&mut tx, task.number, removed).await?;
    tx.commit().await?;
    Ok(Some(last))
}
