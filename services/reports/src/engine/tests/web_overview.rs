//! The web overview on columns, against rules written out and a naive count.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use observe_core::PersonId;

use super::visits::{Event, MINUTE_MS, Random, Site, random_range};
use super::world::{World, is, project_id};
use crate::engine::slots::Asker;
use crate::engine::view::View;
use crate::query::{Filter, Range, Scope};
use crate::trends::buckets::{Buckets, Interval};
use crate::web_overview::{
    Dimension, WebNumbers, WebOverviewAnswer, WebOverviewQuery, WebPoint, WebRow,
};

const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

fn asked_in(range: Range, zone: Tz) -> WebOverviewQuery {
    WebOverviewQuery {
        range,
        buckets: Buckets::new(range, Interval::Day, zone).expect("few"),
        filter: Filter::everything(),
        compare_previous: false,
        limit: 100,
        now_ms: 0,
    }
}

fn asked(days: i64) -> WebOverviewQuery {
    asked_in(Range { start_ms: 0, end_ms: days * DAY_MS }, Tz::UTC)
}

fn overview(world: &World, query: &WebOverviewQuery) -> WebOverviewAnswer {
    let (now, asker) = (world.project.snapshot(), Asker::default());
    crate::engine::web_overview::run(&View::new(&now, &asker), query).expect("the asker waits")
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
fn the_time_before_is_of_equal_length_and_tables_are_as_long_as_asked() {
    let mut world = World::new();
    visit(&mut world, "ada", "s1", &[(0, "/"), (1_439, "/a")]);
    visit(&mut world, "ben", "s2", &[(1_440, "/a"), (1_441, "/b")]);
    let mut query = asked_in(Range { start_ms: DAY_MS, end_ms: 2 * DAY_MS }, Tz::UTC);
    (query.compare_previous, query.limit) = (true, 1);
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
    query.compare_previous = true;
    let answer = overview(&World::new(), &query);
    assert_eq!(
        (answer.numbers, answer.previous),
        (WebNumbers::default(), Some(WebNumbers::default()))
    );
    assert_eq!(answer.points, [WebPoint::default(); 2]);
    assert!(answer.tables.iter().all(|table| table.rows.is_empty() && table.more == 0));
    assert_eq!((answer.tables.len(), answer.vitals.len(), answer.persons_now), (11, 0, 0));
}

/// The sessions of one person's events, which are in their order, from the rules as they are written.
fn naive_sessions<'a>(events: &[&'a Event]) -> Vec<Vec<&'a Event>> {
    // Pieces follow each other; those with one id are one session in the end.
    let mut pieces: Vec<(Option<&str>, Vec<&'a Event>)> = Vec::new();
    for event in events {
        let id = event.text("$session_id");
        let goes_on = pieces.last().is_some_and(|(named, piece)| {
            let (first, last) = (piece[0], piece[piece.len() - 1]);
            let is_soon = event.time_ms - last.time_ms <= 30 * MINUTE_MS;
            let is_same_day = named.is_some() || event.time_ms - first.time_ms <= DAY_MS;
            match (named, id) {
                (Some(named), Some(id)) => *named == id,
                _ => is_soon && is_same_day,
            }
        });
        if !goes_on {
            pieces.push((None, Vec::new()));
        }
        let (named, piece) = pieces.last_mut().expect("one is there");
        *named = named.or(id);
        piece.push(event);
    }
    let mut sessions: Vec<(Option<&str>, Vec<&'a Event>)> = Vec::new();
    for (id, piece) in pieces {
        let same = sessions.iter_mut().find(|(known, _)| id.is_some() && *known == id);
        match same {
            Some((_, session)) => session.extend(piece),
            None => sessions.push((id, piece)),
        }
    }
    sessions.into_iter().map(|(_, session)| session).collect()
}

#[derive(Default)]
struct NaiveRow {
    visitors: BTreeSet<String>,
    views: u64,
    sessions: u64,
    bounces: u64,
}

#[derive(Default)]
struct Naive {
    numbers: WebNumbers,
    points: BTreeMap<NaiveDate, (BTreeSet<String>, u64, u64)>,
    rows: BTreeMap<(usize, String), NaiveRow>,
}

fn date(event: &Event, zone: Tz) -> NaiveDate {
    DateTime::from_timestamp_millis(event.time_ms)
        .expect("a time")
        .with_timezone(&zone)
        .date_naive()
}

fn naive(site: &Site, range: Range, zone: Tz, is_asked: impl Fn(&Event) -> bool) -> Naive {
    let mut naive = Naive::default();
    let is_asked = |event: &Event| event.name == "$pageview" && is_asked(event);
    let value = |event: &Event, key: &str| event.text(key).map(str::to_owned);
    for event in site.inside(range).into_iter().filter(|event| is_asked(event)) {
        naive.numbers.views += 1;
        let person = site.who(event);
        let point = naive.points.entry(date(event, zone)).or_default();
        point.1 += 1;
        point.0.extend(person.clone());
        let page = value(event, "$pathname").unwrap_or_else(|| "$none".into());
        let row = naive.rows.entry((0, page)).or_default();
        row.views += 1;
        row.visitors.extend(person);
    }
    for (person, events) in site.by_person(range) {
        if !events.iter().any(|event| is_asked(event)) {
            continue;
        }
        naive.numbers.visitors += 1;
        for session in naive_sessions(&events) {
            let views: Vec<_> = session.iter().filter(|event| event.name == "$pageview").collect();
            let asked = views.iter().filter(|event| is_asked(event)).count() as u64;
            if asked == 0 {
                continue;
            }
            let is_bounce = views.len() == 1;
            naive.numbers.sessions += 1;
            naive.numbers.bounces += u64::from(is_bounce);
            let times = || session.iter().map(|event| event.time_ms);
            let (first, last) = (times().min().expect("some"), times().max().expect("some"));
            naive.numbers.duration_ms += first.abs_diff(last);
            naive.points.entry(date(session[0], zone)).or_default().2 += 1;
            let (entry, exit) = (views[0], views[views.len() - 1]);
            let or_none = |text: Option<String>| Some(text.unwrap_or_else(|| "$none".into()));
            let told = [
                (1, or_none(value(entry, "$pathname"))),
                (2, or_none(value(exit, "$pathname"))),
                (3, value(entry, "$referring_domain").or_else(|| Some("$direct".into()))),
                (4, value(entry, "utm_source")),
                (5, value(entry, "utm_medium")),
                (6, value(entry, "utm_campaign")),
                (7, or_none(value(entry, "$browser"))),
                (8, or_none(value(entry, "$os"))),
                (9, or_none(value(entry, "$device_type"))),
                (10, or_none(value(entry, "$geoip_country_code"))),
            ];
            for (at, value) in told {
                let Some(value) = value else { continue };
                let row = naive.rows.entry((at, value)).or_default();
                row.visitors.insert(person.clone());
                row.views += if at <= 2 { 1 } else { asked };
                row.sessions += 1;
                row.bounces += u64::from(is_bounce);
            }
        }
    }
    naive
}

impl Naive {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn table(&self, at: usize) -> Vec<WebRow> {
        let rows = self.rows.iter().filter(|((table, _), _)| *table == at);
        let mut rows: Vec<_> = rows
            .map(|((_, value), row)| {
                // Of pages, the sessions that began there.
                let entry = self.rows.get(&(1, value.clone()));
                let of = if at == 0 { entry } else { Some(row) };
                let (bounces, sessions) = of.map_or((0, 0), |row| (row.bounces, row.sessions));
                let bounce_rate =
                    if sessions == 0 { 0.0 } else { bounces as f64 / sessions as f64 };
                let visitors = row.visitors.len() as u64;
                WebRow { value: value.clone(), visitors, views: row.views, bounce_rate }
            })
            .collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.visitors), row.value.clone()));
        rows
    }
}

