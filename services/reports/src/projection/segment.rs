//! Sealed rows, sorted so that one event's rows lie together and one visitor's within them.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::block::{Blocks, Room};
use super::dictionary::NOT_SET;
use super::first_seen::FirstSeen;
use super::pack::{BLOCK_ROWS, Unpacked};
use super::rows::{Column, NameRun, Rows};
use super::tail::Tail;

const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// 1970 began on a Thursday, so the ISO week of its first day began three days earlier.
const EPOCH_INTO_WEEK_MS: i64 = 3 * 24 * 60 * 60 * 1000;
/// How many weeks fit into one segment: its times are kept as milliseconds from its first one, in 32 bits.
const SPAN_WEEKS: i64 = 7;

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
        let mut all = Loose::default();
        all.add(self);
        let rows = &all.rows;
        let is_kept = |row: &u32| {
            let row = *row as usize;
            is_kept(rows.time_ms[row], rows.visitor[row], rows.arrival[row], all.names[row])
        };
        let order: Vec<u32> = (0_u32..).take(self.len).filter(is_kept).collect();
        (!order.is_empty()).then(|| gather(self.week, &all.source(), &order, Some(room)))
    }

    /// Returns how many rows are of one of these visitors and arrived no later than the time.
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

fn micros(time_ms: i64) -> i64 {
    time_ms.saturating_mul(1_000)
}

/// Seals the tail: one segment for each week that occurs in it.
pub(crate) fn seal(tail: &Tail, room: &Room) -> Vec<Segment> {
    sorted(tail, week_of, Some(room))
}

/// Sorts a piece of the tail, to be read beside segments until it is sealed. Most pieces become one.
pub(crate) fn sort(tail: &Tail) -> Vec<Segment> {
    sorted(tail, |time_ms| week_of(time_ms).div_euclid(SPAN_WEEKS), None)
}

fn sorted(tail: &Tail, span_of: impl Fn(i64) -> i64, room: Option<&Room>) -> Vec<Segment> {
    let source = Source { rows: &tail.rows, names: &tail.names };
    let span = |row: u32| span_of(tail.rows.time_ms[row as usize]);
    let mut order: Vec<u32> = (0_u32..).take(tail.len()).collect();
    order.sort_unstable_by_key(|row| (span(*row), source.key(*row as usize)));
    let spans = order.chunk_by(|a, b| span(*a) == span(*b));
    spans
        .map(|rows| {
            let week = week_of(tail.rows.time_ms[rows[0] as usize]);
            gather(week, &source, rows, room)
        })
        .collect()
}

/// Joins segments of one week into one.
pub(crate) fn merge(segments: &[Arc<Segment>], room: &Room) -> Segment {
    let mut all = Loose::default();
    for segment in segments {
        all.add(segment);
    }
    let source = all.source();
    let mut order: Vec<u32> = (0_u32..).take(all.rows.len()).collect();
    // The stable sort is the merging one: it is fast on runs that are sorted already, as these are.
    order.sort_by_key(|row| source.key(*row as usize));
    gather(segments.first().map_or(0, |segment| segment.week), &source, &order, Some(room))
}

/// The rows of segments, unpacked and one after the other.
#[derive(Default)]
struct Loose {
    rows: Rows,
    names: Vec<u32>,
}

impl Loose {
    fn add(&mut self, segment: &Segment) {
        let offset = u32::try_from(self.rows.len()).expect("rows are counted in 32 bits");
        for run in &segment.runs {
            self.names.extend(std::iter::repeat_n(run.name, (run.end - run.start) as usize));
        }
        for block in 0..segment.len.div_ceil(BLOCK_ROWS) {
            self.rows.visitor.extend_from_slice(segment.visitors(block).as_u32());
            let times = segment.times(block);
            let times = times.as_u32().iter();
            self.rows.time_ms.extend(times.map(|time| segment.min_time_ms + i64::from(*time)));
            self.rows.arrival.extend_from_slice(segment.arrivals(block).as_i64());
        }
        for (key, column) in &segment.columns().properties {
            let joined = self.rows.columns.entry(*key).or_default();
            let mut row = offset;
            for block in 0..segment.len.div_ceil(BLOCK_ROWS) {
                let codes = column.unpacked(block, Vec::new);
                for at in 0..(segment.len - block * BLOCK_ROWS).min(BLOCK_ROWS) {
                    joined.set(row, codes.get(at));
                    row += 1;
                }
            }
        }
    }

    fn source(&self) -> Source<'_> {
        Source { rows: &self.rows, names: &self.names }
    }
}

struct Source<'a> {
    rows: &'a Rows,
    names: &'a [u32],
}

impl Source<'_> {
    fn key(&self, row: usize) -> (u32, u32, i64, i64) {
        let rows = self.rows;
        (self.names[row], rows.visitor[row], rows.time_ms[row], rows.arrival[row])
    }
}

/// Copies the rows in the given order, packed if there is a room to unpack them in. Their times lie within 32 bits.
fn gather(week: i64, source: &Source<'_>, order: &[u32], room: Option<&Room>) -> Segment {
    let picked = |of: &[i64]| order.iter().map(|row| of[*row as usize]).collect::<Vec<_>>();
    let times_ms = picked(&source.rows.time_ms);
    let arrivals = picked(&source.rows.arrival);
    let min_time_ms = times_ms.iter().copied().min().unwrap_or(i64::MAX);
    let max_time_ms = times_ms.iter().copied().max().unwrap_or(i64::MIN);
    let times = times_ms.iter().map(|time_ms| {
        u32::try_from(time_ms - min_time_ms).expect("a segment is no longer than seven weeks")
    });
    let times: Vec<u32> = times.collect();
    let times_us: Vec<i64> = times_ms.iter().copied().map(micros).collect();
    let visitors: Vec<u32> = order.iter().map(|row| source.rows.visitor[*row as usize]).collect();
    let columns = source.rows.columns.iter();
    let columns = columns
        .filter_map(|(key, column)| Some((*key, pick(column, source.rows.len(), order, room)?)));
    let columns = Columns {
        visitor: Blocks::of_wide(visitors, room),
        time: Blocks::of_wide(times, room),
        arrival: Blocks::of_arrivals(arrivals, &times_us, room),
        properties: columns.collect(),
        first_seen: FirstSeen::default(),
    };
    let (len, runs) = (order.len(), runs(source.names, order));
    let loaded = Segment::stored(Head { id: 0, week, min_time_ms, max_time_ms, len, runs });
    loaded.load(columns);
    loaded
}

