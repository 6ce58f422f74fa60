//! What the worker has built and questions are answered from.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use observe_core::ProjectId;

use crate::engine::EngineError;
use crate::ownership::{Claim, Ownership};
use crate::projection::Projection;
use crate::query::Range;
use crate::store::projection::ProjectionStore;
use crate::workers::load;

/// The projection in force, once there is one. While another is built beside it, this one keeps answering.
#[derive(Default)]
pub struct Published {
    projection: ArcSwapOption<Projection>,
    /// The bits of an `f64`, 0-1.
    progress: AtomicU64,
    parked: AtomicUsize,
    /// When all that the logs hold was last read.
    caught_up: Mutex<Option<Instant>>,
    /// Where the columns of segments are that are not loaded.
    store: Option<ProjectionStore>,
    is_damaged: AtomicBool,
    /// Who may answer from a projection; anybody if `None`.
    ownership: Option<Arc<Ownership>>,
    /// The fence under which the projection in force was built.
    fence: AtomicI64,
}

impl Published {
    /// Starts without a projection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts without a projection; what is not loaded of one comes from the store. Where several processes may own it, it is in
    /// force only while this one does.
    pub(crate) fn of(store: ProjectionStore, ownership: Option<Arc<Ownership>>) -> Self {
        Self { store: Some(store), ownership, ..Self::default() }
    }

    /// Loads what a project has in a range of time, so that it can be read.
    ///
    /// # Errors
    /// `Loading` while there is no projection, `Store` if what is kept of it cannot be read now, `Damaged` if it is not what
    /// was written.
    pub(crate) async fn load(&self, project: ProjectId, range: Range) -> Result<(), EngineError> {
        let now = self.projection()?.project(project);
        let Some(store) = &self.store else { return Ok(()) };
        let loaded = load::load(store, project, &now, range).await;
        if matches!(loaded, Err(EngineError::Damaged(_))) {
            self.is_damaged.store(true, Ordering::Relaxed);
        }
        loaded
    }

    /// Returns whether what is kept of the projection in force was found to be damaged.
    pub(crate) fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Relaxed)
    }

    /// Loads everything, the latest first, so that no later question waits for it.
    pub(crate) async fn load_all(&self) -> Result<(), EngineError> {
        for (project, _) in self.projection()?.all() {
            self.load(project, Range::ALWAYS).await?;
        }
        Ok(())
    }

    /// Returns the projection in force.
    ///
    /// # Errors
    /// `Loading` while there is none, and while another process may have taken it over.
    pub fn projection(&self) -> Result<Arc<Projection>, EngineError> {
        let projection = self.projection.load_full().filter(|_| self.is_owned());
        projection.ok_or_else(|| EngineError::Loading { progress: self.progress() })
    }

    fn is_owned(&self) -> bool {
        let claim = Claim::Ours(self.fence.load(Ordering::Relaxed));
        self.ownership.as_ref().is_none_or(|ownership| ownership.stands(claim))
    }

    /// Returns whether there is one that no other process is known to have taken over. Our lease may have run out for now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let claim = Claim::Ours(self.fence.load(Ordering::Relaxed));
        let is_lost = self.ownership.as_ref().is_some_and(|ownership| ownership.is_lost(claim));
        self.projection.load().is_some() && !is_lost
    }

    /// Puts a projection in force.
    pub fn publish(&self, projection: Arc<Projection>) {
        self.projection.store(Some(projection));
        self.is_damaged.store(false, Ordering::Relaxed);
    }

    /// Puts a projection in force that this process owns under a fence.
    pub(crate) fn publish_under(&self, fence: i64, projection: Arc<Projection>) {
        self.fence.store(fence, Ordering::Relaxed);
        self.publish(projection);
    }

    /// Takes the projection away: another process answers from now on.
    pub(crate) fn withdraw(&self) {
        self.projection.store(None);
        self.progress.store(0, Ordering::Relaxed);
    }

    /// Says that all that the logs hold is read, as of now.
    pub fn set_caught_up(&self) {
        *self.caught_up.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Returns how long ago all that the logs hold was last read; `None` before the first time.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        let caught_up = self.caught_up.lock().unwrap_or_else(PoisonError::into_inner);
        caught_up.map(|at| at.elapsed())
    }

    /// Says how much of the first projection is built, 0-1.
    pub fn set_progress(&self, progress: f64) {
        self.progress.store(progress.clamp(0.0, 1.0).to_bits(), Ordering::Relaxed);
    }

    /// Says how many rows and changes are parked: passed over, because they cannot be applied.
    pub fn set_parked(&self, parked: usize) {
        self.parked.store(parked, Ordering::Relaxed);
    }

    /// Returns how many rows and changes are parked.
    #[must_use]
    pub fn parked(&self) -> usize {
        self.parked.load(Ordering::Relaxed)
    }

    fn progress(&self) -> f64 {
        f64::from_bits(self.progress.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ownership::Holder;

    #[test]
    fn what_was_built_under_an_earlier_lease_is_not_ready_under_the_next_one() {
        let ownership = Arc::new(Ownership::default());
        let published =
            Published { ownership: Some(Arc::clone(&ownership)), ..Published::default() };
        let now = Instant::now();
        let have = |fence, until| {
            ownership.set(Holder::Ours { fence, until, is_alone: false });
        };
        have(3, now + Duration::from_secs(60));
        assert!(!published.is_ready());
        published.publish_under(3, Arc::new(Projection::new()));
        assert!(published.is_ready() && published.projection().is_ok());
        have(3, now);
        assert!(published.is_ready(), "the lease may be renewed");
        assert!(published.projection().is_err());
        have(5, now + Duration::from_secs(60));
        assert!(!published.is_ready() && published.projection().is_err());
    }
}
