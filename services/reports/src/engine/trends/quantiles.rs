//! Percentiles of numbers, exactly: how often each number occurs.

use super::counter::{Counted, Counter, Layout, Share, of_thread};
use super::numbers::NO_RANK;
use crate::engine::plan::{Part, Row};
use crate::percentile::percentile;
use crate::trends::Measure;

/// Counts of all threads, where each number of each place has one: 64 MiB.
const DENSE_MAX: usize = 1 << 24;
/// Counted numbers of all threads, where only those that occur have a count: 128 MiB.
const SPARSE_MAX: usize = 1 << 23;
/// Numbers that are gathered before they are counted.
const GATHERED_MAX: usize = if cfg!(test) { 8 } else { 1 << 18 };

/// How often each number occurs in each cell, and in each line over all.
pub(super) struct Quantiles<'a> {
    layout: &'a Layout<'a>,
    share: Share,
    cells: Tally,
    lines: Tally,
}

impl<'a> Counter<'a> for Quantiles<'a> {
    fn bytes(layout: &Layout<'a>, _: Share) -> usize {
        let ranks = layout.numbers.ranked.len();
        Tally::bytes(layout.cells(), ranks) + Tally::bytes(layout.lines, ranks)
    }

    fn new(layout: &'a Layout<'a>, share: Share) -> Self {
        let ranks = layout.numbers.ranked.len();
        let cells = Tally::new(layout.cells(), ranks);
        Self { layout, share, cells, lines: Tally::new(layout.lines, ranks) }
    }

    fn add<const V: usize>(
        &mut self,
        part: &Part<'_, V>,
        line: &impl Fn(&[u32; V]) -> Option<usize>,
        item: &impl Fn(&Row<V>) -> u32,
    ) {
        let (layout, share) = (self.layout, self.share);
        if self.is_full() {
            return;
        }
        part.each(|row| {
            let rank = layout.numbers.rank_of_code.get(item(&row) as usize).copied();
            let rank = rank.unwrap_or(NO_RANK);
            if rank != NO_RANK
                && let Some(line) = line(&row.values)
            {
                let cell = layout.cell(line, row.time_ms);
                if share.has(cell as u64) {
                    self.cells.add(cell, rank);
                }
                if share.has(line as u64) {
                    self.lines.add(line, rank);
                }
            }
        });
    }

    fn is_full(&self) -> bool {
        self.cells.is_full() || self.lines.is_full()
    }

    fn settle(&mut self) {
        self.cells.settle();
        self.lines.settle();
    }

    fn absorb(&mut self, other: Self) {
        self.cells.absorb(other.cells);
        self.lines.absorb(other.lines);
    }

    fn finish(self) -> Counted {
        let mut counted = Counted::new(self.layout);
        let Measure::Percentile(percent) = self.layout.measure else {
            unreachable!("other measures have moments")
        };
        let ranked = &self.layout.numbers.ranked;
        let of = |counts: &[(u32, u64)]| {
            let numbers = counts.iter().map(|(rank, count)| (ranked[*rank as usize], *count));
            percentile(percent, &numbers).expect("each place that is handed out has a number")
        };
        // Numbers count in the bucket of their event's time, so cells are points.
        self.cells.each(|cell, counts| counted.points[cell] = of(counts));
        self.lines.each(|line, counts| {
            counted.totals[line] = of(counts);
            counted.any[line] = true;
        });
        counted
    }
}

/// How often numbers occur in some places.
enum Tally {
    /// By place, then by rank.
    Dense { ranks: usize, counts: Vec<u32> },
    /// Of each place and rank that occurred, the place highest.
    Sparse {
        /// Not counted yet.
        gathered: Vec<u64>,
        counted: Vec<(u64, u64)>,
        max: usize,
    },
}

impl Tally {
    fn is_dense(places: usize, ranks: usize) -> bool {
        places.saturating_mul(ranks) <= of_thread(DENSE_MAX, 48)
    }

    fn bytes(places: usize, ranks: usize) -> usize {
        if Self::is_dense(places, ranks) {
            places * ranks * size_of::<u32>()
        } else {
            of_thread(SPARSE_MAX, 24) * size_of::<(u64, u64)>()
        }
    }

