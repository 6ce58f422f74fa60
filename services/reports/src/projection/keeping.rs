//! What of a project's columns is kept in the store, and how they come back.
//!
//! The store is made equal to what is in memory: segments that are not there are added, those that are gone are removed.
//! Whatever made or removed them, sealing, joining, retention or an erasure, needs to know nothing of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use observe_core::ProjectId;
use observe_proto::identity::v1::{Change, change};
use prost::Message as _;
use uuid::Uuid;

use super::block::Room;
use super::project::Project;
use super::retention::Kept;
use super::segment::{Head, Segment};
use super::stored::{self, Damaged, StoredSegment, VISITORS_PER_ROW};
use crate::errors::GROUP_PROPERTY;
use crate::errors::group::{Group, Sample, StoredSample};

/// What is known of what the store has.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    /// Whether anything of the project is in the store that this process may go on from.
    is_known: bool,
    /// Whether a row of the log was passed over that is the project's. Then nothing of it is kept: a later version reads all of it
    /// again, that row included.
    is_partial: bool,
    segments: HashSet<u64>,
    last_id: u64,
    visitors: usize,
    /// Rows of visitors that changed.
    visitor_rows: BTreeSet<usize>,
    /// By shard, the sequence up to which the project's rows of the log are in the store.
    cursors: BTreeMap<u32, i64>,
    /// By shard, the first row of the log that is in memory only.
    unkept: BTreeMap<u32, i64>,
    /// Erasures up to this change are applied in the store.
    pub(super) erased_through: i64,
    /// Erasures that are applied in memory only.
    erasures: Vec<(Uuid, u64)>,
}

/// What makes the store equal to what is in memory.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    /// Everything that the store has of the project goes first.
    pub(crate) replaces: bool,
    pub(crate) added: Vec<StoredSegment>,
    pub(crate) removed: Vec<u64>,
    /// Rows of visitors, by their number.
    pub(crate) visitors: Vec<(i32, Vec<u8>)>,
    pub(crate) errors: Vec<StoredGroup>,
    pub(crate) erasures: Vec<(Uuid, u64)>,
    pub(crate) cursors: BTreeMap<u32, i64>,
    pub(crate) rows_sum: u64,
    pub(crate) change_number: i64,
    visitor_count: usize,
}

/// A group of errors as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct StoredGroup {
    pub(crate) place: i32,
    pub(crate) id: String,
    pub(crate) first_seen_ms: i64,
    pub(crate) last_seen_ms: i64,
    pub(crate) last_received_us: i64,
    pub(crate) sample: Option<Vec<u8>>,
}

/// What the store has of a project, without the columns of segments.
#[derive(Debug)]
pub(crate) struct StoredProject {
    pub(crate) cursors: BTreeMap<u32, i64>,
    pub(crate) rows_sum: u64,
    pub(crate) change_number: i64,
    /// Heads without runs, and the runs.
    pub(crate) segments: Vec<(Head, Vec<u8>)>,
    /// In the order of their numbers.
    pub(crate) visitors: Vec<Vec<u8>>,
    /// In the order of their places.
    pub(crate) errors: Vec<StoredGroup>,
    pub(crate) erasures: Vec<(Uuid, u64)>,
}

impl Keeping {
    /// Notes a row of the log that is applied in memory.
    pub(super) fn applied(&mut self, shard: u32, first_sequence: i64) {
        self.unkept.entry(shard).or_insert(first_sequence);
    }

    /// Returns whether a row of the log is in the store already.
    pub(super) fn has(&self, shard: u32, first_sequence: i64) -> bool {
        self.cursors.get(&shard).is_some_and(|cursor| first_sequence <= *cursor)
    }

    /// Notes that a row of the log was passed over.
    pub(super) fn set_partial(&mut self) {
        self.is_partial = true;
    }

    /// Returns whether a segment is in the store.
    pub(super) fn has_segment(&self, id: u64) -> bool {
        self.segments.contains(&id)
    }

