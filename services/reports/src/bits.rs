//! Sets of small numbers as bits in words of 64, the lowest bit of the first word being 0.

/// Returns how many words hold so many bits, at least one.
pub(crate) fn words(bits: usize) -> usize {
    bits.div_ceil(64).max(1)
}

/// Iterates over the bits that are set, in rising order.
#[inline]
pub(crate) fn ones(words: &[u64]) -> impl Iterator<Item = usize> {
    let (first, rest) = words.split_first().map_or((0, words), |(first, rest)| (*first, rest));
    Ones { word: first, before: 0, rest }
}

/// Returns the lowest bit that is set.
pub(crate) fn lowest(words: &[u64]) -> Option<usize> {
    let at = words.iter().position(|word| *word != 0)?;
    Some(at * 64 + words[at].trailing_zeros() as usize)
}

/// Returns the highest bit that is set.
pub(crate) fn highest(words: &[u64]) -> Option<usize> {
    let at = words.iter().rposition(|word| *word != 0)?;
    Some(at * 64 + words[at].ilog2() as usize)
}

/// Returns whether a bit is set; one beyond the words is not.
#[inline]
pub(crate) fn has(words: &[u64], bit: usize) -> bool {
    words.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
}

/// Sets a bit that is inside the words.
#[inline]
pub(crate) fn set(words: &mut [u64], bit: usize) {
    words[bit / 64] |= 1 << (bit % 64);
}

/// Returns how many bits are set.
pub(crate) fn count(words: &[u64]) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

/// The bits that are left to hand out.
struct Ones<'a> {
    /// Those of one word.
    word: u64,
    /// How many bits are in the words before it.
    before: usize,
    /// The words after it.
    rest: &'a [u64],
}

impl Iterator for Ones<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.word == 0 {
            let (next, rest) = self.rest.split_first()?;
            (self.word, self.rest) = (*next, rest);
            self.before += 64;
        }
        let bit = self.before + self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        Some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_found_across_words() {
        let set = [1 << 3 | 1 << 63, 0, 1 << 5];
        assert_eq!(ones(&set).collect::<Vec<_>>(), [3, 63, 133]);
        assert_eq!((lowest(&set), highest(&set), count(&set)), (Some(3), Some(133), 3));
        let mut other = [0; 3];
        ones(&set).for_each(|bit| super::set(&mut other, bit));
        assert_eq!(set, other);
        assert!(has(&set, 63) && !has(&set, 64) && has(&set, 133) && !has(&set, 1_000));
    }

    #[test]
    fn no_bits_have_no_ends() {
        assert_eq!((lowest(&[0, 0]), highest(&[0, 0]), ones(&[0]).next()), (None, None, None));
        assert_eq!((words(0), words(1), words(64), words(65)), (1, 1, 1, 2));
    }
}