fn runs(names: &[u32], order: &[u32]) -> Vec<NameRun> {
    let mut runs: Vec<NameRun> = Vec::new();
    for (row, old) in (0_u32..).zip(order) {
        let name = names[*old as usize];
        match runs.last_mut() {
            Some(run) if run.name == name => run.end += 1,
            _ => runs.push(NameRun { name, start: row, end: row + 1 }),
        }
    }
    runs
}

/// Copies a column's values in the given order; `None` if no row of it has one. What is packed has value codes of its own,
/// without gaps, so that it can be stored with its own texts alone.
fn pick(column: &Column, rows: usize, order: &[u32], room: Option<&Room>) -> Option<Blocks> {
    let mut dense = vec![NOT_SET; rows];
    column.for_each_set(|row, code| dense[row as usize] = code);
    let mut picked: Vec<u32> = order.iter().map(|row| dense[*row as usize]).collect();
    if picked.iter().all(|code| *code == NOT_SET) {
        return None;
    }
    let Some(room) = room else { return Some(Blocks::of_codes(picked, None)) };
    let mut table = picked.clone();
    // Code 0 stays 0, whether a row has it or not.
    table.push(NOT_SET);
    table.sort_unstable();
    table.dedup();
    let largest = *table.last().expect("it has one") as usize;
    let mut own = vec![NOT_SET; largest + 1];
    for (code, of_project) in (0..).zip(&table) {
        own[*of_project as usize] = code;
    }
    for code in &mut picked {
        *code = own[*code as usize];
    }
    Some(Blocks::of_codes(picked, Some(room)).with_table(table.into()))
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

    #[test]
    fn sealing_splits_by_week_and_sorts_within() {
        let mut tail = Tail::new();
        for (name, visitor, time) in [(2, 0, 5), (1, 1, 9), (1, 0, 4 * DAY_MS), (1, 1, 3)] {
            let row = tail.push(name, visitor, time, 0);
            tail.set(row, 0, row + 1);
        }
        let segments = seal(&tail, &Room::default());
        assert_eq!(
            segments.iter().map(|s| (s.week, s.len())).collect::<Vec<_>>(),
            [(0, 3), (1, 1)]
        );
        let first = &segments[0];
        assert_eq!(first.times(0).as_u32(), [0, 6, 2]);
        let codes = first.codes(0, 0).expect("it occurs");
        assert_eq!((0..3).map(|row| codes.get(row)).collect::<Vec<_>>(), [4, 2, 1]);
        assert_eq!(first.runs(Some(&[2])), [NameRun { name: 2, start: 2, end: 3 }]);
        assert_eq!((first.min_time_ms, first.max_time_ms), (3, 9));
    }

    #[test]
    fn merging_equals_sealing_at_once() {
        let mut whole = Tail::new();
        let mut parts = Vec::new();
        for part in 0..3 {
            let mut tail = Tail::new();
            for n in 0..50_u32 {
                let (name, visitor, time) = (n % 3, (n * 7 + part) % 5, i64::from(n * 31 % 17));
                let arrival = i64::from(part * 100 + n);
                for to in [&mut whole, &mut tail] {
                    let row = to.push(name, visitor, time, arrival);
                    if n % 2 == 0 {
                        to.set(row, n % 4, n + 1);
                    }
                }
            }
            parts.extend(seal(&tail, &Room::default()).into_iter().map(Arc::new));
        }
        let merged = merge(&parts, &Room::default());
        let sealed = seal(&whole, &Room::default());
        let [sealed] = sealed.as_slice() else { panic!("one week") };
        assert_eq!(merged.visitors(0), sealed.visitors(0));
        assert_eq!(merged.arrivals(0), sealed.arrivals(0));
        assert_eq!(merged.runs, sealed.runs);
        for key in [0, 2] {
            assert_eq!(merged.codes(key, 0), sealed.codes(key, 0));
        }
    }

    #[test]
    fn a_piece_of_the_tail_is_read_as_it_would_be_sealed() {
        let mut tail = Tail::new();
        for (name, time) in [(2, 100), (1, 60 * WEEK_MS), (1, 3), (1, WEEK_MS)] {
            let row = tail.push(name, 0, time, 7);
            tail.set(row, 5, row + 1);
        }
        let sorted = sort(&tail);
        let rows: Vec<_> = sorted.iter().map(|one| (one.min_time_ms, one.len())).collect();
        assert_eq!(rows, [(3, 3), (60 * WEEK_MS, 1)], "seven weeks at most lie together");
        let first = &sorted[0];
        let parts: Vec<_> = first.parts(Some(&[1, 2])).map(|part| (part.name, part.rows)).collect();
        assert_eq!(parts, [(1, 0..2), (2, 2..3)]);
        assert_eq!(first.codes(5, 0).map(|codes| codes.get(2)), Some(1));
        assert_eq!(first.arrivals(0).as_i64(), [7, 7, 7]);
    }
}