    /// Returns the first row of a shard's log that is in memory only.
    pub(super) fn unkept(&self, shard: u32) -> Option<i64> {
        self.unkept.get(&shard).copied()
    }

    /// Returns a number for a new segment.
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Notes an erasure that is applied in memory, and the visitors that were forgotten.
    pub(super) fn erased(
        &mut self,
        erasure: Uuid,
        rows: u64,
        forgotten: impl Iterator<Item = u32>,
    ) {
        self.erasures.push((erasure, rows));
        self.visitor_rows.extend(forgotten.map(|visitor| visitor as usize / VISITORS_PER_ROW));
    }
}

impl Project {
    /// Returns whether an erasure waits to be kept.
    pub(crate) fn has_unkept_erasure(&self) -> bool {
        !self.keeping().erasures.is_empty()
    }

    /// Returns whether nothing of it may be kept, because a row of the log was passed over.
    pub(crate) fn is_partial(&self) -> bool {
        self.keeping().is_partial
    }

    /// Returns whether there is anything in memory that is not in the store.
    pub(crate) fn is_unkept(&self) -> bool {
        let keeping = self.keeping();
        let columns = self.read();
        let in_memory = || columns.segments.values().flatten().map(|segment| segment.id);
        !keeping.unkept.is_empty()
            || !keeping.erasures.is_empty()
            || in_memory().count() != keeping.segments.len()
            || !in_memory().all(|id| keeping.segments.contains(&id))
    }

    /// Returns how many rows are in memory only.
    pub(crate) fn unkept_rows(&self) -> usize {
        let keeping = self.keeping();
        let columns = self.read();
        let segments = columns.segments.values().flatten();
        let unkept = segments.filter(|one| !keeping.segments.contains(&one.id));
        columns.tail_size().rows + unkept.map(|segment| segment.len()).sum::<usize>()
    }

    /// Seals all that there is and returns what makes the store equal to it; `cursors` says up to where the log was read.
    pub(crate) fn checkpoint(&self, cursors: &BTreeMap<u32, i64>) -> Checkpoint {
        self.seal();
        let keeping = self.keeping();
        let columns = self.read();
        let segments = || columns.segments.values().flatten();
        let write =
            |segment: &Arc<Segment>| stored::write(segment, &columns.names, &columns.properties);
        let added =
            segments().filter(|one| !keeping.segments.contains(&one.id)).map(write).collect();
        let in_memory: HashSet<u64> = segments().map(|segment| segment.id).collect();
        let visitor_count = columns.visitors.len();
        let mut rows = keeping.visitor_rows.clone();
        if visitor_count > keeping.visitors {
            rows.extend(
                keeping.visitors / VISITORS_PER_ROW..visitor_count.div_ceil(VISITORS_PER_ROW),
            );
        }
        let visitors = rows.into_iter().map(|row| {
            let codes = row * VISITORS_PER_ROW..visitor_count.min((row + 1) * VISITORS_PER_ROW);
            let text =
                |code| columns.visitors.text(u32::try_from(code).expect("32 bits")).to_owned();
            (i32::try_from(row).expect("few"), stored::write_texts(codes.map(text).collect()))
        });
        let errors = columns.errors.changed().iter().map(|place| {
            let code = u32::try_from(place + 1).expect("32 bits");
            let group = columns.errors.get(code).expect("it was seen");
            StoredGroup {
                place: i32::try_from(*place).expect("few"),
                id: crate::errors::rows::id_of(&columns.properties, code),
                first_seen_ms: group.first_seen_ms,
                last_seen_ms: group.last_seen_ms,
                last_received_us: group.last_received_us,
                sample: group.sample.as_ref().map(|sample| sample.to_stored().encode_to_vec()),
            }
        });
        Checkpoint {
            replaces: !keeping.is_known,
            added,
            removed: keeping.segments.difference(&in_memory).copied().collect(),
            visitors: visitors.collect(),
            errors: errors.collect(),
            erasures: keeping.erasures.clone(),
            cursors: cursors.clone(),
            rows_sum: self.rows_sum(),
            change_number: columns.change_number,
            visitor_count,
        }
    }

