//! Events of equal time: which of them stand for which steps.
//!
//! Their order is not known, so they count in whichever order leads deepest. An attempt takes steps that follow each other,
//! each by an event of its own; whether it can is a matching of steps to events, which is found exactly.

/// A matching of steps to events of one time. Its memory is used again for each time.
#[derive(Debug, Default)]
pub(super) struct Ties {
    /// The steps that each event matches, and the step it stands for.
    events: Vec<(u32, Option<usize>)>,
    /// By step, how many events match it.
    candidates: Vec<usize>,
}

impl Ties {
    /// Starts without events, for a funnel of so many steps.
    pub(super) fn clear(&mut self, steps: usize) {
        self.events.clear();
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
        self.events.push((matched, None));
    }

    /// Finds an event for a step, moving other steps to other events where that makes room. Returns whether there is one;
    /// if not, nothing has changed.
    pub(super) fn place(&mut self, step: usize) -> bool {
        self.place_beside(step, &mut 0)
    }

    /// `tried` are the steps that are being moved, or could not be.
    fn place_beside(&mut self, step: usize, tried: &mut u32) -> bool {
        *tried |= 1 << step;
        for at in 0..self.events.len() {
            let (matched, stands_for) = self.events[at];
            let is_free = matched >> step & 1 == 1
                && stands_for.is_none_or(|other| {
                    *tried >> other & 1 == 0 && self.place_beside(other, tried)
                });
            if is_free {
                self.events[at].1 = Some(step);
                return true;
            }
        }
        false
    }

    /// Frees all events.
    pub(super) fn free_all(&mut self) {
        self.events.iter_mut().for_each(|event| event.1 = None);
    }

    /// Frees the event of a step.
    pub(super) fn free(&mut self, step: usize) {
        if let Some(event) = self.events.iter_mut().find(|event| event.1 == Some(step)) {
            event.1 = None;
        }
    }
}
