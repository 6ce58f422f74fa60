//! The third step, under the locks: keys, rows and log of one shard's staged events.

use std::collections::HashMap;

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::error::ConsumeError;
use super::lock::LockedShard;
use super::stage::Staged;
use crate::log_row::{LogRow, log_rows};
use crate::shard::Shard;
use crate::store::erasure::cuts::reached;

/// What became of the events of one shard.
#[derive(Debug)]
pub struct StoredEvents {
    /// The ordinals of those that count as stored now, in order: also those that an erasure had reached before, which have a
    /// key and no row. The others were stored before.
    pub ordinals: Vec<usize>,
    /// The sequence after the last one.
    pub next_sequence: i64,
    /// Whether events for identity are among them.
    pub identity_events: bool,
}

/// Stores those of the staged events with the given ordinals that are not stored yet: their keys, their rows and their place
/// in the log of the shard. The caller moves the end of the log, and counts.
///
/// # Errors
/// When PostgreSQL is away or refuses an event; the transaction is over then.
pub async fn store_events(
    tx: &mut PgConnection,
    locked: &LockedShard,
    key_week: NaiveDate,
    events: &[Staged],
    ordinals: &[usize],
) -> Result<StoredEvents, ConsumeError> {
    let erased = reached(tx, locked, events, ordinals).await?;
    let stored = insert_keys(tx, key_week, events, ordinals).await?;
    let kept: Vec<usize> =
        stored.iter().copied().filter(|ordinal| !erased.contains(ordinal)).collect();
    let rows = log_rows(events, &kept, locked.next_sequence);
    insert_events(tx, locked.shard, &rows, events.len()).await?;
    insert_log(tx, locked.shard, &rows).await?;
    Ok(StoredEvents {
        next_sequence: locked.next_sequence + i64::try_from(kept.len()).unwrap_or(i64::MAX),
        ordinals: stored,
        identity_events: rows.iter().any(|row| row.identity_events.is_some()),
    })
}

/// Stores the keys of events that have none in any week yet. Returns the places of those events, in order: of several with
/// one uuid, the first. Only these may become rows, because a uuid sent once plain and once as an identity event sits behind
/// two locks.
///
/// # Errors
/// When PostgreSQL is away.
pub async fn insert_keys(
    tx: &mut PgConnection,
    key_week: NaiveDate,
    events: &[Staged],
    ordinals: &[usize],
) -> Result<Vec<usize>, ConsumeError> {
    let mut first: HashMap<(Uuid, Uuid), usize> = HashMap::with_capacity(ordinals.len());
    for &ordinal in ordinals {
        first.entry((events[ordinal].0.uuid(), events[ordinal].1)).or_insert(ordinal);
    }
    let ordinals: Vec<i32> =
        first.values().filter_map(|ordinal| i32::try_from(*ordinal).ok()).collect();
    let keys: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "insert into event_key (project_id, uuid, week)
         select s.project_id, s.uuid, $2 from pg_temp.stage s
         where s.ordinal = any($1) and not exists (
             select from event_key k where k.project_id = s.project_id and k.uuid = s.uuid)
         on conflict do nothing returning project_id, uuid",
    )
    .bind(&ordinals)
    .bind(key_week)
    .fetch_all(&mut *tx)
    .await?;
    let mut stored: Vec<usize> = keys.iter().filter_map(|key| first.get(key).copied()).collect();
    stored.sort_unstable();
    Ok(stored)
}

/// Stores the events of the rows; each takes the sequence that its row gives it.
async fn insert_events(
    tx: &mut PgConnection,
    shard: Shard,
    rows: &[LogRow],
    batch: usize,
) -> Result<(), ConsumeError> {
    // Sequences begin at 1, so 0 marks what is not stored. An array without nulls is read by place in constant time.
    let mut sequences = vec![0_i64; batch];
    for row in rows {
        for (sequence, &ordinal) in (row.first_sequence..).zip(&row.ordinals) {
            sequences[ordinal] = sequence;
        }
    }
    sqlx::query(
        "insert into event (project_id, uuid, name, distinct_id, time, arrival, received_at, session_id, properties,
             shard, sequence)
         select project_id, uuid, name, distinct_id, time, arrival, received_at, session_id, properties,
             $1, ($2::int8[])[ordinal + 1]
         from pg_temp.stage where ($2::int8[])[ordinal + 1] > 0",
    )
    .bind(shard)
    .bind(&sequences)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn insert_log(
    tx: &mut PgConnection,
    shard: Shard,
    rows: &[LogRow],
) -> Result<(), ConsumeError> {
    for row in rows {
        sqlx::query(
            "insert into event_log (shard, first_sequence, count, project_id, payload, identity_events, exceptions, newest_at)
             values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8 / 1000.0))",
        )
        .bind(shard)
        .bind(row.first_sequence)
        .bind(i32::try_from(row.ordinals.len()).unwrap_or(i32::MAX))
        .bind(row.project.uuid())
        .bind(&row.payload)
        .bind(row.identity_events.as_deref())
        .bind(row.exceptions)
        .bind(row.newest_ms)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}
