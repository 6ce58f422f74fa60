//! Erasures that are under way, with what was removed so far.

use observe_core::ProjectId;
use observe_core::distinct_id;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::erasure::Cuts;

/// An erasure that is under way.
#[derive(Clone, Debug)]
pub struct Task {
    /// Identity's number.
    pub number: i64,
    /// In which project.
    pub project: ProjectId,
    /// Its id.
    pub erasure_id: Uuid,
    /// What arrived at or before it goes, in microseconds since 1970.
    pub cut_us: i64,
    /// Whose events go; of ids that are known by their hashes alone, those that have events.
    pub distinct_ids: Vec<String>,
    /// The cut of each id, also of those that are known by their hashes alone.
    pub cuts: Cuts,
    /// What was removed so far.
    pub removed: Removed,
}

/// How many of what were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Removed {
    /// Events.
    pub events: i64,
    /// Rows of the log that were written anew.
    pub log_rows: i64,
    /// Dead letters.
    pub dead_letters: i64,
    /// Examples of what was not accepted.
    pub rejected_events: i64,
    /// Single requests that no longer tell whose they were.
    pub requests: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    project_id: Uuid,
    erasure_id: Uuid,
    cut_us: i64,
    id_hashes: Vec<Vec<u8>>,
    distinct_ids: Option<Vec<String>>,
    #[sqlx(flatten)]
    removed: Removed,
}

impl Removed {
    /// Returns it as identity is told.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, i64); 5] {
        [
            ("events", self.events),
            ("log_rows", self.log_rows),
            ("dead_letters", self.dead_letters),
            ("rejected_events", self.rejected_events),
            ("requests", self.requests),
        ]
    }
}

/// Returns the oldest erasure under way, if there is one.
///
/// # Errors
/// When the database is away.
pub async fn next(pool: &PgPool) -> sqlx::Result<Option<Task>> {
    let row: Option<Row> = sqlx::query_as(
        "select number, project_id, erasure_id, cut_us, id_hashes, distinct_ids,
             events, log_rows, dead_letters, rejected_events, requests
         from erasure_task order by number limit 1",
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let distinct_ids = match row.distinct_ids {
        Some(ids) => ids,
        None => find_ids(pool, row.project_id, &row.id_hashes).await?,
    };
    let project = ProjectId::new(row.project_id);
    // Each has the length of a hash: `erased_id` has the same ones, and checks that.
    let hashes = row.id_hashes.into_iter().filter_map(|hash| hash.try_into().ok());
    Ok(Some(Task {
        number: row.number,
        project,
        erasure_id: row.erasure_id,
        cut_us: row.cut_us,
        distinct_ids,
        cuts: Cuts::new(hashes.map(|hash| ((project, hash), row.cut_us))),
        removed: row.removed,
    }))
}

/// Finds ids by their hashes among the events: a store that was put back to before an erasure is told of it once more, when
/// identity knows the hashes alone.
async fn find_ids(pool: &PgPool, project: Uuid, hashes: &[Vec<u8>]) -> sqlx::Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    let mut after = String::new();
    loop {
        // One look at the index for each distinct id, whatever number of events it has.
        let next: Option<String> = sqlx::query_scalar(
            "select distinct_id from event where project_id = $1 and distinct_id > $2
             order by distinct_id limit 1",
        )
        .bind(project)
        .bind(&after)
        .fetch_optional(pool)
        .await?;
        let Some(next) = next else { return Ok(found) };
        let hash = distinct_id::hash(&next);
        if hashes.iter().any(|one| one.as_slice() == hash) {
            found.push(next.clone());
        }
        after = next;
    }
}

/// Adds to what was removed.
///
/// # Errors
/// When the database is away.
pub async fn add(tx: &mut PgConnection, number: i64, removed: Removed) -> sqlx::Result<()> {
    if removed == Removed::default() {
        return Ok(());
    }
    sqlx::query(
        "update erasure_task set events = events + $2, log_rows = log_rows + $3, dead_letters = dead_letters + $4,
             rejected_events = rejected_events + $5, requests = requests + $6
         where number = $1",
    )
    .bind(number)
    .bind(removed.events)
    .bind(removed.log_rows)
    .bind(removed.dead_letters)
    .bind(removed.rejected_events)
    .bind(removed.requests)
    .execute(tx)
    .await?;
    Ok(())
}

/// Returns what was removed in all; `None` if another process has ended the erasure.
///
/// # Errors
/// When the database is away.
pub async fn removed(pool: &PgPool, number: i64) -> sqlx::Result<Option<Removed>> {
    sqlx::query_as(
        "select events, log_rows, dead_letters, rejected_events, requests from erasure_task where number = $1",
    )
    .bind(number)
    .fetch_optional(pool)
    .await
}

/// Forgets an erasure of which identity was told.
///
/// # Errors
/// When the database is away; identity is then told again and knows it.
pub async fn end(pool: &PgPool, number: i64) -> sqlx::Result<()> {
    sqlx::query("delete from erasure_task where number = $1").bind(number).execute(pool).await?;
    Ok(())
}
