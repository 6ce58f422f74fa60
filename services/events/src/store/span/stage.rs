//! What a transaction is going to write, copied into temporary tables before the lane's row is locked, so that nothing is
//! streamed under the lock; and the statements that then write it.

use observe_core::ProjectId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::known::Name;
use crate::spans::cell::{Cell, CellKey};
use crate::spans::fold::Placed;
use crate::spans::people::{Minutes, Place};
use crate::store::copy::CopyRows;

/// The temporary tables of a connection, and the planner's settings: a batch is small and the tables are large, so only
/// probing indexes is right, whatever the statistics say.
const PREPARE: &str = "set local client_min_messages = warning;
    create temporary table if not exists span_stage_key (project_id uuid, uuid uuid) on commit delete rows;
    create temporary table if not exists span_stage_endpoint (
        project_id uuid, id int4, service text, method text, route text) on commit delete rows;
    create temporary table if not exists span_stage_cell (
        project_id uuid, level int2, at timestamptz, endpoint_id int4, class int2, count int8, errors int8,
        kept_errors int4, slowest_us int8, slowest_uuid uuid, sketch bytea) on commit delete rows;
    create temporary table if not exists span_stage_kept (
        project_id uuid, uuid uuid, endpoint_id int4, start_at timestamptz, duration_us int8, is_error boolean,
        status_code int4, received_us int8, distinct_id text, trace_id text, error_message text, path text
    ) on commit delete rows;
    create temporary table if not exists span_stage_gone (project_id uuid, uuid uuid) on commit delete rows;
    create temporary table if not exists span_stage_person (
        project_id uuid, endpoint_id int4, hour timestamptz, distinct_id text, served int8, failed int8
    ) on commit delete rows;
    set local enable_hashjoin = off; set local enable_mergejoin = off; set local enable_seqscan = off;
    set local jit = off; set local plan_cache_mode = force_custom_plan";

/// The statements that write what was staged, but for the keys. All rows are taken in the order of their keys.
const WRITE: &str = "insert into span_endpoint (project_id, id, service, method, route)
        select project_id, id, service, method, route from pg_temp.span_stage_endpoint
        on conflict (project_id, id) do update set service = excluded.service, method = excluded.method,
            route = excluded.route;
    insert into span_cell (project_id, level, at, endpoint_id, class, count, errors, kept_errors, slowest_us,
            slowest_uuid, sketch)
        select project_id, level, at, endpoint_id, class, count, errors, kept_errors, slowest_us, slowest_uuid, sketch
        from pg_temp.span_stage_cell order by 1, 2, 3, 4, 5
        on conflict (project_id, level, at, endpoint_id, class) do update set count = excluded.count,
            errors = excluded.errors, kept_errors = excluded.kept_errors, slowest_us = excluded.slowest_us,
            slowest_uuid = excluded.slowest_uuid, sketch = excluded.sketch;
    delete from span_kept k using pg_temp.span_stage_gone g
        where k.project_id = g.project_id and k.uuid = g.uuid;
    insert into span_kept (project_id, uuid, endpoint_id, start_at, duration_us, is_error, status_code, received_us,
            distinct_id, trace_id, error_message, path)
        select project_id, uuid, endpoint_id, start_at, duration_us, is_error, status_code, received_us, distinct_id,
            trace_id, error_message, path
        from pg_temp.span_stage_kept on conflict do nothing;
    insert into span_person (project_id, endpoint_id, hour, distinct_id, served, failed)
        select project_id, endpoint_id, hour, distinct_id, served, failed
        from pg_temp.span_stage_person order by 1, 2, 3, 4
        on conflict (project_id, endpoint_id, hour, distinct_id) do update set
            served = excluded.served | span_person.served, failed = excluded.failed | span_person.failed";

