//! Sums, means and ends of numbers.

use super::counter::{Counted, Counter, Layout, Share};
use super::events::as_number;
use crate::engine::plan::{Part, Row};
use crate::trends::Measure;

/// What is known of some numbers.
#[derive(Clone, Copy, Debug)]
struct Moments {
    count: u64,
    sum: f64,
    /// What the sum lost by rounding, so that it does not depend on the order in which threads come to their numbers.
    lost: f64,
    smallest: f64,
    largest: f64,
}

impl Moments {
    const NONE: Self =
        Self { count: 0, sum: 0.0, lost: 0.0, smallest: f64::INFINITY, largest: f64::NEG_INFINITY };

    #[inline]
    fn add(&mut self, number: f64) {
        self.count += 1;
        self.add_to_sum(number);
        self.smallest = self.smallest.min(number);
        self.largest = self.largest.max(number);
    }

    /// Neumaier's summation.
    #[inline]
    fn add_to_sum(&mut self, number: f64) {
        let sum = self.sum + number;
        self.lost += if self.sum.abs() >= number.abs() {
            (self.sum - sum) + number
        } else {
            (number - sum) + self.sum
        };
        self.sum = sum;
    }

    fn absorb(&mut self, other: &Self) {
        self.count += other.count;
        self.add_to_sum(other.sum);
        self.lost += other.lost;
        self.smallest = self.smallest.min(other.smallest);
        self.largest = self.largest.max(other.largest);
    }

    fn value(&self, measure: Measure) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        // What is beyond all numbers is as large as a number can be, since an answer has no word for it.
        let sum = self.sum + self.lost;
        let sum = if sum.is_nan() { self.sum } else { sum }.clamp(f64::MIN, f64::MAX);
        match measure {
            Measure::Sum => sum,
            Measure::Average => sum / as_number(self.count),
            Measure::Minimum => self.smallest,
            Measure::Maximum => self.largest,
            Measure::Percentile(_) => unreachable!("percentiles are counted by number"),
        }
    }
}

/// The moments of each cell.
pub(super) struct Measures<'a> {
    layout: &'a Layout<'a>,
    cells: Vec<Moments>,
}

impl<'a> Counter<'a> for Measures<'a> {
    fn bytes(layout: &Layout<'a>, _: Share) -> usize {
        layout.cells() * size_of::<Moments>()
    }

    fn new(layout: &'a Layout<'a>, _: Share) -> Self {
        Self { layout, cells: vec![Moments::NONE; layout.cells()] }
    }

    fn add<const V: usize>(
        &mut self,
        part: &Part<'_, V>,
        line: &impl Fn(&[u32; V]) -> Option<usize>,
        item: &impl Fn(&Row<V>) -> u32,
    ) {
        let (layout, cells) = (self.layout, &mut self.cells);
        part.each(|row| {
            let number = layout.numbers.of_code.get(item(&row) as usize).copied();
            if let Some(number) = number
                && !number.is_nan()
                && let Some(line) = line(&row.values)
            {
                cells[layout.cell(line, row.time_ms)].add(number);
            }
        });
    }

    fn absorb(&mut self, other: Self) {
        self.cells.iter_mut().zip(&other.cells).for_each(|(cell, other)| cell.absorb(other));
    }

    fn finish(self) -> Counted {
        let mut counted = Counted::new(self.layout);
        // Numbers count in the bucket of their event's time, so cells are points.
        for (line, cells) in self.cells.chunks_exact(self.layout.grid.cells.count()).enumerate() {
            let mut total = Moments::NONE;
            cells.iter().for_each(|cell| total.absorb(cell));
            counted.totals[line] = total.value(self.layout.measure);
            counted.any[line] = total.count > 0;
        }
        counted.points = self.cells.iter().map(|cell| cell.value(self.layout.measure)).collect();
        counted
    }
}
