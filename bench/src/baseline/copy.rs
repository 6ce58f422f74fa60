//! Plain `COPY`: the same rows into a table with the same columns and indexes, and nothing else: no dedupe, no log, no
//! counters, no queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnection, PgPoolCopyExt as _};
use sqlx::{Connection as _, Executor as _, PgPool};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::world::{Event, World};

/// Rows in a transaction: as many as Observe's readers store in one at most.
pub(crate) const BATCH_ROWS: u64 = 5_000;
/// Connections: as many as Observe has readers.
pub(crate) const CONNECTIONS: usize = 4;

const TABLE: &str = "
    create table event (
        project_id uuid not null, uuid uuid not null, name text not null, distinct_id text not null,
        time timestamptz not null, arrival bigint not null, received_at timestamptz not null, session_id text,
        properties jsonb not null, shard int not null, sequence bigint not null
    );
    create index on event (project_id, time desc, arrival desc, uuid desc);
    create index on event (project_id, distinct_id, time desc, arrival desc, uuid desc);";
const COPY: &str = "copy event from stdin (format binary)";

/// What a binary COPY begins with: its signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const COLUMNS: i16 = 11;
/// The length that means null, and the count of columns that means the end.
const NULL: i32 = -1;
const END: i16 = -1;
/// Microseconds from 1970 to PostgreSQL's epoch, 2000-01-01.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;
/// The version byte that jsonb's binary form begins with.
const JSONB_VERSION: u8 = 1;

/// Stores the world's first `events` events and returns how long that took. The rows are encoded before.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn run(
    database_url: &str,
    world: &World,
    events: u64,
) -> anyhow::Result<Duration> {
    let mut connection = PgConnection::connect(database_url).await?;
    connection.execute(TABLE).await?;
    connection.close().await?;
    let batches = (0..events).step_by(usize::try_from(BATCH_ROWS)?);
    let project = Uuid::from_u128(1);
    let encode = |first: u64| encode(world, project, first, BATCH_ROWS.min(events - first));
    let batches: Arc<Vec<Vec<u8>>> = Arc::new(batches.map(encode).collect());
    let pool = PgPool::connect(database_url).await?;
    let next = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    let began = Instant::now();
    for _ in 0..CONNECTIONS {
        writers.spawn(write(pool.clone(), batches.clone(), next.clone()));
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    let time = began.elapsed();
    pool.close().await;
    Ok(time)
}

async fn write(
    pool: PgPool,
    batches: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<()> {
    while let Some(rows) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
        // A statement of its own is a transaction of its own.
        let mut copy = pool.copy_in_raw(COPY).await?;
        copy.send(rows.as_slice()).await?;
        copy.finish().await?;
    }
    Ok(())
}

/// Encodes events as rows of a project.
pub(crate) fn encode(world: &World, project: Uuid, first: u64, count: u64) -> Vec<u8> {
    let mut out = HEADER.to_vec();
    for index in first..first + count {
        encode_row(&world.event(index), project, index, &mut out);
    }
    out.extend_from_slice(&END.to_be_bytes());
    out
}

fn encode_row(event: &Event, project: Uuid, index: u64, out: &mut Vec<u8>) {
    let time_us = event.time_ms * 1_000;
    let index = i64::try_from(index).unwrap_or(i64::MAX);
    let shard = i32::try_from(index % 4).unwrap_or(0);
    let mut properties = vec![JSONB_VERSION];
    event.write_properties(&mut properties);
    out.extend_from_slice(&COLUMNS.to_be_bytes());
    field(out, project.as_bytes());
    field(out, event.uuid.as_bytes());
    field(out, event.name.as_bytes());
    field(out, format!("visitor-{:06}", event.visitor).as_bytes());
    field(out, &(time_us - POSTGRES_EPOCH_US).to_be_bytes());
    field(out, &(time_us + index).to_be_bytes());
    field(out, &(time_us - POSTGRES_EPOCH_US).to_be_bytes());
    out.extend_from_slice(&NULL.to_be_bytes());
    field(out, &properties);
    field(out, &shard.to_be_bytes());
    field(out, &index.to_be_bytes());
}

fn field(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}
