//! One person's way through a funnel.

use super::fold::StepEvent;
use super::ties::Ties;
use crate::query::Range;

/// Finds the best attempt of a person. Its memory is used again for each person.
///
/// For each step it keeps the attempt that reached it last, as the time of its first step. An event reaches a step if an
/// attempt stands at the step before and is not older than the window. A later first step so begins a fresh attempt,
/// while the deeper ones go on. Events of equal time count in whichever order leads deepest.
#[derive(Debug)]
pub struct Attempts {
    steps: usize,
    window_ms: i64,
    starts: Range,
    /// By step, when the attempt that stands there began.
    began_ms: Vec<Option<i64>>,
    /// By step, the times of the steps of the attempt that stands there: `steps` places each.
    times_ms: Vec<i64>,
    best_ms: Vec<i64>,
    ties: Ties,
}

impl Attempts {
    /// Prepares for a funnel of so many steps, at most 32.
    #[must_use]
    pub fn new(steps: usize, window_ms: i64) -> Self {
        Self {
            steps,
            window_ms,
            starts: Range::ALWAYS,
            began_ms: vec![None; steps],
            times_ms: vec![0; steps * steps],
            best_ms: Vec::with_capacity(steps),
            ties: Ties::default(),
        }
    }

    /// Returns the times of the steps that the person's best attempt took; none if there was no first step.
    ///
    /// `events` are one person's, sorted by time; the first step is taken inside a range. `deepest` is how many steps they can
    /// take at most: once that many were taken the rest is not looked at.
    pub fn best(&mut self, events: &[StepEvent], starts: Range, deepest: usize) -> &[i64] {
        self.starts = starts;
        self.began_ms.fill(None);
        self.best_ms.clear();
        // Nothing counts before a first step.
        let Some(begin) = events.iter().position(|event| event.steps & 1 == 1) else {
            return &self.best_ms;
        };
        // One that shares the time of the first step may come after it.
        let begin = events[..begin]
            .iter()
            .rposition(|event| event.time_ms != events[begin].time_ms)
            .map_or(0, |last| last + 1);
        let mut rest = &events[begin..];
        while let [event, after @ ..] = rest {
            let is_same_time = |next: &StepEvent| next.time_ms == event.time_ms;
            if after.first().is_some_and(is_same_time) {
                let end = rest.iter().position(|next| !is_same_time(next)).unwrap_or(rest.len());
                self.ties.clear(self.steps);
                rest[..end].iter().for_each(|event| self.ties.add(event.steps));
                self.take_together(event.time_ms);
                rest = &rest[end..];
            } else {
                self.take(*event);
                rest = after;
            }
            if self.best_ms.len() >= deepest {
                break;
            }
        }
        &self.best_ms
    }

    fn take(&mut self, event: StepEvent) {
        let mut rest = event.steps;
        // From the last step to the first, so that one event cannot take two steps that follow each other.
        while rest != 0 {
            let step = rest.ilog2() as usize;
            rest &= !(1 << step);
            self.reach(step, event.time_ms);
        }
    }

    /// Takes the events in [`Self::ties`].
    fn take_together(&mut self, time_ms: i64) {
        let mut deepest = 0;
        let mut end = self.steps;
        // From the last step to the first: the attempts at the steps before are still as they were before this time, and
        // where two attempts come as far, the later one takes the place.
        for step in (0..self.steps).rev() {
            // Now the steps after this one and before the end have an event each.
            while !self.ties.place(step) {
                end -= 1;
                if end == step {
                    break;
                }
                self.ties.free(end);
            }
            let Some(began) = self.began_before(step, time_ms) else { continue };
            for to in step..end {
                self.carry(step, to, began, time_ms);
                deepest = deepest.max(to + 1);
            }
        }
        self.note_best(deepest);
    }

    /// Returns when the attempt began that an event can bring to the step.
    fn began_before(&self, step: usize, time_ms: i64) -> Option<i64> {
        let began = match step.checked_sub(1) {
            None => Some(time_ms).filter(|time_ms| self.starts.contains(*time_ms)),
            Some(previous) => self.began_ms[previous],
        };
        began.filter(|began| time_ms - began <= self.window_ms)
    }

    /// Brings the attempt that stands before `from` to the step `to`, all steps between at this time.
    fn carry(&mut self, from: usize, to: usize, began: i64, time_ms: i64) {
        // The same attempt is here already: its first time counts.
        if self.began_ms[to] == Some(began) {
            return;
        }
        self.began_ms[to] = Some(began);
        let here = to * self.steps;
        if let Some(previous) = from.checked_sub(1) {
            let before = previous * self.steps;
            self.times_ms.copy_within(before..before + from, here);
        }
        self.times_ms[here + from..=here + to].fill(time_ms);
    }

    /// Keeps the attempt that has taken so many steps if it is deeper than all before.
    fn note_best(&mut self, taken: usize) {
        if taken > self.best_ms.len() {
            let here = (taken - 1) * self.steps;
            self.best_ms.clear();
            self.best_ms.extend_from_slice(&self.times_ms[here..here + taken]);
        }
    }

    fn reach(&mut self, step: usize, time_ms: i64) {
        // Most events are first steps, which only begin an attempt.
        if step == 0 {
            if self.starts.contains(time_ms) {
                self.began_ms[0] = Some(time_ms);
                self.times_ms[0] = time_ms;
                if self.best_ms.is_empty() {
                    self.best_ms.push(time_ms);
                }
            }
            return;
        }
        if let Some(began) = self.began_before(step, time_ms) {
            self.carry(step, step, began, time_ms);
            self.note_best(step + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(steps: usize, window_ms: i64, events: &[(i64, u32)]) -> Vec<i64> {
        let mut events: Vec<_> = events
            .iter()
            .map(|(time_ms, steps)| StepEvent { time_ms: *time_ms, steps: *steps, exclusions: 0 })
            .collect();
        events.sort_by_key(|event| event.time_ms);
        Attempts::new(steps, window_ms).best(&events, Range::ALWAYS, steps).to_vec()
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

    #[test]
    fn events_of_equal_time_count_in_the_order_that_leads_deepest() {
        // Any event, then "b", then any event: c, b, c.
        let (c, b) = (A | C, A | B | C);
        assert_eq!(best(3, 100, &[(1, c), (1, b), (1, c)]), [1, 1, 1]);
        assert_eq!(best(3, 100, &[(1, c), (1, b)]), [1, 1]);
        assert_eq!(best(3, 100, &[(0, A), (1, c), (1, b)]), [0, 1, 1]);
        assert_eq!(best(3, 0, &[(0, A), (1, c), (1, b)]), [1, 1]);
        assert_eq!(best(3, 100, &[(1, A | B), (1, A), (2, C)]), [1, 1, 2]);
    }

    #[test]
    fn a_thousand_events_of_one_time_take_every_step() {
        let all = (1 << 20) - 1;
        let events: Vec<_> =
            (0..1_000).map(|n| (1, if n == 999 { 1 << 19 } else { all })).collect();
        assert_eq!(best(20, 100, &events), [1; 20]);
        assert_eq!(best(20, 100, &events[..19]).len(), 19);
    }
}
