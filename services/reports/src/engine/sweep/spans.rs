//! Sharing a range of visitors among threads, so that each goes on where it stands for as long as it can.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::Run;
use crate::projection::BLOCK_ROWS;

/// How many runs say which visitors have how many rows.
const RUNS_SAMPLED: usize = 4;

/// Ranges of visitors, one after the other, each to be claimed once.
pub(super) struct Spans {
    /// Where each begins, and where the last one ends.
    bounds: Vec<usize>,
    claimed: Mutex<Vec<bool>>,
}

impl Spans {
    /// Cuts visitors into about so many ranges of about as many rows. What the largest runs have is taken for what all have.
    pub(super) fn of_rows(runs: &[Run<'_>], visitors: usize, spans: usize) -> Self {
        let mut largest: Vec<_> = runs.iter().collect();
        largest.sort_by_key(|run| std::cmp::Reverse(run.rows.len()));
        let mut sampled: Vec<usize> = Vec::new();
        for Run { segment, rows: run, .. } in largest.into_iter().take(RUNS_SAMPLED) {
            let row = |span: usize| run.start as usize + run.len() * span / spans;
            let visitor =
                |row: usize| segment.visitors(row / BLOCK_ROWS).as_u32()[row % BLOCK_ROWS];
            sampled.extend((1..spans).map(|span| visitor(row(span)) as usize));
        }
        sampled.sort_unstable();
        let middle = sampled.chunks(RUNS_SAMPLED.min(runs.len()).max(1));
        let middle = middle.map(|some| some[some.len() / 2]);
        let mut bounds: Vec<usize> = std::iter::once(0).chain(middle).chain([visitors]).collect();
        bounds.dedup();
        Self::new(bounds)
    }

    /// Takes where ranges begin, in order and each once, and where the last one ends.
    fn new(bounds: Vec<usize>) -> Self {
        let claimed = Mutex::new(vec![false; bounds.len().saturating_sub(1)]);
        Self { bounds, claimed }
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.bounds.len().saturating_sub(1)
    }

    /// Returns the visitors of a range.
    pub(super) fn visitors(&self, span: usize) -> Range<usize> {
        self.bounds[span]..self.bounds[span + 1]
    }

    /// Claims the range after the last one of this thread, where the thread stands. Else one in the middle of the longest
    /// stretch that is free, so that whoever works towards it keeps what comes next; the first of all if none is claimed.
    /// `None` if there is none left.
    pub(super) fn claim(&self, last: Option<usize>) -> Option<usize> {
        let mut claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = |span: &usize| claimed.get(*span) == Some(&false);
        let next = last.map(|last| last + 1).filter(is_free).or_else(|| farthest(&claimed))?;
        claimed[next] = true;
        Some(next)
    }
}

fn farthest(claimed: &[bool]) -> Option<usize> {
    let mut best: Range<usize> = 0..0;
    let mut start = 0;
    for stretch in claimed.chunk_by(|a, b| a == b) {
        if !stretch[0] && stretch.len() > best.len() {
            best = start..start + stretch.len();
        }
        start += stretch.len();
    }
    match (best.start, best.len()) {
        (_, 0) => None,
        (0, _) => Some(0),
        (start, length) => Some(start + length / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_go_on_where_they_stand_and_every_range_is_claimed_once() {
        let spans = Spans::new((0..=8).map(|bound| bound * 10).collect());
        let (mut one, mut other) = (None, None);
        let mut claimed = Vec::new();
        for _ in 0..4 {
            one = spans.claim(one);
            other = spans.claim(other);
            claimed.extend([one, other].into_iter().flatten());
        }
        assert_eq!(claimed, [0, 4, 1, 5, 2, 6, 3, 7]);
        assert_eq!((spans.claim(one), spans.claim(None)), (None, None));
        assert_eq!((spans.len(), spans.visitors(7)), (8, 70..80));
    }

    #[test]
    fn a_thread_that_is_done_takes_over_half_of_what_another_has_before_it() {
        let spans = Spans::new((0..=8).collect());
        let first = spans.claim(None);
        assert_eq!(first, Some(0));
        assert_eq!(spans.claim(Some(7)), Some(4));
        assert_eq!(spans.claim(Some(4)), Some(5));
    }
}
