//! Errors.

use std::cmp::Reverse;

use observe_core::Violations;
use observe_proto::common::v1::TimeRange;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::error_group::Status as Wire;

use super::shared::{or_default, range, timestamp};
use crate::errors::detail::{Affected, Detail, Facet};
use crate::errors::list::{GroupLine, ListQuery, Position};
use crate::errors::status::{Decision, Status};
use crate::errors::{Exception, Frame};
use crate::query::Range;

/// The range of a question that names none, in milliseconds: the last 24 hours.
const RANGE_MS_DEFAULT: i64 = 86_400_000;
const SEARCH_BYTES_MAX: usize = 200;
const PAGE_SIZE_DEFAULT: usize = 100;
const PAGE_SIZE: std::ops::RangeInclusive<usize> = 1..=1_000;
/// Statuses that a filter may name; each at most once makes sense.
const STATUSES_MAX: usize = 10;

/// Reads the question for a page, but for its token; a page that goes on has the range of the first.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn list_question(
    wire: &pb::ListErrorGroupsRequest,
    now_ms: i64,
) -> Result<ListQuery, Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let filter = wire.filter.clone().unwrap_or_default();
    let range = range_or_default(filter.range.as_ref(), now_ms, v);
    v.require(
        filter.statuses.len() <= STATUSES_MAX,
        "filter.statuses",
        format!("must have at most {STATUSES_MAX} elements"),
    );
    let numbers = filter.statuses.iter().take(STATUSES_MAX).enumerate();
    let statuses =
        numbers.map(|(at, number)| status(*number, &format!("filter.statuses[{at}]"), v));
    let statuses = statuses.collect();
    v.require(
        filter.search.len() <= SEARCH_BYTES_MAX,
        "filter.search",
        format!("must be at most {SEARCH_BYTES_MAX} bytes"),
    );
    let page_size = or_default(wire.page_size, PAGE_SIZE, PAGE_SIZE_DEFAULT, "page_size", v);
    let search = filter.search.trim().to_lowercase();
    match (range, violations.is_empty()) {
        (Some(range), true) => Ok(ListQuery { range, statuses, search, page_size, after: None }),
        _ => Err(violations),
    }
}

/// Reads the range of a question about one group.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn group_question(wire: Option<&TimeRange>, now_ms: i64) -> Result<Range, Violations> {
    let mut violations = Violations::new();
    range_or_default(wire, now_ms, &mut violations).ok_or(violations)
}

/// Reads what was decided.
///
/// # Errors
/// A status that is none.
pub(crate) fn decided_status(number: i32) -> Result<Status, Violations> {
    let mut violations = Violations::new();
    let status = status(number, "status", &mut violations);
    violations.require(
        number != i32::from(Wire::Unspecified),
        "status",
        "must be OPEN, RESOLVED or IGNORED",
    );
    violations.finish().map(|()| status)
}

fn range_or_default(
    wire: Option<&TimeRange>,
    now_ms: i64,
    violations: &mut Violations,
) -> Option<Range> {
    match wire {
        // The event of this very millisecond is in it.
        None => Some(Range { start_ms: now_ms + 1 - RANGE_MS_DEFAULT, end_ms: now_ms + 1 }),
        given => range(given, violations),
    }
}

fn status(number: i32, field: &str, violations: &mut Violations) -> Status {
    match violations.known(number, field) {
        Wire::Unspecified | Wire::Open => Status::Open,
        Wire::Resolved => Status::Resolved,
        Wire::Ignored => Status::Ignored,
    }
}

/// Writes a page.
pub(crate) fn list_response(
    lines: &[GroupLine],
    total: usize,
    next_page_token: String,
) -> pb::ListErrorGroupsResponse {
    pb::ListErrorGroupsResponse {
        error_groups: lines.iter().map(error_group).collect(),
        next_page_token,
        total: i64::try_from(total).unwrap_or(i64::MAX),
    }
}

