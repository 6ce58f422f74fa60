//! Dashboards with their tiles, and the hashes of their links.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_core::error::CommonError;
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;
use sqlx::{FromRow, PgConnection};

use super::lock;
use super::saved_insight::SAVED_INSIGHT;
use crate::error::ReportsError;
use crate::refusal::Refusal;

/// Dashboards of a project.
const DASHBOARDS_MAX: i64 = 500;
/// What a dashboard is called in errors.
pub(crate) const DASHBOARD: &str = "dashboard";

/// A dashboard as it is stored, without its tiles.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct DashboardRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) last_seconds: Option<i64>,
    pub(crate) shared: bool,
    pub(crate) created_time: DateTime<Utc>,
    pub(crate) updated_time: DateTime<Utc>,
}

/// A tile as it is stored: with either an insight or a text.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct TileRow {
    pub(crate) id: Uuid,
    pub(crate) saved_insight_id: Option<Uuid>,
    pub(crate) text: Option<String>,
    pub(crate) width: i16,
}

/// What somebody says of a dashboard.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) last_seconds: Option<i64>,
    /// In their order.
    pub(crate) tiles: Vec<TileRow>,
}

const SELECT: &str = "
    select id, name, description, last_seconds, share_token_hash is not null as shared, created_time, updated_time
    from dashboard where project_id = $1 and ($2::uuid is null or id = $2) order by name, id";
const INSERT: &str = "
    insert into dashboard (project_id, id, name, description, last_seconds, created_time, updated_time)
    values ($1, $2, $3, $4, $5, $6, $6)";
const UPDATE: &str = "
    update dashboard set name = $3, description = $4, last_seconds = $5, updated_time = $6
    where project_id = $1 and id = $2";
const TILES: &str = "
    select id, saved_insight_id, text, width from dashboard_tile
    where project_id = $1 and dashboard_id = $2 order by position";
const INSERT_TILES: &str = "
    insert into dashboard_tile (project_id, dashboard_id, id, position, saved_insight_id, text, width)
    select $1, $2, tile.id, tile.position - 1, tile.saved_insight_id, tile.text, tile.width
    from unnest($3::uuid[], $4::uuid[], $5::text[], $6::smallint[])
         with ordinality as tile (id, saved_insight_id, text, width, position)";

/// Reads and writes the dashboards of one project at a time.
#[derive(Clone)]
pub(crate) struct DashboardStore(pub(crate) Database);

impl DashboardStore {
    /// Makes one.
    pub(crate) async fn create(
        &self,
        project: ProjectId,
        id: Uuid,
        draft: &Draft,
        now: DateTime<Utc>,
    ) -> Result<(DashboardRow, Vec<TileRow>), ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        lock(&mut tx, project, "dashboards").await?;
        let there: i64 = sqlx::query_scalar("select count(*) from dashboard where project_id = $1")
            .bind(project.uuid())
            .fetch_one(&mut *tx)
            .await?;
        if there >= DASHBOARDS_MAX {
            return Err(Refusal::TooMany { max: DASHBOARDS_MAX, what: "dashboards" }.into());
        }
        write(&mut tx, INSERT, project, id, draft, now).await?;
        write_tiles(&mut tx, project, id, draft).await?;
        let made = whole(&mut tx, project, id).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Puts all that is given in the place of what was there, if it was not changed since `seen`.
    pub(crate) async fn update(
        &self,
        project: ProjectId,
        id: Uuid,
        draft: &Draft,
        seen: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(DashboardRow, Vec<TileRow>), ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        let updated: Option<DateTime<Utc>> = sqlx::query_scalar(
            "select updated_time from dashboard where project_id = $1 and id = $2 for update",
        )
        .bind(project.uuid())
        .bind(id)
        .fetch_optional(&mut *tx)
        .await?;
        let updated = updated.ok_or_else(not_found)?;
        if seen.is_some_and(|seen| seen != updated) {
            return Err(Refusal::Changed(DASHBOARD).into());
        }
        // Every change has a time of its own, so that it is told from the one before.
        let now = now.max(updated + chrono::TimeDelta::microseconds(1));
        write(&mut tx, UPDATE, project, id, draft, now).await?;
        sqlx::query("delete from dashboard_tile where project_id = $1 and dashboard_id = $2")
            .bind(project.uuid())
            .bind(id)
            .execute(&mut *tx)
            .await?;
        write_tiles(&mut tx, project, id, draft).await?;
        let changed = whole(&mut tx, project, id).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Removes one with its tiles.
    pub(crate) async fn delete(&self, project: ProjectId, id: Uuid) -> Result<(), ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        let gone = sqlx::query("delete from dashboard where project_id = $1 and id = $2")
            .bind(project.uuid())
            .bind(id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        if gone.rows_affected() == 1 { Ok(()) } else { Err(not_found()) }
    }

    /// Returns one with its tiles.
    pub(crate) async fn get(
        &self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<(DashboardRow, Vec<TileRow>), ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        whole(&mut tx, project, id).await
    }

    /// Returns all, by name.
    pub(crate) async fn list(&self, project: ProjectId) -> sqlx::Result<Vec<DashboardRow>> {
        let mut tx = self.0.tenant(project).await?;
        let all = sqlx::query_as(SELECT).bind(project.uuid()).bind(None::<Uuid>);
        all.fetch_all(&mut *tx).await
    }

    /// Sets the hash of the link's secret, or ends the link.
    pub(crate) async fn share(
        &self,
        project: ProjectId,
        id: Uuid,
        hash: Option<[u8; 32]>,
    ) -> Result<(), ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        let changed = sqlx::query(
            "update dashboard set share_token_hash = $3 where project_id = $1 and id = $2",
        )
        .bind(project.uuid())
        .bind(id)
        .bind(hash.as_ref().map(<[u8; 32]>::as_slice))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        if changed.rows_affected() == 1 { Ok(()) } else { Err(not_found()) }
    }

