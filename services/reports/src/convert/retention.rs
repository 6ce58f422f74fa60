//! Retention.

use observe_core::Violations;
use observe_filter::{Expressions, read};
use observe_proto::reports::v1 as pb;
use pb::explain_retention_person_request::Id;
use pb::query_retention_request as wire_of;

use super::calendar::{bucket_at, buckets, time_zone};
use super::explained_event::explained_event;
use super::hints::hints;
use super::person_activity::{by_distinct_id, by_person_id, nobody};
use super::persons::page_size;
use super::shared::{SCOPES, count, counted_by, or_default, range, selector, timestamp, within};
use crate::person_activity::subject::Named;
use crate::query::Selector;
use crate::retention::explain::Explanation;
use crate::retention::{
    Cell, Counting, Kind, Period, RetentionAnswer, RetentionQuery, Wanted, Windows,
};
use crate::trends::buckets::{Buckets, Interval};

const COHORTS_MAX: usize = 400;
const COLUMNS_DEFAULT: usize = 8;
const COLUMNS: std::ops::RangeInclusive<usize> = 1..=100;

/// Reads the question.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn retention_query(
    wire: &pb::QueryRetentionRequest,
) -> Result<RetentionQuery, Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let range = range(wire.range.as_ref(), v);
    let period = period(wire.period, v);
    let columns = or_default(wire.periods, COLUMNS, COLUMNS_DEFAULT, "periods", v);
    let zone = time_zone(&wire.time_zone, v);
    let cohorts = range
        .zip(zone)
        .and_then(|(range, zone)| buckets(range, interval_of(period), zone, COHORTS_MAX, v));
    let (start_event, return_event) = events(wire);
    let filters = [&wire.start_event, &wire.return_event].into_iter().flatten();
    let filters = filters.filter_map(|event| event.filter.as_ref()).chain(&wire.filter);
    let expressions = Expressions::count(filters, v);
    let start_event = read_event(start_event, "start_event.filter", &expressions, v);
    let return_event =
        return_event.map(|event| read_event(event, "return_event.filter", &expressions, v));
    let (kind, counting, windows) = modes(wire, v);
    let filter = read(wire.filter.as_ref(), "filter", &SCOPES, &expressions, v);
    let counted_by = counted_by(&wire.group_type, v);
    match (range, zone, cohorts, violations.is_empty()) {
        (Some(range), Some(zone), Some(cohorts), true) => Ok(RetentionQuery {
            range,
            cohorts,
            period,
            zone,
            columns,
            start_event,
            return_event,
            kind,
            counting,
            windows,
            filter,
            counted_by,
        }),
        _ => Err(violations),
    }
}

/// The two events; no return event if it is the start event, which is then looked for once.
fn events(
    wire: &pb::QueryRetentionRequest,
) -> (Option<&pb::RetentionEvent>, Option<Option<&pb::RetentionEvent>>) {
    let (start, comes_back) = (wire.start_event.as_ref(), wire.return_event.as_ref());
    let normal = |event: Option<&pb::RetentionEvent>| event.cloned().unwrap_or_default();
    (start, (normal(start) != normal(comes_back)).then_some(comes_back))
}

fn read_event(
    wire: Option<&pb::RetentionEvent>,
    field: &str,
    expressions: &Expressions,
    violations: &mut Violations,
) -> Selector {
    let (event, filter) = wire.map_or(("", None), |wire| (&wire.event, wire.filter.as_ref()));
    selector(event, filter, field, expressions, violations)
}

fn period(number: i32, violations: &mut Violations) -> Period {
    use wire_of::Period as Wire;
    match violations.known(number, "period") {
        Wire::Unspecified | Wire::Day => Period::Day,
        Wire::Week => Period::Week,
        Wire::Month => Period::Month,
    }
}

fn interval_of(period: Period) -> Interval {
    match period {
        Period::Day => Interval::Day,
        Period::Week => Interval::Week,
        Period::Month => Interval::Month,
    }
}

