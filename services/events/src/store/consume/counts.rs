//! The last step: what became of a project's events, by shard so that shards do not wait for each other.

use std::collections::BTreeMap;

use observe_core::ProjectId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::error::ConsumeError;
use super::stage::Staged;
use crate::shard::Shard;

/// What a transaction adds to one project's counters. What is neither stored nor set aside is a duplicate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Events that left the queue.
    pub taken: i64,
    /// Events that came by the direct way.
    pub direct: i64,
    /// Events stored.
    pub stored: i64,
    /// Events set aside; negative when they are no longer.
    pub dead_lettered: i64,
}

/// By project, in one order for all transactions, so that two of them cannot wait for each other.
pub type Counts = BTreeMap<ProjectId, Count>;

/// Counts the events with ordinals in `taken` and, of those, in `stored`.
#[must_use]
pub fn count(events: &[Staged], taken: &[usize], stored: &[usize]) -> Counts {
    let mut counts = Counts::new();
    for &ordinal in taken {
        counts.entry(events[ordinal].0).or_default().taken += 1;
    }
    for &ordinal in stored {
        counts.entry(events[ordinal].0).or_default().stored += 1;
    }
    counts
}

/// Adds to the counters of a shard.
///
/// # Errors
/// When PostgreSQL is away.
pub async fn add_counts(
    tx: &mut PgConnection,
    shard: Shard,
    counts: &Counts,
) -> Result<(), ConsumeError> {
    let projects: Vec<Uuid> = counts.keys().map(|project| project.uuid()).collect();
    let taken: Vec<i64> = counts.values().map(|count| count.taken).collect();
    let direct: Vec<i64> = counts.values().map(|count| count.direct).collect();
    let stored: Vec<i64> = counts.values().map(|count| count.stored).collect();
    let dead_lettered: Vec<i64> = counts.values().map(|count| count.dead_lettered).collect();
    sqlx::query(
        "insert into counter (shard, project_id, taken, direct, stored, dead_lettered, duplicates)
         select $1, project_id, taken, direct, stored, dead_lettered, taken + direct - stored - dead_lettered
         from unnest($2::uuid[], $3::int8[], $4::int8[], $5::int8[], $6::int8[])
             as c(project_id, taken, direct, stored, dead_lettered)
         on conflict (project_id, shard) do update set taken = counter.taken + excluded.taken,
             direct = counter.direct + excluded.direct, stored = counter.stored + excluded.stored, duplicates = counter.duplicates + excluded.duplicates,
             dead_lettered = counter.dead_lettered + excluded.dead_lettered",
    )
    .bind(shard)
    .bind(&projects)
    .bind(&taken)
    .bind(&direct)
    .bind(&stored)
    .bind(&dead_lettered)
    .execute(&mut *tx)
    .await?;
    Ok(())
}
