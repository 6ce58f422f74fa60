//! Events of equal time: which of them stand for which steps.
//!
//! Their order is not known, so they count in whichever order leads deepest. An attempt takes steps that follow each other,
//! each by an event of its own.

use super::matching::find_event;

/// A matching of steps to events of one time. Its memory is used again for each time.
#[derive(Debug, Default)]
pub(super) struct Ties {
    /// The steps that each event matches.
    events: Vec<u32>,
    /// The step that each event stands for.
    stands_for: Vec<Option<usize>>,
    /// By step, how many events match it.
    candidates: Vec<usize>,
}

impl Ties {
    /// Starts without events, for a funnel of so many steps.
    pub(super) fn clear(&mut self, steps: usize) {
        self.events.clear();
        self.stands_for.clear();
        self.candidates.clear();
        self.candidates.resize(steps, 0);
    }

    /// Adds an event by the steps it matches. One whose every step has as many candidates as there are steps is left out:
    /// such a step finds a free one always. So at most the square of the steps is kept, however many events there are.
    pub(super) fn add(&mut self, matched: u32) {
        let enough = self.candidates.len();
        let own = |step: &usize| matched >> step & 1 == 1;
        if (0..enough).filter(own).all(|step| self.candidates[step] >= enough) {
            return;
        }
        for step in (0..enough).filter(own) {
            self.candidates[step] += 1;
        }
        self.events.push(matched);
        self.stands_for.push(None);
    }

    /// Finds an event for a step, moving other steps to other events where that makes room. Returns whether there is one;
    /// if not, nothing has changed.
    pub(super) fn place(&mut self, step: usize) -> bool {
        let Self { events, stands_for, .. } = self;
        find_event(step, &|event| events[event], stands_for, &mut 0)
    }

    /// Frees all events.
    pub(super) fn free_all(&mut self) {
        self.stands_for.fill(None);
    }

    /// Frees the event of a step.
    pub(super) fn free(&mut self, step: usize) {
        if let Some(taken) = self.stands_for.iter_mut().find(|taken| **taken == Some(step)) {
            *taken = None;
        }
    }
}
