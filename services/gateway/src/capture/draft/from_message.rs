//! One event of the Capture RPCs.

use std::borrow::Cow;

use bytes::Bytes;
use observe_proto::events::v1::CaptureEvent;
use prost::Message as _;
use uuid::Uuid;

use super::super::limits::EVENT_BYTES_MAX;
use super::super::properties;
use super::super::reject::{Code, Reject};
use super::super::text::without_nul_counting;
use super::super::time::SentTime;
use super::{Draft, Unreadable, read_uuid};

/// `CaptureEvent` on the wire as far as its uuid; the rest of it is skipped.
#[derive(Clone, PartialEq, prost::Message)]
struct Named {
    #[prost(string, tag = "1")]
    uuid: String,
}

/// Reads an encoded `CaptureEvent`. Each is decoded alone, so that one that cannot be decoded fails alone.
///
/// # Errors
/// The first rule it breaks.
pub(crate) fn from_message(encoded: &Bytes) -> Result<Draft, Unreadable> {
    let refused = |reject| Unreadable { uuid: uuid_alone(encoded), reject };
    if encoded.len() > EVENT_BYTES_MAX {
        return Err(refused(properties::too_large()));
    }
    let event =
        CaptureEvent::decode(encoded.clone()).map_err(|error| refused(undecodable(&error)))?;
    let uuid = read_uuid(event.uuid.trim())?;
    let properties = match &event.properties {
        Some(properties) => {
            properties::from_struct(properties).map_err(|reject| Unreadable { uuid, reject })?
        }
        None => properties::Properties::default(),
    };
    let mut replaced = 0;
    let mut clean = |text: String| {
        let Cow::Owned(clean) = without_nul_counting(&text, &mut replaced) else { return text };
        clean
    };
    Ok(Draft {
        uuid,
        name: clean(event.name),
        known_id: clean(event.distinct_id),
        anonymous_id: clean(event.anonymous_id),
        session_id: clean(event.session_id),
        time: event.time.map_or(SentTime::Absent, SentTime::from_message),
        properties,
        replaced,
    })
}

/// Returns the uuid of an event that is not read otherwise, for its receipt.
fn uuid_alone(encoded: &Bytes) -> Option<Uuid> {
    let named = Named::decode(encoded.clone()).ok()?;
    read_uuid(named.uuid.trim()).ok().flatten()
}

fn undecodable(error: &prost::DecodeError) -> Reject {
    // The decoder has a limit of depth of its own and no other way to tell that it was reached.
    if error.to_string().contains("recursion limit") {
        Reject::new(Code::TooDeep, "the event is too deep to be decoded")
    } else {
        Reject::new(Code::InvalidEvent, "the event is not an encoded CaptureEvent")
    }
}

#[cfg(test)]
mod tests {
    use prost_types::value::Kind;
    use prost_types::{Struct, Value};

    use super::*;

    #[test]
    fn an_event_too_deep_for_the_decoder_is_refused_as_too_deep() {
        let deep = (0..200).fold(Struct::default(), |inner, _| Struct {
            fields: [("a".to_owned(), Value { kind: Some(Kind::StructValue(inner)) })].into(),
        });
        let event =
            CaptureEvent { name: "a".into(), properties: Some(deep), ..CaptureEvent::default() };
        let refused = from_message(&event.encode_to_vec().into()).expect_err("too deep");
        assert_eq!(refused.reject.code, Code::TooDeep);
    }

    #[test]
    fn the_receipt_of_an_event_too_large_or_too_deep_names_it() {
        let uuid = "0191f3a0-0000-7000-8000-000000000001";
        let deep = (0..200).fold(Struct::default(), |inner, _| Struct {
            fields: [("a".to_owned(), Value { kind: Some(Kind::StructValue(inner)) })].into(),
        });
        let large = Struct {
            fields: [(
                "a".to_owned(),
                Value { kind: Some(Kind::StringValue("x".repeat(EVENT_BYTES_MAX))) },
            )]
            .into(),
        };
        for (properties, code) in [(large, Code::EventTooLarge), (deep, Code::TooDeep)] {
            let event = CaptureEvent {
                uuid: uuid.to_uppercase(),
                properties: Some(properties),
                ..CaptureEvent::default()
            };
            let refused = from_message(&event.encode_to_vec().into()).expect_err("refused");
            assert_eq!(refused.reject.code, code);
            assert_eq!(refused.uuid.map(|uuid| uuid.to_string()).as_deref(), Some(uuid));
        }
    }

    #[test]
    fn the_deepest_properties_allowed_can_be_decoded() {
        let deep =
            (1..super::super::super::limits::DEPTH_MAX).fold(Struct::default(), |inner, _| {
                Struct {
                    fields: [("a".to_owned(), Value { kind: Some(Kind::StructValue(inner)) })]
                        .into(),
                }
            });
        let event =
            CaptureEvent { name: "a".into(), properties: Some(deep), ..CaptureEvent::default() };
        assert!(from_message(&event.encode_to_vec().into()).is_ok());
    }

    #[test]
    fn bytes_that_are_no_event_are_refused() {
        let refused = from_message(&Bytes::from_static(&[0x0a, 0x05, b'x'])).expect_err("cut off");
        assert_eq!(refused.reject.code, Code::InvalidEvent);
        let refused =
            from_message(&Bytes::from_static(&[0x12, 0x01, 0xff])).expect_err("not UTF-8");
        assert_eq!(refused.reject.code, Code::InvalidEvent);
    }

    #[test]
    fn nul_is_replaced() {
        let event = CaptureEvent {
            name: "a\0".into(),
            distinct_id: "\0".into(),
            ..CaptureEvent::default()
        };
        let draft = from_message(&event.encode_to_vec().into()).expect("fine");
        assert_eq!((draft.name.as_str(), draft.known_id.as_str()), ("a\u{fffd}", "\u{fffd}"));
    }
}
