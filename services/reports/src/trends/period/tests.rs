//! The time before, across changes of clocks.

use super::*;

fn ms(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).expect("a time").timestamp_millis()
}

fn text(time_ms: i64, zone: Tz) -> String {
    let at = DateTime::from_timestamp_millis(time_ms).expect("a time");
    at.with_timezone(&zone).format("%Y-%m-%dT%H:%M%:z").to_string()
}

fn before(zone: Tz, interval: Interval, start: &str, end: &str) -> (String, Vec<String>) {
    let range = Range { start_ms: ms(start), end_ms: ms(end) };
    let period = Period::new(range, interval, zone).expect("few buckets");
    let previous = period.previous(interval).expect("the calendar reaches so far");
    assert_eq!(previous.range.end_ms, range.start_ms, "it ends where the other begins");
    assert_eq!(previous.buckets.count(), period.buckets.count());
    let starts = previous.buckets.starts_ms().iter().map(|at| text(*at, zone)).collect();
    (text(previous.range.start_ms, zone), starts)
}

#[test]
fn days_are_compared_with_days_whatever_the_clocks_did() {
    let (start, starts) = before(
        Tz::Europe__Berlin,
        Interval::Day,
        "2026-03-28T00:00:00+01:00",
        "2026-03-30T00:00:00+02:00",
    );
    assert_eq!(start, "2026-03-26T00:00+01:00");
    assert_eq!(starts, ["2026-03-26T00:00+01:00", "2026-03-27T00:00+01:00"]);
    let (start, starts) = before(
        Tz::America__New_York,
        Interval::Day,
        "2026-11-02T00:00:00-05:00",
        "2026-11-04T00:00:00-05:00",
    );
    assert_eq!(start, "2026-10-31T00:00-04:00");
    assert_eq!(starts, ["2026-10-31T00:00-04:00", "2026-11-01T00:00-04:00"]);
}

#[test]
fn a_range_that_begins_inside_a_bucket_is_moved_with_its_buckets() {
    let (start, starts) =
        before(Tz::UTC, Interval::Day, "2026-01-10T12:00:00Z", "2026-01-12T12:00:00Z");
    assert_eq!(start, "2026-01-08T12:00+00:00");
    let expected = ["2026-01-08T00:00+00:00", "2026-01-09T00:00+00:00", "2026-01-10T00:00+00:00"];
    assert_eq!(starts, expected);
}

#[test]
fn whole_months_are_compared_with_whole_months() {
    let (start, starts) = before(
        Tz::Europe__Berlin,
        Interval::Month,
        "2026-03-01T00:00:00+01:00",
        "2026-05-01T00:00:00+02:00",
    );
    assert_eq!(start, "2026-01-01T00:00+01:00");
    assert_eq!(starts, ["2026-01-01T00:00+01:00", "2026-02-01T00:00+01:00"]);
    // By days, a month is as long as it is.
    let (start, _) = before(Tz::UTC, Interval::Day, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    assert_eq!(start, "2026-01-29T00:00+00:00");
}

#[test]
fn the_hour_that_happens_twice_is_compared_with_one_hour_and_an_empty_one() {
    let (start, starts) = before(
        Tz::America__New_York,
        Interval::Hour,
        "2026-11-01T00:00:00-04:00",
        "2026-11-01T03:00:00-05:00",
    );
    assert_eq!(start, "2026-10-31T21:00-04:00");
    let hours = ["21", "22", "22", "23"];
    let expected: Vec<_> = hours.iter().map(|hour| format!("2026-10-31T{hour}:00-04:00")).collect();
    assert_eq!(starts, expected);
}

#[test]
fn a_range_that_the_clocks_undo_has_a_time_before_it_too() {
    let (start, starts) = before(
        Tz::America__New_York,
        Interval::Hour,
        "2026-11-01T01:30:00-04:00",
        "2026-11-01T01:10:00-05:00",
    );
    assert_eq!(start, "2026-11-01T00:50-04:00");
    assert_eq!(starts.len(), 2);
}
