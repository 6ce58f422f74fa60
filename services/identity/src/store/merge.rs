//! The ledger of merges, as it is read.

use chrono::{DateTime, Utc};
use observe_core::{PersonId, ProjectId};
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;

use crate::error::IdentityError;

/// A merge of the ledger.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct MergeRow {
    pub(crate) op_id: Uuid,
    pub(crate) cause: i16,
    pub(crate) source: Option<Uuid>,
    pub(crate) target: Uuid,
    pub(crate) moved_ids: Vec<String>,
    pub(crate) moved_count: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) undone_at: Option<DateTime<Utc>>,
    pub(crate) position: i64,
}

/// The merges that joined, or had joined, a distinct id of the person.
const OF_PERSON: &str = "
    with own as (
        select distinct_id from person_distinct_id where project_id = $1 and person_id = $2
    ), found as (
        select m.op_id from own join merge_op m on m.project_id = $1 and m.source_id = own.distinct_id
        union
        select m.op_id from own join merge_op m on m.project_id = $1 and m.target_id = own.distinct_id
    )
    select m.op_id, m.cause, m.source, m.target, m.moved_ids, m.moved_count, m.created_at, m.undone_at, m.position
    from found join merge_op m on m.project_id = $1 and m.op_id = found.op_id
    where m.position < $3
    order by m.position desc
    limit $4";

/// Reads the ledger.
#[derive(Clone)]
pub(crate) struct MergeStore(pub(crate) Database);

impl MergeStore {
    /// Returns the merges of a person before a position, the latest first.
    pub(crate) async fn list(
        &self,
        project: ProjectId,
        person: PersonId,
        before: i64,
        limit: usize,
    ) -> Result<Vec<MergeRow>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let rows = sqlx::query_as(OF_PERSON)
            .bind(project.uuid())
            .bind(person.uuid())
            .bind(before)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&mut *tx)
            .await?;
        Ok(rows)
    }
}
