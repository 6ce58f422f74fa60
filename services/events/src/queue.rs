//! The queue: two Redis streams a shard, of what happens now and of the past, and one for spans. What is appended here and
//! answered is fsynced.
//!
//! There is no consumer group, no cursor, no pending counter and no lease in Redis: at `maxmemory` Redis refuses every
//! write but `XDEL`, and a restored Redis may hand out lower ids. Entries are deleted once they are stored.

mod lane;

use std::collections::BTreeMap;
use std::time::Duration;

use observe_core::ProjectId;
use observe_runtime::redis::{QueueRedis, RedisUnavailable};
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamId, StreamRangeReply, StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands as _, RedisError};
use uuid::Uuid;

use crate::entry::{EntryError, PackedEntry, RawEntry};
use crate::shard::Shard;
pub use lane::Lane;
use lane::{key, stream_key};

/// Why an append was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Redis is at its `maxmemory`.
    #[error("the queue is full")]
    Full,
    /// Redis is away, or its answer was lost: the entries may or may not be there.
    #[error("the queue does not answer: {0}")]
    Unavailable(String),
}

/// Why entries could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Redis is away.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// An entry cannot be read; the shard stops.
    #[error("entry {0}: {1}")]
    Entry(String, EntryError),
}

/// Appends entries to one lane in one transaction, with the accepted counters.
///
/// # Errors
/// [`AppendError`]; after `Unavailable` a retry with the same events is safe, since they carry their uuids.
pub async fn append(
    queue: &QueueRedis,
    lane: Lane,
    entries: &[(Uuid, &PackedEntry)],
    fresh_queue_id: Uuid,
) -> Result<(), AppendError> {
    let mut pipe = redis::pipe();
    pipe.atomic();
    let mut counts: BTreeMap<ProjectId, u64> = BTreeMap::new();
    for (entry_id, entry) in entries {
        pipe.cmd("XADD").arg(stream_key(lane)).arg("*");
        pipe.arg("id")
            .arg(entry_id.as_bytes())
            .arg("h")
            .arg(&entry.header)
            .arg("d")
            .arg(&entry.payload);
        pipe.ignore();
        for (project, events) in &entry.counts {
            *counts.entry(*project).or_default() += events;
        }
    }
    for (project, events) in counts {
        pipe.cmd("HINCRBY")
            .arg(key(lane, "accepted"))
            .arg(project.to_string())
            .arg(events)
            .ignore();
    }
    pipe.cmd("SET").arg(key(lane, "queue_id")).arg(fresh_queue_id.to_string()).arg("NX").ignore();
    let mut connection =
        queue.connection().await.map_err(|error| AppendError::Unavailable(error.to_string()))?;
    pipe.query_async::<()>(&mut connection).await.map_err(|error| classify(&error))
}

fn classify(error: &RedisError) -> AppendError {
    let text = error.to_string();
    // Refused while it was queued, the whole transaction is discarded; nothing was written. Whatever else discards one, such
    // as a disk that does not take what is appended, is no full queue.
    if text.contains("OOM") { AppendError::Full } else { AppendError::Unavailable(text) }
}

/// Reads up to `count` entries from the head of a lane.
///
/// # Errors
/// [`ReadError`].
pub async fn read_head<T>(
    connection: &mut MultiplexedConnection,
    lane: Lane,
    count: usize,
    unpack: impl Fn(&RawEntry) -> Result<T, EntryError>,
) -> Result<Vec<T>, ReadError> {
    let raw = read_raw(connection, lane, count).await?;
    let mut entries = Vec::with_capacity(raw.len());
    for raw in raw {
        match unpack(&raw) {
            Ok(entry) => entries.push(entry),
            // What comes before it is stored first; then it stands at the head.
            Err(_) if !entries.is_empty() => break,
            Err(error) => return Err(ReadError::Entry(raw.stream_id, error)),
        }
    }
    Ok(entries)
}

/// Reads up to `count` entries from the head of a lane as they are.
///
/// # Errors
/// When Redis is away.
pub async fn read_raw(
    connection: &mut MultiplexedConnection,
    lane: Lane,
    count: usize,
) -> Result<Vec<RawEntry>, RedisError> {
    let reply: StreamRangeReply =
        connection.xrange_count(stream_key(lane), "-", "+", count).await?;
    Ok(reply.ids.iter().map(|entry| to_raw(lane, entry)).collect())
}

fn to_raw(lane: Lane, entry: &StreamId) -> RawEntry {
    let id: Option<Vec<u8>> = entry.get("id");
    let written = id.and_then(|id| Uuid::from_slice(&id).ok());
    // An entry that lost its id gets one from its place, so that it has the same one when it is read again.
    let place = || Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{lane} {}", entry.id).as_bytes());
    RawEntry {
        stream_id: entry.id.clone(),
        entry_id: written.unwrap_or_else(place),
        header: entry.get("h").unwrap_or_default(),
        payload: entry.get("d").unwrap_or_default(),
    }
}

/// Waits until something is appended after `after` ("0" for anything), or for `block`.
///
/// # Errors
/// When Redis is away.
pub async fn wait_for_entries(
    connection: &mut MultiplexedConnection,
    lane: Lane,
    after: &str,
    block: Duration,
) -> Result<(), RedisError> {
    wait_for_any(connection, &[(lane, after)], block).await
}

