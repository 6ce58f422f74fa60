//! Trying dead letters again: in chunks of one shard, each in one transaction, so that what a chunk did is done.
//!
//! An event that ended its reader is tried by another version than the one it ended, alone, and at most once by each: the
//! process that answers this is the same one that takes events in.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use observe_core::ProjectId;
use sqlx::PgPool;
use uuid::Uuid;

use crate::decode::Decoder;
use crate::entry::EntryError;
use crate::shard::Shard;
use crate::store::consume::error::refuses_data;
use crate::store::consume::stage::Staged;
use crate::store::consume::weeks::KnownWeeks;
use crate::store::consume::{ConsumeError, refused};
use crate::store::redrive::{self, Attempt, Chosen, Chunk, Held, Redriven, transaction};

/// The version that is written to what ends it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What is said of an event that ended its reader.
pub const ENDED: &str =
    "decoding it ended the process that read it; another version of Observe may try it again";

/// Letters in one call.
pub const LETTERS_MAX: usize = 1_000;
/// Letters in one transaction.
const CHUNK_LETTERS_MAX: usize = 100;
/// Bytes in one transaction.
const CHUNK_BYTES_MAX: i64 = 8 * 1024 * 1024;

/// Tries a project's dead letters again: those named or, without names, the oldest.
///
/// # Errors
/// When PostgreSQL is away; the chunks before that are done.
pub async fn redrive(
    pool: &PgPool,
    decoder: &Decoder,
    (project, actor): (ProjectId, &str),
    uuids: &[Uuid],
) -> Result<Redriven, ConsumeError> {
    let limit = i64::try_from(LETTERS_MAX).unwrap_or(i64::MAX);
    let chosen = redrive::choose(pool, project, uuids, limit).await?;
    let mut sum = Redriven::default();
    let (known, chosen): (Vec<Chosen>, Vec<Chosen>) =
        chosen.into_iter().partition(|letter| letter.ended_version.as_deref() == Some(VERSION));
    sum.refused += known.iter().map(|letter| letter.events).sum::<i64>();
    for (shard, letters) in chunks(chosen) {
        let mut noted = false;
        if let [Chosen { uuid, ended_version: Some(_), .. }] = letters[..] {
            redrive::note_try(pool, project, uuid, VERSION).await?;
            noted = true;
        }
        let chunk = decode(pool, decoder, project, &letters, noted).await?;
        let done = store(pool, (project, actor), shard, &chunk).await?;
        sum.stored += done.stored;
        sum.duplicates += done.duplicates;
        sum.refused += done.refused;
    }
    Ok(sum)
}

/// Arranges letters into transactions: of one shard each, within the limits, and alone what ended its reader.
fn chunks(mut letters: Vec<Chosen>) -> Vec<(Shard, Vec<Chosen>)> {
    letters.sort_by_key(|letter| letter.shard);
    let mut chunks: Vec<(Shard, Vec<Chosen>)> = Vec::new();
    let mut bytes = 0;
    for letter in letters {
        bytes += letter.bytes;
        let fits = |(shard, chunk): &&mut (Shard, Vec<Chosen>)| {
            let alone = |letter: &Chosen| letter.ended_version.is_some();
            *shard == letter.shard
                && chunk.len() < CHUNK_LETTERS_MAX
                && bytes <= CHUNK_BYTES_MAX
                && !alone(&letter)
                && !chunk.iter().any(alone)
        };
        if let Some((_, chunk)) = chunks.last_mut().filter(fits) {
            chunk.push(letter);
        } else {
            bytes = letter.bytes;
            chunks.push((letter.shard, vec![letter]));
        }
    }
    chunks
}

