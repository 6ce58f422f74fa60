//! What the questions about retention, lifecycle and stickiness have in common on the wire.

use chrono_tz::Tz;
use observe_core::Violations;
use observe_filter::{Expressions, read};
use observe_proto::common::v1 as common;
use prost_types::Timestamp;

use super::shared::{SCOPES, timestamp};
use crate::query::{CountedBy, Range, Selector};
use crate::trends::buckets::{Buckets, Interval};

/// The longest type of groups, in characters: that of a distinct id.
const GROUP_TYPE_CHARS_MAX: usize = 200;

/// Reads whom a question counts.
pub(super) fn counted_by(group_type: &str, violations: &mut Violations) -> CountedBy {
    violations.require(
        group_type.chars().count() <= GROUP_TYPE_CHARS_MAX,
        "group_type",
        format!("must have at most {GROUP_TYPE_CHARS_MAX} characters"),
    );
    if group_type.is_empty() {
        CountedBy::Persons
    } else {
        CountedBy::Groups(group_type.to_owned())
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

/// Takes over what is wrong with a question that a request holds.
pub(super) fn within<T>(
    field: &str,
    question: Option<Result<T, Violations>>,
    violations: &mut Violations,
) -> Option<T> {
    match question {
        None => {
            violations.add(field, "is required");
            None
        }
        Some(Ok(question)) => Some(question),
        Some(Err(inner)) => {
            for one in inner.iter() {
                violations.add(format!("{field}.{}", one.field), one.description.clone());
            }
            None
        }
    }
}
