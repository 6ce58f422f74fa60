//! Sealed rows of one week, sorted so that one event's rows lie together and one visitor's within them.

use std::sync::Arc;

use super::rows::{Column, NameRun, Rows};
use super::tail::Tail;

const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// 1970 began on a Thursday, so the ISO week of its first day began three days earlier.
const EPOCH_INTO_WEEK_MS: i64 = 3 * 24 * 60 * 60 * 1000;

/// Immutable rows of one ISO week (UTC), sorted by (name, visitor, time, arrival).
#[derive(Debug)]
pub(crate) struct Segment {
    /// Which week.
    pub(crate) week: i64,
    /// The rows.
    pub(crate) rows: Rows,
    /// The rows of each name, by the name's code.
    runs: Vec<NameRun>,
}

impl Segment {
    /// Returns how many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns the segment with those rows alone of which `is_kept` says so, given the row and its name; `None` if nothing is
    /// left.
    pub(crate) fn retain(&self, is_kept: impl Fn(usize, u32) -> bool) -> Option<Self> {
        let mut names = Vec::with_capacity(self.len());
        for run in &self.runs {
            names.extend(std::iter::repeat_n(run.name, (run.end - run.start) as usize));
        }
        let is_kept = |row: &u32| is_kept(*row as usize, names[*row as usize]);
        let order: Vec<u32> = (0_u32..).take(self.len()).filter(is_kept).collect();
        let source = Source { rows: &self.rows, names: &names };
        (!order.is_empty()).then(|| gather(self.week, &source, &order))
    }

    /// Returns the runs of the wanted names, all names if `None`.
    pub(crate) fn runs(&self, names: Option<&[u32]>) -> Vec<NameRun> {
        let Some(names) = names else { return self.runs.clone() };
        let find = |name: &u32| self.runs.binary_search_by_key(name, |run| run.name);
        names.iter().filter_map(|name| find(name).ok()).map(|at| self.runs[at]).collect()
    }
}

/// Returns the number of the ISO week (UTC) that holds the time; 0 holds the first of January 1970.
pub(crate) fn week_of(time_ms: i64) -> i64 {
    time_ms.saturating_add(EPOCH_INTO_WEEK_MS).div_euclid(WEEK_MS)
}

/// Seals the tail: one segment for each week that occurs in it.
pub(crate) fn seal(tail: &Tail) -> Vec<Arc<Segment>> {
    let source = Source { rows: &tail.rows, names: &tail.names };
    let mut order: Vec<u32> = (0_u32..).take(tail.len()).collect();
    order.sort_unstable_by_key(|row| {
        let row = *row as usize;
        (week_of(tail.rows.time_ms[row]), source.key(row))
    });
    let weeks = order.chunk_by(|a, b| {
        week_of(tail.rows.time_ms[*a as usize]) == week_of(tail.rows.time_ms[*b as usize])
    });
    weeks
        .map(|rows| {
            let week = week_of(tail.rows.time_ms[rows[0] as usize]);
            Arc::new(gather(week, &source, rows))
        })
        .collect()
}

/// Joins segments of one week into one.
pub(crate) fn merge(segments: &[Arc<Segment>]) -> Segment {
    let mut all = Rows::new();
    let mut names = Vec::new();
    for segment in segments {
        let offset = u32::try_from(all.len()).expect("rows are counted in 32 bits");
        for run in &segment.runs {
            names.extend(std::iter::repeat_n(run.name, (run.end - run.start) as usize));
        }
        all.visitor.extend_from_slice(&segment.rows.visitor);
        all.time_ms.extend_from_slice(&segment.rows.time_ms);
        all.arrival.extend_from_slice(&segment.rows.arrival);
        for (key, column) in &segment.rows.columns {
            let joined = all.columns.entry(*key).or_insert_with(Column::new);
            column.for_each_set(|row, code| joined.set(offset + row, code));
        }
    }
    let source = Source { rows: &all, names: &names };
    let mut order: Vec<u32> = (0_u32..).take(all.len()).collect();
    // The stable sort is the merging one: it is fast on runs that are sorted already, as these are.
    order.sort_by_key(|row| source.key(*row as usize));
    gather(segments.first().map_or(0, |segment| segment.week), &source, &order)
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

/// Copies the rows in the given order.
fn gather(week: i64, source: &Source<'_>, order: &[u32]) -> Segment {
    let mut rows = Rows::new();
    let mut runs: Vec<NameRun> = Vec::new();
    let mut new_row = vec![u32::MAX; source.rows.len()];
    for old in order {
        let (name, visitor, time_ms, arrival) = source.key(*old as usize);
        let row = rows.push(visitor, time_ms, arrival);
        new_row[*old as usize] = row;
        match runs.last_mut() {
            Some(run) if run.name == name => run.end += 1,
            _ => runs.push(NameRun { name, start: row, end: row + 1 }),
        }
    }
    for (key, column) in &source.rows.columns {
        let mut pairs = Vec::new();
        column.for_each_set(|old, code| match new_row[old as usize] {
            u32::MAX => {}
            row => pairs.push((row, code)),
        });
        if pairs.is_empty() {
            continue;
        }
        pairs.sort_unstable();
        let (set, codes) = pairs.into_iter().unzip();
        rows.columns.insert(*key, Column::from_pairs(set, codes, order.len()));
    }
    Segment { week, rows, runs }
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
        let segments = seal(&tail);
        assert_eq!(
            segments.iter().map(|s| (s.week, s.len())).collect::<Vec<_>>(),
            [(0, 3), (1, 1)]
        );
        let first = &segments[0];
        assert_eq!(first.rows.time_ms, [3, 9, 5]);
        assert_eq!((0..3).map(|r| first.rows.columns[&0].get(r)).collect::<Vec<_>>(), [4, 2, 1]);
        assert_eq!(first.runs(Some(&[2])), [NameRun { name: 2, start: 2, end: 3 }]);
        assert_eq!((first.rows.min_time_ms, first.rows.max_time_ms), (3, 9));
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
            parts.extend(seal(&tail));
        }
        let merged = merge(&parts);
        let sealed = seal(&whole);
        let [sealed] = sealed.as_slice() else { panic!("one week") };
        assert_eq!(merged.rows.visitor, sealed.rows.visitor);
        assert_eq!(merged.rows.arrival, sealed.rows.arrival);
        assert_eq!(merged.runs, sealed.runs);
        for row in 0..merged.len() {
            for key in [0, 2] {
                assert_eq!(merged.rows.columns[&key].get(row), sealed.rows.columns[&key].get(row));
            }
        }
    }
}
