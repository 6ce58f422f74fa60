//! An event of Sentry's form as an `$exception` event.

use serde_json::Value;
use uuid::Uuid;

use super::super::draft::{Draft, Unreadable};
use super::super::json::Scanner;
use super::super::properties;
use super::super::reject::{Code, Reject};
use super::super::time::SentTime;
use super::details::properties_of;
use super::fields::{fields, text};

/// The name of the events that are errors.
const NAME: &str = "$exception";
/// The distinct id of an error without a user: one of those that count as nobody.
const NOBODY: &str = "anonymous";
/// Characters of a value that is kept.
const VALUE_CHARS_MAX: usize = 500;
/// Characters of an id. One more than events take, so that a longer one is refused and not cut into somebody else's.
const ID_CHARS_MAX: usize = 201;

/// Reads an event; `envelope_id` is the id its envelope names. Returns also how many calls of its stacks were left out.
///
/// # Errors
/// The first rule it breaks.
pub(super) fn draft(json: &str, envelope_id: &str) -> Result<(Draft, usize), Unreadable> {
    let json = checked(json)?;
    let event = Some(json);
    let uuid = id(event, envelope_id)?;
    let (properties, frames_left_out) = properties_of(event);
    let properties = properties::from_json(&Value::from(properties).to_string());
    let properties = properties.map_err(|reject| Unreadable { uuid, reject })?;
    let [timestamp, user] = fields(event, ["timestamp", "user"]);
    let draft = Draft {
        uuid,
        name: NAME.to_owned(),
        known_id: user_id(user),
        time: time(timestamp),
        properties,
        ..Draft::default()
    };
    Ok((draft, frames_left_out))
}

/// Checks that a payload is a JSON object, and returns it without white space around it.
///
/// # Errors
/// Where it stops to be one.
pub(super) fn checked(json: &str) -> Result<&str, Unreadable> {
    let json = json.trim();
    let mut scanner = Scanner::new(json);
    let grammar = scanner.value().and_then(|_| scanner.end());
    grammar.map_err(|error| {
        let message = error.describe(json).replacen("the body", "the event", 1);
        Unreadable::from(Reject::new(Code::InvalidEvent, message))
    })?;
    if !json.starts_with('{') {
        return Err(Reject::new(Code::InvalidEvent, "an event must be an object").into());
    }
    Ok(json)
}

/// Returns the event's id, else the envelope's.
fn id(event: Option<&str>, envelope_id: &str) -> Result<Option<Uuid>, Unreadable> {
    let [id] = fields(event, ["event_id"]);
    let own = text(id, VALUE_CHARS_MAX);
    let id = if own.is_empty() { envelope_id } else { &own };
    if id.is_empty() {
        return Ok(None);
    }
    let uuid = Uuid::try_parse(id).ok().filter(|uuid| !uuid.is_nil());
    let refused = || Reject::new(Code::InvalidUuid, "`event_id` must be a UUID other than zeros");
    Ok(Some(uuid.ok_or_else(refused)?))
}

/// Returns the user's id, else the e-mail address, else the name; an error without a user counts as nobody's.
fn user_id(user: Option<&str>) -> String {
    let known = fields(user, ["id", "email", "username"]);
    let known = known.into_iter().map(|id| text(id, ID_CHARS_MAX)).find(|id| !id.is_empty());
    known.unwrap_or_else(|| NOBODY.to_owned())
}

