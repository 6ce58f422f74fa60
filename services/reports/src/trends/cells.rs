//! Looking up in which of many stretches of time a time is.

/// Fixed slots to look a stretch up by; at least this many for each stretch, and at most twice as many.
const SLOTS_PER_CELL: usize = 4;

/// Stretches of time, one after the other, and a quick way to find the one of a time.
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
