//! What answers questions. [`ReportEngine`] is the seam: a question in, an answer out, whatever is behind it.

mod activity;
mod bound;
mod breakdown;
pub mod columnar;
pub(crate) mod distinct;
mod filter;
mod funnel;
mod heap;
mod history;
mod plan;
mod scan;
mod selection;
pub mod slots;
mod team;
mod trends;
mod view;
mod walk;

use std::future::Future;
use std::pin::Pin;

use observe_core::ProjectId;

use crate::activity::{Activity, ActivityQuery};
use crate::funnel::{FunnelAnswer, FunnelQuery};
use crate::history::{History, HistoryQuery};
use crate::trends::{TrendsAnswer, TrendsQuery};

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

    /// Counts the persons that went through steps in order.
    fn funnel(&self, project: ProjectId, query: FunnelQuery) -> Answer<'_, FunnelAnswer>;

    /// Counts events, persons, sessions and errors in each bucket.
    fn activity(&self, project: ProjectId, query: ActivityQuery) -> Answer<'_, Vec<Activity>>;

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
