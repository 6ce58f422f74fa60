//! Rules of funnels, each by itself: orders, exclusions, optional steps, attribution, times, trends, the persons behind a
//! number, and what a person is told. And the engine against the oracle on random projects.

use std::collections::{BTreeMap, BTreeSet};

use super::funnel_oracle::{Came, Moment, came, exclusion, random_exclusion};
use super::oracle::{Event, Random, random_world_of, who};
use super::world::{HOUR_MS, World, by, funnel, is, persons};
use crate::engine::funnel;
use crate::funnel::explain::{FunnelExplanation, Verdict};
use crate::funnel::fold::ANYWHERE;
use crate::funnel::{FunnelCell, FunnelQuery, FunnelTrendQuery, Order, StepAnswer};
use crate::query::{Attribution, CountedBy, Filter, Range, Scope};
use crate::trends::buckets::{Buckets, Interval};

/// A world in which one person did these things, one a millisecond: `"a b c"`.
fn world(events: &str) -> World {
    let mut world = World::new();
    for (time, name) in (0..).zip(events.split_whitespace()) {
        world.event("ada", name, time, "{}");
    }
    world
}

fn counts(world: &World, query: &FunnelQuery) -> Vec<u64> {
    persons(&world.funnel(query).steps)
}

fn strict(steps: &[&str]) -> FunnelQuery {
    FunnelQuery { order: Order::Strict, ..funnel(100, steps) }
}

fn any(window_ms: i64, steps: &[&str]) -> FunnelQuery {
    FunnelQuery { order: Order::Any, ..funnel(window_ms, steps) }
}

fn without(query: FunnelQuery, event: &str, after: usize, before: usize) -> FunnelQuery {
    FunnelQuery { exclusions: vec![exclusion(event, after, before)], ..query }
}

#[test]
fn with_the_strict_order_any_other_event_ends_the_attempts() {
    let asked = strict(&["a", "b", "c"]);
    assert_eq!(counts(&world("a b c"), &asked), [1, 1, 1]);
    assert_eq!(counts(&world("a x b c"), &asked), [1, 0, 0]);
    assert_eq!(counts(&world("a b x c"), &asked), [1, 1, 0]);
    assert_eq!(counts(&world("a b x a b c"), &asked), [1, 1, 1], "a fresh attempt");
    assert_eq!(counts(&world("a a b b c"), &asked), [1, 1, 1], "the step just taken may repeat");
    assert_eq!(counts(&world("a b a c"), &asked), [1, 1, 0]);
}

#[test]
fn with_the_strict_order_events_of_equal_time_end_no_attempt_that_takes_a_step_then() {
    let mut world = World::new();
    for (name, time) in [("a", 1), ("x", 2), ("b", 2), ("c", 3)] {
        world.event("ada", name, time, "{}");
    }
    assert_eq!(counts(&world, &strict(&["a", "b", "c"])), [1, 1, 1]);
}

