//! The events of a row of the log, decoded.

use std::io::Read as _;

use bytes::Bytes;
use observe_proto::events::v1::AcceptedEvent;
use prost::Message as _;

use super::ApplyError;

/// How many times smaller than events their row is, about: so much room is made for them at first.
const COMPRESSED: usize = 4;
/// How many decoded events are kept to be written over by the next ones: a row seldom has more.
const SPARE_EVENTS_MAX: usize = 5_000;
/// How large the texts of such an event may be together, in bytes.
const SPARE_EVENT_BYTES_MAX: usize = 4_096;

/// The payload of a row as `LoggedEvents` has it, its events not decoded yet.
#[derive(Clone, PartialEq, prost::Message)]
struct EncodedEvents {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    events: Vec<Bytes>,
    #[prost(uint32, tag = "2")]
    erased: u32,
}

/// Decodes rows. Each event is written into one of the row before, so that its texts need no allocations.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The first ones are those of the row.
    events: Vec<AcceptedEvent>,
}

impl Decoder {
    /// Returns the events of a row with this payload, and how many were erased out of it.
    ///
    /// # Errors
    /// `Malformed`, if it holds no events.
    pub(super) fn decode(&mut self, payload: &[u8]) -> Result<(&[AcceptedEvent], u32), ApplyError> {
        let mut bytes = Vec::with_capacity(payload.len().saturating_mul(COMPRESSED));
        lz4_flex::frame::FrameDecoder::new(payload)
            .read_to_end(&mut bytes)
            .map_err(|_| ApplyError::Malformed("the payload of a log row is no lz4 frame"))?;
        let no_events = |_| ApplyError::Malformed("the payload of a log row holds no events");
        let encoded = EncodedEvents::decode(Bytes::from(bytes)).map_err(no_events)?;
        let count = encoded.events.len();
        if self.events.len() < count {
            self.events.resize_with(count, AcceptedEvent::default);
        }
        for (event, bytes) in self.events.iter_mut().zip(encoded.events) {
            event.clear();
            event.merge(bytes).map_err(no_events)?;
        }
        Ok((&self.events[..count], encoded.erased))
    }

    /// Lets go what is larger than what is used again, once the events of a row are no longer needed.
    pub(super) fn trim(&mut self) {
        self.events.truncate(SPARE_EVENTS_MAX);
        for event in &mut self.events {
            let texts =
                [&event.name, &event.distinct_id, &event.session_id, &event.properties_json];
            let bytes = event.uuid.capacity() + texts.map(String::capacity).iter().sum::<usize>();
            if bytes > SPARE_EVENT_BYTES_MAX {
                *event = AcceptedEvent::default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use observe_proto::events::v1::LoggedEvents;

    use super::*;

    fn event(n: u8) -> AcceptedEvent {
        AcceptedEvent {
            uuid: vec![n; 16],
            name: "view".repeat(usize::from(n % 3)),
            distinct_id: format!("visitor {n}"),
            time_ms: i64::from(n) - 1,
            received_us: i64::from(n % 2),
            index: (n % 4).into(),
            session_id: "s".repeat(usize::from(n % 2)),
            properties_json: format!(r#"{{"n":{n}}}"#),
            identity: n.is_multiple_of(2),
            trusted: n.is_multiple_of(3),
            historical: n.is_multiple_of(5),
        }
    }

    fn payload(events: &[AcceptedEvent], erased: u32) -> Vec<u8> {
        let events = LoggedEvents { events: events.to_vec(), erased };
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(&events.encode_to_vec()).expect("memory takes all");
        encoder.finish().expect("memory takes all")
    }

    #[test]
    fn rows_are_decoded_one_after_the_other_and_nothing_of_one_is_in_the_next() {
        let mut decoder = Decoder::default();
        for (from, to) in [(0, 9), (100, 103), (7, 40), (50, 51), (60, 60)] {
            let expected: Vec<_> = (from..to).map(event).collect();
            let payload = payload(&expected, from.into());
            let (events, erased) = decoder.decode(&payload).expect("events");
            assert_eq!((events, erased), (expected.as_slice(), from.into()));
            decoder.trim();
        }
    }

    #[test]
    fn large_events_are_not_kept() {
        let mut decoder = Decoder::default();
        let mut large = event(1);
        large.properties_json = format!(r#"{{"text":"{}"}}"#, "x".repeat(100_000));
        let payload = payload(&vec![large; SPARE_EVENTS_MAX / 100], 0);
        decoder.decode(&payload).expect("events");
        decoder.trim();
        let kept: usize = decoder.events.iter().map(|one| one.properties_json.capacity()).sum();
        assert_eq!(kept, 0);
    }

    #[test]
    fn what_is_no_row_is_refused_and_the_next_one_is_read() {
        let mut decoder = Decoder::default();
        let whole = payload(&[event(1)], 0);
        for broken in [&whole[..whole.len() / 2], &[1, 2, 3]] {
            assert!(matches!(decoder.decode(broken), Err(ApplyError::Malformed(_))));
        }
        let (events, _) = decoder.decode(&whole).expect("events");
        assert_eq!(events, [event(1)]);
    }
}
