//! The lane's consuming transaction: read what is known, compute, stage, lock, check the fence, write, commit.
//!
//! The lane has one reader, so everything is read and computed before its row is locked; the fence, checked under the lock,
//! refuses what a reader computed that lost the lane meanwhile. Counts, sketches, keys and counters are written together or
//! not at all, so each span counts once.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::NaiveDate;
use observe_sketch::DecodeError;
use sqlx::{Connection as _, PgConnection, PgPool};
use uuid::Uuid;

use super::known;
use super::lane::LaneLease;
use super::stage::{self, Changes};
use super::{counts, place};
use crate::entry::SpansEntry;
use crate::queue::ReadError;
use crate::spans::fold::{Placed, cells_of, fold};
use crate::spans::people::{Minutes, PEOPLE_MAX, Place, people_of};
use crate::spans::{PEOPLE_KEPT_MS, Span, hour_of, minutes_since};
use crate::store::consume::ConsumeError;
use crate::store::erasure::cuts::blank_spans;

/// Places whose number of people is remembered.
const REMEMBERED_PLACES_MAX: usize = 50_000;

/// Why a batch was not counted.
#[derive(Debug, thiserror::Error)]
pub enum CountError {
    /// As for events.
    #[error(transparent)]
    Consume(#[from] ConsumeError),
    /// A stored sketch cannot be read.
    #[error("a stored sketch cannot be read: {0}")]
    Sketch(#[from] DecodeError),
    /// Rows changed under the reader, although it held the lane, or a person was erased; nothing was counted.
    #[error("the span lane was changed by somebody else")]
    Raced,
}

impl From<sqlx::Error> for CountError {
    fn from(error: sqlx::Error) -> Self {
        Self::Consume(error.into())
    }
}

impl From<ReadError> for CountError {
    fn from(error: ReadError) -> Self {
        Self::Consume(error.into())
    }
}

impl CountError {
    /// Returns whether trying again will not help.
    #[must_use]
    pub fn holds_lane(&self) -> bool {
        match self {
            Self::Consume(error) => error.holds_shard(),
            Self::Sketch(_) => true,
            Self::Raced => false,
        }
    }
}

/// Counts batches of the lane under one lease.
pub struct SpanConsumer {
    pool: PgPool,
    lease: LaneLease,
    deleted: Vec<Uuid>,
    /// How many people are known of a place, so that they need not be counted for each batch.
    people: HashMap<Place, usize>,
}

impl SpanConsumer {
    /// Starts under a lease.
    #[must_use]
    pub fn new(pool: PgPool, lease: LaneLease) -> Self {
        Self { pool, lease, deleted: Vec::new(), people: HashMap::new() }
    }

    /// Remembers entries whose deletion the queue confirmed, so that their ids can go, too.
    pub fn deleted(&mut self, entries: Vec<Uuid>) {
        self.deleted.extend(entries);
    }

    /// Counts a batch, once. On any error nothing was counted, and the batch may be tried again.
    ///
    /// # Errors
    /// [`CountError`].
    pub async fn consume(
        &mut self,
        batch: Vec<SpansEntry>,
        now_ms: i64,
        lease: Duration,
    ) -> Result<(), CountError> {
        let pool = self.pool.clone();
        let mut connection = pool.acquire().await.map_err(ConsumeError::from)?;
        let mut tx = connection.begin().await?;
        stage::prepare(&mut tx).await?;
        let (erasures, latest_cut_us) = erasures(&mut tx).await?;
        let ids: Vec<Uuid> = batch.iter().map(|entry| entry.entry_id).collect();
        let mut seen = known::consumed(&mut tx, &ids).await?;
        let mut entries = Vec::new();
        let mut spans: Vec<Span> = Vec::new();
        for entry in batch {
            // A queue that was put back together may hold an entry twice.
            if seen.insert(entry.entry_id) {
                entries.push(entry.entry_id);
                spans.extend(entry.spans);
            }
        }
        blank_spans(&mut tx, latest_cut_us, &mut spans).await?;
        let counted = known::counted(&mut tx, &spans).await?;
        let fresh = fresh(&spans, counted);
        let (placed, endpoints) = place::place(&mut tx, &fresh).await?;

        let mut cells = known::cells(&mut tx, &cells_of(&placed, minutes_since(now_ms))).await??;
        let kept = fold(&placed, &mut cells, minutes_since(now_ms));
        let (people, grown) = self.people(&mut tx, &placed, now_ms).await?;
        let changes = Changes {
            keys: fresh.iter().map(|(project, uuid, _)| (*project, *uuid)).collect(),
            endpoints,
            cells: cells.into_iter().collect(),
            kept: kept.insert,
            gone: kept.remove,
            people,
        };
        stage::stage(&mut tx, &changes).await?;

        let key_day = self.lock(&mut tx, erasures).await?;
        insert_consumed(&mut tx, &entries).await?;
        insert_keys(&mut tx, key_day, changes.keys.len()).await?;
        stage::write(&mut tx).await?;
        counts::add(&mut tx, &spans, &fresh).await?;
        self.advance(&mut tx, lease).await?;
        tx.commit().await?;
        self.deleted.clear();
        self.remember(grown);
        Ok(())
    }

    /// Returns whom the batch served that is new or was served in new minutes, and how many are known of each place then.
    async fn people<'a>(
        &self,
        tx: &mut PgConnection,
        placed: &[Placed<'a>],
        now_ms: i64,
    ) -> Result<(Vec<(Place, &'a str, Minutes)>, HashMap<Place, usize>), CountError> {
        let served = people_of(placed, hour_of(now_ms - PEOPLE_KEPT_MS));
        if served.is_empty() {
            return Ok((Vec::new(), HashMap::new()));
        }
        let asked: Vec<(Place, &str)> = served.keys().copied().collect();
        let before = known::people(tx, &asked).await?;
        let places: HashSet<Place> = asked.iter().map(|(place, _)| *place).collect();
        let unknown: Vec<Place> =
            places.iter().filter(|place| !self.people.contains_key(place)).copied().collect();
        let mut counts = known::people_counts(tx, &unknown).await?;
        for place in places {
            if let Some(count) = self.people.get(&place) {
                counts.insert(place, *count);
            }
        }
        let mut people = Vec::with_capacity(served.len());
        for ((place, id), minutes) in served {
            match before.get(&(place, id.to_owned())) {
                Some(known)
                    if known.served | minutes.served == known.served
                        && known.failed | minutes.failed == known.failed => {}
                Some(_) => people.push((place, id, minutes)),
                None => {
                    let count = counts.entry(place).or_default();
                    if *count < PEOPLE_MAX {
                        *count += 1;
                        people.push((place, id, minutes));
                    }
                }
            }
        }
        Ok((people, counts))
    }

    fn remember(&mut self, counts: HashMap<Place, usize>) {
        if self.people.len() + counts.len() > REMEMBERED_PLACES_MAX {
            self.people.clear();
        }
        self.people.extend(counts);
    }

    /// Locks the lane's row, checks the fence, and that nobody was erased since `erasures`; returns the day in which keys are
    /// stored.
    async fn lock(&self, tx: &mut PgConnection, erasures: i64) -> Result<NaiveDate, CountError> {
        let (fence, key_day, now): (i64, NaiveDate, i64) =
            sqlx::query_as("select fence, key_day, erasures from span_lane for update")
                .fetch_one(tx)
                .await?;
        if fence != self.lease.fence {
            return Err(ConsumeError::LeaseLost.into());
        }
        if now == erasures { Ok(key_day) } else { Err(CountError::Raced) }
    }

    /// Prolongs the lease, and forgets entries that are gone from the queue.
    async fn advance(&self, tx: &mut PgConnection, lease: Duration) -> Result<(), CountError> {
        if !self.deleted.is_empty() {
            sqlx::query("delete from span_consumed_entry where entry_id = any($1)")
                .bind(&self.deleted)
                .execute(&mut *tx)
                .await?;
        }
        sqlx::query(
            "update span_lane set lease_until = now() + $1 * interval '1 second', failure = null, failed_at = null",
        )
        .bind(lease.as_secs_f64())
        .execute(tx)
        .await?;
        Ok(())
    }
}

/// Returns how often persons were erased, and the latest cut.
async fn erasures(tx: &mut PgConnection) -> Result<(i64, i64), CountError> {
    Ok(sqlx::query_as("select erasures, latest_cut_us from span_lane").fetch_one(tx).await?)
}

/// Returns the spans that are to be counted: the first of each key, if no key is there. Whether a span's time makes sense was
/// judged at the edge, once.
fn fresh(spans: &[Span], mut seen: HashSet<(Uuid, Uuid)>) -> Vec<&Span> {
    spans.iter().filter(|(project, uuid, _)| seen.insert((project.uuid(), *uuid))).collect()
}

async fn insert_consumed(tx: &mut PgConnection, entries: &[Uuid]) -> Result<(), CountError> {
    let inserted = sqlx::query(
        "insert into span_consumed_entry (entry_id) select unnest($1::uuid[]) on conflict do nothing",
    )
    .bind(entries)
    .execute(tx)
    .await?;
    require(inserted.rows_affected(), entries.len())
}

async fn insert_keys(
    tx: &mut PgConnection,
    key_day: NaiveDate,
    keys: usize,
) -> Result<(), CountError> {
    let inserted = sqlx::query(
        "insert into span_key (project_id, uuid, day) select project_id, uuid, $1 from pg_temp.span_stage_key
         on conflict do nothing",
    )
    .bind(key_day)
    .execute(tx)
    .await?;
    require(inserted.rows_affected(), keys)
}

/// What was looked up before must still hold: the fence says so, and this says it again.
fn require(rows: u64, expected: usize) -> Result<(), CountError> {
    if usize::try_from(rows) == Ok(expected) { Ok(()) } else { Err(CountError::Raced) }
}
