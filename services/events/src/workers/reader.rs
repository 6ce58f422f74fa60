//! One leased, fenced reader a shard: from the queue into PostgreSQL, once.
//!
//! There is no stored cursor that could hide entries: a reader always reads from the head of its lanes, stores what it finds
//! in one transaction, and only then deletes it. An entry that is found again is known by its id. What happens now goes
//! first: after each of its batches, and while there is none, at most one small batch of the past. After a reader died, the
//! next one works carefully for a while ([`careful`]).

mod aside;
mod batch;
mod careful;
mod suspects;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use observe_runtime::Lifecycle;
use observe_runtime::postgres::Database;
use observe_runtime::redis::QueueRedis;
use redis::aio::MultiplexedConnection;
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

use self::aside::Decoded;
use self::batch::{BATCH_EVENTS_MAX, Head, next_count, take_batch};
use self::suspects::Careful;
use crate::decode::Decoder;
use crate::entry::{Entry, EntryError};
use crate::queue::{self, ReadError};
use crate::shard::Shard;
use crate::store::consume::letters::SetAside;
use crate::store::consume::{ConsumeError, Consumer, Lease};
use crate::store::shard as lease;
use crate::workers::ledger::Ledger;

/// The lanes of a shard, in the order in which they have their turn.
const LANES: usize = 2;
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
/// How long to leave a shard alone whose next entry is of a format that this version does not know: ten times as long as a
/// newer process needs to take it.
const UNKNOWN_FORMAT_PAUSE: Duration = Duration::from_secs(5);

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
    /// Makes events of what the queue holds.
    pub decoder: Decoder,
    /// Held by the one reader of the process that decodes under marks: a death must not be blamed on two.
    pub marking: Arc<Mutex<()>>,
    /// The life of the process.
    pub life: Lifecycle,
}

/// What a reader knows from one lease to the next.
#[derive(Default)]
struct Known {
    /// Whether a failure was told already.
    outage: bool,
    /// Whether this reader panicked, or the one before it died, and what it left is not past yet.
    needs_care: bool,
}

/// A lease that is held, and what is read under it.
struct Hold {
    lease: Lease,
    heads: [Head; LANES],
    /// Whose turn it is.
    turn: usize,
    ledger: Ledger,
    connection: MultiplexedConnection,
    consumer: Consumer,
    careful: Option<Careful>,
    renewed: Instant,
    /// Whether the lanes were empty once.
    drained: bool,
}

impl Hold {
    /// Returns the lane whose turn it is.
    fn head(&self) -> &Head {
        &self.heads[self.turn]
    }
}

/// What a lane had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Nothing.
    Empty,
    /// Something that fills no transaction: company may come.
    Few,
    /// More than that, or it is not known.
    More,
}

