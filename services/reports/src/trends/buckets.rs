//! Calendar buckets in a time zone.
//!
//! A bucket begins where the calendar says, whatever the clocks did: a day with a change of clocks has 23 or 25 hours, a
//! day whose midnight was skipped begins with the first instant after, and the hour that happens twice is two buckets.

use chrono::{
    DateTime, Datelike as _, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset as _,
    TimeZone as _,
};
use chrono::{TimeDelta, Timelike as _, Utc};
use chrono_tz::{GapInfo, Tz};

use super::cells::Cells;
use crate::query::Range;

/// The most buckets a question may have.
pub const MAX_BUCKETS: usize = 10_000;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// The length of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// From full hour to full hour.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first of a month to the next.
    Month,
}

/// The buckets that a range touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets(Cells);

impl Buckets {
    /// Lays out the buckets; `None` if there are more than [`MAX_BUCKETS`] or the calendar does not reach so far.
    #[must_use]
    pub fn new(range: Range, interval: Interval, zone: Tz) -> Option<Self> {
        let start = DateTime::from_timestamp_millis(range.start_ms)?;
        let mut starts_ms = Vec::new();
        let mut steps = Steps::new(start, interval, zone)?;
        let mut next = steps.start_ms();
        loop {
            if starts_ms.len() == MAX_BUCKETS {
                return None;
            }
            starts_ms.push(next);
            // A day that a zone skipped whole begins when the next one does, and is no bucket.
            while next <= starts_ms[starts_ms.len() - 1] {
                steps.advance()?;
                next = steps.start_ms();
            }
            if next >= range.end_ms {
                return Some(Self(Cells::new(starts_ms, range.end_ms)));
            }
        }
    }

    /// Takes buckets that begin at these times, in order, at least one; the last one ends at `end_ms`.
    pub(super) fn at(starts_ms: Vec<i64>, end_ms: i64) -> Self {
        Self(Cells::new(starts_ms, end_ms))
    }

    /// Returns when each bucket begins, in milliseconds since 1970.
    #[must_use]
    pub fn starts_ms(&self) -> &[i64] {
        self.0.starts_ms()
    }

    /// Returns how many buckets there are, at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.count()
    }

    /// Returns the bucket of a time inside the range.
    #[inline]
    #[must_use]
    pub fn index_of(&self, time_ms: i64) -> usize {
        self.0.index_of(time_ms)
    }

    /// Returns the buckets as cells to look up.
    #[must_use]
    pub fn cells(&self) -> &Cells {
        &self.0
    }
}

/// Walks from bucket to bucket.
enum Steps {
    Hours { zone: Tz, start: DateTime<Utc> },
    Dates { zone: Tz, date: NaiveDate, start: DateTime<Utc>, interval: Interval },
}

impl Steps {
    fn new(time: DateTime<Utc>, interval: Interval, zone: Tz) -> Option<Self> {
        let date = time.with_timezone(&zone).date_naive();
        let date = match interval {
            Interval::Hour => return Some(Self::Hours { zone, start: hour_start(time, zone) }),
            Interval::Day => date,
            Interval::Week => {
                date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into()))?
            }
            Interval::Month => date.with_day(1)?,
        };
        Some(Self::Dates { zone, date, start: day_start(date, zone)?, interval })
    }

    fn start_ms(&self) -> i64 {
        let (Self::Hours { start, .. } | Self::Dates { start, .. }) = self;
        start.timestamp_millis()
    }

    fn advance(&mut self) -> Option<()> {
        match self {
            Self::Hours { zone, start } => *start = next_hour_start(*start, *zone)?,
            Self::Dates { zone, date, start, interval } => {
                *date = match interval {
                    Interval::Month => date.checked_add_months(Months::new(1))?,
                    Interval::Week => date.checked_add_days(Days::new(7))?,
                    Interval::Day | Interval::Hour => date.checked_add_days(Days::new(1))?,
                };
                *start = day_start(*date, *zone)?;
            }
        }
        Some(())
    }
}

/// Returns the first instant of a date.
pub(super) fn day_start(date: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    instant(date.and_time(NaiveTime::MIN), zone)
}

/// Returns when the clocks of a zone show a time: the first of two instants, and the end of the gap for one that is skipped.
pub(super) fn instant(wall: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    if let Some(start) = zone.from_local_datetime(&wall).earliest() {
        return Some(start.with_timezone(&Utc));
    }
    let gap = GapInfo::new(&wall, &zone)?;
    match gap.end {
        Some(end) => Some(end.with_timezone(&Utc)),
        // Not known to the zone's table: the time by the offset before the gap.
        None => wall
            .and_utc()
            .checked_sub_signed(TimeDelta::seconds(gap.begin?.1.fix().local_minus_utc().into())),
    }
}

/// How far the time is into its hour on the wall.
fn into_hour(time: DateTime<Utc>, zone: Tz) -> TimeDelta {
    let local = time.with_timezone(&zone);
    let seconds = i64::from(local.minute() * 60 + local.second());
    TimeDelta::seconds(seconds) + TimeDelta::nanoseconds(local.nanosecond().into())
}

/// Returns the last full hour on the wall at or before the time.
fn hour_start(time: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let mut start = time - into_hour(time, zone);
    // A change of clocks by half an hour inside the hour leaves us beside a full one; the next step back finds it.
    while into_hour(start, zone) != TimeDelta::zero() {
        start -= into_hour(start, zone);
    }
    start
}

/// Returns the next full hour on the wall after one.
fn next_hour_start(start: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
    let hour = TimeDelta::milliseconds(HOUR_MS);
    let mut next = start.checked_add_signed(hour)?;
    loop {
        let into = into_hour(next, zone);
        if into == TimeDelta::zero() {
            return Some(next);
        }
        next = next.checked_add_signed(hour - into)?;
    }
}

#[cfg(test)]
mod tests;
