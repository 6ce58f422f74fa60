//! The consuming transaction (PROTOCOLS section 3): stage, lock, dedupe, rows, log, counters, commit.
//!
//! Each step's place matters, and each is a file here, so that every way into the event table goes through the same ones:
//! [`weeks`] before the transaction, [`stage`] before the locks, [`lock`], [`rows`] under the locks, [`letters`], [`counts`].
//!
//! When PostgreSQL refuses a batch for its data, [`refused`] finds the events it refuses, and the transaction is made again:
//! it stores the others and sets those aside. An outage sets nothing aside.

pub mod counts;
pub mod error;
pub mod letters;
pub mod lock;
pub mod refused;
pub mod rows;
pub mod stage;
pub mod weeks;

use std::collections::HashSet;
use std::time::Duration;

use observe_core::ProjectId;
use sqlx::{Connection as _, PgConnection, PgPool};
use uuid::Uuid;

pub use self::error::ConsumeError;
use self::letters::{Letter, SetAside};
use self::refused::Refused;
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

    /// Stores a batch, once, and sets aside the events that PostgreSQL refuses. On any error nothing was stored, and the batch
    /// may be tried again.
    ///
    /// # Errors
    /// [`ConsumeError`].
    pub async fn consume(
        &mut self,
        batch: Vec<Entry>,
        lease: Duration,
    ) -> Result<Stored, ConsumeError> {
        self.consume_beside(batch, Vec::new(), lease).await
    }

    /// As [`Self::consume`], and sets aside what was found out about entries of the batch before.
    ///
    /// # Errors
    /// As [`Self::consume`].
    pub async fn consume_beside(
        &mut self,
        batch: Vec<Entry>,
        aside: Vec<SetAside>,
        lease: Duration,
    ) -> Result<Stored, ConsumeError> {
        let batch = Batch::new(batch, aside);
        self.weeks.ensure(&self.pool, &batch.events).await?;
        let refusal = match self.transaction(&batch, &[], lease).await {
            Err(ConsumeError::Database(error)) if error::refuses_data(&error) => error,
            done => return done,
        };
        let ordinals: Vec<usize> = (0..batch.events.len()).collect();
        let lease_kept = Some((self.lease, lease));
        let found = refused::find(&self.pool, &batch.events, &ordinals, lease_kept).await?;
        if found.refused.is_empty() {
            // Each event is taken alone: the batch is refused for something else.
            return Err(refusal.into());
        }
        let stored = self.transaction(&batch, &found.refused, lease).await?;
        for Refused { ordinal, sqlstate, .. } in &found.refused {
            let (project, uuid, _) = &batch.events[*ordinal];
            tracing::warn!(%project, %uuid, sqlstate, "an event that PostgreSQL refuses was set aside");
        }
        Ok(stored)
    }

    /// Stores a batch but for what is refused, which is set aside.
    async fn transaction(
        &mut self,
        batch: &Batch,
        refused: &[Refused],
        lease: Duration,
    ) -> Result<Stored, ConsumeError> {
        let shard = self.lease.shard;
        let mut is_refused = vec![false; batch.events.len()];
        refused.iter().for_each(|refused| is_refused[refused.ordinal] = true);
        let ordinals: Vec<usize> =
            (0..batch.events.len()).filter(|ordinal| !is_refused[*ordinal]).collect();

        let mut connection = self.pool.acquire().await?;
        let mut tx = connection.begin().await?;
        stage::stage(&mut tx, &batch.events, &ordinals).await?;
        let locked = lock::lock_shard(&mut tx, shard).await?;
        let locked = locked.filter(|locked| locked.fence == self.lease.fence);
        let locked = locked.ok_or(ConsumeError::LeaseLost)?;
        let key_week = lock::lock_key_week(&mut tx).await?;
        let fresh_entries = insert_consumed(&mut tx, shard, &batch.entry_ids).await?;
        let fresh = batch.of_entries(&fresh_entries);
        let storable: Vec<usize> =
            fresh.iter().copied().filter(|ordinal| !is_refused[*ordinal]).collect();
        let stored =
            rows::store_events(&mut tx, &locked, key_week, &batch.events, &storable).await?;
        let mut counts = counts::count(&batch.events, &fresh, &stored.ordinals);
        let letters = batch.refused_letters(&fresh, refused);
        letters::insert_letters(&mut tx, &locked, &letters, &mut counts).await?;
        for aside in batch.aside.iter().filter(|aside| fresh_entries.contains(&aside.entry_id)) {
            for (project, letter) in &aside.letters {
                counts.entry(*project).or_default().taken += letter.events;
            }
            letters::insert_letters(&mut tx, &locked, &aside.letters, &mut counts).await?;
            if let Some((entry, reason)) = &aside.unreadable {
                letters::insert_unreadable(&mut tx, shard, entry, reason).await?;
            }
        }
        counts::add_counts(&mut tx, shard, &counts).await?;
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

/// Entries laid out for the transaction.
struct Batch {
    entry_ids: Vec<Uuid>,
    /// By ordinal.
    events: Vec<Staged>,
    /// By ordinal, the place of the event's entry in `entry_ids`, so that the events of a consumed entry can be left out.
    owners: Vec<usize>,
    aside: Vec<SetAside>,
}

impl Batch {
    fn new(entries: Vec<Entry>, aside: Vec<SetAside>) -> Self {
        let mut batch =
            Self { entry_ids: Vec::new(), events: Vec::new(), owners: Vec::new(), aside };
        for entry in entries {
            // A queue that was put back together may hold an entry twice.
            if !batch.entry_ids.contains(&entry.entry_id) {
                let owner = batch.entry_ids.len();
                batch.owners.resize(batch.owners.len() + entry.events.len(), owner);
                batch.entry_ids.push(entry.entry_id);
                batch.events.extend(entry.events);
            }
        }
        batch
    }

    /// Returns the ordinals of these entries' events.
    fn of_entries(&self, entries: &HashSet<Uuid>) -> Vec<usize> {
        let owned = |ordinal: &usize| entries.contains(&self.entry_ids[self.owners[*ordinal]]);
        (0..self.events.len()).filter(owned).collect()
    }

    /// Returns the letters of those refused events that have a place in `fresh`, which is in order.
    fn refused_letters(&self, fresh: &[usize], refused: &[Refused]) -> Vec<(ProjectId, Letter)> {
        let fresh = refused.iter().filter(|refused| fresh.binary_search(&refused.ordinal).is_ok());
        fresh
            .map(|refused| {
                let event = &self.events[refused.ordinal];
                (event.0, Letter::refused(event, refused))
            })
            .collect()
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
