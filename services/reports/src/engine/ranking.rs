//! Which values of a breakdown are told apart, and where the others go.

use std::cmp::Ordering;

use super::breakdown::ValueSource;
use crate::query::OTHER_LABEL;

/// The values that have lines of their own, the largest first.
pub(super) struct Ranking {
    /// The texts of the lines, `$other` last if there is one.
    pub(super) labels: Vec<String>,
    /// By value code, the line.
    lines: Vec<u32>,
    /// The line of values that did not occur when they were ranked.
    others: Option<usize>,
}

/// The line of a value that has none of its own.
const NO_LINE: u32 = u32::MAX;

impl Ranking {
    /// Ranks values by their totals, which are given by value code, `None` for those of which nothing counted; of equal ones
    /// the text decides. A value that reads `$other` is one of the others, so that no two lines have one label.
    pub(super) fn new<T: Copy>(
        totals: &[Option<T>],
        compare: impl Fn(&T, &T) -> Ordering,
        source: &ValueSource<'_>,
        limit: usize,
    ) -> Self {
        let counted = (0_u32..).zip(totals).filter_map(|(code, total)| Some((code, (*total)?)));
        let (others, mut ranked): (Vec<_>, Vec<_>) =
            counted.partition(|(code, _)| source.label(*code) == OTHER_LABEL);
        let order = |(a, a_total): &(u32, T), (b, b_total): &(u32, T)| {
            compare(b_total, a_total).then_with(|| source.label(*a).cmp(source.label(*b)))
        };
        let has_others = !others.is_empty() || ranked.len() > limit;
        if ranked.len() > limit {
            ranked.select_nth_unstable_by(limit, &order);
            ranked.truncate(limit);
        }
        ranked.sort_unstable_by(order);
        let mut labels: Vec<_> =
            ranked.iter().map(|(code, _)| source.label(*code).to_owned()).collect();
        let mut lines = vec![NO_LINE; totals.len()];
        for (line, (code, _)) in (0_u32..).zip(&ranked) {
            lines[*code as usize] = line;
        }
        let others = has_others.then_some(labels.len());
        labels.extend(has_others.then(|| OTHER_LABEL.to_owned()));
        Self { labels, lines, others }
    }

    /// Ranks values by counts, as [`Self::new`]; nothing counted of those with 0.
    pub(super) fn of_counts(counts: &[u64], source: &ValueSource<'_>, limit: usize) -> Self {
        let totals: Vec<_> = counts.iter().map(|count| (*count > 0).then_some(*count)).collect();
        Self::new(&totals, u64::cmp, source, limit)
    }

    /// Returns the line of a value code; `None` if it has none, because nothing of it counted where values were ranked and
    /// there are no others.
    #[inline]
    pub(super) fn line(&self, code: u32) -> Option<usize> {
        match self.lines[code as usize] {
            NO_LINE => self.others,
            line => Some(line as usize),
        }
    }

    /// Returns whether there are others.
    pub(super) fn has_others(&self) -> bool {
        self.others.is_some()
    }

    /// Returns whether a value code is one of the others.
    pub(super) fn is_other(&self, code: u32) -> bool {
        self.lines[code as usize] == NO_LINE
    }
}
