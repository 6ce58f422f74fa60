//! Calendar buckets in a time zone.
//!
//! A bucket begins where the calendar says, whatever the clocks did: a day with a change of clocks has 23 or 25 hours, a
//! day whose midnight was skipped begins with the first instant after, and the hour that happens twice is two buckets.

use chrono::{
    DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, Offset as _, TimeZone as _,
};
use chrono::{TimeDelta, Timelike as _, Utc};
use chrono_tz::{GapInfo, Tz};

use crate::query::Range;

/// The most buckets a question may have.
pub const MAX_BUCKETS: usize = 10_000;

/// Fixed cells to look a bucket up by; this many for each bucket.
const CELLS_PER_BUCKET: usize = 4;

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

/// The buckets that a range touches, and a quick way to find the one of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets {
    starts_ms: Vec<i64>,
    /// By cell, the last bucket that begins at or before the cell does.
    cells: Vec<u32>,
    cell_ms: i64,
}

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
                return Some(Self::indexed(starts_ms, range.end_ms));
            }
        }
    }

    /// Returns when each bucket begins, in milliseconds since 1970.
    #[must_use]
    pub fn starts_ms(&self) -> &[i64] {
        &self.starts_ms
    }

    /// Returns how many buckets there are, at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.starts_ms.len()
    }

    /// Returns the bucket of a time inside the range.
    #[inline]
    #[must_use]
    pub fn index_of(&self, time_ms: i64) -> usize {
        let cell = (time_ms - self.starts_ms[0]) / self.cell_ms;
        let cell = usize::try_from(cell).unwrap_or(0).min(self.cells.len() - 1);
        let mut bucket = self.cells[cell] as usize;
        while self.starts_ms.get(bucket + 1).is_some_and(|start| *start <= time_ms) {
            bucket += 1;
        }
        bucket
    }

    fn indexed(starts_ms: Vec<i64>, end_ms: i64) -> Self {
        let count = starts_ms.len() * CELLS_PER_BUCKET;
        let length = (end_ms - starts_ms[0]).max(1);
        let cell_ms = length / i64::try_from(count).unwrap_or(i64::MAX) + 1;
        let mut cells = Vec::with_capacity(count);
        let mut bucket = 0;
        let mut cell_start = starts_ms[0];
        for _ in 0..count {
            while starts_ms.get(bucket + 1).is_some_and(|start| *start <= cell_start) {
                bucket += 1;
            }
            cells.push(u32::try_from(bucket).expect("there are at most 10,000 buckets"));
            cell_start += cell_ms;
        }
        Self { starts_ms, cells, cell_ms }
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
fn day_start(date: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = date.and_time(NaiveTime::MIN);
    if let Some(start) = zone.from_local_datetime(&midnight).earliest() {
        return Some(start.with_timezone(&Utc));
    }
    let gap = GapInfo::new(&midnight, &zone)?;
    match gap.end {
        Some(end) => Some(end.with_timezone(&Utc)),
        // Not known to the zone's table: midnight by the offset before the gap.
        None => midnight
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
