//! What answers questions. [`ReportEngine`] is the seam: a question in, an answer out, whatever is behind it.

mod activity;
mod behind;
mod bound;
mod breakdown;
pub(crate) mod cohort;
mod cohort_breakdown;
pub mod columnar;
pub(crate) mod distinct;
mod explained_person;
mod filter;
mod first_seen;
mod funnel;
mod hints;
mod history;
mod lifecycle;
mod marks;
mod paths;
mod person_set;
mod plan;
mod ranking;
mod retention;
mod scan;
mod selection;
mod sessions;
pub mod slots;
mod stickiness;
mod sweep;
mod team;
mod trends;
mod unit_bits;
mod view;
mod walk;
mod web_overview;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use observe_core::ProjectId;
use uuid::Uuid;

use crate::activity::{Activity, ActivityQuery};
use crate::behind::{Behind, Page};
use crate::cohort::Definitions;
use crate::explained_person::ExplainedPerson;
use crate::funnel::explain::FunnelExplanation;
use crate::funnel::{FunnelAnswer, FunnelCell, FunnelQuery, FunnelTrendAnswer, FunnelTrendQuery};
use crate::history::{History, HistoryQuery};
use crate::lifecycle::{LifecycleAnswer, LifecycleQuery};
use crate::paths::{PathPersonsQuery, PathsAnswer, PathsQuery};
use crate::retention::explain::Explanation;
use crate::retention::{RetentionAnswer, RetentionQuery};
use crate::stickiness::{StickinessAnswer, StickinessQuery};
use crate::trends::{TrendPersonsQuery, TrendsAnswer, TrendsQuery};
use crate::web_overview::{WebOverviewAnswer, WebOverviewQuery};

pub use columnar::ColumnarEngine;
pub use slots::Slots;

/// An answer on its way.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, EngineError>> + Send + 'a>>;

/// Answers questions about the events of a project and the persons behind them.
///
/// A project without events answers zeros; merges apply to all history.
pub trait ReportEngine: Send + Sync + 'static {
    /// Counts events or persons over time.
    fn trends(&self, project: ProjectId, query: TrendsQuery) -> Answer<'_, TrendsAnswer>;

    /// Says who is behind a number of trends.
    fn trend_persons(&self, project: ProjectId, query: TrendPersonsQuery) -> Answer<'_, Behind>;

    /// Counts the units that went through steps.
    fn funnel(&self, project: ProjectId, query: FunnelQuery) -> Answer<'_, FunnelAnswer>;

    /// Counts units that went through steps by when they entered.
    fn funnel_trend(
        &self,
        project: ProjectId,
        query: FunnelTrendQuery,
    ) -> Answer<'_, FunnelTrendAnswer>;

    /// Lists the units behind a number of a funnel.
    fn funnel_persons(
        &self,
        project: ProjectId,
        query: FunnelQuery,
        cell: FunnelCell,
        page: Page,
    ) -> Answer<'_, Behind>;

    /// Explains a funnel to a person; `None` if nobody is known by that id.
    fn explain_funnel(
        &self,
        project: ProjectId,
        query: FunnelQuery,
        person: ExplainedPerson,
    ) -> Answer<'_, Option<FunnelExplanation>>;

    /// Counts the units that came back, by cohort and column.
    fn retention(&self, project: ProjectId, query: RetentionQuery) -> Answer<'_, RetentionAnswer>;

    /// Lists the units behind a number of retention.
    fn retention_persons(
        &self,
        project: ProjectId,
        query: RetentionQuery,
        which: (crate::retention::Cell, crate::retention::Wanted),
        page: Page,
    ) -> Answer<'_, Behind>;

    /// Explains a cell of retention to a person; `None` if nobody is known by that id.
    fn explain_retention(
        &self,
        project: ProjectId,
        query: RetentionQuery,
        cell: crate::retention::Cell,
        person: ExplainedPerson,
    ) -> Answer<'_, Option<Explanation>>;

    /// Tells active units apart, by bucket.
    fn lifecycle(&self, project: ProjectId, query: LifecycleQuery) -> Answer<'_, LifecycleAnswer>;

    /// Lists the units behind a number of a lifecycle.
    fn lifecycle_persons(
        &self,
        project: ProjectId,
        query: LifecycleQuery,
        cell: crate::lifecycle::Cell,
        page: Page,
    ) -> Answer<'_, Behind>;

    /// Counts units by in how many buckets they were active.
    fn stickiness(
        &self,
        project: ProjectId,
        query: StickinessQuery,
    ) -> Answer<'_, StickinessAnswer>;

    /// Lists the units behind a number of stickiness.
    fn stickiness_persons(
        &self,
        project: ProjectId,
        query: StickinessQuery,
        cell: crate::stickiness::Cell,
        page: Page,
    ) -> Answer<'_, Behind>;

    /// Counts the ways that persons took.
    fn paths(&self, project: ProjectId, query: PathsQuery) -> Answer<'_, PathsAnswer>;

    /// Answers who took a way.
    fn path_persons(
        &self,
        project: ProjectId,
        query: PathPersonsQuery,
        page: Page,
    ) -> Answer<'_, Behind>;

    /// Answers one screen about a web site.
    fn web_overview(
        &self,
        project: ProjectId,
        query: WebOverviewQuery,
    ) -> Answer<'_, WebOverviewAnswer>;

    /// Counts events, persons, sessions and errors in each bucket.
    fn activity(&self, project: ProjectId, query: ActivityQuery) -> Answer<'_, Vec<Activity>>;

    /// Returns an engine that knows these cohorts: those that its questions name.
    fn with_cohorts(&self, cohorts: Arc<Definitions>) -> Arc<dyn ReportEngine>;

    /// Counts the persons of one of the cohorts that it knows.
    fn cohort_size(&self, project: ProjectId, cohort: Uuid) -> Answer<'_, u64>;

    /// Returns a page of the persons of one of the cohorts that it knows.
    fn cohort_persons(&self, project: ProjectId, cohort: Uuid, page: Page) -> Answer<'_, Behind>;

    /// Counts all persons that have an event or a property.
    fn person_count(&self, project: ProjectId) -> Answer<'_, u64>;

    /// Counts the events of some persons over all time.
    fn history(&self, project: ProjectId, query: HistoryQuery) -> Answer<'_, Vec<History>>;
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EngineError {
    /// The data is still being read after a start.
    #[error("the projection is being built, {:.0} % done", progress * 100.0)]
    Loading {
        /// How much is done, 0-1.
        progress: f64,
    },
    /// What is kept of the projection cannot be read now.
    #[error("the store of the projection is away: {0}")]
    Store(String),
    /// What is kept of the projection is not what was written; it is made anew.
    #[error("what is kept of the projection is damaged: {0}")]
    Damaged(String),
    /// Too many questions are being computed.
    #[error("too many questions are being computed")]
    Busy,
    /// It takes longer than a question may.
    #[error("the question takes longer than {} s", slots::TIME_MAX.as_secs())]
    TooLong,
    /// It takes more memory than a question may.
    #[error("the question takes more than {} MiB of memory", slots::MEMORY_MAX >> 20)]
    TooLarge,
    /// Nobody waits for the answer any more.
    #[error("the caller has gone away")]
    Abandoned,
    /// The computation broke off.
    #[error("a question broke off: {0}")]
    Broken(String),
}

#[cfg(test)]
mod tests;
