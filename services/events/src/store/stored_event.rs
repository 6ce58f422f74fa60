//! Stored events as they are, page by page: what an export reads.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_runtime::postgres::Database;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::event::Position;

/// Events on one page.
const PAGE_EVENTS_MAX: i64 = 5_000;
/// Bytes of properties on one page; the first event is on it in any case.
const PAGE_BYTES_MAX: i64 = 2 * 1024 * 1024;
/// How long one page may be looked for, in milliseconds: about as long as a caller waits for it, so that little is computed for
/// nobody.
const STATEMENT_TIMEOUT_MS: &str = "30000";
/// In which order: an index has it, read backwards.
const ORDER: &str = " order by time, arrival, uuid";

/// Which events are read; all parts must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredQuery {
    /// The first time inside.
    pub start: Option<DateTime<Utc>>,
    /// The first time after.
    pub end: Option<DateTime<Utc>>,
    /// One of these names; any when empty.
    pub names: Vec<String>,
    /// By shard, from 0: only events up to this sequence.
    pub heads: Vec<i64>,
    /// Strictly after this event.
    pub after: Option<Position>,
}

/// A stored event.
#[derive(Debug, sqlx::FromRow)]
pub struct StoredRow {
    /// The event's id.
    pub uuid: Uuid,
    /// What happened.
    pub name: String,
    /// Who did it.
    pub distinct_id: String,
    /// When.
    pub time: DateTime<Utc>,
    /// Its place among events of equal time.
    pub arrival: i64,
    /// When the edge received it.
    pub received_at: DateTime<Utc>,
    /// The session, if any.
    pub session_id: Option<String>,
    /// What else is known, JSON.
    pub properties: String,
    /// Events that the page could hold, had it no limit of bytes.
    total: i64,
}

/// Some events, the oldest first.
pub struct StoredPage {
    /// The events.
    pub rows: Vec<StoredRow>,
    /// Whether there may be further ones.
    pub more: bool,
}

/// Returns the next events of a project. Each page is a transaction of its own, so that a long export holds nothing up.
///
/// # Errors
/// When the database is away.
pub async fn read(
    database: &Database,
    project: ProjectId,
    query: &StoredQuery,
) -> sqlx::Result<StoredPage> {
    let mut sql = page(project, query);
    let mut tx = database.tenant(project).await?;
    sqlx::query("select set_config('statement_timeout', $1, true)")
        .bind(STATEMENT_TIMEOUT_MS)
        .execute(&mut *tx)
        .await?;
    // Planned for these very values each time: what is a good plan for a frequent name is a bad one for a rare one.
    let rows: Vec<StoredRow> = sql.build_query_as().persistent(false).fetch_all(&mut *tx).await?;
    let more = rows.first().is_some_and(|row| {
        row.total == PAGE_EVENTS_MAX || row.total > i64::try_from(rows.len()).unwrap_or(i64::MAX)
    });
    Ok(StoredPage { rows, more })
}

/// The next events, cut where the page is full. A page of large events holds few of those that there is room for, so only what
/// their compressed bytes fit on a page is read and unpacked, and cut again by its text.
fn page(project: ProjectId, query: &StoredQuery) -> QueryBuilder<Postgres> {
    const COLUMNS: &str = "uuid, name, distinct_id, time, arrival, received_at, session_id";
    let mut sql =
        QueryBuilder::new("select * from (select *, sum(octet_length(properties)) over (");
    sql.push(ORDER).push(") - octet_length(properties) as before from (select ").push(COLUMNS);
    sql.push(", properties::text as properties, total from (select *, count(*) over () as total");
    sql.push(", sum(pg_column_size(properties)) over (").push(ORDER);
    sql.push(") - pg_column_size(properties) as packed_before from (select ").push(COLUMNS);
    sql.push(", properties from event where project_id = ").push_bind(project.uuid());
    if let Some(start) = query.start {
        sql.push(" and time >= ").push_bind(start);
    }
    if let Some(end) = query.end {
        sql.push(" and time < ").push_bind(end);
    }
    if !query.names.is_empty() {
        sql.push(" and name = any(").push_bind(query.names.clone()).push(")");
    }
    // Arrays count from 1, and there is nothing beyond their end, which no sequence is up to.
    sql.push(" and sequence <= (").push_bind(query.heads.clone()).push("::bigint[])[shard + 1]");
    if let Some(Position { time, arrival, uuid }) = query.after {
        sql.push(" and time >= ").push_bind(time);
        sql.push(" and (time, arrival, uuid) > (").push_bind(time);
        sql.push(", ").push_bind(arrival).push(", ").push_bind(uuid).push(")");
    }
    sql.push(ORDER).push(" limit ").push_bind(PAGE_EVENTS_MAX);
    // The offset keeps the planner from unpacking each event once for every time that its text is named.
    sql.push(") found) packed where packed_before < ").push_bind(PAGE_BYTES_MAX).push(" offset 0");
    sql.push(") unpacked) page where before < ").push_bind(PAGE_BYTES_MAX).push(ORDER);
    sql
}
