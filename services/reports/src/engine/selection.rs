//! Which rows of a part are selected.

use crate::bits;

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
    pub(super) fn by_value<T: Copy>(values: &[T], passes: impl Fn(T) -> bool) -> Self {
        let (whole, rest) = values.as_chunks::<64>();
        let words = whole.iter().map(|some| word(some, &passes));
        let rest = (!rest.is_empty()).then(|| word(rest, &passes));
        Self::of_words(words.chain(rest).collect(), values.len())
    }

    /// Likewise, where values are not at hand as a list.
    #[inline]
    pub(super) fn by_row<T: Copy>(
        values: impl ExactSizeIterator<Item = T>,
        passes: impl Fn(T) -> bool,
    ) -> Self {
        let count = values.len();
        let mut words = vec![0_u64; count.div_ceil(64)];
        for (row, value) in values.enumerate() {
            words[row / 64] |= u64::from(passes(value)) << (row % 64);
        }
        Self::of_words(words, count)
    }

    fn of_words(words: Vec<u64>, count: usize) -> Self {
        match words.iter().map(|word| word.count_ones() as usize).sum::<usize>() {
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

    /// Returns how many of so many rows are selected.
    pub(super) fn count(&self, count: usize) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Everything => count,
            Self::Rows(words) => bits::count(words),
        }
    }

    /// Calls `each` with every selected row of so many. It is called in one place only, so that it is compiled into the loop.
    #[inline]
    pub(super) fn each(&self, count: usize, mut each: impl FnMut(usize)) {
        let words = match self {
            Self::Nothing => return,
            Self::Everything => None,
            Self::Rows(words) => Some(words.as_slice()),
        };
        let mut listed = [0_u8; 64];
        for start in (0..count).step_by(64) {
            let rows = match words.map_or(u64::MAX, |words| words[start / 64]) {
                u64::MAX => &FIRST_64[..(count - start).min(64)],
                word => list(word, &mut listed),
            };
            for row in rows {
                each(start + usize::from(*row));
            }
        }
    }
}

/// The numbers of all bits of a word.
const FIRST_64: [u8; 64] = {
    let mut numbers = [0; 64];
    let mut at = 0;
    while at < 64 {
        numbers[at as usize] = at;
        at += 1;
    }
    numbers
};

/// Lists the bits of a word that are set.
fn list(mut word: u64, to: &mut [u8; 64]) -> &[u8] {
    let count = word.count_ones() as usize;
    for place in &mut to[..count] {
        *place = u8::try_from(word.trailing_zeros()).unwrap_or(u8::MAX);
        word &= word - 1;
    }
    &to[..count]
}

/// Returns a bit for each of up to 64 values. First as bytes, since the processor compares many values at once to such; then
/// each eight bytes, which are 0 or 1, are multiplied so that they come to lie side by side in the highest byte.
#[inline]
fn word<T: Copy>(values: &[T], passes: &impl Fn(T) -> bool) -> u64 {
    let mut verdicts = [0_u8; 64];
    for (verdict, value) in verdicts.iter_mut().zip(values) {
        *verdict = u8::from(passes(*value));
    }
    let (eights, _) = verdicts.as_chunks::<8>();
    eights.iter().rev().fold(0, |word, eight| {
        let side_by_side = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word << 8 | side_by_side
    })
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
    fn values_of_a_list_are_told_like_those_that_come_one_by_one() {
        for count in [0, 1, 63, 64, 65, 200] {
            let values: Vec<u16> = (0..).take(count).collect();
            for passes in [|value| value % 7 == 3, |value| value > 63, |_| true, |_| false] {
                let listed = Selection::by_value(&values, passes);
                assert_eq!(listed, Selection::by_row(values.iter().copied(), passes), "{count}");
            }
        }
    }

    #[test]
    fn every_selected_row_is_handed_out_once() {
        let mut rows = Vec::new();
        of(130, |row| row % 64 == 1).each(130, |row| rows.push(row));
        assert_eq!(rows, [1, 65, 129]);
    }
}
