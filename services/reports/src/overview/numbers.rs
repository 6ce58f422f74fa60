//! The day's numbers: today until now beside yesterday until the same time, and the last 14 days.

use chrono::{DateTime, Days, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::activity::{Activity, ActivityQuery};
use crate::query::Range;
use crate::trends::buckets::{Buckets, Interval};

/// How many days are drawn, today counted.
pub const DAYS: usize = 14;

/// A number and what it was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Today, until now.
    pub value: f64,
    /// Yesterday, until the same time.
    pub previous: f64,
}

/// The day's numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DayNumbers {
    /// Distinct persons.
    pub people: Comparison,
    /// Events.
    pub events: Comparison,
    /// Events that report an error.
    pub errors: Comparison,
    /// Distinct persons a day, oldest first; the last day is not over.
    pub people_days: Vec<f64>,
    /// Events a day.
    pub event_days: Vec<f64>,
    /// Events that report an error, a day.
    pub error_days: Vec<f64>,
}

/// What has to be asked: the last days, and yesterday until the same time.
pub struct Questions {
    /// [`DAYS`] buckets, the last of which is today until now.
    pub days: ActivityQuery,
    /// One bucket.
    pub yesterday: ActivityQuery,
    /// Today until now.
    pub today: Range,
}

impl Questions {
    /// Makes the questions of `now` in a time zone; `None` where the calendar does not reach.
    #[must_use]
    pub fn new(now: DateTime<Utc>, zone: Tz) -> Option<Self> {
        let back = Days::new(DAYS as u64 - 1);
        let first = now.with_timezone(&zone).date_naive().checked_sub_days(back)?;
        let now_ms = now.timestamp_millis();
        let start_ms = start_of_day(first, zone)?;
        let days = Range { start_ms, end_ms: now_ms + 1 };
        let buckets = Buckets::new(days, Interval::Day, zone)?;
        let today_ms = *buckets.starts_ms().last()?;
        let before_ms = *buckets.starts_ms().get(buckets.count().checked_sub(2)?)?;
        // Where a day has 23 or 25 hours, the same time of day is meant by the clock's hands as nearly as it can be.
        let same_ms = (now_ms + 1 - today_ms).min(today_ms - before_ms);
        let yesterday = Range { start_ms: before_ms, end_ms: before_ms + same_ms };
        let whole = Buckets::new(yesterday, Interval::Day, zone)?;
        Some(Self {
            days: ActivityQuery { range: days, buckets },
            yesterday: ActivityQuery { range: yesterday, buckets: whole },
            today: Range { start_ms: today_ms, end_ms: now_ms + 1 },
        })
    }
}

/// Returns when a day begins, in milliseconds since 1970: at midnight, or at the first instant after one that was skipped.
#[must_use]
pub fn start_of_day(day: chrono::NaiveDate, zone: Tz) -> Option<i64> {
    // Noon is in the day whatever the clocks do at night.
    let noon = day.and_hms_opt(12, 0, 0)?.and_local_timezone(zone).earliest()?;
    let range = Range { start_ms: noon.timestamp_millis(), end_ms: noon.timestamp_millis() + 1 };
    Buckets::new(range, Interval::Day, zone)?.starts_ms().first().copied()
}

impl DayNumbers {
    /// Reads the answers.
    #[must_use]
    pub fn new(days: &[Activity], yesterday: &[Activity]) -> Self {
        let today = days.last().copied().unwrap_or_default();
        let before = yesterday.first().copied().unwrap_or_default();
        let compare = |of: fn(&Activity) -> u64| Comparison {
            value: of(&today) as f64,
            previous: of(&before) as f64,
        };
        let line = |of: fn(&Activity) -> u64| days.iter().map(|day| of(day) as f64).collect();
        Self {
            people: compare(|day| day.persons),
            events: compare(|day| day.events),
            errors: compare(|day| day.errors),
            people_days: line(|day| day.persons),
            event_days: line(|day| day.events),
            error_days: line(|day| day.errors),
        }
    }
}

/// Returns the last 24 hours until now, in full hours: what the latency line shows.
#[must_use]
pub fn last_hours(now: DateTime<Utc>) -> Range {
    let hour_ms = 3_600_000;
    let end_ms = (now.timestamp_millis().div_euclid(hour_ms) + 1) * hour_ms;
    Range { start_ms: end_ms - TimeDelta::hours(24).num_milliseconds(), end_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_compared_with_yesterday_until_the_same_time() {
        let now: DateTime<Utc> = "2026-11-23T10:30:00Z".parse().expect("a time");
        let zone: Tz = "Europe/Berlin".parse().expect("a zone");
        let questions = Questions::new(now, zone).expect("days");
        assert_eq!(questions.days.buckets.count(), DAYS);
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time").timestamp_millis();
        assert_eq!(questions.yesterday.range.start_ms, at("2026-11-21T23:00:00Z"));
        assert_eq!(questions.yesterday.range.end_ms, at("2026-11-22T10:30:00Z") + 1);
        assert_eq!(questions.yesterday.buckets.count(), 1);
    }

    #[test]
    fn a_day_begins_at_midnight_or_after_the_hour_that_was_skipped() {
        let day = |text: &str| text.parse().expect("a day");
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time").timestamp_millis();
        assert_eq!(start_of_day(day("2026-11-23"), Tz::UTC), Some(at("2026-11-23T00:00:00Z")));
        // Santiago's clocks go from midnight to one o'clock.
        let zone: Tz = "America/Santiago".parse().expect("a zone");
        assert_eq!(start_of_day(day("2026-09-06"), zone), Some(at("2026-09-06T04:00:00Z")));
    }

    #[test]
    fn numbers_are_of_the_last_day() {
        let day = |events| Activity { events, persons: events / 2, sessions: 0, errors: 1 };
        let numbers = DayNumbers::new(&[day(10), day(20)], &[day(8)]);
        assert_eq!(numbers.events, Comparison { value: 20.0, previous: 8.0 });
        assert_eq!(numbers.people_days, [5.0, 10.0]);
    }
}
