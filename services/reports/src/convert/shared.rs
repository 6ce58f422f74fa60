//! Parts that questions have in common.

use observe_core::Violations;
use observe_filter::{Scope, read_property, read_scope};
use observe_proto::common::v1 as common;
use observe_proto::reports::v1 as pb;
use prost_types::Timestamp;

use crate::query::{Attribution, Breakdown, Range};

/// What the conditions of a question's filters may be about.
pub(super) const SCOPES: [Scope; 2] = [Scope::Event, Scope::Person];

const BREAKDOWN_LIMIT_DEFAULT: usize = 25;
const BREAKDOWN_LIMIT_MAX: i32 = 100;
/// 0001-01-01T00:00:00Z and 10000-01-01T00:00:00Z in seconds since 1970: what `Timestamp` allows.
const TIMESTAMP_SECONDS: std::ops::Range<i64> = -62_135_596_800..253_402_300_800;
const NANOS: std::ops::Range<i32> = 0..1_000_000_000;

/// Reads a range, which is required.
pub(super) fn range(
    range: Option<&common::TimeRange>,
    violations: &mut Violations,
) -> Option<Range> {
    let Some(range) = range else {
        violations.add("range", "is required");
        return None;
    };
    let start = instant(range.start_time.as_ref(), "range.start_time", violations);
    let end = instant(range.end_time.as_ref(), "range.end_time", violations);
    let (start, end) = (start?, end?);
    if start >= end {
        violations.add("range.end_time", "must be later than start_time");
        return None;
    }
    Some(Range { start_ms: whole_ms_from(start), end_ms: whole_ms_from(end) })
}

/// Reads an instant as nanoseconds since 1970.
fn instant(time: Option<&Timestamp>, field: &str, violations: &mut Violations) -> Option<i128> {
    let Some(time) = time else {
        violations.add(field, "is required");
        return None;
    };
    if !TIMESTAMP_SECONDS.contains(&time.seconds) || !NANOS.contains(&time.nanos) {
        violations.add(field, "must be a time from the year 1 to the year 9999");
        return None;
    }
    Some(i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos))
}

/// Returns the first whole millisecond at or after the instant. Events have whole milliseconds, so both ends of a
/// half-open range may be moved there without moving an event across.
fn whole_ms_from(nanos: i128) -> i64 {
    let ms = nanos.div_euclid(1_000_000) + i128::from(nanos.rem_euclid(1_000_000) != 0);
    i64::try_from(ms).expect("four-digit years fit")
}

/// Writes an instant.
pub(crate) fn timestamp(time_ms: i64) -> Timestamp {
    let nanos = time_ms.rem_euclid(1_000) * 1_000_000;
    Timestamp {
        seconds: time_ms.div_euclid(1_000),
        nanos: i32::try_from(nanos).expect("below a second"),
    }
}

/// Reads a breakdown.
pub(super) fn breakdown(
    breakdown: Option<&pb::Breakdown>,
    violations: &mut Violations,
) -> Option<Breakdown> {
    use pb::breakdown::Attribution as Wire;
    let wire = breakdown?;
    let property = read_property(&wire.property, "breakdown.property", violations);
    violations.require(
        (0..=BREAKDOWN_LIMIT_MAX).contains(&wire.limit),
        "breakdown.limit",
        format!("must be 1-{BREAKDOWN_LIMIT_MAX}, or 0 for {BREAKDOWN_LIMIT_DEFAULT}"),
    );
    let attribution = match violations.known(wire.attribution, "breakdown.attribution") {
        Wire::Unspecified | Wire::FirstTouch => Attribution::FirstTouch,
        Wire::LastTouch => Attribution::LastTouch,
        Wire::AllSteps => Attribution::AllSteps,
        // A step that there is not is told of by those questions that look at it.
        Wire::Step => Attribution::Step(step_from(wire.attribution_step).unwrap_or(usize::MAX)),
    };
    let limit = usize::try_from(wire.limit).unwrap_or(0);
    Some(Breakdown {
        property,
        scope: read_scope(wire.scope, "breakdown.scope", violations),
        limit: if limit == 0 { BREAKDOWN_LIMIT_DEFAULT } else { limit },
        attribution,
    })
}

/// Reads a number from 1 as one from 0.
pub(super) fn step_from(number: i32) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}
