//! The second step: the locks, each a statement of its own. A statement that locks and dedupes at once sees a snapshot older
//! than the lock, and doubles.

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::error::ConsumeError;
use crate::shard::Shard;

/// A locked row of `shard`.
#[derive(Clone, Copy, Debug)]
pub struct LockedShard {
    /// Which shard.
    pub shard: Shard,
    /// The fence of the lease that is valid now.
    pub fence: i64,
    /// The sequence that the next stored event takes.
    pub next_sequence: i64,
    /// The latest cut of all erasures: what arrived later is not erased, and need not be looked up.
    pub latest_cut_us: i64,
}

/// Locks a shard's row until the transaction ends; `None` if there is no such shard. Several shards are locked in ascending
/// order, or two transactions could wait for each other.
///
/// # Errors
/// When PostgreSQL is away.
pub async fn lock_shard(
    tx: &mut PgConnection,
    shard: Shard,
) -> Result<Option<LockedShard>, ConsumeError> {
    let found: Option<(i64, i64, i64)> = sqlx::query_as(
        "select fence, next_sequence, latest_cut_us from shard where id = $1 for update",
    )
    .bind(shard)
    .fetch_optional(&mut *tx)
    .await?;
    Ok(found.map(|(fence, next_sequence, latest_cut_us)| LockedShard {
        shard,
        fence,
        next_sequence,
        latest_cut_us,
    }))
}

/// Returns the week under which keys are stored now. It is locked, after the shards, so that no two shards can store one
/// uuid under two weeks while the week turns.
///
/// # Errors
/// When PostgreSQL is away.
pub async fn lock_key_week(tx: &mut PgConnection) -> Result<NaiveDate, ConsumeError> {
    Ok(sqlx::query_scalar("select week from key_clock for share").fetch_one(&mut *tx).await?)
}

/// Moves the end of a shard's log to where the stored events end. The reader does this together with its lease.
///
/// # Errors
/// When PostgreSQL is away.
pub async fn move_end(
    tx: &mut PgConnection,
    shard: Shard,
    next_sequence: i64,
) -> Result<(), ConsumeError> {
    sqlx::query("update shard set next_sequence = $2 where id = $1")
        .bind(shard)
        .bind(next_sequence)
        .execute(&mut *tx)
        .await?;
    Ok(())
}
