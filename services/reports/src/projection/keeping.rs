//! What of a project's columns is kept in the store, and how they come back.
//!
//! The store is made equal to what is in memory: segments that are not there are added, those that are gone are removed.
//! Whatever made or removed them, sealing, joining, retention or an erasure, needs to know nothing of it.

mod visitors;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use observe_core::ProjectId;
use observe_proto::identity::v1::{Change, change};
use prost::Message as _;

use super::block::Room;
pub(crate) use super::erasure::{Cut, StoredErasure};
pub(crate) use super::persons::{FORMAT as PERSONS_FORMAT, StoredPersons};
use super::persons::{PERSONS_PER_ROW, Persons};
use super::project::Project;
use super::retention::Kept;
use super::segment::{Head, Segment};
use super::stored::{self, Damaged, StoredSegment};
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
    /// Whether a change of persons was passed over. Then persons are not kept: a later version reads the changes from the first one.
    are_persons_partial: bool,
    segments: HashSet<u64>,
    last_id: u64,
    /// By shard, the sequence up to which the project's rows of the log are in the store.
    cursors: BTreeMap<u32, i64>,
    /// By shard, the first row of the log that is in memory only.
    unkept: BTreeMap<u32, i64>,
    /// Erasures up to this change are applied in the store.
    pub(super) erased_through: i64,
    /// How many visitors there were in the store at the start.
    pub(super) restored_visitors: usize,
    /// Erasures that are applied in memory only.
    erasures: Vec<StoredErasure>,
}

/// What makes the store equal to what is in memory.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    /// Everything that the store has of the project goes first.
    pub(crate) replaces: bool,
    pub(crate) added: Vec<StoredSegment>,
    pub(crate) removed: Vec<u64>,
    pub(crate) visitors: Vec<StoredVisitors>,
    /// `None` if persons are not kept.
    pub(crate) persons: Option<PersonsCheckpoint>,
    pub(crate) errors: Vec<StoredGroup>,
    pub(crate) erasures: Vec<StoredErasure>,
    pub(crate) cursors: BTreeMap<u32, i64>,
    pub(crate) rows_sum: u64,
    pub(crate) change_number: i64,
}

/// A row of visitors as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct StoredVisitors {
    /// Its number.
    pub(crate) row: i32,
    /// Their distinct ids.
    pub(crate) texts: Vec<u8>,
    /// Whose they are; empty if persons are not kept.
    pub(crate) persons: Vec<u8>,
}

/// What of persons makes the store equal to what is in memory.
#[derive(Debug)]
pub(crate) struct PersonsCheckpoint {
    /// How many there are.
    pub(crate) count: usize,
    /// Rows of them, by their number.
    pub(crate) rows: Vec<(i32, Vec<u8>)>,
}

impl PersonsCheckpoint {
    /// Returns how many rows there are.
    pub(crate) fn row_count(&self) -> usize {
        self.count.div_ceil(PERSONS_PER_ROW)
    }
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
    /// `None` if persons are not kept, or not as this version knows them.
    pub(crate) persons: Option<StoredPersons>,
    /// In the order of their places.
    pub(crate) errors: Vec<StoredGroup>,
    pub(crate) erasures: Vec<StoredErasure>,
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

    /// Notes that a change of persons was passed over.
    pub(super) fn set_persons_partial(&mut self) {
        self.are_persons_partial = true;
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

    /// Notes an erasure that is applied in memory.
    pub(super) fn erased(&mut self, erasure: StoredErasure) {
        self.erasures.push(erasure);
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
            || columns.change_number != keeping.erased_through
            || !columns.persons.changed().is_empty()
            || in_memory().count() != keeping.segments.len()
            || !in_memory().all(|id| keeping.segments.contains(&id))
    }

    /// Returns how many rows there are.
    pub(crate) fn row_count(&self) -> u64 {
        let columns = self.read();
        let sealed: usize = columns.segments.values().flatten().map(|segment| segment.len()).sum();
        (columns.tail_size().rows + sealed) as u64
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
        let are_persons_kept = !keeping.are_persons_partial;
        Checkpoint {
            replaces: !keeping.is_known,
            added,
            removed: keeping.segments.difference(&in_memory).copied().collect(),
            visitors: visitors::stored_visitors(&columns, are_persons_kept),
            persons: are_persons_kept.then(|| visitors::stored_persons(&columns)),
            errors: errors.collect(),
            erasures: keeping.erasures.clone(),
            cursors: cursors.clone(),
            rows_sum: self.rows_sum(),
            change_number: columns.change_number,
        }
    }

    /// Takes over, having been made anew, from the project of which it takes the place: what that one counted, and nothing of what
    /// the store has.
    pub(super) fn take_over(&self, from: &Self) {
        self.set_anew_after(from);
        let mut erasures = self.erasures();
        erasures.count_at_least(&from.erasures());
        for erasure in &mut self.keeping().erasures {
            erasure.rows = erasures.rows(erasure.id).unwrap_or(erasure.rows);
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
        keeping.cursors = checkpoint.cursors;
        keeping.unkept.clear();
        keeping.erased_through = checkpoint.change_number;
        keeping.erasures.clear();
        drop(keeping);
        let mut columns = self.write();
        columns.errors.set_kept();
        columns.persons.set_kept();
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
            let (visitors, persons) = visitors::restore(project, &stored)?;
            if let Some(persons) = persons {
                columns.persons = persons;
                columns.change_number = stored.change_number;
            } else {
                columns.persons = Persons::of_visitors(project, &visitors);
            }
            keeping.restored_visitors = visitors.len();
            columns.visitors = visitors;
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
