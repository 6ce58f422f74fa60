//! Which cells answer a question: whole hours where a bucket holds them, minutes where it does not.

use super::{HOUR_MS, hour_of};
use crate::spans::cell::Level;

/// A question's range and buckets, in whole minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buckets {
    /// The first millisecond.
    pub start_ms: i64,
    /// The first millisecond after.
    pub end_ms: i64,
    /// The length of a bucket; the last one may be shorter.
    pub length_ms: i64,
}

/// Cells of one level that begin in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// How fine.
    pub level: Level,
    /// The first millisecond.
    pub start_ms: i64,
    /// The first millisecond after.
    pub end_ms: i64,
}

impl Buckets {
    /// Returns the place of the bucket that a cell belongs to. A cell may begin before the range, if it is an hour whose minutes
    /// are gone.
    #[must_use]
    pub fn place_of(&self, at_ms: i64) -> i64 {
        (at_ms - self.start_ms).max(0) / self.length_ms
    }

    /// Returns the start of the bucket at a place.
    #[must_use]
    pub fn start_of(&self, place: i64) -> i64 {
        self.start_ms + place * self.length_ms
    }

    /// Returns the cells to read, joined where they follow each other.
    #[must_use]
    pub fn pieces(&self, minutes_since_ms: i64, now_ms: i64) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut hour = hour_of(self.start_ms);
        while hour < self.end_ms {
            let piece = self.piece(hour, minutes_since_ms, now_ms);
            match pieces.last_mut() {
                Some(last) if last.level == piece.level && last.end_ms == piece.start_ms => {
                    last.end_ms = piece.end_ms;
                }
                _ => pieces.push(piece),
            }
            hour += HOUR_MS;
        }
        pieces
    }

    fn piece(&self, hour: i64, minutes_since_ms: i64, now_ms: i64) -> Piece {
        let end = hour + HOUR_MS;
        // What is still to come cannot be in an hour, so that a range that reaches up to now holds the hour that has begun.
        let inside = hour >= self.start_ms && (end <= self.end_ms || self.end_ms >= now_ms);
        let last = end.min(self.end_ms) - 1;
        let in_one_bucket = self.place_of(hour) == self.place_of(last);
        if (inside && in_one_bucket) || hour < minutes_since_ms {
            Piece { level: Level::Hour, start_ms: hour, end_ms: end }
        } else {
            let (start_ms, end_ms) = (hour.max(self.start_ms), end.min(self.end_ms));
            Piece { level: Level::Minute, start_ms, end_ms }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::MINUTE_MS;
    use super::*;

    fn minutes(start: i64, end: i64, length: i64) -> Buckets {
        Buckets {
            start_ms: start * MINUTE_MS,
            end_ms: end * MINUTE_MS,
            length_ms: length * MINUTE_MS,
        }
    }

    fn pieces(buckets: Buckets, minutes_since: i64, now: i64) -> Vec<(Level, i64, i64)> {
        let pieces = buckets.pieces(minutes_since * MINUTE_MS, now * MINUTE_MS);
        pieces
            .iter()
            .map(|piece| (piece.level, piece.start_ms / MINUTE_MS, piece.end_ms / MINUTE_MS))
            .collect()
    }

    #[test]
    fn whole_hours_are_read_as_hours_and_the_ends_as_minutes() {
        assert_eq!(
            pieces(minutes(30, 190, 160), 0, 1_000),
            [(Level::Minute, 30, 60), (Level::Hour, 60, 180), (Level::Minute, 180, 190)]
        );
    }

    #[test]
    fn a_range_up_to_now_takes_the_hour_that_has_begun_whole() {
        assert_eq!(pieces(minutes(60, 190, 130), 0, 190), [(Level::Hour, 60, 240)]);
        assert_eq!(pieces(minutes(120, 190, 60), 0, 190), [(Level::Hour, 120, 240)]);
    }

    #[test]
    fn buckets_shorter_than_an_hour_need_minutes() {
        assert_eq!(pieces(minutes(60, 180, 15), 0, 1_000), [(Level::Minute, 60, 180)]);
        // Buckets of 90 minutes: of each second one, the middle hour is cut.
        assert_eq!(
            pieces(minutes(0, 180, 90), 0, 1_000),
            [(Level::Hour, 0, 60), (Level::Minute, 60, 120), (Level::Hour, 120, 180)]
        );
    }

    #[test]
    fn where_minutes_are_gone_an_hour_belongs_to_where_it_begins() {
        let buckets = minutes(30, 190, 15);
        assert_eq!(pieces(buckets, 120, 1_000), [(Level::Hour, 0, 120), (Level::Minute, 120, 190)]);
        assert_eq!((buckets.place_of(0), buckets.place_of(60 * MINUTE_MS)), (0, 2));
    }
}
