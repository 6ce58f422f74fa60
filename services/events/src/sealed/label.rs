//! What is read of an encoded event: where it belongs, and whether all of it can be decoded.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use uuid::Uuid;

use crate::spans::request_event::REQUEST;

/// Which field of a batch is not as it must be, and how it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unsound(pub(super) &'static str, pub(super) &'static str);

/// What cannot be read at all.
const UNREADABLE: Unsound = Unsound("events", "must be accepted events, encoded");

/// The parts of an `AcceptedEvent` that decide where it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// Its id.
    pub uuid: Uuid,
    /// When it happened, in milliseconds since 1970.
    pub time_ms: i64,
    /// When the edge received it, in microseconds since 1970.
    pub received_us: i64,
    /// Whether it changes persons.
    pub identity: bool,
    /// Whether its sender says that it belongs to an import of the past.
    pub historical: bool,
    /// Whether it is a `$request`, which counts as a span as well.
    pub is_request: bool,
}

impl Label {
    /// Reads the label of an encoded event, and checks the rest as decoding would.
    pub(super) fn read(mut event: &[u8]) -> Result<Self, Unsound> {
        let mut label = Self::default();
        let mut uuid: &[u8] = &[];
        while let Some((tag, field)) = next_field(&mut event)? {
            match tag {
                1 => uuid = field.bytes()?,
                2 => label.is_request = field.text()? == REQUEST,
                3 | 7 | 8 => drop(field.text()?),
                4 => label.time_ms = field.number()?.cast_signed(),
                5 => label.received_us = field.number()?.cast_signed(),
                6 | 10 => drop(field.number()?),
                9 => label.identity = field.number()? != 0,
                11 => label.historical = field.number()? != 0,
                _ => {}
            }
        }
        let sized = |_| Unsound("events.uuid", "must have 16 bytes");
        label.uuid = Uuid::from_slice(uuid).map_err(sized)?;
        Ok(label)
    }
}

/// What a field holds, as far as its wire type says.
pub(super) enum Field<'a> {
    Bytes(&'a [u8]),
    Number(u64),
    Other,
}

impl<'a> Field<'a> {
    pub(super) fn bytes(self) -> Result<&'a [u8], Unsound> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(UNREADABLE) }
    }

    fn text(self) -> Result<&'a str, Unsound> {
        str::from_utf8(self.bytes()?).map_err(|_| UNREADABLE)
    }

    fn number(self) -> Result<u64, Unsound> {
        if let Self::Number(number) = self { Ok(number) } else { Err(UNREADABLE) }
    }
}

/// Takes the next field off an encoded message: its tag, and what it holds. `None` at the end.
pub(super) fn next_field<'a>(rest: &mut &'a [u8]) -> Result<Option<(u32, Field<'a>)>, Unsound> {
    if rest.is_empty() {
        return Ok(None);
    }
    let (tag, wire_type) = decode_key(rest).map_err(|_| UNREADABLE)?;
    let field = match wire_type {
        WireType::Varint => Field::Number(decode_varint(rest).map_err(|_| UNREADABLE)?),
        WireType::LengthDelimited => {
            let length = decode_varint(rest).map_err(|_| UNREADABLE)?;
            let length = usize::try_from(length).map_err(|_| UNREADABLE)?;
            let (bytes, after) = rest.split_at_checked(length).ok_or(UNREADABLE)?;
            *rest = after;
            Field::Bytes(bytes)
        }
        _ => {
            let context = DecodeContext::default();
            skip_field(wire_type, tag, rest, context).map_err(|_| UNREADABLE)?;
            Field::Other
        }
    };
    Ok(Some((tag, field)))
}

#[cfg(test)]
mod tests {
    use observe_proto::events::v1::AcceptedEvent;
    use prost::Message as _;

    use super::*;

    /// An event in which every field is set.
    fn whole() -> Vec<u8> {
        let event = AcceptedEvent {
            uuid: vec![7; 16],
            name: REQUEST.into(),
            distinct_id: "é".into(),
            time_ms: -1,
            received_us: 1_800_000_000_000_000,
            index: 300,
            session_id: "ü".into(),
            properties_json: "{\"a\":\"ß\"}".into(),
            identity: true,
            trusted: true,
            historical: true,
        };
        event.encode_to_vec()
    }

    #[test]
    fn a_label_says_what_decoding_would() {
        let label = Label::read(&whole()).expect("whole");
        assert_eq!((label.time_ms, label.received_us), (-1, 1_800_000_000_000_000));
        assert!(label.identity && label.historical && label.is_request);
        let bare = AcceptedEvent { uuid: vec![7; 16], name: "x".into(), ..Default::default() };
        let label = Label::read(&bare.encode_to_vec()).expect("whole");
        assert_eq!(label, Label { uuid: Uuid::from_bytes([7; 16]), ..Label::default() });
    }

    #[test]
    fn whatever_is_taken_can_be_decoded_and_nothing_else_is_refused() {
        let whole = whole();
        let spoilt = (0..whole.len()).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte)));
        let spoilt = spoilt.map(|(at, byte)| {
            let mut event = whole.clone();
            event[at] = byte;
            event
        });
        let cut = (0..whole.len()).map(|length| whole[..length].to_vec());
        for event in spoilt.chain(cut) {
            let decoded = AcceptedEvent::decode(&event[..]).ok();
            let decoded = decoded.filter(|decoded| decoded.uuid.len() == 16);
            let label = Label::read(&event).ok();
            let shown = |label: Label| {
                (label.uuid.as_bytes().to_vec(), label.time_ms, label.received_us, label.identity)
            };
            let expected =
                decoded.map(|event| (event.uuid, event.time_ms, event.received_us, event.identity));
            assert_eq!(label.map(shown), expected, "{event:?}");
        }
    }
}
