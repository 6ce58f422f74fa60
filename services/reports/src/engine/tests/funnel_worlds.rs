//! Funnels on random small projects, asked of the engine and of the oracle.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::funnel_oracle::{Came, Moment, came, random_exclusion};
use super::oracle::{Event, Random, random_world_of, who};
use super::world::{HOUR_MS, World, by, funnel, is, persons};
use crate::funnel::{FunnelCell, FunnelQuery, FunnelTrendQuery, Order};
use crate::query::{Attribution, Filter, Range, Scope};
use crate::trends::buckets::{Buckets, Interval};

/// Hourly points from the start on.
pub(super) fn trend(world: &World, asked: FunnelQuery, hours: i64) -> Vec<(u64, u64)> {
    let range = Range { start_ms: 0, end_ms: hours * HOUR_MS };
    let buckets = Buckets::new(range, Interval::Hour, chrono_tz::Tz::UTC).expect("few");
    let asked = FunnelTrendQuery { funnel: FunnelQuery { range, ..asked }, buckets };
    let answer = world.ask(|view| crate::engine::funnel::trend(view, &asked));
    answer.points.iter().map(|point| (point.entered, point.converted)).collect()
}

/// One person's events as the oracle takes them.
fn moments(query: &FunnelQuery, events: &[&Event]) -> Vec<Moment> {
    let matches = |event: &Event, name: Option<&str>, filter: &Filter| {
        let named = name.is_none_or(|name| name == event.name);
        // The filters of these tests are: all, or p is "x".
        named && (matches!(filter, Filter::All(_)) || event.value == Some("x"))
    };
    let moment = |event: &&Event| Moment {
        time: event.time_ms,
        steps: (0..query.steps.len())
            .filter(|step| {
                matches(event, query.steps[*step].event.as_deref(), &query.steps[*step].filter)
            })
            .collect(),
        exclusions: (0..query.exclusions.len())
            .filter(|index| {
                let selector = &query.exclusions[*index].selector;
                matches(event, selector.event.as_deref(), &selector.filter)
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

/// The values that a person counts for, and the steps it took with them.
fn by_value(query: &FunnelQuery, events: &[&Event]) -> Vec<(String, Vec<usize>)> {
    let steps_of = |came: Came| match came {
        Came::Far(steps) => Some(steps),
        Came::Nowhere | Came::Interrupted(_) => None,
    };
    let steps_matched = |event: &Event| {
        moments(query, &[event]).first().map_or(Vec::new(), |moment| moment.steps.clone())
    };
    let touches: Vec<&Event> =
        events.iter().copied().filter(|event| !steps_matched(event).is_empty()).collect();
    let attribution = query.breakdown.as_ref().expect("asked for").attribution;
    if attribution == Attribution::AllSteps {
        let labels: BTreeSet<String> = touches.iter().map(|event| label(event)).collect();
        let came_with = |one: String| {
            let own: Vec<&Event> =
                events.iter().copied().filter(|event| label(event) == one).collect();
            let steps = steps_of(came(query, &moments(query, &own), Range::ALWAYS))?;
            Some((one, steps.into_iter().map(|(step, _)| step).collect()))
        };
        return labels.into_iter().filter_map(came_with).collect();
    }
    let all = moments(query, events);
    let Some(steps) = steps_of(came(query, &all, Range::ALWAYS)) else { return Vec::new() };
    let decides: Option<&Event> = match attribution {
        Attribution::FirstTouch => touches.first().copied(),
        Attribution::LastTouch => touches.last().copied(),
        Attribution::Step(step) => {
            steps.iter().find(|(taken, _)| *taken == step).and_then(|took| {
                touches.iter().copied().find(|event| {
                    let matches = query.order == Order::Any || steps_matched(event).contains(&step);
                    event.time_ms == took.1 && matches
                })
            })
        }
        Attribution::AllSteps => None,
    };
    let taken: Vec<usize> = steps.iter().map(|(step, _)| *step).collect();
    decides.map(|event| (label(event), taken)).into_iter().collect()
}

fn label(event: &Event) -> String {
    event.value.unwrap_or("$none").to_owned()
}

fn random_query(random: &mut Random) -> FunnelQuery {
    let steps: Vec<_> =
        (0..2 + random.below(2)).map(|_| ["a", "b", "c", ""][random.place(4)]).collect();
    let mut query = funnel(random.time(20) + 1, &steps);
    query.order = [Order::Ordered, Order::Strict, Order::Any][random.place(3)];
    query.range = Range { start_ms: random.time(8), end_ms: 20 + random.time(20) };
    for step in 0..query.steps.len() {
        if random.below(3) == 0 {
            query.steps[step].filter = is("p", Scope::Event, "x");
        }
        query.steps[step].optional = step > 0 && query.order != Order::Any && random.below(4) == 0;
    }
    if query.order != Order::Any && random.below(2) == 0 {
        let event = ["a", "b", "c"][random.place(3)];
        query.exclusions.push(random_exclusion(random, event, query.steps.len()));
    }
    let attribution = [
        Attribution::FirstTouch,
        Attribution::LastTouch,
        Attribution::AllSteps,
        Attribution::Step(random.place(2)),
    ];
    let attribution = attribution[random.place(4)];
    query.breakdown = Some(by("p", Scope::Event, 25, attribution));
    query
}

/// What the engine should answer.
struct Expected {
    /// By step.
    persons: Vec<u64>,
    /// By step, the times from the step taken before.
    waits: Vec<Vec<i64>>,
    /// By value and step.
    values: BTreeMap<String, Vec<u64>>,
}

impl Expected {
    fn new(query: &FunnelQuery, events: &[Event], mapping: &HashMap<String, u64>) -> Self {
        let mut by_person: BTreeMap<String, Vec<&Event>> = BTreeMap::new();
        for event in events.iter().filter(|event| query.range.contains(event.time_ms)) {
            if let Some(person) = who(&event.visitor, mapping) {
                by_person.entry(person).or_default().push(event);
            }
        }
        let steps = query.steps.len();
        let values = BTreeMap::new();
        let mut sum = Self { persons: vec![0; steps], waits: vec![Vec::new(); steps], values };
        for own in by_person.values_mut() {
            own.sort_by_key(|event| (event.time_ms, event.arrival));
            if let Came::Far(taken) = came(query, &moments(query, own), Range::ALWAYS) {
                for (at, (step, time)) in taken.iter().enumerate() {
                    sum.persons[*step] += 1;
                    if at > 0 {
                        sum.waits[*step].push(time - taken[at - 1].1);
                    }
                }
            }
            for (value, taken) in by_value(query, own) {
                let counts = sum.values.entry(value).or_insert_with(|| vec![0; steps]);
                taken.into_iter().for_each(|step| counts[step] += 1);
            }
        }
        sum
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn average(waits: &[i64]) -> Option<f64> {
    let sum: i64 = waits.iter().sum();
    (!waits.is_empty()).then(|| sum as f64 / waits.len() as f64)
}

fn behind(world: &World, query: &FunnelQuery, cell: &FunnelCell) -> u64 {
    let mut units = world.ask(|view| crate::engine::funnel::behind(view, query, cell));
    units.sort_unstable();
    units.dedup();
    units.len() as u64
}

/// The persons behind each number are as many as it says.
fn check_behind(world: &World, query: &FunnelQuery, expected: &Expected, context: &str) {
    for (step, persons) in expected.persons.iter().enumerate() {
        let cell = FunnelCell { step, dropped_off: false, value: None };
        assert_eq!(behind(world, query, &cell), *persons, "{context}");
        for (value, counts) in &expected.values {
            let cell = FunnelCell { value: Some(value.clone()), ..cell.clone() };
            assert_eq!(behind(world, query, &cell), counts[step], "{context}");
        }
        if step > 0 && !query.steps[step - 1].optional && !query.steps[step].optional {
            let left = behind(world, query, &FunnelCell { dropped_off: true, ..cell });
            assert_eq!(left, expected.persons[step - 1] - persons, "{context}");
        }
    }
}

#[test]
fn funnels_equal_the_naive_ones() {
    let mut random = Random::new(0x9E37_79B9_7F4A_7C15);
    for round in 0..250 {
        // Few different times make many ties.
        let longest_ms = if round % 4 == 0 { 6 } else { 40 };
        let count = 20 + random.below(70);
        let (world, events, mapping) = random_world_of(count, &mut random, longest_ms);
        let query = random_query(&mut random);
        let expected = Expected::new(&query, &events, &mapping);
        let answer = world.funnel(&query);
        let found: BTreeMap<_, _> =
            answer.breakdowns.iter().map(|one| (one.value.clone(), persons(&one.steps))).collect();
        let context = format!("round {round}: {query:#?}\n{events:?}\n{mapping:?}");
        assert_eq!(persons(&answer.steps), expected.persons, "{context}");
        assert_eq!(found, expected.values, "{context}");
        for (step, waits) in answer.steps.iter().zip(&expected.waits) {
            assert_eq!(step.average_ms, average(waits), "{context}");
        }
        check_behind(&world, &query, &expected, &context);
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
