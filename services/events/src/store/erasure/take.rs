//! Taking erasures over from identity: their cuts are inserted under the locks of all shards and of the lane of spans, in one
//! transaction with the position in identity's list. Who stores something after that sees the cut; what was stored before is
//! there to be removed.

use observe_core::distinct_id;
use observe_proto::identity::v1::NumberedErasure;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::shard::Shard;
use crate::store::consume::ConsumeError;
use crate::store::consume::lock::lock_shard;
use crate::store::rejection;

/// How long it waits for a lock while it holds others, as the direct way does: a reader holds its shard for one transaction.
const LIMITS: &str = "set local lock_timeout = '3s'; set local statement_timeout = '5s'";

/// Returns the number of the last erasure that was taken over.
///
/// # Errors
/// When the database is away.
pub async fn position(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar("select number from erasure_cursor").fetch_one(pool).await
}

/// Takes over the erasures that follow a position. Does nothing if another process did.
///
/// # Errors
/// When the database is away, or somebody holds a shard for longer than it waits: nothing was done then.
pub async fn take(
    pool: &PgPool,
    shards: Shard,
    after: i64,
    erasures: &[NumberedErasure],
) -> Result<(), ConsumeError> {
    let mut tx = pool.begin().await?;
    sqlx::raw_sql(LIMITS).execute(&mut *tx).await?;
    let position: i64 = sqlx::query_scalar("select number from erasure_cursor for update")
        .fetch_one(&mut *tx)
        .await?;
    if position != after {
        return Ok(());
    }
    rejection::lock(&mut tx).await?;
    // In ascending order, as everybody does.
    for shard in 0..shards {
        lock_shard(&mut tx, shard).await?.ok_or(sqlx::Error::RowNotFound)?;
    }
    let mut latest_cut_us = 0;
    let mut number = after;
    for erasure in erasures {
        insert(&mut tx, erasure).await?;
        number = erasure.number;
        latest_cut_us = latest_cut_us.max(erasure.erasure.as_ref().map_or(0, |one| one.cut_us));
    }
    sqlx::query("update shard set latest_cut_us = greatest(latest_cut_us, $1)")
        .bind(latest_cut_us)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "update span_lane set latest_cut_us = greatest(latest_cut_us, $1), erasures = erasures + 1",
    )
    .bind(latest_cut_us)
    .execute(&mut *tx)
    .await?;
    sqlx::query("update erasure_cursor set number = $1").bind(number).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

async fn insert(tx: &mut PgConnection, numbered: &NumberedErasure) -> Result<(), ConsumeError> {
    let malformed = || sqlx::Error::Protocol("an erasure names no project".to_owned());
    let erasure = numbered.erasure.as_ref().ok_or_else(malformed)?;
    let project = Uuid::from_slice(&numbered.project_id).map_err(|_| malformed())?;
    let id = Uuid::from_slice(&erasure.erasure_id).map_err(|_| malformed())?;
    // Identity gives the hashes; an id without one would be removed and could come back.
    let mut hashes: Vec<Vec<u8>> = erasure.distinct_id_hashes.clone();
    hashes.extend(erasure.distinct_ids.iter().map(|id| distinct_id::hash(id).to_vec()));
    hashes.sort_unstable();
    hashes.dedup();
    sqlx::query(
        "insert into erased_id (project_id, id_hash, cut_us)
         select $1, id_hash, $3 from unnest($2::bytea[]) as h (id_hash)
         on conflict (project_id, id_hash) do update set cut_us = greatest(erased_id.cut_us, excluded.cut_us)",
    )
    .bind(project)
    .bind(&hashes)
    .bind(erasure.cut_us)
    .execute(&mut *tx)
    .await?;
    let known = (!erasure.distinct_ids.is_empty()).then_some(&erasure.distinct_ids);
    sqlx::query(
        "insert into erasure_task (number, project_id, erasure_id, cut_us, id_hashes, distinct_ids)
         values ($1, $2, $3, $4, $5, $6) on conflict (number) do nothing",
    )
    .bind(numbered.number)
    .bind(project)
    .bind(id)
    .bind(erasure.cut_us)
    .bind(&hashes)
    .bind(known)
    .execute(&mut *tx)
    .await?;
    Ok(())
}
