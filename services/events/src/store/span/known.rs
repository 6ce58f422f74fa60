//! What is known of a batch before it is counted: its duplicates, its endpoints, its cells, its people.
//!
//! All of it is read before the lane's row is locked. That is sound because the lane has one reader: whoever takes the lane
//! over raises the fence, and the check of the fence, under the lock, refuses what was computed from older rows.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_sketch::{DecodeError, Sketch};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::spans::Span;
use crate::spans::cell::{Cell, CellKey};
use crate::spans::people::{Minutes, Place};

/// An endpoint's service, method and route.
pub(super) type Name = (String, String, String);

/// Returns those of the entries that were counted already.
pub(super) async fn consumed(
    tx: &mut PgConnection,
    entries: &[Uuid],
) -> sqlx::Result<HashSet<Uuid>> {
    let found: Vec<Uuid> =
        sqlx::query_scalar("select entry_id from span_consumed_entry where entry_id = any($1)")
            .bind(entries)
            .fetch_all(tx)
            .await?;
    Ok(found.into_iter().collect())
}

/// Returns the keys of those spans that were counted already.
pub(super) async fn counted(
    tx: &mut PgConnection,
    spans: &[Span],
) -> sqlx::Result<HashSet<(Uuid, Uuid)>> {
    let projects: Vec<Uuid> = spans.iter().map(|(project, _, _)| project.uuid()).collect();
    let uuids: Vec<Uuid> = spans.iter().map(|(_, uuid, _)| *uuid).collect();
    let found: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select k.project_id, k.uuid from unnest($1::uuid[], $2::uuid[]) as s(project_id, uuid)
         join span_key k on k.project_id = s.project_id and k.uuid = s.uuid",
    )
    .bind(&projects)
    .bind(&uuids)
    .fetch_all(tx)
    .await?;
    Ok(found.into_iter().collect())
}

/// Returns the numbers of those endpoints that have one.
pub(super) async fn endpoints(
    tx: &mut PgConnection,
    names: &HashSet<(ProjectId, Name)>,
) -> sqlx::Result<HashMap<(ProjectId, Name), i32>> {
    let projects: Vec<Uuid> = names.iter().map(|(project, _)| project.uuid()).collect();
    let part = |of: fn(&Name) -> &String| -> Vec<&str> {
        names.iter().map(|(_, name)| of(name).as_str()).collect()
    };
    let found: Vec<(Uuid, i32, String, String, String)> = sqlx::query_as(
        "select e.project_id, e.id, e.service, e.method, e.route
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as s(project_id, service, method, route)
         join span_endpoint e on e.project_id = s.project_id and e.service = s.service
             and e.method = s.method and e.route = s.route",
    )
    .bind(&projects)
    .bind(part(|name| &name.0))
    .bind(part(|name| &name.1))
    .bind(part(|name| &name.2))
    .fetch_all(tx)
    .await?;
    let keyed = found.into_iter().map(|(project, id, service, method, route)| {
        ((ProjectId::new(project), (service, method, route)), id)
    });
    Ok(keyed.collect())
}

/// Returns the numbers of a project that are taken.
pub(super) async fn endpoint_numbers(
    tx: &mut PgConnection,
    project: ProjectId,
) -> sqlx::Result<HashSet<i32>> {
    let taken: Vec<i32> = sqlx::query_scalar("select id from span_endpoint where project_id = $1")
        .bind(project.uuid())
        .fetch_all(tx)
        .await?;
    Ok(taken.into_iter().collect())
}

/// Returns those of a project's numbers whose endpoints have no hour left: they can be given away again.
pub(super) async fn unused_numbers(
    tx: &mut PgConnection,
    project: ProjectId,
) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar(
        "select id from span_endpoint e where project_id = $1 and not exists (
             select from span_cell c where c.project_id = e.project_id and c.endpoint_id = e.id)",
    )
    .bind(project.uuid())
    .fetch_all(tx)
    .await
}

/// A cell as it is stored, with the place of its key among those asked for.
#[derive(sqlx::FromRow)]
struct CellRow {
    place: i64,
    count: i64,
    errors: i64,
    kept_errors: i32,
    slowest_us: i64,
    slowest_uuid: Option<Uuid>,
    sketch: Vec<u8>,
}

