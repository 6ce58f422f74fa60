//! Sets of persons, as a bit for each code.

use crate::bits;

/// Persons, by code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PersonSet(Vec<u64>);

impl PersonSet {
    /// Takes a bit for each person.
    pub(super) fn of_bits(bits: Vec<u64>) -> Self {
        Self(bits)
    }

    /// Starts with nobody, with room for so many.
    pub(super) fn nobody(persons: usize) -> Self {
        Self(vec![0; persons.div_ceil(64)])
    }

    /// Takes somebody in.
    pub(super) fn insert(&mut self, person: u32) {
        bits::set(&mut self.0, person as usize);
    }

    /// Returns whether somebody is in it.
    pub(super) fn has(&self, person: u32) -> bool {
        bits::has(&self.0, person as usize)
    }

    /// Returns the bits, with as many words as so many persons need: a set that was kept may be of a moment before.
    pub(super) fn words(&self, persons: usize) -> impl Iterator<Item = u64> {
        self.0.iter().copied().chain(std::iter::repeat(0)).take(persons.div_ceil(64))
    }

    /// Keeps those who are in the other, too.
    pub(super) fn and(mut self, other: &Self) -> Self {
        let words = self.0.len() * 64;
        self.0.iter_mut().zip(other.words(words)).for_each(|(word, other)| *word &= other);
        self
    }

    /// Takes in those who are in the other.
    pub(super) fn or(mut self, other: &Self) -> Self {
        let words = self.0.len() * 64;
        self.0.iter_mut().zip(other.words(words)).for_each(|(word, other)| *word |= other);
        self
    }

    /// Drops those who are in the other.
    pub(super) fn without(mut self, other: &Self) -> Self {
        let words = self.0.len() * 64;
        self.0.iter_mut().zip(other.words(words)).for_each(|(word, other)| *word &= !other);
        self
    }

    /// Returns how many there are.
    pub(crate) fn count(&self) -> u64 {
        bits::count(&self.0) as u64
    }

    /// Hands out their codes in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        bits::ones(&self.0).map(|person| u32::try_from(person).expect("codes have 32 bits"))
    }

    /// Returns how much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> u32 {
        u32::try_from(self.0.len() * 8 + size_of::<Self>()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(persons: &[u32]) -> PersonSet {
        let mut set = PersonSet::nobody(200);
        persons.iter().for_each(|person| set.insert(*person));
        set
    }

    #[test]
    fn sets_join_as_sets_do() {
        let (a, b) = (set(&[0, 63, 64, 199]), set(&[63, 100]));
        assert_eq!(a.clone().and(&b), set(&[63]));
        assert_eq!(a.clone().or(&b), set(&[0, 63, 64, 100, 199]));
        assert_eq!(a.clone().without(&b), set(&[0, 64, 199]));
        assert_eq!((a.count(), a.iter().collect::<Vec<_>>()), (4, vec![0, 63, 64, 199]));
    }

    #[test]
    fn a_set_of_a_moment_before_knows_nobody_who_came_since() {
        let before = PersonSet(vec![1]);
        assert_eq!(before.words(130).collect::<Vec<_>>(), [1, 0, 0]);
        assert_eq!(before.words(0).count(), 0);
        assert_eq!(set(&[0, 150]).and(&before), set(&[0]));
    }
}