#[test]
fn with_the_strict_order_events_that_the_filter_leaves_out_are_not_looked_at() {
    let mut world = World::new();
    for (name, time, page) in [("a", 1, "/"), ("x", 2, "/other"), ("b", 3, "/")] {
        world.event("ada", name, time, &format!(r#"{{"page":"{page}"}}"#));
    }
    let mut asked = strict(&["a", "b"]);
    assert_eq!(counts(&world, &asked), [1, 0]);
    asked.filter = is("page", Scope::Event, "/");
    assert_eq!(counts(&world, &asked), [1, 1]);
}

#[test]
fn in_any_order_step_n_counts_persons_with_n_different_steps_inside_the_window() {
    assert_eq!(counts(&world("c a b"), &any(100, &["a", "b", "c"])), [1, 1, 1]);
    assert_eq!(counts(&world("c a b"), &any(1, &["a", "b", "c"])), [1, 1, 0]);
    assert_eq!(counts(&world("b b b"), &any(100, &["a", "b", "c"])), [1, 0, 0]);
    assert_eq!(counts(&world("x"), &any(100, &["a", "b"])), [0, 0]);
    // An event stands for one step.
    assert_eq!(counts(&world("b"), &any(100, &["", "b"])), [1, 0]);
    assert_eq!(counts(&world("b a"), &any(100, &["", "b"])), [1, 1]);
}

#[test]
fn an_exclusion_takes_a_person_out_of_the_funnel_entirely() {
    let asked = without(funnel(10, &["a", "b", "c"]), "x", 0, 1);
    assert_eq!(counts(&world("a b c"), &asked), [1, 1, 1]);
    assert_eq!(counts(&world("a x b c"), &asked), [0, 0, 0]);
    assert_eq!(counts(&world("a b x c"), &asked), [1, 1, 1], "it is between other steps");
    assert_eq!(counts(&world("x a b c"), &asked), [1, 1, 1], "it is before the first step");
    assert_eq!(counts(&world("a x"), &asked), [0, 0, 0], "while it waits for the next step, too");
    assert_eq!(counts(&world("a x a b c"), &asked), [1, 1, 1], "a fresh attempt comes as far");
    assert_eq!(counts(&world("a b x a"), &asked), [1, 1, 0], "it stands on the second step");
    let asked = without(funnel(1, &["a", "b"]), "x", 0, 1);
    assert_eq!(counts(&world("a y x"), &asked), [1, 0], "the window was over");
}

#[test]
fn an_exclusion_of_equal_time_comes_before_the_step() {
    let asked = without(funnel(10, &["a", "b"]), "x", 0, 1);
    for (times, expected) in [([1, 1, 3], [1, 1]), ([1, 3, 3], [0, 0]), ([1, 1, 1], [1, 1])] {
        let mut world = World::new();
        for (name, time) in ["a", "x", "b"].iter().zip(times) {
            world.event("ada", name, time, "{}");
        }
        assert_eq!(counts(&world, &asked), expected, "{times:?}");
    }
}

#[test]
fn steps_after_an_optional_one_can_be_reached_without_it() {
    let mut asked = funnel(100, &["a", "b", "c"]);
    asked.steps[1].optional = true;
    assert_eq!(counts(&world("a b c"), &asked), [1, 1, 1]);
    assert_eq!(counts(&world("a c"), &asked), [1, 0, 1]);
    assert_eq!(counts(&world("a b"), &asked), [1, 1, 0]);
    assert_eq!(counts(&world("b c"), &asked), [0, 0, 0]);
    let answer = world("a x c").funnel(&asked);
    assert_eq!(answer.steps[2].median_ms, Some(2.0), "from the step that was taken before");
    assert_eq!((asked.required_before(1), asked.required_before(2)), (0, 0));
}

/// A person whose events of the steps have these values of `p`.
fn with_values(events: &[(&str, &str)]) -> World {
    let mut world = World::new();
    for (time, (name, value)) in (0..).zip(events) {
        world.event("ada", name, time, &format!(r#"{{"p":"{value}"}}"#));
    }
    world
}

fn values(world: &World, query: &FunnelQuery) -> Vec<(String, Vec<u64>)> {
    let answer = world.funnel(query).breakdowns;
    answer.into_iter().map(|one| (one.value, persons(&one.steps))).collect()
}

#[test]
fn a_step_may_decide_the_value_and_who_did_not_take_it_is_in_no_value() {
    let mut asked = funnel(100, &["a", "b"]);
    asked.breakdown = Some(by("p", Scope::Event, 25, Attribution::Step(1)));
    let came = with_values(&[("b", "early"), ("a", "x"), ("b", "y"), ("b", "z")]);
    assert_eq!(values(&came, &asked), [("y".into(), vec![1, 1])]);
    let left = with_values(&[("a", "x")]);
    assert_eq!(values(&left, &asked), []);
    assert_eq!(counts(&left, &asked), [1, 0], "the whole counts it");
}

#[test]
fn with_all_steps_a_person_counts_for_each_value_by_the_events_with_it_alone() {
    let mut asked = funnel(100, &["a", "b"]);
    asked.breakdown = Some(by("p", Scope::Event, 25, Attribution::AllSteps));
    let world = with_values(&[("a", "x"), ("a", "y"), ("b", "y"), ("b", "z")]);
    assert_eq!(values(&world, &asked), [("x".into(), vec![1, 0]), ("y".into(), vec![1, 1])]);
    assert_eq!(counts(&world, &asked), [1, 1]);
}

#[test]
fn groups_are_counted_instead_of_persons() {
    let mut world = World::new();
    world.event("ada", "a", 1, r#"{"$groups":{"company":"acme"}}"#);
    world.event("ben", "b", 2, r#"{"$groups":{"company":"acme"}}"#);
    world.event("cid", "a", 1, "{}");
    let mut asked = funnel(100, &["a", "b"]);
    asked.counted_by = CountedBy::Groups("company".into());
    assert_eq!(counts(&world, &asked), [1, 1]);
}

#[test]
fn time_to_convert_is_from_the_first_step_to_the_last() {
    let mut world = World::new();
    for (who, times) in [("ada", [0, 1, 10]), ("ben", [0, 2, 30]), ("cid", [0, 3, 200])] {
        for (name, time) in ["a", "b", "c"].iter().zip(times) {
            world.event(who, name, time, "{}");
        }
    }
    let answer = world.funnel(&funnel(100, &["a", "b", "c"]));
    let buckets: Vec<_> =
        answer.time_to_convert.iter().map(|one| (one.from_ms, one.to_ms, one.persons)).collect();
    assert_eq!(buckets, [(10, 20, 1), (20, 30, 1)]);
    assert_eq!(answer.steps[1].average_ms, Some(2.0));
    assert_eq!(answer.steps[2].average_ms, Some(18.5));
}

fn trend(world: &World, funnel: FunnelQuery, hours: i64) -> Vec<(u64, u64)> {
    let range = Range { start_ms: 0, end_ms: hours * HOUR_MS };
    let buckets = Buckets::new(range, Interval::Hour, chrono_tz::Tz::UTC).expect("few");
    let asked = FunnelTrendQuery { funnel: FunnelQuery { range, ..funnel }, buckets };
    let points = world.ask(|view| funnel::trend(view, &asked));
    points.iter().map(|point| (point.entered, point.converted)).collect()
}

#[test]
fn a_trend_counts_attempts_where_they_began_whenever_they_ended() {
    let mut world = World::new();
    for (name, hour) in [("a", 0), ("a", 1), ("b", 2)] {
        world.event("ada", name, hour * HOUR_MS + 1, "{}");
    }
    world.event("ben", "a", 3 * HOUR_MS - 1, "{}");
    let points = trend(&world, funnel(2 * HOUR_MS, &["a", "b"]), 4);
    assert_eq!(points, [(1, 1), (1, 1), (1, 0), (0, 0)]);
    let points = trend(&world, funnel(HOUR_MS, &["a", "b"]), 4);
    assert_eq!(points, [(1, 0), (1, 1), (1, 0), (0, 0)]);
}

fn behind(world: &World, query: &FunnelQuery, cell: &FunnelCell) -> BTreeSet<String> {
    let mut units = world.ask(|view| funnel::behind(view, query, cell));
    units.sort_unstable();
    units.dedup();
    world.unit_ids(&query.counted_by, &units)
}

fn explained(world: &World, query: &FunnelQuery) -> FunnelExplanation {
    world.ask(|view| {
        let visitor = view.columns.visitors.code("ada").expect("she did something");
        let person = view.columns.persons.person_of()[visitor as usize];
        funnel::explain(view, query, Some(person))
    })
}

#[test]
fn a_person_is_told_what_came_of_each_event() {
    let asked = funnel(5, &["a", "b", "c"]);
    let told = explained(&world("b a b b x x x c"), &asked);
    assert_eq!(told.reached, 2);
    let steps: Vec<_> = told.events.iter().map(|event| event.told.step).collect();
    assert_eq!(steps, [None, Some(0), Some(1), None, None]);
    let reasons: Vec<_> = told.events.iter().map(|event| event.told.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "It matches step 2 (\"b\"), but is before the best attempt began.",
            "It took step 1 (\"a\"): the best attempt begins here.",
            "It took step 2 (\"b\"), 1 ms after the first.",
            "It matches step 2 (\"b\"), which another event took in the best attempt.",
            "It matches step 3 (\"c\"), but is more than 5 ms after the first step of the best attempt.",
        ]
    );
    assert_eq!(
        told.summary,
        "Came as far as step 2 (\"b\") of 3: no attempt took a later step within 5 ms of its first."
    );
}

#[test]
fn a_person_is_told_which_exclusion_took_it_out() {
    let asked = without(funnel(50, &["a", "b"]), "x", 0, 1);
    let told = explained(&world("a x b"), &asked);
    assert_eq!(told.reached, 0);
    let verdicts: Vec<_> = told.events.iter().map(|event| event.told.verdict).collect();
    assert_eq!(verdicts, [Verdict::NotCounted, Verdict::Excluded, Verdict::NotCounted]);
    assert_eq!(
        told.summary,
        "Not in the funnel: the best attempt was interrupted by exclusion 1 (\"x\") after step 1 (\"a\")."
    );
}

/// One person's events as the oracle takes them.
fn moments(query: &FunnelQuery, events: &[&Event]) -> Vec<Moment> {
    let matches = |event: &Event, name: &Option<String>, filter: &Filter| {
        let named = name.as_deref().is_none_or(|name| name == event.name);
        // The filters of these tests are: all, or p is "x".
        named && (matches!(filter, Filter::All(_)) || event.value == Some("x"))
    };
    let moment = |event: &&Event| Moment {
        time: event.time_ms,
        steps: (0..query.steps.len())
            .filter(|step| matches(event, &query.steps[*step].event, &query.steps[*step].filter))
            .collect(),
        exclusions: (0..query.exclusions.len())
            .filter(|index| {
                let selector = &query.exclusions[*index].selector;
                matches(event, &selector.event, &selector.filter)
            })
            .collect(),
    };
    let all = events.iter().map(moment);
    // With the strict order every event matters.
    all.filter(|one| {
        query.order == Order::Strict || !one.steps.is_empty() || !one.exclusions.is_empty()
    })
    .collect()
}

/// The values that a person counts for, and how far it came with them.
fn by_value(query: &FunnelQuery, events: &[&Event]) -> Vec<(String, Vec<usize>)> {
    let steps_of = |came: Came| match came {
        Came::Far(steps) => Some(steps),
        Came::Nowhere | Came::Interrupted(_) => None,
    };
    let label = |event: &Event| event.value.unwrap_or("$none").to_owned();
    let all = moments(query, events);
    let touches: Vec<_> = events
        .iter()
        .filter(|one| !moments(query, &[one]).iter().all(|m| m.steps.is_empty()))
        .collect();
    let attribution = query.breakdown.as_ref().expect("asked for").attribution;
    if attribution == Attribution::AllSteps {
        let labels: BTreeSet<_> = touches.iter().map(|event| label(event)).collect();
        let came_with = |one: String| {
            let own: Vec<_> = events.iter().copied().filter(|event| label(event) == one).collect();
            let steps = steps_of(came(query, &moments(query, &own), ANYWHERE))?;
            Some((one, steps.into_iter().map(|(step, _)| step).collect()))
        };
        return labels.into_iter().filter_map(came_with).collect();
    }
    let Some(steps) = steps_of(came(query, &all, ANYWHERE)) else { return Vec::new() };
    let decides = match attribution {
        Attribution::FirstTouch => touches.first().copied(),
        Attribution::LastTouch => touches.last().copied(),
        Attribution::Step(step) => {
            let taken = steps.iter().find(|(taken, _)| *taken == step);
            taken.and_then(|(_, time)| {
                touches.iter().copied().find(|event| {
                    let own = &moments(query, &[event])[0].steps;
                    event.time_ms == *time && (query.order == Order::Any || own.contains(&step))
                })
            })
        }
        Attribution::AllSteps => None,
    };
    let taken: Vec<_> = steps.iter().map(|(step, _)| *step).collect();
    decides.map(|event| (label(event), taken)).into_iter().collect()
}

fn random_query(random: &mut Random) -> FunnelQuery {
    let steps: Vec<_> =
        (0..2 + random.below(2)).map(|_| ["a", "b", "c", ""][random.below(4) as usize]).collect();
    let mut query = funnel(random.time(20) + 1, &steps);
    query.order = [Order::Ordered, Order::Strict, Order::Any][random.below(3) as usize];
    query.range = Range { start_ms: random.time(8), end_ms: 20 + random.time(20) };
    for step in 0..query.steps.len() {
        if random.below(3) == 0 {
            query.steps[step].filter = is("p", Scope::Event, "x");
        }
        query.steps[step].optional = step > 0 && query.order != Order::Any && random.below(4) == 0;
    }
    if query.order != Order::Any && random.below(2) == 0 {
        let event = ["a", "b", "c"][random.below(3) as usize];
        query.exclusions.push(random_exclusion(random, event, query.steps.len()));
    }
    let attribution = [
        Attribution::FirstTouch,
        Attribution::LastTouch,
        Attribution::AllSteps,
        Attribution::Step(random.below(2) as usize),
    ];
    let attribution = attribution[random.below(4) as usize];
    query.breakdown = Some(by("p", Scope::Event, 25, attribution));
    query
}

#[test]
#[expect(clippy::too_many_lines, reason = "one world is asked every question")]
fn funnels_equal_the_naive_ones() {
    let mut random = Random::new(0x9E37_79B9_7F4A_7C15);
    for round in 0..250 {
        // Few different times make many ties.
        let longest_ms = if round % 4 == 0 { 6 } else { 40 };
        let count = 20 + random.below(70);
        let (world, events, mapping) = random_world_of(count, &mut random, longest_ms);
        let query = random_query(&mut random);
        let mut by_person: BTreeMap<String, Vec<&Event>> = BTreeMap::new();
        for event in events.iter().filter(|event| query.range.contains(event.time_ms)) {
            if let Some(person) = who(&event.visitor, &mapping) {
                by_person.entry(person).or_default().push(event);
            }
        }
        let steps = query.steps.len();
        let mut whole = vec![Vec::new(); steps];
        let mut totals = vec![0_u64; steps];
        let mut values: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for own in by_person.values_mut() {
            own.sort_by_key(|event| (event.time_ms, event.arrival));
            if let Came::Far(taken) = came(&query, &moments(&query, own), ANYWHERE) {
                for (at, (step, time)) in taken.iter().enumerate() {
                    totals[*step] += 1;
                    if at > 0 {
                        whole[*step].push(time - taken[at - 1].1);
                    }
                }
            }
            for (value, taken) in by_value(&query, own) {
                let counts = values.entry(value).or_insert_with(|| vec![0; steps]);
                taken.into_iter().for_each(|step| counts[step] += 1);
            }
        }
        let answer = world.funnel(&query);
        let found: BTreeMap<_, _> =
            answer.breakdowns.iter().map(|one| (one.value.clone(), persons(&one.steps))).collect();
        let context = format!("round {round}: {query:#?}\n{events:?}\n{mapping:?}");
        assert_eq!(persons(&answer.steps), totals, "{context}");
        assert_eq!(found, values, "{context}");
        for (StepAnswer { average_ms, .. }, waits) in answer.steps.iter().zip(&whole) {
            let sum: i64 = waits.iter().sum();
            let expected = (!waits.is_empty()).then(|| sum as f64 / waits.len() as f64);
            assert_eq!(*average_ms, expected, "{context}");
        }
        for step in 0..steps {
            let cell = FunnelCell { step, dropped_off: false, value: None };
            assert_eq!(behind(&world, &query, &cell).len() as u64, totals[step], "{context}");
            for (value, counts) in &values {
                let cell = FunnelCell { value: Some(value.clone()), ..cell.clone() };
                assert_eq!(behind(&world, &query, &cell).len() as u64, counts[step], "{context}");
            }
            if step > 0 && query.required_before(step) + 1 == step {
                let cell = FunnelCell { step, dropped_off: true, value: None };
                let left = behind(&world, &query, &cell).len() as u64;
                assert_eq!(left, totals[step - 1] - totals[step], "{context}");
            }
        }
    }
}

#[test]
fn trends_of_funnels_equal_the_naive_ones() {
    let mut random = Random::new(0xD1B5_4A32_D192_ED03);
    let hour = |event: &Event| Event { time_ms: event.time_ms * HOUR_MS / 4, ..event.clone() };
    for round in 0..100 {
        let mut world = World::new();
        let count = 10 + random.below(50);
        let (_, events, _) = random_world_of(count, &mut random, 32);
        let events: Vec<_> = events.iter().map(hour).collect();
        for event in &events {
            let json = event.value.map_or("{}".into(), |value| format!(r#"{{"p":"{value}"}}"#));
            world.event(&event.visitor, event.name, event.time_ms, &json);
        }
        let mut query = random_query(&mut random);
        query.breakdown = None;
        query.window_ms *= HOUR_MS / 4;
        query.range = Range { start_ms: 0, end_ms: 8 * HOUR_MS };
        let mut by_person: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        for event in events.iter().filter(|event| event.visitor != "null") {
            by_person.entry(&event.visitor).or_default().push(event);
        }
        let mut expected = vec![(0, 0); 8];
        for own in by_person.values_mut() {
            own.sort_by_key(|event| (event.time_ms, event.arrival));
            for (bucket, point) in (0_i64..).zip(&mut expected) {
                let starts = Range { start_ms: bucket * HOUR_MS, end_ms: (bucket + 1) * HOUR_MS };
                if let Came::Far(taken) = came(&query, &moments(&query, own), starts) {
                    let last = taken.last().expect("it has a step").0;
                    point.0 += 1;
                    point.1 += u64::from(last + 1 == query.steps.len());
                }
            }
        }
        let found = trend(&world, query.clone(), 8);
        assert_eq!(found, expected, "round {round}: {query:#?}\n{events:?}");
    }
}
