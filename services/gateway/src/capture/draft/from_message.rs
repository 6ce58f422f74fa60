//! One event of the Capture RPCs.

use bytes::Bytes;
use observe_proto::events::v1::CaptureEvent;
use prost::Message as _;

use super::super::limits::EVENT_BYTES_MAX;
use super::super::properties;
use super::super::reject::{Code, Reject};
use super::super::text::without_nul;
use super::super::time::SentTime;
use super::{Draft, Unreadable, read_uuid};

/// Reads an encoded `CaptureEvent`. Each is decoded alone, so that one that cannot be decoded fails alone.
///
/// # Errors
/// The first rule it breaks.
pub(crate) fn from_message(encoded: Bytes) -> Result<Draft, Unreadable> {
    if encoded.len() > EVENT_BYTES_MAX {
        return Err(properties::too_large().into());
    }
    let event = CaptureEvent::decode(encoded).map_err(|error| undecodable(&error))?;
    let uuid = read_uuid(event.uuid.trim())?;
    let properties = match &event.properties {
        Some(properties) => {
            properties::from_struct(properties).map_err(|reject| Unreadable { uuid, reject })?
        }
        None => properties::Properties::default(),
    };
    let clean =
        |text: String| if text.contains('\0') { without_nul(&text).into_owned() } else { text };
    Ok(Draft {
        uuid,
        name: clean(event.name),
        known_id: clean(event.distinct_id),
        anonymous_id: clean(event.anonymous_id),
        session_id: clean(event.session_id),
        time: event.time.map_or(SentTime::Absent, SentTime::from_message),
        properties,
    })
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
        let refused = from_message(event.encode_to_vec().into()).expect_err("too deep");
        assert_eq!(refused.reject.code, Code::TooDeep);
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
        assert!(from_message(event.encode_to_vec().into()).is_ok());
    }

    #[test]
    fn bytes_that_are_no_event_are_refused() {
        let refused = from_message(Bytes::from_static(&[0x0a, 0x05, b'x'])).expect_err("cut off");
        assert_eq!(refused.reject.code, Code::InvalidEvent);
        let refused = from_message(Bytes::from_static(&[0x12, 0x01, 0xff])).expect_err("not UTF-8");
        assert_eq!(refused.reject.code, Code::InvalidEvent);
    }

    #[test]
    fn nul_is_replaced() {
        let event = CaptureEvent {
            name: "a\0".into(),
            distinct_id: "\0".into(),
            ..CaptureEvent::default()
        };
        let draft = from_message(event.encode_to_vec().into()).expect("fine");
        assert_eq!((draft.name.as_str(), draft.known_id.as_str()), ("a\u{fffd}", "\u{fffd}"));
    }
}
