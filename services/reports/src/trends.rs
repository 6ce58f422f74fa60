//! Trends: how many events, persons or sessions there are over time, or what the values of a property come to.

pub mod buckets;
pub mod cells;
pub mod formula;
pub mod grid;
pub mod period;

use crate::behind::Page;
use crate::hints::{Hint, Names};
use crate::query::{Breakdown, CountedBy, Filter, Range, Scope};
use formula::Formula;
use period::Period;

/// The question.
#[derive(Clone, Debug)]
pub struct TrendsQuery {
    /// When, and the points of every line.
    pub period: Period,
    /// The time before, of as many points, if it is asked for too.
    pub previous: Option<Period>,
    /// What is counted, 1-20.
    pub series: Vec<Series>,
    /// What is answered instead of the series.
    pub formula: Option<Formula>,
    /// Splits every series.
    pub breakdown: Option<Breakdown>,
    /// Applies to every series.
    pub filter: Filter,
    /// Whom unique and active persons are: persons or groups.
    pub counted_by: CountedBy,
}

/// How far before a point active persons may have been active, in milliseconds: a day more than [`Math::rolling_days`], for
/// changes of clocks.
const ACTIVE_MS: i64 = 31 * 24 * 60 * 60 * 1000;

impl TrendsQuery {
    /// Returns the names that it asks for.
    #[must_use]
    pub fn names(&self) -> Names {
        let mut names = Names::new();
        for series in &self.series {
            names.event(series.event.as_deref());
            names.filter(&series.filter);
            if let Math::Measure(_, property) = &series.math {
                names.property(Scope::Event, property);
            }
        }
        names.filter(&self.filter);
        names.breakdown(self.breakdown.as_ref());
        names
    }

    /// Returns all the time that is looked at.
    #[must_use]
    pub fn looked_at(&self) -> Range {
        let Range { start_ms, end_ms } = self.period.range;
        let first_ms = self.previous.as_ref().map_or(start_ms, |before| before.range.start_ms);
        let is_rolling = self.series.iter().any(|one| one.math.rolling_days().is_some());
        let reach_ms = if is_rolling { ACTIVE_MS } else { 0 };
        Range { start_ms: first_ms.min(start_ms).saturating_sub(reach_ms), end_ms }
    }
}

/// What one line counts.
#[derive(Clone, Debug)]
pub struct Series {
    /// The event's name; any event if `None`.
    pub event: Option<String>,
    /// How events become a value.
    pub math: Math,
    /// Applies to this series.
    pub filter: Filter,
}

/// How events become a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Math {
    /// How many events.
    Total,
    /// How many different persons.
    UniquePersons,
    /// How many different persons in the 7 days that end with the bucket.
    WeeklyActive,
    /// How many different persons in the 30 days that end with the bucket.
    MonthlyActive,
    /// How many different sessions.
    UniqueSessions,
    /// What the numbers of this event property come to; events whose value is no number do not count.
    Measure(Measure, String),
}

/// What numbers come to; without any, 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
    /// So many percent of them are not larger, exactly, with linear interpolation; 0-100.
    Percentile(u8),
}

impl Math {
    /// Returns how many days of a person's events count in a bucket, where that is not the bucket itself.
    #[must_use]
    pub fn rolling_days(&self) -> Option<i64> {
        match self {
            Self::WeeklyActive => Some(7),
            Self::MonthlyActive => Some(30),
            _ => None,
        }
    }

    /// Returns what it is called in labels.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Total => "total".into(),
            Self::UniquePersons => "unique persons".into(),
            Self::WeeklyActive => "weekly active".into(),
            Self::MonthlyActive => "monthly active".into(),
            Self::UniqueSessions => "unique sessions".into(),
            Self::Measure(Measure::Sum, property) => format!("sum of {property}"),
            Self::Measure(Measure::Average, property) => format!("average of {property}"),
            Self::Measure(Measure::Minimum, property) => format!("minimum of {property}"),
            Self::Measure(Measure::Maximum, property) => format!("maximum of {property}"),
            Self::Measure(Measure::Percentile(50), property) => format!("median of {property}"),
            Self::Measure(Measure::Percentile(percent), property) => {
                format!("p{percent} of {property}")
            }
        }
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct TrendsAnswer {
    /// The lines of each series, which are one without a breakdown, in the order of the question; with a formula, the
    /// formula's lines alone.
    pub series: Vec<Vec<Line>>,
    /// The same lines for the time before, if it was asked for.
    pub previous: Option<Vec<Vec<Line>>>,
    /// Names in the question that the project does not know.
    pub hints: Vec<Hint>,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The breakdown's value; `None` without one.
    pub value: Option<String>,
    /// One for each bucket.
    pub points: Vec<f64>,
    /// Over the whole range.
    pub total: f64,
}

/// Asks who is behind a number of an answer.
#[derive(Clone, Debug)]
pub struct TrendPersonsQuery {
    /// The question that was answered; its formula and its comparison are not looked at.
    pub trends: TrendsQuery,
    /// Which series, from 0.
    pub series: usize,
    /// Which bucket; the total if `None`.
    pub bucket: Option<usize>,
    /// The breakdown's value; all if `None`.
    pub value: Option<String>,
    /// Which page.
    pub page: Page,
}

/// Returns the label of each line's series: the event's name, and the math where series share a name; of a formula, its text.
#[must_use]
pub fn labels(series: &[Series], formula: Option<&Formula>) -> Vec<String> {
    if let Some(formula) = formula {
        return vec![formula.text().to_owned()];
    }
    let label = |one: &Series| {
        let name = one.event.as_deref().unwrap_or("any event");
        let sharing = series.iter().filter(|other| other.event == one.event).count();
        if sharing == 1 { name.to_owned() } else { format!("{name} ({})", one.math.text()) }
    };
    series.iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(event: Option<&str>, math: Math) -> Series {
        Series { event: event.map(str::to_owned), math, filter: Filter::everything() }
    }

    #[test]
    fn labels_name_the_math_only_where_names_are_shared() {
        let all = [
            series(Some("a"), Math::Total),
            series(Some("a"), Math::UniquePersons),
            series(Some("a"), Math::Measure(Measure::Percentile(95), "ms".into())),
            series(None, Math::Total),
        ];
        let expected = ["a (total)", "a (unique persons)", "a (p95 of ms)", "any event"];
        assert_eq!(labels(&all, None), expected);
    }

    #[test]
    fn the_label_of_a_formula_is_its_text() {
        let formula = Formula::parse("A / 2", 1).expect("a formula");
        assert_eq!(labels(&[series(None, Math::Total)], Some(&formula)), ["A / 2"]);
    }
}
