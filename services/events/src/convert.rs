//! Between the contract and the domain.

pub mod dead_letter;
pub mod span;
pub mod stored_event;

use chrono::{DateTime, Datelike as _, Utc};
use observe_core::{PersonId, Violations};
use observe_proto::common::v1 as common;
use observe_proto::common::v1::condition::Operator;
use observe_proto::events::v1 as pb;
use observe_proto::events::v1::list_events_request::Order as WireOrder;
use uuid::Uuid;

use crate::definition::type_of;
use crate::event::{Comparison, Condition, EventQuery, Order, Test};
use crate::store::definition::{EventDefinition, PropertyDefinition};
use crate::store::event::EventRow;

const NAMES_MAX: usize = 100;
const DISTINCT_IDS_MAX: usize = 1_000;
const CONDITIONS_MAX: usize = 50;
const VALUES_MAX: usize = 1_000;
const PATTERN_BYTES_MAX: usize = 1_000;
const PATTERNS_MAX: usize = 10;
/// Bytes of a compiled pattern.
const PATTERN_SIZE_MAX: usize = 64 * 1024;
const PATTERN_RULE: &str = "must be a regular expression of at most 1,000 bytes, without \\b, \\B, \\p, \\x, named groups and flags";
/// What PostgreSQL refuses, or reads as something else.
const DIFFERENT: [&str; 10] =
    ["\\b", "\\B", "\\p", "\\P", "\\x", "\\z", "\\u", "(?P", "(?<", "(?-"];
const PROPERTY_BYTES_MAX: usize = 200;
const PAGE_SIZE_DEFAULT: i32 = 100;
const PAGE_SIZE_MAX: i32 = 1_000;

/// The filter of `ListEvents`, checked; the person is not resolved yet.
pub struct ListFilter {
    /// All but the person.
    pub query: EventQuery,
    /// The person whose distinct ids are meant, if one is.
    pub person: Option<PersonId>,
    /// Events a page.
    pub page_size: i32,
}

/// Checks a `ListEvents` request, all of it.
///
/// # Errors
/// Every violation.
pub fn list_filter(request: &pb::ListEventsRequest) -> Result<ListFilter, Violations> {
    let mut violations = Violations::new();
    let filter = request.filter.clone().unwrap_or_default();
    violations.require(filter.names.len() <= NAMES_MAX, "filter.names", "has more than 100 names");
    let ids = &filter.distinct_ids;
    violations.require(
        ids.len() <= DISTINCT_IDS_MAX,
        "filter.distinct_ids",
        "has more than 1,000 ids",
    );
    violations.require(
        filter.properties.len() <= CONDITIONS_MAX,
        "filter.properties",
        "has more than 50 conditions",
    );
    let texts = filter.names.iter().chain(&filter.distinct_ids);
    violations.require(
        !texts.into_iter().any(|text| text.contains('\0')),
        "filter",
        "must not contain NUL",
    );
    // Too much is refused before anything of it is looked at closely.
    violations = checked(violations)?;
    let person = match filter.person_id.as_str() {
        "" => None,
        text => {
            let id = PersonId::parse(text);
            violations.require(id.is_some(), "filter.person_id", "must be a UUID");
            id
        }
    };
    let range = filter.range.as_ref().and_then(|range| range_of(range, &mut violations));
    let conditions = filter
        .properties
        .iter()
        .enumerate()
        .filter_map(|(at, condition)| {
            condition_of(condition, &format!("filter.properties[{at}]"), &mut violations)
        })
        .collect();
    let page_size = match request.page_size {
        0 => PAGE_SIZE_DEFAULT,
        size => {
            violations.require(
                (1..=PAGE_SIZE_MAX).contains(&size),
                "page_size",
                "must be 1-1,000, or 0 for 100",
            );
            size
        }
    };
    let order = match WireOrder::try_from(request.order) {
        Ok(WireOrder::Unspecified) => Order::NewestFirst,
        Ok(WireOrder::OldestFirst) => Order::OldestFirst,
        Err(_) => {
            violations.add("order", "must be one of the documented values");
            Order::NewestFirst
        }
    };
    violations.finish()?;
    let distinct_ids = (!filter.distinct_ids.is_empty()).then_some(filter.distinct_ids);
    let query =
        EventQuery { names: filter.names, distinct_ids, range, conditions, after: None, order };
    Ok(ListFilter { query, person, page_size })
}

