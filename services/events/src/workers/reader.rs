//! One leased, fenced reader a shard: from the queue into PostgreSQL, once.
//!
//! There is no stored cursor that could hide entries: a reader always reads from the head of its lanes, stores what it finds
//! in one transaction, and only then deletes it. An entry that is found again is known by its id.
//!
//! What happens now goes first: after each of its batches, and while there is none, at most one small batch of the past.

use std::sync::Arc;
use std::time::{Duration, Instant};

use observe_runtime::Lifecycle;
use observe_runtime::postgres::Database;
use observe_runtime::redis::QueueRedis;
use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::entry::Entry;
use crate::queue::{self, Lane};
use crate::shard::Shard;
use crate::store::consume::{ConsumeError, Consumer, Lease};
use crate::store::shard as lease;
use crate::workers::lane_head::{BATCH_EVENTS_MAX, LaneHead};
use crate::workers::ledger::Ledger;

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
        let held = Lease { shard: self.shard, owner: self.owner, fence };
        let mut consumer = Consumer::new(self.database.worker().clone(), held);
        let mut ledger = Ledger::new(self.database.worker().clone(), held);
        let mut live = LaneHead::live(self.shard);
        let mut historical = LaneHead::historical(self.shard);
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
            // Before anything is taken from it: its counters may begin anew.
            ledger.look(&mut connection, false).await?;
            let now = self.next(&mut live, &mut consumer, &mut connection).await?;
            let past = self.next(&mut historical, &mut consumer, &mut connection).await?;
            if now + past > 0 {
                *outage = false;
                renewed = Instant::now();
                // While there is a past to store, that is what fills the wait for company.
                if past == 0 && now < FULL_ENOUGH {
                    self.life.sleep(LINGER).await;
                }
                continue;
            }
            ledger.look(&mut connection, true).await?;
            let lanes = [live.position(), historical.position()];
            tokio::select! {
                waited = queue::wait_for_any(&mut connection, &lanes, BLOCK) => waited?,
                () = self.life.stopping() => return Ok(()),
            }
        }
        Ok(())
    }

    /// Stores the next batch of a lane. Returns how many events it had; 0 if the lane is empty.
    async fn next(
        &self,
        head: &mut LaneHead,
        consumer: &mut Consumer,
        connection: &mut MultiplexedConnection,
    ) -> Result<usize, ConsumeError> {
        let batch = head.read(connection).await?;
        if batch.is_empty() {
            return Ok(0);
        }
        let events = batch.iter().map(|entry| entry.events.len()).sum();
        self.consume(head.lane(), consumer, connection, batch).await?;
        Ok(events)
    }

    async fn consume(
        &self,
        lane: Lane,
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
        queue::delete(connection, lane, &stream_ids).await?;
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