impl Reader {
    /// Reads until shutdown; every failure is logged once an outage and tried again.
    ///
    /// # Errors
    /// None.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut backoff = BACKOFF.0;
        let mut known = Known::default();
        while !self.life.is_stopping() {
            let lease = lease::take(self.database.worker(), self.shard, self.owner, LEASE).await;
            let held = match lease {
                Ok(Some(taken)) => {
                    known.needs_care |= taken.abandoned;
                    self.hold_or_panic(taken.fence, &mut known).await
                }
                Ok(None) => {
                    self.life.sleep(TAKEN_PAUSE).await;
                    continue;
                }
                Err(error) => Err(error.into()),
            };
            if let Err(error) = held {
                self.report(&error, &mut known.outage).await;
                // Another process may be able to do what this one cannot: read a newer format, reach the queue.
                let _ = lease::release(self.database.worker(), self.shard, self.owner).await;
                self.life.sleep(pause(&error).unwrap_or(backoff)).await;
                backoff = (backoff * 2).min(BACKOFF.1);
            } else {
                backoff = BACKOFF.0;
            }
        }
        // Handing the lease back lets the next process begin at once.
        let _ = lease::release(self.database.worker(), self.shard, self.owner).await;
        Ok(())
    }

    async fn hold_or_panic(&self, fence: i64, known: &mut Known) -> Result<(), ConsumeError> {
        // A panic drops all that was under way: an open transaction is rolled back, and the queue keeps what was not stored.
        let held = AssertUnwindSafe(self.hold(fence, known)).catch_unwind().await;
        held.unwrap_or_else(|_| {
            known.needs_care = true;
            Err(ConsumeError::Panicked)
        })
    }

    /// Reads under one lease until it is lost, something fails, or shutdown begins.
    async fn hold(&self, fence: i64, known: &mut Known) -> Result<(), ConsumeError> {
        let mut hold = self.begin(fence, known.needs_care).await?;
        while !self.life.is_stopping() {
            self.renew(&mut hold).await?;
            // Before anything is taken from the queue: its counters may begin anew.
            hold.ledger.look(&mut hold.connection, false).await?;
            let mut turns = [Turn::Empty; LANES];
            for (turn, had) in turns.iter_mut().enumerate() {
                hold.turn = turn;
                *had = self.take_turn(&mut hold, known).await?;
            }
            match turns {
                [Turn::Empty, Turn::Empty] => self.rest(&mut hold, known).await?,
                // While there is a past to store, that is what fills the wait for company.
                [Turn::Few, Turn::Empty] => drop(self.life.sleep(LINGER).await),
                _ => {}
            }
        }
        Ok(())
    }

    /// Stores the next batch of the lane whose turn it is.
    async fn take_turn(&self, hold: &mut Hold, known: &mut Known) -> Result<Turn, ConsumeError> {
        let Some(Decoded { batch, aside, read, bytes }) = self.read(hold).await? else {
            return Ok(Turn::More);
        };
        let turn = hold.turn;
        if read == 0 {
            hold.careful.iter_mut().for_each(|careful| careful.empty(turn));
            return Ok(Turn::Empty);
        }
        let taken = batch.len();
        if let Some(last) = batch.last() {
            hold.heads[turn].last_id.clone_from(&last.stream_id);
        }
        let events: usize = batch.iter().map(|entry| entry.events.len()).sum();
        let whole = hold.careful.is_some() && read == hold.head().count;
        self.store(hold, batch, aside).await?;
        if hold.careful.is_none() {
            known.needs_care = false;
            hold.heads[turn].count = next_count(hold.head().count, read, taken, bytes);
        }
        known.outage = false;
        Ok(if events < FULL_ENOUGH && !whole { Turn::Few } else { Turn::More })
    }

    async fn begin(&self, fence: i64, needs_care: bool) -> Result<Hold, ConsumeError> {
        let pool = self.database.worker();
        let lease = Lease { shard: self.shard, owner: self.owner, fence };
        let careful = Careful::begin(pool, lease, needs_care).await?;
        Ok(Hold {
            lease,
            heads: [Head::live(self.shard), Head::historical(self.shard)],
            turn: 0,
            ledger: Ledger::new(pool.clone(), lease),
            connection: self.queue.dedicated(BLOCK).await?,
            consumer: Consumer::new(pool.clone(), lease),
            careful,
            renewed: Instant::now(),
            drained: false,
        })
    }

    async fn renew(&self, hold: &mut Hold) -> Result<(), ConsumeError> {
        if hold.renewed.elapsed() < RENEW_INTERVAL {
            return Ok(());
        }
        let (pool, fence) = (self.database.worker(), hold.lease.fence);
        if !lease::renew(pool, self.shard, self.owner, fence, LEASE).await? {
            return Err(ConsumeError::LeaseLost);
        }
        hold.renewed = Instant::now();
        Ok(())
    }

    /// Reads what goes into the next transaction; `None` if nothing can be said of it yet.
    async fn read(&self, hold: &mut Hold) -> Result<Option<Decoded>, ConsumeError> {
        if hold.careful.is_some() {
            return self.read_carefully(hold).await;
        }
        let decode = |raw: &_| self.decoder.entry(raw);
        let Head { lane, events_max, count, .. } = *hold.head();
        match queue::read_head(&mut hold.connection, lane, count, decode).await {
            Ok(entries) => {
                let read = entries.len();
                let (batch, bytes) = take_batch(entries, events_max);
                Ok(Some(Decoded { batch, aside: Vec::new(), read, bytes }))
            }
            Err(ReadError::Entry(_, EntryError::Damaged(_))) => self.read_damaged(hold).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for entries. Nothing waits now, so nothing stands still, and what was suspected is gone.
    async fn rest(&self, hold: &mut Hold, known: &mut Known) -> Result<(), ConsumeError> {
        let pool = self.database.worker();
        if let Some(careful) = hold.careful.take() {
            careful.end(pool).await?;
            known.needs_care = false;
        }
        if !std::mem::replace(&mut hold.drained, true) || known.outage {
            lease::clear_failure(pool, self.shard, self.owner).await?;
            known.outage = false;
        }
        hold.ledger.look(&mut hold.connection, true).await?;
        let lanes =
            [0, 1].map(|lane: usize| (hold.heads[lane].lane, hold.heads[lane].last_id.as_str()));
        tokio::select! {
            waited = queue::wait_for_any(&mut hold.connection, &lanes, BLOCK) => waited?,
            () = self.life.stopping() => {}
        }
        Ok(())
    }

    async fn store(
        &self,
        hold: &mut Hold,
        batch: Vec<Entry>,
        aside: Vec<SetAside>,
    ) -> Result<(), ConsumeError> {
        let stream_ids: Vec<String> = batch.iter().map(|entry| entry.stream_id.clone()).collect();
        let entry_ids: Vec<Uuid> = batch.iter().map(|entry| entry.entry_id).collect();
        let stored = hold.consumer.consume_beside(batch, aside, LEASE).await?;
        hold.renewed = Instant::now();
        if stored.identity_events {
            self.stored_identity.notify_one();
        }
        let (turn, lane) = (hold.turn, hold.head().lane);
        queue::delete(&mut hold.connection, lane, &stream_ids).await?;
        if let Some(careful) = &mut hold.careful
            && careful.past(self.database.worker(), turn, &entry_ids).await?
        {
            hold.careful = None;
        }
        hold.consumer.deleted(entry_ids);
        Ok(())
    }

    /// Says once that and why the shard stands still, and writes it where it can be seen.
    async fn report(&self, error: &ConsumeError, outage: &mut bool) {
        let first = !std::mem::replace(outage, true);
        if first && error.holds_shard() {
            tracing::error!(shard = self.shard, %error, "the shard stands still");
        } else if first {
            tracing::warn!(shard = self.shard, %error, "storing events failed, trying again");
        }
        if let Some(reason) = error.stall() {
            let pool = self.database.worker();
            let _ = lease::set_failure(pool, self.shard, self.owner, &reason).await;
        }
    }
}

/// Returns how long to leave the shard alone after this failure, if it is not to be tried soon.
fn pause(error: &ConsumeError) -> Option<Duration> {
    let unknown =
        matches!(error, ConsumeError::Entry(ReadError::Entry(_, EntryError::UnknownFormat(_))));
    unknown.then_some(UNKNOWN_FORMAT_PAUSE)
}
