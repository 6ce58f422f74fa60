//! Accepted events as they come from the edge: encoded, and opened only as far as is needed to know where they go.
//!
//! The edge encodes an event in the form that queue and log hold. Decoding it to encode it again would be most of what this
//! service does for it, so what is appended to the queue is the bytes that came. They are checked all the same: what is
//! taken in here can be decoded by whoever reads the queue.

mod label;

use std::ops::Range;

use bytes::Bytes;
use observe_core::error::CommonError;
use observe_core::{ProjectId, Violations};
use observe_proto::events::v1::{AcceptedEvent, WriteEventsRequest};
use prost::Message as _;

pub use self::label::Label;
use self::label::Unsound;
use crate::queue::Lane;
use crate::shard::{Shard, shard_of};
use crate::store::consume::stage::Staged;

/// Accepted events of one project, in order, still encoded.
#[derive(Clone, Debug)]
pub struct SealedEvents {
    /// Whose they are.
    pub project: ProjectId,
    /// A `ProjectEvents`.
    encoded: Bytes,
    /// What each event is, and where in it.
    places: Vec<(Label, Range<usize>)>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Sealed<'a> {
    /// Whose it is.
    pub project: ProjectId,
    /// What decides where it goes.
    pub label: &'a Label,
    /// An `AcceptedEvent`.
    pub encoded: &'a [u8],
}

impl SealedEvents {
    /// Reads a `ProjectEvents`.
    fn read(encoded: Bytes) -> Result<Self, Unsound> {
        let (mut project, mut places) = (None, Vec::new());
        let mut rest = &encoded[..];
        while let Some((tag, field)) = label::next_field(&mut rest)? {
            match tag {
                1 => project = ProjectId::from_bytes(field.bytes()?),
                2 => {
                    let event = field.bytes()?;
                    let end = encoded.len() - rest.len();
                    places.push((Label::read(event)?, end - event.len()..end));
                }
                _ => {}
            }
        }
        let project = project.ok_or(Unsound("project_id", "must have 16 bytes"))?;
        Ok(Self { project, encoded, places })
    }

    /// Returns the events, in order.
    pub fn iter(&self) -> impl Iterator<Item = Sealed<'_>> {
        self.places.iter().map(|(label, place)| {
            let encoded = &self.encoded[place.clone()];
            Sealed { project: self.project, label, encoded }
        })
    }

    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns how many bytes they have.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.encoded.len()
    }
}

impl Sealed<'_> {
    /// Returns the shard it belongs to, of so many.
    #[must_use]
    pub fn shard(&self, shards: Shard) -> Shard {
        shard_of(self.project, self.label.uuid, self.label.identity, shards)
    }

    /// Returns the lane it travels in, of so many shards.
    #[must_use]
    pub fn lane(&self, shards: Shard) -> Lane {
        Lane::of(self.shard(shards), self.label)
    }

    /// Decodes it. `None` for what [`sealed_events`] would not have taken.
    #[must_use]
    pub fn open(&self) -> Option<Staged> {
        let event = AcceptedEvent::decode(self.encoded).ok()?;
        Some((self.project, self.label.uuid, event))
    }
}

/// Reads what the edge handed over: its batches, in order.
///
/// # Errors
/// `Invalid`: the edge is of another version, or broken. Nothing of the request is taken then.
pub fn sealed_events(request: WriteEventsRequest) -> Result<Vec<SealedEvents>, CommonError> {
    let read = |(at, batch): (usize, Bytes)| {
        SealedEvents::read(batch).map_err(|Unsound(field, what)| {
            let mut violations = Violations::new();
            violations.add(format!("batches[{at}].{field}"), what);
            CommonError::Invalid(violations)
        })
    };
    request.batches.into_iter().enumerate().map(read).collect()
}

#[cfg(test)]
mod tests {
    use observe_proto::events::v1::ProjectEvents;
    use uuid::Uuid;

    use super::*;

    fn event() -> AcceptedEvent {
        AcceptedEvent {
            uuid: Uuid::from_u128(7).as_bytes().to_vec(),
            name: "viewed".into(),
            distinct_id: "d".into(),
            time_ms: 1_800_000_000_000,
            received_us: 1_800_000_000_000_000,
            index: 3,
            session_id: "s".into(),
            properties_json: r#"{"a":1}"#.into(),
            identity: true,
            trusted: true,
            historical: true,
        }
    }

    fn request(events: Vec<AcceptedEvent>) -> WriteEventsRequest {
        let batch = ProjectEvents { project_id: vec![1; 16], events };
        WriteEventsRequest { batches: vec![batch.encode_to_vec().into()] }
    }

    #[test]
    fn an_event_is_passed_on_as_it_came() {
        let other = AcceptedEvent { uuid: vec![9; 16], historical: false, ..event() };
        let [batch] = sealed_events(request(vec![event(), other.clone()]))
            .expect("events")
            .try_into()
            .expect("one batch");
        let [first, second] = batch.iter().collect::<Vec<_>>().try_into().expect("two events");
        assert_eq!(first.label.uuid, Uuid::from_u128(7));
        assert_eq!(first.lane(4), Lane::Historical(first.shard(4)));
        assert_eq!(second.lane(4), Lane::Shard(second.shard(4)));
        assert_eq!(first.encoded, event().encode_to_vec());
        assert_eq!(first.open().expect("whole").2, event());
        assert_eq!(second.open().expect("whole").2, other);
    }

    #[test]
    fn what_the_edge_would_never_send_is_refused_by_its_place() {
        let nameless = AcceptedEvent { uuid: vec![1], ..event() };
        let whole = request(vec![event()]).batches.remove(0);
        for (broken, field) in [
            (request(vec![event(), nameless]).batches.remove(0), "batches[1].events.uuid"),
            (ProjectEvents::default().encode_to_vec().into(), "batches[1].project_id"),
            (Bytes::from_static(&[0xff]), "batches[1].events"),
            (whole.slice(..whole.len() - 1), "batches[1].events"),
        ] {
            let request = WriteEventsRequest { batches: vec![whole.clone(), broken] };
            let error = sealed_events(request).expect_err("broken");
            let CommonError::Invalid(violations) = error else { panic!("{error}") };
            assert!(format!("{violations:?}").contains(field), "{violations:?}");
        }
    }
}
