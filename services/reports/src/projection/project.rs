//! One project's columns between their one writer and their readers.
//!
//! Readers hold the lock for the time of a question, so what the writer does under its own is kept short: it adds at most
//! one log row's events, or swaps what it has built beside the lock.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use observe_core::ProjectId;
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1::Change;

use super::ApplyError;
use super::columns::ProjectColumns;
use super::segment::{self, Segment};
use super::tail::Tail;

/// How many rows the tail takes before it is sealed.
const TAIL_ROWS_MAX: usize = 65_536;
/// How many segments a week may have before the small ones are joined.
const WEEK_SEGMENTS_MAX: usize = 4;
/// A segment is joined to smaller ones while it has at most this many times their rows, so that each row is copied only a
/// logarithmic number of times.
const MERGE_RATIO: usize = 2;

/// One project's columns. There is one writer at a time: the worker that follows the log.
#[derive(Debug)]
pub(crate) struct Project {
    columns: RwLock<ProjectColumns>,
}

impl Project {
    /// Starts without anything.
    pub(crate) fn new(project: ProjectId) -> Self {
        Self { columns: RwLock::new(ProjectColumns::new(project)) }
    }

    /// Returns the columns to read; ingestion waits meanwhile.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, ProjectColumns> {
        self.columns.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, ProjectColumns> {
        self.columns.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds events, and seals the tail when it is full.
    pub(crate) fn append(&self, events: &[AcceptedEvent]) {
        let tail_rows = {
            let mut columns = self.write();
            columns.append(events);
            columns.tail.len()
        };
        if tail_rows >= TAIL_ROWS_MAX {
            self.seal();
        }
    }

    /// Applies identity's next changes.
    ///
    /// # Errors
    /// As [`ProjectColumns::apply_change`].
    pub(crate) fn apply_changes(&self, changes: &[Change]) -> Result<(), ApplyError> {
        let mut columns = self.write();
        changes.iter().try_for_each(|change| columns.apply_change(change))
    }

    /// Turns the tail into segments and joins small segments.
    pub(crate) fn seal(&self) {
        let sealed = segment::seal(&self.read().tail);
        {
            let mut columns = self.write();
            columns.tail = Tail::new();
            for segment in &sealed {
                columns.segments.entry(segment.week).or_default().push(Arc::clone(segment));
            }
        }
        for segment in sealed {
            self.compact(segment.week);
        }
    }

    fn compact(&self, week: i64) {
        let small = {
            let columns = self.read();
            columns.segments.get(&week).map(|all| to_join(all)).unwrap_or_default()
        };
        if small.is_empty() {
            return;
        }
        let joined = Arc::new(segment::merge(&small));
        let mut columns = self.write();
        if let Some(all) = columns.segments.get_mut(&week) {
            all.retain(|segment| !small.iter().any(|gone| Arc::ptr_eq(gone, segment)));
            all.push(joined);
        }
    }
}

/// Chooses the segments of a week that are to become one; none while they are few.
fn to_join(all: &[Arc<Segment>]) -> Vec<Arc<Segment>> {
    if all.len() <= WEEK_SEGMENTS_MAX {
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
    fn a_full_tail_is_sealed_and_segments_stay_few() {
        let project = Project::new(ProjectId::new(uuid::Uuid::nil()));
        let batch = 8_192;
        for n in 0..80 {
            project.append(&events(n * batch, batch));
        }
        let columns = project.read();
        let rows: usize = columns.slices(i64::MIN, i64::MAX).iter().map(|s| s.rows().len()).sum();
        assert_eq!(rows, 80 * 8_192);
        assert!(columns.tail.len() < TAIL_ROWS_MAX);
        let segments: usize = columns.segments.values().map(Vec::len).sum();
        assert!((1..=WEEK_SEGMENTS_MAX).contains(&segments), "{segments} segments in one week");
    }
}
