//! Properties of sessions in filters and breakdowns, against rules written out and a naive count.

use std::collections::BTreeMap;

use super::oracle::Random;
use super::visits::{Event, MINUTE_MS, Site, random_range};
use super::world::{Counts, World, by, is, person, series, totals, trends};
use crate::engine::EngineError;
use crate::engine::sessions::Sessions;
use crate::engine::slots::Asker;
use crate::engine::view::View;
use crate::query::{Attribution, Condition, Filter, Range, Scope, ValueTest};
use crate::trends::buckets::Interval;
use crate::trends::period::Period;
use crate::trends::{Math, TrendsQuery};

const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Asks over a range, which is also what sessions are looked at of.
fn asked(range: Range) -> TrendsQuery {
    let period = Period::new(range, Interval::Month, chrono_tz::Tz::UTC).expect("few");
    TrendsQuery { period, ..trends(1, vec![series("", Math::Total)]) }
}

fn count(world: &World, query: &TrendsQuery) -> Vec<(String, u64)> {
    let answer = world.answer(query);
    let lines: Vec<_> = answer.series.concat().into_iter().map(Counts::of).collect();
    totals(&lines).into_iter().map(|(value, total)| (value.to_owned(), total)).collect()
}

fn by_session(world: &World, property: &str, range: Range) -> Vec<(String, u64)> {
    let mut query = asked(range);
    query.breakdown = Some(by(property, Scope::Session, 100, Attribution::FirstTouch));
    count(world, &query)
}

fn with(world: &World, property: &str, test: ValueTest, range: Range) -> u64 {
    let mut query = asked(range);
    let condition = Condition { property: property.into(), scope: Scope::Session, test };
    query.filter = Filter::Condition(condition);
    count(world, &query).first().map_or(0, |(_, total)| *total)
}