#[test]
fn web_overviews_equal_the_naive_ones() {
    let mut random = Random(0x00C0_FFEE_0000_0001);
    // The clocks of Berlin and New York change in these weeks.
    let starts = [0, 1_774_656_000_000, 1_772_928_000_000, 1_792_800_000_000];
    for round in 0..300 {
        let start_ms = random.one_of(&starts);
        let minutes = random.one_of(&[120, 1_000, 4_000]);
        let zone = random.one_of(&[Tz::UTC, Tz::Europe__Berlin, Tz::America__New_York]);
        let site = Site::random(&mut random, start_ms, minutes);
        let range = random_range(&mut random, start_ms, minutes);
        let mut query = asked_in(range, zone);
        query.compare_previous = true;
        let only_a = random.below(3) == 0;
        if only_a {
            query.filter = is("$pathname", Scope::Event, "/a");
        }
        let is_asked = |event: &Event| !only_a || event.text("$pathname") == Some("/a");
        let answer = overview(&site.world, &query);
        let expected = naive(&site, range, zone, is_asked);
        let told = || format!("round {round}: {range:?} {zone} {only_a}\n{:?}", site.events);
        assert_eq!(answer.numbers, expected.numbers, "{}", told());
        let before = Range { start_ms: 2 * range.start_ms - range.end_ms, end_ms: range.start_ms };
        assert_eq!(
            answer.previous,
            Some(naive(&site, before, zone, is_asked).numbers),
            "{}",
            told()
        );
        for (start_ms, point) in query.buckets.starts_ms().iter().zip(&answer.points) {
            let day = DateTime::from_timestamp_millis(*start_ms).expect("a time");
            let (persons, views, sessions) = expected
                .points
                .get(&day.with_timezone(&zone).date_naive())
                .cloned()
                .unwrap_or_default();
            let expected = WebPoint { visitors: persons.len() as u64, views, sessions };
            assert_eq!(*point, expected, "{day} {}", told());
        }
        for (at, table) in answer.tables.iter().enumerate() {
            assert_eq!(table.rows, expected.table(at), "table {at} {}", told());
        }
    }
}
