//! The direct way: the consuming transaction without entries, for events that the queue cannot take because it is away.
//!
//! It takes the same locks as the readers, shard by shard in ascending order, so that a uuid that is in the queue as well is
//! stored once. It needs no lease: the fence decides among readers, and the locks are what makes the log gapless. What
//! PostgreSQL refuses for its data is set aside, as it is by a reader: the request must neither be lost nor fail for ever.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::{Mutex, Notify};

use super::consume::ConsumeError;
use super::consume::counts::{self, Counts};
use super::consume::error::refuses_data;
use super::consume::letters::{Letter, insert_letters};
use super::consume::lock::{lock_key_week, lock_shard, move_end};
use super::consume::refused::{self, Refused};
use super::consume::rows::store_events;
use super::consume::stage::{Staged, stage};
use super::consume::weeks::KnownWeeks;
use crate::shard::Shard;

/// Events in one transaction.
const BATCH_EVENTS_MAX: usize = 5_000;
/// Bytes of properties in one transaction.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long all of it may take; a request at the edge waits no longer than ten seconds.
const TIMEOUT: Duration = Duration::from_secs(6);
/// How often a transaction is tried that lost a race: two that store one uuid behind different locks, a partition that went.
const TRIES_MAX: u32 = 3;
/// How long a transaction waits for the lock of a shard: its reader holds it for one transaction.
const LIMITS: &str = "set local lock_timeout = '3s'; set local statement_timeout = '5s'";

/// Events by shard, in the order they came.
pub type ByShard = BTreeMap<Shard, Vec<Staged>>;

/// Stores events without the queue.
#[derive(Clone)]
pub struct Direct {
    pool: PgPool,
    weeks: Arc<Mutex<KnownWeeks>>,
    /// Told when identity events were stored.
    stored_identity: Arc<Notify>,
}

/// The events of one transaction, and the ordinals of each shard's among them.
#[derive(Default)]
struct Batch {
    events: Vec<Staged>,
    shards: BTreeMap<Shard, Vec<usize>>,
    bytes: usize,
}

impl Direct {
    /// Stores into this database.
    #[must_use]
    pub fn new(pool: PgPool, stored_identity: Arc<Notify>) -> Self {
        Self { pool, weeks: Arc::default(), stored_identity }
    }

    /// Stores events, each once, and returns when they are durable. After an error some of them may be: a retry with the same
    /// uuids is safe.
    ///
    /// # Errors
    /// [`ConsumeError`]; `PoolTimedOut` if it took too long.
    pub async fn store(&self, events: ByShard) -> Result<(), ConsumeError> {
        let all = async {
            for batch in batches(events) {
                self.store_batch(&batch).await?;
            }
            Ok(())
        };
        let late = |_| Err(sqlx::Error::PoolTimedOut.into());
        tokio::time::timeout(TIMEOUT, all).await.unwrap_or_else(late)
    }

    async fn store_batch(&self, batch: &Batch) -> Result<(), ConsumeError> {
        let refusal = match self.store_but(batch, &[]).await {
            Err(ConsumeError::Database(error)) if refuses_data(&error) => error,
            done => return done,
        };
        let ordinals: Vec<usize> = (0..batch.events.len()).collect();
        let found = refused::find(&self.pool, &batch.events, &ordinals, None).await?;
        if found.refused.is_empty() {
            // Each event is taken alone: the batch is refused for something else.
            return Err(refusal.into());
        }
        self.store_but(batch, &found.refused).await?;
        for Refused { ordinal, sqlstate, .. } in &found.refused {
            let (project, uuid, _) = &batch.events[*ordinal];
            tracing::warn!(%project, %uuid, sqlstate, "an event that PostgreSQL refuses was set aside");
        }
        Ok(())
    }

    /// Stores a batch but for what is refused, which is set aside.
    async fn store_but(&self, batch: &Batch, refused: &[Refused]) -> Result<(), ConsumeError> {
        let mut tries = 1;
        loop {
            match self.transaction(batch, refused).await {
                Err(ConsumeError::Database(error)) if tries < TRIES_MAX && is_race(&error) => {
                    *self.weeks.lock().await = KnownWeeks::default();
                    tries += 1;
                }
                stored => return stored,
            }
        }
    }

    async fn transaction(&self, batch: &Batch, refused: &[Refused]) -> Result<(), ConsumeError> {
        self.weeks.lock().await.ensure(&self.pool, &batch.events).await?;
        let mut connection = self.pool.acquire().await?;
        let mut tx = connection.begin().await?;
        sqlx::raw_sql(LIMITS).execute(&mut *tx).await?;
        let is_refused = |ordinal: &usize| refused.iter().any(|one| one.ordinal == *ordinal);
        let ordinals: Vec<usize> =
            (0..batch.events.len()).filter(|ordinal| !is_refused(ordinal)).collect();
        stage(&mut tx, &batch.events, &ordinals).await?;
        let is_identity = store_staged(&mut tx, batch, refused).await?;
        tx.commit().await?;
        if is_identity {
            self.stored_identity.notify_one();
        }
        Ok(())
    }
}

