//! Reading dead letters, for who owns them.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_runtime::postgres::Database;
use uuid::Uuid;

use crate::event::Position;

/// Bytes of payload that are shown of one dead letter.
pub const SHOWN_BYTES_MAX: usize = 64 * 1024;
/// Bytes of shown payloads on one page; the first letter is on it in any case.
const PAGE_BYTES_MAX: i64 = 2 * 1024 * 1024;

/// A dead letter.
#[derive(Debug, sqlx::FromRow)]
pub struct DeadLetterRow {
    /// The event's id; the entry's, if it stands for one.
    pub uuid: Uuid,
    /// What happened, as far as it is known.
    pub name: String,
    /// Who did it, as far as it is known.
    pub distinct_id: String,
    /// When it was set aside.
    pub created_at: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// PostgreSQL's code, if PostgreSQL refused it.
    pub sqlstate: Option<String>,
    /// The version whose reader it ended: then nobody decodes it to look at it.
    pub ended_version: Option<String>,
    /// The entry it stands for, if it does.
    pub entry_id: Option<Uuid>,
    /// How many events it stands for.
    pub events: i64,
    /// How often it was tried again.
    pub redrives: i32,
    /// An `AcceptedEvent`; empty if it stands for an entry.
    pub payload: Vec<u8>,
    /// Letters that the page could hold, had it no limit of bytes.
    total: i64,
}

/// A page of dead letters.
pub struct Page {
    /// Newest first.
    pub rows: Vec<DeadLetterRow>,
    /// Whether there are further ones.
    pub more: bool,
}

/// Returns up to `size` of a project's dead letters, newest first, strictly below `after`; fewer when they are large.
///
/// # Errors
/// When the database is away.
pub async fn list(
    database: &Database,
    project: ProjectId,
    after: Option<Position>,
    size: i64,
) -> sqlx::Result<Page> {
    let mut tx = database.tenant(project).await?;
    let mut rows: Vec<DeadLetterRow> = sqlx::query_as(
        "select uuid, name, distinct_id, created_at, reason, sqlstate, ended_version, entry_id, events, redrives, payload,
             total
         from (
             select *, count(*) over () as total, sum(shown) over (order by created_at desc, uuid desc) - shown as before
             from (select *, least(octet_length(payload), $5) as shown from dead_letter
                   where project_id = $1 and ($2::timestamptz is null or (created_at, uuid) < ($2, $3))
                   order by created_at desc, uuid desc limit $4) found
         ) page
         where before < $6 order by created_at desc, uuid desc",
    )
    .bind(project.uuid())
    .bind(after.map(|after| after.time))
    .bind(after.map(|after| after.uuid))
    .bind(size.saturating_add(1))
    .bind(i32::try_from(SHOWN_BYTES_MAX).unwrap_or(i32::MAX))
    .bind(PAGE_BYTES_MAX)
    .fetch_all(&mut *tx)
    .await?;
    rows.truncate(usize::try_from(size).unwrap_or(0));
    let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let more = rows.first().is_some_and(|row| row.total > shown);
    Ok(Page { rows, more })
}
