//! Lifecycle: its rules one by one, and random histories against the same rules written down as plainly as possible.

use std::collections::BTreeSet;

use chrono_tz::Tz;

use super::calendar::{
    History, matches, ms, period, periods, random_counted_by, random_filter, random_history,
    random_selector,
};
use super::oracle::Random;
use super::world::{World, is, project_id};
use crate::lifecycle::{Cell, LifecyclePoint, LifecycleQuery, State};
use crate::query::{CountedBy, Filter, Range, Scope, Selector};
use crate::trends::buckets::{Buckets, Interval};

fn query(range: Range, interval: Interval, zone: Tz) -> LifecycleQuery {
    let asked = Buckets::new(range, interval, zone).expect("few");
    let before = Range { start_ms: asked.starts_ms()[0] - 1, ..range };
    LifecycleQuery {
        range,
        buckets: Buckets::new(before, interval, zone).expect("few"),
        event: Selector { event: Some("view".into()), filter: Filter::everything() },
        filter: Filter::everything(),
        counted_by: CountedBy::Persons,
    }
}

/// Four days of UTC.
fn days() -> LifecycleQuery {
    let range = Range { start_ms: ms("2026-03-02T00:00:00Z"), end_ms: ms("2026-03-06T00:00:00Z") };
    query(range, Interval::Day, Tz::UTC)
}

fn points(world: &World, query: &LifecycleQuery) -> Vec<LifecyclePoint> {
    world.ask(|view| crate::engine::lifecycle::run(view, query)).points
}

/// New, returning, resurrecting, dormant of each bucket.
fn numbers(world: &World, query: &LifecycleQuery) -> Vec<[u64; 4]> {
    let numbers =
        |point: LifecyclePoint| [point.new, point.returning, point.resurrecting, point.dormant];
    points(world, query).into_iter().map(numbers).collect()
}

fn add(world: &mut World, who: &str, days: &[u32]) {
    for day in days {
        world.event(who, "view", ms(&format!("2026-03-{day:02}T10:00:00Z")), "{}");
    }
}

#[test]
fn active_persons_are_new_then_returning_then_dormant_once_then_resurrecting() {
    let mut world = World::new();
    add(&mut world, "ada", &[2, 3, 5]);
    add(&mut world, "ben", &[2]);
    add(&mut world, "null", &[2, 3]);
    let expected = [[2, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 1], [0, 0, 1, 0]];
    assert_eq!(numbers(&world, &days()), expected);
    world.project.seal();
    assert_eq!(numbers(&world, &days()), expected);
}

#[test]
fn the_bucket_before_the_range_decides_who_returns_and_who_went_dormant() {
    let mut world = World::new();
    add(&mut world, "ada", &[1, 2]);
    add(&mut world, "ben", &[1]);
    assert_eq!(numbers(&world, &days())[..2], [[0, 1, 0, 1], [0, 0, 0, 1]]);
}

