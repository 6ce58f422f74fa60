//! The world as a whole: the same at each run, and like a shop.

use std::collections::{BTreeMap, HashSet};

use super::event::Event;
use super::request::{CREATE_PAYMENT, Request, SEARCH};
use super::rhythm::{DAY, HOUR, MINUTE};
use super::world::{Scale, Traces, World};

/// Saturday, 28 November 2026, 13:20 in UTC.
const NOW: i64 = 1_795_824_000_000 + 13 * HOUR + 20 * MINUTE;

fn world(people: u32, days: u32) -> World {
    World::new(Scale { seed: 1, people, days, now: NOW })
}

fn all(world: &World) -> Traces {
    let mut all = Traces::default();
    for person in 0..world.scale().people {
        let traces = world.traces(person);
        all.events.extend(traces.events);
        all.requests.extend(traces.requests);
    }
    all
}

fn named<'a>(events: &'a [Event], name: &'a str) -> impl Iterator<Item = &'a Event> {
    events.iter().filter(move |event| event.name == name)
}

fn message(event: &Event) -> &str {
    event.properties["$exception_list"][0]["value"].as_str().unwrap_or_default()
}

#[test]
fn the_same_scale_is_the_same_world() {
    let first = all(&world(60, 30));
    assert_eq!(first, all(&world(60, 30)));
    let other = World::new(Scale { seed: 2, ..world(60, 30).scale() });
    assert_ne!(first, all(&other));
}

#[test]
fn every_event_and_request_has_an_id_of_its_own() {
    let traces = all(&world(300, 30));
    let uuids: HashSet<_> = traces.events.iter().map(|event| event.uuid).collect();
    assert_eq!(uuids.len(), traces.events.len());
    let ids: HashSet<_> = traces.requests.iter().map(|request| request.trace).collect();
    assert_eq!(ids.len(), traces.requests.len());
    let spans: HashSet<_> = ids.iter().map(|trace| trace & u128::from(u64::MAX)).collect();
    assert_eq!(spans.len(), ids.len());
}

#[test]
fn everything_happens_between_the_first_midnight_and_now() {
    let world = world(300, 30);
    assert_eq!(world.day(0), 1_795_824_000_000 - 29 * DAY);
    let traces = all(&world);
    let inside = world.day(0)..=NOW;
    assert!(traces.events.iter().all(|event| inside.contains(&event.time)));
    assert!(traces.requests.iter().all(|request| inside.contains(&request.end())));
    let last = traces.events.iter().map(|event| event.time).max();
    assert!(last.is_some_and(|last| last > NOW - 5 * MINUTE), "the charts end now");
}

#[test]
fn the_full_world_is_as_large_as_it_is_said_to_be() {
    let traces = all(&world(2_000, 30));
    let people: HashSet<_> =
        traces.events.iter().map(|event| event.anonymous_id.as_str()).collect();
    println!(
        "{} events, {} requests, {} visitors",
        traces.events.len(),
        traces.requests.len(),
        people.len()
    );
    assert!((70_000..140_000).contains(&traces.events.len()), "{}", traces.events.len());
    assert!((60_000..140_000).contains(&traces.requests.len()), "{}", traces.requests.len());
    assert!((1_900..2_400).contains(&people.len()), "{}", people.len());
}

#[test]
fn fewer_people_come_to_each_next_step() {
    let traces = all(&world(800, 30));
    let people = |name| {
        let people: HashSet<_> =
            named(&traces.events, name).map(|event| event.anonymous_id.as_str()).collect();
        people.len()
    };
    let steps = ["$pageview", "product_viewed", "added_to_cart", "checkout_started", "paid"];
    let counts = steps.map(people);
    println!("{counts:?}");
    assert!(counts.windows(2).all(|two| two[0] > two[1]), "{counts:?}");
    assert!(counts[4] * 100 > counts[0] * 5, "some buy: {counts:?}");
    assert!(counts[4] * 4 < counts[0], "most do not: {counts:?}");
    let paid = named(&traces.events, "paid");
    assert!(paid.into_iter().all(|event| event.properties["revenue"].as_f64() > Some(0.0)));
}

#[test]
fn visitors_become_users_and_users_come_back() {
    let traces = all(&world(800, 30));
    let identified: HashSet<_> =
        named(&traces.events, "$identify").map(|event| event.distinct_id()).collect();
    assert!((200..600).contains(&identified.len()), "{}", identified.len());
    let mut sessions: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
    for event in &traces.events {
        sessions.entry(&event.anonymous_id).or_default().insert(&event.session_id);
    }
    let returning = sessions.values().filter(|sessions| sessions.len() > 1).count();
    assert!(returning * 3 > sessions.len(), "{returning} of {}", sessions.len());
}

#[test]
fn sundays_are_busier_than_weekdays_and_evenings_than_nights() {
    let world = world(2_000, 30);
    let views: Vec<i64> = named(&all(&world).events, "$pageview").map(|event| event.time).collect();
    // Day 29 is a Saturday, so Sundays are the days 2, 9, 16 and 23, and Tuesdays 4, 11, 18 and 25.
    let on = |day: u32| {
        views.iter().filter(|time| (world.day(day)..world.day(day) + DAY).contains(time)).count()
    };
    let sundays: usize = [2, 9, 16, 23].map(on).iter().sum();
    let tuesdays: usize = [4, 11, 18, 25].map(on).iter().sum();
    assert!(sundays * 10 > tuesdays * 11, "{sundays} on Sundays, {tuesdays} on Tuesdays");
    let at = |hours: std::ops::Range<i64>| {
        views.iter().filter(|time| hours.contains(&(time.rem_euclid(DAY) / HOUR))).count()
    };
    assert!(at(18..21) > 4 * at(2..5), "{} and {}", at(18..21), at(2..5));
}

