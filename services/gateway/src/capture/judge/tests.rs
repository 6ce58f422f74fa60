//! The rules through their one door, with JSON drafts.

use chrono::{DateTime, Utc};
use observe_core::{KeyId, ProjectId, SystemEntropy};

use super::*;
use crate::auth::{Privacy, Retention};
use crate::capture::delivery::Visitor;
use crate::capture::draft::from_json;
use crate::capture::time::{Received, SentTime};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_800_000_000_123_456).expect("a valid time")
}

fn sender(retention: Retention) -> Sender {
    let (project, privacy) = (ProjectId::new(Uuid::from_u128(1)), Privacy::default());
    Sender { key: KeyId::new(Uuid::nil()), project, trusted: false, privacy, retention }
}

fn judged(elements: &[&str]) -> Judged {
    let received = Received::new(now(), SentTime::Absent);
    let delivery = Delivery::new("/v1/events", received, Visitor::default());
    let drafts = elements.iter().map(|element| from_json(element));
    judge(drafts, &delivery, &sender(Retention::default()), &SystemEntropy)
}

fn code(element: &str) -> Code {
    match &judged(&[element]).outcomes[0] {
        Outcome::Rejected(unreadable) => unreadable.reject.code,
        other => panic!("{element} should be refused, not {other:?}"),
    }
}

fn only(element: &str) -> AcceptedEvent {
    let mut judged = judged(&[element]);
    assert!(matches!(judged.outcomes[0], Outcome::Accepted(_)), "{element}: {:?}", judged.outcomes);
    judged.accepted.remove(0)
}

