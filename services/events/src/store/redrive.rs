//! Storing dead letters after all: what they are, and the one transaction in which they move.

use std::collections::HashSet;

use observe_core::ProjectId;
use sqlx::{Connection as _, PgConnection, PgPool};
use uuid::Uuid;

use super::consume::ConsumeError;
use super::consume::counts::{Counts, add_counts};
use super::consume::letters::{Letter, insert_letters, shown};
use super::consume::lock::{lock_key_week, lock_shard, move_end};
use super::consume::refused::Refused;
use super::consume::rows::store_events;
use super::consume::stage::{Staged, stage};
use crate::entry::RawEntry;
use crate::shard::Shard;

/// A dead letter to be tried again, without what it holds.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Chosen {
    /// Its id.
    pub uuid: Uuid,
    /// The shard it was in.
    pub shard: Shard,
    /// How many events it stands for.
    pub events: i64,
    /// The version whose reader it ended, if it did.
    pub ended_version: Option<String>,
    /// Bytes of what it holds.
    pub bytes: i64,
}

/// What a dead letter holds.
pub enum Held {
    /// An event, encoded.
    Event(Vec<u8>),
    /// An entry; the project's events in it are meant.
    Entry(RawEntry),
}

/// Chooses a project's dead letters: those named or, without names, the oldest; at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn choose(
    pool: &PgPool,
    project: ProjectId,
    uuids: &[Uuid],
    limit: i64,
) -> sqlx::Result<Vec<Chosen>> {
    sqlx::query_as(
        "select d.uuid, d.shard, d.events, d.ended_version,
             coalesce(octet_length(e.payload), octet_length(d.payload))::int8 as bytes
         from dead_letter d left join unreadable_entry e using (entry_id)
         where d.project_id = $1 and (cardinality($2::uuid[]) = 0 or d.uuid = any($2))
         order by d.created_at, d.uuid limit $3",
    )
    .bind(project.uuid())
    .bind(uuids)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Notes that `version` tries a letter that ended another version's reader, before it does: if it ends this one too, this
/// version never tries it again.
///
/// # Errors
/// When the database is away.
pub async fn note_try(
    pool: &PgPool,
    project: ProjectId,
    uuid: Uuid,
    version: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "update dead_letter set ended_version = $3, redrives = redrives + 1 where project_id = $1 and uuid = $2",
    )
    .bind(project.uuid())
    .bind(uuid)
    .bind(version)
    .execute(pool)
    .await?;
    Ok(())
}

/// Returns what these letters hold; those that are gone are missing.
///
/// # Errors
/// When the database is away.
pub async fn held(
    pool: &PgPool,
    project: ProjectId,
    uuids: &[Uuid],
) -> sqlx::Result<Vec<(Uuid, Held)>> {
    type Row = (Uuid, Vec<u8>, Option<Uuid>, Option<Vec<u8>>, Option<Vec<u8>>);
    let rows: Vec<Row> = sqlx::query_as(
        "select d.uuid, d.payload, d.entry_id, e.header, e.payload
         from dead_letter d left join unreadable_entry e using (entry_id)
         where d.project_id = $1 and d.uuid = any($2)",
    )
    .bind(project.uuid())
    .bind(uuids)
    .fetch_all(pool)
    .await?;
    let held = rows.into_iter().map(|(uuid, payload, entry_id, header, entry)| {
        let held = match entry_id {
            None => Held::Event(payload),
            Some(entry_id) => Held::Entry(RawEntry {
                stream_id: String::new(),
                entry_id,
                header: header.unwrap_or_default(),
                payload: entry.unwrap_or_default(),
            }),
        };
        (uuid, held)
    });
    Ok(held.collect())
}

/// A dead letter that is tried again.
#[derive(Debug)]
pub struct Attempt {
    /// Its id.
    pub uuid: Uuid,
    /// How many events it stands for.
    pub events: i64,
    /// Whether it is an event, and not an entry.
    pub is_event: bool,
    /// Whether the try was counted before.
    pub noted: bool,
    /// Why it cannot be decoded, and the version it ended if it did not only fail; then it has no events in the chunk.
    pub failure: Option<(String, Option<&'static str>)>,
}

/// Dead letters of one shard that are tried in one transaction.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The letters.
    pub attempts: Vec<Attempt>,
    /// Their events, by ordinal.
    pub events: Vec<Staged>,
    /// By ordinal, the place of the event's letter in `attempts`.
    pub owners: Vec<usize>,
}

/// What became of events in dead letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redriven {
    /// Stored now.
    pub stored: i64,
    /// Stored meanwhile.
    pub duplicates: i64,
    /// Refused again.
    pub refused: i64,
}

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
    insert_letters(&mut tx, shard, &letters, &mut counts).await?;
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
