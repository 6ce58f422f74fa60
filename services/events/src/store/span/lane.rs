//! The lane's lease: who reads it, until when, and the fence that makes an old reader harmless.

use std::time::Duration;

use sqlx::PgPool;
use uuid::Uuid;

/// The right to consume the lane.
#[derive(Clone, Copy, Debug)]
pub struct LaneLease {
    /// Who holds it.
    pub owner: Uuid,
    /// The fence it was given with.
    pub fence: i64,
}

/// Takes the lease if it is free, has run out, or is ours already; `None` if the lane is taken.
///
/// # Errors
/// When the database is away.
pub async fn acquire(
    pool: &PgPool,
    owner: Uuid,
    lease: Duration,
) -> sqlx::Result<Option<LaneLease>> {
    let fence: Option<i64> = sqlx::query_scalar(
        "update span_lane set owner = $1, fence = fence + 1, lease_until = now() + $2 * interval '1 second'
         where lease_until < now() or owner = $1 returning fence",
    )
    .bind(owner)
    .bind(lease.as_secs_f64())
    .fetch_optional(pool)
    .await?;
    Ok(fence.map(|fence| LaneLease { owner, fence }))
}

/// Prolongs the lease. Returns whether it was still ours.
///
/// # Errors
/// When the database is away.
pub async fn renew(pool: &PgPool, held: LaneLease, lease: Duration) -> sqlx::Result<bool> {
    let renewed = sqlx::query(
        "update span_lane set lease_until = now() + $3 * interval '1 second'
         where owner = $1 and fence = $2",
    )
    .bind(held.owner)
    .bind(held.fence)
    .bind(lease.as_secs_f64())
    .execute(pool)
    .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Hands the lease back.
///
/// # Errors
/// When the database is away; the lease then runs out by itself.
pub async fn release(pool: &PgPool, owner: Uuid) -> sqlx::Result<()> {
    sqlx::query("update span_lane set lease_until = '-infinity' where owner = $1")
        .bind(owner)
        .execute(pool)
        .await?;
    Ok(())
}

/// Notes why the lane stands still; the next batch clears it.
///
/// # Errors
/// When the database is away.
pub async fn set_failure(pool: &PgPool, owner: Uuid, failure: &str) -> sqlx::Result<()> {
    sqlx::query("update span_lane set failure = $2, failed_at = now() where owner = $1")
        .bind(owner)
        .bind(failure)
        .execute(pool)
        .await?;
    Ok(())
}
