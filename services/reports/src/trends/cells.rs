//! Looking up in which of many cells of time a time is.

/// Fixed slots to look a cell up by; at least this many for each cell, and at most twice as many.
const SLOTS_PER_CELL: usize = 4;

/// Cells of time, one after the other, and a quick way to find the one of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cells {
    /// In order. Of several that begin at once, all but the last are empty.
    starts_ms: Vec<i64>,
    /// By slot, the last cell that begins at or before the slot does.
    first_of: Vec<u32>,
    /// A slot is as many milliseconds as this power of two: a division for each event would cost more than all else.
    shift: u32,
}

impl Cells {
    /// Lays out cells that begin at these times, at least one, in order; the last one ends at `end_ms`.
    #[must_use]
    pub fn new(starts_ms: Vec<i64>, end_ms: i64) -> Self {
        let length = end_ms.saturating_sub(starts_ms[0]).max(1).cast_unsigned();
        let wanted = (starts_ms.len() * SLOTS_PER_CELL) as u64;
        let shift = (length / wanted).checked_ilog2().unwrap_or(0);
        let slots = usize::try_from((length - 1) >> shift).expect("few slots") + 1;
        let mut first_of = Vec::with_capacity(slots);
        let mut cell = 0;
        let mut slot_start = starts_ms[0];
        for _ in 0..slots {
            while starts_ms.get(cell + 1).is_some_and(|start| *start <= slot_start) {
                cell += 1;
            }
            first_of.push(u32::try_from(cell).expect("few cells"));
            slot_start = slot_start.saturating_add(1 << shift);
        }
        Self { starts_ms, first_of, shift }
    }

    /// Returns when each begins, in milliseconds since 1970.
    #[must_use]
    pub fn starts_ms(&self) -> &[i64] {
        &self.starts_ms
    }

    /// Returns how many there are, at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.starts_ms.len()
    }

    /// Returns the cell of a time from the first start on and before the end.
    #[inline]
    #[must_use]
    pub fn index_of(&self, time_ms: i64) -> usize {
        let offset = time_ms.saturating_sub(self.starts_ms[0]).max(0).cast_unsigned() >> self.shift;
        let slot = usize::try_from(offset).unwrap_or(usize::MAX).min(self.first_of.len() - 1);
        let mut cell = self.first_of[slot] as usize;
        while self.starts_ms.get(cell + 1).is_some_and(|start| *start <= time_ms) {
            cell += 1;
        }
        cell
    }
}

/// The most slots of a stretch; it has more only where cells would be told apart by less than a slot.
const STRETCH_SLOTS_MAX: usize = 1 << 14;

/// The cells that a stretch of time touches, looked up by milliseconds from its first instant in 32 bits, mostly without a
/// branch that depends on the time: rows lie by visitor, so their times jump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    slots: Vec<Slot>,
    /// A slot is as many milliseconds as this power of two.
    shift: u32,
    /// Where each cell begins, from the first one that it touches, if a slot may hold more than one start.
    crowded: Vec<u32>,
    first: usize,
}

/// A slot of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    /// The last cell that begins at or before the slot does.
    cell: u32,
    /// When the next one begins; [`u32::MAX`] if none does.
    next: u32,
}

impl Stretch {
    /// Looks at the cells from one time to another, both inclusive and less than 2^32 milliseconds apart.
    pub(crate) fn new(cells: &Cells, first_ms: i64, last_ms: i64) -> Self {
        let first = cells.index_of(first_ms);
        let after = cells.starts_ms[first + 1..].iter().take_while(|start| **start <= last_ms);
        let after = after.map(|start| offset(*start, first_ms));
        let starts: Vec<u32> = std::iter::once(0).chain(after).collect();
        let length = offset(last_ms, first_ms);
        let shortest = starts.windows(2).map(|two| two[1] - two[0]).filter(|length| *length > 0);
        let shortest = shortest.min().unwrap_or(length);
        let fewest = (length as usize / STRETCH_SLOTS_MAX).checked_ilog2().map_or(0, |log| log + 1);
        let shift = shortest.checked_ilog2().unwrap_or(0).max(fewest);
        let slot = |slot: u32| {
            let after = starts.partition_point(|start| *start <= slot << shift);
            Slot {
                cell: code(first + after - 1),
                next: starts.get(after).copied().unwrap_or(u32::MAX),
            }
        };
        let slots = (0..=length >> shift).map(slot).collect();
        // Of several cells that begin at once, only the last one is not empty.
        let is_crowded = starts.windows(2).any(|two| two[1] - two[0] < 1 << shift);
        let crowded = if is_crowded { starts } else { Vec::new() };
        Self { slots, shift, crowded, first }
    }

    /// Returns the one cell that it touches; `None` if there are more.
    pub(crate) fn only(&self) -> Option<usize> {
        let is_one = self.crowded.is_empty() && self.slots.iter().all(|slot| slot.next == u32::MAX);
        is_one.then_some(self.first)
    }

    /// Returns the cell of a time, in milliseconds from the first instant.
    #[inline]
    pub(crate) fn index_of(&self, time: u32) -> usize {
        if !self.crowded.is_empty() {
            return self.first + self.crowded.partition_point(|start| *start <= time) - 1;
        }
        let slot = self.slots[(time >> self.shift) as usize];
        slot.cell as usize + usize::from(time >= slot.next)
    }
}

fn offset(time_ms: i64, from_ms: i64) -> u32 {
    u32::try_from(time_ms - from_ms).expect("a stretch is shorter than 2^32 milliseconds")
}

fn code(number: usize) -> u32 {
    u32::try_from(number).expect("few cells")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_finds_the_cells_that_all_cells_find() {
        let starts =
            [vec![0, 10, 10, 11, 500, 1_000], vec![0, 100, 200, 300], vec![-5], vec![0, 7]];
        for starts in starts {
            let cells = Cells::new(starts, 2_000);
            for (first, last) in [(0, 1_999), (10, 10), (9, 12), (250, 600), (1_500, 1_999)] {
                let stretch = Stretch::new(&cells, first, last);
                for time in first..=last {
                    let offset = u32::try_from(time - first).expect("small");
                    assert_eq!(stretch.index_of(offset), cells.index_of(time), "{first} {time}");
                }
                let touched = cells.index_of(last) - cells.index_of(first);
                assert_eq!(stretch.only(), (touched == 0).then(|| cells.index_of(first)));
            }
        }
    }

    #[test]
    fn times_before_the_first_cell_and_after_the_last_one_are_in_those() {
        let cells = Cells::new(vec![100, 200], 300);
        let stretch = Stretch::new(&cells, 0, 1_000);
        assert_eq!([0, 99, 150, 250, 1_000].map(|time| stretch.index_of(time)), [0, 0, 0, 1, 1]);
    }
}