fn visit(world: &mut World, who: &str, session: &str, events: &[(i64, &str, &str)]) {
    for (minute, name, page) in events {
        let json = format!(r#"{{"$session_id":"{session}","$pathname":"{page}"}}"#);
        world.event(who, name, minute * MINUTE_MS, &json);
    }
}

const WEEK: Range = Range { start_ms: 0, end_ms: 7 * DAY_MS };

fn pairs(found: &[(String, u64)]) -> Vec<(&str, u64)> {
    found.iter().map(|(value, total)| (value.as_str(), *total)).collect()
}

#[test]
fn what_is_told_of_a_session_is_told_of_all_its_events() {
    let mut world = World::new();
    visit(
        &mut world,
        "ada",
        "s1",
        &[(0, "$autocapture", "/x"), (1, "$pageview", "/"), (3, "buy", "/b")],
    );
    visit(&mut world, "ada", "s2", &[(100, "$pageview", "/a"), (102, "$pageview", "/")]);
    world.event("ada", "buy", 103 * MINUTE_MS, "{}");
    for sealed in [false, true] {
        if sealed {
            world.project.seal();
        }
        let entries = by_session(&world, "$entry_pathname", WEEK);
        assert_eq!(pairs(&entries), [("/", 3), ("/a", 2), ("$none", 1)]);
        let views = by_session(&world, "$pageview_count", WEEK);
        assert_eq!(pairs(&views), [("1", 3), ("2", 2), ("$none", 1)]);
        let bounces = by_session(&world, "$is_bounce", WEEK);
        assert_eq!(pairs(&bounces), [("true", 3), ("false", 2), ("$none", 1)]);
        let seconds = by_session(&world, "$duration_seconds", WEEK);
        assert_eq!(pairs(&seconds), [("180", 3), ("120", 2), ("$none", 1)]);
        assert_eq!(with(&world, "$pageview_count", ValueTest::Greater(1.0), WEEK), 2);
        assert_eq!(with(&world, "$duration_seconds", ValueTest::GreaterOrEqual(180.0), WEEK), 3);
        assert_eq!(with(&world, "$is_bounce", ValueTest::NotIn(["true".into()].into()), WEEK), 3);
        assert_eq!(with(&world, "$entry_pathname", ValueTest::IsNotSet, WEEK), 1);
        assert_eq!(with(&world, "$entry_unheard", ValueTest::IsSet, WEEK), 0);
    }
}

#[test]
fn a_session_without_a_page_view_is_no_bounce_and_has_no_entry() {
    let mut world = World::new();
    visit(&mut world, "ada", "s1", &[(0, "buy", "/"), (1, "buy", "/")]);
    assert_eq!(pairs(&by_session(&world, "$pageview_count", WEEK)), [("0", 2)]);
    assert_eq!(pairs(&by_session(&world, "$is_bounce", WEEK)), [("false", 2)]);
    assert_eq!(pairs(&by_session(&world, "$entry_pathname", WEEK)), [("$none", 2)]);
    visit(&mut world, "ben", "s2", &[(2, "$pageview", "/b")]);
    assert_eq!(pairs(&by_session(&world, "$pageview_count", WEEK)), [("0", 2), ("1", 1)]);
}

#[test]
fn a_session_across_the_edge_of_the_range_is_known_whole() {
    let mut world = World::new();
    // Two minutes before and after a midnight.
    visit(&mut world, "ada", "s1", &[(1_438, "$pageview", "/in"), (1_442, "$pageview", "/out")]);
    let (first, second) =
        (Range { start_ms: 0, end_ms: DAY_MS }, Range { start_ms: DAY_MS, end_ms: 2 * DAY_MS });
    for day in [first, second] {
        assert_eq!(pairs(&by_session(&world, "$entry_pathname", day)), [("/in", 1)]);
        assert_eq!(pairs(&by_session(&world, "$is_bounce", day)), [("false", 1)]);
        assert_eq!(pairs(&by_session(&world, "$duration_seconds", day)), [("240", 1)]);
    }
}

#[test]
fn two_ids_of_one_session_are_one_session_before_and_after_they_are_one_person() {
    let mut world = World::new();
    visit(&mut world, "anon", "s1", &[(0, "$pageview", "/")]);
    visit(&mut world, "user-1", "s1", &[(1, "$pageview", "/a")]);
    let told = [("2", 2)];
    assert_eq!(pairs(&by_session(&world, "$pageview_count", WEEK)), told);
    world.map("anon", person(4));
    world.map("user-1", person(4));
    assert_eq!(pairs(&by_session(&world, "$pageview_count", WEEK)), told);
    assert_eq!(pairs(&by_session(&world, "$entry_pathname", WEEK)), [("/", 2)]);
}

#[test]
fn the_first_page_view_of_equal_times_is_the_one_that_came_first() {
    let mut world = World::new();
    visit(&mut world, "ada", "s1", &[(0, "$pageview", "/first"), (0, "$pageview", "/second")]);
    world.project.seal();
    assert_eq!(pairs(&by_session(&world, "$entry_pathname", WEEK)), [("/first", 2)]);
}

#[test]
fn a_question_about_too_many_sessions_is_given_up() {
    let mut world = World::new();
    for n in 0..1_000 {
        visit(&mut world, "ada", &format!("s{n}"), &[(n, "$pageview", "/")]);
    }
    let now = world.project.snapshot();
    for (bytes_max, expected) in [(1_000_000, Ok(1_000.0)), (30_000, Err(())), (1_000, Err(()))] {
        let asker = Asker::default();
        let view = View { sessions: Sessions::within(bytes_max), ..View::new(&now, &asker) };
        let mut query = asked(WEEK);
        query.filter = is("$is_bounce", Scope::Session, "true");
        let answer = crate::engine::trends::run(&view, &query);
        let total = answer.map(|answer| answer.series[0][0].total);
        assert_eq!(total, expected.map_err(|()| EngineError::TooLarge), "{bytes_max} bytes");
    }
}

/// The properties of a session, from its events in the order of time and arrival.
fn naive(property: &str, events: &[&Event]) -> Option<String> {
    let views: Vec<_> = events.iter().filter(|event| event.name == "$pageview").collect();
    match property {
        "$pageview_count" => Some(views.len().to_string()),
        "$is_bounce" => Some((views.len() == 1).to_string()),
        "$duration_seconds" => {
            let (first, last) = (events.first()?, events.last()?);
            Some(((last.time_ms - first.time_ms) / 1_000).to_string())
        }
        entry => {
            let of_event = match entry.strip_prefix("$entry_")? {
                key if key.starts_with("utm") => key.to_owned(),
                key => format!("${key}"),
            };
            views.first()?.text(&of_event).map(str::to_owned)
        }
    }
}

const ALL: [&str; 8] = [
    "$entry_pathname",
    "$entry_referring_domain",
    "$entry_utm_source",
    "$entry_utm_medium",
    "$entry_utm_campaign",
    "$duration_seconds",
    "$pageview_count",
    "$is_bounce",
];

#[test]
fn breakdowns_and_filters_by_session_equal_the_naive_ones() {
    let mut random = Random::new(0x0BAD_5EED_0000_0007);
    for round in 0..150 {
        let minutes = random.one_of(&[100, 1_000, 9_000]);
        let site = Site::random(&mut random, 0, minutes);
        let range = random_range(&mut random, 0, minutes);
        let around = Range { start_ms: range.start_ms - DAY_MS, end_ms: range.end_ms + DAY_MS };
        let mut sessions: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        for event in site.inside(around) {
            if let Some(session) = event.text("$session_id") {
                sessions.entry(session).or_default().push(event);
            }
        }
        for events in sessions.values_mut() {
            events.sort_by_key(|event| (event.time_ms, event.arrival));
        }
        for property in ALL {
            let value = |event: &Event| {
                let events = sessions.get(event.text("$session_id")?);
                naive(property, events.map_or(&[], Vec::as_slice))
            };
            let mut expected: BTreeMap<String, u64> = BTreeMap::new();
            for event in site.inside(range) {
                *expected.entry(value(event).unwrap_or_else(|| "$none".into())).or_default() += 1;
            }
            let mut expected: Vec<_> = expected.into_iter().collect();
            expected.sort_by(|(a, a_total), (b, b_total)| b_total.cmp(a_total).then(a.cmp(b)));
            let found = by_session(&site.world, property, range);
            assert_eq!(found, expected, "round {round}: {property} {range:?}\n{:?}", site.events);
            for (text, total) in expected.into_iter().filter(|(text, _)| text != "$none") {
                let test = ValueTest::In([text.clone()].into());
                assert_eq!(
                    with(&site.world, property, test, range),
                    total,
                    "round {round}: {text}"
                );
            }
        }
    }
}
