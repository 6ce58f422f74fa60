//! The consuming transaction (PROTOCOLS section 3): stage, lock, dedupe, rows, log, counters, commit.
//!
//! Each statement's place matters. The batch is copied into a temporary table *before* the shard is locked, so that nothing
//! is streamed under the lock. The lock is a statement of its own: a statement that locks and dedupes at once sees a
//! snapshot older than the lock, and doubles. Rows are inserted only for keys that came back, because a uuid sent once
//! plain and once as an identity event sits behind two locks.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::NaiveDate;
use observe_core::ProjectId;
use observe_proto::events::v1::AcceptedEvent;
use observe_runtime::redis::RedisUnavailable;
use sqlx::{Connection as _, PgConnection, PgPool};
use uuid::Uuid;

use super::copy::CopyRows;
use super::partition;
use crate::entry::Entry;
use crate::log_row::{LogRow, log_rows};
use crate::queue::ReadError;
use crate::shard::Shard;

/// The temporary table of a connection, and the planner's settings for the dedupe: a batch is small and the keys are many,
/// so only probing the index is right, whatever the statistics say.
const PREPARE: &str = "set local client_min_messages = warning; create temporary table if not exists stage (
        ordinal int4, project_id uuid, uuid uuid, name text, distinct_id text, time timestamptz, arrival int8,
        received_at timestamptz, session_id text, properties jsonb
    ) on commit delete rows;
    set local enable_hashjoin = off;
    set local enable_mergejoin = off; set local enable_seqscan = off; set local jit = off;
    set local plan_cache_mode = force_custom_plan";
const COPY: &str = "copy pg_temp.stage from stdin (format binary)";
const STAGE_COLUMNS: i16 = 10;

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

/// Why a batch was not stored.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// Somebody else reads the shard now; nothing was stored.
    #[error("the lease was lost")]
    LeaseLost,
    /// PostgreSQL refused, or is away.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The queue is away.
    #[error(transparent)]
    Queue(#[from] RedisUnavailable),
    /// An entry cannot be read.
    #[error(transparent)]
    Entry(ReadError),
}

impl From<ReadError> for ConsumeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Redis(error) => Self::Queue(error.into()),
            entry @ ReadError::Entry(..) => Self::Entry(entry),
        }
    }
}

impl From<redis::RedisError> for ConsumeError {
    fn from(error: redis::RedisError) -> Self {
        Self::Queue(error.into())
    }
}

impl ConsumeError {
    /// Returns whether trying again will not help: the data itself is refused (SQLSTATE classes 21, 22, 23 and 54), or an
    /// entry cannot be read. A missing partition (23514) is not such a case, nor is a key that is there already (23505).
    #[must_use]
    pub fn holds_shard(&self) -> bool {
        match self {
            Self::Entry(_) => true,
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
                let data = ["21", "22", "23", "54"].iter().any(|class| code.starts_with(class));
                data && !["23514", "23505"].contains(&code.as_ref())
            }),
            _ => false,
        }
    }
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
    known_weeks: HashSet<NaiveDate>,
    old_boundary: Option<NaiveDate>,
    deleted: Vec<Uuid>,
}

/// An event of the batch, in order.
type Staged = (ProjectId, Uuid, AcceptedEvent);

/// What the locked shard row says.
struct Locked {
    next_sequence: i64,
    key_week: NaiveDate,
}

impl Consumer {
    /// Starts under a lease.
    #[must_use]
    pub fn new(pool: PgPool, lease: Lease) -> Self {
        Self { pool, lease, known_weeks: HashSet::new(), old_boundary: None, deleted: Vec::new() }
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
        self.ensure_partitions(&events).await?;

        let mut connection = self.pool.acquire().await?;
        let mut tx = connection.begin().await?;
        sqlx::raw_sql(PREPARE).execute(&mut *tx).await?;
        stage(&mut tx, &events).await?;
        let locked = self.lock(&mut tx).await?;
        let fresh_entries = insert_consumed(&mut tx, self.lease.shard, &entry_ids).await?;
        let is_fresh = |ordinal: usize| fresh_entries.contains(&entry_ids[owners[ordinal]]);
        let fresh: Vec<usize> = (0..events.len()).filter(|ordinal| is_fresh(*ordinal)).collect();
        let stored = insert_keys(&mut tx, &locked, &events, &fresh).await?;
        let counts = count(&events, &fresh, &stored);
        let rows = log_rows(&events, &stored, locked.next_sequence);
        insert_events(&mut tx, self.lease.shard, &rows, events.len()).await?;
        insert_log(&mut tx, self.lease.shard, &rows).await?;
        add_counts(&mut tx, self.lease.shard, &counts).await?;
        let end = locked.next_sequence + i64::try_from(stored.len()).unwrap_or(i64::MAX);
        self.advance(&mut tx, end, lease).await?;
        tx.commit().await?;
        self.deleted.clear();
        Ok(Stored { identity_events: rows.iter().any(|row| row.identity_events.is_some()) })
    }

