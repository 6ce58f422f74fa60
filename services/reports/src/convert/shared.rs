//! Parts that questions have in common.

use std::ops::RangeInclusive;

use observe_core::Violations;
use observe_filter::{Expressions, Scope, read, read_property, read_scope};
use observe_proto::common::v1 as common;
use observe_proto::reports::v1 as pb;
use prost_types::Timestamp;
use uuid::Uuid;

use crate::query::{Attribution, Breakdown, CountedBy, Range, Selector};

/// What the conditions of a question's filters may be about.
pub(super) const SCOPES: [Scope; 4] = [Scope::Event, Scope::Person, Scope::Session, Scope::Cohort];

/// How many cohorts a breakdown may have.
const BREAKDOWN_COHORTS_MAX: usize = 25;
const BREAKDOWN_LIMIT_DEFAULT: usize = 25;
const BREAKDOWN_LIMIT: RangeInclusive<usize> = 1..=100;
/// The longest type of groups, in characters: identity's limit.
const GROUP_TYPE_CHARS_MAX: usize = 200;
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

/// Reads an instant, which is required, as nanoseconds since 1970.
pub(super) fn instant(
    time: Option<&Timestamp>,
    field: &str,
    violations: &mut Violations,
) -> Option<i128> {
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
    let (property, cohorts) = if wire.scope == i32::from(common::Scope::Cohort) {
        (String::new(), cohorts(wire, violations))
    } else {
        let none = "must be empty without SCOPE_COHORT";
        violations.require(wire.cohort_ids.is_empty(), "breakdown.cohort_ids", none);
        (read_property(&wire.property, "breakdown.property", violations), Vec::new())
    };
    let (bounds, default) = (BREAKDOWN_LIMIT, BREAKDOWN_LIMIT_DEFAULT);
    let limit = or_default(wire.limit, bounds, default, "breakdown.limit", violations);
    let attribution = match violations.known(wire.attribution, "breakdown.attribution") {
        Wire::Unspecified | Wire::FirstTouch => Attribution::FirstTouch,
        Wire::LastTouch => Attribution::LastTouch,
        Wire::AllSteps => Attribution::AllSteps,
        // A step that there is not is told of by those questions that look at it.
        Wire::Step => Attribution::Step(step_from(wire.attribution_step).unwrap_or(usize::MAX)),
    };
    Some(Breakdown {
        property,
        scope: read_scope(wire.scope, "breakdown.scope", violations),
        cohorts,
        limit,
        attribution,
    })
}

/// Reads the cohorts of a breakdown. That they are there is found out before.
fn cohorts(wire: &pb::Breakdown, violations: &mut Violations) -> Vec<Uuid> {
    let empty = "must be empty with SCOPE_COHORT";
    violations.require(wire.property.is_empty(), "breakdown.property", empty);
    violations.require(
        (1..=BREAKDOWN_COHORTS_MAX).contains(&wire.cohort_ids.len()),
        "breakdown.cohort_ids",
        format!("must have 1-{BREAKDOWN_COHORTS_MAX} elements with SCOPE_COHORT"),
    );
    let mut cohorts: Vec<Uuid> = Vec::new();
    for id in wire.cohort_ids.iter().filter_map(|id| Uuid::parse_str(id).ok()) {
        if !cohorts.contains(&id) {
            cohorts.push(id);
        }
    }
    cohorts
}

/// Reads a number of which 0 means the default.
pub(super) fn or_default(
    number: i32,
    bounds: RangeInclusive<usize>,
    default: usize,
    field: &str,
    violations: &mut Violations,
) -> usize {
    if number == 0 {
        return default;
    }
    let found = usize::try_from(number).ok().filter(|number| bounds.contains(number));
    let (least, most) = (bounds.start(), bounds.end());
    let message = format!("must be {least}-{most}, or 0 for {default}");
    violations.require(found.is_some(), field, message);
    found.unwrap_or(default)
}

/// Takes a question that is the part of another request of this name; what is wrong with it is told with that name.
pub(super) fn within<T>(
    part: &str,
    question: Option<Result<T, Violations>>,
    violations: &mut Violations,
) -> Option<T> {
    match question {
        None => {
            violations.add(part, "is required");
            None
        }
        Some(Ok(question)) => Some(question),
        Some(Err(inner)) => {
            for one in inner.iter() {
                violations.add(format!("{part}.{}", one.field), one.description.clone());
            }
            None
        }
    }
}

/// Reads which events are meant.
pub(super) fn selector(
    event: &str,
    filter: Option<&common::Filter>,
    field: &str,
    expressions: &Expressions,
    violations: &mut Violations,
) -> Selector {
    let filter = read(filter, field, &SCOPES, expressions, violations);
    Selector { event: (!event.is_empty()).then(|| event.to_owned()), filter }
}

/// Reads whom a question counts.
pub(super) fn counted_by(group_type: &str, violations: &mut Violations) -> CountedBy {
    if group_type.is_empty() {
        return CountedBy::Persons;
    }
    violations.require(
        group_type.chars().count() <= GROUP_TYPE_CHARS_MAX,
        "group_type",
        format!("must be at most {GROUP_TYPE_CHARS_MAX} characters"),
    );
    CountedBy::Groups(group_type.to_owned())
}

/// Writes a count.
pub(super) fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Reads a number from 1 as one from 0.
pub(super) fn step_from(number: i32) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}
