//! The Capture RPC as JSON. Its events are cut out of the text and read one by one, as those of `POST /v1/events` are: made
//! into messages, a mebibyte of numbers would take up hundreds.

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::request::Parts;
use http::{Response, header};
use observe_core::Violations;
use observe_core::error::CommonError;
use observe_proto::events::v1::Receipt;
use serde::Serialize;

use super::delivery::{Delivery, Visitor};
use super::draft;
use super::http::text;
use super::json::{Scanner, decode_string};
use super::rpc::{ENDPOINT, check_count, receipt};
use super::sender::{Place, Sender};
use super::split::elements;
use super::time::{Received, SentTime};
use crate::auth::Owner;
use crate::body::{self, Held};
use crate::edge::Edge;
use crate::error::Error;
use crate::http_error::HttpError;
use crate::rejections::code;
use crate::rejections::sample::Sources;

/// `CaptureRequest`, its events still text.
#[derive(Debug, Default, PartialEq, Eq)]
struct Batch<'a> {
    events: Vec<&'a str>,
    sent: SentTime,
    historical: bool,
}

/// `CaptureResponse` as JSON, every field written.
#[derive(Debug, Serialize)]
struct Answer {
    receipts: Vec<JsonReceipt>,
}

#[derive(Debug, Serialize)]
struct JsonReceipt {
    index: u32,
    uuid: String,
    outcome: &'static str,
    code: String,
    message: String,
}

/// Answers `Capture`.
///
/// # Errors
/// Those of the RPC, and those of a body that cannot be read.
pub(crate) async fn capture(
    edge: &Edge,
    caller: &Owner,
    parts: &Parts,
    body: Body,
) -> Result<Response<Body>, HttpError> {
    let received = edge.capture.now();
    let sender = match Sender::admit(caller, Place::Header, &parts.headers) {
        Ok(sender) => sender,
        Err(error) => return Ok(body::refuse(body, error).await?),
    };
    let lease = edge.budget.known();
    let Held { bytes, lease: _lease } =
        body::read(&parts.headers, body, sender.body_bytes_max(), lease).await?;
    let text = text(&bytes);
    let batch = read(&text)?;
    check_count(batch.events.len())?;
    let drafts = batch.events.iter().map(|element| draft::from_proto_json(element));
    let received = Received::new(received, batch.sent);
    let visitor = Visitor::of(&parts.headers, &parts.extensions);
    let sources = Sources::Texts(&batch.events);
    let mut delivery = Delivery::new(ENDPOINT, received, visitor).of(sources);
    delivery.historical = batch.historical;
    let outcomes = edge.capture.accept(&sender, drafts, &delivery).await?;
    let receipts = (0..).zip(outcomes).map(|(index, outcome)| receipt(index, outcome).into());
    let answer = serde_json::to_vec(&Answer { receipts: receipts.collect() }).map_err(|error| {
        Error::from(CommonError::Internal(format!("the answer cannot be written: {error}")))
    })?;
    Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response())
}

fn read(text: &str) -> Result<Batch<'_>, Error> {
    let mut scanner = Scanner::new(text);
    match scanner.peek() {
        // As for any RPC, an empty body is an empty message.
        None => return Ok(Batch::default()),
        Some(b'{') => {}
        Some(_) => return Err(invalid("the body must be an object with `events`".to_owned())),
    }
    let (mut list, mut sent, mut unknown) = (None, SentTime::Absent, None);
    let mut historical = Some(false);
    let cut = scanner
        .members(|key, value| match decode_string(key).as_ref() {
            "events" => list = Some(value),
            "sentTime" | "sent_time" if value == "null" => sent = SentTime::Absent,
            "sentTime" | "sent_time" => sent = SentTime::from_json(value),
            "historical" => {
                historical = match value {
                    "true" => Some(true),
                    "false" | "null" => Some(false),
                    _ => None,
                }
            }
            other => unknown = Some(other.chars().take(100).collect::<String>()),
        })
        .and_then(|()| scanner.end());
    cut.map_err(|error| not_json(error.describe(text)))?;
    if let Some(unknown) = unknown {
        return Err(invalid(format!("there is no field `{unknown}`")));
    }
    let historical =
        historical.ok_or_else(|| invalid("`historical` must be true or false".to_owned()))?;
    let events = match list {
        None | Some("null") => Vec::new(),
        Some(list) if list.starts_with('[') => {
            elements(&mut Scanner::new(list)).map_err(|error| not_json(error.describe(list)))?
        }
        Some(_) => return Err(invalid("`events` must be a list".to_owned())),
    };
    Ok(Batch { events, sent, historical })
}

fn invalid(description: String) -> Error {
    unusable(code::INVALID_REQUEST, description)
}

fn not_json(description: String) -> Error {
    unusable(code::NOT_JSON, description)
}

fn unusable(code: &'static str, description: String) -> Error {
    let mut violations = Violations::new();
    violations.add("body", description);
    Error::Unusable(code, violations)
}

impl From<Receipt> for JsonReceipt {
    fn from(receipt: Receipt) -> Self {
        let outcome = receipt.outcome().as_str_name();
        let Receipt { index, uuid, code, message, .. } = receipt;
        Self { index, uuid, outcome, code, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_by_both_names_of_proto3() {
        assert_eq!(read(" \n").expect("an empty message"), Batch::default());
        assert_eq!(read(r#"{"events":null,"sentTime":null}"#).expect("empty"), Batch::default());
        for name in ["sentTime", "sent_time"] {
            let text = format!(r#"{{"{name}":"1970-01-01T00:00:01Z","events":[{{}},5]}}"#);
            let batch = read(&text).expect("a batch");
            assert_eq!((batch.events, batch.sent), (vec!["{}", "5"], SentTime::Millis(1_000)));
        }
    }

    #[test]
    fn what_is_no_batch_is_refused_with_its_place() {
        for (text, part) in [
            ("[]", "an object"),
            ("{\"event\":[]}", "`event`"),
            ("{\"events\":{}}", "a list"),
            ("{\"events\":[]} x", "line 1, column 15"),
            ("{\"events\":\n[}", "line 2, column 2"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
