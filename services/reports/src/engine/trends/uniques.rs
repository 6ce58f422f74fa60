//! Counting different sessions, exactly; and persons or groups where each would need too many bits.
//!
//! Where it fits, each cell has a bit for each of them. Events lie by visitor, so what is written at one time is one word of
//! each cell. Else, and for rolling windows, pairs of a person and a cell are kept, each once.

use super::counter::{Counted, Counter, Layout, Share, of_thread};
use super::events::as_number;
use super::units::Sums;
use crate::engine::plan::{Part, Row};
use crate::projection::NOBODY;

/// Bits in all cells of all threads: 128 MiB.
const BITS_MAX: usize = 1 << 30;
/// How often events are looked at to have bits all the same; pairs take longer than that.
const BIT_SHARES_MAX: usize = 4;
/// Pairs of all threads: 128 MiB, and as much while they are sorted.
const PAIRS_MAX: usize = 1 << 24;

/// Different items by cell.
pub(super) struct Uniques<'a> {
    layout: &'a Layout<'a>,
    share: Share,
    kept: Kept,
}

enum Kept {
    Bits(Bits),
    Pairs(Pairs),
}

/// A bit for each cell and item; of a share of the items, those from `from` on.
struct Bits {
    from: u32,
    items: u32,
    words_per_cell: usize,
    words: Vec<u64>,
}

/// An item, its line and its cell in one number, the item highest.
struct Pairs {
    pairs: Vec<u64>,
    /// Where those of the last item begin: they are put in order, and doubles taken out, when the next item comes. Events lie
    /// by visitor, so this leaves long runs that are in order, which are joined quickly in the end.
    last_item: usize,
    max: usize,
    is_full: bool,
}

/// How many pairs a thread holds.
fn pairs_max() -> usize {
    of_thread(PAIRS_MAX, 96)
}

/// Returns in how many shares there are bits; `None` if pairs are better.
fn bit_shares(layout: &Layout<'_>) -> Option<usize> {
    let bits = layout.cells().saturating_mul(layout.items.next_multiple_of(64));
    let shares = bits.div_ceil(of_thread(BITS_MAX, 2_048)).max(1);
    (!layout.grid.is_rolling && shares <= BIT_SHARES_MAX).then_some(shares)
}

/// The first item of a share.
fn share_start(layout: &Layout<'_>, share: Share, at: usize) -> u32 {
    u32::try_from(layout.items * at / share.of).unwrap_or(u32::MAX)
}

fn words_per_cell(layout: &Layout<'_>, share: Share) -> usize {
    layout.items.div_ceil(share.of).div_ceil(64).max(1)
}

impl<'a> Counter<'a> for Uniques<'a> {
    fn shares(layout: &Layout<'a>) -> usize {
        bit_shares(layout).unwrap_or(1)
    }

    fn bytes(layout: &Layout<'a>, share: Share) -> usize {
        match bit_shares(layout) {
            Some(_) => layout.cells() * words_per_cell(layout, share) * size_of::<u64>(),
            None => 2 * pairs_max() * size_of::<u64>(),
        }
    }

    fn new(layout: &'a Layout<'a>, share: Share) -> Self {
        let kept = match bit_shares(layout) {
            Some(_) => {
                let from = share_start(layout, share, share.at);
                let items = share_start(layout, share, share.at + 1) - from;
                let words_per_cell = words_per_cell(layout, share);
                let words = vec![0; layout.cells() * words_per_cell];
                Kept::Bits(Bits { from, items, words_per_cell, words })
            }
            None => Kept::Pairs(Pairs {
                pairs: Vec::new(),
                last_item: 0,
                max: pairs_max(),
                is_full: false,
            }),
        };
        Self { layout, share, kept }
    }

    fn add<const V: usize>(
        &mut self,
        part: &Part<'_, V>,
        line: &impl Fn(&[u32; V]) -> Option<usize>,
        item: &impl Fn(&Row<V>) -> u32,
    ) {
        let (layout, share) = (self.layout, self.share);
        match &mut self.kept {
            Kept::Bits(bits) => part.each(|row| {
                // Nobody is beyond all items.
                let at = item(&row).wrapping_sub(bits.from);
                if at < bits.items
                    && let Some(line) = line(&row.values)
                {
                    let cell = layout.cell(line, row.time_ms);
                    bits.words[cell * bits.words_per_cell + at as usize / 64] |= 1 << (at % 64);
                }
            }),
            Kept::Pairs(pairs) if pairs.is_full => {}
            Kept::Pairs(pairs) => part.each(|row| {
                let item = item(&row);
                if item != NOBODY
                    && let Some(line) = line(&row.values)
                    && share.has(u64::from(item) << 32 | line as u64)
                {
                    pairs.add(item, layout.cell(line, row.time_ms));
                }
            }),
        }
    }

    fn is_full(&self) -> bool {
        matches!(&self.kept, Kept::Pairs(pairs) if pairs.is_full)
    }

    fn settle(&mut self) {
        if let Kept::Pairs(pairs) = &mut self.kept {
            pairs.settle();
        }
    }

    fn absorb(&mut self, other: Self) {
        match (&mut self.kept, other.kept) {
            (Kept::Bits(bits), Kept::Bits(others)) => {
                bits.words.iter_mut().zip(others.words).for_each(|(word, other)| *word |= other);
            }
            (Kept::Pairs(pairs), Kept::Pairs(others)) => {
                pairs.pairs.extend(others.pairs);
            }
            _ => unreachable!("one layout is kept one way"),
        }
    }

    fn finish(self) -> Counted {
        match self.kept {
            Kept::Bits(bits) => bits.finish(self.layout),
            Kept::Pairs(pairs) => pairs.finish(self.layout),
        }
    }
}

