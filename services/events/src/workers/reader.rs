//! One leased, fenced reader a shard: from the queue into PostgreSQL, once.
//!
//! There is no stored cursor that could hide entries: a reader always reads from the head of its stream, stores what it
//! finds in one transaction, and only then deletes it. An entry that is found again is known by its id.

use std::sync::Arc;
use std::time::{Duration, Instant};

use observe_runtime::Lifecycle;
use observe_runtime::postgres::Database;
use observe_runtime::redis::QueueRedis;
use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::entry::{Entry, unpack};
use crate::queue::{self, Lane};
use crate::shard::Shard;
use crate::store::consume::{ConsumeError, Consumer, Lease};
use crate::store::shard as lease;

/// Events in one transaction.
const BATCH_EVENTS_MAX: usize = 5_000;
/// Bytes of entries in one transaction.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Entries read at first, at most 4 MiB; more when they turn out small.
const READ_COUNT_MIN: usize = 8;
/// Entries read at most.
const READ_COUNT_MAX: usize = 1_024;
/// How long an empty stream is watched before the lease is looked after.
const BLOCK: Duration = Duration::from_secs(1);
/// How long entries wait for company while there are few of them: fewer, fuller transactions.
const LINGER: Duration = Duration::from_millis(100);
/// Events in a transaction from which on the next one follows at once.
const FULL_ENOUGH: usize = BATCH_EVENTS_MAX / 4;
/// How long a lease lasts. A killed reader's shard stands still for as long.
pub const LEASE: Duration = Duration::from_secs(10);
/// How often it is renewed when no transaction does.
const RENEW_INTERVAL: Duration = Duration::from_secs(3);
/// How long to wait before another try when the shard is taken.
const TAKEN_PAUSE: Duration = Duration::from_millis(500);
/// How long to wait after a failure, at first and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(3));

/// What a reader works with.
#[derive(Clone)]
pub struct Reader {
    /// Which shard.
    pub shard: Shard,
    /// Who this process is, in the lease.
    pub owner: Uuid,
    /// Where events come from.
    pub queue: QueueRedis,
    /// Where they go.
    pub database: Database,
    /// Told when identity events were stored.
    pub stored_identity: Arc<Notify>,
    /// The life of the process.
    pub life: Lifecycle,
}

impl Reader {
    /// Reads until shutdown; every failure is logged once an outage and tried again.
    ///
    /// # Errors
    /// None.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut backoff = BACKOFF.0;
        let mut outage = false;
        while !self.life.is_stopping() {
            let lease = lease::acquire(self.database.worker(), self.shard, self.owner, LEASE).await;
            let held = match lease {
                Ok(Some(fence)) => self.hold(fence, &mut outage).await,
                Ok(None) => {
                    self.life.sleep(TAKEN_PAUSE).await;
                    continue;
                }
                Err(error) => Err(error.into()),
            };
            if let Err(error) = held {
                self.report(&error, &mut outage).await;
                // Another process may be able to do what this one cannot: read a newer format, reach the queue.
                let _ = lease::release(self.database.worker(), self.shard, self.owner).await;
                self.life.sleep(backoff).await;
                backoff = (backoff * 2).min(BACKOFF.1);
            } else {
                backoff = BACKOFF.0;
            }
        }
        // Handing the lease back lets the next process begin at once.
        let _ = lease::release(self.database.worker(), self.shard, self.owner).await;
        Ok(())
    }

    /// Reads under one lease until it is lost, something fails, or shutdown begins.
    async fn hold(&self, fence: i64, outage: &mut bool) -> Result<(), ConsumeError> {
        let mut connection = self.queue.dedicated(BLOCK).await?;
        let mut consumer = Consumer::new(
            self.database.worker().clone(),
            Lease { shard: self.shard, owner: self.owner, fence },
        );
        let lane = Lane::Shard(self.shard);
        let mut count = READ_COUNT_MIN;
        let mut last_id = "0".to_owned();
        let mut renewed = Instant::now();
        while !self.life.is_stopping() {
            if renewed.elapsed() >= RENEW_INTERVAL {
                if !lease::renew(self.database.worker(), self.shard, self.owner, fence, LEASE)
                    .await?
                {
                    return Err(ConsumeError::LeaseLost);
                }
                renewed = Instant::now();
            }
            let entries = queue::read_head(&mut connection, lane, count, unpack).await?;
            if entries.is_empty() {
                tokio::select! {
                    waited = queue::wait_for_entries(&mut connection, lane, &last_id, BLOCK) => waited?,
                    () = self.life.stopping() => return Ok(()),
                }
                continue;
            }
            let read = entries.len();
            let (batch, bytes) = take_batch(entries);
            count = next_count(count, read, batch.len(), bytes);
            if let Some(last) = batch.last() {
                last_id.clone_from(&last.stream_id);
            }
            let events: usize = batch.iter().map(|entry| entry.events.len()).sum();
            self.consume(&mut consumer, &mut connection, batch).await?;
            *outage = false;
            renewed = Instant::now();
            if events < FULL_ENOUGH {
                self.life.sleep(LINGER).await;
            }
        }
        Ok(())
    }

    async fn consume(
        &self,
        consumer: &mut Consumer,
        connection: &mut MultiplexedConnection,
        batch: Vec<Entry>,
    ) -> Result<(), ConsumeError> {
        let stream_ids: Vec<String> = batch.iter().map(|entry| entry.stream_id.clone()).collect();
        let entry_ids: Vec<Uuid> = batch.iter().map(|entry| entry.entry_id).collect();
        let stored = consumer.consume(batch, LEASE).await?;
        if stored.identity_events {
            self.stored_identity.notify_one();
        }
        queue::delete(connection, Lane::Shard(self.shard), &stream_ids).await?;
        consumer.deleted(entry_ids);
        Ok(())
    }

    /// Says once that and why the shard stands still; data that cannot be stored is also written where it can be seen.
    async fn report(&self, error: &ConsumeError, outage: &mut bool) {
        let first = !std::mem::replace(outage, true);
        if error.holds_shard() {
            if first {
                tracing::error!(shard = self.shard, %error, "the shard stands still");
            }
            let _ = lease::set_failure(
                self.database.worker(),
                self.shard,
                self.owner,
                &error.to_string(),
            )
            .await;
        } else if first {
            tracing::warn!(shard = self.shard, %error, "storing events failed, trying again");
        }
    }
}

