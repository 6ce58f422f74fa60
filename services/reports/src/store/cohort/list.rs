//! The fixed lists of cohorts that have no rule.

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use observe_core::ProjectId;
use observe_core::error::CommonError;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{COHORT, CohortRow, CohortStore, one};
use crate::cohort::DistinctIds;
use crate::error::ReportsError;
use crate::refusal::Refusal;

/// Distinct ids on a fixed list.
const LISTED_MAX: i64 = 1_000_000;

/// Takes distinct ids off all lists of a project, and counts them off.
const ERASE: &str = "
    with gone as (
        delete from cohort_member where project_id = $1 and distinct_id = any($2) returning cohort_id
    ), counted as (
        select cohort_id, count(*) as ids from gone group by cohort_id
    )
    update cohort set listed = listed - ids, revision = revision + 1
    from counted where project_id = $1 and id = cohort_id";

impl CohortStore {
    /// Returns the distinct ids on a list.
    pub(crate) async fn listed(&self, project: ProjectId, id: Uuid) -> sqlx::Result<DistinctIds> {
        let mut tx = self.0.tenant(project).await?;
        let mut rows = sqlx::query_scalar::<_, String>(
            "select distinct_id from cohort_member where project_id = $1 and cohort_id = $2",
        )
        .bind(project.uuid())
        .bind(id)
        .fetch(&mut *tx);
        let mut ids = DistinctIds::default();
        while let Some(distinct_id) = rows.try_next().await? {
            ids.push(&distinct_id);
        }
        Ok(ids)
    }

    /// Puts distinct ids on a fixed list.
    pub(crate) async fn add(
        &self,
        project: ProjectId,
        id: Uuid,
        distinct_ids: &[String],
        now: DateTime<Utc>,
    ) -> Result<CohortRow, ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        let listed = lock_list(&mut tx, project, id).await?;
        let added = sqlx::query(
            "insert into cohort_member (project_id, cohort_id, distinct_id)
             select $1, $2, unnest($3::text[]) on conflict do nothing",
        )
        .bind(project.uuid())
        .bind(id)
        .bind(distinct_ids)
        .execute(&mut *tx)
        .await?;
        let added = i64::try_from(added.rows_affected()).unwrap_or(i64::MAX);
        if listed.saturating_add(added) > LISTED_MAX {
            let what = "distinct ids on the list";
            return Err(Refusal::TooMany { max: LISTED_MAX, what }.into());
        }
        let changed = change_list(&mut tx, project, id, added, now).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Takes distinct ids off a fixed list.
    pub(crate) async fn remove(
        &self,
        project: ProjectId,
        id: Uuid,
        distinct_ids: &[String],
        now: DateTime<Utc>,
    ) -> Result<CohortRow, ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        lock_list(&mut tx, project, id).await?;
        let removed = sqlx::query(
            "delete from cohort_member where project_id = $1 and cohort_id = $2 and distinct_id = any($3)",
        )
        .bind(project.uuid())
        .bind(id)
        .bind(distinct_ids)
        .execute(&mut *tx)
        .await?;
        let removed = i64::try_from(removed.rows_affected()).unwrap_or(i64::MAX);
        let changed = change_list(&mut tx, project, id, -removed, now).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Takes the distinct ids of an erased person off all lists.
    pub(crate) async fn erase(
        &self,
        project: ProjectId,
        distinct_ids: &[String],
    ) -> sqlx::Result<()> {
        sqlx::query(ERASE).bind(project.uuid()).bind(distinct_ids).execute(self.0.worker()).await?;
        Ok(())
    }
}

/// Holds a fixed list until the end of the transaction. Returns how many distinct ids are on it.
async fn lock_list(
    connection: &mut PgConnection,
    project: ProjectId,
    id: Uuid,
) -> Result<i64, ReportsError> {
    let found: Option<(bool, i64)> = sqlx::query_as(
        "select rule is not null, listed from cohort where project_id = $1 and id = $2 for update",
    )
    .bind(project.uuid())
    .bind(id)
    .fetch_optional(connection)
    .await?;
    match found {
        None => Err(CommonError::NotFound(COHORT).into()),
        Some((true, _)) => Err(Refusal::NoList.into()),
        Some((false, listed)) => Ok(listed),
    }
}

async fn change_list(
    connection: &mut PgConnection,
    project: ProjectId,
    id: Uuid,
    by: i64,
    now: DateTime<Utc>,
) -> Result<CohortRow, ReportsError> {
    if by != 0 {
        sqlx::query(
            "update cohort set listed = listed + $3, revision = revision + 1, updated_time = $4
             where project_id = $1 and id = $2",
        )
        .bind(project.uuid())
        .bind(id)
        .bind(by)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    }
    one(connection, project, id).await
}