/// What a batch changes.
#[derive(Default)]
pub(super) struct Changes<'a> {
    /// Spans that are new.
    pub(super) keys: Vec<(ProjectId, Uuid)>,
    /// Endpoints that are new, or that take the number of one that is gone.
    pub(super) endpoints: Vec<(ProjectId, i32, Name)>,
    /// Cells as they are now.
    pub(super) cells: Vec<(CellKey, Cell)>,
    /// Spans to keep.
    pub(super) kept: Vec<Placed<'a>>,
    /// Spans that are the slowest no more.
    pub(super) gone: Vec<(ProjectId, Uuid)>,
    /// For whom endpoints were served.
    pub(super) people: Vec<(Place, &'a str, Minutes)>,
}

/// Makes the temporary tables.
pub(super) async fn prepare(tx: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql(PREPARE).execute(tx).await?;
    Ok(())
}

/// Copies the changes into them.
pub(super) async fn stage(tx: &mut PgConnection, changes: &Changes<'_>) -> sqlx::Result<()> {
    let mut rows = Rows::default();
    for (project, uuid) in &changes.keys {
        rows.row(2).uuid(project.uuid()).uuid(*uuid);
    }
    rows.copy(tx, "copy pg_temp.span_stage_key from stdin (format binary)").await?;
    for (project, id, (service, method, route)) in &changes.endpoints {
        rows.row(5).uuid(project.uuid()).int4(*id).text(service).text(method).text(route);
    }
    rows.copy(tx, "copy pg_temp.span_stage_endpoint from stdin (format binary)").await?;
    for (key, cell) in &changes.cells {
        rows.row(11)
            .uuid(key.project.uuid())
            .int2(key.level.code())
            .timestamp_us(key.at_ms.saturating_mul(1_000))
            .int4(key.endpoint)
            .int2(key.class)
            .int8(cell.count)
            .int8(cell.errors)
            .int4(cell.kept_errors)
            .int8(cell.slowest_us)
            .uuid_or_null(cell.slowest_uuid)
            .bytes(&cell.sketch.encode());
    }
    rows.copy(tx, "copy pg_temp.span_stage_cell from stdin (format binary)").await?;
    for (endpoint, (project, uuid, span)) in &changes.kept {
        rows.row(12)
            .uuid(project.uuid())
            .uuid(*uuid)
            .int4(*endpoint)
            .timestamp_us(span.start_ms.saturating_mul(1_000))
            .int8(span.duration_us)
            .boolean(span.is_error)
            .int4(span.status_code)
            .int8(span.received_us)
            .text(&span.distinct_id)
            .text(&span.trace_id)
            .text(&span.error_message)
            .text(&span.path);
    }
    rows.copy(tx, "copy pg_temp.span_stage_kept from stdin (format binary)").await?;
    for (project, uuid) in &changes.gone {
        rows.row(2).uuid(project.uuid()).uuid(*uuid);
    }
    rows.copy(tx, "copy pg_temp.span_stage_gone from stdin (format binary)").await?;
    for (place, distinct_id, minutes) in &changes.people {
        rows.row(6)
            .uuid(place.project.uuid())
            .int4(place.endpoint)
            .timestamp_us(place.hour_ms.saturating_mul(1_000))
            .text(distinct_id)
            .int8(minutes.served)
            .int8(minutes.failed);
    }
    rows.copy(tx, "copy pg_temp.span_stage_person from stdin (format binary)").await
}

/// Writes what was staged, but for the keys.
pub(super) async fn write(tx: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql(WRITE).execute(tx).await?;
    Ok(())
}

/// Rows on their way into one table; none means that nothing is sent.
#[derive(Default)]
struct Rows(Option<CopyRows>);

impl Rows {
    fn row(&mut self, columns: i16) -> &mut CopyRows {
        self.0.get_or_insert_with(|| CopyRows::with_capacity(64 * 1024)).row(columns)
    }

    async fn copy(&mut self, tx: &mut PgConnection, statement: &str) -> sqlx::Result<()> {
        let Some(rows) = self.0.take() else { return Ok(()) };
        let mut copy = tx.copy_in_raw(statement).await?;
        copy.send(rows.finish()).await?;
        copy.finish().await?;
        Ok(())
    }
}
