//! An event of PostHog's clients as one of ours.

use std::borrow::Cow;

use super::super::fields::{Fields, ObjectText, fields, merged, zoned};
use super::super::json::decode_string;
use super::super::limits::{DISTINCT_ID_CHARS_MAX, EVENT_BYTES_MAX};
use super::super::text::is_longer;
use super::super::time::Received;

/// What may stand beside the properties and belongs into them.
const CHANGES: [&str; 3] = ["$set", "$set_once", "$unset"];
/// What stands among the properties and has a place of its own.
const LEFT_OUT: [&str; 2] = ["token", "distinct_id"];

/// Writes an event, which is known to be JSON, as an element of `POST /v1/events`. `name` is what an event without one is
/// called. What is no event, or is larger than one may be, is returned as it is, to be judged as such.
///
/// The properties stay as they are, but for the key and the id, which have places of their own.
pub(super) fn rewrite<'a>(event: &'a str, name: Option<&str>, received: Received) -> Cow<'a, str> {
    if !event.starts_with('{') || event.len() > EVENT_BYTES_MAX {
        return event.into();
    }
    let fields = Fields::of(event);
    let properties = fields.object("properties");
    let mut out = ObjectText::new();
    match (fields.get("event").or_else(|| fields.get("name")), name) {
        (Some(given), _) => out.json("name", given),
        (None, Some(name)) => out.text("name", name),
        (None, None) => {}
    }
    if let Some(uuid) = fields.get("uuid") {
        out.json("uuid", uuid);
    }
    let id = fields.get("distinct_id").or_else(|| fields.get("$distinct_id"));
    if let Some(id) = id.or_else(|| properties.get("distinct_id")) {
        out.json("distinct_id", &id_text(id));
    }
    // Of another kind it would cost the event, and it is only a property to the sender.
    let is_id = |value: &&str| !value.starts_with(['{', '[', 't', 'f']);
    if let Some(session) = properties.get("$session_id").filter(is_id) {
        out.json("session_id", session);
    }
    match (fields.get("timestamp"), fields.get("offset").and_then(|offset| offset.parse().ok())) {
        (Some(time), _) => out.json("timestamp", &zoned(time)),
        // How many milliseconds ago, by the sender's clock, when it was sent.
        (None, Some(offset)) => {
            let sent = received.at.timestamp_millis() - received.skew_ms();
            out.json("timestamp", &sent.saturating_sub(offset).to_string());
        }
        (None, None) => {}
    }
    match fields.get("properties") {
        Some(other) if !other.starts_with('{') => out.json("properties", other),
        _ => out.json("properties", &rewrite_properties(&fields, &properties)),
    }
    out.finish().into()
}

/// Returns whether a server sent an event for somebody else: what the connection shows is then the server's.
pub(super) fn is_of_server(event: &str) -> bool {
    let properties =
        fields(fields(Some(event), ["properties"])[0], ["$is_server", "$geoip_disable"]);
    properties.contains(&Some("true"))
}

fn rewrite_properties(fields: &Fields<'_>, properties: &Fields<'_>) -> String {
    let mut out = ObjectText::new();
    for (key, value) in properties.iter() {
        let name = decode_string(key);
        if !LEFT_OUT.contains(&name.as_ref()) && !CHANGES.contains(&name.as_ref()) {
            out.member(key, value);
        }
    }
    for name in CHANGES {
        if let Some(value) = merged(properties.get(name), fields.get(name)) {
            out.json(name, &value);
        }
    }
    out.finish()
}

