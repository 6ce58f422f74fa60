//! Counting different persons in many cells at once.

/// Bits in all cells up to which a bit for each person is kept: 64 MiB.
const MAX_BITS: usize = 1 << 29;
/// Pairs that are gathered before doubles are taken out: 32 MiB.
const COMPACT_AT: usize = 1 << 22;

/// Counts the different persons of each cell, exactly.
pub(crate) enum DistinctCounter {
    /// A bit for each cell and person.
    Bits { words_per_cell: usize, words: Vec<u64>, cells: usize },
    /// Pairs of a cell (high half) and a person (low half), where bits would take too much.
    Pairs { pairs: Vec<u64>, compact_at: usize, cells: usize },
}

impl DistinctCounter {
    /// Prepares for so many cells and persons.
    pub(crate) fn new(cells: usize, persons: usize) -> Self {
        let words_per_cell = persons.div_ceil(64);
        let words = words_per_cell.saturating_mul(cells);
        if words <= MAX_BITS / 64 {
            Self::Bits { words_per_cell, words: vec![0; words], cells }
        } else {
            Self::Pairs { pairs: Vec::new(), compact_at: COMPACT_AT, cells }
        }
    }

    /// Counts a person in a cell, once however often it is said.
    #[inline]
    pub(crate) fn add(&mut self, cell: usize, person: u32) {
        match self {
            Self::Bits { words_per_cell, words, .. } => {
                let person = person as usize;
                words[cell * *words_per_cell + person / 64] |= 1 << (person % 64);
            }
            Self::Pairs { pairs, compact_at, .. } => {
                pairs.push((cell as u64) << 32 | u64::from(person));
                if pairs.len() >= *compact_at {
                    pairs.sort_unstable();
                    pairs.dedup();
                    // Grows with what stays, so that sorting stays a small part of the work.
                    *compact_at = (pairs.len() * 2).max(COMPACT_AT);
                }
            }
        }
    }

    /// Returns how many persons each cell has.
    pub(crate) fn finish(self) -> Vec<u64> {
        match self {
            Self::Bits { words_per_cell: 0, cells, .. } => vec![0; cells],
            Self::Bits { words_per_cell, words, .. } => {
                let ones =
                    |cell: &[u64]| cell.iter().map(|word| u64::from(word.count_ones())).sum();
                words.chunks_exact(words_per_cell).map(ones).collect()
            }
            Self::Pairs { mut pairs, cells, .. } => {
                pairs.sort_unstable();
                pairs.dedup();
                let mut counts = vec![0; cells];
                for pair in pairs {
                    counts[usize::try_from(pair >> 32).expect("a cell's number")] += 1;
                }
                counts
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_counting_agree() {
        let bits = DistinctCounter::new(3, 100);
        let pairs = DistinctCounter::Pairs { pairs: Vec::new(), compact_at: 4, cells: 3 };
        assert!(matches!(bits, DistinctCounter::Bits { .. }));
        for mut counter in [bits, pairs] {
            for (cell, person) in [(0, 5), (0, 5), (2, 99), (2, 0), (0, 64), (2, 99), (0, 5)] {
                counter.add(cell, person);
            }
            assert_eq!(counter.finish(), [2, 0, 2]);
        }
        assert_eq!(DistinctCounter::new(2, 0).finish(), [0, 0]);
        assert!(matches!(DistinctCounter::new(10_000, 5_000_000), DistinctCounter::Pairs { .. }));
    }
}
