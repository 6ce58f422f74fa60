//! Trends in random small projects, asked of the engine and of what the contract says, written down as plainly as possible:
//! over plain lists, with the calendar of chrono alone.

mod naive;

use std::collections::BTreeSet;

use chrono_tz::Tz;
use observe_core::PersonId;

use super::oracle::Random;
use super::world::{World, by, is, person, project_id};
use crate::behind::Page;
use crate::query::{Attribution, CountedBy, Filter, Range, Scope};
use crate::trends::buckets::Interval;
use crate::trends::formula::Formula;
use crate::trends::period::Period;
use crate::trends::{Line, Math, Measure, Series, TrendPersonsQuery, TrendsQuery};
use naive::{Event, History};

const MINUTE_MS: i64 = 60 * 1000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// A time, to the minute, so many days around one; often on the hour, so that edges are met.
fn around(random: &mut Random, center_ms: i64, before: u64, after: u64) -> i64 {
    let start = center_ms - DAY_MS * before.cast_signed();
    let minutes = random.below((before + after) * 24 * 60);
    let minutes = if random.below(2) == 0 { minutes / 60 * 60 } else { minutes };
    start + MINUTE_MS * minutes.cast_signed()
}

/// Midnights before a change of clocks, and ordinary ones.
const CENTERS: [(Tz, &str); 5] = [
    (Tz::Europe__Berlin, "2026-03-29T00:00:00+01:00"),
    (Tz::Europe__Berlin, "2026-10-25T00:00:00+02:00"),
    (Tz::America__New_York, "2026-03-08T00:00:00-05:00"),
    (Tz::America__New_York, "2026-11-01T00:00:00-04:00"),
    (Tz::UTC, "2026-01-01T00:00:00Z"),
];

