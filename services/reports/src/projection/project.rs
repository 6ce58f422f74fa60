//! One project's columns between their one writer and their readers.
//!
//! Readers take a snapshot and hold no lock while they compute, so no question holds up the writer. The writer adds at most
//! one log row's events under its lock, or swaps what it has built beside it.

use std::hash::Hasher as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use observe_core::ProjectId;
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1::{Change, change};
use rustc_hash::FxHasher;

use super::ApplyError;
use super::block::Room;
use super::columns::{ProjectColumns, Snapshot};
use super::erasure::Erasures;
use super::keeping::Keeping;
use super::retention::Kept;
use super::sealing;
use super::segment::Segment;
use super::tail::Tail;

/// How many rows the tail takes before it is sealed.
const TAIL_ROWS_MAX: usize = 65_536;
/// How many property values the tail takes before it is sealed, 8 bytes each: 16 MiB. Without it, events with a thousand
/// properties would make the tail larger than all else.
const TAIL_VALUES_MAX: usize = 2 << 20;
/// How many segments a week may have before the small ones are joined.
const WEEK_SEGMENTS_MAX: usize = 4;
/// A segment is joined to smaller ones while it has at most this many times their rows, so that each row is copied only a
/// logarithmic number of times.
const MERGE_RATIO: usize = 2;

/// One project's columns. There is one writer at a time: the worker that follows the log.
#[derive(Debug)]
pub(crate) struct Project {
    columns: RwLock<ProjectColumns>,
    /// Only the writer needs it.
    erasures: Mutex<Erasures>,
    /// What is in the store.
    keeping: Mutex<Keeping>,
    /// Which rows of the log were applied: a sum over them in which their order does not count.
    rows: AtomicU64,
    /// How many times it was made anew since the process started.
    times_anew: AtomicU64,
    /// Where blocks are unpacked.
    pub(super) room: Room,
}

impl Project {
    /// Starts without anything.
    pub(crate) fn new(project: ProjectId, kept: Kept, room: Room) -> Self {
        let columns = RwLock::new(ProjectColumns::new(project, kept));
        Self {
            columns,
            erasures: Mutex::default(),
            keeping: Mutex::default(),
            rows: AtomicU64::new(0),
            times_anew: AtomicU64::new(0),
            room,
        }
    }