    fn new(places: usize, ranks: usize) -> Self {
        if Self::is_dense(places, ranks) {
            Self::Dense { ranks, counts: vec![0; places * ranks] }
        } else {
            let max = of_thread(SPARSE_MAX, 24);
            Self::Sparse { gathered: Vec::new(), counted: Vec::new(), max }
        }
    }

    #[inline]
    fn add(&mut self, place: usize, rank: u32) {
        match self {
            Self::Dense { ranks, counts } => counts[place * *ranks + rank as usize] += 1,
            Self::Sparse { gathered, .. } => {
                gathered.push((place as u64) << 32 | u64::from(rank));
                if gathered.len() >= GATHERED_MAX {
                    self.settle();
                }
            }
        }
    }

    fn is_full(&self) -> bool {
        matches!(self, Self::Sparse { counted, max, .. } if counted.len() > *max)
    }

    /// Counts what is gathered.
    fn settle(&mut self) {
        if let Self::Sparse { gathered, counted, .. } = self {
            gathered.sort_unstable();
            let new = gathered.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64));
            *counted = merged(counted, new);
            gathered.clear();
        }
    }

    fn absorb(&mut self, other: Self) {
        match (self, other) {
            (Self::Dense { counts, .. }, Self::Dense { counts: others, .. }) => {
                counts.iter_mut().zip(others).for_each(|(count, other)| *count += other);
            }
            (Self::Sparse { counted, .. }, Self::Sparse { counted: others, .. }) => {
                *counted = merged(counted, others.into_iter());
            }
            _ => unreachable!("one layout is tallied one way"),
        }
    }

    /// Hands out each place where numbers occur, with their ranks and counts in order.
    fn each(&self, mut each: impl FnMut(usize, &[(u32, u64)])) {
        let mut counts: Vec<(u32, u64)> = Vec::new();
        match self {
            Self::Dense { ranks: 0, .. } => {}
            Self::Dense { ranks, counts: all } => {
                for (place, of_place) in all.chunks_exact(*ranks).enumerate() {
                    counts.clear();
                    let occurring = (0_u32..).zip(of_place).filter(|(_, count)| **count > 0);
                    counts.extend(occurring.map(|(rank, count)| (rank, u64::from(*count))));
                    if !counts.is_empty() {
                        each(place, &counts);
                    }
                }
            }
            Self::Sparse { counted, .. } => {
                for of_place in counted.chunk_by(|(a, _), (b, _)| a >> 32 == b >> 32) {
                    counts.clear();
                    let rank =
                        |key: u64| u32::try_from(key & u64::from(u32::MAX)).expect("32 bits");
                    counts.extend(of_place.iter().map(|(key, count)| (rank(*key), *count)));
                    let place = usize::try_from(of_place[0].0 >> 32).expect("32 bits");
                    each(place, &counts);
                }
            }
        }
    }
}

/// Adds counts up that are in order.
fn merged(old: &[(u64, u64)], new: impl Iterator<Item = (u64, u64)>) -> Vec<(u64, u64)> {
    let mut sum: Vec<(u64, u64)> = Vec::with_capacity(old.len());
    let mut old = old.iter().copied().peekable();
    let mut push = |(key, count): (u64, u64)| match sum.last_mut() {
        Some((last, sum)) if *last == key => *sum += count,
        _ => sum.push((key, count)),
    };
    for one in new {
        while let Some(before) = old.next_if(|(key, _)| *key <= one.0) {
            push(before);
        }
        push(one);
    }
    old.for_each(push);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_tallying_agree() {
        let dense = || Tally::Dense { ranks: 4, counts: vec![0; 12] };
        let sparse = || Tally::Sparse { gathered: Vec::new(), counted: Vec::new(), max: 100 };
        for (mut tally, mut other) in [(dense(), dense()), (sparse(), sparse())] {
            for (place, rank) in [(2, 3), (0, 1), (2, 0), (0, 1)] {
                tally.add(place, rank);
                other.add(place, 0);
            }
            tally.settle();
            other.settle();
            tally.absorb(other);
            let mut found = Vec::new();
            tally.each(|place, counts| found.push((place, counts.to_vec())));
            assert_eq!(found, [(0, vec![(0, 2), (1, 2)]), (2, vec![(0, 3), (3, 1)])]);
        }
    }
}