impl Bits {
    fn finish(self, layout: &Layout<'_>) -> Counted {
        let mut counted = Counted::new(layout);
        let cells = layout.grid.cells.count();
        let ones = |words: &[u64]| words.iter().map(|word| u64::from(word.count_ones())).sum();
        let mut of_line = vec![0_u64; self.words_per_cell];
        for (cell, words) in self.words.chunks_exact(self.words_per_cell).enumerate() {
            counted.points[cell] = as_number(ones(words));
            if cell % cells == 0 {
                of_line.fill(0);
            }
            of_line.iter_mut().zip(words).for_each(|(all, word)| *all |= word);
            if (cell + 1) % cells == 0 {
                let total = ones(&of_line);
                counted.totals[cell / cells] = as_number(total);
                counted.any[cell / cells] = total > 0;
            }
        }
        counted
    }
}

/// The item of a pair.
fn item_of(pair: u64) -> u64 {
    pair >> 32
}

impl Pairs {
    #[inline]
    fn add(&mut self, item: u32, cell: usize) {
        let pair = u64::from(item) << 32 | cell as u64;
        match self.pairs.last().copied() {
            Some(last) if last == pair => return,
            Some(last) if item_of(last) != u64::from(item) => {
                self.order_last_item();
                if self.pairs.len() >= self.max {
                    self.compact();
                }
                self.last_item = self.pairs.len();
            }
            // One item alone may have as many as all.
            _ if self.pairs.len() >= self.max * 2 => {
                self.compact();
                self.last_item = self.pairs.len();
            }
            _ => {}
        }
        if !self.is_full {
            self.pairs.push(pair);
        }
    }

    /// Puts the pairs of the last item in order, each once.
    fn order_last_item(&mut self) {
        let pairs = &mut self.pairs[self.last_item..];
        if pairs.len() < 2 {
            return;
        }
        pairs.sort_unstable();
        let mut kept = 1;
        for at in 1..pairs.len() {
            if pairs[at] != pairs[kept - 1] {
                pairs[kept] = pairs[at];
                kept += 1;
            }
        }
        self.pairs.truncate(self.last_item + kept);
    }

    fn compact(&mut self) {
        // The stable sort is the one that makes use of runs that are in order.
        self.pairs.sort();
        self.pairs.dedup();
        if self.pairs.len() > self.max / 4 * 3 {
            self.is_full = true;
            self.pairs = Vec::new();
        }
    }

    fn settle(&mut self) {
        if !self.is_full {
            self.order_last_item();
            self.pairs.sort();
            self.pairs.dedup();
        }
    }

    fn finish(mut self, layout: &Layout<'_>) -> Counted {
        self.pairs.sort();
        self.pairs.dedup();
        let cell = |pair: &u64| usize::try_from(pair & u64::from(u32::MAX)).expect("32 bits");
        let mut sums = Sums::new(layout);
        for pairs in self.pairs.chunk_by(|a, b| item_of(*a) == item_of(*b)) {
            sums.add(pairs.iter().map(cell));
        }
        sums.finish()
    }
}

#[cfg(test)]
mod tests;