/// Makes a project and the same as plain lists.
fn random_history(random: &mut Random, center_ms: i64) -> (World, History) {
    let mut world = World::new();
    let mut history = History::default();
    for _ in 0..20 + random.below(80) {
        let visitor = match random.below(9) {
            0 => "null".to_owned(),
            n => format!("visitor {n}"),
        };
        let name = random.one_of(&["a", "b", "c"]);
        let session = random.one_of(&["", "s1", "s2", "s3", "s4"]);
        let value =
            random.one_of(&[None, Some("x"), Some("y"), Some("z"), Some("$none"), Some("$other")]);
        let number =
            random.one_of(&[None, Some("1"), Some("2.5"), Some("-3"), Some("many"), Some("10")]);
        let company = random.one_of(&[None, Some("acme"), Some("globex"), Some("initech")]);
        let time_ms = around(random, center_ms, 45, 6);
        let mut members = Vec::new();
        members.extend(value.map(|value| format!(r#""p":"{value}""#)));
        members.extend(number.map(|number| match number {
            "many" => r#""n":"many""#.to_owned(),
            number => format!(r#""n":{number}"#),
        }));
        members.extend(company.map(|key| format!(r#""$groups":{{"company":"{key}"}}"#)));
        let json = format!("{{{}}}", members.join(","));
        world.session_event(&visitor, name, time_ms, session, &json);
        history.events.push(Event { visitor, name, time_ms, session, value, number, company });
        if random.below(25) == 0 {
            world.project.seal();
        }
        if random.below(12) == 0 {
            let (visitor, to) = (format!("visitor {}", 1 + random.below(8)), random.below(3));
            world.map(&visitor, person(to.into()));
            history.person_of.insert(visitor, to);
        }
        if random.below(12) == 0 {
            let (to, plan) = (random.below(3), random.one_of(&["free", "pro"]));
            world.person(person(to.into()), &format!(r#"{{"plan":"{plan}"}}"#));
            history.plans.insert(to, plan);
        }
    }
    (world, history)
}

fn random_math(random: &mut Random) -> Math {
    let measure = random.one_of(&[
        Measure::Sum,
        Measure::Average,
        Measure::Minimum,
        Measure::Maximum,
        Measure::Percentile(50),
        Measure::Percentile(90),
        Measure::Percentile(95),
        Measure::Percentile(99),
    ]);
    match random.below(8) {
        0 => Math::Total,
        1 | 2 => Math::UniquePersons,
        3 => Math::WeeklyActive,
        4 => Math::MonthlyActive,
        5 => Math::UniqueSessions,
        _ => Math::Measure(measure, "n".into()),
    }
}

fn random_filter(random: &mut Random) -> Filter {
    match random.below(5) {
        0 => is("p", Scope::Event, "x"),
        1 => is("plan", Scope::Person, "pro"),
        _ => Filter::everything(),
    }
}

fn random_query(random: &mut Random, zone: Tz, center_ms: i64) -> (TrendsQuery, Interval) {
    let interval = random.one_of(&[Interval::Hour, Interval::Day, Interval::Week, Interval::Month]);
    let (before, after) = match interval {
        Interval::Hour => (1, 2),
        Interval::Day | Interval::Week => (10, 4),
        Interval::Month => (40, 6),
    };
    let (one, other) =
        (around(random, center_ms, before, after), around(random, center_ms, before, after));
    let range = Range { start_ms: one.min(other), end_ms: one.max(other) + MINUTE_MS };
    let series = (0..1 + random.below(3)).map(|_| {
        let event = random.one_of(&[Some("a"), Some("b"), None, None]).map(str::to_owned);
        let math = random_math(random);
        let filter =
            if random.below(3) == 0 { random_filter(random) } else { Filter::everything() };
        Series { event, math, filter }
    });
    let series: Vec<_> = series.collect();
    let formula = ["A", "A / B * 100", "A - (B + C) / 2"][series.len() - 1];
    let formula = Formula::parse(formula, series.len()).expect("a formula");
    let limit = 1 + random.place(4);
    let breakdown = match random.below(4) {
        0 => Some(by("p", Scope::Event, limit, Attribution::FirstTouch)),
        1 => Some(by("plan", Scope::Person, limit, Attribution::FirstTouch)),
        _ => None,
    };
    let period = Period::new(range, interval, zone).expect("few buckets");
    let previous = (random.below(3) == 0).then(|| period.previous(interval).expect("not long ago"));
    let counted_by = match random.below(4) {
        0 => CountedBy::Groups("company".into()),
        _ => CountedBy::Persons,
    };
    let query = TrendsQuery {
        period,
        previous,
        series,
        formula: (random.below(3) == 0).then_some(formula),
        breakdown,
        filter: random_filter(random),
        counted_by,
    };
    (query, interval)
}

fn assert_close(found: &[Vec<Line>], expected: &[Vec<Line>], told: &dyn Fn() -> String) {
    let values = |lines: &[Vec<Line>]| -> Vec<Vec<Option<String>>> {
        let of_series = |lines: &Vec<Line>| lines.iter().map(|line| line.value.clone()).collect();
        lines.iter().map(of_series).collect()
    };
    assert_eq!(values(found), values(expected), "{}", told());
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        let all = |line: &Line| line.points.iter().copied().chain([line.total]).collect::<Vec<_>>();
        let (found, expected) = (all(found), all(expected));
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
        let same = found.len() == expected.len() && found.iter().zip(&expected).all(close);
        assert!(same, "found {found:?}, expected {expected:?}: {}", told());
    }
}

/// The key of a person or group in a list of those behind a number.
fn key_of(who: &str) -> Vec<u8> {
    match who.split_once(' ') {
        Some(("person", number)) => person(number.parse().expect("a number")).to_bytes(),
        Some(("visitor", _)) => PersonId::of_distinct_id(project_id(), who).to_bytes(),
        _ => who.as_bytes().to_vec(),
    }
}

#[test]
fn trends_of_every_math_equal_the_naive_ones_and_so_do_the_persons_behind_them() {
    let mut random = Random::new(0x5DEE_CE66_D1CE_4E5B);
    for round in 0..250 {
        let (zone, center) = random.one_of(&CENTERS);
        let center = chrono::DateTime::parse_from_rfc3339(center).expect("a time");
        let center_ms = center.timestamp_millis();
        let (world, history) = random_history(&mut random, center_ms);
        for _ in 0..4 {
            let (query, interval) = random_query(&mut random, zone, center_ms);
            let told = || format!("round {round}: {query:?}\n{history:?}");
            let answer = world.answer(&query);
            let expected = naive::answer(&history, &query, interval);
            assert_close(&answer.series, &expected.0, &told);
            assert_eq!(answer.previous.is_some(), query.previous.is_some());
            if let (Some(found), Some(expected)) = (&answer.previous, &expected.1) {
                assert_close(found, expected, &told);
            }
            let series = random.place(query.series.len());
            let bucket = random.place(query.period.buckets.count());
            let value =
                random.one_of(&[None, Some("x"), Some("$none"), Some("$other"), Some("pro")]);
            let asked = TrendPersonsQuery {
                series,
                bucket: (random.below(3) > 0).then_some(bucket),
                value: value.filter(|_| query.breakdown.is_some()).map(str::to_owned),
                page: Page { after: None, size: 1 },
                trends: query.clone(),
            };
            let found = world.behind(&asked, 3);
            let wanted: BTreeSet<_> =
                naive::behind(&history, &asked, interval).iter().map(|who| key_of(who)).collect();
            let told = || format!("round {round}: {asked:?}\n{history:?}");
            assert_eq!(found, wanted.into_iter().collect::<Vec<_>>(), "{}", told());
        }
    }
}
