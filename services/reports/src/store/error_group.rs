//! What people decided of groups of errors.

use chrono::{DateTime, Utc};
use observe_core::{ProjectId, UserId};
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;

use crate::errors::list::Decisions;
use crate::errors::status::{Decision, Status};

/// How many decisions are looked at, the latest first: more than people make in a project's life.
const DECISIONS_MAX: i64 = 100_000;

/// A decision's row: id, status, time, who.
type DecisionRow = (String, String, DateTime<Utc>, Option<Uuid>);

/// Reads and writes the decisions of one project at a time.
#[derive(Clone)]
pub(crate) struct ErrorGroupStore(pub(crate) Database);

impl ErrorGroupStore {
    /// Returns the decisions of a project.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) async fn decisions(&self, project: ProjectId) -> sqlx::Result<Decisions> {
        let mut tx = self.0.tenant(project).await?;
        let rows: Vec<DecisionRow> = sqlx::query_as(
            "select id, status, status_time, changed_by from error_group_status
             where project_id = $1
             order by status_time desc
             limit $2",
        )
        .bind(project.uuid())
        .bind(DECISIONS_MAX)
        .fetch_all(&mut *tx)
        .await?;
        Ok(rows.into_iter().map(decision).collect())
    }

    /// Keeps a decision in the place of the one before; an earlier one never replaces a later one.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) async fn decide(
        &self,
        project: ProjectId,
        id: &str,
        decision: &Decision,
    ) -> sqlx::Result<()> {
        let mut tx = self.0.tenant(project).await?;
        sqlx::query(
            "insert into error_group_status as kept (project_id, id, status, status_time, changed_by)
             values ($1, $2, $3, $4, $5)
             on conflict (project_id, id) do update
             set status = excluded.status, status_time = excluded.status_time, changed_by = excluded.changed_by
             where kept.status_time <= excluded.status_time",
        )
        .bind(project.uuid())
        .bind(id)
        .bind(text(decision.status))
        .bind(decision.time)
        .bind(decision.by.map(UserId::uuid))
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }
}

fn decision((id, status, time, by): DecisionRow) -> (String, Decision) {
    let status = match status.as_str() {
        "resolved" => Status::Resolved,
        "ignored" => Status::Ignored,
        // The table admits no fourth.
        _ => Status::Open,
    };
    (id, Decision { status, time, by: by.map(UserId::new) })
}

fn text(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Resolved => "resolved",
        Status::Ignored => "ignored",
    }
}