/// Locks the shards and stores what is staged. Returns whether events for identity are among what is stored.
async fn store_staged(
    tx: &mut PgConnection,
    batch: &Batch,
    refused: &[Refused],
) -> Result<bool, ConsumeError> {
    let mut locked = Vec::with_capacity(batch.shards.len());
    for &shard in batch.shards.keys() {
        let row = lock_shard(tx, shard).await?;
        locked.push(row.ok_or(sqlx::Error::RowNotFound)?);
    }
    let key_week = lock_key_week(tx).await?;
    let mut is_identity = false;
    for (row, ordinals) in locked.iter().zip(batch.shards.values()) {
        let of_shard = |one: &&Refused| ordinals.binary_search(&one.ordinal).is_ok();
        let refused: Vec<&Refused> = refused.iter().filter(of_shard).collect();
        let is_refused = |ordinal: &usize| refused.iter().any(|one| one.ordinal == *ordinal);
        let storable: Vec<usize> =
            ordinals.iter().copied().filter(|ordinal| !is_refused(ordinal)).collect();
        let stored = store_events(tx, row, key_week, &batch.events, &storable).await?;
        let mut counts = counted(&batch.events, ordinals, &stored.ordinals);
        let letters: Vec<_> = refused
            .iter()
            .map(|one| (&batch.events[one.ordinal], one))
            .map(|(event, one)| (event.0, Letter::refused(event, one)))
            .collect();
        insert_letters(tx, row, &letters, &mut counts).await?;
        counts::add_counts(tx, row.shard, &counts).await?;
        move_end(tx, row.shard, stored.next_sequence).await?;
        is_identity |= stored.identity_events;
    }
    Ok(is_identity)
}

/// Counts events as accepted by the direct way: the queue never knew of them.
fn counted(events: &[Staged], accepted: &[usize], stored: &[usize]) -> Counts {
    let mut counts = counts::count(events, accepted, stored);
    for count in counts.values_mut() {
        count.direct = std::mem::take(&mut count.taken);
    }
    counts
}

/// Cuts events into transactions, each shard's in their order.
fn batches(events: ByShard) -> Vec<Batch> {
    let mut batches = vec![Batch::default()];
    for (shard, events) in events {
        for event in events {
            let bytes = event.2.properties_json.len();
            let mut open = batches.last_mut().expect("it begins with one");
            let is_full =
                open.events.len() >= BATCH_EVENTS_MAX || open.bytes + bytes > BATCH_BYTES_MAX;
            if is_full && !open.events.is_empty() {
                batches.push(Batch::default());
                open = batches.last_mut().expect("one was added");
            }
            open.shards.entry(shard).or_default().push(open.events.len());
            open.events.push(event);
            open.bytes += bytes;
        }
    }
    batches
}

/// Returns whether the transaction may succeed when it is tried again at once: a rollback by serialization or deadlock, a key
/// that came in between, a partition that went.
fn is_race(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("40") || ["23505", "23514"].contains(&code.as_ref()))
}

#[cfg(test)]
mod tests {
    use observe_core::ProjectId;
    use observe_proto::events::v1::AcceptedEvent;
    use uuid::Uuid;

    use super::*;

    fn event(n: u128, bytes: usize) -> Staged {
        let event =
            AcceptedEvent { properties_json: "x".repeat(bytes), ..AcceptedEvent::default() };
        (ProjectId::new(Uuid::nil()), Uuid::from_u128(n), event)
    }

    #[test]
    fn transactions_are_bounded_and_keep_the_order() {
        let many = (0..6_000).map(|n| event(n, 1)).collect();
        let large = (0..3).map(|n| event(n, BATCH_BYTES_MAX / 2 + 1)).collect();
        let batches = batches(ByShard::from([(0, many), (1, large)]));
        let sizes: Vec<_> = batches.iter().map(|batch| batch.events.len()).collect();
        assert_eq!(sizes, [5_000, 1_001, 1, 1]);
        assert_eq!(batches[1].shards.keys().copied().collect::<Vec<_>>(), [0, 1]);
        assert_eq!(batches[1].shards[&1], [1_000]);
        let ids = batches[0].events.iter().map(|(_, uuid, _)| uuid.as_u128());
        assert!(ids.eq(0..5_000));
    }

    #[test]
    fn the_queue_never_knew_of_what_came_directly() {
        let events = [event(1, 0), event(2, 0)];
        let counts = counted(&events, &[0, 1], &[1]);
        let count = counts[&events[0].0];
        assert_eq!((count.taken, count.direct, count.stored), (0, 2, 1));
    }
}
