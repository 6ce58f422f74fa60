//! The engine on the columns in memory.

use std::sync::Arc;

use observe_core::ProjectId;

use super::slots::{Asker, Slots};
use super::view::View;
use super::{
    Answer, EngineError, ReportEngine, activity, behind, funnel, history, paths, trends,
    web_overview,
};
use crate::activity::{Activity, ActivityQuery};
use crate::behind::{Behind, Page};
use crate::funnel::{FunnelAnswer, FunnelQuery};
use crate::history::{History, HistoryQuery};
use crate::paths::{PathPersonsQuery, PathsAnswer, PathsQuery};
use crate::published::Published;
use crate::query::CountedBy;
use crate::trends::{TrendPersonsQuery, TrendsAnswer, TrendsQuery};
use crate::web_overview::{WebOverviewAnswer, WebOverviewQuery};

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

    fn trend_persons(&self, project: ProjectId, query: TrendPersonsQuery) -> Answer<'_, Behind> {
        Box::pin(self.compute(project, move |view| trends::persons(view, &query)))
    }

    fn funnel(&self, project: ProjectId, query: FunnelQuery) -> Answer<'_, FunnelAnswer> {
        Box::pin(self.compute(project, move |view| funnel::run(&view.over(query.range), &query)))
    }

    fn paths(&self, project: ProjectId, query: PathsQuery) -> Answer<'_, PathsAnswer> {
        Box::pin(self.compute(project, move |view| paths::run(&view.over(query.range), &query)))
    }

    fn path_persons(
        &self,
        project: ProjectId,
        query: PathPersonsQuery,
        page: Page,
    ) -> Answer<'_, Behind> {
        Box::pin(self.compute(project, move |view| {
            let persons = paths::persons(&view.over(query.paths.range), &query)?;
            behind::page(view.columns, &CountedBy::Persons, persons, &page, view.asker)
        }))
    }

    fn web_overview(
        &self,
        project: ProjectId,
        query: WebOverviewQuery,
    ) -> Answer<'_, WebOverviewAnswer> {
        Box::pin(self.compute(project, move |view| web_overview::run(view, &query)))
    }

    fn activity(&self, project: ProjectId, query: ActivityQuery) -> Answer<'_, Vec<Activity>> {
        Box::pin(self.compute(project, move |view| activity::run(view, &query)))
    }

    fn history(&self, project: ProjectId, query: HistoryQuery) -> Answer<'_, Vec<History>> {
        Box::pin(self.compute(project, move |view| history::run(view, &query)))
    }
}
