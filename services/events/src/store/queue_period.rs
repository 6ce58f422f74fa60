//! Whose counters the queue's are: what PostgreSQL remembers of a shard's part of the queue, and how the two ledgers are made
//! to agree when that part was replaced, or put back to what it once was.
//!
//! The queue counts what was appended, PostgreSQL what was taken; `queue_offset` stands between the two. Whatever happened to
//! the queue, an empty one has nothing pending: that is where the offset is put right.

use std::collections::BTreeMap;

use observe_core::ProjectId;
use sqlx::{Connection as _, PgConnection, PgPool};
use uuid::Uuid;

use super::consume::lock::lock_shard;
use super::consume::{ConsumeError, Lease};

/// Notes the id of the shard's part of the queue. If it is another one than before, its counters began at 0: what was taken
/// until now was of another queue. Returns whether it is.
///
/// # Errors
/// [`ConsumeError`]; nothing was changed then.
pub async fn open(pool: &PgPool, lease: Lease, queue_id: &str) -> Result<bool, ConsumeError> {
    let mut connection = pool.acquire().await?;
    let mut tx = connection.begin().await?;
    lock(&mut tx, lease).await?;
    let known: Option<String> = sqlx::query_scalar("select queue_id from shard where id = $1")
        .bind(lease.shard)
        .fetch_one(&mut *tx)
        .await?;
    if known.as_deref() == Some(queue_id) {
        return Ok(false);
    }
    let is_replaced = known.is_some();
    sqlx::query(
        "update shard set queue_id = $2, queue_replaced_at = case when $3 then now() else queue_replaced_at end
         where id = $1",
    )
    .bind(lease.shard)
    .bind(queue_id)
    .bind(is_replaced)
    .execute(&mut *tx)
    .await?;
    if is_replaced {
        sqlx::query("update counter set queue_offset = taken where shard = $1")
            .bind(lease.shard)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(is_replaced)
}

/// Holds the queue's counts of accepted events, read at a moment when the shard's part of the queue was empty, against what
/// was taken, and makes them agree. Returns whether they did not: the queue lost entries, or was put back.
///
/// # Errors
/// [`ConsumeError`]; nothing was changed then.
pub async fn settle(
    pool: &PgPool,
    lease: Lease,
    accepted: &BTreeMap<ProjectId, i64>,
) -> Result<bool, ConsumeError> {
    let mut connection = pool.acquire().await?;
    // Only who holds the lease takes from this shard, so what is read before the lock is what holds under it.
    if disagreements(&mut connection, lease, accepted).await?.is_empty() {
        return Ok(false);
    }
    let mut tx = connection.begin().await?;
    lock(&mut tx, lease).await?;
    let offsets = disagreements(&mut tx, lease, accepted).await?;
    let (projects, offsets): (Vec<Uuid>, Vec<i64>) = offsets.into_iter().unzip();
    sqlx::query(
        "insert into counter (shard, project_id, queue_offset)
         select $1, project_id, queue_offset from unnest($2::uuid[], $3::int8[]) as o(project_id, queue_offset)
         on conflict (project_id, shard) do update set queue_offset = excluded.queue_offset",
    )
    .bind(lease.shard)
    .bind(&projects)
    .bind(&offsets)
    .execute(&mut *tx)
    .await?;
    sqlx::query("update shard set queue_replaced_at = now() where id = $1")
        .bind(lease.shard)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// Returns the offset of each project by which an empty queue has nothing pending, where it is not the one that is noted.
async fn disagreements(
    connection: &mut PgConnection,
    lease: Lease,
    accepted: &BTreeMap<ProjectId, i64>,
) -> Result<Vec<(Uuid, i64)>, ConsumeError> {
    let counters: Vec<(Uuid, i64, i64)> =
        sqlx::query_as("select project_id, taken, queue_offset from counter where shard = $1")
            .bind(lease.shard)
            .fetch_all(connection)
            .await?;
    let mut rest: BTreeMap<Uuid, i64> =
        accepted.iter().map(|(project, accepted)| (project.uuid(), *accepted)).collect();
    let mut found = Vec::new();
    for (project, taken, noted) in counters {
        let offset = taken - rest.remove(&project).unwrap_or(0);
        if offset != noted {
            found.push((project, offset));
        }
    }
    // Accepted, gone, and never taken.
    found.extend(rest.into_iter().filter(|(_, n)| *n != 0).map(|(project, n)| (project, -n)));
    Ok(found)
}

async fn lock(tx: &mut PgConnection, lease: Lease) -> Result<(), ConsumeError> {
    let locked = lock_shard(tx, lease.shard).await?;
    locked.filter(|locked| locked.fence == lease.fence).map(|_| ()).ok_or(ConsumeError::LeaseLost)
}
