//! The engine on the columns in memory.

use std::sync::Arc;

use observe_core::ProjectId;

use super::slots::{Asker, Slots};
use super::view::View;
use super::{
    Answer, EngineError, ReportEngine, activity, behind, explained_person, funnel, history,
    lifecycle, retention, stickiness, trends,
};
use crate::activity::{Activity, ActivityQuery};
use crate::behind::{Behind, Page};
use crate::explained_person::ExplainedPerson;
use crate::funnel::explain::FunnelExplanation;
use crate::funnel::{FunnelAnswer, FunnelCell, FunnelQuery, FunnelTrendPoint, FunnelTrendQuery};
use crate::history::{History, HistoryQuery};
use crate::lifecycle::{self as lifecycle_of, LifecyclePoint, LifecycleQuery};
use crate::published::Published;
use crate::retention::explain::Explanation;
use crate::retention::{self as retention_of, RetentionAnswer, RetentionQuery};
use crate::stickiness::{self as stickiness_of, StickinessAnswer, StickinessQuery};
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

    fn funnel_trend(
        &self,
        project: ProjectId,
        query: FunnelTrendQuery,
    ) -> Answer<'_, Vec<FunnelTrendPoint>> {
        Box::pin(self.compute(project, move |view| funnel::trend(view, &query)))
    }

    fn funnel_persons(
        &self,
        project: ProjectId,
        query: FunnelQuery,
        cell: FunnelCell,
        page: Page,
    ) -> Answer<'_, Behind> {
        Box::pin(self.compute(project, move |view| {
            let units = funnel::behind(view, &query, &cell)?;
            behind::page(view.columns, &query.counted_by, units, &page, view.asker)
        }))
    }

    fn explain_funnel(
        &self,
        project: ProjectId,
        query: FunnelQuery,
        person: ExplainedPerson,
    ) -> Answer<'_, Option<FunnelExplanation>> {
        Box::pin(self.compute(project, move |view| {
            let found = explained_person::find(view, &person);
            if found.is_none() && matches!(person, ExplainedPerson::WithId(_)) {
                return Ok(None);
            }
            funnel::explain(view, &query, found).map(Some)
        }))
    }

    fn retention(&self, project: ProjectId, query: RetentionQuery) -> Answer<'_, RetentionAnswer> {
        Box::pin(self.compute(project, move |view| retention::run(view, &query)))
    }

    fn retention_persons(
        &self,
        project: ProjectId,
        query: RetentionQuery,
        (cell, wanted): (retention_of::Cell, retention_of::Wanted),
        page: Page,
    ) -> Answer<'_, Behind> {
        Box::pin(self.compute(project, move |view| {
            let units = retention::behind(view, &query, cell, wanted)?;
            behind::page(view.columns, &query.counted_by, units, &page, view.asker)
        }))
    }

    fn explain_retention(
        &self,
        project: ProjectId,
        query: RetentionQuery,
        cell: retention_of::Cell,
        person: ExplainedPerson,
    ) -> Answer<'_, Option<Explanation>> {
        Box::pin(self.compute(project, move |view| {
            let unit = explained_person::find(view, &person);
            if unit.is_none() && matches!(person, ExplainedPerson::WithId(_)) {
                return Ok(None);
            }
            retention::explain(view, &query, cell, unit).map(Some)
        }))
    }

    fn lifecycle(
        &self,
        project: ProjectId,
        query: LifecycleQuery,
    ) -> Answer<'_, Vec<LifecyclePoint>> {
        Box::pin(self.compute(project, move |view| lifecycle::run(view, &query)))
    }

    fn lifecycle_persons(
        &self,
        project: ProjectId,
        query: LifecycleQuery,
        cell: lifecycle_of::Cell,
        page: Page,
    ) -> Answer<'_, Behind> {
        Box::pin(self.compute(project, move |view| {
            let units = lifecycle::behind(view, &query, cell)?;
            behind::page(view.columns, &query.counted_by, units, &page, view.asker)
        }))
    }

    fn stickiness(
        &self,
        project: ProjectId,
        query: StickinessQuery,
    ) -> Answer<'_, StickinessAnswer> {
        Box::pin(self.compute(project, move |view| stickiness::run(view, &query)))
    }

    fn stickiness_persons(
        &self,
        project: ProjectId,
        query: StickinessQuery,
        cell: stickiness_of::Cell,
        page: Page,
    ) -> Answer<'_, Behind> {
        Box::pin(self.compute(project, move |view| {
            let units = stickiness::behind(view, &query, cell)?;
            behind::page(view.columns, &query.counted_by, units, &page, view.asker)
        }))
    }

    fn activity(&self, project: ProjectId, query: ActivityQuery) -> Answer<'_, Vec<Activity>> {
        Box::pin(self.compute(project, move |view| activity::run(view, &query)))
    }

    fn history(&self, project: ProjectId, query: HistoryQuery) -> Answer<'_, Vec<History>> {
        Box::pin(self.compute(project, move |view| history::run(view, &query)))
    }
}