#[test]
fn an_event_gets_uuid_time_and_place_for_good() {
    let judged = judged(&["5", r#"{"anonymous_id":"a","name":"n"}"#]);
    let event = &judged.accepted[0];
    assert_eq!(Uuid::from_slice(&event.uuid).expect("a uuid").get_version_num(), 7);
    assert_eq!(
        (event.time_ms, event.received_us, event.index),
        (1_800_000_000_123, 1_800_000_000_123_456, 1)
    );
    assert_eq!((event.distinct_id.as_str(), event.properties_json.as_str()), ("a", "{}"));
    assert!(!event.identity && !event.trusted);
}

#[test]
fn names_and_ids_are_needed() {
    for element in [
        r#"{"user_id":"u"}"#,
        r#"{"name":"","user_id":"u"}"#,
        r#"{"name":" ","user_id":"u"}"#,
        "{}",
    ] {
        assert_eq!(code(element), Code::MissingName, "{element}");
    }
    for element in [r#"{"name":"n"}"#, r#"{"name":"n","user_id":"","anonymous_id":null}"#] {
        assert_eq!(code(element), Code::MissingDistinctId, "{element}");
    }
}

#[test]
fn names_and_ids_have_a_length_in_characters() {
    let with = |field: &str, length: usize| {
        let name = if field == "name" { "" } else { r#""name":"n","# };
        let id = if field == "name" || field == "session_id" { r#""user_id":"u","# } else { "" };
        format!("{{{name}{id}\"{field}\":\"{}\"}}", "é".repeat(length))
    };
    for (field, max, expected) in [
        ("name", NAME_CHARS_MAX, Code::NameTooLong),
        ("user_id", DISTINCT_ID_CHARS_MAX, Code::DistinctIdTooLong),
        ("distinct_id", DISTINCT_ID_CHARS_MAX, Code::DistinctIdTooLong),
        ("anonymous_id", DISTINCT_ID_CHARS_MAX, Code::DistinctIdTooLong),
        ("session_id", SESSION_ID_CHARS_MAX, Code::InvalidEvent),
    ] {
        only(&with(field, max));
        assert_eq!(code(&with(field, max + 1)), expected, "{field}");
    }
}

#[test]
fn times_are_judged() {
    assert_eq!(code(r#"{"name":"n","user_id":"u","timestamp":"soon"}"#), Code::InvalidTimestamp);
    assert_eq!(
        code(r#"{"name":"n","user_id":"u","timestamp":"1969-12-31T23:59:59Z"}"#),
        Code::TooOld
    );
    let ahead = only(
        r#"{"name":"n","user_id":"u","timestamp":"2090-01-01T00:00:00Z","properties":{"a":1}}"#,
    );
    assert_eq!(ahead.time_ms, now().timestamp_millis());
    assert_eq!(ahead.properties_json, r#"{"a":1,"$time_clamped":true}"#);
}

#[test]
fn what_a_project_would_delete_at_once_is_too_old_and_errors_go_by_their_own_days() {
    let judged = |days: (Option<u32>, Option<u32>), name: &str, age_ms: i64| {
        let happened = now().timestamp_millis() - age_ms;
        let event = format!(r#"{{"name":"{name}","user_id":"u","timestamp":{happened}}}"#);
        let delivery =
            Delivery::new("", Received::new(now(), SentTime::Absent), Visitor::default());
        let retention = Retention { events: days.0, exceptions: days.1 };
        let judged = judge([from_json(&event)], &delivery, &sender(retention), &SystemEntropy);
        match &judged.outcomes[0] {
            Outcome::Rejected(unreadable) => Some(unreadable.reject.code),
            _ => None,
        }
    };
    let day = 86_400_000;
    let (forever, some) = ((None, None), (Some(90), Some(30)));
    assert_eq!(judged(forever, "n", 50 * 365 * day), None);
    assert_eq!(judged(some, "n", 90 * day), None);
    assert_eq!(judged(some, "n", 90 * day + 1), Some(Code::TooOld));
    assert_eq!(judged(some, "$exception", 30 * day), None);
    assert_eq!(judged(some, "$exception", 30 * day + 1), Some(Code::TooOld));
    assert_eq!(judged((None, Some(30)), "$exception", 31 * day), Some(Code::TooOld));
    assert_eq!(judged((None, Some(30)), "n", 31 * day), None);
}

#[test]
fn the_anonymous_id_is_kept_beside_the_known_one() {
    let both = only(r#"{"name":"$identify","user_id":"u","anonymous_id":"a\u0000"}"#);
    assert_eq!(both.distinct_id, "u");
    assert_eq!(both.properties_json, "{\"$sanitized\":1,\"$anonymous_id\":\"a\u{fffd}\"}");
    assert!(both.identity);
}

#[test]
fn an_identify_without_a_known_id_says_so_by_one_id_in_both_places() {
    let none = only(
        r#"{"name":"$identify","anonymous_id":"a","properties":{"$anonymous_id":"b","$set":{"x":1}}}"#,
    );
    assert_eq!((none.name.as_str(), none.distinct_id.as_str()), ("$identify", "a"));
    let properties: serde_json::Value = serde_json::from_str(&none.properties_json).expect("JSON");
    assert_eq!(properties["$anonymous_id"], "a");
    assert_eq!(properties["$set"]["x"], 1);
    assert!(none.identity);
    for known in ["user_id", "distinct_id"] {
        let event = only(&format!(r#"{{"name":"$identify","{known}":"u"}}"#));
        assert_eq!((event.distinct_id.as_str(), event.properties_json.as_str()), ("u", "{}"));
    }
    assert_eq!(only(r#"{"name":"n","anonymous_id":"a"}"#).properties_json, "{}");
}

#[test]
fn identity_events_are_marked() {
    for name in IDENTITY_NAMES {
        assert!(only(&format!(r#"{{"name":"{name}","user_id":"u"}}"#)).identity, "{name}");
    }
    for key in ["$set", "$set_once", "$unset"] {
        let event =
            only(&format!(r#"{{"name":"n","user_id":"u","properties":{{"{key}":{{"a":1}}}}}}"#));
        assert!(event.identity, "{key}");
        assert!(event.properties_json.contains(key), "{key} is kept");
    }
    assert!(!only(r#"{"name":"$pageview","user_id":"u"}"#).identity);
}

#[test]
fn a_repeat_within_the_request_is_a_duplicate_of_the_first_that_counts() {
    let uuid = "0191f3a0-0000-7000-8000-000000000001";
    let good = format!(r#"{{"uuid":"{uuid}","name":"n","user_id":"u"}}"#);
    let upper = good.replace(uuid, &uuid.to_uppercase());
    let bad = format!(r#"{{"uuid":"{uuid}","user_id":"u"}}"#);
    let judged = judged(&[&bad, &good, &upper, &good]);
    assert!(matches!(judged.outcomes[0], Outcome::Rejected(_)));
    assert!(matches!(judged.outcomes[1], Outcome::Accepted(_)));
    assert!(matches!(judged.outcomes[2], Outcome::Duplicate(_)));
    assert!(matches!(judged.outcomes[3], Outcome::Duplicate(_)));
    assert_eq!((judged.accepted.len(), judged.accepted[0].index), (1, 1));
}

#[test]
fn a_bad_event_spares_its_neighbours() {
    let good = r#"{"name":"n","user_id":"u"}"#;
    let judged = judged(&[good, r#"{"name":"n","user_id":"u","properties":{"a":1e400}}"#, good]);
    assert_eq!(judged.accepted.len(), 2);
    assert!(
        matches!(&judged.outcomes[1], Outcome::Rejected(refused) if refused.reject.code == Code::NonFiniteNumber)
    );
}
