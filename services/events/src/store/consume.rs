//! The consuming transaction (PROTOCOLS section 3): stage, lock, dedupe, rows, log, counters, commit.
//!
//! Each step's place matters, and each is a file here, so that every way into the event table goes through the same ones:
//! [`weeks`] before the transaction, [`stage`] before the locks, [`lock`], [`rows`] under the locks, [`counts`].

pub mod counts;
pub mod error;
pub mod lock;
pub mod rows;
pub mod stage;
pub mod weeks;

use std::collections::HashSet;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection, PgPool};
use uuid::Uuid;

pub use self::error::ConsumeError;
use self::stage::Staged;
use self::weeks::KnownWeeks;
use crate::entry::Entry;
use crate::shard::Shard;

/// The right to consume a shard.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// Which shard.
    pub shard: Shard,
    /// Who holds it.
    pub owner: Uuid,
    /// The fence it was given with.
    pub fence: i64,
}

/// What a transaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Whether events for identity are among what was stored.
    pub identity_events: bool,
}

/// Stores batches of one shard under one lease.
pub struct Consumer {
    pool: PgPool,
    lease: Lease,
    weeks: KnownWeeks,
    deleted: Vec<Uuid>,
}

impl Consumer {
    /// Starts under a lease.
    #[must_use]
    pub fn new(pool: PgPool, lease: Lease) -> Self {
        Self { pool, lease, weeks: KnownWeeks::default(), deleted: Vec::new() }
    }

    /// Remembers entries whose deletion the queue confirmed, so that their ids can go, too.
    pub fn deleted(&mut self, entries: Vec<Uuid>) {
        self.deleted.extend(entries);
    }

    /// Stores a batch, once. On any error nothing was stored, and the batch may be tried again.
    ///
    /// # Errors
    /// [`ConsumeError`].
    pub async fn consume(
        &mut self,
        batch: Vec<Entry>,
        lease: Duration,
    ) -> Result<Stored, ConsumeError> {
        let mut entry_ids: Vec<Uuid> = Vec::with_capacity(batch.len());
        // An event's entry is known by its place, so that the events of a consumed entry can be left out.
        let mut owners = Vec::new();
        let mut events: Vec<Staged> = Vec::new();
        for entry in batch {
            // A queue that was put back together may hold an entry twice.
            if !entry_ids.contains(&entry.entry_id) {
                owners.resize(owners.len() + entry.events.len(), entry_ids.len());
                entry_ids.push(entry.entry_id);
                events.extend(entry.events);
            }
        }
        self.weeks.ensure(&self.pool, &events).await?;

        let mut connection = self.pool.acquire().await?;
        let mut tx = connection.begin().await?;
        let ordinals: Vec<usize> = (0..events.len()).collect();
        stage::stage(&mut tx, &events, &ordinals).await?;
        let locked = lock::lock_shard(&mut tx, self.lease.shard).await?;
        let locked = locked.filter(|locked| locked.fence == self.lease.fence);
        let locked = locked.ok_or(ConsumeError::LeaseLost)?;
        let key_week = lock::lock_key_week(&mut tx).await?;
        let fresh_entries = insert_consumed(&mut tx, self.lease.shard, &entry_ids).await?;
        let is_fresh = |ordinal: &usize| fresh_entries.contains(&entry_ids[owners[*ordinal]]);
        let fresh: Vec<usize> = ordinals.into_iter().filter(is_fresh).collect();
        let stored = rows::store_events(&mut tx, &locked, key_week, &events, &fresh).await?;
        let counts = counts::count(&events, &fresh, &stored.ordinals);
        counts::add_counts(&mut tx, self.lease.shard, &counts).await?;
        self.advance(&mut tx, stored.next_sequence, lease).await?;
        tx.commit().await?;
        self.deleted.clear();
        Ok(Stored { identity_events: stored.identity_events })
    }

    /// Moves the log's end, prolongs the lease, and forgets entries that are gone from the queue.
    async fn advance(
        &self,
        tx: &mut PgConnection,
        end: i64,
        lease: Duration,
    ) -> Result<(), ConsumeError> {
        if !self.deleted.is_empty() {
            sqlx::query("delete from consumed_entry where entry_id = any($1)")
                .bind(&self.deleted)
                .execute(&mut *tx)
                .await?;
        }
        sqlx::query(
            "update shard set next_sequence = $2, lease_until = now() + $3 * interval '1 second',
                 failure = null, failed_at = null
             where id = $1",
        )
        .bind(self.lease.shard)
        .bind(end)
        .bind(lease.as_secs_f64())
        .execute(&mut *tx)
        .await?;
        Ok(())
    }
}

/// Notes the entries as consumed. Returns those that were not before.
async fn insert_consumed(
    tx: &mut PgConnection,
    shard: Shard,
    entries: &[Uuid],
) -> Result<HashSet<Uuid>, ConsumeError> {
    let fresh: Vec<Uuid> = sqlx::query_scalar(
        "insert into consumed_entry (entry_id, shard) select unnest($1::uuid[]), $2
         on conflict do nothing returning entry_id",
    )
    .bind(entries)
    .bind(shard)
    .fetch_all(&mut *tx)
    .await?;
    Ok(fresh.into_iter().collect())
}
