//! Why one unit is, or is not, in a cell: the same rules as the engine's, told of each event.

use chrono::DateTime;

use super::{Cell, Counting, Kind, RetentionQuery, Windows};
use crate::explained_event::{ExplainedEvent, Verdict};

/// What decides about a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whether the unit is in the cohort.
    pub in_cohort: bool,
    /// Whether it is counted in the column.
    pub retained: bool,
    /// When its first start event happened, in milliseconds since 1970: the first of all time, or with `RECURRING` the first
    /// in the range.
    pub start_ms: Option<i64>,
}

/// One start or return event of a unit. It is inside the range, or it is the first start event of all time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When it happened, in milliseconds since 1970.
    pub time_ms: i64,
    /// Whether it is a start event.
    pub is_start: bool,
    /// Whether it is a return event.
    pub is_return: bool,
}

/// Why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whether the unit is in the cohort.
    pub in_cohort: bool,
    /// Whether it is counted in the column.
    pub retained: bool,
    /// Why, in a sentence for people.
    pub summary: String,
    /// Its start and return events, oldest first; at most
    /// [`EVENTS_MAX`](crate::explained_event::EVENTS_MAX).
    pub events: Vec<ExplainedEvent>,
    /// Whether there are more.
    pub truncated: bool,
}

/// One unit and one cell.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    query: &'a RetentionQuery,
    cell: Cell,
    facts: Facts,
}

impl<'a> Case<'a> {
    /// Looks at a unit of which these are the facts.
    #[must_use]
    pub fn new(query: &'a RetentionQuery, cell: Cell, facts: Facts) -> Self {
        Self { query, cell, facts }
    }

    /// Whether one start event decides, so that a unit is in one cohort at most.
    fn has_one_start(&self) -> bool {
        self.query.kind == Kind::FirstTime || self.query.windows == Windows::Rolling
    }

    /// The cohort of a start event; `None` if it is outside the range.
    fn cohort(&self, time_ms: i64) -> Option<usize> {
        self.query.range.contains(time_ms).then(|| self.query.cohorts.index_of(time_ms))
    }

    /// The column of a return event of a unit in the cohort; `None` if it is before column 0.
    fn column(&self, time_ms: i64) -> Option<usize> {
        match (self.query.windows, self.facts.start_ms) {
            (Windows::Rolling, Some(start_ms)) if time_ms >= start_ms => {
                usize::try_from((time_ms - start_ms) / self.query.period.rolling_ms()).ok()
            }
            (Windows::Rolling, _) => None,
            (Windows::Calendar, _) => self.cohort(time_ms)?.checked_sub(self.cell.cohort),
        }
    }

    /// Tells what came of an event, and by which rule.
    #[must_use]
    pub fn event(&self, event: &Moment) -> (Verdict, String) {
        let start = event.is_start.then(|| self.start(event.time_ms));
        let came_back = event.is_return.then(|| {
            let (counts, reason) = self.returned(event);
            (if counts { Verdict::Counted } else { Verdict::NotCounted }, reason)
        });
        let all: Vec<_> = start.into_iter().chain(came_back).collect();
        let verdict = all.iter().map(|(verdict, _)| *verdict).max();
        let reasons: Vec<_> = all.into_iter().map(|(_, reason)| reason).collect();
        (verdict.unwrap_or(Verdict::NotCounted), reasons.join(" "))
    }

    /// What a start event does.
    fn start(&self, time_ms: i64) -> (Verdict, String) {
        let Some(cohort) = self.cohort(time_ms) else {
            return (
                Verdict::Excluded,
                "The first start event of all time is before the range.".into(),
            );
        };
        if self.has_one_start() && self.facts.start_ms != Some(time_ms) {
            let one = self.one_start();
            let reason = format!("Not the {one}: only that one puts somebody into a cohort.");
            return (Verdict::NotCounted, reason);
        }
        let what = if self.has_one_start() {
            format!("The {}", self.one_start())
        } else {
            "A start event".into()
        };
        let into = self.date(cohort);
        if cohort == self.cell.cohort {
            (Verdict::Counted, format!("{what} is in the cohort of {into}."))
        } else {
            (Verdict::NotCounted, format!("{what} is in another cohort, that of {into}."))
        }
    }

    /// Whether a return event counts, and why.
    fn returned(&self, event: &Moment) -> (bool, String) {
        let wanted = self.cell.column;
        if !self.facts.in_cohort {
            return (false, "A return event of somebody who is not in the cohort.".into());
        }
        if wanted == 0 {
            return (false, "Column 0 is the whole cohort, whatever it did later.".into());
        }
        let Some(column) = self.column(event.time_ms) else {
            return (false, "A return event before column 0.".into());
        };
        match self.query.counting {
            Counting::On if column == wanted => {
                (true, format!("A return event in column {column}."))
            }
            Counting::On => (false, format!("A return event in column {column}, not in {wanted}.")),
            Counting::OnOrAfter if column >= wanted => {
                (true, format!("A return event in column {column}: in {wanted} or after it."))
            }
            Counting::OnOrAfter => {
                (false, format!("A return event in column {column}, before {wanted}."))
            }
        }
    }

    /// Tells why the unit is, or is not, in the cell.
    #[must_use]
    pub fn summary(&self) -> String {
        let (cohort, column) = (self.date(self.cell.cohort), self.cell.column);
        if self.facts.in_cohort {
            let when = match self.query.counting {
                Counting::On => "in it",
                Counting::OnOrAfter => "in it or later",
            };
            return match (self.facts.retained, column) {
                (_, 0) => format!("In the cohort of {cohort}, and so in column 0."),
                (true, _) => {
                    format!(
                        "In the cohort of {cohort} and in column {column}: there is a return event {when}."
                    )
                }
                (false, _) => {
                    format!(
                        "In the cohort of {cohort}, not in column {column}: there is no return event {when}."
                    )
                }
            };
        }
        let why = match self.facts.start_ms {
            None => "there is no start event in the range".into(),
            Some(_) if !self.has_one_start() => "there is no start event in that period".into(),
            Some(start_ms) => match self.cohort(start_ms) {
                None => "the first start event of all time is before the range".into(),
                Some(other) => {
                    format!("the {} is in that of {}", self.one_start(), self.date(other))
                }
            },
        };
        format!("Not in the cohort of {cohort}: {why}.")
    }

    fn one_start(&self) -> &'static str {
        match self.query.kind {
            Kind::FirstTime => "first start event of all time",
            Kind::Recurring => "earliest start event in the range",
        }
    }

    /// When a cohort starts, for people.
    fn date(&self, cohort: usize) -> String {
        let start = DateTime::from_timestamp_millis(self.query.cohorts.starts_ms()[cohort]);
        let start = start.expect("cohorts are in the calendar").with_timezone(&self.query.zone);
        start.format("%Y-%m-%d").to_string()
    }
}

#[cfg(test)]
mod tests;
