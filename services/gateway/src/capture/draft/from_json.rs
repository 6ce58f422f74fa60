//! One element of `POST /v1/events`.

use super::super::json::{Scanner, decode_string};
use super::super::limits::EVENT_BYTES_MAX;
use super::super::properties::{self, number_text};
use super::super::reject::{Code, Reject};
use super::super::time::SentTime;
use super::{Draft, Unreadable, read_uuid};

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
}

/// Reads an element, which is known to be JSON.
///
/// # Errors
/// The first rule it breaks.
pub(crate) fn from_json(element: &str) -> Result<Draft, Unreadable> {
    if !element.starts_with('{') {
        return Err(Reject::new(Code::InvalidEvent, "an event must be an object").into());
    }
    let members = members(element);
    let uuid = read_uuid(text(members.uuid, "uuid")?.trim())?;
    read(element, &members)
        .map(|draft| Draft { uuid, ..draft })
        .map_err(|reject| Unreadable { uuid, reject })
}

fn members(element: &str) -> Members<'_> {
    let mut found = Members::default();
    // The element was cut out of checked text, so that this cannot fail; if it did, the names would be missing.
    let _ = Scanner::new(element).members(|key, value| {
        let place = match decode_string(key).as_ref() {
            "uuid" => &mut found.uuid,
            "name" => &mut found.name,
            "event" => &mut found.event,
            "user_id" => &mut found.user_id,
            "distinct_id" => &mut found.distinct_id,
            "anonymous_id" => &mut found.anonymous_id,
            "session_id" => &mut found.session_id,
            "timestamp" => &mut found.timestamp,
            "properties" => &mut found.properties,
            _ => return,
        };
        *place = (value != "null").then_some(value);
    });
    found
}

fn read(element: &str, members: &Members<'_>) -> Result<Draft, Reject> {
    if element.len() > EVENT_BYTES_MAX {
        return Err(properties::too_large());
    }
    let name = match members.name.or(members.event) {
        None => String::new(),
        Some(value) if value.starts_with('"') => decode_string(value).into_owned(),
        Some(_) => return Err(Reject::new(Code::InvalidEvent, "`name` must be text")),
    };
    let user_id = text(members.user_id, "user_id")?;
    let distinct_id = text(members.distinct_id, "distinct_id")?;
    Ok(Draft {
        uuid: None,
        name,
        known_id: if is_blank(&user_id) { distinct_id } else { user_id },
        anonymous_id: text(members.anonymous_id, "anonymous_id")?,
        session_id: text(members.session_id, "session_id")?,
        time: members.timestamp.map_or(SentTime::Absent, SentTime::from_json),
        properties: members.properties.map(properties::from_json).transpose()?.unwrap_or_default(),
    })
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Reads an id, which may also be a number.
fn text(value: Option<&str>, field: &str) -> Result<String, Reject> {
    let Some(value) = value else { return Ok(String::new()) };
    match value.as_bytes()[0] {
        b'"' => Ok(decode_string(value).into_owned()),
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
