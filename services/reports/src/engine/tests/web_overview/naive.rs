//! Random histories, asked of the engine and of the rules written down as plainly as possible.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;

use super::{DAY_MS, asked_in, overview};
use crate::engine::tests::oracle::Random;
use crate::engine::tests::visits::{Event, MINUTE_MS, Site, random_range};
use crate::engine::tests::world::is;
use crate::query::{Range, Scope};
use crate::web_overview::{WebNumbers, WebPoint, WebRow};

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
    let mut random = Random::new(0x00C0_FFEE_0000_0001);
    // The clocks of Berlin and New York change in these weeks.
    let starts = [0, 1_774_656_000_000, 1_772_928_000_000, 1_792_800_000_000];
    for round in 0..300 {
        let start_ms = random.one_of(&starts);
        let minutes = random.one_of(&[120, 1_000, 4_000]);
        let zone = random.one_of(&[Tz::UTC, Tz::Europe__Berlin, Tz::America__New_York]);
        let site = Site::random(&mut random, start_ms, minutes);
        let range = random_range(&mut random, start_ms, minutes);
        let mut query = asked_in(range, zone);
        let before = Range { start_ms: 2 * range.start_ms - range.end_ms, end_ms: range.start_ms };
        query.previous = Some(before);
        let only_a = random.below(3) == 0;
        if only_a {
            query.filter = is("$pathname", Scope::Event, "/a");
        }
        let is_asked = |event: &Event| !only_a || event.text("$pathname") == Some("/a");
        let answer = overview(&site.world, &query);
        let expected = naive(&site, range, zone, is_asked);
        let told = || format!("round {round}: {range:?} {zone} {only_a}\n{:?}", site.events);
        assert_eq!(answer.numbers, expected.numbers, "{}", told());
        assert_eq!(
            answer.previous,
            Some(naive(&site, before, zone, is_asked).numbers),
            "{}",
            told()
        );
        for (start_ms, point) in query.period.buckets.starts_ms().iter().zip(&answer.points) {
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
