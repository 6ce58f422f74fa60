//! Steps in order with optional ones, exclusions, or one right after the other.
//!
//! An attempt is a chain of different events, each for a later step than the one before, from the first step on; what it
//! leaves out between is optional. Of the chains that end with the same step at the same time, the one that was not
//! interrupted is looked at, of those the one that began last, of those the one that took most steps, then the one that
//! took the earlier ones. The best attempt of a unit came deepest; of those, one that is not interrupted; of those, the one
//! that came there first. An attempt is interrupted by an exclusion that happens while it stands on a step that the
//! exclusion covers, within its window. At equal times exclusions come first.

mod chain;

use chain::{Attempt, Standing, keep_better, settle};

use super::fold::{Outcome, StepEvent, Way};
use super::ties::Ties;
use super::{FunnelQuery, Order};
use crate::query::Range;

/// Finds the best attempt. Its memory is used again for each unit.
#[derive(Debug)]
pub struct Guarded {
    steps: usize,
    window_ms: i64,
    is_strict: bool,
    /// The steps that may be left out.
    optional: u32,
    /// By exclusion, the steps on which an attempt that stands there is interrupted.
    covered: Vec<u32>,
    ties: Ties,
    /// Chains whether interrupted or not. They say how deep the unit came.
    all: Standing,
    /// Chains that were not interrupted; not kept without exclusions.
    clean: Standing,
    /// What the events of one time bring; used again for each.
    arrived: Standing,
    /// How deep the unit came.
    depth: usize,
    /// Clean attempts of that depth that may be interrupted yet, in the order in which they came there, each of which began
    /// earlier than those before it, so that its window ends earlier.
    waiting: Vec<Attempt>,
    /// The first one that cannot be.
    safe: Option<Attempt>,
    best_ms: Vec<i64>,
}

impl Guarded {
    /// Prepares for a funnel.
    pub(super) fn new(query: &FunnelQuery) -> Self {
        let covered = |after: usize, before: usize| (1_u32 << before) - (1 << after);
        Self {
            steps: query.steps.len(),
            window_ms: query.window_ms,
            is_strict: query.order == Order::Strict,
            optional: query.optional(),
            covered: query.exclusions.iter().map(|one| covered(one.after, one.before)).collect(),
            ties: Ties::default(),
            all: vec![None; query.steps.len()],
            clean: vec![None; query.steps.len()],
            arrived: vec![None; query.steps.len()],
            depth: 0,
            waiting: Vec::new(),
            safe: None,
            best_ms: Vec::with_capacity(query.steps.len()),
        }
    }

