//! When an event happened, as its sender says, and when we say it did.

use chrono::{DateTime, Utc};

use super::json::decode_string;
use super::limits::{FIRST_MILLISECONDS, FUTURE_MAX};
use super::reject::{Code, Reject};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// The sender's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SentTime {
    /// None was given.
    #[default]
    Absent,
    /// In milliseconds since 1970.
    Millis(i64),
    /// One was given that cannot be read.
    Unreadable,
}

/// The time an event is kept with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FixedTime {
    /// In milliseconds since 1970.
    pub(crate) millis: i64,
    /// Whether the sender's time was too far ahead to be believed.
    pub(crate) clamped: bool,
}

/// When a request was received, and how far its sender's clock is from ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    /// By our clock.
    pub(crate) at: DateTime<Utc>,
    skew_ms: i64,
}

impl Received {
    /// Compares the sender's `sent_at` with our clock. One that is absent or cannot be read corrects nothing.
    pub(crate) fn new(at: DateTime<Utc>, sent: SentTime) -> Self {
        let skew_ms = match sent {
            SentTime::Millis(millis) => at.timestamp_millis().saturating_sub(millis),
            SentTime::Absent | SentTime::Unreadable => 0,
        };
        Self { at, skew_ms }
    }

    /// Returns by how many milliseconds the sender's clock is behind ours.
    pub(crate) fn skew_ms(self) -> i64 {
        self.skew_ms
    }
}

impl SentTime {
    /// Reads the text of a JSON value: RFC 3339 text, or a number of seconds or milliseconds since 1970.
    pub(crate) fn from_json(value: &str) -> Self {
        match value.as_bytes().first() {
            Some(b'"') => Self::from_text(decode_string(value).trim()),
            Some(b'-' | b'0'..=b'9') => Self::from_number(value.parse().unwrap_or(f64::NAN)),
            _ => Self::Unreadable,
        }
    }

    /// Reads a `google.protobuf.Timestamp`.
    pub(crate) fn from_message(time: prost_types::Timestamp) -> Self {
        let time = u32::try_from(time.nanos)
            .ok()
            .filter(|nanos| *nanos < 1_000_000_000)
            .and_then(|nanos| DateTime::from_timestamp(time.seconds, nanos));
        time.map_or(Self::Unreadable, |time| Self::Millis(time.timestamp_millis()))
    }

    fn from_text(text: &str) -> Self {
        let time = DateTime::parse_from_rfc3339(text);
        time.map_or(Self::Unreadable, |time| Self::Millis(time.timestamp_millis()))
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of a float stops at the ends of the range"
    )]
    fn from_number(number: f64) -> Self {
        if !number.is_finite() {
            return Self::Unreadable;
        }
        let millis = if number.abs() >= FIRST_MILLISECONDS { number } else { number * 1_000.0 };
        Self::Millis(millis.round() as i64)
    }

    /// Fixes the time of an event of a request: by the sender's clock, corrected by how far that is from ours, as PostHog
    /// and Segment do.
    ///
    /// # Errors
    /// A time that cannot be read or lies before 1970.
    pub(crate) fn fix(self, request: Received) -> Result<FixedTime, Reject> {
        let received = FixedTime { millis: request.at.timestamp_millis(), clamped: false };
        let corrected = match self {
            Self::Millis(millis) => Self::Millis(millis.saturating_add(request.skew_ms)),
            other => other,
        };
        match corrected {
            Self::Absent => Ok(received),
            Self::Unreadable => Err(Reject::new(
                Code::InvalidTimestamp,
                "`timestamp` must be RFC 3339 text, or seconds or milliseconds since 1970",
            )),
            Self::Millis(millis) if millis < 0 => {
                Err(Reject::new(Code::TooOld, "the event happened before 1970"))
            }
            Self::Millis(millis) if millis > received.millis + FUTURE_MAX.num_milliseconds() => {
                Ok(FixedTime { clamped: true, ..received })
            }
            Self::Millis(millis) => Ok(FixedTime { millis, clamped: false }),
        }
    }
}

