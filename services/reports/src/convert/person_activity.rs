//! Questions about what a person did.

use std::collections::BTreeMap;

use observe_core::distinct_id::is_illegal;
use observe_core::{PersonId, Violations};
use observe_proto::events::v1::Event;
use observe_proto::identity::v1::Person;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::export_person_request::Id as ExportId;
use observe_proto::reports::v1::list_person_events_request::Id as ListId;
use prost_types::{Struct, Timestamp};

use super::persons::page_size;
use super::shared::timestamp;
use crate::history::History;
use crate::person_activity::sessions::Moment;
use crate::person_activity::subject::Named;

/// The most distinct ids of a person: identity's limit.
const DISTINCT_IDS_MAX: usize = 1_000;

/// Reads the source and the target of a merge. A person id that is none names nobody, so it is `None`.
///
/// # Errors
/// Every violation.
pub(crate) fn preview_question(
    request: &pb::PreviewMergeRequest,
) -> Result<(Option<Named>, Option<Named>), Violations> {
    let mut violations = Violations::new();
    let (source, distinct_id) = (&request.source_person_id, &request.source_distinct_id);
    let source = if distinct_id.is_empty() {
        violations.require(!source.is_empty(), "source_person_id", "is required");
        PersonId::parse(source).map(Named::Person)
    } else {
        let rule = "must name somebody, in at most 200 characters";
        violations.require(!is_illegal(distinct_id), "source_distinct_id", rule);
        Some(Named::DistinctId(distinct_id.clone()))
    };
    let target = &request.target_person_id;
    violations.require(!target.is_empty(), "target_person_id", "is required");
    violations.finish()?;
    Ok((source, PersonId::parse(target).map(Named::Person)))
}

/// Reads whose events are listed, and how many on a page. A person id that is none names nobody, so it is `None`.
///
/// # Errors
/// Every violation.
pub(crate) fn person_events_question(
    request: &pb::ListPersonEventsRequest,
) -> Result<(Option<Named>, i32), Violations> {
    let mut violations = Violations::new();
    let named = match &request.id {
        Some(ListId::PersonId(id)) => by_person_id(id, &mut violations),
        Some(ListId::DistinctId(id)) => by_distinct_id(id, &mut violations),
        None => nobody(&mut violations),
    };
    let size = page_size(request.page_size, &mut violations);
    violations.finish()?;
    Ok((named, i32::try_from(size).expect("a page has few")))
}

/// Reads whose export is asked for. A person id that is none names nobody, so it is `None`.
///
/// # Errors
/// Every violation.
pub(crate) fn export_question(
    request: &pb::ExportPersonRequest,
) -> Result<Option<Named>, Violations> {
    let mut violations = Violations::new();
    let named = match &request.id {
        Some(ExportId::PersonId(id)) => by_person_id(id, &mut violations),
        Some(ExportId::DistinctId(id)) => by_distinct_id(id, &mut violations),
        None => nobody(&mut violations),
    };
    violations.finish().map(|()| named)
}

pub(super) fn by_person_id(id: &str, violations: &mut Violations) -> Option<Named> {
    if id.is_empty() {
        return nobody(violations);
    }
    PersonId::parse(id).map(Named::Person)
}

pub(super) fn by_distinct_id(id: &str, violations: &mut Violations) -> Option<Named> {
    if id.is_empty() {
        return nobody(violations);
    }
    violations.require(!id.contains('\0'), "distinct_id", "must not contain NUL");
    Some(Named::DistinctId(id.to_owned()))
}

pub(super) fn nobody(violations: &mut Violations) -> Option<Named> {
    violations.add("id", "person_id or distinct_id is needed");
    None
}

/// Returns what sessions are told by.
pub(crate) fn moment(event: &Event) -> Moment {
    let time = event.time.unwrap_or_default();
    Moment {
        time_ms: time.seconds * 1_000 + i64::from(time.nanos) / 1_000_000,
        session_id: event.session_id.clone(),
    }
}

/// Answers what a merge would join.
pub(crate) fn preview_response(
    source: Person,
    target: Person,
    histories: &[History],
) -> pb::PreviewMergeResponse {
    let history = |place: usize| histories.get(place).copied().unwrap_or_default();
    let conflicting_keys = conflicting_keys(&source, &target);
    let trouble = trouble(&source, &target);
    let merged = merged(&source, &target);
    pb::PreviewMergeResponse {
        source: Some(activity(source, history(0))),
        target: Some(activity(target, history(1))),
        merged: Some(merged),
        conflicting_keys,
        trouble,
    }
}