/// Reads a time. Old clients write one in UTC without saying so; one that cannot be read is the time of receipt, for an
/// error is worth more than its second.
fn time(timestamp: Option<&str>) -> SentTime {
    let Some(timestamp) = timestamp else { return SentTime::Absent };
    match SentTime::from_json(timestamp) {
        SentTime::Unreadable => {
            let in_utc = format!("\"{}Z\"", timestamp.trim_matches('"'));
            match SentTime::from_json(&in_utc) {
                SentTime::Unreadable => SentTime::Absent,
                time => time,
            }
        }
        time => time,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(event: &Value) -> (Draft, Value) {
        let (draft, _) = draft(&event.to_string(), "").expect("an event");
        let properties = serde_json::from_str(&draft.properties.clone().into_json()).expect("JSON");
        (draft, properties)
    }

    #[test]
    fn an_event_says_who_when_and_where() {
        let (draft, properties) = read(&json!({
            "event_id": "8bad26d54ea7452288877bbb67533205", "timestamp": "2026-11-23T16:45:51.473598Z",
            "level": "error", "release": "1.0", "environment": "test", "server_name": "vm", "transaction": "t1",
            "platform": "python", "user": {"id": 7, "email": "ada@example.com"},
            "tags": {"plan": "pro", "$set": {"a": 1}, "": "x"},
            "contexts": {"browser": {"name": "Firefox", "version": "140"}, "trace": {"trace_id": "ede5"}},
            "request": {"url": "https://u:p@shop.example/pay?card=4111", "method": "POST", "data": {"card": "4111"}},
            "exception": {"values": [{"type": "E", "value": "v"}]}, "fingerprint": ["{{ default }}"],
            "sdk": {"name": "sentry.python", "version": "2.75.0"},
        }));
        assert_eq!(
            draft.uuid.map(|uuid| uuid.simple().to_string()).as_deref(),
            Some("8bad26d54ea7452288877bbb67533205")
        );
        assert_eq!((draft.name.as_str(), draft.known_id.as_str()), ("$exception", "7"));
        assert_eq!(draft.time, SentTime::Millis(1_795_452_351_473));
        let expected = json!({
            "plan": "pro", "$level": "error", "$release": "1.0", "$environment": "test", "$server_name": "vm",
            "$transaction": "t1", "$platform": "python", "$lib": "sentry.python", "$lib_version": "2.75.0",
            "$browser": "Firefox", "$browser_version": "140", "$trace_id": "ede5", "$request_method": "POST",
            "$current_url": "https://shop.example/pay", "$host": "shop.example", "$pathname": "/pay",
            "$exception_list": [{"type": "E", "value": "v", "mechanism": {"handled": true, "type": ""}}],
        });
        assert_eq!(properties, expected);
        assert!(!draft.properties.changes_person());
    }

    #[test]
    fn a_message_is_an_error_without_a_type() {
        for event in [
            json!({"message": "disk is full"}),
            json!({"message": {"formatted": "disk is full", "message": "disk is %s"}}),
            json!({"logentry": {"message": "disk is full"}}),
        ] {
            let (draft, properties) = read(&event);
            assert_eq!(properties["$exception_list"][0]["value"], "disk is full", "{event}");
            assert_eq!((draft.known_id.as_str(), draft.uuid), (NOBODY, None));
            assert!(observe_core::distinct_id::is_illegal(&draft.known_id));
        }
    }

    #[test]
    fn users_are_known_by_what_there_is() {
        let id = |user: Value| read(&json!({"user": user})).0.known_id;
        assert_eq!(id(json!({"email": "ada@example.com", "username": "ada"})), "ada@example.com");
        assert_eq!(id(json!({"id": "", "username": "ada"})), "ada");
        assert_eq!(id(json!({"ip_address": "{{auto}}"})), NOBODY);
        assert_eq!(id(json!(null)), NOBODY);
    }

    #[test]
    fn times_of_every_kind_are_read() {
        let at = |time: Value| read(&json!({"timestamp": time})).0.time;
        assert_eq!(at(json!(1_795_452_395.767)), SentTime::Millis(1_795_452_395_767));
        assert_eq!(at(json!("2026-11-23T16:45:51.5")), SentTime::Millis(1_795_452_351_500));
        assert_eq!((at(json!("yesterday")), at(json!(null))), (SentTime::Absent, SentTime::Absent));
    }

    #[test]
    fn fingerprints_and_pairs_of_tags_are_kept() {
        let (_, properties) =
            read(&json!({"fingerprint": ["{{ default }}", 7], "tags": [["a", 1], ["b"], 5]}));
        assert_eq!(properties["$exception_fingerprint"], json!(["{{ default }}", "7"]));
        assert_eq!((&properties["a"], properties.get("b")), (&json!("1"), None));
    }

    #[test]
    fn what_is_no_event_is_refused_with_a_sentence() {
        for (json, code) in [
            ("{\"a\":", Code::InvalidEvent),
            ("", Code::InvalidEvent),
            ("[]", Code::InvalidEvent),
            ("{\"event_id\":\"x\"}", Code::InvalidUuid),
            ("{\"event_id\":\"00000000000000000000000000000000\"}", Code::InvalidUuid),
        ] {
            assert_eq!(draft(json, "").expect_err(json).reject.code, code, "{json}");
        }
        let of_envelope = draft("{}", "8bad26d54ea7452288877bbb67533205").expect("fine").0;
        assert!(of_envelope.uuid.is_some());
    }
}
