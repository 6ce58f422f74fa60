//! Trends: each kind of math, formulas, comparisons, groups and hints, one rule at a time.

use chrono_tz::Tz;
use observe_core::PersonId;

use super::world::{HOUR_MS, World, by, person, project_id, series, totals, trends};
use crate::behind::Page;
use crate::hints::HintKind;
use crate::query::{Attribution, CountedBy, Range, Scope};
use crate::trends::buckets::Interval;
use crate::trends::formula::Formula;
use crate::trends::period::Period;
use crate::trends::{Line, Math, Measure, TrendPersonsQuery, TrendsQuery};

const DAY_MS: i64 = 24 * HOUR_MS;
const FIRST: Attribution = Attribution::FirstTouch;

fn ms(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text).expect("a time").timestamp_millis()
}

/// The same question by days of a zone.
fn by_day(query: TrendsQuery, zone: Tz, start: &str, end: &str) -> TrendsQuery {
    let range = Range { start_ms: ms(start), end_ms: ms(end) };
    TrendsQuery { period: Period::new(range, Interval::Day, zone).expect("few"), ..query }
}

fn first(world: &World, query: &TrendsQuery) -> Line {
    world.answer(query).series.remove(0).remove(0)
}

fn measure(measure: Measure) -> Math {
    Math::Measure(measure, "price".into())
}

#[test]
fn weekly_active_persons_are_those_of_the_seven_days_that_end_with_the_day_also_before_the_range() {
    let mut world = World::new();
    world.event("early", "view", ms("2026-01-01T10:00:00Z"), "{}");
    world.event("often", "view", ms("2026-01-05T10:00:00Z"), "{}");
    world.event("often", "view", ms("2026-01-08T10:00:00Z"), "{}");
    world.event("after", "view", ms("2026-01-10T10:00:00Z"), "{}");
    let asked = trends(1, vec![series("view", Math::WeeklyActive)]);
    let asked = by_day(asked, Tz::UTC, "2026-01-07T00:00:00Z", "2026-01-10T00:00:00Z");
    let line = first(&world, &asked);
    // The first of January is in the week that ends with the seventh, and no more in the one after.
    assert_eq!((line.points, line.total), (vec![2.0, 1.0, 1.0], 1.0));
    let monthly = TrendsQuery { series: vec![series("view", Math::MonthlyActive)], ..asked };
    let line = first(&world, &monthly);
    assert_eq!((line.points, line.total), (vec![2.0, 2.0, 2.0], 2.0));
}

#[test]
fn seven_days_are_seven_days_of_the_calendar_when_the_clocks_change() {
    for (zone, start, end, inside, outside) in [
        (
            Tz::Europe__Berlin,
            "2026-03-31T00:00:00+02:00",
            "2026-04-01T00:00:00+02:00",
            "2026-03-25T00:00:00+01:00",
            "2026-03-24T23:59:59+01:00",
        ),
        (
            Tz::America__New_York,
            "2026-11-03T00:00:00-05:00",
            "2026-11-04T00:00:00-05:00",
            "2026-10-28T00:00:00-04:00",
            "2026-10-27T23:59:59-04:00",
        ),
    ] {
        let mut world = World::new();
        world.event("inside", "view", ms(inside), "{}");
        world.event("outside", "view", ms(outside), "{}");
        let asked = trends(1, vec![series("view", Math::WeeklyActive)]);
        let line = first(&world, &by_day(asked, zone, start, end));
        assert_eq!((line.points, line.total), (vec![1.0], 1.0), "{zone}");
    }
}

#[test]
fn a_day_of_23_or_25_hours_counts_all_its_events() {
    for (zone, day, next, hours) in [
        (Tz::Europe__Berlin, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 23),
        (Tz::Europe__Berlin, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 25),
        (Tz::America__New_York, "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00", 23),
        (Tz::America__New_York, "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00", 25),
    ] {
        let mut world = World::new();
        for hour in -1..30 {
            world.event("ada", "view", ms(day) + hour * HOUR_MS, "{}");
        }
        let asked = trends(1, vec![series("view", Math::Total)]);
        let line = first(&world, &by_day(asked, zone, day, next));
        assert_eq!((line.points, line.total), (vec![f64::from(hours)], f64::from(hours)), "{day}");
    }
}

