//! A fast hash of texts, with a secret key.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;

/// Hashes texts.
///
/// Texts come from the outside, through keys that are public, and whoever could make many of one hash could make each look
/// take as long as there are texts. What a hash is depends on 64 bits that are drawn for the process and on 64 more for each value
/// of this type, with the keys that `RandomState` has of the operating system. To find out about them takes hashes, or how long
/// looks take, and neither is to be had from outside: texts are looked up after the request was answered, many at a time, and no
/// answer lists anything in the order of hashes.
#[derive(Debug)]
pub(super) struct KeyedHash(SeedableRandomState);

impl Default for KeyedHash {
    fn default() -> Self {
        static SHARED: LazyLock<SharedSeed> = LazyLock::new(|| SharedSeed::from_u64(drawn()));
        Self(SeedableRandomState::with_seed(drawn(), &SHARED))
    }
}

fn drawn() -> u64 {
    RandomState::new().hash_one(())
}

impl KeyedHash {
    /// Returns half of the hash of a text; [`spread`] makes a whole one of it.
    #[inline]
    pub(super) fn of(&self, text: &str) -> u32 {
        let [a, b, c, d, ..] = self.0.hash_one(text).to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }
}

/// Spreads half a hash over all bits, of which tables use the lowest and the highest.
#[inline]
pub(super) fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_key_of_its_own() {
        let (one, other) = (KeyedHash::default(), KeyedHash::default());
        let texts: Vec<String> = (0..100).map(|n| format!("visitor {n}")).collect();
        assert!(texts.iter().all(|text| one.of(text) == one.of(text)));
        assert!(texts.iter().filter(|text| one.of(text) == other.of(text)).count() < 3);
    }
}
