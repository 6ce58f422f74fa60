//! Trends: how many events, or how many persons, over time.

pub mod buckets;

use crate::query::{Breakdown, Filter, Range};
use buckets::Buckets;

/// The question.
#[derive(Clone, Debug)]
pub struct TrendsQuery {
    /// Only events inside count.
    pub range: Range,
    /// The points of every line.
    pub buckets: Buckets,
    /// What is counted, 1-20.
    pub series: Vec<Series>,
    /// Splits every series.
    pub breakdown: Option<Breakdown>,
    /// Applies to every series.
    pub filter: Filter,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Math {
    /// How many events.
    Total,
    /// How many different persons.
    UniquePersons,
}

/// The answer: for each series its lines, which are one without a breakdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendsAnswer {
    /// In the order of the question.
    pub series: Vec<Vec<Line>>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The breakdown's value; `None` without one.
    pub value: Option<String>,
    /// One for each bucket.
    pub points: Vec<u64>,
    /// Over the whole range.
    pub total: u64,
}

/// Returns the label of each series: the event's name, and the math where series share a name.
#[must_use]
pub fn labels(series: &[Series]) -> Vec<String> {
    let label = |one: &Series| {
        let name = one.event.as_deref().unwrap_or("any event");
        let sharing = series.iter().filter(|other| other.event == one.event).count();
        match (sharing, one.math) {
            (1, _) => name.to_owned(),
            (_, Math::Total) => format!("{name} (total)"),
            (_, Math::UniquePersons) => format!("{name} (unique persons)"),
        }
    };
    series.iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_the_math_only_where_names_are_shared() {
        let series = |event: Option<&str>, math| Series {
            event: event.map(str::to_owned),
            math,
            filter: Filter::everything(),
        };
        let all = [
            series(Some("a"), Math::Total),
            series(Some("a"), Math::UniquePersons),
            series(None, Math::Total),
        ];
        assert_eq!(labels(&all), ["a (total)", "a (unique persons)", "any event"]);
    }
}
