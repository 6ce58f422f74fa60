//! One person's way through a funnel.

/// An event that matches at least one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepEvent {
    /// When it happened, in milliseconds.
    pub time_ms: i64,
    /// When it arrived, in microseconds; orders events of equal time and equal steps.
    pub arrival: i64,
    /// The steps it matches, step `i` as bit `i`. Never 0.
    pub steps: u32,
}

impl StepEvent {
    /// Returns what events are ordered by: time; at equal times the steps, so that an event for an earlier step counts as
    /// the earlier one; then arrival.
    #[must_use]
    pub fn order(&self) -> (i64, u32, u32, i64) {
        (self.time_ms, self.steps.trailing_zeros(), self.steps, self.arrival)
    }
}

/// Finds the best attempt of a person. Its memory is used again for each person.
///
/// For each step it keeps the attempt that reached it last, as the time of its first step. An event reaches a step if an
/// attempt stands at the step before and is not older than the window. A later first step so begins a fresh attempt,
/// while the deeper ones go on.
#[derive(Debug)]
pub struct Attempts {
    steps: usize,
    window_ms: i64,
    /// By step, when the attempt that stands there began.
    began_ms: Vec<Option<i64>>,
    /// By step, the times of the steps of the attempt that stands there: `steps` places each.
    times_ms: Vec<i64>,
    best_ms: Vec<i64>,
}

impl Attempts {
    /// Prepares for a funnel of so many steps, at most 32.
    #[must_use]
    pub fn new(steps: usize, window_ms: i64) -> Self {
        Self {
            steps,
            window_ms,
            began_ms: vec![None; steps],
            times_ms: vec![0; steps * steps],
            best_ms: Vec::with_capacity(steps),
        }
    }

    /// Returns the times of the steps that the person's best attempt took; none if there was no first step.
    ///
    /// `events` are one person's, sorted by [`StepEvent::order`].
    pub fn best(&mut self, events: impl IntoIterator<Item = StepEvent>) -> &[i64] {
        self.began_ms.fill(None);
        self.best_ms.clear();
        for event in events {
            let mut rest = event.steps;
            // From the last step to the first, so that one event cannot take two steps that follow each other.
            while rest != 0 {
                let step = rest.ilog2() as usize;
                rest &= !(1 << step);
                self.reach(step, event.time_ms);
            }
            if self.best_ms.len() == self.steps {
                break;
            }
        }
        &self.best_ms
    }

    fn reach(&mut self, step: usize, time_ms: i64) {
        let began = match step.checked_sub(1) {
            None => Some(time_ms),
            Some(previous) => self.began_ms[previous],
        };
        let Some(began) = began else { return };
        // The same attempt is here already: its first time counts.
        if time_ms - began > self.window_ms || self.began_ms[step] == Some(began) {
            return;
        }
        self.began_ms[step] = Some(began);
        let here = step * self.steps;
        if step > 0 {
            let before = here - self.steps;
            self.times_ms.copy_within(before..before + step, here);
        }
        self.times_ms[here + step] = time_ms;
        if step >= self.best_ms.len() {
            self.best_ms.clear();
            self.best_ms.extend_from_slice(&self.times_ms[here..=here + step]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(steps: usize, window_ms: i64, events: &[(i64, u32)]) -> Vec<i64> {
        let mut events: Vec<_> = (0..)
            .zip(events)
            .map(|(arrival, (time_ms, steps))| StepEvent {
                time_ms: *time_ms,
                arrival,
                steps: *steps,
            })
            .collect();
        events.sort_unstable_by_key(StepEvent::order);
        Attempts::new(steps, window_ms).best(events).to_vec()
    }

    const A: u32 = 0b001;
    const B: u32 = 0b010;
    const C: u32 = 0b100;

    #[test]
    fn steps_count_only_in_order() {
        assert_eq!(best(3, 100, &[(1, A), (2, B), (3, C)]), [1, 2, 3]);
        assert_eq!(best(3, 100, &[(1, C), (2, B), (3, A)]), [3]);
        assert_eq!(best(3, 100, &[(1, B), (2, C)]), [0_i64; 0]);
    }

    #[test]
    fn the_window_is_measured_from_the_first_step_and_inclusive() {
        assert_eq!(best(3, 10, &[(0, A), (6, B), (10, C)]), [0, 6, 10]);
        assert_eq!(best(3, 10, &[(0, A), (6, B), (11, C)]), [0, 6]);
    }

    #[test]
    fn a_later_first_step_begins_a_fresh_attempt_and_deeper_progress_is_kept() {
        assert_eq!(best(3, 10, &[(0, A), (8, A), (9, B), (18, C)]), [8, 9, 18]);
        assert_eq!(best(3, 10, &[(0, A), (5, B), (8, A), (10, C)]), [0, 5, 10]);
    }

    #[test]
    fn the_first_of_the_best_attempts_wins() {
        assert_eq!(best(2, 10, &[(0, A), (4, B), (20, A), (21, B)]), [0, 4]);
        assert_eq!(best(3, 10, &[(0, A), (4, B), (20, A), (21, B)]), [0, 4]);
        assert_eq!(best(3, 10, &[(0, A), (4, B), (5, B), (6, C)]), [0, 4, 6]);
    }

    #[test]
    fn one_event_cannot_take_two_steps_that_follow_each_other() {
        let ab = A | B;
        assert_eq!(best(2, 10, &[(0, ab)]), [0]);
        assert_eq!(best(2, 10, &[(0, ab), (3, ab)]), [0, 3]);
    }

    #[test]
    fn at_equal_times_the_earlier_step_counts_as_earlier() {
        assert_eq!(best(2, 10, &[(5, B), (5, A)]), [5, 5]);
        assert_eq!(best(2, 10, &[(5, A | B), (5, A)]), [5, 5]);
        assert_eq!(best(2, 0, &[(5, B), (5, A | B)]), [5, 5]);
    }
}
