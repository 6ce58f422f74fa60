//! Steps in any order.
//!
//! An attempt is a set of different events within the window, each for a step of its own. The best one has most steps; of
//! those, it is complete first; of those, its events are the latest.

use std::collections::VecDeque;

use super::STEPS_MAX;
use super::fold::StepEvent;
use super::matching::find_step;
use crate::query::Range;

/// Finds the best attempt. Its memory is used again for each unit.
#[derive(Debug)]
pub struct AnyOrder {
    steps: usize,
    window_ms: i64,
    /// The events that may still be of use, the latest last.
    recent: VecDeque<StepEvent>,
    /// By step, when it was matched last.
    last_ms: [Option<i64>; STEPS_MAX],
    best_ms: Vec<i64>,
    /// Whether no event matches several steps, so that the last one of each step stands for it.
    is_simple: bool,
}

impl AnyOrder {
    /// Prepares for a funnel of so many steps.
    pub(super) fn new(steps: usize, window_ms: i64) -> Self {
        Self {
            steps,
            window_ms,
            recent: VecDeque::new(),
            last_ms: [None; STEPS_MAX],
            best_ms: Vec::with_capacity(steps),
            is_simple: false,
        }
    }

    /// Returns the times of the steps of the best attempt among a unit's events, sorted by time, that begins inside a range.
    pub(super) fn best(&mut self, events: &[StepEvent], starts: Range) -> &[i64] {
        self.recent.clear();
        self.last_ms = [None; STEPS_MAX];
        self.best_ms.clear();
        self.is_simple = events.iter().all(|event| event.steps & event.steps.wrapping_sub(1) == 0);
        // The last event that an attempt can begin with.
        let mut began_ms = None;
        for group in events.chunk_by(|a, b| a.time_ms == b.time_ms) {
            let time_ms = group[0].time_ms;
            if time_ms < starts.start_ms {
                continue;
            }
            for event in group.iter().filter(|event| event.steps != 0) {
                if starts.contains(time_ms) {
                    began_ms = Some(time_ms);
                }
                self.add(*event);
            }
            // Each step that is matched by some event can be had with one that began in the range, if there is one: any
            // event can be part of a largest set.
            if began_ms.is_some_and(|began| time_ms - began <= self.window_ms) {
                self.look(time_ms);
            }
            if self.best_ms.len() == self.steps {
                break;
            }
        }
        &self.best_ms
    }

    fn add(&mut self, event: StepEvent) {
        for step in 0..self.steps {
            if event.steps >> step & 1 == 1 {
                self.last_ms[step] = Some(event.time_ms);
            }
        }
        if self.is_simple {
            return;
        }
        self.recent.push_back(event);
        // Kept small now and then; how often changes nothing.
        if self.recent.len() > 2 * self.steps * self.steps {
            self.forget(event.time_ms);
        }
    }

    /// Drops events that cannot be of use: outside the window, or each step has as many later ones as there are steps.
    fn forget(&mut self, time_ms: i64) {
        let (steps, window_ms) = (self.steps, self.window_ms);
        let mut later = [0_usize; STEPS_MAX];
        let mut kept: Vec<StepEvent> = Vec::with_capacity(steps * steps);
        for event in self.recent.iter().rev() {
            let mut own = (0..steps).filter(|step| event.steps >> step & 1 == 1);
            if time_ms - event.time_ms > window_ms || own.all(|step| later[step] >= steps) {
                continue;
            }
            for (step, later) in later.iter_mut().enumerate().take(steps) {
                *later += usize::from(event.steps >> step & 1 == 1);
            }
            kept.push(*event);
        }
        self.recent.clear();
        self.recent.extend(kept.into_iter().rev());
    }

    /// Looks for a better attempt that is complete now.
    fn look(&mut self, time_ms: i64) {
        let fresh =
            |last: &&Option<i64>| last.is_some_and(|last: i64| time_ms - last <= self.window_ms);
        let bound = self.last_ms[..self.steps].iter().filter(fresh).count();
        if bound <= self.best_ms.len() {
            return;
        }
        if self.is_simple {
            self.best_ms.clear();
            let window_ms = self.window_ms;
            let fresh = self.last_ms[..self.steps].iter().flatten();
            self.best_ms.extend(fresh.filter(|last| time_ms - **last <= window_ms));
            self.best_ms.sort_unstable();
            return;
        }
        self.forget(time_ms);
        // The latest events that can stand for different steps: each is taken if the others can make room.
        let mut owners = [None; STEPS_MAX];
        let owners = &mut owners[..self.steps];
        let mut times_ms = Vec::with_capacity(bound);
        for at in (0..self.recent.len()).rev() {
            if times_ms.len() == bound {
                break;
            }
            if find_step(at, &|event| self.recent[event].steps, owners, &mut 0) {
                times_ms.push(self.recent[at].time_ms);
            }
        }
        if times_ms.len() > self.best_ms.len() {
            times_ms.reverse();
            self.best_ms = times_ms;
        }
    }
}