/// Returns those of the cells that are there.
///
/// # Errors
/// The inner ones when a sketch is damaged.
pub(super) async fn cells(
    tx: &mut PgConnection,
    keys: &[CellKey],
) -> sqlx::Result<Result<HashMap<CellKey, Cell>, DecodeError>> {
    let projects: Vec<Uuid> = keys.iter().map(|key| key.project.uuid()).collect();
    let levels: Vec<i16> = keys.iter().map(|key| key.level.code()).collect();
    let times: Vec<DateTime<Utc>> = keys.iter().map(|key| time(key.at_ms)).collect();
    let endpoints: Vec<i32> = keys.iter().map(|key| key.endpoint).collect();
    let classes: Vec<i16> = keys.iter().map(|key| key.class).collect();
    let found: Vec<CellRow> = sqlx::query_as(
        "select s.place, c.count, c.errors, c.kept_errors, c.slowest_us, c.slowest_uuid, c.sketch
         from unnest($1::uuid[], $2::int2[], $3::timestamptz[], $4::int4[], $5::int2[]) with ordinality
             as s(project_id, level, at, endpoint_id, class, place)
         join span_cell c on c.project_id = s.project_id and c.level = s.level and c.at = s.at
             and c.endpoint_id = s.endpoint_id and c.class = s.class",
    )
    .bind(&projects)
    .bind(&levels)
    .bind(&times)
    .bind(&endpoints)
    .bind(&classes)
    .fetch_all(tx)
    .await?;
    let keyed = found.into_iter().filter_map(|row| {
        let key = keys.get(usize::try_from(row.place - 1).ok()?)?;
        let cell = Sketch::decode(&row.sketch).map(|sketch| Cell {
            count: row.count,
            errors: row.errors,
            kept_errors: row.kept_errors,
            slowest_us: row.slowest_us,
            slowest_uuid: row.slowest_uuid,
            sketch,
        });
        Some(cell.map(|cell| (*key, cell)))
    });
    Ok(keyed.collect())
}

/// Returns those of the people that are known, with their minutes.
pub(super) async fn people(
    tx: &mut PgConnection,
    asked: &[(Place, &str)],
) -> sqlx::Result<HashMap<(Place, String), Minutes>> {
    let projects: Vec<Uuid> = asked.iter().map(|(place, _)| place.project.uuid()).collect();
    let endpoints: Vec<i32> = asked.iter().map(|(place, _)| place.endpoint).collect();
    let hours: Vec<DateTime<Utc>> = asked.iter().map(|(place, _)| time(place.hour_ms)).collect();
    let ids: Vec<&str> = asked.iter().map(|(_, id)| *id).collect();
    let found: Vec<(i64, i64, i64)> = sqlx::query_as(
        "select s.place, p.served, p.failed
         from unnest($1::uuid[], $2::int4[], $3::timestamptz[], $4::text[]) with ordinality
             as s(project_id, endpoint_id, hour, distinct_id, place)
         join span_person p on p.project_id = s.project_id and p.endpoint_id = s.endpoint_id
             and p.hour = s.hour and p.distinct_id = s.distinct_id",
    )
    .bind(&projects)
    .bind(&endpoints)
    .bind(&hours)
    .bind(&ids)
    .fetch_all(tx)
    .await?;
    let keyed = found.into_iter().filter_map(|(place, served, failed)| {
        let (at, id) = asked.get(usize::try_from(place - 1).ok()?)?;
        Some(((*at, (*id).to_owned()), Minutes { served, failed }))
    });
    Ok(keyed.collect())
}

/// Returns how many people are known of each place.
pub(super) async fn people_counts(
    tx: &mut PgConnection,
    places: &[Place],
) -> sqlx::Result<HashMap<Place, usize>> {
    let projects: Vec<Uuid> = places.iter().map(|place| place.project.uuid()).collect();
    let endpoints: Vec<i32> = places.iter().map(|place| place.endpoint).collect();
    let hours: Vec<DateTime<Utc>> = places.iter().map(|place| time(place.hour_ms)).collect();
    let found: Vec<(i64, i64)> = sqlx::query_as(
        "select s.place, (select count(*) from span_person p where p.project_id = s.project_id
             and p.endpoint_id = s.endpoint_id and p.hour = s.hour)
         from unnest($1::uuid[], $2::int4[], $3::timestamptz[]) with ordinality
             as s(project_id, endpoint_id, hour, place)",
    )
    .bind(&projects)
    .bind(&endpoints)
    .bind(&hours)
    .fetch_all(tx)
    .await?;
    let keyed = found.into_iter().filter_map(|(place, count)| {
        let at = places.get(usize::try_from(place - 1).ok()?)?;
        Some((*at, usize::try_from(count).unwrap_or(usize::MAX)))
    });
    Ok(keyed.collect())
}

/// Returns the instant; all instants of the lane are within a year of now.
pub(super) fn time(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}
