//! Cutting the body of `POST /v1/events` into its events.

use super::json::{Scanner, SyntaxError, decode_string};
use super::limits::EVENTS_MAX;
use super::time::SentTime;

/// A body, cut but not understood.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Body<'a> {
    /// The text of each event; one more than [`EVENTS_MAX`] stands for any number more.
    pub(crate) events: Vec<&'a str>,
    /// The text of the envelope's `api_key`, or of a single event's.
    pub(crate) api_key: Option<String>,
    /// The envelope's `sent_at`.
    pub(crate) sent: SentTime,
}

/// Why a body holds no events at all.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SplitError {
    /// It is not JSON.
    Syntax(SyntaxError),
    /// It is an empty list.
    Empty,
    /// There is no object in it.
    NoObject,
}

impl From<SyntaxError> for SplitError {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

/// Cuts a body that is one event, a list of events, or an envelope `{"api_key", "sent_at", "events": [...]}`.
///
/// # Errors
/// Only what makes the whole body useless; an element that is no object is for the events' own check.
pub(crate) fn split(text: &str) -> Result<Body<'_>, SplitError> {
    let mut scanner = Scanner::new(text);
    let first = scanner.peek();
    let body = match first {
        Some(b'[') => Body { events: elements(&mut scanner)?, ..Body::default() },
        Some(b'{') => object(text, &mut scanner)?,
        _ => {
            scanner.value()?;
            Body::default()
        }
    };
    scanner.end()?;
    if body.events.is_empty() {
        return Err(if matches!(first, Some(b'[' | b'{')) {
            SplitError::Empty
        } else {
            SplitError::NoObject
        });
    }
    if first == Some(b'[') && !body.events.iter().any(|event| event.starts_with('{')) {
        return Err(SplitError::NoObject);
    }
    Ok(body)
}

fn object<'a>(text: &'a str, scanner: &mut Scanner<'a>) -> Result<Body<'a>, SyntaxError> {
    let (mut list, mut api_key, mut sent) = (None, None, SentTime::Absent);
    scanner.members(|key, value| match decode_string(key).as_ref() {
        "events" if value.starts_with('[') => list = Some(value),
        "api_key" if value.starts_with('"') => api_key = Some(decode_string(value).into_owned()),
        "sent_at" => sent = SentTime::from_json(value),
        _ => {}
    })?;
    let events = match list {
        Some(list) => elements(&mut Scanner::new(list))?,
        None => vec![text.trim_matches([' ', '\t', '\n', '\r'])],
    };
    Ok(Body { events, api_key, sent })
}

/// Cuts a list into its elements. Beyond those that may be, it is read for its grammar alone: a list of a million zeros
/// must not become a million slices.
pub(super) fn elements<'a>(scanner: &mut Scanner<'a>) -> Result<Vec<&'a str>, SyntaxError> {
    let mut elements = Vec::new();
    scanner.elements(|element| {
        if elements.len() <= EVENTS_MAX {
            elements.push(element);
        }
    })?;
    Ok(elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_a_list_and_an_envelope_are_told_apart() {
        let one = split(" {\"name\":\"a\",\"api_key\":\"k\"}\n").expect("one event");
        assert_eq!(one.events, ["{\"name\":\"a\",\"api_key\":\"k\"}"]);
        assert_eq!(one.api_key.as_deref(), Some("k"));
        let list = split("[{\"name\":\"a\"} , 5, {}]").expect("a list");
        assert_eq!(list.events, ["{\"name\":\"a\"}", "5", "{}"]);
        let envelope = split(r#"{"sent_at":"x","events":[{"a":[1,2]},{}],"api_key":"k"}"#);
        let envelope = envelope.expect("an envelope");
        assert_eq!(envelope.events, [r#"{"a":[1,2]}"#, "{}"]);
        assert_eq!(envelope.api_key.as_deref(), Some("k"));
    }

    #[test]
    fn a_bad_element_leaves_its_neighbours_whole() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for bad in [
            "{\"v\":1e400}",
            r#"{"v":"\ud800"}"#,
            r#"{"\u0000":"\u0000"}"#,
            &deep,
            "{\"a\":1,\"a\":2}",
        ] {
            let text = format!("[{{\"name\":\"before\"}},{bad},{{\"name\":\"after\"}}]");
            let body = split(&text).expect("a list");
            assert_eq!(body.events, ["{\"name\":\"before\"}", bad, "{\"name\":\"after\"}"]);
        }
    }

    #[test]
    fn no_more_is_cut_than_may_be_sent() {
        let zeros = format!("{}0", "0,".repeat(500_000));
        for text in [format!("[{{}},{zeros}]"), format!("{{\"events\":[{{}},{zeros}]}}")] {
            let body = split(&text).expect("JSON");
            assert_eq!(body.events.len(), EVENTS_MAX + 1);
            assert!(body.events.capacity() < 4 * EVENTS_MAX, "{}", body.events.capacity());
        }
        let broken = format!("[{{}},{zeros},]");
        assert!(
            matches!(split(&broken), Err(SplitError::Syntax(_))),
            "the rest is read all the same"
        );
    }

    #[test]
    fn a_body_without_events_is_refused() {
        assert_eq!(split("[]"), Err(SplitError::Empty));
        assert_eq!(split(r#"{"events":[]}"#), Err(SplitError::Empty));
        assert_eq!(split("5"), Err(SplitError::NoObject));
        assert_eq!(split("[1,\"a\",[]]"), Err(SplitError::NoObject));
        for text in ["", "[{}", "{\"events\":[{},]}", "{} x", "[{}]]"] {
            assert!(matches!(split(text), Err(SplitError::Syntax(_))), "{text}");
        }
    }
}
