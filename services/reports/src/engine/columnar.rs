//! The engine on the columns in memory.

use std::sync::Arc;

use observe_core::ProjectId;

use super::slots::{Asker, Slots};
use super::view::View;
use super::{Answer, EngineError, ReportEngine, activity, funnel, history, trends};
use crate::activity::{Activity, ActivityQuery};
use crate::funnel::{FunnelAnswer, FunnelQuery};
use crate::history::{History, HistoryQuery};
use crate::published::Published;
use crate::trends::{TrendsAnswer, TrendsQuery};

/// Answers from the published projection.
pub struct ColumnarEngine {
    published: Arc<Published>,
    slots: Slots,
}

impl ColumnarEngine {
    /// Answers from what is published there, computing in these places.
    #[must_use]
    pub fn new(published: Arc<Published>, slots: Slots) -> Self {
        Self { published, slots }
    }

    async fn compute<T: Send + 'static>(
        &self,
        project: ProjectId,
        question: impl FnOnce(&View<'_>) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        // Told before there is a place, so that a start keeps nobody waiting.
        self.published.projection()?;
        let published = Arc::clone(&self.published);
        let work = move |asker: &Asker| {
            // Taken after the wait, so that the answer is as fresh as can be.
            let now = published.projection()?.project(project).snapshot();
            question(&View::new(&now, asker))
        };
        self.slots.compute(project, work).await
    }
}

impl ReportEngine for ColumnarEngine {
    fn trends(&self, project: ProjectId, query: TrendsQuery) -> Answer<'_, TrendsAnswer> {
        Box::pin(self.compute(project, move |view| trends::run(view, &query)))
    }

    fn funnel(&self, project: ProjectId, query: FunnelQuery) -> Answer<'_, FunnelAnswer> {
        Box::pin(self.compute(project, move |view| funnel::run(view, &query)))
    }

    fn activity(&self, project: ProjectId, query: ActivityQuery) -> Answer<'_, Vec<Activity>> {
        Box::pin(self.compute(project, move |view| activity::run(view, &query)))
    }

    fn history(&self, project: ProjectId, query: HistoryQuery) -> Answer<'_, Vec<History>> {
        Box::pin(self.compute(project, move |view| history::run(view, &query)))
    }
}
