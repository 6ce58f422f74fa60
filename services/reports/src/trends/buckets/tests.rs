//! Calendars and changes of clocks.

use super::*;

fn ms(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).expect("a time").timestamp_millis()
}

fn starts(zone: Tz, interval: Interval, start: &str, end: &str) -> Vec<String> {
    let range = Range { start_ms: ms(start), end_ms: ms(end) };
    let buckets = Buckets::new(range, interval, zone).expect("few buckets");
    let text = |at: &i64| {
        let at = DateTime::from_timestamp_millis(*at).expect("a time");
        at.with_timezone(&zone).format("%Y-%m-%dT%H:%M%:z").to_string()
    };
    buckets.starts_ms().iter().map(text).collect()
}

#[test]
fn days_follow_the_clocks() {
    let spring = starts(
        Tz::Europe__Berlin,
        Interval::Day,
        "2026-03-28T12:00:00+01:00",
        "2026-03-30T12:00:00+02:00",
    );
    assert_eq!(
        spring,
        ["2026-03-28T00:00+01:00", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"]
    );
}

#[test]
fn the_hour_that_happens_twice_is_two_buckets_and_the_skipped_one_is_none() {
    let autumn = starts(
        Tz::America__New_York,
        Interval::Hour,
        "2026-11-01T00:30:00-04:00",
        "2026-11-01T02:00:00-05:00",
    );
    assert_eq!(
        autumn,
        ["2026-11-01T00:00-04:00", "2026-11-01T01:00-04:00", "2026-11-01T01:00-05:00"]
    );
    let spring = starts(
        Tz::America__New_York,
        Interval::Hour,
        "2026-03-08T01:00:00-05:00",
        "2026-03-08T04:00:00-04:00",
    );
    assert_eq!(spring, ["2026-03-08T01:00-05:00", "2026-03-08T03:00-04:00"]);
}

#[test]
fn hours_stay_full_in_zones_with_odd_offsets_and_half_hour_changes() {
    let india =
        starts(Tz::Asia__Kolkata, Interval::Hour, "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z");
    assert_eq!(india, ["2026-01-01T05:00+05:30", "2026-01-01T06:00+05:30"]);
    let lord_howe = starts(
        Tz::Australia__Lord_Howe,
        Interval::Hour,
        "2026-10-04T01:00:00+10:30",
        "2026-10-04T04:00:00+11:00",
    );
    assert_eq!(lord_howe, ["2026-10-04T01:00+10:30", "2026-10-04T03:00+11:00"]);
}

#[test]
fn a_day_without_midnight_begins_after_the_gap_and_a_skipped_day_is_no_bucket() {
    let cairo = starts(
        Tz::Africa__Cairo,
        Interval::Day,
        "2026-04-23T12:00:00+02:00",
        "2026-04-24T12:00:00+03:00",
    );
    assert_eq!(cairo, ["2026-04-23T00:00+02:00", "2026-04-24T01:00+03:00"]);
    let samoa = starts(
        Tz::Pacific__Apia,
        Interval::Day,
        "2011-12-29T12:00:00-10:00",
        "2012-01-01T00:00:00+14:00",
    );
    assert_eq!(samoa, ["2011-12-29T00:00-10:00", "2011-12-31T00:00+14:00"]);
}

#[test]
fn weeks_begin_on_monday_and_months_on_the_first() {
    let weeks = starts(Tz::UTC, Interval::Week, "2026-01-01T00:00:00Z", "2026-01-12T00:00:00Z");
    assert_eq!(weeks, ["2025-12-29T00:00+00:00", "2026-01-05T00:00+00:00"]);
    let months = starts(Tz::UTC, Interval::Month, "2026-01-31T00:00:00Z", "2026-03-01T00:00:01Z");
    assert_eq!(
        months,
        ["2026-01-01T00:00+00:00", "2026-02-01T00:00+00:00", "2026-03-01T00:00+00:00"]
    );
}

#[test]
fn every_time_finds_its_bucket() {
    for interval in [Interval::Hour, Interval::Day, Interval::Week, Interval::Month] {
        let range =
            Range { start_ms: ms("2026-03-01T10:20:30Z"), end_ms: ms("2026-05-03T01:00:00Z") };
        let buckets = Buckets::new(range, interval, Tz::Europe__Berlin).expect("few buckets");
        let mut time = range.start_ms;
        while time < range.end_ms {
            let slow = buckets.starts_ms().partition_point(|start| *start <= time) - 1;
            assert_eq!(buckets.index_of(time), slow, "{interval:?} at {time}");
            time += 7 * 60 * 1000 + 13;
        }
        for start in &buckets.starts_ms()[1..] {
            assert_eq!(buckets.index_of(start - 1) + 1, buckets.index_of(*start));
        }
    }
}

#[test]
fn too_many_buckets_are_refused() {
    let hours = |count: i64| Range { start_ms: 0, end_ms: count * HOUR_MS };
    assert!(Buckets::new(hours(10_000), Interval::Hour, Tz::UTC).is_some());
    assert!(Buckets::new(hours(10_001), Interval::Hour, Tz::UTC).is_none());
}
