//! Reading the event log.

use futures::TryStreamExt as _;
use sqlx::PgPool;
use uuid::Uuid;

use crate::shard::Shard;

/// Bytes of payload in one answer; a single row may be larger.
const READ_BYTES_MAX: usize = 2 * 1024 * 1024;
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
    let mut found = sqlx::query_as::<_, LogRow>(
        "select project_id, first_sequence, count, payload from event_log
         where shard = $1 and first_sequence >= $2 order by first_sequence limit $3",
    )
    .bind(shard)
    .bind(from_sequence)
    .bind(READ_ROWS_MAX)
    .fetch(pool);
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while let Some(row) = found.try_next().await? {
        bytes += row.payload.len();
        if !rows.is_empty() && bytes > READ_BYTES_MAX {
            break;
        }
        rows.push(row);
    }
    Ok(rows)
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