#[test]
fn who_was_seen_before_is_resurrecting_and_not_new() {
    let mut world = World::new();
    world.event("ada", "other", ms("2025-01-01T00:00:00Z"), "{}");
    world.event("ben", "other", ms("2026-03-02T09:00:00Z"), "{}");
    add(&mut world, "ada", &[2]);
    add(&mut world, "ben", &[2, 4]);
    assert_eq!(numbers(&world, &days())[0], [1, 0, 1, 0], "any earlier event counts");
    let mut filtered = days();
    filtered.filter = is("p", Scope::Event, "x");
    world.event("ada", "view", ms("2026-03-03T10:00:00Z"), r#"{"p":"x"}"#);
    assert_eq!(numbers(&world, &filtered)[1], [0, 0, 1, 0], "whatever the filter says");
}

#[test]
fn a_merge_makes_the_earliest_event_of_both_the_first_one() {
    let mut world = World::new();
    add(&mut world, "anon", &[2]);
    add(&mut world, "user-1", &[4]);
    let new = |world: &World| numbers(world, &days()).iter().map(|n| n[0]).collect::<Vec<_>>();
    assert_eq!(new(&world), [1, 0, 1, 0]);
    world.map("anon", observe_core::PersonId::of_distinct_id(project_id(), "user-1"));
    assert_eq!(new(&world), [1, 0, 0, 0]);
    world.project.seal();
    world.map("anon", super::world::person(7));
    assert_eq!(new(&world), [1, 0, 1, 0], "and its undoing takes that back");
}

#[test]
fn a_late_event_changes_who_is_new() {
    let mut world = World::new();
    add(&mut world, "ada", &[4]);
    world.project.seal();
    assert_eq!(numbers(&world, &days())[2], [1, 0, 0, 0]);
    add(&mut world, "ada", &[2]);
    assert_eq!(numbers(&world, &days()), [[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1]]);
}

#[test]
fn events_between_the_start_of_the_first_bucket_and_the_range_do_not_count() {
    let mut world = World::new();
    add(&mut world, "ada", &[2, 3]);
    let range = Range { start_ms: ms("2026-03-02T12:00:00Z"), end_ms: ms("2026-03-04T00:00:00Z") };
    let asked = query(range, Interval::Day, Tz::UTC);
    assert_eq!(numbers(&world, &asked), [[0, 0, 0, 0], [0, 0, 1, 0]]);
    world.event("ada", "view", ms("2026-03-02T12:00:00Z"), "{}");
    assert_eq!(numbers(&world, &asked), [[1, 0, 0, 0], [0, 1, 0, 0]]);
}

#[test]
fn days_are_those_of_the_time_zone_also_when_clocks_change() {
    let mut world = World::new();
    // Berlin's 25 October 2026 has 25 hours: it ends at 23:00 UTC.
    world.event("ada", "view", ms("2026-10-24T22:00:00Z"), "{}");
    world.event("ada", "view", ms("2026-10-25T22:59:59Z"), "{}");
    world.event("ada", "view", ms("2026-10-25T23:00:00Z"), "{}");
    let range = Range {
        start_ms: ms("2026-10-25T00:00:00+02:00"),
        end_ms: ms("2026-10-28T00:00:00+01:00"),
    };
    let asked = query(range, Interval::Day, Tz::Europe__Berlin);
    assert_eq!(numbers(&world, &asked), [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]);
}

#[test]
fn a_project_without_events_answers_zeros() {
    assert_eq!(numbers(&World::new(), &days()), [[0; 4]; 4]);
}

/// The units in a state, by the rules. Buckets are counted as in the question: the first is the one before the range.
fn naive(history: &History, query: &LifecycleQuery, cell: Cell) -> BTreeSet<String> {
    let zone = history.zone;
    let in_range = periods(query.range, history.interval, zone);
    let before = period(super::calendar::day_start(in_range[0], zone) - 1, history.interval, zone);
    let all: Vec<_> = [before].into_iter().chain(in_range).collect();
    let mut found = BTreeSet::new();
    for (unit, events) in history.units(&query.counted_by) {
        let is_active = |bucket: usize| {
            events.iter().any(|event| {
                (bucket == 0 || query.range.contains(event.time_ms))
                    && period(event.time_ms, history.interval, zone) == all[bucket]
                    && matches(event, &query.event, &query.filter)
            })
        };
        let first = period(events[0].time_ms, history.interval, zone);
        let state = match (is_active(cell.bucket), is_active(cell.bucket - 1)) {
            (true, _) if first == all[cell.bucket] => Some(State::New),
            (true, true) => Some(State::Returning),
            (true, false) => Some(State::Resurrecting),
            (false, true) => Some(State::Dormant),
            (false, false) => None,
        };
        if state == Some(cell.state) {
            found.insert(unit);
        }
    }
    found
}

#[test]
fn lifecycle_equals_the_naive_one_with_the_units_behind_each_number() {
    let mut random = Random::new(0x9E37_79B9_97F4_A7C1);
    for round in 0..150 {
        let history = random_history(&mut random);
        let mut asked = query(history.random_range(&mut random), history.interval, history.zone);
        asked.event = random_selector(&mut random);
        asked.filter = random_filter(&mut random);
        asked.counted_by = random_counted_by(&mut random);
        let answer = points(&history.world, &asked);
        assert_eq!(answer.len() + 1, asked.buckets.count());
        for (bucket, point) in (1..).zip(answer) {
            for (state, count) in [
                (State::New, point.new),
                (State::Returning, point.returning),
                (State::Resurrecting, point.resurrecting),
                (State::Dormant, point.dormant),
            ] {
                let cell = Cell { bucket, state };
                let expected = naive(&history, &asked, cell);
                let told = || format!("round {round}: {cell:?} {asked:?}\n{:?}", history.events);
                assert_eq!(count, expected.len() as u64, "{}", told());
                if bucket % 3 == round % 3 {
                    let found = history
                        .world
                        .ask(|view| crate::engine::lifecycle::behind(view, &asked, cell));
                    let found = history.world.unit_ids(&asked.counted_by, &found);
                    assert_eq!(found, expected, "{}", told());
                }
            }
        }
    }
}
