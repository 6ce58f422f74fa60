//! The identity events that wait to be relayed.

use sqlx::PgPool;
use uuid::Uuid;

use crate::shard::Shard;

/// One log row's identity events.
#[derive(Debug, sqlx::FromRow)]
pub struct ToRelay {
    /// Whose events they are.
    pub project_id: Uuid,
    /// The last sequence of the row.
    pub last_sequence: i64,
    /// `observe.events.v1.LoggedEvents`, encoded.
    pub identity_events: Vec<u8>,
}

/// Returns what waits on a shard, in order, if `owner` holds its lease or nobody does; else nothing. While nobody does, because
/// the queue is away, several may relay at once: each goes in order, and identity applies an event once, so the order holds.
///
/// # Errors
/// When the database is away.
pub async fn waiting(
    pool: &PgPool,
    shard: Shard,
    owner: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<ToRelay>> {
    sqlx::query_as(
        "select l.project_id, l.first_sequence + l.count - 1 as last_sequence, l.identity_events
         from shard s join event_log l on l.shard = s.id and l.first_sequence > s.relayed_sequence
         where s.id = $1 and (s.owner = $2 or s.lease_until < now()) and l.identity_events is not null
         order by l.first_sequence limit $3",
    )
    .bind(shard)
    .bind(owner)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Notes that identity knows of everything up to a sequence. A relay that lost its lease changes nothing.
///
/// # Errors
/// When the database is away; identity will be told again and know it.
pub async fn advance(pool: &PgPool, shard: Shard, owner: Uuid, sequence: i64) -> sqlx::Result<()> {
    sqlx::query(
        "update shard set relayed_sequence = $3
         where id = $1 and (owner = $2 or lease_until < now()) and relayed_sequence < $3",
    )
    .bind(shard)
    .bind(owner)
    .bind(sequence)
    .execute(pool)
    .await?;
    Ok(())
}