#[test]
fn one_error_is_new_and_one_spikes() {
    let traces = all(&world(2_000, 30));
    let mut groups: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for event in named(&traces.events, "$exception") {
        groups.entry(message(event)).or_default().push(event.time);
    }
    println!("{:?}", groups.iter().map(|(name, times)| (name, times.len())).collect::<Vec<_>>());
    assert_eq!(groups.len(), 6);
    let since =
        |message: &str, age: i64| groups[message].iter().filter(|time| **time > NOW - age).count();
    let new = "undefined is not an object (evaluating 'cart.totals.tax')";
    assert_eq!(since(new, 3 * HOUR), groups[new].len(), "it came with the release");
    assert!(groups[new].len() >= 6, "{}", groups[new].len());
    let spike = "The payment provider did not answer";
    let before = groups[spike].len() - since(spike, 14 * MINUTE);
    assert!(before > 0 && before < 60, "known before, and rare: {before}");
    assert!(since(spike, 14 * MINUTE) >= 20, "{}", since(spike, 14 * MINUTE));
}

#[test]
fn one_endpoint_fails_and_one_is_slow() {
    let traces = all(&world(2_000, 30));
    let endpoints: HashSet<_> = traces
        .requests
        .iter()
        .map(|request| (request.endpoint.service, request.endpoint.method, request.endpoint.route))
        .collect();
    let services: HashSet<_> = endpoints.iter().map(|(service, ..)| service).collect();
    assert_eq!((endpoints.len(), services.len()), (15, 2));
    let of = |endpoint: &super::request::Endpoint, range: std::ops::Range<i64>| {
        let chosen =
            |request: &&Request| request.endpoint == endpoint && range.contains(&request.start);
        traces.requests.iter().filter(chosen).collect::<Vec<_>>()
    };
    let failed = |requests: &[&Request]| {
        requests.iter().filter(|request| request.status >= 500).count() * 100
            / requests.len().max(1)
    };
    let now = of(&CREATE_PAYMENT, NOW - 14 * MINUTE..NOW);
    let day = of(&CREATE_PAYMENT, NOW - DAY..NOW - 14 * MINUTE);
    println!("{} payments, {} the day before", now.len(), day.len());
    assert!(now.len() >= 20 && failed(&now) > 40, "{} % of {}", failed(&now), now.len());
    assert!(day.len() >= 20 && failed(&day) < 8, "{} % of {}", failed(&day), day.len());
    let median = |mut requests: Vec<&Request>| {
        requests.sort_by_key(|request| request.duration);
        requests.get(requests.len() / 2).map_or(0, |request| request.duration)
    };
    let now = of(&SEARCH, NOW - 50 * MINUTE..NOW);
    let day = of(&SEARCH, NOW - DAY..NOW - 50 * MINUTE);
    println!("{} searches, {} the day before", now.len(), day.len());
    assert!(now.len() >= 20 && median(now) > 5 * median(day));
}

#[test]
fn batches_hold_all_of_it_once_and_are_small_enough() {
    let world = world(300, 30);
    let traces = all(&world);
    let (mut items, mut people) = (0, 0);
    for batch in super::batches::events(&world) {
        assert!(batch.body.len() < 800 * 1024 && batch.items <= 500);
        let events: Vec<serde_json::Value> =
            serde_json::from_slice(&batch.body).expect("a list of events");
        assert_eq!(u64::try_from(events.len()), Ok(batch.items));
        (items, people) = (items + batch.items, people + batch.people);
    }
    assert_eq!((items, people), (u64::try_from(traces.events.len()).expect("it fits"), 300));
    let requests: u64 = super::batches::requests(&world).map(|batch| batch.items).sum();
    assert_eq!(requests, u64::try_from(traces.requests.len()).expect("it fits"));
}

#[test]
fn a_live_sale_is_of_the_same_people_and_of_its_own_events() {
    let month = world(400, 30);
    let first = all(&World::live(month.scale()));
    let later = Scale { now: NOW + DAY, ..month.scale() };
    let second = all(&World::live(later));
    let ids =
        |traces: &Traces| -> HashSet<_> { traces.events.iter().map(|event| event.uuid).collect() };
    let month = all(&month);
    assert!(ids(&first).is_disjoint(&ids(&month)) && ids(&first).is_disjoint(&ids(&second)));
    let who = |traces: &Traces| -> HashSet<_> {
        traces.events.iter().map(|event| event.anonymous_id.clone()).collect()
    };
    // A few customers did not come in the month.
    let strangers = who(&first).difference(&who(&month)).count();
    assert!(strangers * 10 < who(&first).len(), "{strangers} of {}", who(&first).len());
    assert!(first.events.iter().all(|event| (NOW..=NOW + HOUR).contains(&event.time)));
    let failed =
        named(&first.events, "$exception").filter(|event| message(event).contains("payment"));
    assert!(failed.count() > 20);
}
