//! Who computes: how many questions at once, how long the others wait, and when one is given up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::EngineError;

/// How many questions are computed at once; more wait. Each takes a core and memory in proportion to the rows it hits.
const MAX_CONCURRENT: usize = 4;
/// How long a question waits for its turn before it is refused.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Places to compute in, beside the tasks that serve requests. Copies share the places.
#[derive(Clone, Debug)]
pub struct Slots {
    permits: Arc<Semaphore>,
    wait_max: Duration,
}

impl Default for Slots {
    fn default() -> Self {
        Self::new(MAX_CONCURRENT, WAIT_MAX)
    }
}

impl Slots {
    pub(super) fn new(places: usize, wait_max: Duration) -> Self {
        Self { permits: Arc::new(Semaphore::new(places)), wait_max }
    }

    /// Computes when there is a place. If the future is dropped, the work is told through [`Asker`].
    ///
    /// # Errors
    /// `Busy` if there was no place in time, `Broken` if the work panics, and what it returns.
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Asker) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let permit = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout(self.wait_max, permit).await;
        let permit = permit.map_err(|_| EngineError::Busy)?;
        let asker = Asker::default();
        let _gone = SetOnDrop(Arc::clone(&asker.has_gone));
        let computed = tokio::task::spawn_blocking(move || {
            // Held until the work has ended, which is a little after the caller has gone away.
            let _permit = permit;
            work(&asker)
        });
        computed.await.map_err(|error| EngineError::Broken(error.to_string()))?
    }
}

/// Whoever waits for an answer.
#[derive(Debug, Default)]
pub struct Asker {
    /// Whether to stop.
    has_gone: Arc<AtomicBool>,
    /// Why, if not because nobody waits.
    given_up: OnceLock<EngineError>,
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

    use super::*;

    #[tokio::test]
    async fn a_question_without_a_place_is_refused_in_time() {
        let slots = Slots::new(1, Duration::from_millis(50));
        let held = Arc::clone(&slots.permits).acquire_owned().await.expect("never closed");
        let refused = slots.compute(|_| Ok(1)).await;
        assert_eq!(refused, Err(EngineError::Busy));
        drop(held);
        assert_eq!(slots.compute(|_| Ok(1)).await, Ok(1));
    }

    #[tokio::test]
    async fn work_ends_when_its_caller_goes_away() {
        let slots = Slots::new(1, Duration::from_secs(20));
        let (began, has_begun) = mpsc::sync_channel(1);
        let endless = slots.compute(move |asker| -> Result<(), _> {
            began.send(()).expect("the test waits");
            loop {
                asker.check()?;
                std::thread::yield_now();
            }
        });
        let mut endless = Box::pin(endless);
        while has_begun.try_recv().is_err() {
            let _ = tokio::time::timeout(Duration::from_millis(1), &mut endless).await;
        }
        drop(endless);
        assert_eq!(slots.compute(|_| Ok(1)).await, Ok(1), "the place is free again");
    }
}
