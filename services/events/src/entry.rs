//! Queue entries: packed events with a header, and how waiting requests become few of them.

use std::collections::BTreeMap;

use observe_core::ProjectId;
use observe_proto::events::v1::{
    AcceptedEvent, ProjectCount, ProjectEvents, QueueEntry, QueueHeader,
};
use prost::Message as _;
use uuid::Uuid;

/// The format we write. A reader that meets another one stops: it must neither guess nor skip.
pub const FORMAT_VERSION: u32 = 1;
/// Bytes of events in one entry; a larger single event is an entry of its own.
pub const ENTRY_BYTES_MAX: usize = 512 * 1024;

/// An entry ready to be appended.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedEntry {
    /// Counts by project, encoded.
    pub header: Vec<u8>,
    /// The events, encoded.
    pub payload: Vec<u8>,
    /// Events by project, for the accepted counters.
    pub counts: BTreeMap<ProjectId, u64>,
}

/// Packs events of one shard into entries of at most [`ENTRY_BYTES_MAX`], keeping their order.
#[derive(Default)]
pub struct Packer {
    open: Vec<ProjectEvents>,
    open_bytes: usize,
    counts: BTreeMap<ProjectId, u64>,
    done: Vec<PackedEntry>,
}

impl Packer {
    /// Adds an event.
    pub fn push(&mut self, project: ProjectId, event: AcceptedEvent) {
        let bytes = event.encoded_len();
        if self.open_bytes > 0 && self.open_bytes + bytes > ENTRY_BYTES_MAX {
            self.close();
        }
        self.open_bytes += bytes;
        *self.counts.entry(project).or_default() += 1;
        // Only the last group may grow: anything else would change the order in which events arrived.
        match self.open.last_mut() {
            Some(last) if last.project_id == project.uuid().as_bytes() => last.events.push(event),
            _ => self
                .open
                .push(ProjectEvents { project_id: project.to_bytes(), events: vec![event] }),
        }
    }

    /// Returns the entries.
    #[must_use]
    pub fn finish(mut self) -> Vec<PackedEntry> {
        self.close();
        self.done
    }

    fn close(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let counts = std::mem::take(&mut self.counts);
        let header = QueueHeader {
            format_version: FORMAT_VERSION,
            counts: counts
                .iter()
                .map(|(project, events)| ProjectCount {
                    project_id: project.to_bytes(),
                    events: *events,
                })
                .collect(),
        };
        let payload = QueueEntry { batches: std::mem::take(&mut self.open) }.encode_to_vec();
        self.open_bytes = 0;
        self.done.push(PackedEntry { header: header.encode_to_vec(), payload, counts });
    }
}

/// Why an entry cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// A newer Observe wrote it; that version must read it.
    #[error(
        "the entry has format {0}, and this version reads format {FORMAT_VERSION}; run the version that wrote it"
    )]
    UnknownFormat(u32),
    /// It is damaged.
    #[error("the entry is damaged: {0}")]
    Damaged(&'static str),
}

/// An entry read back.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What Redis calls it.
    pub stream_id: String,
    /// What its writer called it; known once consumed.
    pub entry_id: Uuid,
    /// Its events, in order.
    pub events: Vec<(ProjectId, Uuid, AcceptedEvent)>,
    /// Bytes of its payload.
    pub bytes: usize,
}

/// Reads an entry back.
///
/// # Errors
/// [`EntryError`]; the caller stops its shard, since skipping would lose events.
pub fn unpack(
    stream_id: String,
    entry_id: Uuid,
    header: &[u8],
    payload: &[u8],
) -> Result<Entry, EntryError> {
    let header = QueueHeader::decode(header).map_err(|_| EntryError::Damaged("header"))?;
    if header.format_version != FORMAT_VERSION {
        return Err(EntryError::UnknownFormat(header.format_version));
    }
    let entry = QueueEntry::decode(payload).map_err(|_| EntryError::Damaged("payload"))?;
    let mut events = Vec::new();
    for batch in entry.batches {
        let project =
            ProjectId::from_bytes(&batch.project_id).ok_or(EntryError::Damaged("project id"))?;
        for event in batch.events {
            let uuid =
                Uuid::from_slice(&event.uuid).map_err(|_| EntryError::Damaged("event uuid"))?;
            events.push((project, uuid, event));
        }
    }
    Ok(Entry { stream_id, entry_id, events, bytes: payload.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(n: u128, bytes: usize) -> AcceptedEvent {
        AcceptedEvent {
            uuid: Uuid::from_u128(n).as_bytes().to_vec(),
            properties_json: "x".repeat(bytes),
            ..AcceptedEvent::default()
        }
    }

    fn project(n: u128) -> ProjectId {
        ProjectId::new(Uuid::from_u128(n))
    }

    #[test]
    fn entries_stay_below_their_limit_and_keep_the_order() {
        let mut packer = Packer::default();
        for n in 0..10 {
            packer.push(project(n % 2), event(n, 100_000));
        }
        let entries = packer.finish();
        assert_eq!(entries.len(), 2);
        let mut seen = Vec::new();
        for entry in &entries {
            assert!(entry.payload.len() <= ENTRY_BYTES_MAX + 1024);
            let back =
                unpack("1-0".into(), Uuid::nil(), &entry.header, &entry.payload).expect("readable");
            seen.extend(back.events.iter().map(|(_, uuid, _)| uuid.as_u128()));
        }
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn an_event_beyond_the_limit_is_an_entry_of_its_own() {
        let mut packer = Packer::default();
        packer.push(project(1), event(1, 10));
        packer.push(project(1), event(2, ENTRY_BYTES_MAX + 1));
        packer.push(project(1), event(3, 10));
        let counts: Vec<_> =
            packer.finish().iter().map(|entry| entry.counts[&project(1)]).collect();
        assert_eq!(counts, [1, 1, 1]);
    }

    #[test]
    fn an_unknown_format_is_neither_guessed_nor_skipped() {
        let header = QueueHeader { format_version: 2, counts: vec![] }.encode_to_vec();
        assert!(matches!(
            unpack("1-0".into(), Uuid::nil(), &header, &[]),
            Err(EntryError::UnknownFormat(2))
        ));
    }
}
