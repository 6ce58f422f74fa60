//! Daily usage: what a project did day by day, from what is there and from what was rolled up.

pub(crate) mod ledger;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::activity::Activity;
use crate::query::Range;
use crate::trends::buckets::{Buckets, Interval};

/// How many days one question may span.
pub const DAYS_MAX: usize = 400;

/// One day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyUsage {
    /// The day in the project's time zone.
    pub day: NaiveDate,
    /// Events.
    pub events: u64,
    /// Distinct persons with an event.
    pub active_persons: u64,
    /// Distinct session ids.
    pub sessions: u64,
    /// Events that report an error.
    pub errors: u64,
    /// Requests of server spans and `$request` events.
    pub requests: u64,
    /// Good checks.
    pub checks_up: u64,
    /// Failed checks.
    pub checks_down: u64,
}

impl DailyUsage {
    /// A day without anything.
    #[must_use]
    pub fn empty(day: NaiveDate) -> Self {
        Self {
            day,
            events: 0,
            active_persons: 0,
            sessions: 0,
            errors: 0,
            requests: 0,
            checks_up: 0,
            checks_down: 0,
        }
    }

    /// Returns the share of good checks of those that say something, 0-1.
    #[must_use]
    pub fn uptime(&self) -> Option<f64> {
        let all = self.checks_up + self.checks_down;
        (all > 0).then(|| self.checks_up as f64 / all as f64)
    }

    /// Returns whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::empty(self.day)
    }

    /// Joins what is there now with what was rolled up: each source counts where it has more, since what is gone was there
    /// once, and what came late is there now.
    #[must_use]
    pub fn or_rolled(mut self, rolled: &Self) -> Self {
        if rolled.events > self.events {
            self.events = rolled.events;
            self.active_persons = rolled.active_persons;
            self.sessions = rolled.sessions;
            self.errors = rolled.errors;
        }
        self.requests = self.requests.max(rolled.requests);
        if rolled.checks_up + rolled.checks_down > self.checks_up + self.checks_down {
            (self.checks_up, self.checks_down) = (rolled.checks_up, rolled.checks_down);
        }
        self
    }
}

/// The days of a range in a time zone.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// From the beginning of the first day to the end of the range.
    pub range: Range,
    /// A bucket a day.
    pub buckets: Buckets,
    /// The days, one a bucket.
    pub days: Vec<NaiveDate>,
}

impl Calendar {
    /// Lays out the days that begin inside a range; `None` if there are more than [`DAYS_MAX`] or the calendar does not
    /// reach so far.
    #[must_use]
    pub fn new(range: Range, zone: Tz) -> Option<Self> {
        let mut buckets = Buckets::new(range, Interval::Day, zone)?;
        let mut range = range;
        // The first bucket may begin before the range does: that day does not begin inside.
        if buckets.starts_ms()[0] < range.start_ms {
            range.start_ms = *buckets.starts_ms().get(1).unwrap_or(&range.end_ms);
            if range.start_ms >= range.end_ms {
                return Some(Self { range, buckets, days: Vec::new() });
            }
            buckets = Buckets::new(range, Interval::Day, zone)?;
        }
        if buckets.count() > DAYS_MAX {
            return None;
        }
        let day = |start_ms: &i64| {
            let start = DateTime::<Utc>::from_timestamp_millis(*start_ms)?;
            Some(start.with_timezone(&zone).date_naive())
        };
        let days = buckets.starts_ms().iter().map(day).collect::<Option<_>>()?;
        Some(Self { range, buckets, days })
    }

    /// Returns the days with what events say of them.
    #[must_use]
    pub fn with_activity(&self, activity: &[Activity]) -> Vec<DailyUsage> {
        let day = |(day, activity): (&NaiveDate, &Activity)| DailyUsage {
            events: activity.events,
            active_persons: activity.persons,
            sessions: activity.sessions,
            errors: activity.errors,
            ..DailyUsage::empty(*day)
        };
        self.days.iter().zip(activity).map(day).collect()
    }

    /// Returns the place of the day that holds a time; `None` outside the range.
    #[must_use]
    pub fn day_of(&self, time_ms: i64) -> Option<usize> {
        let is_inside = !self.days.is_empty() && self.range.contains(time_ms);
        is_inside.then(|| self.buckets.index_of(time_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<DateTime<Utc>>().expect("a time").timestamp_millis()
    }

    #[test]
    fn only_days_that_begin_inside_are_answered() {
        let range =
            Range { start_ms: at("2026-11-01T10:00:00Z"), end_ms: at("2026-11-04T10:00:00Z") };
        let calendar = Calendar::new(range, Tz::UTC).expect("days");
        let days: Vec<String> = calendar.days.iter().map(ToString::to_string).collect();
        assert_eq!(days, ["2026-11-02", "2026-11-03", "2026-11-04"]);
        assert_eq!(calendar.day_of(at("2026-11-03T00:00:00Z")), Some(1));
        assert_eq!(calendar.day_of(at("2026-11-01T23:00:00Z")), None);
        let within = Range { start_ms: range.start_ms, end_ms: range.start_ms + 1 };
        assert!(Calendar::new(within, Tz::UTC).expect("none").days.is_empty());
        let long = Range { start_ms: 0, end_ms: at("2026-11-04T10:00:00Z") };
        assert!(Calendar::new(long, Tz::UTC).is_none());
    }

    #[test]
    fn what_is_gone_is_told_from_the_roll_up_and_what_came_late_from_the_events() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 1).expect("a day");
        let rolled = DailyUsage {
            events: 10,
            active_persons: 3,
            requests: 7,
            checks_up: 8,
            checks_down: 2,
            ..DailyUsage::empty(day)
        };
        assert_eq!(DailyUsage::empty(day).or_rolled(&rolled), rolled);
        let late = DailyUsage { events: 11, active_persons: 2, ..DailyUsage::empty(day) };
        let joined = late.or_rolled(&rolled);
        assert_eq!((joined.events, joined.active_persons, joined.requests), (11, 2, 7));
        assert_eq!(joined.uptime(), Some(0.8));
        assert_eq!(DailyUsage::empty(day).uptime(), None);
    }
}
