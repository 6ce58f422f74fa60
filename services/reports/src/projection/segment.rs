//! Sealed rows, sorted so that one event's rows lie together and one visitor's within them.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::block::{Blocks, Room};
use super::first_seen::FirstSeen;
use super::pack::{BLOCK_ROWS, Unpacked};
use super::rows::NameRun;
use super::sealing;

pub(super) const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// 1970 began on a Thursday, so the ISO week of its first day began three days earlier.
const EPOCH_INTO_WEEK_MS: i64 = 3 * 24 * 60 * 60 * 1000;

/// Immutable rows, sorted by (name, visitor, time, arrival): of one ISO week (UTC) once they are sealed.
///
/// One that was stored has its columns when they are loaded; nobody reads it before.
#[derive(Debug)]
pub(crate) struct Segment {
    /// Tells it from all others of the project; 0 for one that is not sealed.
    pub(crate) id: u64,
    /// Which week.
    pub(crate) week: i64,
    /// The smallest time, in milliseconds since 1970: what the times of rows are counted from.
    pub(crate) min_time_ms: i64,
    /// The largest time.
    pub(crate) max_time_ms: i64,
    len: usize,
    /// The rows of each name, in the order in which they lie.
    runs: Vec<NameRun>,
    columns: OnceLock<Columns>,
    /// Held by whoever loads them.
    pub(crate) loading: tokio::sync::Mutex<()>,
}

/// The columns of a segment.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) visitor: Blocks,
    pub(crate) time: Blocks,
    pub(crate) arrival: Blocks,
    /// The properties that occur, by the code of their key.
    pub(crate) properties: FxHashMap<u32, Blocks>,
    pub(super) first_seen: FirstSeen,
}

/// What is known of a segment without its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) id: u64,
    pub(crate) week: i64,
    pub(crate) min_time_ms: i64,
    pub(crate) max_time_ms: i64,
    pub(crate) len: usize,
    pub(crate) runs: Vec<NameRun>,
}

/// Rows of one name that lie in one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The name's code.
    pub(crate) name: u32,
    /// Which block.
    pub(crate) block: usize,
    /// Which rows of the block.
    pub(crate) rows: Range<usize>,
}

impl Segment {
    /// Makes one that was stored; its columns are not loaded.
    pub(crate) fn stored(head: Head) -> Self {
        let Head { id, week, min_time_ms, max_time_ms, len, runs } = head;
        Self {
            id,
            week,
            min_time_ms,
            max_time_ms,
            len,
            runs,
            columns: OnceLock::new(),
            loading: tokio::sync::Mutex::default(),
        }
    }

    /// Returns what is known of it without its columns.
    pub(crate) fn head(&self) -> Head {
        let Self { id, week, min_time_ms, max_time_ms, len, ref runs, .. } = *self;
        Head { id, week, min_time_ms, max_time_ms, len, runs: runs.clone() }
    }

    /// Makes one of columns.
    pub(super) fn of(head: Head, columns: Columns) -> Self {
        let segment = Self::stored(head);
        segment.load(columns);
        segment
    }

    /// Gives it its number.
    pub(crate) fn numbered(self, id: u64) -> Self {
        Self { id, ..self }
    }

    /// Returns whether its columns are there.
    pub(crate) fn is_loaded(&self) -> bool {
        self.columns.get().is_some()
    }

    /// Gives it its columns; those that it has stay.
    pub(crate) fn load(&self, columns: Columns) {
        let _ = self.columns.set(columns);
    }

    /// Returns its columns, which are loaded.
    pub(crate) fn columns(&self) -> &Columns {
        self.columns.get().expect("a segment is loaded before it is read")
    }

    /// Returns how many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Returns how many bytes the packed columns of visitors, times and arrivals take.
    pub(crate) fn packed_bytes(&self) -> [usize; 3] {
        let columns = self.columns();
        [&columns.visitor, &columns.time, &columns.arrival].map(Blocks::packed_bytes)
    }

