//! The transaction of a redrive: the one of a reader, without entries, and with letters that go.

use std::collections::HashSet;

use observe_core::ProjectId;
use sqlx::{Connection as _, PgConnection, PgPool};
use uuid::Uuid;

use super::{Attempt, Chunk, Redriven};
use crate::shard::Shard;
use crate::store::consume::ConsumeError;
use crate::store::consume::counts::{Counts, add_counts};
use crate::store::consume::letters::{Letter, insert_letters, shown};
use crate::store::consume::lock::{lock_key_week, lock_shard, move_end};
use crate::store::consume::refused::Refused;
use crate::store::consume::rows::store_events;
use crate::store::consume::stage::stage;

/// Moves the letters of a chunk, but for what is refused: each is stored, or known as a duplicate, or stays with its new
/// reason. Letters that somebody else moved meanwhile count nothing.
///
/// # Errors
/// When PostgreSQL is away, or refuses an event that is not among the refused.
pub async fn store(
    pool: &PgPool,
    (project, actor): (ProjectId, &str),
    shard: Shard,
    chunk: &Chunk,
    refused: &[Refused],
) -> Result<Redriven, ConsumeError> {
    let is_refused = |ordinal: usize| refused.iter().any(|refused| refused.ordinal == ordinal);
    let ordinals: Vec<usize> =
        (0..chunk.events.len()).filter(|ordinal| !is_refused(*ordinal)).collect();
    let mut connection = pool.acquire().await?;
    let mut tx = connection.begin().await?;
    stage(&mut tx, &chunk.events, &ordinals).await?;
    let locked = lock_shard(&mut tx, shard).await?.ok_or(ConsumeError::LeaseLost)?;
    let key_week = lock_key_week(&mut tx).await?;
    let open = lock_open(&mut tx, project, chunk).await?;
    let (leaving, staying) = part(chunk, &open, refused);
    for (attempt, reason) in &staying {
        keep(&mut tx, project, attempt, reason).await?;
    }
    let entries = delete(&mut tx, project, &leaving).await?;
    let leaves: HashSet<Uuid> = leaving.iter().map(|attempt| attempt.uuid).collect();
    let owned = |ordinal: &usize| leaves.contains(&chunk.attempts[chunk.owners[*ordinal]].uuid);
    let in_table = in_table(&mut tx).await?;
    let storable: Vec<usize> =
        ordinals.into_iter().filter(owned).filter(|ordinal| !in_table.contains(ordinal)).collect();
    let stored = store_events(&mut tx, &locked, key_week, &chunk.events, &storable).await?;
    let mut counts = Counts::new();
    let left: i64 = leaving.iter().map(|attempt| attempt.events).sum();
    counts.entry(project).or_default().dead_lettered = -left;
    counts.entry(project).or_default().stored = i64::try_from(stored.ordinals.len()).unwrap_or(0);
    // Of an entry that can be read now, what PostgreSQL refuses becomes letters of their own.
    let letters: Vec<(ProjectId, Letter)> = refused
        .iter()
        .filter(|refused| owned(&refused.ordinal))
        .map(|refused| (project, Letter::refused(&chunk.events[refused.ordinal], refused)))
        .collect();
    insert_letters(&mut tx, &locked, &letters, &mut counts).await?;
    let count = counts.entry(project).or_default();
    let kept: i64 = staying.iter().map(|(attempt, _)| attempt.events).sum();
    let redriven = Redriven {
        stored: count.stored,
        duplicates: -count.dead_lettered - count.stored,
        refused: kept + left + count.dead_lettered,
    };
    add_counts(&mut tx, shard, &counts).await?;
    move_end(&mut tx, shard, stored.next_sequence).await?;
    forget_entries(&mut tx, &entries).await?;
    note(&mut tx, project, actor, redriven).await?;
    tx.commit().await?;
    Ok(redriven)
}

/// Locks the letters that are still there.
async fn lock_open(
    tx: &mut PgConnection,
    project: ProjectId,
    chunk: &Chunk,
) -> Result<HashSet<Uuid>, ConsumeError> {
    let uuids: Vec<Uuid> = chunk.attempts.iter().map(|attempt| attempt.uuid).collect();
    let open: Vec<Uuid> = sqlx::query_scalar(
        "select uuid from dead_letter where project_id = $1 and uuid = any($2) order by uuid for update",
    )
    .bind(project.uuid())
    .bind(&uuids)
    .fetch_all(&mut *tx)
    .await?;
    Ok(open.into_iter().collect())
}