    /// Returns the columns as they are now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.read().snapshot()
    }

    /// Notes that a row of the log is applied. What is in it counts, too: a log that was replaced has other rows in its places.
    pub(super) fn passed(&self, shard: u32, first_sequence: i64, payload: &[u8]) {
        let mut content = FxHasher::default();
        content.write(payload);
        let place = u64::from(shard) << 48 ^ first_sequence.cast_unsigned();
        let row = mixed(mixed(place) ^ content.finish());
        self.rows.fetch_add(row, Ordering::AcqRel);
        self.keeping().applied(shard, first_sequence);
    }

    pub(super) fn rows_sum(&self) -> u64 {
        self.rows.load(Ordering::Acquire)
    }

    pub(super) fn set_rows_sum(&self, sum: u64) {
        self.rows.store(sum, Ordering::Release);
    }

    /// Notes that it was made anew and takes the place of another one.
    pub(super) fn set_anew_after(&self, from: &Self) {
        let times = from.times_anew.load(Ordering::Acquire) + 1;
        self.times_anew.store(times, Ordering::Release);
    }

    pub(super) fn keeping(&self) -> MutexGuard<'_, Keeping> {
        self.keeping.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what the data is, as a number: the same for the same rows, changes of persons and retention, whoever applied
    /// them, and another one for others. Of a project that was made anew it is another one, too: whoever had that done doubts
    /// the answers from before, so none that is kept may be given.
    pub(crate) fn version(&self) -> u64 {
        let columns = self.read();
        let kept = columns.kept;
        let parts = [columns.change_number, kept.events_from_ms, kept.errors_from_ms];
        let rows = self.rows.load(Ordering::Acquire);
        let times_anew = self.times_anew.load(Ordering::Acquire);
        let start = mixed(rows ^ mixed(times_anew));
        parts.iter().fold(start, |sum, part| mixed(sum ^ part.cast_unsigned()))
    }

    /// Returns how many persons some different distinct ids are; see [`ProjectColumns::count_persons`].
    pub(crate) fn count_persons(&self, distinct_ids: &[String]) -> usize {
        self.read().count_persons(distinct_ids)
    }

    /// Returns the number of the last change applied; 0 at the start.
    pub(crate) fn change_number(&self) -> i64 {
        self.read().change_number()
    }

    /// Passes over the next change as if it were applied.
    pub(crate) fn skip_change(&self) {
        self.write().skip_change();
    }

    pub(super) fn erasures(&self) -> MutexGuard<'_, Erasures> {
        self.erasures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, ProjectColumns> {
        self.columns.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, ProjectColumns> {
        self.columns.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds events, but for those that are erased, and seals the tail when it is full.
    pub(crate) fn append(&self, events: &[AcceptedEvent]) {
        let events = self.erasures().left(events);
        let tail = {
            let mut columns = self.write();
            columns.append(&events);
            columns.tail_size()
        };
        if tail.rows >= TAIL_ROWS_MAX || tail.values >= TAIL_VALUES_MAX {
            self.seal();
        }
    }

    /// Applies identity's next changes.
    ///
    /// # Errors
    /// As [`ProjectColumns::apply_change`].
    pub(crate) fn apply_changes(&self, changes: &[Change]) -> Result<(), ApplyError> {
        let is_erasure = |change: &Change| matches!(change.kind, Some(change::Kind::Erasure(_)));
        for some in changes.chunk_by(|a, b| !is_erasure(a) && !is_erasure(b)) {
            if let [Change { number, kind: Some(change::Kind::Erasure(erasure)) }] = some {
                self.erase(*number, erasure)?;
            } else {
                let mut columns = self.write();
                some.iter().try_for_each(|change| columns.apply_change(change))?;
            }
        }
        Ok(())
    }

    /// Turns the tail into segments and joins small segments.
    pub(crate) fn seal(&self) {
        let tail = self.read().tail.clone();
        if tail.is_empty() {
            return;
        }
        let sealed: Vec<_> = sealing::seal(&Tail::joined(&tail), &self.room)
            .into_iter()
            .map(|segment| self.numbered(segment))
            .collect();
        {
            let mut columns = self.write();
            columns.tail.clear();
            for segment in &sealed {
                columns.segments.entry(segment.week).or_default().push(Arc::clone(segment));
            }
        }
        for segment in sealed {
            self.compact(segment.week);
        }
    }

    /// Drops what is older than is kept, and takes no more of it.
    pub(crate) fn keep(&self, kept: Kept) {
        let name = {
            let mut columns = self.write();
            // What was not loaded when it expired is looked at again.
            let waits =
                |one: &Arc<Segment>| !one.is_loaded() && one.min_time_ms < kept.errors_from_ms;
            if columns.kept == kept && !columns.segments.values().flatten().any(waits) {
                return;
            }
            columns.kept = kept;
            columns.error_name()
        };
        let has_expired = |min_time_ms: i64| min_time_ms < kept.errors_from_ms;
        let is_in_tail = self.read().tail.iter().any(|piece| has_expired(piece.rows.min_time_ms));
        if is_in_tail {
            self.seal();
        }
        let touched: Vec<Arc<Segment>> = {
            let columns = self.read();
            let all = columns.segments.values().flatten();
            all.filter(|segment| has_expired(segment.min_time_ms)).cloned().collect()
        };
        for segment in touched {
            // Errors go no later than other events.
            let from = |of: u32| match name {
                Some(name) if name == of => kept.errors_from_ms,
                _ => kept.events_from_ms,
            };
            let is_gone = segment.max_time_ms < kept.events_from_ms;
            if !segment.is_loaded() && !is_gone {
                continue;
            }
            let left = if is_gone {
                None
            } else {
                segment.retain(|time_ms, _, _, name| time_ms >= from(name), &self.room)
            };
            let mut columns = self.write();
            let week = columns.segments.entry(segment.week).or_default();
            week.retain(|one| !Arc::ptr_eq(one, &segment));
            week.extend(left.map(|left| self.numbered(left)));
            if week.is_empty() {
                columns.segments.remove(&segment.week);
            }
        }
        self.write().forget_errors(kept.errors_from_ms);
    }

    /// Gives a new segment its number.
    pub(super) fn numbered(&self, segment: Segment) -> Arc<Segment> {
        Arc::new(segment.numbered(self.keeping().next_id()))
    }

    fn compact(&self, week: i64) {
        let small = {
            let columns = self.read();
            columns.segments.get(&week).map(|all| to_join(all)).unwrap_or_default()
        };
        if small.is_empty() {
            return;
        }
        let joined = self.numbered(sealing::merge(&small, &self.room));
        let mut columns = self.write();
        if let Some(all) = columns.segments.get_mut(&week) {
            all.retain(|segment| !small.iter().any(|gone| Arc::ptr_eq(gone, segment)));
            all.push(joined);
        }
    }
}

/// Spreads a number over all bits: the finalizer of `SplitMix64`.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Chooses the segments of a week that are to become one; none while they are few.
fn to_join(all: &[Arc<Segment>]) -> Vec<Arc<Segment>> {
    // What is not loaded yet is joined another time.
    if all.len() <= WEEK_SEGMENTS_MAX || !all.iter().all(|segment| segment.is_loaded()) {
        return Vec::new();
    }
    let mut by_size = all.to_vec();
    by_size.sort_by_key(|segment| segment.len());
    let mut rows = 0;
    let mut count = 0;
    for segment in &by_size {
        if count >= 2 && segment.len() > rows * MERGE_RATIO {
            break;
        }
        rows += segment.len();
        count += 1;
    }
    by_size.truncate(count);
    by_size
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(from: u32, count: u32) -> Vec<AcceptedEvent> {
        let event = |n: u32| AcceptedEvent {
            name: format!("name {}", n % 3),
            distinct_id: format!("visitor {}", n % 1_000),
            time_ms: i64::from(n),
            properties_json: format!(r#"{{"n":{}}}"#, n % 10),
            ..AcceptedEvent::default()
        };
        (from..from + count).map(event).collect()
    }

    #[test]
    fn distinct_ids_are_counted_as_the_persons_they_are() {
        let project = Project::new(ProjectId::new(uuid::Uuid::nil()), Kept::ALL, Room::default());
        let event = |id: &str| AcceptedEvent { distinct_id: id.into(), ..AcceptedEvent::default() };
        project.append(&[event("anonymous"), event("ada"), event("null")]);
        let ada = observe_core::PersonId::of_distinct_id(ProjectId::new(uuid::Uuid::nil()), "ada");
        let mapping = observe_proto::identity::v1::MappingChange {
            distinct_id: "anonymous".into(),
            person_id: ada.to_bytes(),
        };
        let kind = Some(observe_proto::identity::v1::change::Kind::Mapping(mapping));
        project.apply_changes(&[Change { number: 1, kind }]).expect("the next change");
        let count = |ids: &[&str]| {
            project.count_persons(&ids.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(count(&["anonymous", "ada"]), 1);
        assert_eq!(count(&["ada", "never seen", "null", "undefined"]), 2);
    }

    #[test]
    fn a_full_tail_is_sealed_and_segments_stay_few() {
        let project = Project::new(ProjectId::new(uuid::Uuid::nil()), Kept::ALL, Room::default());
        let batch = 8_192;
        for n in 0..80 {
            project.append(&events(n * batch, batch));
        }
        let columns = project.read();
        let now = project.snapshot();
        let rows: usize = now.segments(i64::MIN, i64::MAX).iter().map(|one| one.len()).sum();
        assert_eq!(rows, 80 * 8_192);
        assert!(columns.tail_size().rows < TAIL_ROWS_MAX);
        let segments: usize = columns.segments.values().map(Vec::len).sum();
        assert!((1..=WEEK_SEGMENTS_MAX).contains(&segments), "{segments} segments in one week");
    }

    #[test]
    fn a_question_keeps_what_it_saw_while_events_come_and_tails_are_sealed() {
        let project = Project::new(ProjectId::new(uuid::Uuid::nil()), Kept::ALL, Room::default());
        project.append(&events(0, 10));
        let before = project.snapshot();
        // It would wait for ever if the snapshot held a lock.
        project.append(&events(10, 6_000));
        project.seal();
        let rows = |now: &Snapshot| -> usize {
            now.segments(i64::MIN, i64::MAX).iter().map(|one| one.len()).sum()
        };
        assert_eq!((rows(&before), before.persons.person_of().len()), (10, 10));
        let after = project.snapshot();
        assert_eq!((rows(&after), after.persons.person_of().len()), (6_010, 1_000));
    }

    #[test]
    fn a_tail_of_events_with_many_properties_is_sealed_early() {
        let project = Project::new(ProjectId::new(uuid::Uuid::nil()), Kept::ALL, Room::default());
        let properties = (0..1_000).map(|n| format!(r#""key {n}":1"#)).collect::<Vec<_>>();
        let event = AcceptedEvent {
            name: "view".into(),
            distinct_id: "ada".into(),
            properties_json: format!("{{{}}}", properties.join(",")),
            ..AcceptedEvent::default()
        };
        for _ in 0..25 {
            project.append(&vec![event.clone(); 100]);
        }
        let tail = project.read().tail_size();
        assert!(tail.values < TAIL_VALUES_MAX && tail.rows < 2_500, "{tail:?}");
    }
}
