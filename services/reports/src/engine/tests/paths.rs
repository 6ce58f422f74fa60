//! Paths on columns, against rules written out and a naive count. How one person's events are cut is tested where it is written.

use std::collections::{BTreeMap, BTreeSet};

use super::oracle::Random;
use super::visits::{MINUTE_MS, Site, random_range};
use super::world::{World, is, person, project_id};
use crate::paths::{Link, Node, PathPersonsQuery, PathsAnswer, PathsQuery, Steps, Went};
use crate::query::{Filter, Range, Scope};

fn asked(steps: Steps) -> PathsQuery {
    PathsQuery {
        range: Range { start_ms: 0, end_ms: i64::MAX },
        steps,
        start_point: None,
        end_point: None,
        max_steps: 5,
        limit: 200,
        filter: Filter::everything(),
    }
}

fn paths(world: &World, query: &PathsQuery) -> PathsAnswer {
    world.ask(|view| crate::engine::paths::run(view, query))
}

/// How many persons a way has.
fn persons_of(world: &World, paths: &PathsQuery, step: usize, source: &str, went: Went) -> usize {
    let query = PathPersonsQuery { paths: paths.clone(), step, source: source.into(), went };
    world.ask(|view| crate::engine::paths::persons(view, &query)).len()
}

fn views(world: &mut World, who: &str, pages: &[(i64, &str)]) {
    for (minute, page) in pages {
        let json = format!(r#"{{"$pathname":"{page}"}}"#);
        world.event(who, "$pageview", minute * MINUTE_MS, &json);
    }
}

/// Links as (step, source, target, paths, persons).
fn links(answer: &PathsAnswer) -> Vec<(usize, &str, &str, u64, u64)> {
    let of = |link: &Link| (link.step, link.paths, link.persons);
    let links = answer.links.iter().map(|link| (of(link), link));
    links
        .map(|((step, paths, persons), link)| {
            (step, link.source.as_str(), link.target.as_str(), paths, persons)
        })
        .collect()
}

#[test]
fn pages_are_those_of_page_views_and_links_count_paths_and_persons() {
    let mut world = World::new();
    views(&mut world, "ada", &[(0, "/"), (2, "/a"), (100, "/"), (104, "/a")]);
    world.event("ada", "buy", MINUTE_MS, r#"{"$pathname":"/elsewhere"}"#);
    world.event("ada", "$pageview", MINUTE_MS, "{}");
    views(&mut world, "ben", &[(0, "/"), (9, "/a"), (10, "/b")]);
    let answer = paths(&world, &asked(Steps::Pages));
    assert_eq!(links(&answer), [(1, "/", "/a", 3, 2), (2, "/a", "/b", 1, 1)]);
    assert_eq!(answer.paths, 3);
    let median = answer.links[0].median_ms / 60_000.0;
    assert!((median - 4.0).abs() < 1e-9, "of 2, 4 and 9 minutes: {median}");
    let nodes = answer
        .nodes
        .iter()
        .map(|node| (node.step, node.value.as_str(), node.paths, node.dropped_off));
    assert_eq!(nodes.collect::<Vec<_>>(), [(1, "/", 3, 0), (2, "/a", 3, 2), (3, "/b", 1, 1)]);
}

#[test]
fn a_merged_person_has_one_path_through_the_events_of_all_its_ids() {
    let mut world = World::new();
    views(&mut world, "anon", &[(0, "/")]);
    views(&mut world, "user-1", &[(1, "/a")]);
    assert_eq!(links(&paths(&world, &asked(Steps::Pages))), []);
    assert_eq!(paths(&world, &asked(Steps::Pages)).paths, 2);
    world.project.seal();
    world.map("anon", observe_core::PersonId::of_distinct_id(project_id(), "user-1"));
    assert_eq!(links(&paths(&world, &asked(Steps::Pages))), [(1, "/", "/a", 1, 1)]);
}

#[test]
fn events_may_be_steps_by_name_with_or_without_what_the_sdk_captures() {
    let mut world = World::new();
    for (minute, name) in [(0, "$pageview"), (1, "sign up"), (2, "$autocapture"), (3, "buy")] {
        world.event("ada", name, minute * MINUTE_MS, "{}");
    }
    let all = paths(&world, &asked(Steps::Events));
    assert_eq!(all.links.len(), 3);
    let custom = paths(&world, &asked(Steps::CustomEvents));
    assert_eq!(links(&custom), [(1, "sign up", "buy", 1, 1)]);
}

#[test]
fn the_most_frequent_links_are_answered_and_nodes_count_all_paths() {
    let mut world = World::new();
    for (n, page) in ["/a", "/a", "/b"].into_iter().enumerate() {
        views(&mut world, &format!("visitor {n}"), &[(0, "/"), (1, page)]);
    }
    let mut query = asked(Steps::Pages);
    query.limit = 1;
    let answer = paths(&world, &query);
    assert_eq!(links(&answer), [(1, "/", "/a", 2, 2)]);
    let node = |value: &str, step, paths, dropped_off| Node {
        value: value.into(),
        step,
        paths,
        dropped_off,
    };
    assert_eq!(answer.nodes, [node("/", 1, 3, 0), node("/a", 2, 2, 2)]);
    assert_eq!(answer.paths, 3);
}

#[test]
fn who_is_behind_a_way_or_a_place_or_its_drop_off_is_told() {
    let mut world = World::new();
    views(&mut world, "ada", &[(0, "/"), (1, "/a")]);
    views(&mut world, "ada", &[(100, "/"), (101, "/a"), (102, "/b")]);
    views(&mut world, "ben", &[(0, "/"), (1, "/a"), (2, "/b")]);
    views(&mut world, "cid", &[(0, "/")]);
    let query = asked(Steps::Pages);
    let count = |step, source, went| persons_of(&world, &query, step, source, went);
    assert_eq!(count(1, "/", Went::Anywhere), 3);
    assert_eq!(count(1, "/", Went::To("/a".into())), 2);
    assert_eq!(count(2, "/a", Went::To("/b".into())), 2);
    assert_eq!(count(2, "/a", Went::Nowhere), 1);
    assert_eq!(count(1, "/", Went::Nowhere), 1);
    assert_eq!(count(3, "/", Went::Anywhere), 0);
    assert_eq!(count(1, "/unheard", Went::Anywhere), 0);
}

#[test]
fn the_filter_applies_to_events_and_an_unknown_point_has_no_paths() {
    let mut world = World::new();
    views(&mut world, "ada", &[(0, "/"), (1, "/a"), (2, "/b")]);
    let mut query = asked(Steps::Pages);
    query.filter =
        Filter::Any(vec![is("$pathname", Scope::Event, "/"), is("$pathname", Scope::Event, "/b")]);
    assert_eq!(links(&paths(&world, &query)), [(1, "/", "/b", 1, 1)]);
    query.start_point = Some("/unheard".into());
    assert_eq!(paths(&world, &query), PathsAnswer::default());
    assert_eq!(paths(&World::new(), &asked(Steps::Events)), PathsAnswer::default());
}

#[test]
fn a_point_that_the_project_does_not_know_is_told() {
    let mut world = World::new();
    world.event("ada", "sign up", 0, "{}");
    let mut query = asked(Steps::Events);
    query.start_point = Some("sign_up".into());
    let hints = paths(&world, &query).hints;
    assert_eq!(hints.len(), 1);
    assert_eq!(
        (hints[0].subject.as_str(), &hints[0].suggestions[..]),
        ("sign_up", &["sign up".to_owned()][..])
    );
}

/// A path as it is shown: which step the first place is, the places with their times, and whether it drops off.
type Shown = (usize, Vec<(&'static str, i64)>, bool);

/// What is shown of one person's paths, from the rules as they are written in the contract.
fn naive_paths(steps: &[(i64, &'static str)], query: &PathsQuery) -> Vec<Shown> {
    let mut cut: Vec<Vec<(&'static str, i64)>> = Vec::new();
    for (at, (time_ms, value)) in steps.iter().enumerate() {
        let has_paused = at == 0 || time_ms - steps[at - 1].0 > 30 * MINUTE_MS;
        if has_paused {
            cut.push(vec![(value, *time_ms)]);
        } else if steps[at - 1].1 != *value {
            cut.last_mut().expect("one began").push((value, *time_ms));
        }
    }
    let mut shown = Vec::new();
    for path in cut {
        let is = |point: &Option<String>| {
            let point = point.clone();
            move |place: &(&'static str, i64)| Some(place.0.to_owned()) == point
        };
        let mut path = path;
        if query.start_point.is_some() {
            let Some(from) = path.iter().position(is(&query.start_point)) else { continue };
            path.drain(..from);
        }
        if query.end_point.is_some() {
            let passed = usize::from(query.start_point.is_some());
            let end = path.iter().skip(passed).position(is(&query.end_point));
            let Some(end) = end else { continue };
            path.truncate(passed + end + 1);
        }
        let whole = path.len();
        let mut first_step = 1;
        if query.start_point.is_none() && query.end_point.is_some() {
            path.drain(..whole.saturating_sub(query.max_steps));
            first_step = query.max_steps - path.len() + 1;
        }
        path.truncate(query.max_steps);
        shown.push((first_step, path, query.end_point.is_none() && whole < query.max_steps));
    }
    shown
}

type Ways<'a> = BTreeMap<(usize, &'a str, &'a str), (u64, BTreeSet<String>, Vec<i64>)>;
type Places<'a> = BTreeMap<(usize, &'a str), (u64, u64)>;

fn naive<'a>(site: &'a Site, query: &PathsQuery) -> (Ways<'a>, Places<'a>, u64) {
    let (mut ways, mut places, mut count) = (Ways::new(), Places::new(), 0);
    for (person, events) in site.by_person(query.range) {
        let step = |event: &&super::visits::Event| match query.steps {
            Steps::Pages if event.name != "$pageview" => None,
            Steps::Pages => event.text("$pathname").map(|page| (event.time_ms, page)),
            Steps::CustomEvents if event.name.starts_with('$') => None,
            Steps::Events | Steps::CustomEvents => Some((event.time_ms, event.name)),
        };
        let steps: Vec<_> = events.iter().filter_map(step).collect();
        for (first_step, path, drops_off) in naive_paths(&steps, query) {
            count += 1;
            for (at, (place, time_ms)) in path.iter().enumerate() {
                let (came, dropped) = places.entry((first_step + at, place)).or_default();
                *came += 1;
                *dropped += u64::from(drops_off && at + 1 == path.len());
                if let Some((next, then_ms)) = path.get(at + 1) {
                    let way = ways.entry((first_step + at, place, next)).or_default();
                    way.0 += 1;
                    way.1.insert(person.clone());
                    way.2.push(then_ms - time_ms);
                }
            }
        }
    }
    (ways, places, count)
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn median(times: &mut [i64]) -> f64 {
    times.sort_unstable();
    let (lower, upper) = (times[(times.len() - 1) / 2], times[times.len() / 2]);
    (lower + upper) as f64 / 2.0
}

#[test]
fn paths_equal_the_naive_ones() {
    let mut random = Random::new(0x5DEE_CE66_D1CE_4E5B);
    for round in 0..400 {
        let minutes = random.one_of(&[60, 300, 2_000]);
        let site = Site::random(&mut random, 0, minutes);
        let mut query = asked(random.one_of(&[Steps::Pages, Steps::Events, Steps::CustomEvents]));
        query.range = random_range(&mut random, 0, minutes);
        query.max_steps = 2 + random.place(4);
        let points: &[&str] = match query.steps {
            Steps::Pages => &["", "/", "/a", "/b"],
            Steps::Events | Steps::CustomEvents => &["", "$pageview", "buy"],
        };
        let point =
            |random: &mut Random| Some(random.one_of(points).to_owned()).filter(|p| !p.is_empty());
        (query.start_point, query.end_point) = (point(&mut random), point(&mut random));
        let (ways, places, count) = naive(&site, &query);
        let mut expected: Vec<_> = ways
            .iter()
            .map(|((step, source, target), (paths, persons, _))| {
                (*step, *source, *target, *paths, persons.len() as u64)
            })
            .collect();
        expected.sort_by_key(|(step, source, target, paths, _)| {
            (std::cmp::Reverse(*paths), *step, *source, *target)
        });
        let answer = paths(&site.world, &query);
        assert_eq!(links(&answer), expected, "round {round}: {query:?}\n{:?}", site.events);
        assert_eq!(answer.paths, count, "round {round}");
        for link in &answer.links {
            let (_, persons, times) =
                &ways[&(link.step, link.source.as_str(), link.target.as_str())];
            let expected = median(&mut times.clone());
            assert!((link.median_ms - expected).abs() < 1e-9, "round {round}: {link:?}");
            let went = Went::To(link.target.clone());
            let behind = persons_of(&site.world, &query, link.step, &link.source, went);
            assert_eq!(behind, persons.len(), "round {round}: {link:?}");
        }
        for node in &answer.nodes {
            let (came, dropped) = places[&(node.step, node.value.as_str())];
            assert_eq!((node.paths, node.dropped_off), (came, dropped), "round {round}: {node:?}");
        }
    }
}

#[test]
fn only_events_inside_the_range_make_paths() {
    let mut world = World::new();
    views(&mut world, "ada", &[(0, "/"), (1, "/a"), (2, "/b")]);
    world.map("ada", person(4));
    let mut query = asked(Steps::Pages);
    query.range = Range { start_ms: MINUTE_MS, end_ms: 2 * MINUTE_MS };
    assert_eq!((paths(&world, &query).paths, links(&paths(&world, &query)).len()), (1, 0));
    query.range.end_ms += 1;
    assert_eq!(links(&paths(&world, &query)), [(1, "/a", "/b", 1, 1)]);
}
