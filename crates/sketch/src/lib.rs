//! Percentiles that can be added up: a DDSketch (Masson, Rim, Lee: "DDSketch", VLDB 2019) of at most 1 % relative error, with
//! a stored form.
//!
//! The mathematics are the library's (`sketches-ddsketch`); here is what storing it needs: one configuration for ever, a
//! format byte, a bound on size, and a checksum, so that damaged bytes are told and never guessed at.

use sketches_ddsketch::DDSketch;

/// The first byte of the stored form. Another one is refused.
const FORMAT: u8 = 1;
/// Bytes before the library's own form: the format and the CRC-32 of what follows.
const HEADER_BYTES: usize = 5;
/// Bytes of a stored sketch. 2,048 bins of at most 11 bytes are below it.
pub const ENCODED_BYTES_MAX: usize = 32 * 1024;
/// The largest value that is told apart, 10^15; larger ones count as it. From 1 up to it no two bins ever have to be joined,
/// so that the error holds whatever is added and merged.
pub const VALUE_MAX: u64 = 1_000_000_000_000_000;

/// Why bytes are no sketch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Longer than any sketch is.
    #[error("a sketch of {0} bytes")]
    TooLong(usize),
    /// Another version wrote it.
    #[error("a sketch of format {0}, and this version reads format {FORMAT}")]
    UnknownFormat(u8),
    /// Not what was written.
    #[error("a damaged sketch")]
    Damaged,
}

/// How many values there were, of which size, to 1 %. Values are whole numbers of whatever unit the caller keeps to.
#[derive(Clone, Default)]
pub struct Sketch(DDSketch);

impl Sketch {
    /// Returns an empty sketch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value; above [`VALUE_MAX`] it counts as that.
    pub fn add(&mut self, value: u64) {
        // Below 2^53 every whole number has its own f64.
        self.0.add(value.min(VALUE_MAX) as f64);
    }

    /// Adds all that another sketch holds.
    pub fn merge(&mut self, other: &Self) {
        let merged = self.0.merge(&other.0);
        debug_assert!(merged.is_ok(), "all sketches have one configuration");
    }

    /// Returns how many values were added.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.0.count()).unwrap_or(u64::MAX)
    }

    /// Returns the value that the share `q` (0-1) of all values does not exceed, to 1 %; `None` when empty.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let value = self.0.quantile(q.clamp(0.0, 1.0)).ok()??;
        // A bin's middle may lie beyond what was added to it.
        let (low, high) = (self.0.min()?, self.0.max()?);
        // Between 0 and VALUE_MAX, since all values were.
        Some(value.clamp(low, high).round() as u64)
    }

    /// Returns the stored form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let body = self.0.to_java_bytes();
        let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
        bytes.push(FORMAT);
        bytes.extend_from_slice(&crc32fast::hash(&body).to_be_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > ENCODED_BYTES_MAX {
            return Err(DecodeError::TooLong(bytes.len()));
        }
        let (header, body) = bytes.split_at_checked(HEADER_BYTES).ok_or(DecodeError::Damaged)?;
        if header[0] != FORMAT {
            return Err(DecodeError::UnknownFormat(header[0]));
        }
        // The library trusts what it reads, so nothing that was not written by it may reach it.
        if header[1..] != crc32fast::hash(body).to_be_bytes() {
            return Err(DecodeError::Damaged);
        }
        DDSketch::from_java_bytes(body).map(Self).map_err(|_| DecodeError::Damaged)
    }
}

