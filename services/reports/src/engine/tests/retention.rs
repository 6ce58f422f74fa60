//! Retention: its rules one by one.

mod random;

use chrono_tz::Tz;

use super::calendar::ms;
use super::world::{World, is, project_id};
use crate::query::{CountedBy, Filter, Range, Scope, Selector};
use crate::retention::explain::Explanation;
use crate::retention::{Cell, Counting, Kind, Period, RetentionQuery, Windows};
use crate::trends::buckets::{Buckets, Interval};

fn event(name: &str) -> Selector {
    let event = (!name.is_empty()).then(|| name.to_owned());
    Selector { event, filter: Filter::everything() }
}

fn interval_of(period: Period) -> Interval {
    match period {
        Period::Day => Interval::Day,
        Period::Week => Interval::Week,
        Period::Month => Interval::Month,
    }
}

/// First time, on, in the calendar of a zone, from "start" to "return".
fn query(start: &str, end: &str, period: Period, zone: Tz) -> RetentionQuery {
    let range = Range { start_ms: ms(start), end_ms: ms(end) };
    RetentionQuery {
        range,
        cohorts: Buckets::new(range, interval_of(period), zone).expect("few"),
        period,
        zone,
        columns: 8,
        start_event: event("start"),
        return_event: Some(event("return")),
        kind: Kind::FirstTime,
        counting: Counting::On,
        windows: Windows::Calendar,
        filter: Filter::everything(),
        counted_by: CountedBy::Persons,
    }
}

/// Four days of UTC.
fn days() -> RetentionQuery {
    query("2026-03-02T00:00:00Z", "2026-03-06T00:00:00Z", Period::Day, Tz::UTC)
}

/// The rows of an answer.
fn rows(world: &World, query: &RetentionQuery) -> Vec<Vec<u64>> {
    let answer = world.ask(|view| crate::engine::retention::run(view, query));
    assert!(answer.cohorts.iter().all(|cohort| cohort.values[0] == cohort.size));
    answer.cohorts.into_iter().map(|cohort| cohort.values).collect()
}

fn explain(world: &World, query: &RetentionQuery, cell: Cell, person: &str) -> Explanation {
    let now = world.project.snapshot();
    let codes = 0..u32::try_from(now.persons.len()).expect("few");
    let code = codes.into_iter().find(|code| now.persons.id(*code).to_string() == person);
    world.ask(|view| crate::engine::retention::explain(view, query, cell, code))
}

fn add(world: &mut World, who: &str, events: &[(&str, &str)]) {
    for (name, time) in events {
        world.event(who, name, ms(time), "{}");
    }
}

#[test]
fn the_start_event_puts_somebody_into_a_cohort_and_the_return_event_retains_it() {
    let mut world = World::new();
    add(
        &mut world,
        "ada",
        &[("start", "2026-03-02T10:00:00Z"), ("return", "2026-03-04T09:00:00Z")],
    );
    add(&mut world, "ben", &[("start", "2026-03-02T23:59:59Z")]);
    add(
        &mut world,
        "cid",
        &[("start", "2026-03-03T00:00:00Z"), ("return", "2026-03-04T00:00:00Z")],
    );
    add(
        &mut world,
        "null",
        &[("start", "2026-03-02T10:00:00Z"), ("return", "2026-03-04T09:00:00Z")],
    );
    let expected = [vec![2, 0, 1, 0], vec![1, 1, 0], vec![0, 0], vec![0]];
    assert_eq!(rows(&world, &days()), expected, "columns from the range's end on are absent");
    world.project.seal();
    assert_eq!(rows(&world, &days()), expected);
}

#[test]
fn column_0_is_the_whole_cohort_also_without_a_return_event() {
    let mut world = World::new();
    add(&mut world, "ada", &[("start", "2026-03-02T10:00:00Z")]);
    for counting in [Counting::On, Counting::OnOrAfter] {
        let asked = RetentionQuery { counting, ..days() };
        assert_eq!(rows(&world, &asked)[0], [1, 0, 0, 0]);
    }
}

