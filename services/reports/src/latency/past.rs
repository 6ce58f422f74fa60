//! What is usual for an endpoint: how many of its requests fail, and how long they take.

use std::collections::HashMap;

use observe_proto::events::v1::SpanStats;

use super::judge::{failing_rate, median, slow_us};
use super::{EndpointName, HOUR_MS, micros, start_ms};

/// Requests in an hour from which on it says something.
const HOUR_REQUESTS_MIN: i64 = 20;
/// Hours that a past must have: the first hours of an endpoint may have been bad ones.
const HOURS_MIN: usize = 6;
/// Days on which the hour of the day must have been seen, for it to be compared with itself.
const DAYS_MIN: usize = 3;

/// One hour of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hour {
    start_ms: i64,
    requests: i64,
    errors: i64,
    p95_us: Option<u64>,
}

/// The past of one endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Past {
    /// The day before this hour, oldest first, only hours with requests.
    day: Vec<Hour>,
    /// The same hour of the days before.
    same_hours: Vec<Hour>,
}

/// Returns the past of each endpoint: `day` are the hours of the day before this one, `same_hours` the same hour of the days
/// before that.
pub(super) fn pasts(
    day: Vec<SpanStats>,
    same_hours: Vec<SpanStats>,
) -> HashMap<EndpointName, Past> {
    let mut pasts: HashMap<EndpointName, Past> = HashMap::new();
    let hour = |stats: &SpanStats| Hour {
        start_ms: start_ms(stats),
        requests: stats.count,
        errors: stats.error_count,
        p95_us: micros(stats.p95.as_ref()),
    };
    for stats in day {
        let told = hour(&stats);
        pasts.entry(name_of(stats)).or_default().day.push(told);
    }
    for stats in same_hours {
        let told = hour(&stats);
        pasts.entry(name_of(stats)).or_default().same_hours.push(told);
    }
    pasts
}

fn name_of(stats: SpanStats) -> EndpointName {
    stats.endpoint.unwrap_or_default().into()
}

impl Past {
    /// Returns whether there was a request in the day before.
    pub(super) fn had_requests(&self) -> bool {
        !self.day.is_empty()
    }

    /// Returns the usual share of failed requests, 0-1: the middle one of the hours, so that an outage of a few hours does not
    /// become usual. Of an endpoint that is too new to have anything usual, 0.
    pub(super) fn error_rate(&self) -> f64 {
        let told = self.day.iter().filter(|hour| hour.requests >= HOUR_REQUESTS_MIN);
        let rates: Vec<f64> = told.map(|hour| hour.errors as f64 / hour.requests as f64).collect();
        if rates.len() < HOURS_MIN { 0.0 } else { median(rates).unwrap_or(0.0) }
    }

    /// Returns the usual p95 in microseconds: that of the same hour of the days before, else of the day before, else the best
    /// hour there was; `None` of an endpoint that has no hour yet.
    pub(super) fn p95_us(&self) -> Option<u64> {
        let told = |hours: &[Hour]| -> Vec<u64> {
            let told = hours.iter().filter(|hour| hour.requests >= HOUR_REQUESTS_MIN);
            told.filter_map(|hour| hour.p95_us).collect()
        };
        let same = told(&self.same_hours);
        if same.len() >= DAYS_MIN {
            return median(same);
        }
        let day = told(&self.day);
        if day.len() < HOURS_MIN { day.into_iter().min() } else { median(day) }
    }

    /// Returns since when the hours before `hour_ms` were failing without a break, in milliseconds; `hour_ms` if the one before
    /// was not.
    pub(super) fn failing_since_ms(&self, hour_ms: i64) -> i64 {
        let threshold = failing_rate(self.error_rate());
        self.since(hour_ms, |hour| hour.errors as f64 >= threshold * hour.requests as f64)
    }

    /// As [`Self::failing_since_ms`], for slow.
    pub(super) fn slow_since_ms(&self, hour_ms: i64, usual_us: u64) -> i64 {
        self.since(hour_ms, |hour| hour.p95_us.is_some_and(|p95| p95 >= slow_us(usual_us)))
    }

    fn since(&self, hour_ms: i64, is_bad: impl Fn(&Hour) -> bool) -> i64 {
        let mut since = hour_ms;
        while let Some(hour) = self.day.iter().find(|hour| hour.start_ms == since - HOUR_MS) {
            if !is_bad(hour) {
                break;
            }
            since = hour.start_ms;
        }
        since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(at: i64, requests: i64, errors: i64, p95_ms: u64) -> Hour {
        Hour { start_ms: at * HOUR_MS, requests, errors, p95_us: Some(p95_ms * 1_000) }
    }

    #[test]
    fn an_outage_of_a_few_hours_does_not_become_usual() {
        let mut day: Vec<Hour> = (0..24).map(|at| hour(at, 100, 1, 100)).collect();
        for bad in &mut day[18..] {
            (bad.errors, bad.p95_us) = (80, Some(9_000_000));
        }
        let past = Past { day, same_hours: vec![] };
        assert!((past.error_rate() - 0.01).abs() < 1e-9);
        assert_eq!(past.p95_us(), Some(100_000));
        assert_eq!(past.failing_since_ms(24 * HOUR_MS), 18 * HOUR_MS);
        assert_eq!(past.slow_since_ms(24 * HOUR_MS, 100_000), 18 * HOUR_MS);
    }

    #[test]
    fn a_new_endpoint_has_nothing_usual_but_its_best_hour() {
        assert!(Past::default().error_rate().abs() < 1e-9);
        assert_eq!(Past::default().p95_us(), None);
        let day = vec![hour(1, 100, 50, 900), hour(2, 100, 50, 300), hour(3, 5, 0, 1)];
        let past = Past { day, same_hours: vec![] };
        assert!(past.error_rate().abs() < 1e-9);
        assert_eq!(past.p95_us(), Some(300_000), "an hour of five requests says nothing");
    }

    #[test]
    fn the_same_hour_of_other_days_comes_first() {
        let day = (0..24).map(|at| hour(at, 100, 0, 100)).collect();
        let nights = |count: i64| (0..count).map(|at| hour(at * 24, 100, 0, 900)).collect();
        assert_eq!(Past { day, same_hours: nights(3) }.p95_us(), Some(900_000));
        let day = (0..24).map(|at| hour(at, 100, 0, 100)).collect();
        assert_eq!(Past { day, same_hours: nights(2) }.p95_us(), Some(100_000));
    }
}
