//! The engine on the columns in memory.

use std::sync::Arc;

use observe_core::ProjectId;
use uuid::Uuid;

use super::cohort::KeptSets;
use super::sessions::with_sessions;
use super::slots::{Asker, Slots};
use super::view::View;
use super::{
    Answer, EngineError, ReportEngine, activity, behind, cohort, cohort_breakdown,
    explained_person, funnel, history, lifecycle, paths, retention, stickiness, web_overview,
};
use crate::activity::{Activity, ActivityQuery};
use crate::behind::{Behind, Page};
use crate::cohort::Definitions;
use crate::explained_person::ExplainedPerson;
use crate::funnel::explain::FunnelExplanation;
use crate::funnel::{FunnelAnswer, FunnelCell, FunnelQuery, FunnelTrendAnswer, FunnelTrendQuery};
use crate::history::{History, HistoryQuery};
use crate::lifecycle::{self as lifecycle_of, LifecycleAnswer, LifecycleQuery};
use crate::paths::{PathPersonsQuery, PathsAnswer, PathsQuery};
use crate::published::Published;
use crate::query::{CountedBy, Range};
use crate::retention::explain::Explanation;
use crate::retention::{self as retention_of, RetentionAnswer, RetentionQuery};
use crate::stickiness::{self as stickiness_of, StickinessAnswer, StickinessQuery};
use crate::trends::{TrendPersonsQuery, TrendsAnswer, TrendsQuery};
use crate::web_overview::{WebOverviewAnswer, WebOverviewQuery};

/// Answers from the published projection.
pub struct ColumnarEngine {
    published: Arc<Published>,
    slots: Slots,
    /// Those that questions name.
    cohorts: Arc<Definitions>,
    kept: KeptSets,
}

impl ColumnarEngine {
    /// Answers from what is published there, computing in these places.
    #[must_use]
    pub fn new(published: Arc<Published>, slots: Slots) -> Self {
        Self { published, slots, cohorts: Arc::default(), kept: KeptSets::default() }
    }

    /// Asks about all time.
    async fn compute<T: Send + 'static>(
        &self,
        project: ProjectId,
        question: impl FnOnce(&View<'_>) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        self.compute_in(project, Range::ALWAYS, question).await
    }

    /// Asks about events in a range, which are loaded first if they are not; the question reads no other event.
    async fn compute_in<T: Send + 'static>(
        &self,
        project: ProjectId,
        range: Range,
        question: impl FnOnce(&View<'_>) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        // Told before there is a place, so that a start keeps nobody waiting.
        self.published.load(project, self.needed(range)).await?;
        let published = Arc::clone(&self.published);
        let (cohorts, kept) = (Arc::clone(&self.cohorts), self.kept.clone());
        let work = move |asker: &Asker| {
            // Taken after the wait, so that the answer is as fresh as can be.
            let project = published.projection()?.project(project);
            let now = project.snapshot();
            let view = View::new(&now, asker);
            let members = kept.members(&view, &project, &cohorts)?;
            question(&view.over(range).with_cohorts(&members))
        };
        self.slots.compute(project, work).await
    }

    /// Returns the time whose events have to be loaded for a question about a range. Who is in a cohort is decided by events of
    /// all time, and what is told of a session by its events outside the range as well.
    fn needed(&self, range: Range) -> Range {
        if self.cohorts.cohorts.is_empty() { with_sessions(range) } else { Range::ALWAYS }
    }
}

