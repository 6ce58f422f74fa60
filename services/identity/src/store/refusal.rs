//! What was refused, as it is read.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use observe_core::{PersonId, ProjectId};
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;

use crate::error::IdentityError;
use crate::store::person_log::refusal::{COUNTED_FOR, KEPT_FOR};

/// A refused merge.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct RefusedRow {
    pub(crate) position: i64,
    pub(crate) event_uuid: Uuid,
    pub(crate) cause: i16,
    pub(crate) source_id: String,
    pub(crate) target_id: String,
    pub(crate) code: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// A project keeps few enough of them to look at each.
const LIST: &str = "
    select position, event_uuid, cause, source_id, target_id, code, created_at
    from refused_merge
    where project_id = $1 and position < $2 and created_at >= $3
      and ($4::uuid is null or exists (
          select from person_distinct_id d
          where d.project_id = $1 and d.person_id = $4 and d.distinct_id in (source_id, target_id)
      ))
    order by position desc
    limit $5";

/// Reads what was refused.
#[derive(Clone)]
pub(crate) struct RefusalStore(pub(crate) Database);

impl RefusalStore {
    /// Returns what was refused before a position, the latest first: of the project, or of one person.
    pub(crate) async fn list(
        &self,
        project: ProjectId,
        person: Option<PersonId>,
        before: i64,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<RefusedRow>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let rows = sqlx::query_as(LIST)
            .bind(project.uuid())
            .bind(before)
            .bind(now - KEPT_FOR)
            .bind(person.map(PersonId::uuid))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&mut *tx)
            .await?;
        Ok(rows)
    }

    /// Returns how many were refused in the last day, by code, and how many operations are put aside.
    pub(crate) async fn counts(
        &self,
        project: ProjectId,
        now: DateTime<Utc>,
    ) -> Result<(HashMap<String, i64>, i64), IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let refused: Vec<(String, i64)> = sqlx::query_as(
            "select code, sum(count)::bigint from refused_merge_count
             where project_id = $1 and hour > $2 group by code",
        )
        .bind(project.uuid())
        .bind(now - COUNTED_FOR)
        .fetch_all(&mut *tx)
        .await?;
        let parked = sqlx::query_scalar(
            "select count(project_id) from parked_operation where project_id = $1",
        )
        .bind(project.uuid())
        .fetch_one(&mut *tx)
        .await?;
        Ok((refused.into_iter().collect(), parked))
    }
}
