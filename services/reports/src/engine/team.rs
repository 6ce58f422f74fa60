//! Several threads at one question.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::EngineError;

/// The most threads that compute one answer.
const THREADS_MAX: usize = 8;
/// How many rows a thread should have to look at to be worth its start.
const ROWS_PER_THREAD: usize = 65_536;

/// Returns how many threads look at so many rows.
pub(super) fn size(rows: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    (rows / ROWS_PER_THREAD).clamp(1, cores.min(THREADS_MAX))
}

/// Does all tasks, each once, on as many threads as so many rows are worth. Each thread has a state made by `start`; all of
/// them are returned, at least one.
///
/// # Errors
/// That of the first task that fails; further ones are then not begun.
pub(super) fn work<S: Send>(
    rows: usize,
    tasks: usize,
    start: impl Fn() -> S + Sync,
    task: impl Fn(&mut S, usize) -> Result<(), EngineError> + Sync,
) -> Result<Vec<S>, EngineError> {
    let states = (0..size(rows).min(tasks.max(1))).map(|_| start()).collect();
    work_with(states, tasks, task)
}

/// Likewise, with the states of an earlier round, one for each thread.
///
/// # Errors
/// As [`work`].
pub(super) fn work_with<S: Send>(
    mut states: Vec<S>,
    tasks: usize,
    task: impl Fn(&mut S, usize) -> Result<(), EngineError> + Sync,
) -> Result<Vec<S>, EngineError> {
    let next = AtomicUsize::new(0);
    let run = |state: &mut S| {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= tasks {
                return Ok(());
            }
            if let Err(error) = task(state, at) {
                next.store(tasks, Ordering::Relaxed);
                return Err(error);
            }
        }
    };
    let (first, others) = states.split_first_mut().expect("at least one thread works");
    std::thread::scope(|scope| {
        let others: Vec<_> = others.iter_mut().map(|state| scope.spawn(|| run(state))).collect();
        let own = run(first);
        // A panic of one of them goes on here, where it is caught for all questions.
        let all = others
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        all.fold(own, Result::and)
    })?;
    Ok(states)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_done_once() {
        let states = vec![0_usize; 3];
        let sums = work_with(states, 100, |sum, task| {
            *sum += task;
            Ok(())
        });
        assert_eq!(sums.map(|sums| sums.iter().sum::<usize>()), Ok(4_950));
    }

    #[test]
    fn no_task_is_begun_after_one_failed() {
        let states = vec![0_usize; 1];
        let failed = work_with(states, 100, |done, _| {
            *done += 1;
            if *done == 3 { Err(EngineError::Abandoned) } else { Ok(()) }
        });
        assert_eq!(failed, Err(EngineError::Abandoned));
    }
}