/// Returns an id as text, at most as long as an id may be: the clients send anything, and their server cuts it.
fn id_text(value: &str) -> Cow<'_, str> {
    let text = if value.starts_with('"') {
        decode_string(value)
    } else if value.starts_with(['{', '[', 't', 'f']) {
        value.into()
    } else {
        return value.into();
    };
    if value.starts_with('"') && !is_longer(&text, DISTINCT_ID_CHARS_MAX) {
        return value.into();
    }
    let cut: String = text.chars().take(DISTINCT_ID_CHARS_MAX).collect();
    serde_json::Value::from(cut).to_string().into()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::super::super::draft::{Draft, from_json};
    use super::super::super::time::SentTime;
    use super::*;

    fn received() -> Received {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        Received::new(now, SentTime::Millis(1_800_000_000_000 - 500))
    }

    fn draft(event: &str) -> Draft {
        from_json(&rewrite(event, None, received())).expect("an event")
    }

    #[test]
    fn an_event_keeps_all_that_it_says() {
        let draft = draft(
            r#"{"event":"bought","uuid":"0191f3a0-0000-7000-8000-000000000001","timestamp":"2026-01-02T03:04:05.678Z",
                "properties":{"token":"k","distinct_id":"d","$session_id":"s","a":{"token":1},"$set":{"b":1}},"$set":{"b":2},
                "$set_once":{"c":3}}"#,
        );
        assert_eq!((draft.name.as_str(), draft.known_id.as_str()), ("bought", "d"));
        assert_eq!(draft.session_id, "s");
        assert_eq!(draft.uuid.map(|uuid| uuid.get_version_num()), Some(7));
        assert_eq!(draft.time, SentTime::Millis(1_767_323_045_678));
        assert!(draft.properties.changes_person());
        assert_eq!(
            draft.properties.into_json(),
            r#"{"$session_id":"s","a":{"token":1},"$set":{"b":1,"b":2},"$set_once":{"c":3}}"#
        );
    }

    #[test]
    fn a_session_that_is_no_id_is_only_a_property() {
        let draft =
            draft(r#"{"event":"a","distinct_id":"d","properties":{"$session_id":{"a":1}}}"#);
        assert_eq!(draft.session_id, "");
        assert_eq!(draft.properties.into_json(), r#"{"$session_id":{"a":1}}"#);
    }

    #[test]
    fn servers_say_that_they_are() {
        for key in ["$is_server", "$geoip_disable"] {
            assert!(is_of_server(&format!(r#"{{"properties":{{"{key}":true}}}}"#)));
            assert!(!is_of_server(&format!(r#"{{"properties":{{"{key}":false}}}}"#)));
        }
        assert!(!is_of_server("5"));
    }

    #[test]
    fn an_event_that_is_too_large_is_left_to_the_judge() {
        let large = format!(r#"{{"event":"{}"}}"#, "x".repeat(EVENT_BYTES_MAX));
        assert!(matches!(rewrite(&large, None, received()), Cow::Borrowed(_)));
        assert!(from_json(&large).is_err());
    }

    #[test]
    fn ids_of_any_kind_become_text_of_a_length_that_may_be() {
        let long = "x".repeat(300);
        for (given, kept) in [
            ("\"d\"".to_owned(), "d".to_owned()),
            ("42".to_owned(), "42".to_owned()),
            ("{\"a\":1}".to_owned(), "{\"a\":1}".to_owned()),
            ("true".to_owned(), "true".to_owned()),
            (format!("\"{long}\""), "x".repeat(200)),
        ] {
            for place in ["distinct_id", "$distinct_id"] {
                let event = format!(r#"{{"event":"a","{place}":{given}}}"#);
                assert_eq!(draft(&event).known_id, kept);
            }
        }
    }

    #[test]
    fn a_time_may_be_told_as_an_age() {
        let draft = draft(r#"{"event":"a","distinct_id":"d","offset":2000}"#);
        assert_eq!(draft.time, SentTime::Millis(1_800_000_000_000 - 500 - 2_000));
        let naive = super::tests::draft(r#"{"event":"a","timestamp":"2026-01-02T03:04:05"}"#);
        assert_eq!(naive.time, SentTime::Millis(1_767_323_045_000));
    }

    #[test]
    fn what_is_no_event_is_left_to_the_judge() {
        assert_eq!(rewrite("5", Some("$identify"), received()), "5");
        let named = rewrite(r#"{"distinct_id":"d","$set":{"a":1}}"#, Some("$identify"), received());
        assert_eq!(from_json(&named).expect("an event").name, "$identify");
        assert!(from_json(&rewrite(r#"{"event":"a","properties":5}"#, None, received())).is_err());
    }
}
