//! What is asked of the lane.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_runtime::postgres::Database;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::known::time;
use crate::spans::buckets::Piece;

/// One cell.
#[derive(Debug, sqlx::FromRow)]
pub struct CellRow {
    /// The endpoint's number.
    pub endpoint_id: i32,
    /// 1-5 for 1xx-5xx, 0 without a status.
    pub class: i16,
    /// Its start.
    pub at: DateTime<Utc>,
    /// How many spans.
    pub count: i64,
    /// How many of them failed.
    pub errors: i64,
    /// How long they took; absent when only counts were asked for.
    pub sketch: Option<Vec<u8>>,
}

/// For whom an endpoint was served in an hour.
#[derive(Debug, sqlx::FromRow)]
pub struct PersonRow {
    /// The endpoint's number.
    pub endpoint_id: i32,
    /// The hour.
    pub hour: DateTime<Utc>,
    /// For whom.
    pub distinct_id: String,
    /// The minutes in which a request was served, as bits.
    pub served: i64,
    /// The minutes in which a request failed, as bits.
    pub failed: i64,
}

/// One endpoint.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct EndpointRow {
    /// Its number.
    pub id: i32,
    /// Its service.
    pub service: String,
    /// Its method.
    pub method: String,
    /// Its route.
    pub route: String,
}

/// One kept span.
#[derive(Debug, sqlx::FromRow)]
pub struct KeptRow {
    /// Its id.
    pub uuid: Uuid,
    /// When it began.
    pub start_at: DateTime<Utc>,
    /// How long it took.
    pub duration_us: i64,
    /// Whether it failed.
    pub is_error: bool,
    /// Its status, or 0.
    pub status_code: i32,
    /// When the edge received it.
    pub received_us: i64,
    /// For whom it was served, or empty.
    pub distinct_id: String,
    /// Its trace, or empty.
    pub trace_id: String,
    /// What is said of the error, or empty.
    pub error_message: String,
    /// The path that was asked for, or empty.
    pub path: String,
}

/// Which cells.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// Those of each endpoint.
    Each,
    /// Those of one number.
    One(i32),
}

/// Returns all endpoints of a project.
///
/// # Errors
/// When the database is away.
pub async fn endpoints(
    tx: &mut PgConnection,
    project: ProjectId,
) -> sqlx::Result<Vec<EndpointRow>> {
    sqlx::query_as("select id, service, method, route from span_endpoint where project_id = $1")
        .bind(project.uuid())
        .fetch_all(tx)
        .await
}

/// Returns the number of an endpoint, if it has one.
///
/// # Errors
/// When the database is away.
pub async fn endpoint(
    tx: &mut PgConnection,
    project: ProjectId,
    (service, method, route): (&str, &str, &str),
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar(
        "select id from span_endpoint where project_id = $1 and service = $2 and method = $3 and route = $4",
    )
    .bind(project.uuid())
    .bind(service)
    .bind(method)
    .bind(route)
    .fetch_optional(tx)
    .await
}

/// Returns the cells of the pieces.
///
/// # Errors
/// When the database is away.
pub async fn cells(
    tx: &mut PgConnection,
    project: ProjectId,
    pieces: &[Piece],
    which: Which,
    with_sketches: bool,
) -> sqlx::Result<Vec<CellRow>> {
    let levels: Vec<i16> = pieces.iter().map(|piece| piece.level.code()).collect();
    let starts: Vec<DateTime<Utc>> = pieces.iter().map(|piece| time(piece.start_ms)).collect();
    let ends: Vec<DateTime<Utc>> = pieces.iter().map(|piece| time(piece.end_ms)).collect();
    let one = match which {
        Which::Each => None,
        Which::One(number) => Some(number),
    };
    sqlx::query_as(
        "select c.endpoint_id, c.class, c.at, c.count, c.errors, case when $6 then c.sketch end as sketch
         from unnest($2::int2[], $3::timestamptz[], $4::timestamptz[]) as piece(level, low, high)
         join span_cell c on c.project_id = $1 and c.level = piece.level and c.at >= piece.low
             and c.at < piece.high
         where case when $5::int4 is null then c.endpoint_id <> 0 else c.endpoint_id = $5 end",
    )
    .bind(project.uuid())
    .bind(&levels)
    .bind(&starts)
    .bind(&ends)
    .bind(one)
    .bind(with_sketches)
    .fetch_all(tx)
    .await
}

/// Returns for whom endpoints were served in the hours of a range.
///
/// # Errors
/// When the database is away.
pub async fn people(
    tx: &mut PgConnection,
    project: ProjectId,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
    which: Which,
) -> sqlx::Result<Vec<PersonRow>> {
    let one = match which {
        Which::Each => None,
        Which::One(number) => Some(number),
    };
    sqlx::query_as(
        "select endpoint_id, hour, distinct_id, served, failed from span_person
         where project_id = $1 and hour >= date_trunc('hour', $2::timestamptz) and hour < $3
             and ($4::int4 is null or endpoint_id = $4)
         order by endpoint_id, hour, distinct_id",
    )
    .bind(project.uuid())
    .bind(start)
    .bind(end)
    .bind(one)
    .fetch_all(tx)
    .await
}

/// Returns kept spans of an endpoint: failed ones, latest first, or the slowest first.
///
/// # Errors
/// When the database is away.
pub async fn kept(
    tx: &mut PgConnection,
    project: ProjectId,
    endpoint: i32,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
    failed_only: bool,
    limit: i32,
) -> sqlx::Result<Vec<KeptRow>> {
    sqlx::query_as(
        "select uuid, start_at, duration_us, is_error, status_code, received_us, distinct_id, trace_id,
             error_message, path
         from span_kept
         where project_id = $1 and endpoint_id = $2 and start_at >= $3 and start_at < $4
             and (is_error or not $5)
         order by case when $5 then start_at end desc, duration_us desc, start_at desc, uuid limit $6",
    )
    .bind(project.uuid())
    .bind(endpoint)
    .bind(start)
    .bind(end)
    .bind(failed_only)
    .bind(limit)
    .fetch_all(tx)
    .await
}

/// What became of a project's spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Outcomes {
    /// Taken from the queue.
    pub taken: i64,
    /// Counted.
    pub counted: i64,
    /// Left out, since they were there.
    pub duplicates: i64,
}

/// Returns a project's outcomes.
///
/// # Errors
/// When the database is away.
pub async fn outcomes(database: &Database, project: ProjectId) -> sqlx::Result<Outcomes> {
    let mut tx = database.tenant(project).await?;
    let found =
        sqlx::query_as("select taken, counted, duplicates from span_counter where project_id = $1")
            .bind(project.uuid())
            .fetch_optional(&mut *tx)
            .await?;
    Ok(found.unwrap_or_default())
}

/// Returns projects with spans that began since a time.
///
/// # Errors
/// When the database is away.
pub async fn projects_since(
    pool: &PgPool,
    since: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "select project_id from span_counter where latest_at >= $1 order by latest_at desc limit $2",
    )
    .bind(since)
    .bind(limit)
    .fetch_all(pool)
    .await
}