    /// Returns whose dashboard, and which, a link is of. Who comes by a link names no project.
    pub(crate) async fn shared(&self, hash: [u8; 32]) -> Result<(ProjectId, Uuid), ReportsError> {
        let found: Option<(Uuid, Uuid)> =
            sqlx::query_as("select project_id, id from dashboard where share_token_hash = $1")
                .bind(hash.as_slice())
                .fetch_optional(self.0.worker())
                .await?;
        let (project, id) = found.ok_or_else(not_found)?;
        Ok((ProjectId::new(project), id))
    }
}

fn not_found() -> ReportsError {
    CommonError::NotFound(DASHBOARD).into()
}

async fn whole(
    connection: &mut PgConnection,
    project: ProjectId,
    id: Uuid,
) -> Result<(DashboardRow, Vec<TileRow>), ReportsError> {
    let found = sqlx::query_as(SELECT).bind(project.uuid()).bind(id);
    let row = found.fetch_optional(&mut *connection).await?.ok_or_else(not_found)?;
    let tiles = sqlx::query_as(TILES).bind(project.uuid()).bind(id).fetch_all(connection).await?;
    Ok((row, tiles))
}

async fn write(
    connection: &mut PgConnection,
    statement: &'static str,
    project: ProjectId,
    id: Uuid,
    draft: &Draft,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(statement)
        .bind(project.uuid())
        .bind(id)
        .bind(&draft.name)
        .bind(&draft.description)
        .bind(draft.last_seconds)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_tiles(
    connection: &mut PgConnection,
    project: ProjectId,
    id: Uuid,
    draft: &Draft,
) -> Result<(), ReportsError> {
    let insights: Vec<Option<Uuid>> =
        draft.tiles.iter().map(|tile| tile.saved_insight_id).collect();
    let wanted: HashSet<Uuid> = insights.iter().flatten().copied().collect();
    // Held, so that none is removed before the tiles are there.
    let known: Vec<Uuid> = sqlx::query_scalar(
        "select id from saved_insight where project_id = $1 and id = any($2) for share",
    )
    .bind(project.uuid())
    .bind(wanted.iter().copied().collect::<Vec<_>>())
    .fetch_all(&mut *connection)
    .await?;
    if known.len() < wanted.len() {
        return Err(CommonError::NotFound(SAVED_INSIGHT).into());
    }
    sqlx::query(INSERT_TILES)
        .bind(project.uuid())
        .bind(id)
        .bind(draft.tiles.iter().map(|tile| tile.id).collect::<Vec<_>>())
        .bind(insights)
        .bind(draft.tiles.iter().map(|tile| tile.text.clone()).collect::<Vec<_>>())
        .bind(draft.tiles.iter().map(|tile| tile.width).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