    /// Returns how many bytes all packed columns take, with what becomes of their value codes.
    pub(super) fn all_packed_bytes(&self) -> usize {
        let properties = self.columns().properties.values();
        let properties = properties.map(|one| one.packed_bytes() + size_of_val(one.table()));
        self.packed_bytes().into_iter().sum::<usize>() + properties.sum::<usize>()
    }

    /// Returns how many bytes the packed columns of properties take, each with the code of its key.
    pub(crate) fn packed_property_bytes(&self) -> Vec<(u32, usize)> {
        let properties = self.columns().properties.iter();
        properties.map(|(key, column)| (*key, column.packed_bytes())).collect()
    }

    /// Returns the visitor codes of a block.
    pub(crate) fn visitors(&self, block: usize) -> Arc<Unpacked> {
        self.columns().visitor.unpacked(block, Vec::new)
    }

    /// Returns the times of a block, in milliseconds from [`Self::min_time_ms`].
    pub(crate) fn times(&self, block: usize) -> Arc<Unpacked> {
        self.columns().time.unpacked(block, Vec::new)
    }

    /// Returns when the rows of a block arrived: microseconds since 1970, the index in its request added.
    pub(crate) fn arrivals(&self, block: usize) -> Arc<Unpacked> {
        self.columns().arrival.unpacked(block, || {
            let from = |time: &u32| micros(self.min_time_ms.saturating_add((*time).into()));
            self.times(block).as_u32().iter().map(from).collect()
        })
    }

    /// Returns the value codes of a property for the rows of a block; `None` if no row of the segment has it.
    pub(crate) fn codes(&self, key: u32, block: usize) -> Option<Arc<Unpacked>> {
        self.columns().properties.get(&key).map(|column| column.unpacked(block, Vec::new))
    }

    /// Returns the segment with those rows alone of which `is_kept` says so, given time, visitor, arrival and name; `None` if
    /// nothing is left.
    pub(crate) fn retain(
        &self,
        is_kept: impl Fn(i64, u32, i64, u32) -> bool,
        room: &Room,
    ) -> Option<Self> {
        sealing::retain(self, is_kept, room)
    }

    /// Returns how many rows count, given visitor and arrival.
    pub(crate) fn count(&self, is_counted: impl Fn(u32, i64) -> bool) -> usize {
        let in_block = |block| {
            let (visitors, arrivals) = (self.visitors(block), self.arrivals(block));
            let both = visitors.as_u32().iter().zip(arrivals.as_i64());
            both.filter(|(visitor, arrival)| is_counted(**visitor, **arrival)).count()
        };
        (0..self.len.div_ceil(BLOCK_ROWS)).map(in_block).sum()
    }

    /// Returns the runs of the wanted names, all names if `None`, in the order in which they lie.
    pub(crate) fn runs(&self, names: Option<&[u32]>) -> Vec<NameRun> {
        let is_wanted = |run: &&NameRun| names.is_none_or(|names| names.contains(&run.name));
        self.runs.iter().filter(is_wanted).copied().collect()
    }

    /// Returns the parts of the wanted names, all names if `None`, in the order in which they lie.
    pub(crate) fn parts(&self, names: Option<&[u32]>) -> impl Iterator<Item = Part> {
        self.runs(names).into_iter().flat_map(NameRun::parts)
    }
}

/// Returns the number of the ISO week (UTC) that holds the time; 0 holds the first of January 1970.
pub(crate) fn week_of(time_ms: i64) -> i64 {
    time_ms.saturating_add(EPOCH_INTO_WEEK_MS).div_euclid(WEEK_MS)
}

/// Returns a time in microseconds.
pub(super) fn micros(time_ms: i64) -> i64 {
    time_ms.saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn weeks_begin_on_monday() {
        // 1970-01-05 was a Monday.
        assert_eq!(week_of(4 * DAY_MS - 1), 0);
        assert_eq!(week_of(4 * DAY_MS), 1);
        assert_eq!(week_of(-3 * DAY_MS), 0);
        assert_eq!(week_of(-3 * DAY_MS - 1), -1);
    }
}
