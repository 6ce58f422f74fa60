//! Events to send: a pure function of their number, but for the time, and the id of their content as it must be stored.

use chrono::{DateTime, SecondsFormat, Utc};
use observe_proto::events::v1::CaptureEvent;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Ten years, in milliseconds: a clock that is wrong by as much.
const TEN_YEARS_MS: i64 = 3_652 * 86_400_000;
/// Bytes of a large text.
const LARGE: usize = 8 * 1024;
/// Keys beginning with `$` that senders here give themselves, or that the edge adds to what cannot be kept as it came. All other
/// such keys are what the edge knows of a visitor (`docs/API.md`), and no part of the content.
const OURS: [&str; 3] = ["$anonymous_id", "$set", "$time_clamped"];
/// What stands for a time that was too far ahead: it becomes the time of receipt.
const CLAMPED: &str = "the time of receipt";

/// One event as a client has it.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) uuid: Uuid,
    name: String,
    distinct_id: String,
    anonymous_id: Option<String>,
    time_ms: i64,
    is_clamped: bool,
    properties: Map<String, Value>,
}

impl Sample {
    /// Makes the `number`-th event of a sender. Some clocks are ten years wrong, some events change persons, some are large,
    /// some are not ASCII.
    pub(crate) fn new(run: u64, sender: u64, number: u64, now: DateTime<Utc>) -> Self {
        let uuid = Uuid::from_u128(
            u128::from(run) << 64 | u128::from(sender) << 48 | u128::from(number + 1),
        );
        let person = number % 97;
        let mut properties = Map::new();
        properties.insert("n".into(), number.into());
        properties.insert("half".into(), json!(f64::from(u32::try_from(person).unwrap()) + 0.5));
        properties
            .insert("city".into(), json!(["Zürich", "東京", "🦀", "a\"b\\c"][number as usize % 4]));
        properties.insert("cart".into(), json!({"items": [person, null, true], "empty": {}}));
        if number % 50 == 9 {
            properties.insert("large".into(), "x".repeat(LARGE).into());
        }
        if number % 10 == 5 {
            properties.insert("$set".into(), json!({"plan": format!("plan {}", number % 3)}));
        }
        let identifies = number % 20 == 4;
        let told = now.timestamp_millis() - i64::try_from(number % 600).unwrap() * 1_000;
        let (time_ms, is_clamped) = match number % 16 {
            3 => (told + TEN_YEARS_MS, true),
            7 => (told - TEN_YEARS_MS, false),
            _ => (told, false),
        };
        Self {
            uuid,
            name: if identifies { "$identify" } else { "tick" }.into(),
            distinct_id: format!("u{person}"),
            anonymous_id: identifies.then(|| format!("a{sender}-{person}")),
            time_ms,
            is_clamped,
            properties,
        }
    }

    /// Takes the name away, so that the edge must reject it.
    pub(crate) fn spoiled(mut self) -> Self {
        self.name.clear();
        self
    }

    /// Makes the properties large, with what cannot be compressed much, so that a few fill a small store.
    pub(crate) fn padded(mut self, bytes: usize) -> Self {
        let pieces = (0..bytes.div_ceil(32)).map(|n| Uuid::new_v5(&self.uuid, &n.to_le_bytes()));
        let padding: String = pieces.map(|piece| piece.simple().to_string()).collect();
        self.properties.insert("padding".into(), padding.into());
        self
    }

    pub(crate) fn to_json(&self) -> Value {
        let time = DateTime::from_timestamp_millis(self.time_ms).unwrap();
        let mut event = json!({
            "uuid": self.uuid,
            "name": self.name,
            "distinct_id": self.distinct_id,
            "timestamp": time.to_rfc3339_opts(SecondsFormat::Millis, true),
            "properties": self.properties,
        });
        if let Some(anonymous_id) = &self.anonymous_id {
            event["anonymous_id"] = anonymous_id.as_str().into();
        }
        event
    }

    /// Returns the event as PostHog's server SDKs send it in a batch.
    pub(crate) fn to_posthog(&self) -> Value {
        let Value::Object(mut event) = self.to_json() else { unreachable!("it is an object") };
        let name = event.remove("name").unwrap();
        event.insert("event".into(), name);
        let distinct_id = event.remove("distinct_id").unwrap();
        event["properties"]["distinct_id"] = distinct_id;
        if let Some(anonymous_id) = event.remove("anonymous_id") {
            event["properties"]["$anon_distinct_id"] = anonymous_id;
        }
        event.into()
    }

    pub(crate) fn to_message(&self) -> CaptureEvent {
        CaptureEvent {
            uuid: self.uuid.to_string(),
            name: self.name.clone(),
            distinct_id: self.distinct_id.clone(),
            anonymous_id: self.anonymous_id.clone().unwrap_or_default(),
            time: Some(prost_types::Timestamp {
                seconds: self.time_ms.div_euclid(1_000),
                nanos: i32::try_from(self.time_ms.rem_euclid(1_000)).unwrap() * 1_000_000,
            }),
            properties: Some(to_struct(&self.properties)),
            ..CaptureEvent::default()
        }
    }

    /// Returns the id of the content as it must be stored.
    pub(crate) fn content(&self) -> Uuid {
        let mut properties = self.properties.clone();
        if let Some(anonymous_id) = &self.anonymous_id {
            properties.insert("$anonymous_id".into(), anonymous_id.as_str().into());
        }
        if self.is_clamped {
            properties.insert("$time_clamped".into(), true.into());
        }
        let time: Value = if self.is_clamped { CLAMPED.into() } else { self.time_ms.into() };
        content(&self.name, &self.distinct_id, &time, properties)
    }
}

/// Returns the id of what is stored, without what the edge knows of the visitor.
pub(crate) fn stored_content(
    name: &str,
    distinct_id: &str,
    time_ms: i64,
    received_ms: i64,
    mut properties: Map<String, Value>,
) -> Uuid {
    // PostHog's name for it, which is kept.
    if let Some(anonymous_id) = properties.remove("$anon_distinct_id") {
        properties.insert("$anonymous_id".into(), anonymous_id);
    }
    properties.retain(|key, _| !key.starts_with('$') || OURS.contains(&key.as_str()));
    let is_clamped = properties.contains_key("$time_clamped") && time_ms == received_ms;
    let time: Value = if is_clamped { CLAMPED.into() } else { time_ms.into() };
    content(name, distinct_id, &time, properties)
}

fn content(name: &str, distinct_id: &str, time: &Value, properties: Map<String, Value>) -> Uuid {
    let all = json!([name, distinct_id, time, canonical(properties.into())]);
    Uuid::new_v5(&Uuid::NAMESPACE_OID, all.to_string().as_bytes())
}

/// Writes numbers in one way: a wire may make 1 of 1.0.
fn canonical(value: Value) -> Value {
    match value {
        Value::Number(number) => format!("{}", number.as_f64().unwrap()).into(),
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        Value::Object(object) => {
            object.into_iter().map(|(key, value)| (key, canonical(value))).collect()
        }
        other => other,
    }
}

fn to_struct(object: &Map<String, Value>) -> prost_types::Struct {
    let fields = object.iter().map(|(key, value)| (key.clone(), to_value(value)));
    prost_types::Struct { fields: fields.collect() }
}

fn to_value(value: &Value) -> prost_types::Value {
    use prost_types::value::Kind;
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(truth) => Kind::BoolValue(*truth),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap()),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => {
            Kind::ListValue(prost_types::ListValue { values: items.iter().map(to_value).collect() })
        }
        Value::Object(object) => Kind::StructValue(to_struct(object)),
    };
    prost_types::Value { kind: Some(kind) }
}
