//! Queue entries: packed events or spans with a header, and how waiting requests become few of them.

pub mod pieces;

use std::collections::BTreeMap;

use observe_core::ProjectId;
use observe_proto::events::v1::{
    AcceptedEvent, ProjectCount, ProjectEvents, ProjectSpans, QueueEntry, QueueHeader, ServerSpan,
    SpanEntry,
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
    /// The events or spans, encoded.
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

/// What one entry holds of one project.
pub trait Group: Sized {
    /// An event or a span.
    type Item: prost::Message;

    /// Begins with one item.
    fn of(project: ProjectId, first: Self::Item) -> Self;

    /// Returns whose items these are.
    fn project_id(&self) -> &[u8];

    /// Adds an item.
    fn add(&mut self, item: Self::Item);

    /// Encodes the payload of an entry.
    fn encode(groups: Vec<Self>) -> Vec<u8>;
}

impl Group for ProjectEvents {
    type Item = AcceptedEvent;

    fn of(project: ProjectId, first: AcceptedEvent) -> Self {
        Self { project_id: project.to_bytes(), events: vec![first] }
    }

    fn project_id(&self) -> &[u8] {
        &self.project_id
    }

    fn add(&mut self, item: AcceptedEvent) {
        self.events.push(item);
    }

    fn encode(batches: Vec<Self>) -> Vec<u8> {
        QueueEntry { batches }.encode_to_vec()
    }
}

impl Group for ProjectSpans {
    type Item = ServerSpan;

    fn of(project: ProjectId, first: ServerSpan) -> Self {
        Self { project_id: project.to_bytes(), spans: vec![first] }
    }

    fn project_id(&self) -> &[u8] {
        &self.project_id
    }

    fn add(&mut self, item: ServerSpan) {
        self.spans.push(item);
    }

    fn encode(batches: Vec<Self>) -> Vec<u8> {
        SpanEntry { batches }.encode_to_vec()
    }
}

/// Packs items of one lane into entries of at most [`ENTRY_BYTES_MAX`], keeping their order.
pub struct Packer<G> {
    open: Vec<G>,
    open_bytes: usize,
    open_items: usize,
    items_max: usize,
    counts: BTreeMap<ProjectId, u64>,
    done: Vec<PackedEntry>,
}

impl<G> Default for Packer<G> {
    fn default() -> Self {
        Self::with_items_max(usize::MAX)
    }
}

impl<G> Packer<G> {
    /// Makes a packer whose entries hold at most `items_max` items each.
    #[must_use]
    pub fn with_items_max(items_max: usize) -> Self {
        Self {
            open: Vec::new(),
            open_bytes: 0,
            open_items: 0,
            items_max,
            counts: BTreeMap::new(),
            done: Vec::new(),
        }
    }
}

impl<G: Group> Packer<G> {
    /// Adds an item.
    pub fn push(&mut self, project: ProjectId, item: G::Item) {
        let bytes = item.encoded_len();
        let is_full =
            self.open_bytes + bytes > ENTRY_BYTES_MAX || self.open_items >= self.items_max;
        if self.open_items > 0 && is_full {
            self.close();
        }
        self.open_bytes += bytes;
        self.open_items += 1;
        *self.counts.entry(project).or_default() += 1;
        // Only the last group may grow: anything else would change the order in which events arrived.
        match self.open.last_mut() {
            Some(last) if last.project_id() == project.uuid().as_bytes() => last.add(item),
            _ => self.open.push(G::of(project, item)),
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
                .map(|(project, items)| ProjectCount {
                    project_id: project.to_bytes(),
                    events: *items,
                })
                .collect(),
        };
        let payload = G::encode(std::mem::take(&mut self.open));
        self.open_bytes = 0;
        self.open_items = 0;
        self.done.push(PackedEntry { header: header.encode_to_vec(), payload, counts });
    }
}

/// Why an entry cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
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

/// An entry as the queue holds it. What is missing in a damaged one is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEntry {
    /// What Redis calls it.
    pub stream_id: String,
    /// What its writer called it; known once consumed.
    pub entry_id: Uuid,
    /// A `QueueHeader`, encoded.
    pub header: Vec<u8>,
    /// What it holds, encoded.
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
    /// Bytes of its payload.
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
    /// Bytes of its payload.
    pub bytes: usize,
}

