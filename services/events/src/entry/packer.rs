//! How the events or spans of waiting requests become few entries.

use std::collections::BTreeMap;

use observe_core::ProjectId;
use observe_proto::events::v1::{AcceptedEvent, ProjectCount, QueueHeader};
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use uuid::Uuid;

use super::{EntryError, RawEntry, payload, unpack};

/// Bytes of events in one entry; a larger single event is an entry of its own.
pub const ENTRY_BYTES_MAX: usize = 512 * 1024;

/// The field of groups in `QueueEntry` and `SpanEntry`.
const GROUPS: u32 = 1;
/// The field of the project in `ProjectEvents` and `ProjectSpans`.
const PROJECT_ID: u32 = 1;
/// The field of items in these.
const ITEMS: u32 = 2;

/// An entry ready to be appended.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedEntry {
    /// A `QueueHeader`, encoded.
    pub header: Vec<u8>,
    /// The events or spans, in the format that the header says.
    pub payload: Vec<u8>,
    /// Events or spans by project, for the accepted counters.
    pub counts: BTreeMap<ProjectId, u64>,
}

impl PackedEntry {
    /// Returns the events of an entry of events, in order.
    ///
    /// # Errors
    /// [`EntryError`], never for what a [`Packer`] made.
    pub fn events(&self) -> Result<Vec<(ProjectId, Uuid, AcceptedEvent)>, EntryError> {
        let raw = RawEntry {
            stream_id: String::new(),
            entry_id: Uuid::nil(),
            header: self.header.clone(),
            payload: self.payload.clone(),
        };
        unpack(&raw).map(|entry| entry.events)
    }
}

/// Packs items of one lane, each encoded, into entries of at most [`ENTRY_BYTES_MAX`], keeping their order. It writes a
/// `QueueEntry` or a `SpanEntry`: both are groups of one project's items.
pub struct Packer {
    items_max: usize,
    /// The groups of the open entry but the last one.
    payload: Vec<u8>,
    /// The last group; only it may grow, anything else would change the order in which items arrived.
    group: Option<Group>,
    bytes: usize,
    items: usize,
    counts: BTreeMap<ProjectId, u64>,
    done: Vec<PackedEntry>,
}

/// Consecutive items of one project.
struct Group {
    project: ProjectId,
    items: u64,
    encoded: Vec<u8>,
}

impl Default for Packer {
    fn default() -> Self {
        Self::with_items_max(usize::MAX)
    }
}

impl Packer {
    /// Makes a packer whose entries hold at most `items_max` items each.
    #[must_use]
    pub fn with_items_max(items_max: usize) -> Self {
        Self {
            items_max,
            payload: Vec::new(),
            group: None,
            bytes: 0,
            items: 0,
            counts: BTreeMap::new(),
            done: Vec::new(),
        }
    }

    /// Adds an encoded item.
    pub fn push(&mut self, project: ProjectId, item: &[u8]) {
        let is_full = self.bytes + item.len() > ENTRY_BYTES_MAX || self.items >= self.items_max;
        if self.items > 0 && is_full {
            self.close();
        }
        self.bytes += item.len();
        self.items += 1;
        if self.group.as_ref().is_some_and(|group| group.project != project) {
            self.close_group();
        }
        self.group.get_or_insert_with(|| Group::of(project)).add(item);
    }

    /// Returns the entries.
    #[must_use]
    pub fn finish(mut self) -> Vec<PackedEntry> {
        self.close();
        self.done
    }

    fn close_group(&mut self) {
        let Some(group) = self.group.take() else { return };
        *self.counts.entry(group.project).or_default() += group.items;
        append(&mut self.payload, GROUPS, &group.encoded);
    }

    fn close(&mut self) {
        self.close_group();
        if self.items == 0 {
            return;
        }
        let (format_version, payload) = payload::packed(std::mem::take(&mut self.payload));
        let counts = std::mem::take(&mut self.counts);
        let of_project = |(project, items): (&ProjectId, &u64)| ProjectCount {
            project_id: project.to_bytes(),
            events: *items,
        };
        let header =
            QueueHeader { format_version, counts: counts.iter().map(of_project).collect() };
        self.bytes = 0;
        self.items = 0;
        self.done.push(PackedEntry { header: header.encode_to_vec(), payload, counts });
    }
}

impl Group {
    fn of(project: ProjectId) -> Self {
        let mut encoded = Vec::new();
        append(&mut encoded, PROJECT_ID, project.uuid().as_bytes());
        Self { project, items: 0, encoded }
    }

    fn add(&mut self, item: &[u8]) {
        self.items += 1;
        append(&mut self.encoded, ITEMS, item);
    }
}

/// Appends a field of bytes to an encoded message.
fn append(message: &mut Vec<u8>, tag: u32, bytes: &[u8]) {
    encode_key(tag, WireType::LengthDelimited, message);
    encode_varint(bytes.len() as u64, message);
    message.extend_from_slice(bytes);
}