fn modes(
    wire: &pb::QueryRetentionRequest,
    violations: &mut Violations,
) -> (Kind, Counting, Windows) {
    let kind = match violations.known(wire.kind, "kind") {
        wire_of::Kind::Unspecified | wire_of::Kind::FirstTime => Kind::FirstTime,
        wire_of::Kind::Recurring => Kind::Recurring,
    };
    let counting = match violations.known(wire.counting, "counting") {
        wire_of::Counting::Unspecified | wire_of::Counting::On => Counting::On,
        wire_of::Counting::OnOrAfter => Counting::OnOrAfter,
    };
    let windows = match violations.known(wire.windows, "windows") {
        wire_of::Windows::Unspecified | wire_of::Windows::Calendar => Windows::Calendar,
        wire_of::Windows::Rolling => Windows::Rolling,
    };
    (kind, counting, windows)
}

/// Writes the answer to the question whose cohorts are given.
pub(crate) fn retention_response(
    cohorts: &Buckets,
    answer: RetentionAnswer,
) -> pb::QueryRetentionResponse {
    let rows = cohorts.starts_ms().iter().zip(answer.cohorts);
    let rows = rows.map(|(start_ms, cohort)| pb::RetentionCohort {
        start_time: Some(timestamp(*start_ms)),
        size: count(cohort.size),
        values: cohort.values.into_iter().map(count).collect(),
    });
    pb::QueryRetentionResponse { cohorts: rows.collect(), hints: hints(answer.hints) }
}

/// Reads which number's persons are meant, and how many on a page.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn retention_persons_query(
    wire: &pb::ListRetentionPersonsRequest,
) -> Result<(RetentionQuery, (Cell, Wanted), usize), Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let query = within("retention", wire.retention.as_ref().map(retention_query), v);
    let cell = query
        .as_ref()
        .and_then(|query| cell(query, wire.cohort_start_time.as_ref(), wire.column, v));
    let size = page_size(wire.page_size, v);
    let wanted = if wire.dropped_off { Wanted::DroppedOff } else { Wanted::Retained };
    match (query, cell, violations.is_empty()) {
        (Some(query), Some(cell), true) => Ok((query, (cell, wanted), size)),
        _ => Err(violations),
    }
}

/// Reads which cell is to be explained, and to whom; a person id that is none names nobody, so it is `None`.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn explain_retention_query(
    wire: &pb::ExplainRetentionPersonRequest,
) -> Result<(RetentionQuery, Cell, Option<Named>), Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let query = within("retention", wire.retention.as_ref().map(retention_query), v);
    let of_groups = wire.retention.as_ref().is_some_and(|wire| !wire.group_type.is_empty());
    v.require(!of_groups, "retention.group_type", "must be empty: only persons are explained");
    let cell = query
        .as_ref()
        .and_then(|query| cell(query, wire.cohort_start_time.as_ref(), wire.column, v));
    let named = match &wire.id {
        Some(Id::PersonId(id)) => by_person_id(id, v),
        Some(Id::DistinctId(id)) => by_distinct_id(id, v),
        None => nobody(v),
    };
    match (query, cell, violations.is_empty()) {
        (Some(query), Some(cell), true) => Ok((query, cell, named)),
        _ => Err(violations),
    }
}

/// Reads a cell that the answer to the question has.
fn cell(
    query: &RetentionQuery,
    cohort: Option<&prost_types::Timestamp>,
    column: i32,
    violations: &mut Violations,
) -> Option<Cell> {
    let starts_ms = query.cohorts.starts_ms();
    let cohort = bucket_at(cohort, starts_ms, "cohort_start_time", violations)?;
    let columns = query.columns_of(cohort);
    let column = usize::try_from(column).ok().filter(|column| *column < columns);
    let rule = format!("must be 0-{}: the cohort has so many columns", columns - 1);
    violations.require(column.is_some(), "column", rule);
    Some(Cell { cohort, column: column? })
}

/// Writes why a person is, or is not, in a cell.
pub(crate) fn explain_retention_response(
    explanation: Explanation,
) -> pb::ExplainRetentionPersonResponse {
    pb::ExplainRetentionPersonResponse {
        in_cohort: explanation.in_cohort,
        retained: explanation.retained,
        summary: explanation.summary,
        events: explanation.events.into_iter().map(explained_event).collect(),
        truncated: explanation.truncated,
    }
}