impl ReportEngine for ColumnarEngine {
    fn trends(&self, project: ProjectId, query: TrendsQuery) -> Answer<'_, TrendsAnswer> {
        Box::pin(self.compute_in(project, query.looked_at(), move |view| {
            cohort_breakdown::trends(view, &query)
        }))
    }

    fn trend_persons(&self, project: ProjectId, query: TrendPersonsQuery) -> Answer<'_, Behind> {
        Box::pin(self.compute_in(project, query.trends.looked_at(), move |view| {
            cohort_breakdown::trend_persons(view, query)
        }))
    }

    fn funnel(&self, project: ProjectId, query: FunnelQuery) -> Answer<'_, FunnelAnswer> {
        Box::pin(
            self.compute_in(project, query.range, move |view| {
                cohort_breakdown::funnel(view, &query)
            }),
        )
    }

    fn with_cohorts(&self, cohorts: Arc<Definitions>) -> Arc<dyn ReportEngine> {
        let (published, slots) = (Arc::clone(&self.published), self.slots.clone());
        Arc::new(Self { published, slots, cohorts, kept: self.kept.clone() })
    }

    fn cohort_size(&self, project: ProjectId, cohort: Uuid) -> Answer<'_, u64> {
        Box::pin(self.compute(project, move |view| {
            let found = view.cohorts.and_then(|cohorts| cohorts.get(cohort));
            Ok(found.map_or(0, |found| found.persons.count()))
        }))
    }

    fn cohort_persons(&self, project: ProjectId, cohort: Uuid, page: Page) -> Answer<'_, Behind> {
        Box::pin(self.compute(project, move |view| {
            let found = view.cohorts.and_then(|cohorts| cohorts.get(cohort));
            let persons = found.into_iter().flat_map(|found| found.persons.iter());
            behind::page(view.columns, &CountedBy::Persons, persons, &page, view.asker)
        }))
    }

    fn paths(&self, project: ProjectId, query: PathsQuery) -> Answer<'_, PathsAnswer> {
        Box::pin(self.compute_in(project, query.range, move |view| paths::run(view, &query)))
    }

    fn path_persons(
        &self,
        project: ProjectId,
        query: PathPersonsQuery,
        page: Page,
    ) -> Answer<'_, Behind> {
        Box::pin(self.compute_in(project, query.paths.range, move |view| {
            let persons = paths::persons(view, &query)?;
            behind::page(view.columns, &CountedBy::Persons, persons, &page, view.asker)
        }))
    }

    fn person_count(&self, project: ProjectId) -> Answer<'_, u64> {
        Box::pin(self.compute(project, move |view| Ok(cohort::everybody(view)?.count())))
    }

    fn funnel_trend(
        &self,
        project: ProjectId,
        query: FunnelTrendQuery,
    ) -> Answer<'_, FunnelTrendAnswer> {
        Box::pin(
            self.compute_in(project, query.funnel.range, move |view| funnel::trend(view, &query)),
        )
    }

    fn funnel_persons(
        &self,
        project: ProjectId,
        query: FunnelQuery,
        cell: FunnelCell,
        page: Page,
    ) -> Answer<'_, Behind> {
        Box::pin(self.compute_in(project, query.range, move |view| {
            let (query, cell) = cohort_breakdown::funnel_cell(view, query, cell);
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
        Box::pin(self.compute_in(project, query.range, move |view| {
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

    fn lifecycle(&self, project: ProjectId, query: LifecycleQuery) -> Answer<'_, LifecycleAnswer> {
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
        Box::pin(self.compute_in(project, query.range, move |view| stickiness::run(view, &query)))
    }

    fn stickiness_persons(
        &self,
        project: ProjectId,
        query: StickinessQuery,
        cell: stickiness_of::Cell,
        page: Page,
    ) -> Answer<'_, Behind> {
        Box::pin(self.compute_in(project, query.range, move |view| {
            let units = stickiness::behind(view, &query, cell)?;
            behind::page(view.columns, &query.counted_by, units, &page, view.asker)
        }))
    }

    fn web_overview(
        &self,
        project: ProjectId,
        query: WebOverviewQuery,
    ) -> Answer<'_, WebOverviewAnswer> {
        let (range, now) = (query.looked_at(), query.now());
        let needed = Range {
            start_ms: range.start_ms.min(now.start_ms),
            end_ms: range.end_ms.max(now.end_ms),
        };
        Box::pin(self.compute_in(project, needed, move |view| web_overview::run(view, &query)))
    }

    fn activity(&self, project: ProjectId, query: ActivityQuery) -> Answer<'_, Vec<Activity>> {
        Box::pin(self.compute_in(project, query.range, move |view| activity::run(view, &query)))
    }

    fn history(&self, project: ProjectId, query: HistoryQuery) -> Answer<'_, Vec<History>> {
        Box::pin(self.compute(project, move |view| history::run(view, &query)))
    }
}
