//! One event as JSON: an element of `POST /v1/events`, or of the Capture RPC through the JSON doorway.

use super::super::json::{decode_counting, decode_string, walk};
use super::super::limits::EVENT_BYTES_MAX;
use super::super::properties::{self, number_text};
use super::super::reject::{Code, Reject};
use super::super::time::SentTime;
use super::{Draft, Unreadable, read_uuid};

/// Characters of a key that is no field, as they are shown to who sent it.
const SHOWN_KEY_CHARS: usize = 100;

/// The values of the keys we know, as text; of a key given twice, the last one.
#[derive(Default)]
struct Members<'a> {
    uuid: Option<&'a str>,
    name: Option<&'a str>,
    event: Option<&'a str>,
    user_id: Option<&'a str>,
    distinct_id: Option<&'a str>,
    anonymous_id: Option<&'a str>,
    session_id: Option<&'a str>,
    timestamp: Option<&'a str>,
    properties: Option<&'a str>,
    /// A key we do not know, with its quotes.
    unknown: Option<&'a str>,
}

/// Where a key belongs; `None` for one we do not know.
type Place = for<'m, 'a> fn(&'m mut Members<'a>, &str) -> Option<&'m mut Option<&'a str>>;

/// Reads an element of `POST /v1/events`, which is known to be JSON. Keys we do not know are passed over.
///
/// # Errors
/// The first rule it breaks.
pub(crate) fn from_json(element: &str) -> Result<Draft, Unreadable> {
    draft(element, |members, key| match key {
        "uuid" => Some(&mut members.uuid),
        "name" => Some(&mut members.name),
        "event" => Some(&mut members.event),
        "user_id" => Some(&mut members.user_id),
        "distinct_id" => Some(&mut members.distinct_id),
        "anonymous_id" => Some(&mut members.anonymous_id),
        "session_id" => Some(&mut members.session_id),
        "timestamp" => Some(&mut members.timestamp),
        "properties" => Some(&mut members.properties),
        _ => None,
    })
    .map(|(draft, _)| draft)
}

/// Reads a `CaptureEvent` in the JSON form of proto3, which is known to be JSON.
///
/// # Errors
/// The first rule it breaks; a key that is no field is one of them.
pub(crate) fn from_proto_json(element: &str) -> Result<Draft, Unreadable> {
    let (draft, unknown) = draft(element, |members, key| match key {
        "uuid" => Some(&mut members.uuid),
        "name" => Some(&mut members.name),
        "distinctId" | "distinct_id" => Some(&mut members.distinct_id),
        "anonymousId" | "anonymous_id" => Some(&mut members.anonymous_id),
        "time" => Some(&mut members.timestamp),
        "sessionId" | "session_id" => Some(&mut members.session_id),
        "properties" => Some(&mut members.properties),
        _ => None,
    })?;
    let Some(key) = unknown else { return Ok(draft) };
    let key: String = decode_string(key).chars().take(SHOWN_KEY_CHARS).collect();
    let reject = Reject::new(Code::InvalidEvent, format!("an event has no field `{key}`"));
    Err(Unreadable { uuid: draft.uuid, reject })
}

/// Reads an element; returns also a key that has no place.
fn draft(element: &str, place: Place) -> Result<(Draft, Option<&str>), Unreadable> {
    if !element.starts_with('{') {
        return Err(Reject::new(Code::InvalidEvent, "an event must be an object").into());
    }
    let members = members(element, place);
    let uuid = read_uuid(text(members.uuid, "uuid", &mut 0)?.trim())?;
    read(element, &members)
        .map(|draft| (Draft { uuid, ..draft }, members.unknown))
        .map_err(|reject| Unreadable { uuid, reject })
}

fn members(element: &str, place: Place) -> Members<'_> {
    let mut found = Members::default();
    for (key, value) in walk::members(element) {
        match place(&mut found, decode_string(key).as_ref()) {
            Some(place) => *place = (value != "null").then_some(value),
            None => found.unknown = Some(key),
        }
    }
    found
}

