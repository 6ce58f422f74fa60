//! Time zones and buckets in questions.

use chrono_tz::Tz;
use observe_core::Violations;
use observe_proto::reports::v1 as pb;
use prost_types::Timestamp;

use super::shared::timestamp;
use crate::query::Range;
use crate::trends::buckets::{Buckets, Interval, MAX_BUCKETS};
use crate::trends::period::Period;

pub(super) fn interval(number: i32, violations: &mut Violations) -> Interval {
    match violations.known(number, "interval") {
        pb::Interval::Unspecified | pb::Interval::Day => Interval::Day,
        pb::Interval::Hour => Interval::Hour,
        pb::Interval::Week => Interval::Week,
        pb::Interval::Month => Interval::Month,
    }
}

pub(super) fn time_zone(name: &str, violations: &mut Violations) -> Option<Tz> {
    if name.is_empty() {
        return Some(Tz::UTC);
    }
    let zone = name.parse().ok();
    violations.require(
        zone.is_some(),
        "time_zone",
        "must be an IANA time zone, such as Europe/Berlin",
    );
    zone
}

/// Cuts a range into buckets that another period can be compared with.
pub(super) fn period(
    range: Range,
    interval: Interval,
    zone: Tz,
    violations: &mut Violations,
) -> Option<Period> {
    let period = Period::new(range, interval, zone);
    violations.require(
        period.is_some(),
        "range",
        format!("must be at most {MAX_BUCKETS} times the interval"),
    );
    period
}

/// Lays out at most so many buckets.
pub(super) fn buckets(
    range: Range,
    interval: Interval,
    zone: Tz,
    max: usize,
    violations: &mut Violations,
) -> Option<Buckets> {
    let buckets = Buckets::new(range, interval, zone).filter(|buckets| buckets.count() <= max);
    let rule = format!("must touch at most {max} buckets of that length");
    violations.require(buckets.is_some(), "range", rule);
    buckets
}

/// Finds the bucket whose start was answered.
pub(super) fn bucket_at(
    time: Option<&Timestamp>,
    starts_ms: &[i64],
    field: &str,
    violations: &mut Violations,
) -> Option<usize> {
    let found = time.and_then(|time| starts_ms.iter().position(|start| timestamp(*start) == *time));
    violations.require(found.is_some(), field, "must be a start that the question's answer holds");
    found
}
