//! What all ways of counting have in common.

use super::numbers::Numbers;
use crate::engine::EngineError;
use crate::engine::plan::{Part, Reads, Row};
use crate::engine::scan::scan;
use crate::engine::team;
use crate::engine::view::View;
use crate::trends::Measure;
use crate::trends::cells::Stretch;
use crate::trends::grid::Grid;

/// How often a question may look at its events, each time for a share of what it tells apart, before it takes too much.
const SHARES_MAX: usize = 64;

/// Returns a thread's part of what all threads may hold; in tests so little that small projects come up against it.
pub(super) fn of_thread(all: usize, in_tests: usize) -> usize {
    if cfg!(test) { in_tests } else { all / team::size(usize::MAX) }
}

/// What is counted.
pub(super) struct Layout<'a> {
    /// How many lines.
    pub(super) lines: usize,
    /// Which times count in which buckets.
    pub(super) grid: &'a Grid,
    /// By segment, the cells of the grid that its times are in.
    pub(super) stretches: &'a [Stretch],
    /// One more than the largest code of what is told apart.
    pub(super) items: usize,
    /// What numbers items are, where they are counted as such.
    pub(super) numbers: &'a Numbers,
    /// What the numbers come to.
    pub(super) measure: Measure,
}

impl Layout<'_> {
    /// How many cells there are, all lines together.
    pub(super) fn cells(&self) -> usize {
        self.lines * self.grid.cells.count()
    }

    /// Which cell of all lines a time is in.
    #[inline]
    pub(super) fn cell(&self, line: usize, time_ms: i64) -> usize {
        line * self.grid.cells.count() + self.grid.cells.index_of(time_ms)
    }
}

/// A share of what is told apart: one of so many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) at: usize,
    pub(super) of: usize,
}

impl Share {
    /// Returns whether it holds what has this hash.
    #[inline]
    pub(super) fn has(self, key: u64) -> bool {
        // A multiplication by 2^64 over the golden ratio spreads neighbours over all shares.
        self.of == 1
            || (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % self.of as u64 == self.at as u64
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counted {
    /// By line, then by bucket.
    pub(super) points: Vec<f64>,
    /// By line.
    pub(super) totals: Vec<f64>,
    /// By line, whether anything counted at all.
    pub(super) any: Vec<bool>,
}

impl Counted {
    /// Starts with zeros.
    pub(super) fn new(layout: &Layout<'_>) -> Self {
        Self::empty(layout.lines, layout.grid.buckets)
    }

    /// Starts with zeros in so many lines.
    pub(super) fn empty(lines: usize, buckets: usize) -> Self {
        let points = vec![0.0; lines * buckets];
        Self { points, totals: vec![0.0; lines], any: vec![false; lines] }
    }

    /// Returns the totals; `None` for a line in which nothing counted.
    pub(super) fn known_totals(&self) -> Vec<Option<f64>> {
        let totals = self.totals.iter().zip(&self.any);
        totals.map(|(total, any)| any.then_some(*total)).collect()
    }

    /// Adds the points of one line, and its total, to those of a line of another.
    pub(super) fn add_line(&mut self, line: usize, other: &Self, from: usize) {
        let points = self.points.len() / self.totals.len();
        let added = &other.points[from * points..(from + 1) * points];
        let own = self.points[line * points..].iter_mut();
        own.zip(added).for_each(|(sum, other)| *sum += other);
        self.totals[line] += other.totals[from];
        self.any[line] |= other.any[from];
    }

    /// Adds what came out for another share.
    fn add(&mut self, other: &Self) {
        self.points.iter_mut().zip(&other.points).for_each(|(sum, other)| *sum += other);
        self.totals.iter_mut().zip(&other.totals).for_each(|(sum, other)| *sum += other);
        self.any.iter_mut().zip(&other.any).for_each(|(any, other)| *any |= other);
    }
}

/// One thread's way of counting.
pub(super) trait Counter<'a>: Sized + Send {
    /// Returns in how many shares it is best begun.
    fn shares(_: &Layout<'a>) -> usize {
        1
    }

    /// Returns how many bytes one takes at most.
    fn bytes(layout: &Layout<'a>, share: Share) -> usize;

    /// Starts with nothing.
    fn new(layout: &'a Layout<'a>, share: Share) -> Self;

    /// Counts the rows of a part. `line` says in which line a row counts, by its values, and `item` what is told apart: NOBODY
    /// for nothing.
    fn add<const V: usize>(
        &mut self,
        part: &Part<'_, V>,
        line: &impl Fn(&[u32; V]) -> Option<usize>,
        item: &impl Fn(&Row<V>) -> u32,
    );

    /// Returns whether there was more than it may hold; what it counted is then of no use.
    fn is_full(&self) -> bool {
        false
    }

    /// Makes it ready to be added up; done on its own thread.
    fn settle(&mut self) {}

    /// Adds what another thread counted.
    fn absorb(&mut self, other: Self);

    /// Returns what came out.
    fn finish(self) -> Counted;
}

/// Counts what is read; in shares, one scan for each, where all at once would take more than a constant.
pub(super) fn count<'a, C: Counter<'a>, const V: usize>(
    view: &View<'_>,
    reads: &Reads<'_, V>,
    layout: &'a Layout<'a>,
    line: &(impl Fn(&[u32; V]) -> Option<usize> + Sync),
    item: &(impl Fn(&Row<V>) -> u32 + Sync),
) -> Result<Counted, EngineError> {
    let mut shares = C::shares(layout);
    'shares: while shares <= SHARES_MAX {
        let mut sum = Counted::new(layout);
        let of = shares;
        for at in 0..of {
            let share = Share { at, of };
            let bytes = C::bytes(layout, share).saturating_mul(team::size(usize::MAX));
            view.asker.take(bytes)?;
            let start = || C::new(layout, share);
            let counters =
                scan(view, reads, start, |counter: &mut C, part| counter.add(part, line, item))?;
            let counted = together(counters).map(Counter::finish);
            view.asker.give_back(bytes);
            let Some(counted) = counted else {
                shares *= 2;
                continue 'shares;
            };
            sum.add(&counted);
        }
        return Ok(sum);
    }
    Err(EngineError::TooLarge)
}

/// Adds up what all threads counted; `None` if one could not hold it.
fn together<'a, C: Counter<'a>>(mut counters: Vec<C>) -> Option<C> {
    let (first, others) = counters.split_first_mut()?;
    std::thread::scope(|scope| {
        for other in others {
            scope.spawn(move || other.settle());
        }
        first.settle();
    });
    if counters.iter().any(Counter::is_full) {
        return None;
    }
    let mut counters = counters.into_iter();
    let first = counters.next()?;
    let sum = counters.fold(first, |mut sum, other| {
        sum.absorb(other);
        sum
    });
    (!sum.is_full()).then_some(sum)
}
