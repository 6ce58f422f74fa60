//! Counting different persons or groups, exactly: each has a bit for each line and cell, and is added up when it is known whole.

use super::counter::{Counted, Layout};
use super::events::as_number;
use crate::bits;
use crate::engine::EngineError;
use crate::engine::plan::Reads;
use crate::engine::unit_bits::{Marking, Wanted, each_unit};
use crate::engine::view::View;

/// How many bits a unit may have; with more, most are 0, and other ways are better.
pub(super) const BITS_MAX: usize = 4_096;

/// Returns whether units can be counted so.
pub(super) fn fits(layout: &Layout<'_>) -> bool {
    layout.cells() <= BITS_MAX
}

/// Counts the units of what is read.
pub(super) fn count<const V: usize>(
    view: &View<'_>,
    reads: &Reads<'_, V>,
    layout: &Layout<'_>,
    line: &(impl Fn(&[u32; V]) -> Option<usize> + Sync),
) -> Result<Counted, EngineError> {
    let cells = &layout.grid.cells;
    let wanted = Wanted { cells, bits: layout.cells(), first_seen: false };
    let mark = |words: &mut [u64], row: Marking<V>| {
        if let Some(line) = line(&row.values) {
            bits::set(words, line * cells.count() + row.cell);
        }
    };
    let sums = each_unit(
        view,
        reads,
        &wanted,
        mark,
        || Sums::new(layout),
        |sums, unit| {
            sums.add(bits::ones(unit.words));
        },
    )?;
    let sums = sums.into_iter().reduce(Sums::join).expect("at least one thread looks");
    Ok(sums.finish())
}

/// How many items there are so far.
pub(super) struct Sums<'a> {
    layout: &'a Layout<'a>,
    cells: usize,
    /// By line, those that are in any bucket.
    totals: Vec<u64>,
    /// By line and bucket, with one more bucket after the last: how many more there are than in the bucket before; without rolling
    /// windows simply how many there are.
    steps: Vec<i64>,
}

impl<'a> Sums<'a> {
    /// Starts with none.
    pub(super) fn new(layout: &'a Layout<'a>) -> Self {
        let steps = vec![0; layout.lines * (layout.grid.buckets + 1)];
        Self { layout, cells: layout.grid.cells.count(), totals: vec![0; layout.lines], steps }
    }

    /// Adds an item by the cells of all lines that it is in, in their order.
    #[inline]
    pub(super) fn add(&mut self, cells: impl Iterator<Item = usize>) {
        if self.layout.grid.is_rolling {
            self.add_rolling(cells);
            return;
        }
        let (mut line, mut line_end) = (0, 0);
        for cell in cells {
            if cell >= line_end {
                line = cell / self.cells;
                line_end = (line + 1) * self.cells;
                self.totals[line] += 1;
            }
            // Each line has one bucket more than cells.
            self.steps[cell + line] += 1;
        }
    }

    fn add_rolling(&mut self, cells: impl Iterator<Item = usize>) {
        let buckets = self.layout.grid.buckets;
        let (mut last_line, mut reached) = (usize::MAX, 0);
        for cell in cells {
            let (line, cell) = (cell / self.cells, cell % self.cells);
            if line != last_line {
                (last_line, reached) = (line, 0);
            }
            let span = &self.layout.grid.spans[cell];
            let from = span.start.max(reached);
            if from < span.end {
                self.totals[line] += u64::from(reached == 0);
                self.steps[line * (buckets + 1) + from] += 1;
                self.steps[line * (buckets + 1) + span.end] -= 1;
                reached = span.end;
            }
        }
    }

    /// Adds what another thread counted.
    fn join(mut self, other: Self) -> Self {
        self.totals.iter_mut().zip(other.totals).for_each(|(sum, other)| *sum += other);
        self.steps.iter_mut().zip(other.steps).for_each(|(sum, other)| *sum += other);
        self
    }

    /// Returns what came out.
    pub(super) fn finish(self) -> Counted {
        let (layout, buckets) = (self.layout, self.layout.grid.buckets);
        let is_rolling = layout.grid.is_rolling;
        let mut counted = Counted::new(layout);
        for (line, steps) in self.steps.chunks_exact(buckets + 1).enumerate() {
            let mut here = 0;
            for (point, step) in counted.points[line * buckets..].iter_mut().zip(&steps[..buckets])
            {
                here = if is_rolling { here + step } else { *step };
                *point = as_number(here.cast_unsigned());
            }
            let total = self.totals[line];
            counted.any[line] = total > 0;
            counted.totals[line] = as_number(if is_rolling { here.cast_unsigned() } else { total });
        }
        counted
    }
}