/// Writes a group.
pub(crate) fn error_group(line: &GroupLine) -> pb::ErrorGroup {
    let status = match line.standing.status {
        Status::Open => Wire::Open,
        Status::Resolved => Wire::Resolved,
        Status::Ignored => Wire::Ignored,
    };
    pb::ErrorGroup {
        id: line.id.clone(),
        title: line.title.clone(),
        status: status.into(),
        event_count: signed(line.count.events),
        people_affected: signed(line.count.people),
        first_seen_time: Some(timestamp(line.first_seen_ms)),
        last_seen_time: Some(timestamp(line.last_seen_ms)),
        r#type: line.kind.clone(),
        culprit: line.culprit.clone(),
        regressed: line.standing.regressed,
        is_new: line.is_new,
        points: line.points.clone(),
        spike_since_time: line.spike_since_ms.map(timestamp),
        handled: line.handled,
    }
}

/// Writes one group in detail.
pub(crate) fn detail_response(
    detail: Detail,
    decision: Option<&Decision>,
) -> pb::GetErrorGroupResponse {
    // It is kept with the one thrown last first; causes are told before what they caused.
    let exceptions = detail.exceptions.into_iter().rev().map(exception).collect();
    let latest_event_uuid =
        if detail.latest.is_nil() { String::new() } else { detail.latest.to_string() };
    pb::GetErrorGroupResponse {
        error_group: Some(error_group(&detail.line)),
        exceptions,
        point_times: detail.point_times_ms.into_iter().map(timestamp).collect(),
        facets: detail.facets.into_iter().map(facet).collect(),
        persons: detail.persons.into_iter().map(affected).collect(),
        status_time: decision.map(|decision| timestamp(decision.time.timestamp_millis())),
        latest_event_uuid,
    }
}

fn exception(exception: Exception) -> pb::Exception {
    let frames = exception.frames.into_iter().map(frame).collect();
    pb::Exception { r#type: exception.kind, value: exception.value, frames }
}

fn frame(frame: Frame) -> pb::StackFrame {
    pb::StackFrame {
        function: frame.function,
        file: if frame.file.is_empty() { frame.module } else { frame.file },
        line: i32::try_from(frame.line).unwrap_or(0),
        column: i32::try_from(frame.column).unwrap_or(0),
        in_app: frame.in_app,
        context_line: frame.context_line,
    }
}

fn facet(facet: Facet) -> pb::ErrorFacet {
    let value = |(value, events)| pb::ErrorFacetValue { value, event_count: signed(events) };
    pb::ErrorFacet {
        property: facet.property.to_owned(),
        values: facet.values.into_iter().map(value).collect(),
    }
}

fn affected(affected: Affected) -> pb::AffectedPerson {
    pb::AffectedPerson {
        person_id: affected.person.to_string(),
        distinct_id: affected.distinct_id,
        event_count: signed(affected.events),
        last_seen_time: Some(timestamp(affected.last_seen_ms)),
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Position {
    /// Returns what a page token holds: the range, so that pages of "the last 24 hours" fit together, and the place.
    pub(crate) fn to_bytes(&self, range: Range) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + self.id.len());
        bytes.extend(range.start_ms.to_be_bytes());
        bytes.extend(range.end_ms.to_be_bytes());
        bytes.extend(self.people.0.to_be_bytes());
        bytes.extend(self.events.0.to_be_bytes());
        bytes.extend(self.id.as_bytes());
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<(Range, Self)> {
        let (start, rest) = bytes.split_first_chunk()?;
        let (end, rest) = rest.split_first_chunk()?;
        let (people, rest) = rest.split_first_chunk()?;
        let (events, id) = rest.split_first_chunk()?;
        let range =
            Range { start_ms: i64::from_be_bytes(*start), end_ms: i64::from_be_bytes(*end) };
        let position = Self {
            people: Reverse(u64::from_be_bytes(*people)),
            events: Reverse(u64::from_be_bytes(*events)),
            id: String::from_utf8(id.to_vec()).ok()?,
        };
        Some((range, position))
    }
}
