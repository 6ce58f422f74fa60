//! Counting events.

use super::counter::{Counted, Counter, Layout, Share};
use crate::engine::plan::{Part, Row};

/// Events by cell.
pub(super) struct Events<'a> {
    layout: &'a Layout<'a>,
    counts: Vec<u64>,
}

impl<'a> Counter<'a> for Events<'a> {
    fn bytes(layout: &Layout<'a>, _: Share) -> usize {
        layout.cells() * size_of::<u64>()
    }

    fn new(layout: &'a Layout<'a>, _: Share) -> Self {
        Self { layout, counts: vec![0; layout.cells()] }
    }

    fn add<const V: usize>(
        &mut self,
        part: &Part<'_, V>,
        line: &impl Fn(&[u32; V]) -> Option<usize>,
        _: &impl Fn(&Row<V>) -> u32,
    ) {
        let cells = self.layout.grid.cells.count();
        let stretch = &self.layout.stretches[part.segment_at()];
        let counts = &mut self.counts;
        let only = stretch.only();
        if let (0, Some(cell)) = (V, only) {
            if let Some(line) = line(&[0; V]) {
                counts[line * cells + cell] += part.count() as u64;
            }
            return;
        }
        part.each_time(|_, time, _, values| {
            if let Some(line) = line(&values) {
                counts[line * cells + only.unwrap_or_else(|| stretch.index_of(time))] += 1;
            }
        });
    }

    fn absorb(&mut self, other: Self) {
        self.counts.iter_mut().zip(other.counts).for_each(|(count, other)| *count += other);
    }

    fn finish(self) -> Counted {
        let mut counted = Counted::new(self.layout);
        for (line, counts) in self.counts.chunks_exact(self.layout.grid.cells.count()).enumerate() {
            let total: u64 = counts.iter().sum();
            counted.totals[line] = as_number(total);
            counted.any[line] = total > 0;
        }
        // Events count in the bucket of their time, so cells are points.
        counted.points = self.counts.into_iter().map(as_number).collect();
        counted
    }
}

/// Returns a count as a number.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(super) fn as_number(count: u64) -> f64 {
    count as f64
}