#[test]
fn somebody_whose_first_start_is_before_the_range_is_in_no_cohort_and_not_moved() {
    let mut world = World::new();
    add(&mut world, "ada", &[("start", "2026-03-01T23:59:59Z"), ("start", "2026-03-02T10:00:00Z")]);
    add(&mut world, "ben", &[("other", "2025-03-01T10:00:00Z"), ("start", "2026-03-02T10:00:00Z")]);
    assert_eq!(rows(&world, &days())[0][0], 1);
    let recurring = RetentionQuery { kind: Kind::Recurring, ..days() };
    assert_eq!(rows(&world, &recurring)[0][0], 2);
}

#[test]
fn the_first_start_is_the_first_that_matches_the_filters() {
    let mut world = World::new();
    world.event("ada", "start", ms("2026-03-01T10:00:00Z"), r#"{"p":"y"}"#);
    world.event("ada", "start", ms("2026-03-02T10:00:00Z"), r#"{"p":"x"}"#);
    let mut asked = days();
    assert_eq!(rows(&world, &asked)[0][0], 0);
    asked.start_event.filter = is("p", Scope::Event, "x");
    assert_eq!(rows(&world, &asked)[0][0], 1);
    asked.start_event.filter = Filter::everything();
    asked.filter = is("p", Scope::Event, "x");
    assert_eq!(rows(&world, &asked)[0][0], 1, "the filter of the whole question counts, too");
}

#[test]
fn any_start_event_goes_by_the_first_event_of_all_time() {
    let mut world = World::new();
    add(&mut world, "ada", &[("x", "2026-03-02T10:00:00Z"), ("y", "2026-03-03T10:00:00Z")]);
    add(&mut world, "ben", &[("x", "2026-01-01T10:00:00Z"), ("y", "2026-03-03T10:00:00Z")]);
    let asked = RetentionQuery { start_event: event(""), return_event: None, ..days() };
    assert_eq!(rows(&world, &asked)[..2], [vec![1, 1, 0, 0], vec![0, 0, 0]]);
}

#[test]
fn recurring_puts_somebody_into_the_cohort_of_every_period() {
    let mut world = World::new();
    let times = ["2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z", "2026-03-04T10:00:00Z"];
    add(&mut world, "ada", &times.map(|time| ("start", time)));
    let asked = RetentionQuery { kind: Kind::Recurring, return_event: None, ..days() };
    assert_eq!(rows(&world, &asked), [vec![1, 0, 1, 0], vec![0, 0, 0], vec![1, 0], vec![0]]);
}

#[test]
fn on_or_after_counts_also_those_who_came_back_later() {
    let mut world = World::new();
    add(
        &mut world,
        "ada",
        &[("start", "2026-03-02T10:00:00Z"), ("return", "2026-03-04T09:00:00Z")],
    );
    let asked = RetentionQuery { counting: Counting::OnOrAfter, ..days() };
    assert_eq!(rows(&world, &asked)[0], [1, 1, 1, 0]);
    let few = RetentionQuery { columns: 2, ..asked };
    assert_eq!(rows(&world, &few)[0], [1, 1], "later than the last column is later, too");
}

#[test]
fn days_are_those_of_the_time_zone_also_when_clocks_change() {
    let mut world = World::new();
    // Berlin's 29 March 2026 has 23 hours: it ends at 22:00 UTC.
    add(
        &mut world,
        "ada",
        &[("start", "2026-03-28T23:00:00Z"), ("return", "2026-03-29T22:00:00Z")],
    );
    add(
        &mut world,
        "ben",
        &[("start", "2026-03-28T22:59:59Z"), ("return", "2026-03-29T21:59:59Z")],
    );
    let zone = Tz::Europe__Berlin;
    let asked = query("2026-03-28T00:00:00+01:00", "2026-03-31T00:00:00+02:00", Period::Day, zone);
    assert_eq!(rows(&world, &asked), [vec![1, 1, 0], vec![1, 1], vec![0]]);
    // New York's 1 November 2026 has 25 hours: it ends at 05:00 UTC.
    let mut world = World::new();
    add(
        &mut world,
        "ada",
        &[("start", "2026-11-01T04:00:00Z"), ("return", "2026-11-02T05:00:00Z")],
    );
    add(
        &mut world,
        "ben",
        &[("start", "2026-11-01T04:00:00Z"), ("return", "2026-11-02T04:59:59Z")],
    );
    let zone = Tz::America__New_York;
    let asked = query("2026-11-01T00:00:00-04:00", "2026-11-03T00:00:00-05:00", Period::Day, zone);
    assert_eq!(rows(&world, &asked), [vec![2, 1], vec![0]]);
}

#[test]
fn weeks_begin_on_monday_and_months_on_the_first() {
    let mut world = World::new();
    add(
        &mut world,
        "ada",
        &[("start", "2026-03-01T10:00:00Z"), ("return", "2026-03-02T00:00:00Z")],
    );
    let asked = query("2026-02-25T00:00:00Z", "2026-03-10T00:00:00Z", Period::Week, Tz::UTC);
    let starts: Vec<_> = asked.cohorts.starts_ms().to_vec();
    assert_eq!(starts[0], ms("2026-02-23T00:00:00Z"), "also when the range begins inside it");
    assert_eq!(rows(&world, &asked), [vec![1, 1, 0], vec![0, 0], vec![0]]);
    let asked = query("2026-02-25T00:00:00Z", "2026-03-10T00:00:00Z", Period::Month, Tz::UTC);
    assert_eq!(rows(&world, &asked), [vec![0, 0], vec![1]]);
}

#[test]
fn rolling_windows_begin_with_each_start_event() {
    let mut world = World::new();
    let start = ("start", "2026-03-02T10:00:00Z");
    add(&mut world, "ada", &[start, ("return", "2026-03-03T09:59:59.999Z")]);
    add(&mut world, "ben", &[start, ("return", "2026-03-03T10:00:00Z")]);
    add(&mut world, "cid", &[start, ("return", "2026-03-02T09:00:00Z")]);
    let asked = RetentionQuery { windows: Windows::Rolling, ..days() };
    assert_eq!(rows(&world, &asked)[0], [3, 1, 0, 0]);
    let later = RetentionQuery { counting: Counting::OnOrAfter, columns: 2, ..asked };
    add(&mut world, "ada", &[("return", "2026-03-05T23:00:00Z")]);
    assert_eq!(rows(&world, &later)[0], [3, 2]);
}

#[test]
fn rolling_months_have_30_days_and_rolling_weeks_seven_times_24_hours() {
    let mut world = World::new();
    add(
        &mut world,
        "ada",
        &[("start", "2026-02-01T00:00:00Z"), ("return", "2026-03-03T00:00:00Z")],
    );
    let (start, end) = ("2026-02-01T00:00:00Z", "2026-04-01T00:00:00Z");
    let mut asked = query(start, end, Period::Month, Tz::UTC);
    asked.windows = Windows::Rolling;
    assert_eq!(rows(&world, &asked), [vec![1, 1], vec![0, 0]]);
    // Across a change of clocks a week of the calendar would be an hour shorter.
    let mut world = World::new();
    let came_back = ("return", "2026-04-02T12:00:00+02:00");
    add(&mut world, "ada", &[("start", "2026-03-26T12:00:00+01:00"), came_back]);
    let zone = Tz::Europe__Berlin;
    let (start, end) = ("2026-03-23T00:00:00+01:00", "2026-04-06T00:00:00+02:00");
    let mut asked = query(start, end, Period::Week, zone);
    asked.windows = Windows::Rolling;
    assert_eq!(rows(&world, &asked)[0], [1, 0]);
}

#[test]
fn rolling_and_recurring_goes_by_the_earliest_start_in_the_range() {
    let mut world = World::new();
    let times = ["2026-03-01T10:00:00Z", "2026-03-03T10:00:00Z", "2026-03-04T12:00:00Z"];
    add(&mut world, "ada", &times.map(|time| ("start", time)));
    let asked = RetentionQuery {
        windows: Windows::Rolling,
        kind: Kind::Recurring,
        return_event: None,
        ..days()
    };
    assert_eq!(rows(&world, &asked), [vec![0; 4], vec![1, 1, 0], vec![0, 0], vec![0]]);
    let first = RetentionQuery { kind: Kind::FirstTime, ..asked };
    assert_eq!(rows(&world, &first), [vec![0; 4], vec![0; 3], vec![0; 2], vec![0]]);
}

#[test]
fn a_merge_moves_the_first_start_of_all_time() {
    let mut world = World::new();
    add(&mut world, "anon", &[("start", "2026-03-02T10:00:00Z")]);
    add(
        &mut world,
        "user-1",
        &[("start", "2026-03-04T10:00:00Z"), ("return", "2026-03-05T10:00:00Z")],
    );
    assert_eq!(rows(&world, &days()), [vec![1, 0, 0, 0], vec![0; 3], vec![1, 1], vec![0]]);
    world.map("anon", observe_core::PersonId::of_distinct_id(project_id(), "user-1"));
    assert_eq!(rows(&world, &days()), [vec![1, 0, 0, 1], vec![0; 3], vec![0; 2], vec![0]]);
}

#[test]
fn groups_are_counted_in_the_place_of_persons() {
    let mut world = World::new();
    let acme = r#"{"$groups":{"company":"acme"}}"#;
    world.event("ada", "start", ms("2026-03-02T10:00:00Z"), acme);
    world.event("ben", "start", ms("2026-03-02T11:00:00Z"), acme);
    world.event("cid", "start", ms("2026-03-02T11:00:00Z"), "{}");
    world.event("cid", "return", ms("2026-03-03T11:00:00Z"), acme);
    assert_eq!(rows(&world, &days())[0][..2], [3, 1]);
    let asked = RetentionQuery { counted_by: CountedBy::Groups("company".into()), ..days() };
    assert_eq!(rows(&world, &asked)[0][..2], [1, 1]);
    let asked = RetentionQuery { counted_by: CountedBy::Groups("team".into()), ..days() };
    assert_eq!(rows(&world, &asked)[0][..2], [0, 0]);
}

#[test]
fn a_project_without_events_answers_zeros() {
    assert_eq!(rows(&World::new(), &days()), [vec![0; 4], vec![0; 3], vec![0; 2], vec![0]]);
}

#[test]
fn somebody_without_events_is_in_no_cell() {
    let world = World::new();
    let cell = Cell { cohort: 0, column: 0 };
    let told = world.ask(|view| crate::engine::retention::explain(view, &days(), cell, None));
    assert_eq!((told.in_cohort, told.events.len(), told.truncated), (false, 0, false));
}

#[test]
fn of_many_events_the_first_thousand_are_told() {
    let mut world = World::new();
    for n in 0..5_000 {
        world.event("ada", "start", ms("2026-03-02T10:00:00Z") + n * 7_919 % 5_000, "{}");
    }
    let person = observe_core::PersonId::of_distinct_id(project_id(), "ada").to_string();
    let told = explain(&world, &days(), Cell { cohort: 0, column: 0 }, &person);
    assert!(told.in_cohort && told.truncated);
    let times: Vec<_> = told.events.iter().map(|event| event.time_ms).collect();
    let first = ms("2026-03-02T10:00:00Z");
    assert_eq!(times, (first..first + 1_000).collect::<Vec<_>>());
}
