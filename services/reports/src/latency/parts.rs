//! Into which parts a range is cut, so that a chart of any range has enough of them and whole hours are read as such.

use super::{HOUR_MS, MINUTE_MS};

/// A range that was widened to whole parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The first millisecond.
    pub start_ms: i64,
    /// The first millisecond after.
    pub end_ms: i64,
    /// The length of a part.
    pub length_ms: i64,
}

/// Lengths of parts, shortest first: those above an hour are whole hours.
const LENGTHS_MS: [i64; 12] = [
    MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    15 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    4 * HOUR_MS,
    6 * HOUR_MS,
    12 * HOUR_MS,
    24 * HOUR_MS,
    48 * HOUR_MS,
    96 * HOUR_MS,
];

impl Parts {
    /// Cuts a range into as many parts as possible, at most `max`.
    #[must_use]
    pub fn new(start_ms: i64, end_ms: i64, max: i64) -> Self {
        let widened = |length_ms: i64| Self {
            start_ms: start_ms.div_euclid(length_ms) * length_ms,
            end_ms: (end_ms + length_ms - 1).div_euclid(length_ms) * length_ms,
            length_ms,
        };
        let fitting = LENGTHS_MS.into_iter().map(widened).find(|parts| parts.count() <= max);
        fitting.unwrap_or_else(|| widened(LENGTHS_MS[LENGTHS_MS.len() - 1]))
    }

    /// Returns how many parts there are.
    #[must_use]
    pub fn count(&self) -> i64 {
        (self.end_ms - self.start_ms) / self.length_ms
    }

    /// Returns the start of each part, oldest first.
    pub fn starts(&self) -> impl Iterator<Item = i64> + use<> {
        let Self { start_ms, length_ms, .. } = *self;
        (0..self.count()).map(move |at| start_ms + at * length_ms)
    }

    /// Returns the place of the part that begins then.
    #[must_use]
    pub fn place(&self, start_ms: i64) -> Option<usize> {
        let at = (start_ms - self.start_ms).div_euclid(self.length_ms);
        (0..self.count()).contains(&at).then(|| usize::try_from(at).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_has_many_parts_and_not_too_many() {
        for (hours, max, length_ms) in [
            (1, 60, 5 * MINUTE_MS),
            (1, 200, MINUTE_MS),
            (24, 60, HOUR_MS),
            (24, 200, 10 * MINUTE_MS),
            (7 * 24, 60, 4 * HOUR_MS),
            (7 * 24, 200, HOUR_MS),
            (90 * 24, 60, 48 * HOUR_MS),
            (90 * 24, 200, 12 * HOUR_MS),
        ] {
            let parts = Parts::new(123_456, 123_456 + hours * HOUR_MS, max);
            assert_eq!(parts.length_ms, length_ms, "{hours} hours in {max}");
            assert!(parts.count() <= max && parts.start_ms <= 123_456);
            assert!(parts.end_ms >= 123_456 + hours * HOUR_MS);
            assert_eq!(parts.starts().count() as i64, parts.count());
            assert_eq!(parts.place(parts.end_ms), None);
            assert_eq!(parts.place(parts.start_ms), Some(0));
        }
    }
}
