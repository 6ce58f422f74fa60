//! Event and property definitions.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_runtime::postgres::Database;
use sqlx::{PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::definition::{Definitions, Seen};
use crate::shard::Shard;

/// Names a project may have defined; events with further names are stored like all, and not listed here.
const NAMES_MAX: i64 = 1_000;
/// Keys a project may have defined, over all names.
const KEYS_MAX: i64 = 10_000;
/// Definitions in one answer.
const LIST_MAX: i64 = 1_000;
/// Latest events that values are taken from.
const VALUES_FROM_EVENTS: i64 = 10_000;
/// Values in one answer.
const VALUES_MAX: i64 = 100;

/// A name.
#[derive(Debug, sqlx::FromRow)]
pub struct EventDefinition {
    /// The name.
    pub name: String,
    /// Events, ever.
    pub event_count: i64,
    /// First stored.
    pub first_seen_at: DateTime<Utc>,
    /// Last stored.
    pub last_seen_at: DateTime<Utc>,
}

/// A key.
#[derive(Debug, sqlx::FromRow)]
pub struct PropertyDefinition {
    /// The key.
    pub key: String,
    /// Kinds of values, as bits.
    pub kinds: i32,
    /// Events that had it, ever.
    pub event_count: i64,
    /// Last stored.
    pub last_seen_at: DateTime<Utc>,
}

/// Begins to follow a shard: locks its cursor and returns how far it has come, or `None` if another process follows it
/// right now.
///
/// # Errors
/// When the database is away.
pub async fn begin(
    pool: &PgPool,
    shard: Shard,
) -> sqlx::Result<Option<(Transaction<'static, Postgres>, i64)>> {
    let mut tx = pool.begin().await?;
    let sequence = sqlx::query_scalar(
        "select sequence from definition_cursor where shard = $1 for update skip locked",
    )
    .bind(shard)
    .fetch_optional(&mut *tx)
    .await?;
    Ok(sequence.map(|sequence| (tx, sequence)))
}

/// Adds what a stretch of the log holds and moves the cursor, in one transaction.
///
/// # Errors
/// When the database is away; nothing is counted then.
pub async fn add(
    mut tx: Transaction<'static, Postgres>,
    shard: Shard,
    definitions: &Definitions,
    sequence: i64,
) -> sqlx::Result<()> {
    add_events(&mut tx, definitions).await?;
    add_properties(&mut tx, definitions).await?;
    sqlx::query("update definition_cursor set sequence = $2 where shard = $1")
        .bind(shard)
        .bind(sequence)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

async fn add_events(
    tx: &mut Transaction<'static, Postgres>,
    new: &Definitions,
) -> sqlx::Result<()> {
    // In one order everywhere, so that followers of two shards do not wait for each other in a circle.
    let mut rows: Vec<(&(ProjectId, String), &Seen)> = new.events.iter().collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    sqlx::query(
        "insert into event_definition as d (project_id, name, event_count, first_seen_at, last_seen_at)
         select n.project_id, n.name, n.count, to_timestamp(n.first_ms / 1000.0), to_timestamp(n.last_ms / 1000.0)
         from unnest($1::uuid[], $2::text[], $3::int8[], $4::int8[], $5::int8[])
             as n (project_id, name, count, first_ms, last_ms)
         where exists (select from event_definition e where e.project_id = n.project_id and e.name = n.name)
             or (select count(*) from event_definition e where e.project_id = n.project_id) < $6
         on conflict (project_id, name) do update set event_count = d.event_count + excluded.event_count,
             first_seen_at = least(d.first_seen_at, excluded.first_seen_at),
             last_seen_at = greatest(d.last_seen_at, excluded.last_seen_at)",
    )
    .bind(rows.iter().map(|((project, _), _)| project.uuid()).collect::<Vec<Uuid>>())
    .bind(rows.iter().map(|((_, name), _)| name.clone()).collect::<Vec<String>>())
    .bind(rows.iter().map(|(_, seen)| seen.count).collect::<Vec<i64>>())
    .bind(rows.iter().map(|(_, seen)| seen.first_ms).collect::<Vec<i64>>())
    .bind(rows.iter().map(|(_, seen)| seen.last_ms).collect::<Vec<i64>>())
    .bind(NAMES_MAX)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn add_properties(
    tx: &mut Transaction<'static, Postgres>,
    new: &Definitions,
) -> sqlx::Result<()> {
    let mut rows: Vec<(&(ProjectId, String, String), &Seen)> = new.properties.iter().collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    sqlx::query(
        "insert into property_definition as d (project_id, event_name, key, kinds, event_count, last_seen_at)
         select n.project_id, n.event_name, n.key, n.kinds, n.count, to_timestamp(n.last_ms / 1000.0)
         from unnest($1::uuid[], $2::text[], $3::text[], $4::int4[], $5::int8[], $6::int8[])
             as n (project_id, event_name, key, kinds, count, last_ms)
         where exists (select from property_definition e where e.project_id = n.project_id
                 and e.event_name = n.event_name and e.key = n.key)
             or (select count(*) from property_definition e where e.project_id = n.project_id) < $7
         on conflict (project_id, event_name, key) do update set event_count = d.event_count + excluded.event_count,
             kinds = d.kinds | excluded.kinds, last_seen_at = greatest(d.last_seen_at, excluded.last_seen_at)",
    )
    .bind(rows.iter().map(|((project, ..), _)| project.uuid()).collect::<Vec<Uuid>>())
    .bind(rows.iter().map(|((_, name, _), _)| name.clone()).collect::<Vec<String>>())
    .bind(rows.iter().map(|((.., key), _)| key.clone()).collect::<Vec<String>>())
    .bind(rows.iter().map(|(_, seen)| seen.kinds).collect::<Vec<i32>>())
    .bind(rows.iter().map(|(_, seen)| seen.count).collect::<Vec<i64>>())
    .bind(rows.iter().map(|(_, seen)| seen.last_ms).collect::<Vec<i64>>())
    .bind(KEYS_MAX)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Returns a project's names, the most frequent first.
///
/// # Errors
/// When the database is away.
pub async fn list_events(
    database: &Database,
    project: ProjectId,
) -> sqlx::Result<Vec<EventDefinition>> {
    let mut tx = database.tenant(project).await?;
    sqlx::query_as(
        "select name, event_count, first_seen_at, last_seen_at from event_definition where project_id = $1
         order by event_count desc, name limit $2",
    )
    .bind(project.uuid())
    .bind(LIST_MAX)
    .fetch_all(&mut *tx)
    .await
}

/// Returns the keys of a project's events with a name (of all when empty), the most frequent first.
///
/// # Errors
/// When the database is away.
pub async fn list_properties(
    database: &Database,
    project: ProjectId,
    event_name: &str,
) -> sqlx::Result<Vec<PropertyDefinition>> {
    let mut tx = database.tenant(project).await?;
    sqlx::query_as(
        "select key, bit_or(kinds) as kinds, sum(event_count)::bigint as event_count,
             max(last_seen_at) as last_seen_at
         from property_definition where project_id = $1 and ($2 = '' or event_name = $2)
         group by key order by sum(event_count) desc, key limit $3",
    )
    .bind(project.uuid())
    .bind(event_name)
    .bind(LIST_MAX)
    .fetch_all(&mut *tx)
    .await
}

/// Returns values of a property among a project's latest events, the most frequent first.
///
/// # Errors
/// When the database is away.
pub async fn list_values(
    database: &Database,
    project: ProjectId,
    property: &str,
    event_name: &str,
    search: &str,
) -> sqlx::Result<Vec<(String, i64)>> {
    let mut tx = database.tenant(project).await?;
    sqlx::query_as(
        "select value, count(*) from (
             select case jsonb_typeof(properties -> $2)
                 when 'number' then trim_scale((properties ->> $2)::numeric)::text
                 when 'null' then null else left(properties ->> $2, 1000) end as value
             from (select properties from event where project_id = $1 and ($3 = '' or name = $3)
                   order by time desc, arrival desc, uuid desc limit $5) latest
         ) found
         where value is not null and ($4 = '' or strpos(lower(value), lower($4)) > 0)
         group by value order by count(*) desc, value limit $6",
    )
    .bind(project.uuid())
    .bind(property)
    .bind(event_name)
    .bind(search)
    .bind(VALUES_FROM_EVENTS)
    .bind(VALUES_MAX)
    .fetch_all(&mut *tx)
    .await
}
