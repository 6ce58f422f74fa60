//! Questions under names.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_core::error::CommonError;
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;
use sqlx::{FromRow, PgConnection};

use super::{like_pattern, lock};
use crate::error::ReportsError;
use crate::refusal::Refusal;

/// Saved insights of a project.
const SAVED_INSIGHTS_MAX: i64 = 2_000;
/// How questions are encoded now.
pub(crate) const QUERY_FORMAT: i16 = 1;
/// What a saved insight is called in errors.
pub(crate) const SAVED_INSIGHT: &str = "saved insight";

/// A saved insight as it is stored.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct SavedInsightRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) query: Vec<u8>,
    pub(crate) query_format: i16,
    pub(crate) display: String,
    pub(crate) created_time: DateTime<Utc>,
    pub(crate) updated_time: DateTime<Utc>,
}

/// What somebody says of a saved insight.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) description: String,
    /// Encoded.
    pub(crate) query: Vec<u8>,
    pub(crate) display: String,
}

/// Where the next page begins: after this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) updated_time: DateTime<Utc>,
    pub(crate) id: Uuid,
}

const BY_IDS: &str = "
    select id, name, description, query, query_format, display, created_time, updated_time
    from saved_insight where project_id = $1 and id = any($2) order by id";
const PAGE: &str = "
    select id, name, description, query, query_format, display, created_time, updated_time
    from saved_insight
    where project_id = $1 and name ilike $2
      and ($3::timestamptz is null or updated_time < $3 or (updated_time = $3 and id > $4))
    order by updated_time desc, id
    limit $5";
const INSERT: &str = "
    insert into saved_insight (project_id, id, name, description, query, query_format, display, created_time, updated_time)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $8)";
const UPDATE: &str = "
    update saved_insight set name = $3, description = $4, query = $5, query_format = $6, display = $7, updated_time = $8
    where project_id = $1 and id = $2";

/// Reads and writes the saved insights of one project at a time.
#[derive(Clone)]
pub(crate) struct SavedInsightStore(pub(crate) Database);

impl SavedInsightStore {
    /// Makes one.
    pub(crate) async fn create(
        &self,
        project: ProjectId,
        id: Uuid,
        draft: &Draft,
        now: DateTime<Utc>,
    ) -> Result<SavedInsightRow, ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        lock(&mut tx, project, "saved insights").await?;
        let there: i64 =
            sqlx::query_scalar("select count(*) from saved_insight where project_id = $1")
                .bind(project.uuid())
                .fetch_one(&mut *tx)
                .await?;
        if there >= SAVED_INSIGHTS_MAX {
            let what = "saved insights";
            return Err(Refusal::TooMany { max: SAVED_INSIGHTS_MAX, what }.into());
        }
        write(&mut tx, INSERT, project, id, draft, now).await?;
        let made = one(&mut tx, project, id).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Puts all that is given in the place of what was there.
    pub(crate) async fn update(
        &self,
        project: ProjectId,
        id: Uuid,
        draft: &Draft,
        now: DateTime<Utc>,
    ) -> Result<SavedInsightRow, ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        write(&mut tx, UPDATE, project, id, draft, now).await?;
        let changed = one(&mut tx, project, id).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Removes one, also from dashboards.
    pub(crate) async fn delete(&self, project: ProjectId, id: Uuid) -> Result<(), ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        let gone = sqlx::query("delete from saved_insight where project_id = $1 and id = $2")
            .bind(project.uuid())
            .bind(id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        if gone.rows_affected() == 1 { Ok(()) } else { Err(not_found()) }
    }

    /// Returns one.
    pub(crate) async fn get(
        &self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<SavedInsightRow, ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        one(&mut tx, project, id).await
    }

    /// Returns those with these ids that there are.
    pub(crate) async fn among(
        &self,
        project: ProjectId,
        ids: &[Uuid],
    ) -> sqlx::Result<Vec<SavedInsightRow>> {
        let mut tx = self.0.tenant(project).await?;
        sqlx::query_as(BY_IDS).bind(project.uuid()).bind(ids).fetch_all(&mut *tx).await
    }

    /// Returns so many whose name contains the text, the one that was changed last first.
    pub(crate) async fn page(
        &self,
        project: ProjectId,
        search: &str,
        after: Option<Position>,
        limit: usize,
    ) -> sqlx::Result<Vec<SavedInsightRow>> {
        let mut tx = self.0.tenant(project).await?;
        sqlx::query_as(PAGE)
            .bind(project.uuid())
            .bind(like_pattern(search))
            .bind(after.map(|after| after.updated_time))
            .bind(after.map(|after| after.id))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&mut *tx)
            .await
    }
}

fn not_found() -> ReportsError {
    CommonError::NotFound(SAVED_INSIGHT).into()
}

async fn one(
    connection: &mut PgConnection,
    project: ProjectId,
    id: Uuid,
) -> Result<SavedInsightRow, ReportsError> {
    let found = sqlx::query_as(BY_IDS).bind(project.uuid()).bind(vec![id]);
    found.fetch_optional(connection).await?.ok_or_else(not_found)
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
        .bind(&draft.query)
        .bind(QUERY_FORMAT)
        .bind(&draft.display)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}
