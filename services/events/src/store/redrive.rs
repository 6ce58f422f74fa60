//! Storing dead letters after all: what they are, and the one transaction in which they move ([`transaction`]).

pub mod transaction;

use observe_core::ProjectId;
use sqlx::PgPool;
use uuid::Uuid;

use super::consume::stage::Staged;
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
