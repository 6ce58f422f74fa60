//! Reading the event log.

use sqlx::PgPool;
use uuid::Uuid;

use crate::shard::Shard;

/// Bytes of payload in one answer; a single row may be larger.
const READ_BYTES_MAX: i64 = 2 * 1024 * 1024;
/// Rows in one answer.
const READ_ROWS_MAX: i64 = 256;

/// One row of the log.
#[derive(Debug, sqlx::FromRow)]
pub struct LogRow {
    /// Whose events.
    pub project_id: Uuid,
    /// The sequence of the first.
    pub first_sequence: i64,
    /// How many.
    pub count: i32,
    /// An lz4 frame of `LoggedEvents`.
    pub payload: Vec<u8>,
}

/// Returns rows from a sequence on, contiguous and in order.
///
/// # Errors
/// When the database is away.
pub async fn read(pool: &PgPool, shard: Shard, from_sequence: i64) -> sqlx::Result<Vec<LogRow>> {
    // The bound is in the statement: what PostgreSQL has begun to send, it sends to the end.
    sqlx::query_as(
        "select project_id, first_sequence, count, payload from (
             select project_id, first_sequence, count, payload,
                 sum(octet_length(payload)) over (order by first_sequence) - octet_length(payload) as before
             from (select project_id, first_sequence, count, payload from event_log
                   where shard = $1 and first_sequence >= $2 order by first_sequence limit $3) next
         ) summed where before < $4 order by first_sequence",
    )
    .bind(shard)
    .bind(from_sequence)
    .bind(READ_ROWS_MAX)
    .bind(READ_BYTES_MAX)
    .fetch_all(pool)
    .await
}

/// Returns the first sequence that is kept, if any is.
///
/// # Errors
/// When the database is away.
pub async fn first_kept(pool: &PgPool, shard: Shard) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("select min(first_sequence) from event_log where shard = $1")
        .bind(shard)
        .fetch_one(pool)
        .await
}

/// Returns the last committed sequence of every shard, by shard; 0 for an empty one.
///
/// # Errors
/// When the database is away.
pub async fn heads(pool: &PgPool) -> sqlx::Result<Vec<(Shard, i64)>> {
    sqlx::query_as("select id, next_sequence - 1 from shard order by id").fetch_all(pool).await
}
