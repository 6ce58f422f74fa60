//! What the edge did not accept.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_runtime::postgres::Database;
use sqlx::PgPool;
use uuid::Uuid;

use crate::rejection::{Count, EXAMPLES_MAX, RejectedEvent, Report};

/// Rows deleted in one statement.
const DELETED_AT_ONCE: i64 = 10_000;

/// Keeps everybody else from noting examples until the transaction ends.
///
/// # Errors
/// When the database is away.
pub async fn lock(tx: &mut sqlx::PgConnection) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock('rejection_count'::regclass::bigint)")
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes what was reported, all of it or nothing.
///
/// # Errors
/// When the database is away.
pub async fn record(pool: &PgPool, reports: &[Report]) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    // Reports of several edges touch the same rows in any order; one at a time they do not wait for each other.
    lock(&mut tx).await?;
    let counts =
        || reports.iter().flat_map(|report| report.counts.iter().map(|c| (report.project, c)));
    sqlx::query(
        "insert into rejection_count (project_id, hour, code, count, last_seen_at)
         select project_id, date_trunc('hour', last, 'UTC'), code, sum(count), max(last)
         from unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[]) as given (project_id, code, count, last)
         group by 1, 2, 3
         on conflict (project_id, hour, code) do update
         set count = rejection_count.count + excluded.count,
             last_seen_at = greatest(rejection_count.last_seen_at, excluded.last_seen_at)",
    )
    .bind(counts().map(|(project, _)| project.uuid()).collect::<Vec<Uuid>>())
    .bind(counts().map(|(_, count)| count.code.as_str()).collect::<Vec<_>>())
    .bind(counts().map(|(_, count)| count.count).collect::<Vec<_>>())
    .bind(counts().map(|(_, count)| count.last_seen_at).collect::<Vec<_>>())
    .execute(&mut *tx)
    .await?;
    for report in reports.iter().filter(|report| !report.examples.is_empty()) {
        show(&mut tx, report).await?;
        forget_reached(&mut tx, report.project).await?;
    }
    tx.commit().await
}

async fn show(tx: &mut sqlx::PgTransaction<'_>, report: &Report) -> sqlx::Result<()> {
    let column =
        |of: fn(&RejectedEvent) -> &str| report.examples.iter().map(of).collect::<Vec<_>>();
    sqlx::query(
        "insert into rejected_event
             (project_id, received_at, code, message, endpoint, name, uuid, library, excerpt)
         select $1, received_at, code, message, endpoint, name, uuid, library, excerpt
         from unnest($2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
             with ordinality as given (received_at, code, message, endpoint, name, uuid, library, excerpt, place)
         order by place",
    )
    .bind(report.project.uuid())
    .bind(report.examples.iter().map(|event| event.received_at).collect::<Vec<_>>())
    .bind(column(|event| &event.code))
    .bind(column(|event| &event.message))
    .bind(column(|event| &event.endpoint))
    .bind(column(|event| &event.name))
    .bind(column(|event| &event.uuid))
    .bind(column(|event| &event.library))
    .bind(column(|event| &event.excerpt))
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "delete from rejected_event where project_id = $1 and id <= (
             select id from rejected_event where project_id = $1 order by id desc offset $2 limit 1)",
    )
    .bind(report.project.uuid())
    .bind(i64::try_from(EXAMPLES_MAX).unwrap_or(i64::MAX))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Deletes examples that come after an erasure although they were received before it: it is not known whose they are, and who
/// was erased is not known any more. The erasure is not under way meanwhile: it takes the same lock.
async fn forget_reached(tx: &mut sqlx::PgTransaction<'_>, project: ProjectId) -> sqlx::Result<()> {
    sqlx::query(
        "delete from rejected_event where project_id = $1 and noted_at = now() and received_at <= (
             select to_timestamp(max(cut_us) / 1000000.0) from erased_id where project_id = $1)",
    )
    .bind(project.uuid())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Returns how often what was not accepted since a time, the most frequent first. An hour that began before counts whole if
/// something happened in it since.
///
/// # Errors
/// When the database is away.
pub async fn counts(
    database: &Database,
    project: ProjectId,
    since: DateTime<Utc>,
) -> sqlx::Result<Vec<Count>> {
    let mut tx = database.tenant(project).await?;
    sqlx::query_as(
        "select code, sum(count)::bigint as count, max(last_seen_at) as last_seen_at
         from rejection_count where project_id = $1 and hour >= date_trunc('hour', $2, 'UTC') and last_seen_at >= $2
         group by code order by 2 desc, code",
    )
    .bind(project.uuid())
    .bind(since)
    .fetch_all(&mut *tx)
    .await
}

/// Returns the latest examples, newest first.
///
/// # Errors
/// When the database is away.
pub async fn latest(database: &Database, project: ProjectId) -> sqlx::Result<Vec<RejectedEvent>> {
    let mut tx = database.tenant(project).await?;
    sqlx::query_as(
        "select received_at, code, message, endpoint, name, uuid, library, excerpt
         from rejected_event where project_id = $1 order by id desc limit $2",
    )
    .bind(project.uuid())
    .bind(i64::try_from(EXAMPLES_MAX).unwrap_or(i64::MAX))
    .fetch_all(&mut *tx)
    .await
}

/// Deletes some of what is older than a time, and returns how much.
///
/// # Errors
/// When the database is away.
pub async fn expire(pool: &PgPool, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let mut deleted = 0;
    for statement in [
        "delete from rejection_count where ctid in (select ctid from rejection_count where hour < $1 limit $2)",
        "delete from rejected_event where ctid in (select ctid from rejected_event where received_at < $1 limit $2)",
    ] {
        let done = sqlx::query(statement).bind(before).bind(DELETED_AT_ONCE).execute(pool).await?;
        deleted += done.rows_affected();
    }
    Ok(deleted)
}
