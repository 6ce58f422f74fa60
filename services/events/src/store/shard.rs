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

/// A lease that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Taken {
    /// The fence it was given with.
    pub fence: i64,
    /// Whether another process had it and did not hand it back: it died, or could not reach the database.
    pub abandoned: bool,
}

/// Takes the lease if it is free, has run out, or is ours already. Returns `None` if the shard is taken.
///
/// # Errors
/// When the database is away.
pub async fn take(
    pool: &PgPool,
    shard: Shard,
    owner: Uuid,
    lease: Duration,
) -> sqlx::Result<Option<Taken>> {
    sqlx::query_as(
        "with before as (
             select id, lease_until > '-infinity' and owner is distinct from $2 as abandoned from shard
             where id = $1 and (lease_until < now() or owner = $2) for update)
         update shard set owner = $2, fence = fence + 1, lease_until = now() + $3 * interval '1 second'
         from before where shard.id = before.id returning fence, abandoned",
    )
    .bind(shard)
    .bind(owner)
    .bind(lease.as_secs_f64())
    .fetch_optional(pool)
    .await
}

/// As [`take`]; returns the fence alone.
///
/// # Errors
/// When the database is away.
pub async fn acquire(
    pool: &PgPool,
    shard: Shard,
    owner: Uuid,
    lease: Duration,
) -> sqlx::Result<Option<i64>> {
    Ok(take(pool, shard, owner, lease).await?.map(|taken| taken.fence))
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
    sqlx::query(
        "update shard set failure = $3, failed_at = case when failure is null then now() else failed_at end
         where id = $1 and owner = $2",
    )
        .bind(shard)
        .bind(owner)
        .bind(failure)
        .execute(pool)
        .await?;
    Ok(())
}

/// Returns why a shard stands still, if one does; of several, the one that does so longest.
///
/// # Errors
/// When the database is away.
pub async fn failure(pool: &PgPool) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "select failure from shard where failure is not null order by failed_at limit 1",
    )
    .fetch_optional(pool)
    .await
}

/// Notes that nothing waits any more.
///
/// # Errors
/// When the database is away.
pub async fn clear_failure(pool: &PgPool, shard: Shard, owner: Uuid) -> sqlx::Result<()> {
    sqlx::query(
        "update shard set failure = null, failed_at = null
         where id = $1 and owner = $2 and failure is not null",
    )
    .bind(shard)
    .bind(owner)
    .execute(pool)
    .await?;
    Ok(())
}
