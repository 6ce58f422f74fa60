//! What is kept of a person beside its events: dead letters, examples of what was not accepted, single requests, and for whom
//! endpoints were served.

use chrono::DateTime;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::task::{self, Removed, Task};
use crate::erasure::Named;
use crate::shard::Shard;
use crate::store::consume::ConsumeError;
use crate::store::consume::counts::{Count, Counts, add_counts};
use crate::store::consume::lock::lock_shard;

/// Letters looked at in one transaction.
const LETTERS_MAX: i64 = 100;
/// How long a transaction waits for a lock, and may take.
const LIMITS: &str = "set local lock_timeout = '1s'; set local statement_timeout = '20s'";

/// Removes the person's dead letters of one shard after one of them. Each counts as stored from then on: the books of the
/// project add up, and it was accepted. Begins at the first without `after`. Returns the letter to go on after; `None` at the end.
///
/// # Errors
/// When the database is away.
pub async fn remove_letters(
    pool: &PgPool,
    task: &Task,
    shard: Shard,
    after: Option<Uuid>,
) -> Result<Option<Uuid>, ConsumeError> {
    let mut tx = pool.begin().await?;
    sqlx::raw_sql(LIMITS).execute(&mut *tx).await?;
    let letters: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
        "select uuid, payload from dead_letter
         where project_id = $1 and shard = $2 and entry_id is null and ($3::uuid is null or uuid > $3)
         order by uuid limit $4",
    )
    .bind(task.project.uuid())
    .bind(shard)
    .bind(after)
    .bind(LETTERS_MAX)
    .fetch_all(&mut *tx)
    .await?;
    let Some((last, _)) = letters.last() else { return Ok(None) };
    let is_erased = |payload: &[u8]| {
        let named = Named::read(payload);
        named.is_some_and(|one| task.cuts.is_erased(task.project, &one.distinct_id, one.arrival()))
    };
    let gone: Vec<Uuid> =
        letters.iter().filter(|(_, payload)| is_erased(payload)).map(|(uuid, _)| *uuid).collect();
    if !gone.is_empty() {
        delete_letters(&mut tx, task, shard, &gone).await?;
    }
    tx.commit().await?;
    Ok(Some(*last))
}

async fn delete_letters(
    tx: &mut PgConnection,
    task: &Task,
    shard: Shard,
    gone: &[Uuid],
) -> Result<(), ConsumeError> {
    // The locks in the order of everybody who moves letters.
    lock_shard(tx, shard).await?.ok_or(sqlx::Error::RowNotFound)?;
    let deleted = sqlx::query("delete from dead_letter where project_id = $1 and uuid = any($2)")
        .bind(task.project.uuid())
        .bind(gone)
        .execute(&mut *tx)
        .await?;
    let dead_letters = i64::try_from(deleted.rows_affected()).unwrap_or(i64::MAX);
    let count = Count { stored: dead_letters, dead_lettered: -dead_letters, ..Count::default() };
    add_counts(tx, shard, &Counts::from([(task.project, count)])).await?;
    task::add(tx, task.number, Removed { dead_letters, ..Removed::default() }).await?;
    Ok(())
}

/// Removes examples of what was not accepted that hold one of the ids, whatever of them it is part of.
///
/// # Errors
/// When the database is away.
pub async fn remove_examples(pool: &PgPool, task: &Task) -> sqlx::Result<()> {
    // As it was sent, and as JSON escapes it.
    let mut texts = task.distinct_ids.clone();
    for id in &task.distinct_ids {
        let json = serde_json::Value::from(id.as_str()).to_string();
        texts.push(json[1..json.len() - 1].to_owned());
    }
    texts.sort_unstable();
    texts.dedup();
    let mut tx = pool.begin().await?;
    let deleted = sqlx::query(
        "delete from rejected_event r where project_id = $1 and received_at <= $2 and exists (
             select from unnest($3::text[]) as t (text)
             where position(text in excerpt) > 0 or position(text in name) > 0 or position(text in message) > 0)",
    )
    .bind(task.project.uuid())
    .bind(DateTime::from_timestamp_micros(task.cut_us))
    .bind(&texts)
    .execute(&mut *tx)
    .await?;
    let rejected_events = i64::try_from(deleted.rows_affected()).unwrap_or(i64::MAX);
    task::add(&mut tx, task.number, Removed { rejected_events, ..Removed::default() }).await?;
    tx.commit().await
}

/// Takes out of kept requests whose they were and what they asked for; how long they took and how they ended remains. Forgets
/// that the person was among those whom an endpoint served.
///
/// # Errors
/// When the database is away.
pub async fn blank_requests(pool: &PgPool, task: &Task) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let blanked = sqlx::query(
        "update span_kept set distinct_id = '', trace_id = '', error_message = '', path = ''
         where project_id = $1 and distinct_id = any($2) and received_us <= $3",
    )
    .bind(task.project.uuid())
    .bind(&task.distinct_ids)
    .bind(task.cut_us)
    .execute(&mut *tx)
    .await?;
    // Kept by the hour, so that of the hour of the cut all goes.
    sqlx::query(
        "delete from span_person where project_id = $1 and distinct_id = any($2) and hour <= $3",
    )
    .bind(task.project.uuid())
    .bind(&task.distinct_ids)
    .bind(DateTime::from_timestamp_micros(task.cut_us))
    .execute(&mut *tx)
    .await?;
    let requests = i64::try_from(blanked.rows_affected()).unwrap_or(i64::MAX);
    task::add(&mut tx, task.number, Removed { requests, ..Removed::default() }).await?;
    tx.commit().await
}
