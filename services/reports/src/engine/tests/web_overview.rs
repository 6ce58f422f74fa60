//! The web overview on columns, against rules written out and a naive count.

mod naive;

use chrono::DateTime;
use chrono_tz::Tz;
use observe_core::PersonId;

use super::visits::MINUTE_MS;
use super::world::{World, is, project_id};
use crate::query::{Filter, Range, Scope};
use crate::trends::buckets::Interval;
use crate::trends::period::Period;
use crate::web_overview::{
    Dimension, WebNumbers, WebOverviewAnswer, WebOverviewQuery, WebPoint, WebRow,
};

const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

fn asked_in(range: Range, zone: Tz) -> WebOverviewQuery {
    WebOverviewQuery {
        period: Period::new(range, Interval::Day, zone).expect("few"),
        previous: None,
        filter: Filter::everything(),
        limit: 100,
        now_ms: 0,
    }
}

fn asked(days: i64) -> WebOverviewQuery {
    asked_in(Range { start_ms: 0, end_ms: days * DAY_MS }, Tz::UTC)
}

fn overview(world: &World, query: &WebOverviewQuery) -> WebOverviewAnswer {
    world.ask(|view| crate::engine::web_overview::run(view, query))
}

/// Events at these minutes, each a page view of a path, or an event of the name.
fn visit(world: &mut World, who: &str, session: &str, events: &[(i64, &str)]) {
    for (minute, what) in events {
        let (name, page) = if what.starts_with('/') { ("$pageview", *what) } else { (*what, "/x") };
        let mut json = serde_json::json!({ "$pathname": page });
        if !session.is_empty() {
            json["$session_id"] = session.into();
        }
        world.event(who, name, minute * MINUTE_MS, &json.to_string());
    }
}

fn numbers(visitors: u64, views: u64, sessions: u64, bounces: u64, minutes: u64) -> WebNumbers {
    WebNumbers { visitors, views, sessions, bounces, duration_ms: minutes * 60_000 }
}

fn table(answer: &WebOverviewAnswer, dimension: Dimension) -> Vec<(&str, u64, u64, f64)> {
    let at = Dimension::ALL.iter().position(|one| *one == dimension).expect("all are in it");
    let row = |row: &WebRow| (row.visitors, row.views, row.bounce_rate);
    let rows = answer.tables[at].rows.iter().map(|one| (one.value.as_str(), row(one)));
    rows.map(|(value, (visitors, views, bounce))| (value, visitors, views, bounce)).collect()
}

#[test]
fn a_session_with_a_single_page_view_is_a_bounce_whatever_else_happened_in_it() {
    let mut world = World::new();
    visit(&mut world, "ada", "s1", &[(0, "/"), (1, "$autocapture"), (4, "buy")]);
    visit(&mut world, "ben", "s2", &[(0, "/"), (6, "/a")]);
    visit(&mut world, "cid", "s3", &[(0, "buy")]);
    for sealed in [false, true] {
        if sealed {
            world.project.seal();
        }
        let answer = overview(&world, &asked(1));
        assert_eq!(
            answer.numbers,
            numbers(2, 3, 2, 1, 10),
            "a session without a page view is none"
        );
        assert_eq!(answer.points, [WebPoint { visitors: 2, views: 3, sessions: 2 }]);
        assert_eq!(table(&answer, Dimension::Page), [("/", 2, 2, 0.5), ("/a", 1, 1, 0.0)]);
    }
}

#[test]
fn entry_and_exit_are_the_first_and_the_last_page_view() {
    let mut world = World::new();
    visit(&mut world, "ada", "s1", &[(0, "hello"), (1, "/"), (2, "/a"), (3, "/b"), (4, "bye")]);
    visit(&mut world, "ada", "s2", &[(100, "/b")]);
    visit(&mut world, "ben", "s3", &[(0, "/"), (1, "/b")]);
    let answer = overview(&world, &asked(1));
    let entries = [("/", 2, 2, 0.0), ("/b", 1, 1, 1.0)];
    assert_eq!(table(&answer, Dimension::EntryPage), entries);
    assert_eq!(table(&answer, Dimension::ExitPage), [("/b", 2, 3, 1.0 / 3.0)]);
    let pages = [("/", 2, 2, 0.0), ("/b", 2, 3, 1.0), ("/a", 1, 1, 0.0)];
    assert_eq!(table(&answer, Dimension::Page), pages, "of pages, the sessions that began there");
}

