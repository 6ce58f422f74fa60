//! What questions have in common: range, filter, breakdown. These types are valid by construction in `convert`; engines
//! need not check them again.

use uuid::Uuid;

pub use observe_filter::{Condition, Filter, PROPERTY_BYTES_MAX, Scope, ValueTest};

/// A half-open range of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first instant inside, in milliseconds since 1970.
    pub start_ms: i64,
    /// The first instant after, in milliseconds since 1970.
    pub end_ms: i64,
}

impl Range {
    /// All time.
    pub const ALWAYS: Self = Self { start_ms: i64::MIN, end_ms: i64::MAX };

    /// Returns whether the time is inside.
    #[must_use]
    pub fn contains(self, time_ms: i64) -> bool {
        self.start_ms <= time_ms && time_ms < self.end_ms
    }
}

/// Which events are meant.
#[derive(Clone, Debug)]
pub struct Selector {
    /// The event's name; any event if `None`.
    pub event: Option<String>,
    /// Applies to the event.
    pub filter: Filter,
}

impl Selector {
    /// Any event.
    #[must_use]
    pub fn any() -> Self {
        Self { event: None, filter: Filter::everything() }
    }
}

/// Whom a question counts: its units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CountedBy {
    /// Persons.
    Persons,
    /// The groups of this type that events name in `$groups`.
    Groups(String),
}

/// What a missing value is shown as in a breakdown.
pub const NONE_LABEL: &str = "$none";
/// What the values beyond a breakdown's limit are shown as.
pub const OTHER_LABEL: &str = "$other";

/// Splits an answer by the values of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breakdown {
    /// The property's key; empty for cohorts.
    pub property: String,
    /// Whose property.
    pub scope: Scope,
    /// With the scope of cohorts, whose names are the values, 1-25; else none.
    pub cohorts: Vec<Uuid>,
    /// How many values to tell apart, 1-100.
    pub limit: usize,
    /// Which event decides in a funnel.
    pub attribution: Attribution,
}

/// Which event of a person's decides its value in a funnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribution {
    /// The first that matches a step.
    FirstTouch,
    /// The last that matches a step.
    LastTouch,
    /// Every step has the value: only events with it count.
    AllSteps,
    /// The one that took this step, from 0.
    Step(usize),
}
