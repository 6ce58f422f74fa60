//! What can be told of an entry that cannot be read as a whole: what it holds by project, and its events one by one.

use std::collections::BTreeMap;

use observe_core::ProjectId;
use observe_proto::events::v1::QueueHeader;
use prost::Message as _;
use uuid::Uuid;

use super::{RawEntry, payload};

/// A `QueueEntry` whose events are not looked into.
#[derive(Clone, PartialEq, prost::Message)]
struct Packed {
    #[prost(message, repeated, tag = "1")]
    batches: Vec<PackedBatch>,
}

/// A `ProjectEvents` whose events are not looked into.
#[derive(Clone, PartialEq, prost::Message)]
struct PackedBatch {
    #[prost(bytes = "vec", tag = "1")]
    project_id: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    events: Vec<Vec<u8>>,
}

/// What an `AcceptedEvent` is called, and nothing else of it.
#[derive(Clone, PartialEq, prost::Message)]
struct Label {
    #[prost(bytes = "vec", tag = "1")]
    uuid: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    name: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    distinct_id: Vec<u8>,
}

/// One event of an entry, undecoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Whose event.
    pub project: ProjectId,
    /// An `AcceptedEvent`, encoded.
    pub payload: Vec<u8>,
}

impl Piece {
    /// Returns the event's id, name and distinct id, looking at nothing else. Without an id of its own, it gets one from its
    /// place in the entry, so that it has the same one when it is read again.
    #[must_use]
    pub fn label(&self, entry_id: Uuid, place: usize) -> (Uuid, String, String) {
        let label = Label::decode(&self.payload[..]).unwrap_or_default();
        let made = || Uuid::new_v5(&entry_id, &(place as u64).to_be_bytes());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let uuid = Uuid::from_slice(&label.uuid).unwrap_or_else(|_| made());
        (uuid, text(&label.name), text(&label.distinct_id))
    }
}

/// Takes the payload of an entry apart without decoding its events; `None` if even that cannot be done.
#[must_use]
pub fn take_apart(raw: &RawEntry) -> Option<Vec<Piece>> {
    let header = QueueHeader::decode(&raw.header[..]).unwrap_or_default();
    let packed = match header.format_version {
        // The header that says it is lost. Neither format reads as the other one.
        0 => [payload::LZ4, payload::PLAIN].into_iter().find_map(|format| {
            Packed::decode(&payload::plain(format, &raw.payload).ok()?[..]).ok()
        })?,
        format => Packed::decode(&payload::plain(format, &raw.payload).ok()?[..]).ok()?,
    };
    let mut pieces = Vec::new();
    for batch in packed.batches {
        let project = ProjectId::from_bytes(&batch.project_id)?;
        pieces.extend(batch.events.into_iter().map(|payload| Piece { project, payload }));
    }
    Some(pieces)
}

/// Returns how many events of which projects an entry holds: as its header says, else as its payload shows; nothing if
/// neither can be read.
#[must_use]
pub fn told_counts(raw: &RawEntry) -> BTreeMap<ProjectId, u64> {
    let header = QueueHeader::decode(&raw.header[..]).map(|header| counts(&header));
    header.ok().filter(|counts| !counts.is_empty()).unwrap_or_else(|| {
        let mut counts = BTreeMap::new();
        for piece in take_apart(raw).unwrap_or_default() {
            *counts.entry(piece.project).or_default() += 1;
        }
        counts
    })
}

/// Returns the counts of a header by project.
pub(super) fn counts(header: &QueueHeader) -> BTreeMap<ProjectId, u64> {
    let mut counts = BTreeMap::new();
    for count in &header.counts {
        if let Some(project) = ProjectId::from_bytes(&count.project_id)
            && count.events > 0
        {
            *counts.entry(project).or_default() += count.events;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::super::Packer;
    use super::*;
    use observe_proto::events::v1::AcceptedEvent;

    fn entry(name: &str) -> RawEntry {
        let mut packer = Packer::default();
        for n in 0..5_u128 {
            let event = AcceptedEvent {
                uuid: Uuid::from_u128(n).as_bytes().to_vec(),
                name: name.into(),
                ..AcceptedEvent::default()
            };
            packer.push(ProjectId::new(Uuid::from_u128(n / 3)), &event.encode_to_vec());
        }
        let [packed] = packer.finish().try_into().expect("one entry");
        let (header, payload) = (packed.header, packed.payload);
        RawEntry { stream_id: "1-0".into(), entry_id: Uuid::from_u128(9), header, payload }
    }

    #[test]
    fn an_entry_is_taken_apart_without_decoding_its_events() {
        let pieces = take_apart(&entry("viewed")).expect("it is whole");
        let labels: Vec<_> = pieces.iter().map(|piece| piece.label(Uuid::nil(), 0)).collect();
        assert_eq!(labels.len(), 5);
        assert_eq!(labels[4], (Uuid::from_u128(4), "viewed".into(), String::new()));
        let event = AcceptedEvent::decode(&pieces[4].payload[..]).expect("an event");
        assert_eq!(event.name, "viewed");
    }

    #[test]
    fn counts_are_told_by_the_header_or_else_by_the_payload() {
        for whole in [entry("viewed"), entry(&"viewed".repeat(1_000))] {
            let expected: Vec<u64> = told_counts(&whole).into_values().collect();
            assert_eq!(expected, [3, 2]);
            let without_payload = RawEntry { payload: vec![0xff], ..whole.clone() };
            assert_eq!(told_counts(&without_payload), told_counts(&whole));
            let without_header = RawEntry { header: vec![], ..whole.clone() };
            assert_eq!(told_counts(&without_header), told_counts(&whole));
            let nothing = RawEntry { header: vec![0xff], payload: vec![0xff], ..whole };
            assert!(told_counts(&nothing).is_empty());
        }
    }

    #[test]
    fn an_event_without_an_id_gets_the_same_one_each_time() {
        let piece = Piece { project: ProjectId::new(Uuid::nil()), payload: vec![0xff, 0xff] };
        let entry_id = Uuid::from_u128(7);
        assert_eq!(piece.label(entry_id, 3), piece.label(entry_id, 3));
        assert_ne!(piece.label(entry_id, 3).0, piece.label(entry_id, 4).0);
    }
}
