//! Retention: its rules one by one, and random histories against the same rules written down as plainly as possible.

use std::collections::BTreeSet;

use chrono_tz::Tz;

use super::calendar::{
    DAY_MS, Happened, History, day_start, later, matches, ms, period, periods, random_counted_by,
    random_filter, random_history, random_selector,
};
use super::oracle::Random;
use super::world::{World, is, project_id};
use crate::query::{CountedBy, Filter, Range, Scope, Selector};
use crate::retention::explain::{Explanation, Verdict};
use crate::retention::{Cell, Counting, Kind, Period, RetentionQuery, Wanted, Windows};
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

/// The units of a cell, by the rules: those of the cohort, and those of them that are retained.
fn naive(
    history: &History,
    query: &RetentionQuery,
    cell: Cell,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut members, mut retained) = (BTreeSet::new(), BTreeSet::new());
    for (unit, events) in history.units(&query.counted_by) {
        let Some(start_ms) = start_of(&events, query, cell) else { continue };
        members.insert(unit.clone());
        let came_back = events.iter().any(|event| retains(event, query, cell, start_ms));
        if cell.column == 0 || came_back {
            retained.insert(unit);
        }
    }
    (members, retained)
}

fn is_of_cohort(time_ms: i64, query: &RetentionQuery, cohort: usize) -> bool {
    let interval = interval_of(query.period);
    let first = periods(query.range, interval, query.zone)[cohort];
    query.range.contains(time_ms) && period(time_ms, interval, query.zone) == first
}

/// When the unit's start event happened that puts it into the cohort.
fn start_of(events: &[&Happened], query: &RetentionQuery, cell: Cell) -> Option<i64> {
    start_in(events, query, |time_ms| is_of_cohort(time_ms, query, cell.cohort))
}

/// Whether an event of a unit in the cohort, which started then, retains it in the column.
fn retains(event: &Happened, query: &RetentionQuery, cell: Cell, start_ms: i64) -> bool {
    if !query.range.contains(event.time_ms) || !matches(event, query.return_event(), &query.filter)
    {
        return false;
    }
    let interval = interval_of(query.period);
    let count = u32::try_from(cell.column).expect("small");
    let first = periods(query.range, interval, query.zone)[cell.cohort];
    let is_in = period(event.time_ms, interval, query.zone);
    match (query.windows, query.counting) {
        (Windows::Calendar, Counting::On) => is_in == later(first, count, interval),
        (Windows::Calendar, Counting::OnOrAfter) => is_in >= later(first, count, interval),
        (Windows::Rolling, counting) => {
            let days = match query.period {
                Period::Day => 1,
                Period::Week => 7,
                Period::Month => 30,
            };
            let from = start_ms + i64::from(count) * days * DAY_MS;
            let has_ended = event.time_ms >= from + days * DAY_MS;
            event.time_ms >= from && !(counting == Counting::On && has_ended)
        }
    }
}

/// When the unit's start event happened that puts it into the cohort whose times are given.
fn start_in(
    events: &[&Happened],
    query: &RetentionQuery,
    is_of_cohort: impl Fn(i64) -> bool,
) -> Option<i64> {
    let starts: Vec<_> = events
        .iter()
        .filter(|event| matches(event, &query.start_event, &query.filter))
        .map(|event| event.time_ms)
        .collect();
    let inside: Vec<_> =
        starts.iter().copied().filter(|time_ms| query.range.contains(*time_ms)).collect();
    let candidates = match (query.kind, query.windows) {
        (Kind::FirstTime, _) => {
            let first: Vec<_> = starts.first().copied().into_iter().collect();
            first.into_iter().filter(|time_ms| query.range.contains(*time_ms)).collect()
        }
        (Kind::Recurring, Windows::Rolling) => inside[..inside.len().min(1)].to_vec(),
        (Kind::Recurring, Windows::Calendar) => inside,
    };
    candidates.into_iter().find(|time_ms| is_of_cohort(*time_ms))
}

/// How many columns a cohort has, by the rules.
fn naive_columns(query: &RetentionQuery, cohort: usize) -> usize {
    let interval = interval_of(query.period);
    let all = periods(query.range, interval, query.zone);
    let begins = |column: usize| match query.windows {
        Windows::Calendar => {
            let column = u32::try_from(column).expect("small");
            day_start(later(all[cohort], column, interval), query.zone)
        }
        Windows::Rolling => {
            let start_ms = day_start(all[cohort], query.zone).max(query.range.start_ms);
            start_ms + i64::try_from(column).expect("small") * query.period.rolling_ms()
        }
    };
    (0..query.columns).take_while(|column| begins(*column) < query.range.end_ms).count()
}

fn random_query(random: &mut Random, history: &History) -> RetentionQuery {
    let range = history.random_range(random);
    let period = match history.interval {
        Interval::Week => Period::Week,
        Interval::Month => Period::Month,
        Interval::Day | Interval::Hour => Period::Day,
    };
    RetentionQuery {
        range,
        cohorts: Buckets::new(range, history.interval, history.zone).expect("few"),
        period,
        zone: history.zone,
        columns: 1 + usize::try_from(random.below(10)).expect("small"),
        start_event: random_selector(random),
        return_event: (random.below(3) > 0).then(|| random_selector(random)),
        kind: [Kind::FirstTime, Kind::Recurring][usize::from(random.below(2) == 0)],
        counting: [Counting::On, Counting::OnOrAfter][usize::from(random.below(2) == 0)],
        windows: [Windows::Calendar, Windows::Rolling][usize::from(random.below(2) == 0)],
        filter: random_filter(random),
        counted_by: random_counted_by(random),
    }
}

