//! What became of a project's accepted events.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_runtime::postgres::Database;
use sqlx::PgPool;

/// Sums over all shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Outcomes {
    /// Events taken from the queue.
    pub taken: i64,
    /// Events accepted without the queue.
    pub direct: i64,
    /// What the queue's count of accepted events lacks.
    pub queue_offset: i64,
    /// Events stored.
    pub stored: i64,
    /// Events whose uuid was stored before.
    pub duplicates: i64,
    /// Events set aside.
    pub dead_lettered: i64,
}

/// Returns a project's outcomes.
///
/// # Errors
/// When the database is away.
pub async fn outcomes(database: &Database, project: ProjectId) -> sqlx::Result<Outcomes> {
    let mut tx = database.tenant(project).await?;
    sqlx::query_as(
        "select coalesce(sum(taken), 0)::bigint as taken, coalesce(sum(direct), 0)::bigint as direct,
             coalesce(sum(queue_offset), 0)::bigint as queue_offset, coalesce(sum(stored), 0)::bigint as stored,
             coalesce(sum(duplicates), 0)::bigint as duplicates,
             coalesce(sum(dead_lettered), 0)::bigint as dead_lettered
         from counter where project_id = $1",
    )
    .bind(project.uuid())
    .fetch_one(&mut *tx)
    .await
}

/// Returns when a part of the queue was last found to be another one, or not what it had been.
///
/// # Errors
/// When the database is away.
pub async fn queue_replaced_at(pool: &PgPool) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("select max(queue_replaced_at) from shard").fetch_one(pool).await
}