/// Goes on only when nothing is wrong so far.
fn checked(violations: Violations) -> Result<Violations, Violations> {
    if violations.is_empty() { Ok(violations) } else { Err(violations) }
}

fn range_of(
    range: &common::TimeRange,
    violations: &mut Violations,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let mut time = |field: &str, value: Option<&prost_types::Timestamp>| {
        let read =
            value.and_then(|t| DateTime::from_timestamp(t.seconds, u32::try_from(t.nanos).ok()?));
        // PostgreSQL's calendar ends before chrono's does.
        let read = read.filter(|time| (1..=9999).contains(&time.year()));
        violations.require(
            read.is_some(),
            format!("filter.range.{field}"),
            "is required and must be a valid time",
        );
        read
    };
    let (start, end) =
        (time("start_time", range.start_time.as_ref()), time("end_time", range.end_time.as_ref()));
    let (start, end) = start.zip(end)?;
    violations.require(start < end, "filter.range", "must end after it starts");
    Some((start, end))
}

fn condition_of(
    condition: &common::Condition,
    field: &str,
    violations: &mut Violations,
) -> Option<Condition> {
    let before = violations.iter().count();
    let property = &condition.property;
    violations.require(
        (1..=PROPERTY_BYTES_MAX).contains(&property.len()) && !property.contains('\0'),
        format!("{field}.property"),
        "must have 1-200 bytes and no NUL",
    );
    let values = &condition.values;
    violations.require(
        values.len() <= VALUES_MAX,
        format!("{field}.values"),
        "must have 1-1,000 values",
    );
    let nul = values.iter().any(|value| value.contains('\0'));
    violations.require(!nul, format!("{field}.values"), "must not contain NUL");
    if nul || values.len() > VALUES_MAX {
        return None;
    }
    let event_scope = matches!(
        common::Scope::try_from(condition.scope),
        Ok(common::Scope::Unspecified | common::Scope::Event)
    );
    violations.require(event_scope, format!("{field}.scope"), "must be SCOPE_EVENT here");
    let test = test_of(condition, field, violations);
    (violations.iter().count() == before)
        .then_some(Condition { property: property.clone(), test: test? })
}

fn test_of(
    condition: &common::Condition,
    field: &str,
    violations: &mut Violations,
) -> Option<Test> {
    let Ok(operator) = Operator::try_from(condition.operator) else {
        violations.add(format!("{field}.operator"), "is not an operator");
        return None;
    };
    let values = condition.values.clone();
    let at = format!("{field}.values");
    let test = match operator {
        Operator::IsSet | Operator::IsNotSet => {
            violations.require(values.is_empty(), at, "must be empty for this operator");
            return Some(if operator == Operator::IsSet { Test::IsSet } else { Test::IsNotSet });
        }
        Operator::Unspecified | Operator::Equals | Operator::In => {
            Test::OneOf { values, negated: false }
        }
        Operator::NotEquals | Operator::NotIn => Test::OneOf { values, negated: true },
        Operator::Contains => Test::Contains { values, negated: false },
        Operator::NotContains => Test::Contains { values, negated: true },
        Operator::Matches => {
            violations.require(values.len() <= PATTERNS_MAX, &at, "must have at most 10 patterns");
            for (place, pattern) in values.iter().enumerate().take(PATTERNS_MAX) {
                violations.require(is_pattern(pattern), format!("{at}[{place}]"), PATTERN_RULE);
            }
            Test::Matches(values)
        }
        Operator::Greater => return compare(Comparison::Greater, &values, at, violations),
        Operator::GreaterOrEqual => {
            return compare(Comparison::GreaterOrEqual, &values, at, violations);
        }
        Operator::Less => return compare(Comparison::Less, &values, at, violations),
        Operator::LessOrEqual => return compare(Comparison::LessOrEqual, &values, at, violations),
    };
    violations.require(
        (1..=VALUES_MAX).contains(&condition.values.len()),
        at,
        "must have 1-1,000 values",
    );
    Some(test)
}

