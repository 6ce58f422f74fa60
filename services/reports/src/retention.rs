//! Retention: who did something, and when did they come back?

pub mod explain;
pub mod tally;

use chrono_tz::Tz;

use crate::hints::{Hint, Names};
use crate::query::{CountedBy, Filter, Range, Selector};
use crate::trends::buckets::Buckets;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The question.
#[derive(Clone, Debug)]
pub struct RetentionQuery {
    /// Start events outside put nobody into a cohort, and return events outside do not count.
    pub range: Range,
    /// The cohorts: the calendar's periods that the range touches.
    pub cohorts: Buckets,
    /// The length of a column and of a cohort.
    pub period: Period,
    /// The time zone of the calendar.
    pub zone: Tz,
    /// How many columns there are at most, 1-100, column 0 included.
    pub columns: usize,
    /// What puts a unit into a cohort.
    pub start_event: Selector,
    /// What shows that it is still there; the start event if `None`.
    pub return_event: Option<Selector>,
    /// Which start events count.
    pub kind: Kind,
    /// When a unit is retained.
    pub counting: Counting,
    /// Where columns begin.
    pub windows: Windows,
    /// Applies to start and return events.
    pub filter: Filter,
    /// Whom it counts.
    pub counted_by: CountedBy,
}

/// The length of a column and of a cohort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A day.
    Day,
    /// A week, from Monday in the calendar.
    Week,
    /// A month of the calendar; 30 days with rolling windows.
    Month,
}

/// Which start events put a unit into a cohort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The first one of all time. If it is before the range, none.
    FirstTime,
    /// Each in the range; with rolling windows the earliest in the range.
    Recurring,
}

/// When a unit is retained in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// If the return event happened in it.
    On,
    /// If the return event happened in it or in a later one.
    OnOrAfter,
}

/// Where columns begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windows {
    /// With the calendar.
    Calendar,
    /// With each unit's start event.
    Rolling,
}

/// The answer: the cohorts, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionAnswer {
    /// One for each period.
    pub cohorts: Vec<CohortAnswer>,
    /// Names in the question that the project does not know.
    pub hints: Vec<Hint>,
}

/// One cohort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CohortAnswer {
    /// How many units are in it.
    pub size: u64,
    /// How many of them were retained, by column; column 0 is all of them.
    pub values: Vec<u64>,
}

/// One number of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which cohort.
    pub cohort: usize,
    /// Which column, one that the cohort has.
    pub column: usize,
}

/// Whom a cell is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those who were retained.
    Retained,
    /// The others of the cohort.
    DroppedOff,
}

impl Period {
    /// Returns how long a rolling window is, in milliseconds.
    #[must_use]
    pub fn rolling_ms(self) -> i64 {
        match self {
            Self::Day => DAY_MS,
            Self::Week => 7 * DAY_MS,
            Self::Month => 30 * DAY_MS,
        }
    }
}

impl RetentionQuery {
    /// Returns the return event.
    #[must_use]
    pub fn return_event(&self) -> &Selector {
        self.return_event.as_ref().unwrap_or(&self.start_event)
    }

    /// Returns the names that it asks for.
    #[must_use]
    pub fn names(&self) -> Names {
        let mut names = Names::new();
        for selector in std::iter::once(&self.start_event).chain(&self.return_event) {
            names.event(selector.event.as_deref());
            names.filter(&selector.filter);
        }
        names.filter(&self.filter);
        names
    }

    /// Returns how many columns a cohort has, at least one: those that begin before the range ends. With rolling windows a
    /// column begins so many windows after the cohort's first instant inside the range.
    #[must_use]
    pub fn columns_of(&self, cohort: usize) -> usize {
        let left = match self.windows {
            Windows::Calendar => self.cohorts.count() - cohort,
            Windows::Rolling => {
                let start_ms = self.cohorts.starts_ms()[cohort].max(self.range.start_ms);
                let last_ms = self.range.end_ms - 1 - start_ms;
                usize::try_from(last_ms / self.period.rolling_ms()).unwrap_or(0) + 1
            }
        };
        left.min(self.columns)
    }
}