/// Reads an entry of events back.
///
/// # Errors
/// [`EntryError`]; an entry is never skipped, since that would lose events.
pub fn unpack(raw: &RawEntry) -> Result<Entry, EntryError> {
    let header = check_format(raw)?;
    let entry = QueueEntry::decode(&raw.payload[..]).map_err(|_| EntryError::Damaged("payload"))?;
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
    Ok(Entry { stream_id, entry_id, events, bytes: raw.payload.len() })
}

/// Reads an entry of spans back.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_spans(raw: &RawEntry) -> Result<SpansEntry, EntryError> {
    check_format(raw)?;
    let entry = SpanEntry::decode(&raw.payload[..]).map_err(|_| EntryError::Damaged("payload"))?;
    let mut spans = Vec::new();
    for batch in entry.batches {
        let project = project(&batch.project_id)?;
        for span in batch.spans {
            spans.push((project, uuid(&span.uuid)?, span));
        }
    }
    let (stream_id, entry_id) = (raw.stream_id.clone(), raw.entry_id);
    Ok(SpansEntry { stream_id, entry_id, spans, bytes: raw.payload.len() })
}

fn check_format(raw: &RawEntry) -> Result<QueueHeader, EntryError> {
    let header = QueueHeader::decode(&raw.header[..]).map_err(|_| EntryError::Damaged("header"))?;
    match header.format_version {
        FORMAT_VERSION => Ok(header),
        // No version writes this: the header is missing.
        0 => Err(EntryError::Damaged("header")),
        newer => Err(EntryError::UnknownFormat(newer)),
    }
}

fn project(bytes: &[u8]) -> Result<ProjectId, EntryError> {
    ProjectId::from_bytes(bytes).ok_or(EntryError::Damaged("project id"))
}

fn uuid(bytes: &[u8]) -> Result<Uuid, EntryError> {
    Uuid::from_slice(bytes).map_err(|_| EntryError::Damaged("uuid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(header: Vec<u8>, payload: Vec<u8>) -> RawEntry {
        RawEntry { stream_id: "1-0".into(), entry_id: Uuid::nil(), header, payload }
    }

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
        let mut packer = Packer::<ProjectEvents>::default();
        for n in 0..10 {
            packer.push(project(n % 2), event(n, 100_000));
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
        let mut packer = Packer::<ProjectEvents>::default();
        packer.push(project(1), event(1, 10));
        packer.push(project(1), event(2, ENTRY_BYTES_MAX + 1));
        packer.push(project(1), event(3, 10));
        let counts: Vec<_> =
            packer.finish().iter().map(|entry| entry.counts[&project(1)]).collect();
        assert_eq!(counts, [1, 1, 1]);
    }

    #[test]
    fn an_entry_holds_no_more_events_than_it_may() {
        let mut packer = Packer::<ProjectEvents>::with_items_max(2);
        (0..5).for_each(|n| packer.push(project(1), event(n, 10)));
        let counts: Vec<_> =
            packer.finish().iter().map(|entry| entry.counts[&project(1)]).collect();
        assert_eq!(counts, [2, 2, 1]);
    }

    #[test]
    fn an_unknown_format_is_neither_guessed_nor_skipped() {
        let header = QueueHeader { format_version: 2, counts: vec![] }.encode_to_vec();
        let unknown = raw(header, vec![]);
        assert!(matches!(unpack(&unknown), Err(EntryError::UnknownFormat(2))));
        assert!(matches!(unpack(&raw(vec![], vec![])), Err(EntryError::Damaged("header"))));
        assert!(matches!(unpack_spans(&unknown), Err(EntryError::UnknownFormat(2))));
    }

    #[test]
    fn spans_are_packed_like_events() {
        let mut packer = Packer::<ProjectSpans>::default();
        for n in 0..4 {
            let uuid = Uuid::from_u128(n).as_bytes().to_vec();
            packer.push(project(n / 2), ServerSpan { uuid, ..ServerSpan::default() });
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
