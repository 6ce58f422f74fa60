//! A shard's lease: who reads it, until when, and the fence that makes an old reader harmless.

use std::time::Duration;

use sqlx::PgPool;
use uuid::Uuid;

use crate::shard::Shard;

/// Returns how many shards there are.
///
/// # Errors
/// When the database is away.
pub async fn count(pool: &PgPool) -> sqlx::Result<Shard> {
    sqlx::query_scalar("select shards from shard_layout").fetch_one(pool).await
}

/// Takes the lease if it is free, has run out, or is ours already. Returns the new fence, or `None` if the shard is taken.
///
/// # Errors
/// When the database is away.
pub async fn acquire(
    pool: &PgPool,
    shard: Shard,
    owner: Uuid,
    lease: Duration,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(
        "update shard set owner = $2, fence = fence + 1, lease_until = now() + $3 * interval '1 second'
         where id = $1 and (lease_until < now() or owner = $2) returning fence",
    )
    .bind(shard)
    .bind(owner)
    .bind(lease.as_secs_f64())
    .fetch_optional(pool)
    .await
}

/// Prolongs the lease. Returns whether it was still ours.
///
/// # Errors
/// When the database is away.
pub async fn renew(
    pool: &PgPool,
    shard: Shard,
    owner: Uuid,
    fence: i64,
    lease: Duration,
) -> sqlx::Result<bool> {
    let renewed = sqlx::query(
        "update shard set lease_until = now() + $4 * interval '1 second'
         where id = $1 and owner = $2 and fence = $3",
    )
    .bind(shard)
    .bind(owner)
    .bind(fence)
    .bind(lease.as_secs_f64())
    .execute(pool)
    .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Hands the lease back.
///
/// # Errors
/// When the database is away; the lease then runs out by itself.
pub async fn release(pool: &PgPool, shard: Shard, owner: Uuid) -> sqlx::Result<()> {
    sqlx::query("update shard set lease_until = '-infinity' where id = $1 and owner = $2")
        .bind(shard)
        .bind(owner)
        .execute(pool)
        .await?;
    Ok(())
}

/// Notes why the shard stands still; the next stored batch clears it.
///
/// # Errors
/// When the database is away.
pub async fn set_failure(
    pool: &PgPool,
    shard: Shard,
    owner: Uuid,
    failure: &str,
) -> sqlx::Result<()> {
    sqlx::query("update shard set failure = $3, failed_at = now() where id = $1 and owner = $2")
        .bind(shard)
        .bind(owner)
        .bind(failure)
        .execute(pool)
        .await?;
    Ok(())
}
