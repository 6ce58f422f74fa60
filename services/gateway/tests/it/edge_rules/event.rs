//! One event, and a batch of them, on each wire of capture.

use observe_proto::events::v1::capture_service_client::CaptureServiceClient;
use observe_proto::events::v1::{CaptureEvent, CaptureRequest};
use prost::Message as _;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Timestamp, Value};
use serde_json::{Value as Json, json};
use tonic::Request;

use crate::support::{Stage, answer};

/// How a batch travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Http,
    Grpc,
    Doorway,
}

pub const WIRES: [Wire; 3] = [Wire::Http, Wire::Grpc, Wire::Doorway];
const DOORWAY: &str = "/observe.events.v1.CaptureService/Capture";

/// An event, whatever wire it takes.
#[derive(Clone, Debug)]
pub struct Event {
    pub uuid: String,
    pub name: String,
    pub distinct_id: String,
    pub anonymous_id: String,
    pub session_id: String,
    /// Seconds since 1970.
    pub time: Option<i64>,
    /// The text of a JSON object.
    pub properties: String,
    /// The same as a message, where it is not what `serde_json` makes of the text.
    pub structure: Option<Struct>,
}

/// Returns the shortest event.
pub fn event() -> Event {
    Event {
        uuid: String::new(),
        name: "n".into(),
        distinct_id: "u".into(),
        anonymous_id: String::new(),
        session_id: String::new(),
        time: None,
        properties: "{}".into(),
        structure: None,
    }
}

/// Returns an event of so many bytes on its wire.
pub fn sized(wire: Wire, bytes: usize) -> Event {
    let with = |length: usize| Event {
        properties: format!("{{\"a\":\"{}\"}}", "x".repeat(length)),
        ..event()
    };
    let size = |event: &Event| match wire {
        Wire::Grpc => event.message().encoded_len(),
        Wire::Http | Wire::Doorway => event.json(wire).len(),
    };
    let guess = with(bytes - 200);
    with(bytes - 200 + bytes - size(&guess))
}

impl Event {
    fn json(&self, wire: Wire) -> String {
        let [distinct_id, anonymous_id, session_id, time] = match wire {
            Wire::Doorway => ["distinctId", "anonymousId", "sessionId", "time"],
            _ => ["user_id", "anonymous_id", "session_id", "timestamp"],
        };
        let texts = [
            ("uuid", &self.uuid),
            ("name", &self.name),
            (distinct_id, &self.distinct_id),
            (anonymous_id, &self.anonymous_id),
            (session_id, &self.session_id),
        ];
        let mut members: Vec<_> =
            texts.iter().map(|(name, text)| format!("\"{name}\":{}", json!(text))).collect();
        if let Some(seconds) = self.time {
            // A doorway's times are texts. Beyond the year 9999 there is no text; a number of seconds says the same.
            let text = chrono::DateTime::from_timestamp(seconds, 0).map(|time| time.to_rfc3339());
            let value = text.filter(|text| text.len() == 25).map_or(json!(seconds), Json::from);
            members.push(format!("\"{time}\":{value}"));
        }
        members.push(format!("\"properties\":{}", self.properties));
        format!("{{{}}}", members.join(","))
    }

    fn message(&self) -> CaptureEvent {
        let parsed = || structure(&serde_json::from_str(&self.properties).expect("JSON"));
        CaptureEvent {
            uuid: self.uuid.clone(),
            name: self.name.clone(),
            distinct_id: self.distinct_id.clone(),
            anonymous_id: self.anonymous_id.clone(),
            session_id: self.session_id.clone(),
            time: self.time.map(|seconds| Timestamp { seconds, nanos: 0 }),
            properties: Some(self.structure.clone().unwrap_or_else(parsed)),
        }
    }
}

/// Returns an object as a message.
pub fn structure(json: &Json) -> Struct {
    let members = json.as_object().into_iter().flatten();
    Struct { fields: members.map(|(key, member)| (key.clone(), value(member))).collect() }
}