fn read(element: &str, members: &Members<'_>) -> Result<Draft, Reject> {
    if element.len() > EVENT_BYTES_MAX {
        return Err(properties::too_large());
    }
    let mut replaced = 0;
    let name = match members.name.or(members.event) {
        None => String::new(),
        Some(value) if value.starts_with('"') => decode_counting(value, &mut replaced).into_owned(),
        Some(_) => return Err(Reject::new(Code::InvalidEvent, "`name` must be text")),
    };
    let mut text = |value, field| text(value, field, &mut replaced);
    let user_id = text(members.user_id, "user_id")?;
    let distinct_id = text(members.distinct_id, "distinct_id")?;
    let anonymous_id = text(members.anonymous_id, "anonymous_id")?;
    let session_id = text(members.session_id, "session_id")?;
    Ok(Draft {
        uuid: None,
        name,
        known_id: if is_blank(&user_id) { distinct_id } else { user_id },
        anonymous_id,
        session_id,
        replaced,
        time: members.timestamp.map_or(SentTime::Absent, SentTime::from_json),
        properties: members.properties.map(properties::from_json).transpose()?.unwrap_or_default(),
    })
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Reads an id, which may also be a number.
fn text(value: Option<&str>, field: &str, replaced: &mut usize) -> Result<String, Reject> {
    let Some(value) = value else { return Ok(String::new()) };
    match value.as_bytes()[0] {
        b'"' => Ok(decode_counting(value, replaced).into_owned()),
        b'-' | b'0'..=b'9' => {
            // Whole numbers keep all their digits: an id of twenty digits is still an id.
            let is_whole = value.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
            if is_whole {
                return Ok(value.to_owned());
            }
            let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
            let refused =
                || Reject::new(Code::NonFiniteNumber, format!("`{field}` must be finite"));
            number.map(number_text).ok_or_else(refused)
        }
        _ => Err(Reject::new(Code::InvalidEvent, format!("`{field}` must be text or a number"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(element: &str) -> Code {
        from_json(element).expect_err("refused").reject.code
    }

    #[test]
    fn the_shortest_event_is_complete() {
        let draft = from_json(
            r#"{"anonymous_id":"usr_abc123","name":"button_clicked","properties":{"a":1}}"#,
        );
        let draft = draft.expect("fine");
        assert_eq!(
            (draft.anonymous_id.as_str(), draft.name.as_str()),
            ("usr_abc123", "button_clicked")
        );
        assert_eq!(draft.known_id, "");
        assert_eq!(draft.properties.into_json(), r#"{"a":1}"#);
    }

    #[test]
    fn fields_have_both_names_of_proto3() {
        let uuid = "0191f3a0-0000-7000-8000-000000000001";
        for (distinct, anonymous, session) in [
            ("distinctId", "anonymousId", "sessionId"),
            ("distinct_id", "anonymous_id", "session_id"),
        ] {
            let draft = from_proto_json(&format!(
                r#"{{"uuid":"{uuid}","name":"n","{distinct}":"d","{anonymous}":"a","{session}":"s",
                    "time":"1970-01-01T00:00:01Z","properties":{{"a":[1]}}}}"#
            ));
            let draft = draft.expect("fine");
            assert_eq!(draft.uuid.map(|uuid| uuid.to_string()).as_deref(), Some(uuid));
            assert_eq!(
                (draft.name.as_str(), draft.known_id.as_str(), draft.anonymous_id.as_str()),
                ("n", "d", "a")
            );
            assert_eq!((draft.session_id.as_str(), draft.time), ("s", SentTime::Millis(1_000)));
            assert_eq!(draft.properties.into_json(), r#"{"a":[1]}"#);
        }
        for key in ["user_id", "event", "timestamp", "userId"] {
            let refused =
                from_proto_json(&format!(r#"{{"uuid":"{uuid}","name":"n","{key}":"x"}}"#));
            let refused = refused.expect_err(key);
            assert_eq!(refused.reject.code, Code::InvalidEvent);
            assert!(refused.reject.message.contains(key) && refused.uuid.is_some());
        }
    }

    #[test]
    fn the_user_id_goes_before_the_distinct_id() {
        let draft = from_json(r#"{"event":"a","user_id":"u","distinct_id":"d"}"#).expect("fine");
        assert_eq!((draft.name.as_str(), draft.known_id.as_str()), ("a", "u"));
        for empty in ["null", "\"\"", "\" \""] {
            let draft =
                from_json(&format!(r#"{{"name":"a","user_id":{empty},"distinct_id":"d"}}"#));
            assert_eq!(draft.expect("fine").known_id, "d", "{empty}");
        }
    }

    #[test]
    fn numbers_become_text() {
        for (given, id) in [
            ("42", "42"),
            ("-1", "-1"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("1.50", "1.5"),
            ("4e1", "40"),
        ] {
            let draft = from_json(&format!(r#"{{"name":"a","user_id":{given}}}"#)).expect("fine");
            assert_eq!(draft.known_id, id);
        }
        assert_eq!(code(r#"{"name":"a","user_id":1e400}"#), Code::NonFiniteNumber);
    }

    #[test]
    fn nul_in_names_and_ids_is_replaced() {
        let draft = from_json(r#"{"name":"a\u0000","user_id":"\ud800"}"#).expect("fine");
        assert_eq!((draft.name.as_str(), draft.known_id.as_str()), ("a\u{fffd}", "\u{fffd}"));
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for element in [
            "5",
            "\"a\"",
            "[]",
            "null",
            r#"{"name":5}"#,
            r#"{"user_id":{}}"#,
            r#"{"session_id":true}"#,
        ] {
            assert_eq!(code(element), Code::InvalidEvent, "{element}");
        }
    }

    #[test]
    fn a_uuid_is_optional_but_must_be_one() {
        for element in [
            r#"{"uuid":"x"}"#,
            r#"{"uuid":7}"#,
            r#"{"uuid":"00000000-0000-0000-0000-000000000000"}"#,
        ] {
            let refused = from_json(element).expect_err("refused");
            assert_eq!((refused.uuid, refused.reject.code), (None, Code::InvalidUuid), "{element}");
        }
        assert_eq!(from_json(r#"{"uuid":""}"#).expect("fine").uuid, None);
        let refused =
            from_json(r#"{"uuid":"0191f3a0-0000-7000-8000-000000000001","properties":5}"#);
        let refused = refused.expect_err("bad properties");
        assert!(refused.uuid.is_some(), "the receipt names the event");
        assert_eq!(refused.reject.code, Code::InvalidProperties);
    }

    #[test]
    fn an_event_may_have_a_mebibyte() {
        let sized = |bytes: usize| {
            let frame = r#"{"name":"a","other":""}"#.len();
            format!(r#"{{"name":"a","other":"{}"}}"#, "x".repeat(bytes - frame))
        };
        assert!(from_json(&sized(EVENT_BYTES_MAX)).is_ok());
        assert_eq!(code(&sized(EVENT_BYTES_MAX + 1)), Code::EventTooLarge);
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let draft = from_json(r#"{"name":"a","name":"b","properties":{"a":1},"properties":null}"#)
            .expect("fine");
        assert_eq!(draft.name, "b");
        assert_eq!(draft.properties.into_json(), "{}");
    }
}