    /// Notes that the store is as a checkpoint said; nothing was applied since it was made.
    pub(crate) fn kept(&self, checkpoint: Checkpoint) {
        let mut keeping = self.keeping();
        keeping.is_known = true;
        keeping.segments.extend(checkpoint.added.iter().map(|segment| segment.head.id));
        for id in &checkpoint.removed {
            keeping.segments.remove(id);
        }
        keeping.visitors = checkpoint.visitor_count;
        keeping.visitor_rows.clear();
        keeping.cursors = checkpoint.cursors;
        keeping.unkept.clear();
        keeping.erased_through = checkpoint.change_number;
        keeping.erasures.clear();
        drop(keeping);
        self.write().errors.set_kept();
    }

    /// Makes a project of what the store has.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(crate) fn restore(
        project: ProjectId,
        kept: Kept,
        room: Room,
        stored: StoredProject,
    ) -> Result<Self, Damaged> {
        let restored = Self::new(project, kept, room);
        {
            let mut keeping = restored.keeping();
            let mut columns = restored.write();
            for texts in &stored.visitors {
                for text in stored::read_texts(texts)? {
                    columns.restore_visitor(&text);
                }
            }
            for group in stored.errors {
                columns.properties.intern(GROUP_PROPERTY, &group.id);
                let sample = group.sample.map(|bytes| StoredSample::decode(bytes.as_slice()));
                let sample = sample.transpose().map_err(|_| Damaged("an error cannot be read"))?;
                columns.errors.restore(Group {
                    first_seen_ms: group.first_seen_ms,
                    last_seen_ms: group.last_seen_ms,
                    last_received_us: group.last_received_us,
                    sample: sample.map(|sample| Arc::new(Sample::from_stored(sample))),
                });
            }
            for (head, runs) in stored.segments {
                let runs = stored::read_runs(&runs, &mut columns.names)?;
                keeping.segments.insert(head.id);
                keeping.last_id = keeping.last_id.max(head.id);
                let segment = Arc::new(Segment::stored(Head { runs, ..head }));
                columns.segments.entry(segment.week).or_default().push(segment);
            }
            keeping.is_known = true;
            keeping.visitors = columns.visitors.len();
            keeping.cursors = stored.cursors;
            keeping.erased_through = stored.change_number;
            restored.erasures().restore(stored.erasures);
        }
        restored.set_rows_sum(stored.rows_sum);
        Ok(restored)
    }

    /// Returns the segments with rows in `start_ms..end_ms` that are not loaded, the latest first.
    pub(crate) fn unloaded(&self, start_ms: i64, end_ms: i64) -> Vec<Arc<Segment>> {
        let columns = self.read();
        let all = columns.segments.values().rev().flatten();
        let wanted = |one: &&Arc<Segment>| {
            !one.is_loaded() && one.min_time_ms < end_ms && one.max_time_ms >= start_ms
        };
        all.filter(wanted).cloned().collect()
    }

    /// Returns whether a change of persons is an erasure that what is kept does not have yet.
    pub(crate) fn is_new_erasure(&self, change: &Change) -> bool {
        let is_erasure = matches!(change.kind, Some(change::Kind::Erasure(_)));
        is_erasure && change.number > self.keeping().erased_through
    }

    /// Returns whether a segment is still one of the project's.
    pub(crate) fn has(&self, segment: &Arc<Segment>) -> bool {
        let columns = self.read();
        columns.segments.values().flatten().any(|one| Arc::ptr_eq(one, segment))
    }

    /// Gives a segment its columns as they were kept.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(crate) fn load(
        &self,
        segment: &Segment,
        body: &[u8],
        digest: &[u8],
    ) -> Result<(), Damaged> {
        let body = stored::read_body(body, digest, segment.len())?;
        let mut columns = self.write();
        if !segment.is_loaded() {
            let loaded = body.columns(segment.len(), &mut columns.properties, &self.room);
            segment.load(loaded);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
