//! Funnels: how many persons went through steps.

mod any_order;
pub mod attempts;
pub mod explain;
pub mod fold;
mod guarded;
mod histogram;
mod matching;
pub mod tally;
mod ties;

use crate::hints::{Hint, Names};
use crate::query::{Breakdown, CountedBy, Filter, Range, Selector};
use crate::trends::buckets::Buckets;

pub use fold::{Fold, Outcome, StepEvent, Way};
pub use histogram::TimeBucket;

/// The most steps of a funnel.
pub const STEPS_MAX: usize = 20;
/// The most exclusions of a funnel.
pub const EXCLUSIONS_MAX: usize = 10;

/// The question.
#[derive(Clone, Debug)]
pub struct FunnelQuery {
    /// Only events inside count.
    pub range: Range,
    /// 2-20 steps.
    pub steps: Vec<Step>,
    /// All steps happen within this time of the first, inclusive, in milliseconds.
    pub window_ms: i64,
    /// What may happen between steps.
    pub order: Order,
    /// What must not happen between steps; none with [`Order::Any`].
    pub exclusions: Vec<Exclusion>,
    /// Splits the persons.
    pub breakdown: Option<Breakdown>,
    /// Applies to every step and exclusion.
    pub filter: Filter,
    /// Whose ways are counted.
    pub counted_by: CountedBy,
}

/// What may happen between steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Anything.
    Ordered,
    /// Nothing but the step that was just taken, again.
    Strict,
    /// The steps happen in any order.
    Any,
}

/// What must happen.
#[derive(Clone, Debug)]
pub struct Step {
    /// The event's name; any event if `None`.
    pub event: Option<String>,
    /// Applies to this step.
    pub filter: Filter,
    /// Whether the steps after it can be reached without it. Never the first step, and none with [`Order::Any`].
    pub optional: bool,
}

/// What must not happen.
#[derive(Clone, Debug)]
pub struct Exclusion {
    /// Which events.
    pub selector: Selector,
    /// The step, from 0, after which it must not happen.
    pub after: usize,
    /// The step, from 0, before which it must not happen; later than `after`.
    pub before: usize,
}

impl FunnelQuery {
    /// Returns the names that it asks for.
    #[must_use]
    pub fn names(&self) -> Names {
        let mut names = Names::new();
        for step in &self.steps {
            names.event(step.event.as_deref());
            names.filter(&step.filter);
        }
        for exclusion in &self.exclusions {
            names.event(exclusion.selector.event.as_deref());
            names.filter(&exclusion.selector.filter);
        }
        names.filter(&self.filter);
        names.breakdown(self.breakdown.as_ref());
        names
    }

    /// The steps that may be left out, step `i` as bit `i`.
    #[must_use]
    pub fn optional(&self) -> u32 {
        let steps = self.steps.iter().enumerate();
        steps.fold(0, |set, (index, step)| set | u32::from(step.optional) << index)
    }

    /// The last required step before this one: the one that it can be reached from at the least. For the first step, itself.
    #[must_use]
    pub fn required_before(&self, step: usize) -> usize {
        (0..step).rev().find(|before| !self.steps[*before].optional).unwrap_or(0)
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct FunnelAnswer {
    /// In the order of the question.
    pub steps: Vec<StepAnswer>,
    /// By value, the largest first step first; `$other` last.
    pub breakdowns: Vec<ValueAnswer>,
    /// How long those that took the last step needed from the first.
    pub time_to_convert: Vec<TimeBucket>,
    /// Names in the question that the project does not know.
    pub hints: Vec<Hint>,
}

/// The funnel of the persons with one value.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueAnswer {
    /// The value, `$none` or `$other`.
    pub value: String,
    /// In the order of the question.
    pub steps: Vec<StepAnswer>,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepAnswer {
    /// How many persons came this far; of an optional step, how many took it.
    pub persons: u64,
    /// The median time from the step taken before, in milliseconds; `None` for the first step and where nobody came.
    pub median_ms: Option<f64>,
    /// Likewise, the mean.
    pub average_ms: Option<f64>,
}

impl StepAnswer {
    /// Returns the share of persons that came from `before` persons; 0 when there were none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "persons are far fewer than 2^53")]
    pub fn conversion_from(self, before: u64) -> f64 {
        if before == 0 { 0.0 } else { self.persons as f64 / before as f64 }
    }
}

/// A funnel by the time it was entered.
#[derive(Clone, Debug)]
pub struct FunnelTrendQuery {
    /// The funnel; its breakdown is not looked at.
    pub funnel: FunnelQuery,
    /// The buckets of its range.
    pub buckets: Buckets,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunnelTrendAnswer {
    /// One for each bucket.
    pub points: Vec<FunnelTrendPoint>,
    /// Names in the question that the project does not know.
    pub hints: Vec<Hint>,
}

/// The attempts that began in one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunnelTrendPoint {
    /// How many persons took the first step in it.
    pub entered: u64,
    /// How many of them took the last step of an attempt that began in it.
    pub converted: u64,
}

/// Which number of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunnelCell {
    /// The step, from 0.
    pub step: usize,
    /// Those who took the last required step before it and not this one, instead of those who took it.
    pub dropped_off: bool,
    /// With this value of the breakdown; all if `None`.
    pub value: Option<String>,
}
