//! Reading all runs side by side.

use std::ops::Range;
use std::sync::Arc;

use super::{Run, code};
use crate::engine::bound::Bound;
use crate::engine::plan::{Part, Plan, Scratch};
use crate::projection::{BLOCK_ROWS, NameRun, Segment};

/// How many runs before and after one are asked for a block that they may have unpacked.
const RUNS_NEAR: usize = 8;
/// How many rows are skipped first where it is looked for the end of what is gathered.
const FIRST_STEP: usize = 32;

/// Reads all runs side by side, visitor after visitor.
pub(super) struct Gather<'p, 'a, const V: usize> {
    plan: &'p Plan<'a, V>,
    cursors: Vec<Cursor<'p>>,
    /// What was gathered last.
    gathered: Vec<Gathered<'p, V>>,
    /// Used again and again.
    scratches: Vec<Scratch<V>>,
}

/// Rows of one run of some visitors.
struct Gathered<'p, const V: usize> {
    /// The number of the run.
    run: u32,
    block: usize,
    bound: Arc<Bound<'p>>,
    name: u32,
    /// Of the block.
    rows: Range<usize>,
    scratch: Scratch<V>,
}

/// How far a run is read.
struct Cursor<'p> {
    run: Run<'p>,
    next: usize,
    /// The block that holds the next row.
    bound: Option<(usize, Arc<Bound<'p>>)>,
}

impl<'p, 'a, const V: usize> Gather<'p, 'a, V> {
    /// Begins with a visitor.
    pub(super) fn new(plan: &'p Plan<'a, V>, runs: &[Run<'a>], visitor: usize) -> Self {
        let visitor = code(visitor);
        let cursor = |run: &Run<'a>| {
            let Run { segment, rows, .. } = *run;
            let next =
                if visitor == 0 { rows.start as usize } else { seek(segment, rows, visitor) };
            Cursor { run: *run, next, bound: None }
        };
        let cursors = runs.iter().map(cursor).collect();
        Self { plan, cursors, gathered: Vec::new(), scratches: Vec::new() }
    }

    /// Returns a block of a cursor's segment, unpacked. Runs that share a block mostly stand in it at the same time.
    fn bound(&mut self, at: usize, block: usize) -> Arc<Bound<'p>> {
        let own = &self.cursors[at];
        let holds = |one: &&Cursor<'p>| {
            one.run.segment_at == own.run.segment_at
                && one.bound.as_ref().is_some_and(|(held, _)| *held == block)
        };
        // Its own first; then those beside it, which are of the same segment.
        let near = at.saturating_sub(RUNS_NEAR)..(at + RUNS_NEAR + 1).min(self.cursors.len());
        let held = std::iter::once(own).chain(&self.cursors[near]).find(holds);
        let held = held.and_then(|one| one.bound.as_ref()).map(|(_, bound)| Arc::clone(bound));
        let bound = held.unwrap_or_else(|| {
            Arc::new(self.plan.bind((own.run.segment_at, own.run.segment), block))
        });
        self.cursors[at].bound = Some((block, Arc::clone(&bound)));
        bound
    }

    /// Gathers all events of the visitors up to one, which is not among them.
    pub(super) fn range(&mut self, to: usize) {
        let to = code(to);
        self.scratches.extend(self.gathered.drain(..).map(|one| one.scratch));
        for at in 0..self.cursors.len() {
            while self.cursors[at].next < self.cursors[at].run.rows.end as usize {
                let block = self.cursors[at].next / BLOCK_ROWS;
                let bound = self.bound(at, block);
                let cursor = &mut self.cursors[at];
                let first = cursor.next - block * BLOCK_ROWS;
                let end = (cursor.run.rows.end as usize - block * BLOCK_ROWS).min(BLOCK_ROWS);
                let count = count_below(&bound.visitors()[first..end], to);
                if count == 0 {
                    break;
                }
                cursor.next += count;
                let (name, rows) = (cursor.run.rows.name, first..first + count);
                let mut scratch = self.scratches.pop().unwrap_or_default();
                if self.plan.choose(&bound, name, rows.clone(), &mut scratch) {
                    self.gathered.push(Gathered {
                        run: code(at),
                        block,
                        bound,
                        name,
                        rows,
                        scratch,
                    });
                } else {
                    self.scratches.push(scratch);
                }
                if first + count < end {
                    break;
                }
            }
        }
    }

    /// Returns the number of the run of each part, and its block.
    pub(super) fn places(&self) -> impl Iterator<Item = (u32, usize)> {
        self.gathered.iter().map(|one| (one.run, one.block))
    }

    /// Returns what was gathered.
    pub(super) fn parts(&self) -> Vec<Part<'_, V>> {
        let gathered = self.gathered.iter();
        gathered
            .map(|one| self.plan.chosen(&one.bound, one.name, one.rows.clone(), &one.scratch))
            .collect()
    }
}

/// Returns how many of some visitors in order are before one: few mostly, so it is looked for in steps that grow.
fn count_below(visitors: &[u32], to: u32) -> usize {
    let mut step = FIRST_STEP;
    let mut from = 0;
    while visitors.get(from + step).is_some_and(|visitor| *visitor < to) {
        from += step;
        step *= 2;
    }
    let end = (from + step).min(visitors.len());
    from + visitors[from..end].partition_point(|visitor| *visitor < to)
}

/// Returns the first row of a run with this visitor or a later one.
fn seek(segment: &Segment, run: NameRun, visitor: u32) -> usize {
    let (start, end) = (run.start as usize, run.end as usize);
    let (mut first, mut last) = (start / BLOCK_ROWS, (end - 1) / BLOCK_ROWS);
    // The last block of the run whose first row of it is of an earlier visitor, else the first block.
    while first < last {
        let middle = (first + last).div_ceil(2);
        if segment.visitors(middle).as_u32()[0] < visitor {
            first = middle;
        } else {
            last = middle - 1;
        }
    }
    let begin = start.max(first * BLOCK_ROWS) - first * BLOCK_ROWS;
    let finish = (end - first * BLOCK_ROWS).min(BLOCK_ROWS);
    let visitors = segment.visitors(first);
    let before = visitors.as_u32()[begin..finish].partition_point(|one| *one < visitor);
    first * BLOCK_ROWS + begin + before
}