    /// Makes the partitions that the batch needs and that are not known to be there.
    async fn ensure_partitions(&mut self, events: &[Staged]) -> Result<(), ConsumeError> {
        let boundary = match self.old_boundary {
            Some(boundary) => boundary,
            None => *self.old_boundary.insert(partition::old_boundary(&self.pool).await?),
        };
        let weeks: HashSet<NaiveDate> = events
            .iter()
            .filter_map(|(_, _, event)| chrono::DateTime::from_timestamp_millis(event.time_ms))
            .map(partition::week_of)
            .filter(|week| *week >= boundary && !self.known_weeks.contains(week))
            .collect();
        for week in weeks {
            partition::ensure_event_week(&self.pool, week).await?;
            self.known_weeks.insert(week);
        }
        Ok(())
    }

    /// Locks the shard's row and checks the fence.
    async fn lock(&self, tx: &mut PgConnection) -> Result<Locked, ConsumeError> {
        let found: Option<(i64, i64)> =
            sqlx::query_as("select fence, next_sequence from shard where id = $1 for update")
                .bind(self.lease.shard)
                .fetch_optional(&mut *tx)
                .await?;
        let Some((fence, next_sequence)) = found else { return Err(ConsumeError::LeaseLost) };
        if fence != self.lease.fence {
            return Err(ConsumeError::LeaseLost);
        }
        // Locked, so that no two shards can store one uuid under two weeks while the week turns.
        let key_week =
            sqlx::query_scalar("select week from key_clock for share").fetch_one(&mut *tx).await?;
        Ok(Locked { next_sequence, key_week })
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

async fn stage(tx: &mut PgConnection, events: &[Staged]) -> Result<(), ConsumeError> {
    let bytes: usize = events.iter().map(|(_, _, event)| event.properties_json.len() + 256).sum();
    let mut rows = CopyRows::with_capacity(bytes);
    for (ordinal, (project, uuid, event)) in events.iter().enumerate() {
        rows.row(STAGE_COLUMNS)
            .int4(i32::try_from(ordinal).unwrap_or(i32::MAX))
            .uuid(project.uuid())
            .uuid(*uuid)
            .text(&event.name)
            .text(&event.distinct_id)
            .timestamp_us(event.time_ms.saturating_mul(1_000))
            .int8(event.received_us.saturating_add(i64::from(event.index)))
            .timestamp_us(event.received_us)
            .text_or_null(&event.session_id)
            .jsonb(&event.properties_json);
    }
    let mut copy = tx.copy_in_raw(COPY).await?;
    copy.send(rows.finish()).await?;
    copy.finish().await?;
    Ok(())
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

/// Stores the keys of events that have none in any week yet. Returns the places of those events, in order: of several with
/// one uuid, the first.
async fn insert_keys(
    tx: &mut PgConnection,
    locked: &Locked,
    events: &[Staged],
    fresh: &[usize],
) -> Result<Vec<usize>, ConsumeError> {
    let mut first: HashMap<(Uuid, Uuid), usize> = HashMap::with_capacity(fresh.len());
    for &ordinal in fresh {
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
    .bind(locked.key_week)
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
    staged: usize,
) -> Result<(), ConsumeError> {
    // Sequences begin at 1, so 0 marks what is not stored. An array without nulls is read by place in constant time.
    let mut sequences = vec![0_i64; staged];
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
            "insert into event_log (shard, first_sequence, count, project_id, payload, identity_events)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(shard)
        .bind(row.first_sequence)
        .bind(i32::try_from(row.ordinals.len()).unwrap_or(i32::MAX))
        .bind(row.project.uuid())
        .bind(&row.payload)
        .bind(row.identity_events.as_deref())
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Events by project: taken, stored.
type Counts = HashMap<ProjectId, (i64, i64)>;

fn count(events: &[Staged], fresh: &[usize], stored: &[usize]) -> Counts {
    let mut counts = Counts::new();
    for &ordinal in fresh {
        counts.entry(events[ordinal].0).or_default().0 += 1;
    }
    for &ordinal in stored {
        counts.entry(events[ordinal].0).or_default().1 += 1;
    }
    counts
}

async fn add_counts(
    tx: &mut PgConnection,
    shard: Shard,
    counts: &Counts,
) -> Result<(), ConsumeError> {
    let projects: Vec<Uuid> = counts.keys().map(|project| project.uuid()).collect();
    let taken: Vec<i64> = counts.values().map(|(taken, _)| *taken).collect();
    let stored: Vec<i64> = counts.values().map(|(_, stored)| *stored).collect();
    sqlx::query(
        "insert into counter (shard, project_id, taken, stored, duplicates)
         select $1, project_id, taken, stored, taken - stored
         from unnest($2::uuid[], $3::int8[], $4::int8[]) as c(project_id, taken, stored)
         on conflict (project_id, shard) do update set taken = counter.taken + excluded.taken,
             stored = counter.stored + excluded.stored, duplicates = counter.duplicates + excluded.duplicates",
    )
    .bind(shard)
    .bind(&projects)
    .bind(&taken)
    .bind(&stored)
    .execute(&mut *tx)
    .await?;
    Ok(())
}
