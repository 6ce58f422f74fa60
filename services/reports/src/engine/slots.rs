//! Who computes: how many questions at once, how long the others wait, and when one is given up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use observe_core::ProjectId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::EngineError;

/// How many questions are computed at once; more wait.
const CONCURRENT_MAX: usize = 4;
/// How many of one project: the others' questions find a place however many it asks.
const CONCURRENT_OF_PROJECT_MAX: usize = 2;
/// How long a question waits for its turn before it is refused.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long a question may be computed.
pub(crate) const TIME_MAX: Duration = Duration::from_secs(30);
/// How much memory a question may take beside the columns it reads, in bytes.
pub(crate) const MEMORY_MAX: usize = 512 << 20;

/// Places to compute in, beside the tasks that serve requests. Copies share the places.
#[derive(Clone, Debug)]
pub struct Slots {
    places: Arc<Semaphore>,
    /// Of the projects that ask.
    of_projects: Arc<Mutex<HashMap<ProjectId, Weak<Semaphore>>>>,
    limits: Limits,
}

/// What a question may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) places: usize,
    pub(super) wait: Duration,
    pub(super) time: Duration,
}

impl Default for Slots {
    fn default() -> Self {
        Self::new(Limits { places: CONCURRENT_MAX, wait: WAIT_MAX, time: TIME_MAX })
    }
}

impl Slots {
    pub(super) fn new(limits: Limits) -> Self {
        let places = Arc::new(Semaphore::new(limits.places));
        Self { places, of_projects: Arc::default(), limits }
    }

    /// Computes when there is a place. If the future is dropped, the work is told through [`Asker`].
    ///
    /// # Errors
    /// `Busy` if there was no place in time, `TooLong` if it takes longer than a question may, `Broken` if the work panics,
    /// and what it returns.
    pub async fn compute<T: Send + 'static>(
        &self,
        project: ProjectId,
        work: impl FnOnce(&Asker) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let place = tokio::time::timeout(self.limits.wait, self.place(project)).await;
        let place = place.map_err(|_| EngineError::Busy)?;
        let asker = Asker::default();
        let _gone = SetOnDrop(Arc::clone(&asker.has_gone));
        let computed = tokio::task::spawn_blocking(move || {
            // Held until the work has ended, which is a little after the caller has gone away.
            let _place = place;
            work(&asker)
        });
        let computed = tokio::time::timeout(self.limits.time, computed).await;
        let computed = computed.map_err(|_| EngineError::TooLong)?;
        computed.map_err(|error| EngineError::Broken(error.to_string()))?
    }

    /// Waits for a place among the project's, then for one among all.
    async fn place(&self, project: ProjectId) -> (OwnedSemaphorePermit, OwnedSemaphorePermit) {
        let own = {
            let mut all = self.of_projects.lock().unwrap_or_else(PoisonError::into_inner);
            // What nobody waits for any more goes, so that this is as large as there are questions.
            all.retain(|_, places| places.strong_count() > 0);
            let known = all.get(&project).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let places = CONCURRENT_OF_PROJECT_MAX.min(self.limits.places);
                let new = Arc::new(Semaphore::new(places));
                all.insert(project, Arc::downgrade(&new));
                new
            })
        };
        let own = own.acquire_owned().await.expect("it is never closed");
        let place = Arc::clone(&self.places).acquire_owned().await.expect("it is never closed");
        (own, place)
    }
}

/// Whoever waits for an answer, and what the answer takes.
#[derive(Debug, Default)]
pub struct Asker {
    /// Whether to stop.
    has_gone: Arc<AtomicBool>,
    /// Why, if not because nobody waits.
    given_up: OnceLock<EngineError>,
    memory: AtomicUsize,
}