fn activity(person: Person, history: History) -> pb::PersonActivity {
    pb::PersonActivity {
        person: Some(person),
        event_count: i64::try_from(history.events).unwrap_or(i64::MAX),
        first_event_time: history.span_ms.map(|(first, _)| timestamp(first)),
        last_event_time: history.span_ms.map(|(_, last)| timestamp(last)),
    }
}

/// The person that both would be.
fn merged(source: &Person, target: &Person) -> Person {
    let mut fields = properties(source).clone();
    fields.extend(properties(target).iter().map(|(key, value)| (key.clone(), value.clone())));
    let earliest = |time: &Timestamp| (time.seconds, time.nanos);
    let times = source.created_time.iter().chain(&target.created_time);
    Person {
        id: target.id.clone(),
        distinct_ids: [&target.distinct_ids[..], &source.distinct_ids].concat(),
        properties: Some(Struct { fields }),
        created_time: times.min_by_key(|time| earliest(time)).copied(),
        // Whoever was merged is somebody that somebody knows.
        identified: true,
    }
}

fn conflicting_keys(source: &Person, target: &Person) -> Vec<String> {
    let of_target = properties(target);
    let conflicts = properties(source)
        .iter()
        .filter(|(key, value)| of_target.get(*key).is_some_and(|of_target| of_target != *value));
    conflicts.map(|(key, _)| key.clone()).collect()
}

/// Why identity would refuse the merge.
fn trouble(source: &Person, target: &Person) -> String {
    let ids = source.distinct_ids.len() + target.distinct_ids.len();
    if ids > DISTINCT_IDS_MAX {
        return format!(
            "Together they have {ids} distinct ids, and a person may have at most {DISTINCT_IDS_MAX}."
        );
    }
    String::new()
}

fn properties(person: &Person) -> &BTreeMap<String, prost_types::Value> {
    static NONE: BTreeMap<String, prost_types::Value> = BTreeMap::new();
    person.properties.as_ref().map_or(&NONE, |properties| &properties.fields)
}

#[cfg(test)]
mod tests {
    use prost_types::Value;
    use prost_types::value::Kind;

    use super::*;

    fn person(ids: &[&str], properties: &[(&str, f64)], created: Option<i64>) -> Person {
        let value = |number: f64| Value { kind: Some(Kind::NumberValue(number)) };
        let fields = properties.iter().map(|(key, number)| ((*key).into(), value(*number)));
        Person {
            id: ids.concat(),
            distinct_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            properties: Some(Struct { fields: fields.collect() }),
            created_time: created.map(|seconds| Timestamp { seconds, nanos: 0 }),
            identified: created.is_some(),
        }
    }

    #[test]
    fn the_targets_properties_win_and_the_older_time_stays() {
        let source = person(&["anon"], &[("a", 1.0), ("b", 2.0), ("c", 3.0)], Some(5));
        let target = person(&["ada", "ipad"], &[("b", 7.0), ("c", 3.0)], Some(9));
        let history = History { events: 3, span_ms: Some((1_000, 2_500)) };
        let answer = preview_response(source, target, &[history, History::default()]);
        let merged = answer.merged.expect("always");
        assert_eq!(
            merged,
            Person {
                id: "adaipad".into(),
                ..person(&["ada", "ipad", "anon"], &[("a", 1.0), ("b", 7.0), ("c", 3.0)], Some(5))
            }
        );
        assert_eq!((answer.conflicting_keys, answer.trouble.as_str()), (vec!["b".to_owned()], ""));
        let source = answer.source.expect("always");
        assert_eq!((source.event_count, source.last_event_time), (3, Some(timestamp(2_500))));
        let target = answer.target.expect("always");
        assert_eq!((target.event_count, target.first_event_time), (0, None));
    }

    #[test]
    fn a_merge_that_would_be_refused_says_why() {
        let many: Vec<String> = (0..1_000).map(|n| n.to_string() + "x").collect();
        let many = Person { distinct_ids: many, ..Person::default() };
        let one = person(&["ada"], &[], Some(1));
        let told = trouble(&many, &one);
        assert_eq!(
            told,
            "Together they have 1001 distinct ids, and a person may have at most 1000."
        );
        assert_eq!(trouble(&one, &person(&["ben"], &[], None)), "");
    }
}