#[test]
fn numbers_come_to_what_the_math_says_and_what_is_no_number_does_not_count() {
    let mut world = World::new();
    for (time, price) in [(0, "10"), (1, "20.5"), (2, "\"1e1\""), (3, "\"free\""), (4, "-1")] {
        world.event("ada", "buy", time, &format!(r#"{{"price":{price}}}"#));
    }
    world.event("null", "buy", 5, r#"{"price":"60.5"}"#);
    world.event("ada", "buy", HOUR_MS, "{}");
    for (asked, in_first, total) in [
        (Measure::Sum, 100.0, 100.0),
        (Measure::Average, 20.0, 20.0),
        (Measure::Minimum, -1.0, -1.0),
        (Measure::Maximum, 60.5, 60.5),
        (Measure::Percentile(50), 10.0, 10.0),
        (Measure::Percentile(90), 44.5, 44.5),
        (Measure::Percentile(95), 52.5, 52.5),
        (Measure::Percentile(99), 58.9, 58.9),
    ] {
        let line = first(&world, &trends(2, vec![series("buy", measure(asked))]));
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(close(line.points[0], in_first), "{asked:?}: {}", line.points[0]);
        assert!(close(line.points[1], 0.0), "{asked:?} of nothing is 0");
        assert!(close(line.total, total), "{asked:?} of all values: {}", line.total);
    }
    let unheard = Math::Measure(Measure::Percentile(50), "unheard".into());
    assert_eq!(first(&world, &trends(2, vec![series("buy", unheard)])).total, 0.0);
}

#[test]
fn the_total_of_a_median_is_that_of_all_values_and_not_of_the_medians() {
    let mut world = World::new();
    for (hour, price) in [(0, 1), (0, 2), (0, 3), (1, 100)] {
        world.event("ada", "buy", hour * HOUR_MS, &format!(r#"{{"price":{price}}}"#));
    }
    let median = measure(Measure::Percentile(50));
    let line = first(&world, &trends(2, vec![series("buy", median)]));
    assert_eq!((line.points, line.total), (vec![2.0, 100.0], 2.5));
}

#[test]
fn sums_do_not_drift_with_many_values() {
    let mut world = World::new();
    for time in 0..1_000 {
        world.event("ada", "buy", time, r#"{"price":0.1}"#);
    }
    world.project.seal();
    world.event("ada", "buy", 1_000, r#"{"price":1e16}"#);
    world.event("ada", "buy", 1_001, r#"{"price":-1e16}"#);
    let line = first(&world, &trends(1, vec![series("buy", measure(Measure::Sum))]));
    assert_eq!(line.total, 100.0);
}

#[test]
fn sessions_count_once_and_events_without_one_for_none() {
    let mut world = World::new();
    for (hour, session) in [(0, "s1"), (0, "s1"), (0, "s2"), (1, "s1"), (1, "")] {
        world.session_event("ada", "view", hour * HOUR_MS, session, "{}");
    }
    let line = first(&world, &trends(2, vec![series("view", Math::UniqueSessions)]));
    assert_eq!((line.points, line.total), (vec![2.0, 1.0], 2.0));
}

#[test]
fn groups_are_counted_instead_of_persons_and_events_without_one_count_for_nobody() {
    let mut world = World::new();
    for (who, company) in [("ada", "acme"), ("ben", "acme"), ("cid", "globex")] {
        world.event(who, "view", 0, &format!(r#"{{"$groups":{{"company":"{company}"}}}}"#));
    }
    world.event("dan", "view", 0, "{}");
    let asked = vec![series("view", Math::UniquePersons), series("view", Math::Total)];
    let asked = TrendsQuery { counted_by: CountedBy::Groups("company".into()), ..trends(1, asked) };
    let counts = world.trends(&asked);
    assert_eq!((counts[0][0].total, counts[1][0].total), (2, 4));
    let behind = TrendPersonsQuery {
        trends: asked,
        series: 0,
        bucket: None,
        value: None,
        page: Page::default(),
    };
    assert_eq!(world.behind(&behind, 1), [b"acme".to_vec(), b"globex".to_vec()]);
    let mut unheard = behind;
    unheard.trends.counted_by = CountedBy::Groups("team".into());
    assert_eq!(world.trends(&unheard.trends)[0][0].total, 0);
    assert!(world.behind(&unheard, 1).is_empty());
}

#[test]
fn a_formula_answers_its_line_and_what_is_divided_by_zero_is_zero() {
    let mut world = World::new();
    for (name, hour) in [("view", 0), ("view", 0), ("buy", 0), ("buy", 1), ("view", 2)] {
        world.event("ada", name, hour * HOUR_MS, "{}");
    }
    let both = vec![series("buy", Math::Total), series("view", Math::Total)];
    let formula = Formula::parse("A / B * 100", 2).expect("a formula");
    let asked = TrendsQuery { formula: Some(formula), ..trends(3, both) };
    let answer = world.answer(&asked);
    assert_eq!(answer.series.len(), 1);
    let line = &answer.series[0][0];
    assert_eq!(line.points, [50.0, 0.0, 0.0]);
    assert!((line.total - 200.0 / 3.0).abs() < 1e-9, "the formula over the totals");
}

#[test]
fn the_values_of_a_formula_rank_by_what_it_comes_to_and_others_are_computed_together() {
    let mut world = World::new();
    for (value, views, buys) in [("x", 10, 1), ("y", 2, 2), ("z", 4, 1), ("w", 4, 0)] {
        let json = format!(r#"{{"p":"{value}"}}"#);
        (0..views).for_each(|time| world.event("ada", "view", time, &json));
        (0..buys).for_each(|time| world.event("ada", "buy", time, &json));
    }
    let both = vec![series("buy", Math::Total), series("view", Math::Total)];
    let asked = TrendsQuery {
        formula: Some(Formula::parse("A / B", 2).expect("a formula")),
        breakdown: Some(by("p", Scope::Event, 2, FIRST)),
        ..trends(1, both)
    };
    let lines = world.answer(&asked).series.remove(0);
    let told: Vec<_> = lines.iter().map(|line| (line.value.as_deref(), line.total)).collect();
    let others = 1.0 / 14.0;
    assert_eq!(told, [(Some("y"), 1.0), (Some("z"), 0.25), (Some("$other"), others)]);
}

#[test]
fn the_time_before_has_the_same_lines_in_the_same_order() {
    type Totals = Vec<(String, f64)>;
    let mut world = World::new();
    for (day, value, times) in [(0, "y", 3), (0, "z", 5), (1, "x", 2), (1, "y", 1)] {
        for time in 0..times {
            world.event("ada", "view", day * DAY_MS + time, &format!(r#"{{"p":"{value}"}}"#));
        }
    }
    let range = Range { start_ms: DAY_MS, end_ms: 2 * DAY_MS };
    let period = Period::new(range, Interval::Day, Tz::UTC).expect("few");
    let previous = period.previous(Interval::Day);
    let mut asked = trends(1, vec![series("view", Math::Total)]);
    asked = TrendsQuery { period, previous, ..asked };
    let total = |lines: &[Line]| {
        lines.iter().map(|line| (line.value.clone().unwrap_or_default(), line.total)).collect()
    };
    let lines = |asked: &TrendsQuery| -> (Totals, Totals) {
        let answer = world.answer(asked);
        (total(&answer.series[0]), total(&answer.previous.expect("asked for")[0]))
    };
    let told = |all: &[(&str, f64)]| -> Vec<(String, f64)> {
        all.iter().map(|(value, total)| ((*value).to_owned(), *total)).collect()
    };
    assert_eq!(lines(&asked), (told(&[("", 3.0)]), told(&[("", 8.0)])));
    asked.breakdown = Some(by("p", Scope::Event, 25, FIRST));
    // What did not happen since has no line.
    assert_eq!(lines(&asked), (told(&[("x", 2.0), ("y", 1.0)]), told(&[("x", 0.0), ("y", 3.0)])));
    asked.breakdown = Some(by("p", Scope::Event, 1, FIRST));
    let (now, before) = lines(&asked);
    assert_eq!(now, told(&[("x", 2.0), ("$other", 1.0)]));
    assert_eq!(before, told(&[("x", 0.0), ("$other", 8.0)]));
}

#[test]
fn an_event_that_comes_late_counts_in_the_bucket_of_its_time() {
    let mut world = World::new();
    world.event("ada", "view", 40 * DAY_MS, "{}");
    world.project.seal();
    world.event("ben", "view", 1, "{}");
    let asked = trends(1, vec![series("view", Math::UniquePersons)]);
    assert_eq!(world.trends(&asked)[0][0].points, [1]);
    world.project.seal();
    assert_eq!(world.trends(&asked)[0][0].points, [1]);
}

#[test]
fn a_merge_joins_the_persons_behind_a_number_and_a_split_parts_them() {
    let mut world = World::new();
    world.event("phone", "view", 0, "{}");
    world.event("laptop", "view", HOUR_MS, "{}");
    let asked = TrendPersonsQuery {
        trends: trends(2, vec![series("view", Math::UniquePersons)]),
        series: 0,
        bucket: None,
        value: None,
        page: Page::default(),
    };
    let own = |who: &str| PersonId::of_distinct_id(project_id(), who).to_bytes();
    assert_eq!(world.behind(&asked, 10).len(), 2);
    world.map("phone", person(3));
    world.map("laptop", person(3));
    assert_eq!(world.behind(&asked, 10), [person(3).to_bytes()]);
    assert_eq!(first(&world, &asked.trends).points, [1.0, 1.0]);
    world.map("phone", PersonId::of_distinct_id(project_id(), "phone"));
    let second = TrendPersonsQuery { bucket: Some(1), ..asked.clone() };
    assert_eq!(world.behind(&second, 10), [person(3).to_bytes()]);
    let first_hour = TrendPersonsQuery { bucket: Some(0), ..asked };
    assert_eq!(world.behind(&first_hour, 10), [own("phone")]);
}

#[test]
fn many_values_rank_like_few() {
    let mut world = World::new();
    for n in 0..300 {
        for who in 0..=n % 7 {
            world.event(&format!("who {who}"), "view", n, &format!(r#"{{"p":"value {n:03}"}}"#));
        }
    }
    let mut asked = trends(1, vec![series("view", Math::UniquePersons)]);
    asked.breakdown = Some(by("p", Scope::Event, 2, FIRST));
    let counts = world.trends(&asked);
    assert_eq!(totals(&counts[0]), [("value 006", 7), ("value 013", 7), ("$other", 7)]);
}

#[test]
fn names_that_the_project_does_not_know_give_hints_and_zeros() {
    let mut world = World::new();
    world.event("ada", "$pageview", 0, r#"{"path":"/"}"#);
    world.person(PersonId::of_distinct_id(project_id(), "ada"), r#"{"plan":"pro"}"#);
    let mut asked = trends(1, vec![series("pageview", Math::Total)]);
    asked.filter = super::world::is("paht", Scope::Event, "/");
    asked.breakdown = Some(by("plans", Scope::Person, 25, FIRST));
    let answer = world.answer(&asked);
    let told: Vec<_> = answer
        .hints
        .iter()
        .map(|hint| (hint.kind, hint.subject.as_str(), hint.suggestions.join(",")))
        .collect();
    let expected = [
        (HintKind::Event, "pageview", "$pageview".to_owned()),
        (HintKind::EventProperty, "paht", "path".to_owned()),
        (HintKind::PersonProperty, "plans", "plan".to_owned()),
    ];
    assert_eq!(told, expected);
    assert!(answer.series[0].is_empty());
    let known = trends(1, vec![series("$pageview", Math::Total)]);
    assert!(world.answer(&known).hints.is_empty());
}
