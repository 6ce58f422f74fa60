//! What is set aside in the same transaction that stores the others.

use observe_core::ProjectId;
use prost::Message as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::counts::Counts;
use super::error::ConsumeError;
use super::lock::LockedShard;
use super::refused::Refused;
use super::stage::Staged;
use crate::entry::RawEntry;
use crate::shard::Shard;
use crate::store::erasure::cuts::reached_letters;

/// Characters of a reason, a name or a distinct id that are kept to be shown.
const TEXT_CHARS_MAX: usize = 1_000;

/// A dead letter: an event that cannot be stored, or all of a project's events in an entry that cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// The event's id; the entry's, if it stands for an entry.
    pub uuid: Uuid,
    /// How many events it stands for.
    pub events: i64,
    /// What happened, as far as it is known.
    pub name: String,
    /// Who did it, as far as it is known.
    pub distinct_id: String,
    /// PostgreSQL's code, if PostgreSQL refused it.
    pub sqlstate: Option<String>,
    /// Why, in words.
    pub reason: String,
    /// The version of Observe whose reader it ended, if it did.
    pub ended_version: Option<&'static str>,
    /// The unreadable entry it stands for; its payload is there.
    pub entry_id: Option<Uuid>,
    /// An `AcceptedEvent`, encoded.
    pub payload: Vec<u8>,
}

impl Letter {
    /// Makes the letter of an event that PostgreSQL refused.
    #[must_use]
    pub fn refused((_, uuid, event): &Staged, refused: &Refused) -> Self {
        Self {
            uuid: *uuid,
            events: 1,
            name: event.name.clone(),
            distinct_id: event.distinct_id.clone(),
            sqlstate: Some(refused.sqlstate.clone()),
            reason: refused.reason.clone(),
            payload: event.encode_to_vec(),
            ..Self::default()
        }
    }
}

/// What a reader found out about an entry before the transaction, and cannot be stored.
#[derive(Clone, Debug)]
pub struct SetAside {
    /// The entry it was in.
    pub entry_id: Uuid,
    /// Its letters.
    pub letters: Vec<(ProjectId, Letter)>,
    /// The entry and why it cannot be read, if the letters stand for all of it.
    pub unreadable: Option<(RawEntry, String)>,
}

/// Stores dead letters of a locked shard and counts them. What an erasure has reached counts as stored, and is not kept. Whose
/// uuid is stored already, or has a dead letter already, is a duplicate and nothing more; so this comes after the keys of the
/// same transaction.
///
/// # Errors
/// When PostgreSQL is away.
pub async fn insert_letters(
    tx: &mut PgConnection,
    locked: &LockedShard,
    letters: &[(ProjectId, Letter)],
    counts: &mut Counts,
) -> Result<(), ConsumeError> {
    let erased = reached_letters(tx, locked, letters).await?;
    for (place, (project, letter)) in letters.iter().enumerate() {
        if erased.contains(&place) {
            counts.entry(*project).or_default().stored += letter.events;
            continue;
        }
        let inserted = sqlx::query(
            "insert into dead_letter (project_id, uuid, shard, name, distinct_id, events, entry_id, sqlstate, reason,
                 ended_version, payload)
             select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
             where not exists (select from event_key where project_id = $1 and uuid = $2)
             on conflict (project_id, uuid) do nothing",
        )
        .bind(project.uuid())
        .bind(letter.uuid)
        .bind(locked.shard)
        .bind(shown(&letter.name))
        .bind(shown(&letter.distinct_id))
        .bind(letter.events)
        .bind(letter.entry_id)
        .bind(&letter.sqlstate)
        .bind(shown(&letter.reason))
        .bind(letter.ended_version)
        .bind(&letter.payload)
        .execute(&mut *tx)
        .await?;
        if inserted.rows_affected() > 0 {
            counts.entry(*project).or_default().dead_lettered += letter.events;
        }
    }
    Ok(())
}

/// Keeps an entry that cannot be read.
///
/// # Errors
/// When PostgreSQL is away.
pub async fn insert_unreadable(
    tx: &mut PgConnection,
    shard: Shard,
    entry: &RawEntry,
    reason: &str,
) -> Result<(), ConsumeError> {
    sqlx::query(
        "insert into unreadable_entry (entry_id, shard, reason, header, payload) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
    )
    .bind(entry.entry_id)
    .bind(shard)
    .bind(shown(reason))
    .bind(&entry.header)
    .bind(&entry.payload)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Returns text as PostgreSQL takes it, and no more of it than is looked at.
#[must_use]
pub fn shown(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect()
}