#[test]
fn retention_equals_the_naive_one() {
    let mut random = Random::new(0x2545_F491_4F6C_DD1D);
    for round in 0..300 {
        let history = random_history(&mut random);
        for _ in 0..4 {
            let query = random_query(&mut random, &history);
            let told = || format!("round {round}: {query:?}\n{:?}", history.events);
            let answer = rows(&history.world, &query);
            let count = periods(query.range, history.interval, query.zone).len();
            assert_eq!(answer.len(), count, "{}", told());
            for (cohort, found) in answer.iter().enumerate() {
                let expected: Vec<_> = (0..naive_columns(&query, cohort))
                    .map(|column| naive(&history, &query, Cell { cohort, column }).1.len() as u64)
                    .collect();
                assert_eq!(*found, expected, "cohort {cohort}, {}", told());
            }
        }
    }
}

#[test]
fn the_units_behind_each_number_are_the_naive_ones() {
    let mut random = Random::new(0x1234_5678_9ABC_DEF1);
    for round in 0..250 {
        let history = random_history(&mut random);
        let query = random_query(&mut random, &history);
        let cell = random_cell(&mut random, &query);
        let (members, retained) = naive(&history, &query, cell);
        let dropped: BTreeSet<_> = members.difference(&retained).cloned().collect();
        for (wanted, expected) in [(Wanted::Retained, &retained), (Wanted::DroppedOff, &dropped)] {
            let found = history
                .world
                .ask(|view| crate::engine::retention::behind(view, &query, cell, wanted));
            let found = history.world.unit_ids(&query.counted_by, &found);
            assert_eq!(found, *expected, "round {round}: {cell:?} {query:?}\n{:?}", history.events);
        }
    }
}

#[test]
fn each_person_is_told_of_its_events_as_the_rules_judge_them() {
    let mut random = Random::new(0x0F1E_2D3C_4B5A_6978);
    for round in 0..250 {
        let history = random_history(&mut random);
        let query = RetentionQuery {
            counted_by: CountedBy::Persons,
            ..random_query(&mut random, &history)
        };
        let cell = random_cell(&mut random, &query);
        let (members, retained) = naive(&history, &query, cell);
        for (person, events) in history.units(&query.counted_by) {
            let told = explain(&history.world, &query, cell, &person);
            let context = || format!("round {round}: {person} {cell:?} {query:?}\n{events:?}");
            assert_eq!(
                (told.in_cohort, told.retained),
                (members.contains(&person), retained.contains(&person)),
                "{}",
                context()
            );
            let mut found: Vec<_> =
                told.events.iter().map(|event| (event.time_ms, event.verdict)).collect();
            let mut expected = verdicts(&events, &query, cell);
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{}\n{told:?}", context());
        }
    }
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

fn random_cell(random: &mut Random, query: &RetentionQuery) -> Cell {
    let mut below = |count: usize| usize::try_from(random.below(count as u64)).expect("small");
    let cohort = below(query.cohorts.count());
    Cell { cohort, column: below(query.columns_of(cohort)) }
}

fn explain(world: &World, query: &RetentionQuery, cell: Cell, person: &str) -> Explanation {
    let now = world.project.snapshot();
    let codes = 0..u32::try_from(now.persons.len()).expect("few");
    let code = codes.into_iter().find(|code| now.persons.id(*code).to_string() == person);
    world.ask(|view| crate::engine::retention::explain(view, query, cell, code))
}

/// What comes of each event that is told, by the rules: those in the range, and the first start of all time.
fn verdicts(events: &[&Happened], query: &RetentionQuery, cell: Cell) -> Vec<(i64, Verdict)> {
    let start_ms = start_of(events, query, cell);
    let has_one = query.kind == Kind::FirstTime || query.windows == Windows::Rolling;
    let first_ms = events
        .iter()
        .find(|event| matches(event, &query.start_event, &query.filter))
        .map(|event| event.time_ms);
    let told = events.iter().filter_map(|event| {
        let is_start = matches(event, &query.start_event, &query.filter);
        let is_return = matches(event, query.return_event(), &query.filter);
        let time_ms = event.time_ms;
        let is_excluding = query.kind == Kind::FirstTime
            && is_start
            && time_ms < query.range.start_ms
            && first_ms == Some(time_ms);
        if !(is_start || is_return) || !(query.range.contains(time_ms) || is_excluding) {
            return None;
        }
        let starts = is_start
            && start_ms.is_some_and(|start_ms| {
                is_of_cohort(time_ms, query, cell.cohort) && (!has_one || time_ms == start_ms)
            });
        let comes_back = cell.column > 0
            && start_ms.is_some_and(|start_ms| retains(event, query, cell, start_ms));
        let verdict = match (starts || comes_back, is_excluding) {
            (true, _) => Verdict::Counted,
            (false, true) => Verdict::Excluded,
            (false, false) => Verdict::NotCounted,
        };
        Some((time_ms, verdict))
    });
    told.collect()
}