async fn decode(
    pool: &PgPool,
    decoder: &Decoder,
    project: ProjectId,
    letters: &[Chosen],
    noted: bool,
) -> Result<Chunk, ConsumeError> {
    let uuids: Vec<Uuid> = letters.iter().map(|letter| letter.uuid).collect();
    let mut held: HashMap<Uuid, Held> =
        redrive::held(pool, project, &uuids).await?.into_iter().collect();
    let mut chunk = Chunk::default();
    for letter in letters {
        let Some(held) = held.remove(&letter.uuid) else { continue };
        let is_event = matches!(held, Held::Event(_));
        let decoded = catch_unwind(AssertUnwindSafe(|| open(decoder, project, letter, &held)));
        let failure = match decoded {
            Ok(Ok(events)) => {
                let owner = chunk.attempts.len();
                chunk.owners.resize(chunk.owners.len() + events.len(), owner);
                chunk.events.extend(events);
                None
            }
            Ok(Err(error)) => Some((error.to_string(), None)),
            Err(_) => Some((ENDED.to_owned(), Some(VERSION))),
        };
        let (uuid, events) = (letter.uuid, letter.events);
        chunk.attempts.push(Attempt { uuid, events, is_event, noted, failure });
    }
    Ok(chunk)
}

/// Returns the events of a letter.
fn open(
    decoder: &Decoder,
    project: ProjectId,
    letter: &Chosen,
    held: &Held,
) -> Result<Vec<Staged>, EntryError> {
    match held {
        Held::Event(payload) => {
            let event = decoder.event(project, payload)?;
            // An event without an id of its own was given one.
            Ok(vec![(project, letter.uuid, event.2)])
        }
        Held::Entry(raw) => {
            let mut events = decoder.entry(raw)?.events;
            events.retain(|(owner, _, _)| *owner == project);
            let whole = i64::try_from(events.len()).is_ok_and(|events| events == letter.events);
            if whole { Ok(events) } else { Err(EntryError::Damaged("counts")) }
        }
    }
}

async fn store(
    pool: &PgPool,
    by: (ProjectId, &str),
    shard: Shard,
    chunk: &Chunk,
) -> Result<Redriven, ConsumeError> {
    KnownWeeks::default().ensure(pool, &chunk.events).await?;
    let refusal = match transaction::store(pool, by, shard, chunk, &[]).await {
        Err(ConsumeError::Database(error)) if refuses_data(&error) => error,
        done => return done,
    };
    let ordinals: Vec<usize> = (0..chunk.events.len()).collect();
    let found = refused::find(pool, &chunk.events, &ordinals, None).await?;
    if found.refused.is_empty() {
        return Err(refusal.into());
    }
    transaction::store(pool, by, shard, chunk, &found.refused).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(n: u128, shard: Shard, bytes: i64, ended: bool) -> Chosen {
        let ended_version = ended.then(|| "0.0.1".to_owned());
        Chosen { uuid: Uuid::from_u128(n), shard, events: 1, ended_version, bytes }
    }

    #[test]
    fn a_chunk_is_of_one_shard_within_its_limits_and_what_ended_its_reader_is_alone() {
        let letters = vec![
            letter(1, 1, 1, false),
            letter(2, 0, 1, false),
            letter(3, 0, CHUNK_BYTES_MAX - 1, false),
            letter(4, 0, 1, false),
            letter(5, 0, 1, true),
            letter(6, 0, 1, false),
        ];
        let shape: Vec<(Shard, Vec<u128>)> = chunks(letters)
            .into_iter()
            .map(|(shard, chunk)| (shard, chunk.iter().map(|one| one.uuid.as_u128()).collect()))
            .collect();
        let expected = [(0, vec![2, 3]), (0, vec![4]), (0, vec![5]), (0, vec![6]), (1, vec![1])];
        assert_eq!(shape, expected);
        let many = (0..250).map(|n| letter(n, 0, 1, false)).collect();
        let sizes: Vec<_> = chunks(many).iter().map(|(_, chunk)| chunk.len()).collect();
        assert_eq!(sizes, [100, 100, 50]);
    }
}