/// Whether a pattern means the same here, where PostgreSQL matches it, as in a question to reports.
fn is_pattern(pattern: &str) -> bool {
    let same = !DIFFERENT.iter().any(|construct| pattern.contains(construct));
    let small =
        |pattern| regex::RegexBuilder::new(pattern).size_limit(PATTERN_SIZE_MAX).build().is_ok();
    pattern.len() <= PATTERN_BYTES_MAX && same && small(pattern)
}

fn compare(
    operator: Comparison,
    values: &[String],
    at: String,
    violations: &mut Violations,
) -> Option<Test> {
    let number = match values {
        [only] => only.trim().parse::<f64>().ok().filter(|value| value.is_finite()),
        _ => None,
    };
    violations.require(number.is_some(), at, "must be one number");
    Some(Test::Compare { operator, value: number? })
}

/// Checks the filter of `WatchEvents`: as in a list, but without range and person.
///
/// # Errors
/// Every violation.
pub fn watch_filter(filter: Option<&pb::EventFilter>) -> Result<EventQuery, Violations> {
    let filter = filter.cloned();
    let mut violations = Violations::new();
    let unsupported = filter.as_ref().is_some_and(|f| f.range.is_some() || !f.person_id.is_empty());
    violations.require(!unsupported, "filter", "range and person_id are not supported here");
    violations.finish()?;
    let request = pb::ListEventsRequest { filter, ..pb::ListEventsRequest::default() };
    list_filter(&request).map(|filter| filter.query)
}

/// Checks text that goes into a statement as it is.
///
/// # Errors
/// If it is longer than 200 characters or holds NUL.
pub fn plain(field: &str, text: &str) -> Result<(), Violations> {
    let mut violations = Violations::new();
    let legal = text.chars().nth(200).is_none() && !text.contains('\0');
    violations.require(legal, field, "must have at most 200 characters and no NUL");
    violations.finish()
}

/// Returns the contract's form of an event definition.
#[must_use]
pub fn event_definition(row: EventDefinition) -> pb::EventDefinition {
    pb::EventDefinition {
        name: row.name,
        event_count: row.event_count,
        first_seen_time: Some(timestamp(row.first_seen_at)),
        last_seen_time: Some(timestamp(row.last_seen_at)),
    }
}

/// Returns the contract's form of a property definition.
#[must_use]
pub fn property_definition(row: PropertyDefinition) -> pb::PropertyDefinition {
    pb::PropertyDefinition {
        key: row.key,
        r#type: type_of(row.kinds).into(),
        event_count: row.event_count,
        last_seen_time: Some(timestamp(row.last_seen_at)),
    }
}

/// Returns the contract's form of an event of the log with its properties.
#[must_use]
pub fn logged_event(
    event: &pb::AcceptedEvent,
    members: serde_json::Map<String, serde_json::Value>,
) -> pb::Event {
    pb::Event {
        uuid: Uuid::from_slice(&event.uuid).map(|uuid| uuid.to_string()).unwrap_or_default(),
        name: event.name.clone(),
        distinct_id: event.distinct_id.clone(),
        time: DateTime::from_timestamp_millis(event.time_ms).map(timestamp),
        session_id: event.session_id.clone(),
        properties: Some(observe_core::json::to_struct(members)),
    }
}

/// Returns the contract's form of a stored event.
#[must_use]
pub fn event(row: EventRow) -> pb::Event {
    let members = match row.properties {
        serde_json::Value::Object(members) => members,
        _ => serde_json::Map::new(),
    };
    pb::Event {
        uuid: row.uuid.to_string(),
        name: row.name,
        distinct_id: row.distinct_id,
        time: Some(timestamp(row.time)),
        session_id: row.session_id.unwrap_or_default(),
        properties: Some(observe_core::json::to_struct(members)),
    }
}

/// Returns the contract's form of an instant.
#[must_use]
pub fn timestamp(time: DateTime<Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.timestamp(),
        nanos: i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(0),
    }
}