    /// Finds the best attempt among a unit's events, sorted by time, that begins inside a range.
    pub(super) fn best(&mut self, events: &[StepEvent], starts: Range) -> Outcome<'_> {
        self.all.iter_mut().chain(&mut self.clean).for_each(|one| *one = None);
        self.depth = 0;
        self.waiting.clear();
        self.safe = None;
        for group in events.chunk_by(|a, b| a.time_ms == b.time_ms) {
            self.take(group, starts);
            let is_clean = self.safe.is_some() || !self.waiting.is_empty();
            // Nothing comes after the last step, and nothing can interrupt who took it.
            if self.depth == self.steps && is_clean {
                break;
            }
        }
        if self.depth == 0 {
            return Outcome::Outside;
        }
        let first_waiting = || self.waiting.first().copied();
        let Some(best) = self.safe.or_else(first_waiting) else {
            return Outcome::Interrupted(self.depth);
        };
        self.best_ms.clear();
        let taken = (0..self.steps).filter(|step| best.taken >> step & 1 == 1);
        self.best_ms.extend(taken.map(|step| best.times_ms[step]));
        Outcome::Way(Way { taken: best.taken, times_ms: &self.best_ms })
    }

    /// Takes the events of one time.
    fn take(&mut self, group: &[StepEvent], starts: Range) {
        let time_ms = group[0].time_ms;
        let excluded = group.iter().fold(0, |set, event| set | event.exclusions);
        if excluded != 0 {
            self.interrupt(excluded, time_ms);
        }
        // The steps on which an attempt goes on to stand whatever these events are.
        let kept = if self.is_strict {
            group.iter().fold(u32::MAX, |set, event| set & event.steps)
        } else {
            u32::MAX
        };
        if self.depth > 0 && kept >> (self.depth - 1) & 1 == 0 {
            // They have ended, so nothing interrupts them any more.
            self.rest();
        }
        if group.iter().all(|event| event.steps == 0) {
            if kept == 0 {
                self.all.iter_mut().chain(&mut self.clean).for_each(|one| *one = None);
            }
            return;
        }
        let mut arrived = std::mem::take(&mut self.arrived);
        let mut standing = std::mem::take(&mut self.all);
        self.arrivals(&standing, group, starts, &mut arrived);
        settle(&mut standing, &arrived, kept);
        self.all = standing;
        let deepest = (0..self.steps).rev().find(|step| arrived[*step].is_some());
        let deepest = deepest.map_or(0, |step| step + 1);
        if deepest > self.depth {
            self.depth = deepest;
            self.waiting.clear();
            self.safe = None;
        }
        if !self.covered.is_empty() {
            let mut standing = std::mem::take(&mut self.clean);
            self.arrivals(&standing, group, starts, &mut arrived);
            settle(&mut standing, &arrived, kept);
            self.clean = standing;
        }
        if let Some(attempt) = self.depth.checked_sub(1).and_then(|step| arrived[step]) {
            let last = self.waiting.last();
            if last.is_none_or(|last| attempt.began_ms < last.began_ms) {
                self.waiting.push(attempt);
            }
        }
        self.arrived = arrived;
    }

    /// Ends the chains that exclusions interrupt.
    fn interrupt(&mut self, exclusions: u32, time_ms: i64) {
        let covered = self.covered.iter().enumerate();
        let covered = covered.filter(|(index, _)| exclusions >> index & 1 == 1);
        let covered = covered.fold(0, |set, (_, steps)| set | steps);
        for (step, standing) in self.clean.iter_mut().enumerate() {
            // One whose window is over goes nowhere either.
            if covered >> step & 1 == 1 {
                *standing = None;
            }
        }
        if self.depth > 0 && covered >> (self.depth - 1) & 1 == 1 {
            let window_ms = self.window_ms;
            self.waiting.retain(|attempt| time_ms - attempt.began_ms > window_ms);
            self.rest();
        }
    }

    /// Notes that nothing interrupts those that wait.
    fn rest(&mut self) {
        let first = self.waiting.first().copied();
        self.safe = self.safe.or(first);
        self.waiting.clear();
    }

    /// Finds the chains that end with these events, by their last step, the one that is looked at.
    fn arrivals(
        &mut self,
        standing: &Standing,
        group: &[StepEvent],
        starts: Range,
        arrived: &mut Standing,
    ) {
        let time_ms = group[0].time_ms;
        for one in arrived.iter_mut() {
            *one = None;
        }
        let begins = starts.contains(time_ms);
        if let [event] = group {
            if begins && event.steps & 1 == 1 {
                arrived[0] = Some(Attempt::none(time_ms).take(0, time_ms));
            }
            for step in (1..self.steps).filter(|step| event.steps >> step & 1 == 1) {
                let from = self.before(standing, step, time_ms);
                arrived[step] = from.map(|attempt| attempt.take(step, time_ms));
            }
            return;
        }
        self.ties.clear(self.steps);
        for event in group {
            self.ties.add(event.steps);
        }
        if begins {
            self.carry(Attempt::none(time_ms), 0, time_ms, arrived);
        }
        for (step, stands) in standing.iter().enumerate().take(self.steps) {
            if let Some(attempt) = stands.filter(|one| self.reaches(one, time_ms)) {
                self.carry(attempt, step + 1, time_ms, arrived);
            }
        }
    }

    fn reaches(&self, attempt: &Attempt, time_ms: i64) -> bool {
        time_ms - attempt.began_ms <= self.window_ms
    }

    fn is_optional(&self, step: usize) -> bool {
        self.optional >> step & 1 == 1
    }

    /// Returns the chain that an event can bring to a step which is not the first.
    fn before<'s>(&self, standing: &'s Standing, step: usize, time_ms: i64) -> Option<&'s Attempt> {
        let mut best: Option<&Attempt> = None;
        for from in (0..step).rev() {
            let attempt = standing[from].as_ref().filter(|one| self.reaches(one, time_ms));
            best = match (best, attempt) {
                (Some(best), Some(other)) if other.rank() <= best.rank() => Some(best),
                (best, other) => other.or(best),
            };
            if !self.is_optional(from) {
                break;
            }
        }
        best
    }

    /// Brings a chain that stands before the step `from` as far as events of one time go.
    fn carry(&mut self, attempt: Attempt, from: usize, time_ms: i64, arrived: &mut Standing) {
        self.ties.free_all();
        // The optional steps that were passed over.
        let mut passed = 0_u32;
        // The required steps that were taken.
        let mut carried = attempt;
        for (step, arrives) in arrived.iter_mut().enumerate().take(self.steps).skip(from) {
            if self.ties.place(step) {
                let mut here = carried.take(step, time_ms);
                // Whatever else can be taken on the way is taken, the earlier steps first.
                let mut extra = 0_u32;
                for other in (from..step).filter(|other| passed >> other & 1 == 1) {
                    if self.ties.place(other) {
                        extra |= 1 << other;
                        here = here.take(other, time_ms);
                    }
                }
                keep_better(arrives, &here);
                for other in (from..step).filter(|other| extra >> other & 1 == 1) {
                    self.ties.free(other);
                }
                if self.is_optional(step) {
                    self.ties.free(step);
                } else {
                    carried = carried.take(step, time_ms);
                }
            } else if !self.is_optional(step) {
                break;
            }
            if self.is_optional(step) {
                passed |= 1 << step;
            }
        }
    }
}
