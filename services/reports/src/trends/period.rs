//! The time that a question is about, and the time before it that it is compared with.

use chrono::{DateTime, Datelike as _, Months, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;

use super::buckets::{Buckets, Interval, day_start, instant};
use crate::query::Range;

/// A range, cut into buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// Only events inside count.
    pub range: Range,
    /// The points of every line.
    pub buckets: Buckets,
    /// Whose calendar it is.
    pub zone: Tz,
}

impl Period {
    /// Cuts a range; `None` if there are too many buckets or the calendar does not reach so far.
    #[must_use]
    pub fn new(range: Range, interval: Interval, zone: Tz) -> Option<Self> {
        Some(Self { range, buckets: Buckets::new(range, interval, zone)?, zone })
    }

    /// Returns the time before, of equal length by the clocks of the zone, cut into as many buckets: each is that of this
    /// period, moved back by the length of the range. Whole months have as many months before them, however long those are.
    /// `None` if the calendar does not reach so far.
    #[must_use]
    pub fn previous(&self, interval: Interval) -> Option<Self> {
        if interval == Interval::Month
            && let Some(start_ms) = self.months_before()
        {
            let range = Range { start_ms, end_ms: self.range.start_ms };
            return Self::new(range, interval, self.zone);
        }
        let Range { start_ms, end_ms } = self.range;
        let length = wall(end_ms, self.zone)?.signed_duration_since(wall(start_ms, self.zone)?);
        let back = |time_ms| {
            if length > TimeDelta::zero() {
                moved_back(time_ms, length, self.zone)
            } else {
                // The clocks went back by more than the range is long.
                Some(time_ms - (end_ms - start_ms))
            }
        };
        let range = Range { start_ms: back(start_ms)?.min(start_ms - 1), end_ms: start_ms };
        let mut starts_ms = Vec::with_capacity(self.buckets.count());
        // Clocks that went back in between must not put a bucket before the one before it.
        let mut earliest = i64::MIN;
        for start in self.buckets.starts_ms() {
            earliest = back(*start)?.clamp(earliest, range.end_ms);
            starts_ms.push(earliest);
        }
        Some(Self { range, buckets: Buckets::at(starts_ms, range.end_ms), zone: self.zone })
    }

    /// Returns the part of a bucket that is inside the range.
    #[must_use]
    pub fn bounds(&self, bucket: usize) -> Range {
        let starts = self.buckets.starts_ms();
        let end = starts.get(bucket + 1).copied().unwrap_or(i64::MAX).min(self.range.end_ms);
        Range {
            start_ms: starts[bucket].clamp(self.range.start_ms, end.max(self.range.start_ms)),
            end_ms: end,
        }
    }

    /// Returns where as many months before the range begin as are in it; `None` if it does not begin and end with months.
    fn months_before(&self) -> Option<i64> {
        let first = wall(self.range.start_ms, self.zone)?.date();
        let end = wall(self.range.end_ms, self.zone)?.date();
        let begins = |date: chrono::NaiveDate, time_ms: i64| {
            date.day() == 1
                && day_start(date, self.zone).is_some_and(|at| at.timestamp_millis() == time_ms)
        };
        if !begins(first, self.range.start_ms) || !begins(end, self.range.end_ms) {
            return None;
        }
        let months = Months::new(u32::try_from(self.buckets.count()).ok()?);
        Some(day_start(first.checked_sub_months(months)?, self.zone)?.timestamp_millis())
    }
}

/// Returns when it was so much earlier by the clocks of a zone; `None` if the calendar does not reach so far.
pub(super) fn moved_back(time_ms: i64, length: TimeDelta, zone: Tz) -> Option<i64> {
    let earlier = wall(time_ms, zone)?.checked_sub_signed(length)?;
    Some(instant(earlier, zone)?.timestamp_millis())
}

/// Returns what the clocks of a zone show.
fn wall(time_ms: i64, zone: Tz) -> Option<NaiveDateTime> {
    Some(DateTime::from_timestamp_millis(time_ms)?.with_timezone(&zone).naive_local())
}

#[cfg(test)]
mod tests;
