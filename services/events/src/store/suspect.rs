//! Marks of entries that are being decoded. A reader that works carefully marks before and clears after, and stores nothing
//! in between; so a mark that is found belongs to a reader that died of decoding.

use sqlx::PgPool;
use uuid::Uuid;

use crate::shard::Shard;

/// What is known of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Suspect {
    /// The entry.
    pub entry_id: Uuid,
    /// Readers that died while they decoded it with others.
    pub deaths: i32,
    /// Whether a reader died while it decoded it alone.
    pub apart: bool,
    /// Whether a reader died while it took it apart.
    pub unreadable: bool,
    /// The places of its events that ended a reader alone.
    pub killers: Vec<i32>,
}

/// Turns the marks that are left in a shard into what they tell, and returns all that is known.
///
/// # Errors
/// When the database is away.
pub async fn settle(pool: &PgPool, shard: Shard) -> sqlx::Result<Vec<Suspect>> {
    sqlx::query(
        "update suspect_entry set decoding = false, event = null, alone = false,
             killers = case when event is not null then killers || event else killers end,
             unreadable = unreadable or (apart and event is null),
             apart = apart or alone,
             deaths = deaths + case when alone or apart then 0 else 1 end
         where shard = $1 and decoding",
    )
    .bind(shard)
    .execute(pool)
    .await?;
    sqlx::query_as(
        "select entry_id, deaths, apart, unreadable, killers from suspect_entry where shard = $1",
    )
    .bind(shard)
    .fetch_all(pool)
    .await
}

/// Who marks.
#[derive(Clone, Copy, Debug)]
pub struct Marker {
    /// The shard that is read.
    pub shard: Shard,
    /// The process: a reader clears its own marks only.
    pub owner: Uuid,
}

/// Marks entries as being decoded; `alone` if it is one by itself, `event` if it is one event of it.
///
/// # Errors
/// When the database is away.
pub async fn mark(
    pool: &PgPool,
    marker: Marker,
    entries: &[Uuid],
    alone: bool,
    event: Option<i32>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into suspect_entry (entry_id, shard, owner, decoding, alone, event)
         select distinct unnest($1::uuid[]), $2, $3, true, $4, $5
         on conflict (entry_id) do update set shard = excluded.shard, owner = excluded.owner, decoding = true,
             alone = excluded.alone, event = excluded.event",
    )
    .bind(entries)
    .bind(marker.shard)
    .bind(marker.owner)
    .bind(alone)
    .bind(event)
    .execute(pool)
    .await?;
    Ok(())
}

/// Clears marks: decoding was survived.
///
/// # Errors
/// When the database is away.
pub async fn clear(pool: &PgPool, marker: Marker, entries: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query(
        "update suspect_entry set decoding = false, event = null, alone = false
         where entry_id = any($1) and owner = $2",
    )
    .bind(entries)
    .bind(marker.owner)
    .execute(pool)
    .await?;
    Ok(())
}

/// Clears all marks of a process in a shard. It lives, so it survived what they were made for, and could not say so: a store
/// was away.
///
/// # Errors
/// When the database is away.
pub async fn clear_own(pool: &PgPool, marker: Marker) -> sqlx::Result<()> {
    sqlx::query(
        "update suspect_entry set decoding = false, event = null, alone = false
         where shard = $1 and owner = $2 and decoding",
    )
    .bind(marker.shard)
    .bind(marker.owner)
    .execute(pool)
    .await?;
    Ok(())
}

/// Returns the latest dead letters that ended a reader of this version, by project and uuid.
///
/// # Errors
/// When the database is away.
pub async fn killers(pool: &PgPool, version: &str, limit: i64) -> sqlx::Result<Vec<(Uuid, Uuid)>> {
    sqlx::query_as(
        "select project_id, uuid from dead_letter where ended_version = $1 and entry_id is null
         order by created_at desc limit $2",
    )
    .bind(version)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Forgets entries that are stored.
///
/// # Errors
/// When the database is away.
pub async fn forget(pool: &PgPool, entries: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query("delete from suspect_entry where entry_id = any($1)")
        .bind(entries)
        .execute(pool)
        .await?;
    Ok(())
}

/// Forgets all of a shard: what was suspected is stored or gone.
///
/// # Errors
/// When the database is away.
pub async fn forget_all(pool: &PgPool, shard: Shard) -> sqlx::Result<()> {
    sqlx::query("delete from suspect_entry where shard = $1").bind(shard).execute(pool).await?;
    Ok(())
}
