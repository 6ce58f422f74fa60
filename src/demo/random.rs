//! Randomness that is the same for the same seed on every machine and in every version, so that a run that was cut short can be
//! taken up again.

use std::f64::consts::TAU;

/// A stream of numbers: `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// Returns the stream of one thing, such as person 7; streams of different names or numbers have nothing in common.
    pub(super) fn of(seed: u64, name: &str, number: u64) -> Self {
        // FNV-1a.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut mixed = Self(seed ^ hash.rotate_left(17));
        let start = mixed.next() ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93);
        Self(start)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 up to, and without, 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a whole number below another, which is at least 1.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Returns true so often.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// Returns one of a list that is not empty, each as often as its weight says.
    pub(super) fn weighted<'a, T>(&mut self, list: &'a [T], weight: impl Fn(&T) -> f64) -> &'a T {
        let total: f64 = list.iter().map(&weight).sum();
        let mut left = self.fraction() * total;
        for one in list {
            left -= weight(one);
            if left < 0.0 {
                return one;
            }
        }
        list.last().expect("the demo's lists are constants and not empty")
    }

    /// Returns a waiting time with this mean.
    pub(super) fn waiting(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.fraction()).ln()
    }

    /// Returns a duration, a length, a price: log-normal with this median; `sigma` says how far it spreads.
    pub(super) fn around(&mut self, median: f64, sigma: f64) -> f64 {
        // Box and Muller.
        let radius = (-2.0 * (1.0 - self.fraction()).ln()).sqrt();
        let normal = radius * (TAU * self.fraction()).cos();
        median * (sigma * normal).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_the_same_for_the_same_name_and_number() {
        let draw = |seed, name, number| Random::of(seed, name, number).next();
        assert_eq!(draw(1, "person", 7), draw(1, "person", 7));
        assert_ne!(draw(1, "person", 7), draw(1, "person", 8));
        assert_ne!(draw(1, "person", 7), draw(1, "visit", 7));
        assert_ne!(draw(1, "person", 7), draw(2, "person", 7));
        // Data of a run that was begun with another version must go on as it began.
        assert_eq!(draw(1, "person", 7), 7_176_637_177_513_998_949);
    }

    #[test]
    fn half_of_log_normal_numbers_are_above_the_median() {
        let mut random = Random::of(1, "test", 0);
        let above = (0..10_000).filter(|_| random.around(40.0, 0.6) > 40.0).count();
        assert!((4_800..5_200).contains(&above), "{above}");
    }
}
