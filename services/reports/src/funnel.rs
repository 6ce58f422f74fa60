//! Funnels: how many persons went through steps, one after the other.

pub mod attempts;
mod ties;

use crate::query::{Breakdown, Filter, Range};

/// The question.
#[derive(Clone, Debug)]
pub struct FunnelQuery {
    /// Only events inside count.
    pub range: Range,
    /// 2-20 steps.
    pub steps: Vec<Step>,
    /// All steps happen within this time of the first, inclusive, in milliseconds.
    pub window_ms: i64,
    /// Splits the persons.
    pub breakdown: Option<Breakdown>,
    /// Applies to every step.
    pub filter: Filter,
}

/// What must happen.
#[derive(Clone, Debug)]
pub struct Step {
    /// The event's name; any event if `None`.
    pub event: Option<String>,
    /// Applies to this step.
    pub filter: Filter,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct FunnelAnswer {
    /// In the order of the question.
    pub steps: Vec<StepAnswer>,
    /// By value, the largest first step first; `$other` last.
    pub breakdowns: Vec<ValueAnswer>,
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
    /// How many persons came this far.
    pub persons: u64,
    /// The median time from the previous step, in milliseconds; `None` for the first step and where nobody came.
    pub median_ms: Option<f64>,
}

impl StepAnswer {
    /// Returns the share of persons that came from `before` persons; 0 when there were none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "persons are far fewer than 2^53")]
    pub fn conversion_from(self, before: u64) -> f64 {
        if before == 0 { 0.0 } else { self.persons as f64 / before as f64 }
    }
}