#[test]
fn a_session_whose_first_page_was_opened_directly_or_says_nothing_is_direct() {
    let mut world = World::new();
    let view = |world: &mut World, who: &str, minute: i64, json: &str| {
        world.event(who, "$pageview", minute * MINUTE_MS, json);
    };
    view(&mut world, "ada", 0, r#"{"$session_id":"s1","$referring_domain":"$direct"}"#);
    view(&mut world, "ada", 1, r#"{"$session_id":"s1","$referring_domain":"news.example"}"#);
    view(&mut world, "ben", 0, r#"{"$session_id":"s2"}"#);
    view(
        &mut world,
        "cid",
        0,
        r#"{"$session_id":"s3","$referring_domain":"news.example","utm_source":"mail"}"#,
    );
    let answer = overview(&world, &asked(1));
    let referrers = [("$direct", 2, 3, 0.5), ("news.example", 1, 1, 1.0)];
    assert_eq!(table(&answer, Dimension::Referrer), referrers);
    assert_eq!(
        table(&answer, Dimension::UtmSource),
        [("mail", 1, 1, 1.0)],
        "without one, not in it"
    );
    assert_eq!(table(&answer, Dimension::Browser), [("$none", 3, 4, 2.0 / 3.0)]);
    let mut bare = World::new();
    view(&mut bare, "ada", 0, "{}");
    assert_eq!(table(&overview(&bare, &asked(1)), Dimension::Referrer), [("$direct", 1, 1, 1.0)]);
}

#[test]
fn a_session_across_midnight_counts_once_on_the_day_it_began() {
    let mut world = World::new();
    visit(&mut world, "ada", "s1", &[(1_430, "/"), (1_445, "/a")]);
    visit(&mut world, "ben", "", &[(1_430, "/"), (1_445, "/a")]);
    let answer = overview(&world, &asked(2));
    assert_eq!(answer.numbers, numbers(2, 4, 2, 0, 30));
    let point = |sessions| WebPoint { visitors: 2, views: 2, sessions };
    assert_eq!(answer.points, [point(2), point(0)]);
    let second = asked_in(Range { start_ms: DAY_MS, end_ms: 2 * DAY_MS }, Tz::UTC);
    let answer = overview(&world, &second);
    assert_eq!(answer.numbers, numbers(2, 2, 2, 2, 0), "only events inside the range count");
}

#[test]
fn a_session_across_a_change_of_clocks_is_as_long_as_it_took() {
    let mut world = World::new();
    // In Berlin the clocks went from 2:00 to 3:00 at 1:00 UTC on 2026-03-29.
    let one_utc = DateTime::parse_from_rfc3339("2026-03-29T01:00:00Z").expect("a time");
    let minute = one_utc.timestamp_millis() / MINUTE_MS;
    visit(&mut world, "ada", "", &[(minute - 10, "/"), (minute + 10, "/a"), (minute + 41, "/b")]);
    let start_ms = (minute - 120) * MINUTE_MS;
    let range = Range { start_ms, end_ms: start_ms + 23 * 60 * MINUTE_MS };
    let answer = overview(&world, &asked_in(range, Tz::Europe__Berlin));
    assert_eq!(
        answer.numbers,
        numbers(1, 3, 2, 1, 20),
        "the pause is 31 minutes, not an hour more"
    );
    let whole_day = [WebPoint { visitors: 1, views: 3, sessions: 2 }];
    assert_eq!(answer.points, whole_day, "that day has 23 hours");
}

#[test]
fn two_ids_of_one_person_are_one_visitor_and_their_session_is_one() {
    let mut world = World::new();
    visit(&mut world, "anon", "s1", &[(0, "/")]);
    visit(&mut world, "user-1", "s1", &[(2, "/a")]);
    visit(&mut world, "user-1", "", &[(30, "/b")]);
    assert_eq!(overview(&world, &asked(1)).numbers, numbers(2, 3, 2, 1, 28));
    world.project.seal();
    world.map("anon", PersonId::of_distinct_id(project_id(), "user-1"));
    let answer = overview(&world, &asked(1));
    assert_eq!(answer.numbers, numbers(1, 3, 1, 0, 30));
    assert_eq!(table(&answer, Dimension::EntryPage), [("/", 1, 1, 0.0)]);
}

#[test]
fn page_views_of_nobody_are_views_alone() {
    let mut world = World::new();
    visit(&mut world, "null", "s1", &[(0, "/"), (1, "/a")]);
    visit(&mut world, "ada", "s2", &[(0, "/")]);
    let answer = overview(&world, &asked(1));
    assert_eq!(answer.numbers, numbers(1, 3, 1, 1, 0));
    assert_eq!(table(&answer, Dimension::Page), [("/", 1, 2, 1.0), ("/a", 0, 1, 0.0)]);
}

#[test]
fn a_filter_takes_page_views_and_what_is_told_of_a_session_is_of_the_whole() {
    let mut world = World::new();
    visit(&mut world, "ada", "s1", &[(0, "/"), (1, "/a"), (5, "buy")]);
    visit(&mut world, "ben", "s2", &[(0, "/")]);
    let mut query = asked(1);
    query.filter = is("$pathname", Scope::Event, "/a");
    let answer = overview(&world, &query);
    assert_eq!(answer.numbers, numbers(1, 1, 1, 0, 5));
    assert_eq!(table(&answer, Dimension::EntryPage), [("/", 1, 1, 0.0)]);
    assert_eq!(table(&answer, Dimension::Page), [("/a", 1, 1, 0.0)]);
    query.filter = is("$is_bounce", Scope::Session, "true");
    assert_eq!(overview(&world, &query).numbers, numbers(1, 1, 1, 1, 0));
}

#[test]
fn the_time_before_has_numbers_of_its_own_and_tables_are_as_long_as_asked() {
    let mut world = World::new();
    visit(&mut world, "ada", "s1", &[(0, "/"), (1_439, "/a")]);
    visit(&mut world, "ben", "s2", &[(1_440, "/a"), (1_441, "/b")]);
    let mut query = asked_in(Range { start_ms: DAY_MS, end_ms: 2 * DAY_MS }, Tz::UTC);
    (query.previous, query.limit) = (Some(Range { start_ms: 0, end_ms: DAY_MS }), 1);
    let answer = overview(&world, &query);
    assert_eq!(answer.previous, Some(numbers(1, 2, 1, 0, 1_439)));
    assert_eq!(answer.numbers, numbers(1, 2, 1, 0, 1));
    assert_eq!((answer.tables[0].rows.len(), answer.tables[0].more), (1, 1));
    assert_eq!(answer.tables[0].rows[0].value, "/a", "ties go by text");
}

#[test]
fn web_vitals_are_told_where_they_were_measured() {
    let mut world = World::new();
    for (n, (lcp, page)) in
        (0..).zip([("1000.5", "/"), ("4000", "/"), ("2500", "/a"), ("\"slow\"", "/a")])
    {
        let json = format!(r#"{{"$lcp":{lcp},"$pathname":"{page}"}}"#);
        world.event("ada", "$web_vitals", n, &json);
        world.event("ada", "buy", n, &json);
    }
    world.event("null", "$web_vitals", 9, r#"{"$cls":0.1}"#);
    let mut query = asked(1);
    let told = |query: &_| {
        let vitals = overview(&world, query).vitals;
        vitals.iter().map(|one| (one.vital.name, one.p75, one.count, one.good)).collect::<Vec<_>>()
    };
    assert_eq!(told(&query), [("LCP", 3_250.0, 3, 2), ("CLS", 0.1, 1, 1)]);
    query.filter = is("$pathname", Scope::Event, "/a");
    assert_eq!(told(&query), [("LCP", 2_500.0, 1, 1)]);
}

#[test]
fn whoever_had_an_event_in_the_last_five_minutes_is_here_now() {
    let mut world = World::new();
    visit(&mut world, "ada", "", &[(0, "buy"), (5, "buy")]);
    visit(&mut world, "ben", "", &[(4, "/")]);
    visit(&mut world, "null", "", &[(4, "/")]);
    let mut query = asked_in(Range { start_ms: 0, end_ms: 1 }, Tz::UTC);
    for (now_ms, expected) in [
        (5 * MINUTE_MS, 2),
        (9 * MINUTE_MS, 2),
        (9 * MINUTE_MS + 1, 1),
        (10 * MINUTE_MS, 1),
        (10 * MINUTE_MS + 1, 0),
        (3 * MINUTE_MS, 1),
    ] {
        query.now_ms = now_ms;
        assert_eq!(overview(&world, &query).persons_now, expected, "at {now_ms}");
    }
}

#[test]
fn a_project_without_events_answers_zeros() {
    let mut query = asked(2);
    query.previous = Some(Range { start_ms: -DAY_MS, end_ms: 0 });
    let answer = overview(&World::new(), &query);
    assert_eq!(
        (answer.numbers, answer.previous),
        (WebNumbers::default(), Some(WebNumbers::default()))
    );
    assert_eq!(answer.points, [WebPoint::default(); 2]);
    assert!(answer.tables.iter().all(|table| table.rows.is_empty() && table.more == 0));
    assert_eq!((answer.tables.len(), answer.vitals.len(), answer.persons_now), (11, 0, 0));
}