impl std::fmt::Debug for Sketch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Sketch")
            .field("count", &self.count())
            .field("p50", &self.quantile(0.5))
            .field("p99", &self.quantile(0.99))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUANTILES: [f64; 7] = [0.0, 0.1, 0.5, 0.9, 0.95, 0.99, 1.0];

    /// Numbers that look random and are the same each time, over nine orders of magnitude.
    fn values(count: u64, seed: u64) -> Vec<u64> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 33
        };
        (0..count)
            .map(|_| 10_u64.pow(u32::try_from(next() % 9).unwrap()) + next() % 1_000)
            .collect()
    }

    fn sketch(values: &[u64]) -> Sketch {
        let mut sketch = Sketch::new();
        for value in values {
            sketch.add(*value);
        }
        sketch
    }

    fn assert_within_one_percent(sketch: &Sketch, values: &[u64]) {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        for q in QUANTILES {
            let rank = (q * (sorted.len() - 1) as f64) as usize;
            let (exact, told) = (sorted[rank] as f64, sketch.quantile(q).unwrap() as f64);
            // Half a unit more, for rounding to a whole number.
            assert!((told - exact).abs() <= exact * 0.01 + 0.5, "{q}: {told} for {exact}");
        }
    }

    #[test]
    fn percentiles_are_within_one_percent() {
        let values = values(10_000, 7);
        assert_within_one_percent(&sketch(&values), &values);
    }

    #[test]
    fn merging_is_like_adding_all_in_any_order() {
        let (a, b) = (values(3_000, 1), values(500, 2));
        let mut ab = sketch(&a);
        ab.merge(&sketch(&b));
        let mut ba = sketch(&b);
        ba.merge(&sketch(&a));
        let all: Vec<u64> = a.iter().chain(&b).copied().collect();
        assert_eq!(ab.count(), 3_500);
        for q in QUANTILES {
            assert_eq!(ab.quantile(q), ba.quantile(q));
            assert_eq!(ab.quantile(q), sketch(&all).quantile(q));
        }
        ab.merge(&Sketch::new());
        assert_within_one_percent(&ab, &all);
    }

    #[test]
    fn what_is_stored_is_what_is_read() {
        let values = values(5_000, 3);
        let bytes = sketch(&values).encode();
        assert!(bytes.len() <= ENCODED_BYTES_MAX, "{}", bytes.len());
        let mut read = Sketch::decode(&bytes).unwrap();
        assert_eq!(read.count(), 5_000);
        assert_within_one_percent(&read, &values);
        // What was read can be merged with what was not.
        read.merge(&sketch(&values));
        assert_eq!(read.count(), 10_000);
    }

    #[test]
    fn an_empty_sketch_says_nothing() {
        let read = Sketch::decode(&Sketch::new().encode()).unwrap();
        assert_eq!((read.count(), read.quantile(0.5)), (0, None));
    }

    #[test]
    fn the_extremes_keep_their_place() {
        let mut sketch = sketch(&[0, 1, VALUE_MAX, u64::MAX]);
        assert_eq!(sketch.quantile(0.0), Some(0));
        assert_eq!(sketch.quantile(1.0), Some(VALUE_MAX));
        assert_eq!(sketch.quantile(0.34), Some(1));
        sketch.merge(&Sketch::decode(&sketch.encode()).unwrap());
        assert_eq!((sketch.count(), sketch.quantile(0.0)), (8, Some(0)));
    }

    #[test]
    fn what_is_no_sketch_is_refused() {
        let good = sketch(&[1, 2, 3]).encode();
        assert_eq!(Sketch::decode(&[]).unwrap_err(), DecodeError::Damaged);
        assert_eq!(Sketch::decode(&[FORMAT]).unwrap_err(), DecodeError::Damaged);
        let newer: Vec<u8> = std::iter::once(2).chain(good[1..].iter().copied()).collect();
        assert_eq!(Sketch::decode(&newer).unwrap_err(), DecodeError::UnknownFormat(2));
        for at in 1..good.len() {
            for bit in 0..8 {
                let mut damaged = good.clone();
                damaged[at] ^= 1 << bit;
                assert_eq!(Sketch::decode(&damaged).unwrap_err(), DecodeError::Damaged);
            }
        }
        let long = vec![FORMAT; ENCODED_BYTES_MAX + 1];
        assert_eq!(Sketch::decode(&long).unwrap_err(), DecodeError::TooLong(long.len()));
    }

    #[test]
    fn the_widest_sketch_stays_below_the_bound() {
        let mut sketch = Sketch::new();
        let mut value = 1_u64;
        while value < VALUE_MAX {
            for _ in 0..3 {
                sketch.add(value);
            }
            value += value / 100 + 1;
        }
        for _ in 0..12 {
            sketch.merge(&sketch.clone());
        }
        let bytes = sketch.encode();
        assert!(bytes.len() <= ENCODED_BYTES_MAX, "{}", bytes.len());
        assert_eq!(Sketch::decode(&bytes).unwrap().count(), sketch.count());
    }
}
