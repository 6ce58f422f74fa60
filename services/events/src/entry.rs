//! Queue entries: packed events or spans with a header, and how waiting requests become few of them.

mod packer;
mod payload;
pub mod pieces;

use std::borrow::Cow;
use std::collections::BTreeMap;

use observe_core::ProjectId;
use observe_proto::events::v1::{AcceptedEvent, QueueEntry, QueueHeader, ServerSpan, SpanEntry};
use prost::Message as _;
use uuid::Uuid;

pub use self::packer::{ENTRY_BYTES_MAX, PackedEntry, Packer};

/// The newest format we read and write. A reader that meets a newer one stops: it must neither guess nor skip.
pub const FORMAT_VERSION: u32 = payload::LZ4;

/// Why an entry cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// A newer Observe wrote it; that version must read it.
    #[error(
        "the entry has format {0}, and this version reads formats up to {FORMAT_VERSION}; run the version that wrote it"
    )]
    UnknownFormat(u32),
    /// It is damaged.
    #[error("the entry is damaged: {0}")]
    Damaged(&'static str),
}

/// An entry as the queue holds it. What is missing in a damaged one is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEntry {
    /// What Redis calls it.
    pub stream_id: String,
    /// What its writer called it; known once consumed.
    pub entry_id: Uuid,
    /// A `QueueHeader`, encoded.
    pub header: Vec<u8>,
    /// What it holds, in the format that the header says.
    pub payload: Vec<u8>,
}

/// An entry of events read back.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What Redis calls it.
    pub stream_id: String,
    /// What its writer called it; known once consumed.
    pub entry_id: Uuid,
    /// Its events, in order.
    pub events: Vec<(ProjectId, Uuid, AcceptedEvent)>,
    /// Bytes of its payload, decompressed.
    pub bytes: usize,
}

/// An entry of spans read back.
#[derive(Clone, Debug)]
pub struct SpansEntry {
    /// What Redis calls it.
    pub stream_id: String,
    /// What its writer called it; known once consumed.
    pub entry_id: Uuid,
    /// Its spans, in order.
    pub spans: Vec<(ProjectId, Uuid, ServerSpan)>,
    /// Bytes of its payload, decompressed.
    pub bytes: usize,
}

/// Reads an entry of events back.
///
/// # Errors
/// [`EntryError`]; an entry is never skipped, since that would lose events.
pub fn unpack(raw: &RawEntry) -> Result<Entry, EntryError> {
    let (header, payload) = open(raw)?;
    let entry = QueueEntry::decode(&payload[..]).map_err(|_| EntryError::Damaged("payload"))?;
    let mut events = Vec::new();
    let mut found: BTreeMap<ProjectId, u64> = BTreeMap::new();
    for batch in entry.batches {
        let project = project(&batch.project_id)?;
        *found.entry(project).or_default() += batch.events.len() as u64;
        for event in batch.events {
            events.push((project, uuid(&event.uuid)?, event));
        }
    }
    // What was counted as accepted must be what is taken, or the ledger never adds up again.
    if found != pieces::counts(&header) {
        return Err(EntryError::Damaged("counts"));
    }
    let (stream_id, entry_id) = (raw.stream_id.clone(), raw.entry_id);
    Ok(Entry { stream_id, entry_id, events, bytes: payload.len() })
}

/// Reads an entry of spans back.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_spans(raw: &RawEntry) -> Result<SpansEntry, EntryError> {
    let (_, payload) = open(raw)?;
    let entry = SpanEntry::decode(&payload[..]).map_err(|_| EntryError::Damaged("payload"))?;
    let mut spans = Vec::new();
    for batch in entry.batches {
        let project = project(&batch.project_id)?;
        for span in batch.spans {
            spans.push((project, uuid(&span.uuid)?, span));
        }
    }
    let (stream_id, entry_id) = (raw.stream_id.clone(), raw.entry_id);
    Ok(SpansEntry { stream_id, entry_id, spans, bytes: payload.len() })
}

/// Returns the header of an entry, and its payload as it was encoded.
fn open(raw: &RawEntry) -> Result<(QueueHeader, Cow<'_, [u8]>), EntryError> {
    let header = QueueHeader::decode(&raw.header[..]).map_err(|_| EntryError::Damaged("header"))?;
    if header.format_version == 0 {
        // No version writes this: the header is missing.
        return Err(EntryError::Damaged("header"));
    }
    let payload = payload::plain(header.format_version, &raw.payload)?;
    Ok((header, payload))
}

fn project(bytes: &[u8]) -> Result<ProjectId, EntryError> {
    ProjectId::from_bytes(bytes).ok_or(EntryError::Damaged("project id"))
}

fn uuid(bytes: &[u8]) -> Result<Uuid, EntryError> {
    Uuid::from_slice(bytes).map_err(|_| EntryError::Damaged("uuid"))
}

