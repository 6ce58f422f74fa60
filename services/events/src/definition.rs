//! What names and keys events have: counted from the log, without their values.

use std::collections::{BTreeMap, HashMap};

use observe_core::ProjectId;
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::events::v1::property_definition::Type;
use serde_json::value::RawValue;

/// Text was seen.
const STRING: i32 = 1;
/// A number was seen.
const NUMBER: i32 = 2;
/// True or false was seen.
const BOOLEAN: i32 = 4;
/// A list or an object was seen.
const OBJECT: i32 = 8;

/// How often, and when (milliseconds since 1970).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Events.
    pub count: i64,
    /// The earliest.
    pub first_ms: i64,
    /// The latest.
    pub last_ms: i64,
    /// Kinds of values, as bits; 0 for an event name.
    pub kinds: i32,
}

/// What a stretch of the log adds.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// By project and event name.
    pub events: HashMap<(ProjectId, String), Seen>,
    /// By project, event name and property key.
    pub properties: HashMap<(ProjectId, String, String), Seen>,
}

impl Definitions {
    /// Counts an event. It is seen when it arrived, not when it happened: a backfill is news, too.
    pub fn add(&mut self, project: ProjectId, event: &AcceptedEvent) {
        let at_ms = event.received_us / 1_000;
        count(self.events.entry((project, event.name.clone())), at_ms, 0);
        // The edge made this text from an object; anything else has no keys.
        let members: BTreeMap<String, &RawValue> =
            serde_json::from_str(&event.properties_json).unwrap_or_default();
        for (key, value) in members {
            let kind = kind_of(value.get());
            if kind != 0 {
                count(self.properties.entry((project, event.name.clone(), key)), at_ms, kind);
            }
        }
    }
}

fn count<K>(entry: std::collections::hash_map::Entry<'_, K, Seen>, at_ms: i64, kind: i32) {
    let seen = entry.or_insert(Seen { count: 0, first_ms: at_ms, last_ms: at_ms, kinds: 0 });
    seen.count += 1;
    seen.first_ms = seen.first_ms.min(at_ms);
    seen.last_ms = seen.last_ms.max(at_ms);
    seen.kinds |= kind;
}

/// The kind of a JSON value by its first byte; 0 for null, which counts as not set.
fn kind_of(json: &str) -> i32 {
    match json.as_bytes().first() {
        Some(b'"') => STRING,
        Some(b't' | b'f') => BOOLEAN,
        Some(b'[' | b'{') => OBJECT,
        Some(b'n') | None => 0,
        Some(_) => NUMBER,
    }
}

/// Returns the contract's type of the kinds that were seen.
#[must_use]
pub fn type_of(kinds: i32) -> Type {
    match kinds {
        STRING => Type::String,
        NUMBER => Type::Number,
        BOOLEAN => Type::Boolean,
        OBJECT => Type::Object,
        0 => Type::Unspecified,
        _ => Type::Mixed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn names_keys_and_kinds_are_counted() {
        let project = ProjectId::new(Uuid::nil());
        let mut definitions = Definitions::default();
        for (properties, received_us) in
            [(r#"{"a":1,"b":null,"c":"x"}"#, 2_000), (r#"{"a":"y"}"#, 1_000)]
        {
            let event = AcceptedEvent {
                name: "viewed".into(),
                properties_json: properties.into(),
                received_us,
                ..AcceptedEvent::default()
            };
            definitions.add(project, &event);
        }
        let viewed = definitions.events[&(project, "viewed".to_owned())];
        assert_eq!((viewed.count, viewed.first_ms, viewed.last_ms), (2, 1, 2));
        let key =
            |key: &str| definitions.properties.get(&(project, "viewed".to_owned(), key.to_owned()));
        assert_eq!(key("a").map(|seen| (seen.count, type_of(seen.kinds))), Some((2, Type::Mixed)));
        assert_eq!(key("b"), None, "null is not set");
        assert_eq!(key("c").map(|seen| type_of(seen.kinds)), Some(Type::String));
    }
}