/// Why a letter stays: PostgreSQL's code if it has one, and words.
type Reason<'a> = (Option<&'a str>, &'a str);

/// Parts the open letters into those that leave and those that stay, with the reason.
fn part<'a>(
    chunk: &'a Chunk,
    open: &HashSet<Uuid>,
    refused: &'a [Refused],
) -> (Vec<&'a Attempt>, Vec<(&'a Attempt, Reason<'a>)>) {
    let (mut leaving, mut staying) = (Vec::new(), Vec::new());
    for (place, attempt) in chunk.attempts.iter().enumerate() {
        if !open.contains(&attempt.uuid) {
            continue;
        }
        let refusal = refused
            .iter()
            .find(|refused| attempt.is_event && chunk.owners[refused.ordinal] == place);
        match (&attempt.failure, refusal) {
            (Some((reason, _)), _) => staying.push((attempt, (None, reason.as_str()))),
            (None, Some(Refused { sqlstate, reason, .. })) => {
                staying.push((attempt, (Some(sqlstate.as_str()), reason.as_str())));
            }
            (None, None) => leaving.push(attempt),
        }
    }
    (leaving, staying)
}

async fn keep(
    tx: &mut PgConnection,
    project: ProjectId,
    attempt: &Attempt,
    (sqlstate, reason): &Reason<'_>,
) -> Result<(), ConsumeError> {
    sqlx::query(
        "update dead_letter set sqlstate = $3, reason = $4, ended_version = $5, redrives = redrives + $6
         where project_id = $1 and uuid = $2",
    )
    .bind(project.uuid())
    .bind(attempt.uuid)
    .bind(*sqlstate)
    .bind(shown(reason))
    .bind(attempt.failure.as_ref().and_then(|(_, version)| *version))
    .bind(i32::from(!attempt.noted))
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Deletes the letters that leave. Returns the entries that they stood for.
async fn delete(
    tx: &mut PgConnection,
    project: ProjectId,
    leaving: &[&Attempt],
) -> Result<Vec<Uuid>, ConsumeError> {
    let uuids: Vec<Uuid> = leaving.iter().map(|attempt| attempt.uuid).collect();
    let entries: Vec<Option<Uuid>> = sqlx::query_scalar(
        "delete from dead_letter where project_id = $1 and uuid = any($2) returning entry_id",
    )
    .bind(project.uuid())
    .bind(&uuids)
    .fetch_all(&mut *tx)
    .await?;
    Ok(entries.into_iter().flatten().collect())
}

/// Returns the ordinals of staged events that are in the table: a dead letter may be older than the keys that are kept.
async fn in_table(tx: &mut PgConnection) -> Result<HashSet<usize>, ConsumeError> {
    let found: Vec<i32> = sqlx::query_scalar(
        "select s.ordinal from pg_temp.stage s where exists (
             select from event e where e.project_id = s.project_id and e.time = s.time and e.uuid = s.uuid)",
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(found.into_iter().filter_map(|ordinal| usize::try_from(ordinal).ok()).collect())
}

/// Forgets entries that no letter stands for any more.
async fn forget_entries(tx: &mut PgConnection, entries: &[Uuid]) -> Result<(), ConsumeError> {
    if entries.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "delete from unreadable_entry e where entry_id = any($1)
             and not exists (select from dead_letter d where d.entry_id = e.entry_id)",
    )
    .bind(entries)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn note(
    tx: &mut PgConnection,
    project: ProjectId,
    actor: &str,
    redriven: Redriven,
) -> Result<(), ConsumeError> {
    sqlx::query(
        "insert into redrive (project_id, actor, stored, duplicates, refused) values ($1, $2, $3, $4, $5)",
    )
    .bind(project.uuid())
    .bind(actor)
    .bind(redriven.stored)
    .bind(redriven.duplicates)
    .bind(redriven.refused)
    .execute(&mut *tx)
    .await?;
    Ok(())
}