#[cfg(test)]
mod tests {
    use observe_proto::events::v1::{ProjectCount, ProjectEvents};

    use super::*;

    fn raw(header: Vec<u8>, payload: Vec<u8>) -> RawEntry {
        RawEntry { stream_id: "1-0".into(), entry_id: Uuid::nil(), header, payload }
    }

    fn event(n: u128, bytes: usize) -> Vec<u8> {
        let event = AcceptedEvent {
            uuid: Uuid::from_u128(n).as_bytes().to_vec(),
            properties_json: "x".repeat(bytes),
            ..AcceptedEvent::default()
        };
        event.encode_to_vec()
    }

    fn project(n: u128) -> ProjectId {
        ProjectId::new(Uuid::from_u128(n))
    }

    #[test]
    fn entries_stay_below_their_limit_and_keep_the_order() {
        let mut packer = Packer::default();
        for n in 0..10 {
            packer.push(project(n % 2), &event(n, 100_000));
        }
        let entries = packer.finish();
        assert_eq!(entries.len(), 2);
        let mut seen = Vec::new();
        for entry in &entries {
            assert!(entry.payload.len() <= ENTRY_BYTES_MAX + 1024);
            let back = unpack(&raw(entry.header.clone(), entry.payload.clone())).expect("readable");
            seen.extend(back.events.iter().map(|(_, uuid, _)| uuid.as_u128()));
        }
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn an_event_beyond_the_limit_is_an_entry_of_its_own() {
        let mut packer = Packer::default();
        packer.push(project(1), &event(1, 10));
        packer.push(project(1), &event(2, ENTRY_BYTES_MAX + 1));
        packer.push(project(1), &event(3, 10));
        let counts: Vec<_> =
            packer.finish().iter().map(|entry| entry.counts[&project(1)]).collect();
        assert_eq!(counts, [1, 1, 1]);
    }

    #[test]
    fn an_entry_holds_no_more_events_than_it_may() {
        let mut packer = Packer::with_items_max(2);
        (0..5).for_each(|n| packer.push(project(1), &event(n, 10)));
        let counts: Vec<_> =
            packer.finish().iter().map(|entry| entry.counts[&project(1)]).collect();
        assert_eq!(counts, [2, 2, 1]);
    }

    #[test]
    fn an_unknown_format_is_neither_guessed_nor_skipped() {
        let header = QueueHeader { format_version: 3, counts: vec![] }.encode_to_vec();
        let unknown = raw(header, vec![]);
        assert!(matches!(unpack(&unknown), Err(EntryError::UnknownFormat(3))));
        assert!(matches!(unpack(&raw(vec![], vec![])), Err(EntryError::Damaged("header"))));
        assert!(matches!(unpack_spans(&unknown), Err(EntryError::UnknownFormat(3))));
    }

    #[test]
    fn the_first_format_is_still_read_whatever_its_size() {
        for bytes in [10, 100_000] {
            let event = AcceptedEvent::decode(&event(1, bytes)[..]).expect("an event");
            let group = ProjectEvents { project_id: project(1).to_bytes(), events: vec![event] };
            let payload = QueueEntry { batches: vec![group] }.encode_to_vec();
            let count = ProjectCount { project_id: project(1).to_bytes(), events: 1 };
            let header = QueueHeader { format_version: 1, counts: vec![count] }.encode_to_vec();
            let back = unpack(&raw(header, payload.clone())).expect("readable");
            assert_eq!((back.events.len(), back.bytes), (1, payload.len()));
        }
    }

    #[test]
    fn groups_are_written_as_the_contract_says() {
        let mut packer = Packer::default();
        for n in [1, 2, 3, 4, 5] {
            packer.push(project(n / 2), &event(n, 10));
        }
        let [entry] = packer.finish().try_into().expect("one entry");
        let written = QueueEntry::decode(&entry.payload[..]).expect("a small one is plain");
        assert_eq!(written.encode_to_vec(), entry.payload);
        let shape: Vec<_> = written.batches.iter().map(|batch| batch.events.len()).collect();
        assert_eq!(shape, [1, 2, 2]);
        assert_eq!(entry.counts[&project(1)], 2);
    }

    #[test]
    fn spans_are_packed_like_events() {
        let mut packer = Packer::default();
        for n in 0..4 {
            let uuid = Uuid::from_u128(n).as_bytes().to_vec();
            let span = ServerSpan { uuid, ..ServerSpan::default() };
            packer.push(project(n / 2), &span.encode_to_vec());
        }
        let [entry] = packer.finish().try_into().expect("one entry");
        assert_eq!(entry.counts[&project(1)], 2);
        let back = unpack_spans(&raw(entry.header, entry.payload)).expect("readable");
        assert_eq!(
            back.spans.iter().map(|(_, id, _)| id.as_u128()).collect::<Vec<_>>(),
            [0, 1, 2, 3]
        );
    }
}