fn value(json: &Json) -> Value {
    let kind = match json {
        Json::Null => Kind::NullValue(0),
        Json::Bool(flag) => Kind::BoolValue(*flag),
        Json::Number(number) => Kind::NumberValue(number.as_f64().expect("a double")),
        Json::String(text) => Kind::StringValue(text.clone()),
        Json::Array(list) => {
            Kind::ListValue(ListValue { values: list.iter().map(value).collect() })
        }
        Json::Object(_) => Kind::StructValue(structure(json)),
    };
    Value { kind: Some(kind) }
}

/// Sends a batch; returns the code of each event, empty for one that was accepted.
///
/// # Errors
/// What the batch was refused with: status and code over HTTP, the code over gRPC.
pub async fn send(
    stage: &Stage,
    wire: Wire,
    key: &str,
    events: &[Event],
) -> Result<Vec<String>, String> {
    let texts = || events.iter().map(|event| event.json(wire)).collect::<Vec<_>>().join(",");
    match wire {
        Wire::Http => http(stage, key, format!("[{}]", texts()), events.len()).await,
        Wire::Doorway => doorway(stage, key, format!("{{\"events\":[{}]}}", texts())).await,
        Wire::Grpc => grpc(stage, key, events.iter().map(Event::message).collect()).await,
    }
}

/// Sends a request of exactly so many bytes.
///
/// # Errors
/// As [`send`].
pub async fn padded(
    stage: &Stage,
    wire: Wire,
    key: &str,
    bytes: usize,
) -> Result<Vec<String>, String> {
    let pad = |text: String| format!("{text}{}", " ".repeat(bytes - text.len()));
    match wire {
        Wire::Http => http(stage, key, pad(event().json(wire)), 1).await,
        Wire::Doorway => {
            let text = format!("{{\"events\":[{}]}}", event().json(wire));
            doorway(stage, key, pad(text)).await
        }
        Wire::Grpc => {
            let mut events = vec![sized(wire, 256 * 1024).message(); bytes / (256 * 1024) - 1];
            let used = |events: &[CaptureEvent]| {
                CaptureRequest { events: events.to_vec(), ..Default::default() }.encoded_len()
            };
            // The tag and the length of the last one are four bytes.
            let rest = bytes - used(&events) - 4;
            events.push(sized(wire, rest).message());
            assert_eq!(used(&events), bytes);
            grpc(stage, key, events).await
        }
    }
}

async fn http(
    stage: &Stage,
    key: &str,
    body: String,
    events: usize,
) -> Result<Vec<String>, String> {
    let (status, body) = answer(stage.post("/v1/events").bearer_auth(key).body(body)).await;
    if status != 202 {
        return Err(format!("{status} {}", body["code"].as_str().unwrap_or("")));
    }
    let mut codes = vec![String::new(); events];
    for rejected in body["rejected"].as_array().expect("a list") {
        let index = usize::try_from(rejected["index"].as_u64().expect("a number")).expect("small");
        codes[index] = rejected["code"].as_str().expect("text").to_owned();
    }
    Ok(codes)
}

async fn doorway(stage: &Stage, key: &str, body: String) -> Result<Vec<String>, String> {
    let post = stage.post(DOORWAY).bearer_auth(key).header("content-type", "application/json");
    let (status, body) = answer(post.body(body)).await;
    if status != 200 {
        return Err(format!("{status} {}", body["code"].as_str().unwrap_or("")));
    }
    let receipts = body["receipts"].as_array().expect("a list");
    Ok(receipts.iter().map(|one| one["code"].as_str().expect("text").to_owned()).collect())
}

async fn grpc(stage: &Stage, key: &str, events: Vec<CaptureEvent>) -> Result<Vec<String>, String> {
    let mut client =
        CaptureServiceClient::new(stage.channel().await).max_encoding_message_size(usize::MAX);
    let mut request = Request::new(CaptureRequest { events, ..Default::default() });
    let value = format!("Bearer {key}").parse().expect("metadata");
    request.metadata_mut().insert("authorization", value);
    let answer = client.capture(request).await;
    let receipts = answer.map_err(|status| format!("{:?}", status.code()))?.into_inner().receipts;
    Ok(receipts.into_iter().map(|receipt| receipt.code).collect())
}
