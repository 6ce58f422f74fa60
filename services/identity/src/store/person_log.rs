//! One batch of identity operations in one transaction.

mod cuts;
mod group;
mod history;
mod load;
pub(crate) mod refusal;
mod save;
pub(crate) mod split;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_proto::identity::v1::apply_events_response::Outcome;
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;
use sqlx::{Postgres, Transaction};

use crate::error::IdentityError;
use crate::operation::Operation;
use crate::person::People;

/// Starts batches.
#[derive(Clone)]
pub(crate) struct PersonLogStore(pub(crate) Database);

/// A batch under way: it holds the lock of its project until it is committed or dropped.
pub(crate) struct Batch {
    tx: Transaction<'static, Postgres>,
    project: ProjectId,
    /// The last number of the change log.
    change_number: i64,
    /// The latest cut of the project's erasures; 0 without any.
    latest_cut_us: i64,
}

/// An operation, and what became of it.
pub(crate) struct Done<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) outcome: Outcome,
}

impl PersonLogStore {
    /// Locks a project for one batch; `None` if there is no such project. All identity work of a project passes here one
    /// by one, which is what makes the numbers of its change log gapless.
    pub(crate) async fn begin(&self, project: ProjectId) -> Result<Option<Batch>, IdentityError> {
        let mut tx = self.0.worker().begin().await?;
        // A statement of its own: what is read after it sees everything that was committed before the lock was had. Not
        // `for update`, which would also hold up new rows that refer to the project.
        let found: Option<(i64, i64)> = sqlx::query_as(
            "select change_number, latest_cut_us from project where id = $1 for no key update",
        )
        .bind(project.uuid())
        .fetch_optional(&mut *tx)
        .await?;
        Ok(found.map(|(change_number, latest_cut_us)| Batch {
            tx,
            project,
            change_number,
            latest_cut_us,
        }))
    }
}

impl Batch {
    /// Returns the outcomes of the events that were applied before.
    pub(crate) async fn applied(
        &mut self,
        uuids: &[Uuid],
    ) -> Result<HashMap<Uuid, Outcome>, IdentityError> {
        let rows: Vec<(Uuid, i16)> = sqlx::query_as(
            "select event_uuid, outcome from applied_operation where project_id = $1 and event_uuid = any($2)",
        )
        .bind(self.project.uuid())
        .bind(uuids)
        .fetch_all(&mut *self.tx)
        .await?;
        let outcome =
            |number: i16| Outcome::try_from(i32::from(number)).unwrap_or(Outcome::Unspecified);
        Ok(rows.into_iter().map(|(uuid, number)| (uuid, outcome(number))).collect())
    }

    /// Writes what the operations did, and their outcomes.
    pub(crate) async fn commit(
        mut self,
        people: &People,
        done: &[Done<'_>],
        now: DateTime<Utc>,
    ) -> Result<(), IdentityError> {
        self.save(people, now).await?;
        self.save_outcomes(done, now).await?;
        self.save_refusals(done, now).await?;
        self.tx.commit().await?;
        Ok(())
    }

    /// Writes what became of the persons.
    async fn save(&mut self, people: &People, now: DateTime<Utc>) -> Result<(), IdentityError> {
        self.save_persons(people).await?;
        self.save_mappings(people, now).await?;
        self.save_histories(people).await?;
        self.save_merges(people, now).await?;
        self.save_property_changes(people, now).await?;
        self.save_changes(people, now).await
    }
}
