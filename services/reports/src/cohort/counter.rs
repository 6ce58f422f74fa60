//! How many persons cohorts have, kept so that a list of cohorts shows it at once.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use observe_core::{Clock, ProjectId};
use uuid::Uuid;

use super::loader::Loader;
use crate::engine::ReportEngine;
use crate::error::ReportsError;
use crate::store::cohort::CohortRow;

/// Counts cohorts.
#[derive(Clone)]
pub(crate) struct Counter {
    pub(crate) loader: Loader,
    pub(crate) engine: Arc<dyn ReportEngine>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Counter {
    /// Counts a cohort and keeps the number.
    ///
    /// # Errors
    /// Those of the store and of the engine; `NotFound` if it is gone.
    pub(crate) async fn count(
        &self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<(i64, DateTime<Utc>), ReportsError> {
        let definitions = self.loader.load(project, &HashSet::from([id])).await?;
        let revision = definitions.cohorts.iter().find(|one| one.id == id);
        let revision = revision.and_then(|one| one.revision).unwrap_or_default();
        let engine = self.engine.with_cohorts(Arc::new(definitions));
        let persons = engine.cohort_size(project, id).await?;
        let (persons, now) = (i64::try_from(persons).unwrap_or(i64::MAX), self.clock.now());
        self.loader.store.save_count(project, id, revision, persons, now).await?;
        Ok((persons, now))
    }

    /// Counts a cohort that was just made or changed. What cannot be counted now is counted by the worker.
    pub(crate) async fn counted(&self, project: ProjectId, row: CohortRow) -> CohortRow {
        match self.count(project, row.id).await {
            Ok((person_count, now)) => CohortRow { person_count, count_time: Some(now), ..row },
            Err(error) => {
                tracing::debug!(%project, %error, "a cohort is counted later");
                row
            }
        }
    }
}