impl FixedTime {
    /// Checks that an event is not so old that its project would delete it at once. That also holds of declared imports: what
    /// is kept for so many days cannot be brought back.
    ///
    /// # Errors
    /// `too_old` for one that happened more than so many days before the request was received.
    pub(crate) fn check_age(self, request: Received, days: Option<u32>) -> Result<(), Reject> {
        let Some(days) = days else { return Ok(()) };
        let oldest = request.at.timestamp_millis() - i64::from(days) * DAY_MS;
        if self.millis >= oldest {
            return Ok(());
        }
        let message = format!("the event is older than the {days} days that the project keeps it");
        Err(Reject::new(Code::TooOld, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_numbers_are_read_to_the_millisecond() {
        for (given, millis) in [
            ("\"1970-01-01T00:00:01Z\"", 1_000),
            ("\"2026-03-01T12:00:00.123456+02:00\"", 1_772_359_200_123),
            ("0", 0),
            ("1700000000", 1_700_000_000_000),
            ("1700000000.1234", 1_700_000_000_123),
            ("1700000000123", 1_700_000_000_123),
            ("99999999999", 99_999_999_999_000),
            ("100000000000", 100_000_000_000),
            ("-1", -1_000),
            ("1.7e9", 1_700_000_000_000),
        ] {
            assert_eq!(SentTime::from_json(given), SentTime::Millis(millis), "{given}");
        }
        for given in [
            "\"\"",
            "\"yesterday\"",
            "\"2026-03-01\"",
            "\"2026-02-30T00:00:00Z\"",
            "true",
            "{}",
            "1e400",
        ] {
            assert_eq!(SentTime::from_json(given), SentTime::Unreadable, "{given}");
        }
    }

    #[test]
    fn a_timestamp_message_must_be_in_range() {
        let message =
            |seconds, nanos| SentTime::from_message(prost_types::Timestamp { seconds, nanos });
        assert_eq!(message(1, 999_999_999), SentTime::Millis(1_999));
        for (seconds, nanos) in [(0, -1), (0, 1_000_000_000), (i64::MAX, 0), (i64::MIN, 0)] {
            assert_eq!(message(seconds, nanos), SentTime::Unreadable);
        }
    }

    #[test]
    fn a_time_is_believed_between_1970_and_a_day_ahead() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time");
        let ahead = now.timestamp_millis() + FUTURE_MAX.num_milliseconds();
        let fix = |millis| SentTime::Millis(millis).fix(Received::new(now, SentTime::Absent));
        assert_eq!(fix(ahead), Ok(FixedTime { millis: ahead, clamped: false }));
        assert_eq!(fix(ahead + 1), Ok(FixedTime { millis: now.timestamp_millis(), clamped: true }));
        assert_eq!(fix(i64::MAX).map(|time| time.clamped), Ok(true));
        assert_eq!(fix(0), Ok(FixedTime { millis: 0, clamped: false }));
        assert_eq!(fix(-1).map_err(|reject| reject.code), Err(Code::TooOld));
        assert_eq!(
            SentTime::Unreadable
                .fix(Received::new(now, SentTime::Absent))
                .map_err(|reject| reject.code),
            Err(Code::InvalidTimestamp)
        );
        assert_eq!(
            SentTime::Absent.fix(Received::new(now, SentTime::Absent)).map(|time| time.millis),
            Ok(now.timestamp_millis())
        );
    }

    #[test]
    fn a_clock_that_is_wrong_is_corrected_by_what_it_said_when_it_sent() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time");
        let year = 365 * 86_400_000;
        let (sent, happened) =
            (now.timestamp_millis() - year, now.timestamp_millis() - year - 5_000);
        let fixed = SentTime::Millis(happened).fix(Received::new(now, SentTime::Millis(sent)));
        assert_eq!(fixed.map(|time| time.millis), Ok(now.timestamp_millis() - 5_000));
    }
}