/// Takes as many entries from the front as one transaction may hold; at least one.
fn take_batch(entries: Vec<Entry>) -> (Vec<Entry>, usize) {
    let (mut events, mut bytes) = (0, 0);
    let mut batch = Vec::new();
    for entry in entries {
        events += entry.events.len();
        bytes += entry.bytes;
        if !batch.is_empty() && (events > BATCH_EVENTS_MAX || bytes > BATCH_BYTES_MAX) {
            break;
        }
        batch.push(entry);
    }
    (batch, bytes)
}

/// Reads more entries at a time while all that was read fits into one transaction, so that a backlog of tiny entries drains
/// in full ones; no more than twice what fitted otherwise, so that nothing large is read only to be thrown away.
fn next_count(count: usize, read: usize, taken: usize, bytes: usize) -> usize {
    if taken < read || bytes > BATCH_BYTES_MAX / 2 {
        (taken * 2).clamp(READ_COUNT_MIN, READ_COUNT_MAX)
    } else if read < count {
        count
    } else {
        (count * 2).min(READ_COUNT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use observe_core::ProjectId;
    use observe_proto::events::v1::AcceptedEvent;

    fn entry(events: usize, bytes: usize) -> Entry {
        let event = (ProjectId::new(Uuid::nil()), Uuid::nil(), AcceptedEvent::default());
        Entry {
            stream_id: String::new(),
            entry_id: Uuid::nil(),
            events: vec![event; events],
            bytes,
        }
    }

    #[test]
    fn a_transaction_stays_within_its_limits() {
        let (batch, _) = take_batch(vec![entry(3_000, 1), entry(2_000, 1), entry(1, 1)]);
        assert_eq!(batch.len(), 2);
        let (batch, _) = take_batch(vec![entry(1, BATCH_BYTES_MAX), entry(1, 1)]);
        assert_eq!(batch.len(), 1);
    }

    #[test]
    fn no_more_is_read_than_a_transaction_can_hold() {
        assert_eq!(next_count(8, 8, 8, 1_000), 16, "all fitted, and there may be more");
        assert_eq!(next_count(16, 5, 5, 1_000), 16, "that was all there is");
        assert_eq!(
            next_count(1_024, 1_024, 12, 1_000),
            24,
            "twelve full entries are a transaction"
        );
        assert_eq!(next_count(64, 64, 64, BATCH_BYTES_MAX), 128);
    }

    #[test]
    fn an_entry_beyond_the_limits_still_goes_alone() {
        let (batch, _) = take_batch(vec![entry(9_000, 1), entry(1, 1)]);
        assert_eq!(batch.len(), 1);
    }
}
