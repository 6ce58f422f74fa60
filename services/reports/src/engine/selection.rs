//! Which rows of a part are selected.

/// A bit for each row, or less where all are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Selection {
    /// No row.
    Nothing,
    /// Every row.
    Everything,
    /// Those whose bit is set; the first row is the lowest bit of the first word, and bits beyond the last row are 0.
    Rows(Vec<u64>),
}

impl Selection {
    /// Selects every row or none.
    pub(super) fn of(everything: bool) -> Self {
        if everything { Self::Everything } else { Self::Nothing }
    }

    /// Selects the rows whose value passes.
    #[inline]
    pub(super) fn by_row<T: Copy>(
        values: impl ExactSizeIterator<Item = T>,
        passes: impl Fn(T) -> bool,
    ) -> Self {
        let count = values.len();
        let mut words = Vec::with_capacity(count.div_ceil(64));
        let mut values = values;
        let mut selected = 0;
        for first in (0..count).step_by(64) {
            let mut word = 0_u64;
            for bit in 0..(count - first).min(64) {
                let value = values.next().expect("as many as there are");
                word |= u64::from(passes(value)) << bit;
            }
            selected += word.count_ones() as usize;
            words.push(word);
        }
        match selected {
            0 => Self::Nothing,
            all if all == count => Self::Everything,
            _ => Self::Rows(words),
        }
    }

    /// Selects what both do.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::Everything, one) | (one, Self::Everything) => one,
            (Self::Rows(mut words), Self::Rows(others)) => {
                words.iter_mut().zip(others).for_each(|(word, other)| *word &= other);
                if words.iter().all(|word| *word == 0) { Self::Nothing } else { Self::Rows(words) }
            }
        }
    }

    /// Selects what either does.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everything, _) | (_, Self::Everything) => Self::Everything,
            (Self::Nothing, one) | (one, Self::Nothing) => one,
            (Self::Rows(mut words), Self::Rows(others)) => {
                words.iter_mut().zip(others).for_each(|(word, other)| *word |= other);
                Self::Rows(words)
            }
        }
    }

    /// Calls `each` with every selected row of so many.
    #[inline]
    pub(super) fn each(&self, count: usize, mut each: impl FnMut(usize)) {
        match self {
            Self::Nothing => {}
            Self::Everything => (0..count).for_each(each),
            Self::Rows(words) => {
                for (at, word) in words.iter().enumerate() {
                    let mut rest = *word;
                    while rest != 0 {
                        each(at * 64 + rest.trailing_zeros() as usize);
                        rest &= rest - 1;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(count: usize, is_selected: impl Fn(usize) -> bool) -> Selection {
        Selection::by_row(0..count, is_selected)
    }

    #[test]
    fn selections_join_as_sets_do() {
        let (evens, threes) = (of(130, |row| row % 2 == 0), of(130, |row| row % 3 == 0));
        assert_eq!(evens.clone().and(threes.clone()), of(130, |row| row % 6 == 0));
        let either = of(130, |row| row % 2 == 0 || row % 3 == 0);
        assert_eq!(evens.clone().or(threes), either);
        assert_eq!(evens.clone().and(Selection::Everything), evens);
        assert_eq!(evens.clone().or(Selection::Nothing), evens);
        let odds = of(130, |row| row % 2 == 1);
        assert_eq!(evens.and(odds), Selection::Nothing);
        assert_eq!(of(130, |_| true), Selection::Everything);
    }

    #[test]
    fn every_selected_row_is_handed_out_once() {
        let mut rows = Vec::new();
        of(130, |row| row % 64 == 1).each(130, |row| rows.push(row));
        assert_eq!(rows, [1, 65, 129]);
    }
}
