//! Dead letters between the contract and the domain.

use chrono::DateTime;
use observe_core::{CallContext, Principal, Violations};
use observe_proto::events::v1 as pb;
use prost::Message as _;
use serde_json::{Value, json};
use uuid::Uuid;

use super::timestamp;
use crate::redrive::LETTERS_MAX;
use crate::store::dead_letter::{DeadLetterRow, SHOWN_BYTES_MAX};

const PAGE_SIZE_DEFAULT: i32 = 100;
const PAGE_SIZE_MAX: i32 = 1_000;

/// Checks the size of a page.
///
/// # Errors
/// If it is none.
pub fn page_size(size: i32) -> Result<i64, Violations> {
    let mut violations = Violations::new();
    violations.require(
        (0..=PAGE_SIZE_MAX).contains(&size),
        "page_size",
        "must be 1-1,000, or 0 for 100",
    );
    violations.finish()?;
    Ok(i64::from(if size == 0 { PAGE_SIZE_DEFAULT } else { size }))
}

/// Checks which dead letters are meant.
///
/// # Errors
/// Every violation.
pub fn uuids(request: &pb::RedriveDeadLettersRequest) -> Result<Vec<Uuid>, Violations> {
    let mut violations = Violations::new();
    violations.require(request.uuids.len() <= LETTERS_MAX, "uuids", "has more than 1,000 ids");
    let mut uuids = Vec::new();
    for (at, text) in request.uuids.iter().enumerate().take(LETTERS_MAX) {
        match Uuid::try_parse(text) {
            Ok(uuid) => uuids.push(uuid),
            Err(_) => violations.add(format!("uuids[{at}]"), "must be a UUID"),
        }
    }
    violations.finish()?;
    Ok(uuids)
}

/// Returns who calls, for the record.
#[must_use]
pub fn actor(ctx: &CallContext) -> String {
    match &ctx.principal {
        Principal::Session { user, .. } => format!("user {user}"),
        Principal::Key { key, .. } => format!("key {key}"),
        Principal::Service(name) => format!("service {name}"),
        Principal::Anonymous => "nobody".to_owned(),
    }
}

/// Returns the contract's form of a dead letter.
#[must_use]
pub fn dead_letter(row: DeadLetterRow) -> pb::DeadLetter {
    let payload = payload(&row);
    pb::DeadLetter {
        uuid: row.uuid.to_string(),
        name: row.name,
        distinct_id: row.distinct_id,
        created_time: Some(timestamp(row.created_at)),
        reason: row.reason,
        sqlstate: row.sqlstate.unwrap_or_default(),
        payload,
        redrives: row.redrives,
        event_count: row.events,
    }
}

/// Returns what can be shown of the event. What ended its reader is not decoded to be looked at.
fn payload(row: &DeadLetterRow) -> String {
    let text = if row.entry_id.is_some() {
        String::new()
    } else if row.ended_version.is_some() {
        let text = String::from_utf8_lossy(&row.payload);
        text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
    } else {
        pb::AcceptedEvent::decode(&row.payload[..]).map(|event| shown(&event)).unwrap_or_default()
    };
    cut(text)
}

fn shown(event: &pb::AcceptedEvent) -> String {
    let properties = serde_json::from_str(&event.properties_json)
        .unwrap_or_else(|_| Value::String(event.properties_json.clone()));
    let time = match DateTime::from_timestamp_millis(event.time_ms) {
        Some(time) => Value::String(time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)),
        None => Value::from(event.time_ms),
    };
    let uuid = Uuid::from_slice(&event.uuid).map(|uuid| uuid.to_string()).unwrap_or_default();
    json!({
        "uuid": uuid,
        "name": event.name,
        "distinct_id": event.distinct_id,
        "time": time,
        "session_id": event.session_id,
        "properties": properties,
    })
    .to_string()
}

fn cut(mut text: String) -> String {
    if text.len() > SHOWN_BYTES_MAX {
        let mut end = SHOWN_BYTES_MAX;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_parsed_is_shown_as_text() {
        let event = pb::AcceptedEvent {
            properties_json: "{\"a\": ".into(),
            time_ms: i64::MAX,
            ..pb::AcceptedEvent::default()
        };
        let shown: Value = serde_json::from_str(&shown(&event)).expect("JSON");
        assert_eq!(shown["properties"], "{\"a\": ");
        assert_eq!(shown["time"], i64::MAX);
    }

    #[test]
    fn a_payload_is_cut_between_characters() {
        let text = cut(format!("x{}", "ä".repeat(SHOWN_BYTES_MAX)));
        assert_eq!(text.len(), SHOWN_BYTES_MAX - 1);
    }
}
