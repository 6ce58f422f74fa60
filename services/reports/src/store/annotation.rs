//! Notes at a moment.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_core::error::CommonError;
use observe_runtime::postgres::Database;
use sqlx::FromRow;
use sqlx::types::Uuid;

use super::lock;
use crate::error::ReportsError;
use crate::refusal::Refusal;

/// Annotations of a project.
const ANNOTATIONS_MAX: i64 = 10_000;
/// Annotations in one answer: the latest of a range.
const LISTED_MAX: i64 = 1_000;

/// An annotation as it is stored.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct AnnotationRow {
    pub(crate) id: Uuid,
    pub(crate) time: DateTime<Utc>,
    pub(crate) text: String,
    pub(crate) created_time: DateTime<Utc>,
}

const INSERT: &str = "
    insert into annotation (project_id, id, time, text, created_time)
    select $1, $2, $3, $4, $5 where (select count(*) from annotation where project_id = $1) < $6
    returning id, time, text, created_time";

const LATEST: &str = "
    select id, time, text, created_time from annotation
    where project_id = $1 and time >= $2 and time < $3
    order by time desc, id limit $4";

/// Reads and writes the annotations of one project at a time.
#[derive(Clone)]
pub(crate) struct AnnotationStore(pub(crate) Database);

impl AnnotationStore {
    /// Makes one.
    pub(crate) async fn create(
        &self,
        project: ProjectId,
        id: Uuid,
        time: DateTime<Utc>,
        text: &str,
        now: DateTime<Utc>,
    ) -> Result<AnnotationRow, ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        lock(&mut tx, project, "annotations").await?;
        let made = sqlx::query_as(INSERT)
            .bind(project.uuid())
            .bind(id)
            .bind(time)
            .bind(text)
            .bind(now)
            .bind(ANNOTATIONS_MAX)
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        let refusal = Refusal::TooMany { max: ANNOTATIONS_MAX, what: "annotations" };
        made.ok_or_else(|| refusal.into())
    }

    /// Returns the latest ones of a half-open range, oldest first.
    pub(crate) async fn list(
        &self,
        project: ProjectId,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> sqlx::Result<Vec<AnnotationRow>> {
        let mut tx = self.0.tenant(project).await?;
        let mut rows: Vec<AnnotationRow> = sqlx::query_as(LATEST)
            .bind(project.uuid())
            .bind(start)
            .bind(end)
            .bind(LISTED_MAX)
            .fetch_all(&mut *tx)
            .await?;
        rows.reverse();
        Ok(rows)
    }

    /// Changes text and time.
    pub(crate) async fn update(
        &self,
        project: ProjectId,
        id: Uuid,
        time: DateTime<Utc>,
        text: &str,
    ) -> Result<AnnotationRow, ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        let changed = sqlx::query_as(
            "update annotation set time = $3, text = $4 where project_id = $1 and id = $2
             returning id, time, text, created_time",
        )
        .bind(project.uuid())
        .bind(id)
        .bind(time)
        .bind(text)
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        changed.ok_or_else(not_found)
    }

    /// Removes one.
    pub(crate) async fn delete(&self, project: ProjectId, id: Uuid) -> Result<(), ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        let gone = sqlx::query("delete from annotation where project_id = $1 and id = $2")
            .bind(project.uuid())
            .bind(id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        if gone.rows_affected() == 1 { Ok(()) } else { Err(not_found()) }
    }
}

/// What is answered for an annotation that is not there.
pub(crate) fn not_found() -> ReportsError {
    CommonError::NotFound("annotation").into()
}
