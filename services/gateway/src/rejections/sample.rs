//! What can be seen of something that was not accepted.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use observe_proto::events::v1::CaptureEvent;
use prost::Message as _;
use prost_types::value::Kind;
use prost_types::{Struct, Timestamp};

use super::excerpt::excerpt;
use crate::capture::json::{Scanner, decode_string};

/// Characters of a name, a uuid or a library that are kept.
const TEXT_CHARS_MAX: usize = 200;
/// Bytes of an event of the Capture RPC that are looked at, so that a large one costs no more than a small one.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// What was sent, as far as it is shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(super) name: String,
    pub(super) uuid: String,
    pub(super) library: String,
    pub(super) excerpt: String,
}

/// The events of a request as they were sent, by their place in it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Sources<'a> {
    /// They are not at hand.
    #[default]
    Unknown,
    /// JSON texts; where one is not at hand it is empty.
    Texts(&'a [&'a str]),
    /// Encoded `CaptureEvent`s.
    Messages(&'a [Bytes]),
}

impl Sources<'_> {
    pub(super) fn sample(&self, index: usize) -> Sample {
        match self {
            Self::Unknown => Sample::default(),
            Self::Texts(texts) => {
                texts.get(index).map_or_else(Sample::default, |text| Sample::of_text(text))
            }
            Self::Messages(messages) => {
                messages.get(index).map_or_else(Sample::default, Sample::of_message)
            }
        }
    }
}

impl Sample {
    /// Looks at the body of a request that was refused whole.
    pub(super) fn of_body(body: &[u8]) -> Self {
        Self { excerpt: excerpt(body), ..Self::default() }
    }

    /// Looks at one event in JSON: ours, PostHog's, Segment's or Sentry's.
    fn of_text(text: &str) -> Self {
        let mut sample = Self { excerpt: excerpt(text.as_bytes()), ..Self::default() };
        let mut library = Library::default();
        let mut scanner = Scanner::new(text);
        if scanner.peek() != Some(b'{') {
            return sample;
        }
        let _ = scanner.members(|key, value| match decode_string(key).as_ref() {
            "name" | "event" => sample.name = short(value),
            "uuid" | "messageId" | "event_id" => sample.uuid = short(value),
            "properties" => library.look(value, "$lib", "$lib_version"),
            "context" => library.look_in(value, "library"),
            "sdk" => library.look(value, "name", "version"),
            _ => {}
        });
        sample.library = library.text();
        sample
    }

    fn of_message(encoded: &Bytes) -> Self {
        if encoded.len() > MESSAGE_BYTES_MAX {
            return Self::default();
        }
        let Ok(event) = CaptureEvent::decode(encoded.clone()) else { return Self::default() };
        let mut library = Library::default();
        if let Some(properties) = &event.properties {
            library.name = text_of(properties, "$lib");
            library.version = text_of(properties, "$lib_version");
        }
        let shown = serde_json::json!({
            "uuid": event.uuid, "name": event.name, "distinct_id": event.distinct_id,
            "anonymous_id": event.anonymous_id, "session_id": event.session_id,
            "time": event.time.map(|time| format!("{}.{:09}", time.seconds, time.nanos)),
            "properties": event.properties.as_ref().map(|properties| {
                properties.fields.keys().map(|key| key.as_str()).collect::<Vec<_>>()
            }),
        });
        Self {
            name: cut(&event.name),
            uuid: cut(&event.uuid),
            library: library.text(),
            excerpt: excerpt(shown.to_string().as_bytes()),
        }
    }

    /// Takes the library from the user agent where the event says none. A browser is none.
    pub(super) fn say_library(&mut self, user_agent: &str) {
        if self.library.is_empty() && !user_agent.starts_with("Mozilla/") {
            let product = user_agent.split(' ').next().unwrap_or("");
            self.library = cut(&product.replace('/', " "));
        }
    }
}

/// What sent an event.
#[derive(Default)]
struct Library {
    name: String,
    version: String,
}

impl Library {
    /// Reads both from the members of an object.
    fn look(&mut self, object: &str, name: &str, version: &str) {
        if !object.starts_with('{') {
            return;
        }
        let _ = Scanner::new(object).members(|key, value| {
            let key = decode_string(key);
            if key == name {
                self.name = short(value);
            } else if key == version {
                self.version = short(value);
            }
        });
    }

    /// Reads both from an object in an object, as Segment's libraries say them.
    fn look_in(&mut self, object: &str, member: &str) {
        if !object.starts_with('{') {
            return;
        }
        let _ = Scanner::new(object).members(|key, value| {
            if decode_string(key) == member {
                self.look(value, "name", "version");
            }
        });
    }

    fn text(&self) -> String {
        cut(format!("{} {}", self.name, self.version).trim())
    }
}

/// Returns the beginning of a JSON string, or of a number; nothing of other values.
fn short(value: &str) -> String {
    match value.as_bytes().first() {
        Some(b'"') => cut(&decode_string(value)),
        Some(b'-' | b'0'..=b'9') => cut(value),
        _ => String::new(),
    }
}

fn cut(text: &str) -> String {
    let chars = text.chars().map(|char| if char == '\0' { '\u{fffd}' } else { char });
    chars.take(TEXT_CHARS_MAX).collect()
}

fn text_of(properties: &Struct, key: &str) -> String {
    match properties.fields.get(key).and_then(|value| value.kind.as_ref()) {
        Some(Kind::StringValue(text)) => cut(text),
        _ => String::new(),
    }
}

/// Returns a time as it travels.
pub(super) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_librarys_events_say_who_sent_them() {
        for (text, name, library) in [
            (r#"{"event":"e","properties":{"$lib":"web","$lib_version":"1.2"}}"#, "e", "web 1.2"),
            (
                r#"{"event":"e","context":{"library":{"version":"9","name":"analytics-node"}}}"#,
                "e",
                "analytics-node 9",
            ),
            (r#"{"sdk":{"name":"sentry.python","version":"2"}}"#, "", "sentry.python 2"),
            (r#"{"name":5,"properties":[]}"#, "5", ""),
            ("[1,2]", "", ""),
        ] {
            let sample = Sample::of_text(text);
            assert_eq!((sample.name.as_str(), sample.library.as_str()), (name, library), "{text}");
            assert_eq!(sample.excerpt, text);
        }
    }

    #[test]
    fn a_program_says_what_it_is_and_a_browser_does_not() {
        let library = |agent| {
            let mut sample = Sample::default();
            sample.say_library(agent);
            sample.library
        };
        assert_eq!(library("posthog-python/3.0 x/1"), "posthog-python 3.0");
        assert_eq!(library("Mozilla/5.0 (X11)"), "");
        assert_eq!(library(""), "");
    }
}
