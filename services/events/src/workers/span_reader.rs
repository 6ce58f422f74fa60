//! The span lane's one reader, leased and fenced: from the queue into cells, once. It works as the readers of events do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use observe_core::Clock;
use observe_runtime::Lifecycle;
use observe_runtime::postgres::Database;
use observe_runtime::redis::QueueRedis;
use redis::aio::MultiplexedConnection;
use uuid::Uuid;

use crate::entry::{SpansEntry, unpack_spans};
use crate::queue::{self, Lane};
use crate::store::consume::ConsumeError;
use crate::store::span::consume::{CountError, SpanConsumer};
use crate::store::span::lane::{self, LaneLease};

/// Spans in one transaction.
const BATCH_SPANS_MAX: usize = 5_000;
/// Bytes of entries in one transaction.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Entries read at a time: at most 16 of them fill a transaction, unless they are small.
const READ_COUNT: usize = 32;
/// How long an empty stream is watched before the lease is looked after.
const BLOCK: Duration = Duration::from_secs(1);
/// How long spans wait for company while there are few of them: each transaction writes the cell of every endpoint that is in
/// use, so that fewer transactions are less work, and half a second is soon enough for whoever watches.
const LINGER: Duration = Duration::from_millis(500);
/// Spans in a transaction from which on the next one follows at once.
const FULL_ENOUGH: usize = BATCH_SPANS_MAX / 4;
/// How long a lease lasts. A killed reader's lane stands still for as long.
const LEASE: Duration = Duration::from_secs(10);
/// How often it is renewed when no transaction does.
const RENEW_INTERVAL: Duration = Duration::from_secs(3);
/// How long to wait before another try when the lane is taken.
const TAKEN_PAUSE: Duration = Duration::from_millis(500);
/// How long to wait after a failure, at first and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(3));

/// What the reader works with.
pub struct SpanReader {
    /// Who this process is, in the lease.
    pub owner: Uuid,
    /// Where spans come from.
    pub queue: QueueRedis,
    /// Where they are counted.
    pub database: Database,
    /// The time, for what is kept and what not.
    pub clock: Arc<dyn Clock>,
    /// The life of the process.
    pub life: Lifecycle,
}

impl SpanReader {
    /// Reads until shutdown; every failure is logged once an outage and tried again.
    ///
    /// # Errors
    /// None.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut backoff = BACKOFF.0;
        let mut outage = false;
        while !self.life.is_stopping() {
            let held = match lane::acquire(self.database.worker(), self.owner, LEASE).await {
                Ok(Some(lease)) => self.hold(lease, &mut outage).await,
                Ok(None) => {
                    self.life.sleep(TAKEN_PAUSE).await;
                    continue;
                }
                Err(error) => Err(error.into()),
            };
            if let Err(error) = held {
                self.report(&error, &mut outage).await;
                // Another process may be able to do what this one cannot: read a newer format, reach the queue.
                let _ = lane::release(self.database.worker(), self.owner).await;
                self.life.sleep(backoff).await;
                backoff = (backoff * 2).min(BACKOFF.1);
            } else {
                backoff = BACKOFF.0;
            }
        }
        // Handing the lease back lets the next process begin at once.
        let _ = lane::release(self.database.worker(), self.owner).await;
        Ok(())
    }

    /// Reads under one lease until it is lost, something fails, or shutdown begins.
    async fn hold(&self, lease: LaneLease, outage: &mut bool) -> Result<(), CountError> {
        let mut connection = self.queue.dedicated(BLOCK).await.map_err(ConsumeError::from)?;
        let mut consumer = SpanConsumer::new(self.database.worker().clone(), lease);
        let mut last_id = "0".to_owned();
        let mut renewed = Instant::now();
        while !self.life.is_stopping() {
            if renewed.elapsed() >= RENEW_INTERVAL {
                if !lane::renew(self.database.worker(), lease, LEASE).await? {
                    return Err(ConsumeError::LeaseLost.into());
                }
                renewed = Instant::now();
            }
            let entries =
                queue::read_head(&mut connection, Lane::Spans, READ_COUNT, unpack_spans).await?;
            if entries.is_empty() {
                let waited = queue::wait_for_entries(&mut connection, Lane::Spans, &last_id, BLOCK);
                tokio::select! {
                    waited = waited => waited.map_err(ConsumeError::from)?,
                    () = self.life.stopping() => return Ok(()),
                }
                continue;
            }
            let batch = take_batch(entries);
            if let Some(last) = batch.last() {
                last_id.clone_from(&last.stream_id);
            }
            let spans: usize = batch.iter().map(|entry| entry.spans.len()).sum();
            self.consume(&mut consumer, &mut connection, batch).await?;
            *outage = false;
            renewed = Instant::now();
            if spans < FULL_ENOUGH {
                self.life.sleep(LINGER).await;
            }
        }
        Ok(())
    }

    async fn consume(
        &self,
        consumer: &mut SpanConsumer,
        connection: &mut MultiplexedConnection,
        batch: Vec<SpansEntry>,
    ) -> Result<(), CountError> {
        let stream_ids: Vec<String> = batch.iter().map(|entry| entry.stream_id.clone()).collect();
        let entry_ids: Vec<Uuid> = batch.iter().map(|entry| entry.entry_id).collect();
        let now_ms = self.clock.now().timestamp_millis();
        consumer.consume(batch, now_ms, LEASE).await?;
        let deleted = queue::delete(connection, Lane::Spans, &stream_ids).await;
        deleted.map_err(ConsumeError::from)?;
        consumer.deleted(entry_ids);
        Ok(())
    }

    /// Says once that and why the lane stands still; data that cannot be counted is also noted where it can be seen.
    async fn report(&self, error: &CountError, outage: &mut bool) {
        let first = !std::mem::replace(outage, true);
        if error.holds_lane() {
            if first {
                tracing::error!(%error, "the span lane stands still");
            }
            let pool = self.database.worker();
            let _ = lane::set_failure(pool, self.owner, &error.to_string()).await;
        } else if first {
            tracing::warn!(%error, "counting spans failed, trying again");
        }
    }
}

/// Takes as many entries from the front as one transaction may hold; at least one.
fn take_batch(entries: Vec<SpansEntry>) -> Vec<SpansEntry> {
    let (mut spans, mut bytes) = (0, 0);
    let mut batch = Vec::new();
    for entry in entries {
        spans += entry.spans.len();
        bytes += entry.bytes;
        if !batch.is_empty() && (spans > BATCH_SPANS_MAX || bytes > BATCH_BYTES_MAX) {
            break;
        }
        batch.push(entry);
    }
    batch
}
