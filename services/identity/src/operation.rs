//! What an identity event asks for.

use std::collections::HashMap;

use observe_core::distinct_id;
use observe_proto::events::v1::AcceptedEvent;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::properties::{PropertyChanges, Version};

const IDENTIFY: &str = "$identify";
const CREATE_ALIAS: &str = "$create_alias";
const MERGE_DANGEROUSLY: &str = "$merge_dangerously";
const GROUP_IDENTIFY: &str = "$groupidentify";
/// Where `$identify` names the anonymous id: what the edge writes, and what PostHog's clients send.
const ANONYMOUS_ID_KEYS: [&str; 2] = ["$anonymous_id", "$anon_distinct_id"];
const ALIAS_KEY: &str = "alias";
const GROUP_TYPE_KEY: &str = "$group_type";
const GROUP_KEY_KEY: &str = "$group_key";

/// An event's properties, each as its JSON text.
type Given<'a> = HashMap<String, &'a RawValue>;

/// One identity event, read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operation {
    /// When it happened; its uuid makes it idempotent.
    pub(crate) version: Version,
    /// The event's distinct id: whose properties change, and into whom others are merged.
    pub(crate) target: String,
    /// What is asked for.
    pub(crate) kind: Kind,
    /// What changes of the target's properties.
    pub(crate) properties: PropertyChanges,
}

/// The kinds of identity event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The target is a user; what was done under the anonymous id was done by the same.
    Identify {
        /// The anonymous id, if one is named.
        anonymous: Option<String>,
    },
    /// Another id is the same person as the target, unless it is a known one already.
    Alias(String),
    /// Another id is the same person as the target, even if it is a known one.
    Merge {
        /// The other id.
        alias: String,
        /// Whether a secret key sent it.
        trusted: bool,
    },
    /// Another person is the same as the target's: what somebody decided who may.
    Persons {
        /// A distinct id of the other person.
        source: String,
    },
    /// Something is known of a group.
    Group(GroupChange),
    /// Only properties change: also what `$identify` asks for if the anonymous id is the target itself.
    Properties,
}

impl Kind {
    /// Returns what it means that a distinct id is a user's, with the anonymous id that is named.
    pub(crate) fn identify(distinct_id: &str, anonymous: Option<String>) -> Self {
        match anonymous {
            // Who has not signed in yet may have traits all the same, and must stay free to become a user.
            Some(id) if id == distinct_id => Self::Properties,
            anonymous => Self::Identify { anonymous },
        }
    }
}

/// What is said of a group, such as a company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupChange {
    /// What kind of group; empty if it was not said.
    pub(crate) group_type: String,
    /// Which one; empty if it was not said.
    pub(crate) key: String,
    /// Properties that overwrite.
    pub(crate) set: Map<String, Value>,
}

/// What asks for a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It is not known any more.
    Unknown,
    Identify,
    Alias,
    MergeDangerously,
    MergePersons,
}

impl Operation {
    /// Reads an event; `None` if its uuid is not 16 bytes. Parts of the properties that are not of the expected type are
    /// ignored.
    pub(crate) fn read(event: &AcceptedEvent) -> Option<Self> {
        let uuid = Uuid::from_slice(&event.uuid).ok()?;
        let given: Given<'_> = serde_json::from_str(&event.properties_json).unwrap_or_default();
        let kind = match event.name.as_str() {
            IDENTIFY => {
                let named = ANONYMOUS_ID_KEYS.iter().find_map(|key| id_text(&given, key));
                Kind::identify(&event.distinct_id, named.filter(|id| !id.is_empty()))
            }
            CREATE_ALIAS => id_text(&given, ALIAS_KEY).map_or(Kind::Properties, Kind::Alias),
            MERGE_DANGEROUSLY => id_text(&given, ALIAS_KEY)
                .map_or(Kind::Properties, |alias| Kind::Merge { alias, trusted: event.trusted }),
            GROUP_IDENTIFY => Kind::Group(GroupChange {
                group_type: id_text(&given, GROUP_TYPE_KEY).unwrap_or_default(),
                key: id_text(&given, GROUP_KEY_KEY).unwrap_or_default(),
                set: object(&given, "$group_set"),
            }),
            _ => Kind::Properties,
        };
        let properties = PropertyChanges {
            set_once: object(&given, "$set_once"),
            set: object(&given, "$set"),
            unset: strings(&given, "$unset"),
        };
        let arrival = event.received_us.saturating_add(i64::from(event.index));
        let version = Version(event.time_ms, arrival, uuid);
        Some(Self { version, target: event.distinct_id.clone(), kind, properties })
    }

    /// Returns the event's uuid.
    pub(crate) fn uuid(&self) -> Uuid {
        self.version.2
    }

    /// Returns what it asks for a merge as.
    pub(crate) fn cause(&self) -> Cause {
        match &self.kind {
            Kind::Identify { .. } => Cause::Identify,
            Kind::Alias(_) => Cause::Alias,
            Kind::Merge { .. } => Cause::MergeDangerously,
            Kind::Persons { .. } => Cause::MergePersons,
            Kind::Group(_) | Kind::Properties => Cause::Unknown,
        }
    }