/// Waits until something is appended to one of the lanes of a shard, to each after what is given with it, or for `block`.
///
/// # Errors
/// When Redis is away.
pub async fn wait_for_any(
    connection: &mut MultiplexedConnection,
    lanes: &[(Lane, &str)],
    block: Duration,
) -> Result<(), RedisError> {
    let millis = usize::try_from(block.as_millis()).unwrap_or(usize::MAX);
    let options = StreamReadOptions::default().block(millis).count(1);
    let (keys, after): (Vec<String>, Vec<&str>) =
        lanes.iter().map(|(lane, after)| (stream_key(*lane), *after)).unzip();
    let _: Option<StreamReadReply> = connection.xread_options(&keys, &after, &options).await?;
    Ok(())
}

/// Deletes stored entries.
///
/// # Errors
/// When Redis is away; they will be found again and known as consumed.
pub async fn delete(
    connection: &mut MultiplexedConnection,
    lane: Lane,
    stream_ids: &[String],
) -> Result<(), RedisError> {
    if stream_ids.is_empty() {
        return Ok(());
    }
    let _: u64 = connection.xdel(stream_key(lane), stream_ids).await?;
    Ok(())
}

/// Where the number of shards is remembered for a start without PostgreSQL.
const SHARDS_KEY: &str = "observe:shards";

/// Remembers how many shards there are.
///
/// # Errors
/// When Redis is away.
pub async fn remember_shards(queue: &QueueRedis, shards: Shard) -> Result<(), RedisUnavailable> {
    let mut connection = queue.connection().await?;
    let _: () = connection.set(SHARDS_KEY, shards).await?;
    Ok(())
}

/// Returns how many shards there were when PostgreSQL was last asked.
///
/// # Errors
/// When Redis is away.
pub async fn remembered_shards(queue: &QueueRedis) -> Result<Option<Shard>, RedisUnavailable> {
    let mut connection = queue.connection().await?;
    Ok(connection.get(SHARDS_KEY).await?)
}

/// What the queue knows of a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueStatus {
    /// Events of the project ever appended.
    pub accepted: i64,
    /// When the oldest entry of any project that happens now was appended, in milliseconds since 1970 by Redis's clock. An
    /// import takes as long as it takes.
    pub oldest_ms: Option<i64>,
}

/// Asks all shards about a project.
///
/// # Errors
/// When Redis is away.
pub async fn status(
    queue: &QueueRedis,
    shards: Shard,
    project: ProjectId,
) -> Result<QueueStatus, RedisUnavailable> {
    let mut connection = queue.connection().await?;
    let mut status = QueueStatus::default();
    for lane in (0..shards).map(Lane::Shard) {
        let accepted: Option<i64> =
            connection.hget(key(lane, "accepted"), project.to_string()).await?;
        status.accepted += accepted.unwrap_or(0);
        let oldest: StreamRangeReply =
            connection.xrange_count(stream_key(lane), "-", "+", 1).await?;
        let oldest_ms =
            oldest.ids.first().and_then(|entry| entry.id.split('-').next()?.parse().ok());
        status.oldest_ms = [status.oldest_ms, oldest_ms].into_iter().flatten().min();
    }
    Ok(status)
}

/// What a shard's part of the queue says of itself, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardState {
    /// The id it was given with its first entry; none while it never had one.
    pub queue_id: Option<String>,
    /// Whether none of its lanes is known to hold an entry.
    pub is_empty: bool,
    /// Events ever appended, by project.
    pub accepted: BTreeMap<ProjectId, i64>,
}

/// Asks one shard's part of the queue.
///
/// # Errors
/// When Redis is away.
pub async fn shard_state(
    connection: &mut MultiplexedConnection,
    shard: Shard,
) -> Result<ShardState, RedisError> {
    // No transaction: at `maxmemory` Redis refuses every command inside one, also those that only read, and a full queue would
    // never be drained again. Each append counts what it accepts; if nothing was counted meanwhile, it was one moment.
    let lane = Lane::Shard(shard);
    let mut pipe = redis::pipe();
    pipe.hgetall(key(lane, "accepted")).get(key(lane, "queue_id"));
    pipe.xlen(stream_key(lane)).xlen(stream_key(Lane::Historical(shard)));
    pipe.hgetall(key(lane, "accepted"));
    type Counts = BTreeMap<String, i64>;
    let (before, queue_id, live, historical, accepted): (Counts, _, u64, u64, Counts) =
        pipe.query_async(connection).await?;
    let is_empty = live + historical == 0 && before == accepted;
    let of_project = |(project, events): (String, i64)| Some((ProjectId::parse(&project)?, events));
    let accepted = accepted.into_iter().filter_map(of_project).collect();
    Ok(ShardState { queue_id, is_empty, accepted })
}

/// Returns how many spans of a project were ever appended.
///
/// # Errors
/// When Redis is away.
pub async fn accepted_spans(
    queue: &QueueRedis,
    project: ProjectId,
) -> Result<i64, RedisUnavailable> {
    let mut connection = queue.connection().await?;
    let accepted: Option<i64> =
        connection.hget(key(Lane::Spans, "accepted"), project.to_string()).await?;
    Ok(accepted.unwrap_or(0))
}