impl Asker {
    /// Asks whether to go on; to be called every few thousand rows.
    ///
    /// # Errors
    /// `Abandoned` if nobody waits any more, and what the question was given up for.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        if self.has_gone.load(Ordering::Relaxed) { Err(self.reason()) } else { Ok(()) }
    }

    /// Gives the question up: there will be no answer, for this reason.
    pub(super) fn give_up(&self, reason: EngineError) {
        // The first reason stands.
        let _ = self.given_up.set(reason);
        self.has_gone.store(true, Ordering::Relaxed);
    }

    #[cold]
    fn reason(&self) -> EngineError {
        self.given_up.get().cloned().unwrap_or(EngineError::Abandoned)
    }

    /// Takes so many bytes until the question is answered; to be called before what grows with a project is allocated.
    ///
    /// # Errors
    /// `TooLarge` if it would be more than a question may take.
    pub(crate) fn take(&self, bytes: usize) -> Result<(), EngineError> {
        let before = self.memory.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > MEMORY_MAX { Err(EngineError::TooLarge) } else { Ok(()) }
    }

    /// Gives bytes back that were taken.
    pub(crate) fn give_back(&self, bytes: usize) {
        self.memory.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Says that the caller has gone, whichever way its future ended.
struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use uuid::Uuid;

    use super::*;

    fn project(number: u128) -> ProjectId {
        ProjectId::new(Uuid::from_u128(number))
    }

    fn slots(places: usize, wait: Duration) -> Slots {
        Slots::new(Limits { places, wait, time: TIME_MAX })
    }

    /// Work that goes on until it is told to end, and says when it begins.
    fn endless() -> (impl FnOnce(&Asker) -> Result<(), EngineError> + Send, mpsc::Receiver<()>) {
        let (began, has_begun) = mpsc::sync_channel(1);
        let work = move |asker: &Asker| -> Result<(), EngineError> {
            began.send(()).expect("the test waits");
            loop {
                asker.check()?;
                std::thread::yield_now();
            }
        };
        (work, has_begun)
    }

    /// Drives a future until its work has begun.
    async fn begin(work: &mut (impl Future + Unpin), has_begun: &mpsc::Receiver<()>) {
        while has_begun.try_recv().is_err() {
            let _ = tokio::time::timeout(Duration::from_millis(1), &mut *work).await;
        }
    }

    #[tokio::test]
    async fn a_question_without_a_place_is_refused_in_time() {
        let slots = slots(1, Duration::from_millis(50));
        let held = Arc::clone(&slots.places).acquire_owned().await.expect("never closed");
        let refused = slots.compute(project(1), |_| Ok(1)).await;
        assert_eq!(refused, Err(EngineError::Busy));
        drop(held);
        assert_eq!(slots.compute(project(1), |_| Ok(1)).await, Ok(1));
    }

    #[tokio::test]
    async fn work_ends_when_its_caller_goes_away() {
        let slots = slots(1, Duration::from_secs(20));
        let (work, has_begun) = endless();
        let mut endless = Box::pin(slots.compute(project(1), work));
        begin(&mut endless, &has_begun).await;
        drop(endless);
        assert_eq!(slots.compute(project(1), |_| Ok(1)).await, Ok(1), "the place is free again");
    }

    #[tokio::test]
    async fn work_that_takes_too_long_is_given_up() {
        let limits = Limits { places: 1, wait: TIME_MAX, time: Duration::from_millis(20) };
        let slots = Slots::new(limits);
        let (work, _has_begun) = endless();
        assert_eq!(slots.compute(project(1), work).await, Err(EngineError::TooLong));
        assert_eq!(slots.compute(project(1), |_| Ok(1)).await, Ok(1), "the place is free again");
    }

    #[tokio::test]
    async fn a_project_that_asks_much_leaves_places_to_others() {
        let slots = slots(CONCURRENT_OF_PROJECT_MAX + 1, Duration::from_millis(50));
        let mut busy = Vec::new();
        for _ in 0..CONCURRENT_OF_PROJECT_MAX {
            let (work, has_begun) = endless();
            let mut one = Box::pin(slots.compute(project(1), work));
            begin(&mut one, &has_begun).await;
            busy.push(one);
        }
        assert_eq!(slots.compute(project(1), |_| Ok(1)).await, Err(EngineError::Busy));
        assert_eq!(slots.compute(project(2), |_| Ok(1)).await, Ok(1));
    }

    #[test]
    fn a_question_takes_no_more_memory_than_it_may() {
        let asker = Asker::default();
        assert_eq!(asker.take(MEMORY_MAX), Ok(()));
        assert_eq!(asker.take(1), Err(EngineError::TooLarge));
        asker.give_back(2);
        assert_eq!(asker.take(1), Ok(()));
    }
}