    /// Returns whether it can join persons.
    pub(crate) fn joins(&self) -> bool {
        !matches!(self.kind, Kind::Group(_) | Kind::Properties)
    }

    /// Returns the other distinct id that is named.
    pub(crate) fn source(&self) -> Option<&str> {
        match &self.kind {
            Kind::Identify { anonymous } => anonymous.as_deref(),
            Kind::Alias(source) | Kind::Merge { alias: source, .. } | Kind::Persons { source } => {
                Some(source)
            }
            Kind::Group(_) | Kind::Properties => None,
        }
    }
}

/// Returns whether no person may have this distinct id: it names nobody, or is longer than the edge lets through.
pub(crate) fn is_illegal(id: &str) -> bool {
    distinct_id::is_illegal(id) || id.chars().count() > distinct_id::MAX_CHARS
}

/// Reads an id. Numbers become text, as they do at the edge, with all their digits.
fn id_text(given: &Given<'_>, key: &str) -> Option<String> {
    let json = given.get(key)?.get();
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok(),
        b'-' | b'0'..=b'9' => Some(json.to_owned()),
        _ => None,
    }
}

fn object(given: &Given<'_>, key: &str) -> Map<String, Value> {
    given.get(key).and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default()
}

/// Reads an array of strings; with anything else in it, it is none, and all of it is ignored.
fn strings(given: &Given<'_>, key: &str) -> Vec<String> {
    given.get(key).and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(name: &str, properties: &Value) -> AcceptedEvent {
        AcceptedEvent {
            uuid: vec![7; 16],
            name: name.into(),
            distinct_id: "usr".into(),
            time_ms: 5,
            received_us: 6_000,
            index: 2,
            properties_json: properties.to_string(),
            ..AcceptedEvent::default()
        }
    }

    fn kind(name: &str, properties: &Value) -> Kind {
        Operation::read(&event(name, properties)).expect("readable").kind
    }

    #[test]
    fn the_anonymous_id_is_read_in_both_spellings() {
        for key in ANONYMOUS_ID_KEYS {
            assert_eq!(
                kind("$identify", &json!({key: "anon"})),
                Kind::Identify { anonymous: Some("anon".into()) }
            );
        }
        assert_eq!(
            kind("$identify", &json!({"$anonymous_id": ""})),
            Kind::Identify { anonymous: None }
        );
        assert_eq!(kind("signed_up", &json!({"$anonymous_id": "anon"})), Kind::Properties);
    }

    #[test]
    fn a_group_is_read_with_its_type_key_and_properties() {
        let given = json!({"$group_type": "company", "$group_key": 42, "$group_set": {"a": 1}});
        let set = json!({"a": 1}).as_object().cloned().expect("an object");
        let group = GroupChange { group_type: "company".into(), key: "42".into(), set };
        assert_eq!(kind("$groupidentify", &given), Kind::Group(group));
        let nothing =
            GroupChange { group_type: String::new(), key: String::new(), set: Map::new() };
        assert_eq!(kind("$groupidentify", &json!({"$group_key": {}})), Kind::Group(nothing));
    }

    #[test]
    fn an_alias_may_be_a_number_but_must_be_there() {
        assert_eq!(kind("$create_alias", &json!({"alias": 42})), Kind::Alias("42".into()));
        assert_eq!(kind("$create_alias", &json!({"alias": null})), Kind::Properties);
        assert_eq!(
            kind("$merge_dangerously", &json!({"alias": "other"})),
            Kind::Merge { alias: "other".into(), trusted: false }
        );
    }

    #[test]
    fn a_numeric_id_keeps_all_its_digits() {
        for digits in ["12345678901234567890123", "18446744073709551616", "-7", "1.5"] {
            let properties_json = format!(r#"{{"alias": {digits} }}"#);
            let event = AcceptedEvent { properties_json, ..event("$create_alias", &json!({})) };
            let read = Operation::read(&event).expect("readable");
            assert_eq!(read.kind, Kind::Alias(digits.into()));
        }
    }

    #[test]
    fn an_identify_of_the_anonymous_id_itself_only_changes_properties() {
        for key in ANONYMOUS_ID_KEYS {
            let given = json!({key: "usr", "$set": {"a": 1}});
            let read = Operation::read(&event("$identify", &given)).expect("readable");
            assert_eq!(read.kind, Kind::Properties);
            assert_eq!(read.properties.set["a"], json!(1));
        }
    }

    #[test]
    fn what_is_of_the_wrong_type_is_ignored_and_the_rest_is_not() {
        let given = json!({"$set": "x", "$set_once": {"a": 1}, "$unset": ["b", 1]});
        let read = Operation::read(&event("$set", &given)).expect("readable");
        assert!(read.properties.set.is_empty() && read.properties.unset.is_empty());
        assert_eq!(read.properties.set_once["a"], json!(1));
        assert_eq!(read.version, Version(5, 6_002, Uuid::from_bytes([7; 16])));
    }

    #[test]
    fn properties_that_cannot_be_read_count_as_none() {
        let broken = AcceptedEvent { properties_json: "{".into(), ..event("$set", &json!({})) };
        assert!(Operation::read(&broken).expect("readable").properties.is_empty());
        assert_eq!(Operation::read(&AcceptedEvent { uuid: vec![1], ..broken }), None);
    }
}
