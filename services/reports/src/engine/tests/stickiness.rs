//! Stickiness: its rules one by one, and random histories against the same rules written down as plainly as possible.

use std::collections::BTreeSet;

use chrono_tz::Tz;

use super::calendar::{
    History, matches, ms, period, random_counted_by, random_filter, random_history, random_selector,
};
use super::oracle::Random;
use super::world::World;
use crate::query::{CountedBy, Filter, Range, Selector};
use crate::stickiness::{Cell, StickinessQuery};
use crate::trends::buckets::{Buckets, Interval};

fn query(range: Range, interval: Interval, zone: Tz) -> StickinessQuery {
    StickinessQuery {
        range,
        buckets: Buckets::new(range, interval, zone).expect("few"),
        series: vec![Selector { event: Some("view".into()), filter: Filter::everything() }],
        filter: Filter::everything(),
        counted_by: CountedBy::Persons,
    }
}

fn series(world: &World, query: &StickinessQuery) -> Vec<Vec<u64>> {
    world.ask(|view| crate::engine::stickiness::run(view, query)).series
}

#[test]
fn a_person_is_counted_once_by_in_how_many_buckets_it_was_active() {
    let mut world = World::new();
    for (who, name, days) in [
        ("ada", "view", &[2, 2, 3, 5][..]),
        ("ben", "view", &[4]),
        ("ben", "buy", &[3]),
        ("cid", "view", &[1, 6]),
        ("null", "view", &[2]),
    ] {
        for (place, day) in days.iter().enumerate() {
            let time = ms(&format!("2026-03-{day:02}T00:00:00Z"));
            world.event(who, name, time + i64::try_from(place).expect("small"), "{}");
        }
    }
    let range = Range { start_ms: ms("2026-03-02T00:00:00Z"), end_ms: ms("2026-03-06T00:00:00Z") };
    let mut asked = query(range, Interval::Day, Tz::UTC);
    asked.series.push(Selector::any());
    asked.series.push(Selector { event: Some("unheard".into()), filter: Filter::everything() });
    let expected = [vec![1, 0, 1, 0], vec![0, 1, 1, 0], vec![0; 4]];
    assert_eq!(series(&world, &asked), expected);
    world.project.seal();
    assert_eq!(series(&world, &asked), expected);
    world.map("ben", observe_core::PersonId::of_distinct_id(super::world::project_id(), "ada"));
    assert_eq!(series(&world, &asked)[0], [0, 0, 0, 1], "merged, they were active on all days");
}

#[test]
fn days_are_those_of_the_time_zone_also_when_clocks_change() {
    let mut world = World::new();
    // New York's 8 March 2026 has 23 hours: it ends at 04:00 UTC.
    world.event("ada", "view", ms("2026-03-08T05:00:00Z"), "{}");
    world.event("ada", "view", ms("2026-03-09T03:59:59Z"), "{}");
    world.event("ben", "view", ms("2026-03-09T03:59:59Z"), "{}");
    world.event("ben", "view", ms("2026-03-09T04:00:00Z"), "{}");
    let range = Range {
        start_ms: ms("2026-03-08T00:00:00-05:00"),
        end_ms: ms("2026-03-10T00:00:00-04:00"),
    };
    assert_eq!(series(&world, &query(range, Interval::Day, Tz::America__New_York)), [[1, 1]]);
}

#[test]
fn a_project_without_events_answers_as_many_zeros_as_there_are_buckets() {
    let range = Range { start_ms: 0, end_ms: 3 * 60 * 60 * 1000 };
    assert_eq!(series(&World::new(), &query(range, Interval::Hour, Tz::UTC)), [[0, 0, 0]]);
}

/// The units that were active in exactly so many buckets, by the rules.
fn naive(history: &History, query: &StickinessQuery, cell: Cell) -> BTreeSet<String> {
    let units = history.units(&query.counted_by).into_iter();
    let wanted = units.filter(|(_, events)| {
        let active: BTreeSet<_> = events
            .iter()
            .filter(|event| query.range.contains(event.time_ms))
            .filter(|event| matches(event, &query.series[cell.series], &query.filter))
            .map(|event| period(event.time_ms, history.interval, history.zone))
            .collect();
        active.len() == cell.buckets
    });
    wanted.map(|(unit, _)| unit).collect()
}

#[test]
fn stickiness_equals_the_naive_one_with_the_units_behind_each_number() {
    let mut random = Random::new(0xDEAD_BEEF_CAFE_F00D);
    for round in 0..200 {
        let history = random_history(&mut random);
        let range = history.random_range(&mut random);
        let mut asked = query(range, history.interval, history.zone);
        asked.series = (0..1 + random.below(3)).map(|_| random_selector(&mut random)).collect();
        asked.filter = random_filter(&mut random);
        asked.counted_by = random_counted_by(&mut random);
        for (number, counts) in series(&history.world, &asked).into_iter().enumerate() {
            assert_eq!(counts.len(), asked.buckets.count());
            for (buckets, count) in (1..).zip(counts) {
                let cell = Cell { series: number, buckets };
                let expected = naive(&history, &asked, cell);
                let told = || format!("round {round}: {cell:?} {asked:?}\n{:?}", history.events);
                assert_eq!(count, expected.len() as u64, "{}", told());
                let found =
                    history.world.ask(|view| crate::engine::stickiness::behind(view, &asked, cell));
                let found = history.world.unit_ids(&asked.counted_by, &found);
                assert_eq!(found, expected, "{}", told());
            }
        }
    }
}
