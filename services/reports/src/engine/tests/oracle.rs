//! Random small projects, asked of the engine and of the rules written down as plainly as possible.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::world::{HOUR_MS, World, by, funnel, is, person, series, totals, trends};
use crate::funnel::FunnelQuery;
use crate::query::{Attribution, Filter, Range, Scope};
use crate::trends::Math;

/// A generator whose every run is the same.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % bound
    }

    fn time(&mut self, bound: i64) -> i64 {
        self.below(bound.unsigned_abs()).cast_signed()
    }
}

const NAMES: [&str; 3] = ["a", "b", "c"];
const VISITORS: u64 = 12;

#[derive(Clone, Debug)]
struct Event {
    visitor: String,
    name: &'static str,
    time_ms: i64,
    arrival: usize,
    value: Option<&'static str>,
}

/// Makes a project and the same as plain lists: its events, and the persons of its visitors.
fn random_world(random: &mut Random, longest_ms: i64) -> (World, Vec<Event>, HashMap<String, u64>) {
    let mut world = World::new();
    let mut events = Vec::new();
    let mut mapping = HashMap::new();
    for arrival in 0..usize::try_from(40 + random.below(200)).expect("small") {
        let visitor = match random.below(VISITORS) {
            0 => "null".to_owned(),
            n => format!("visitor {n}"),
        };
        let name = NAMES[usize::try_from(random.below(3)).expect("small")];
        let value = [None, Some("x"), Some("y"), Some("z")]
            [usize::try_from(random.below(4)).expect("small")];
        let time_ms = random.time(longest_ms);
        let json = value.map_or("{}".into(), |value| format!(r#"{{"p":"{value}"}}"#));
        world.event(&visitor, name, time_ms, &json);
        events.push(Event { visitor, name, time_ms, arrival, value });
        if random.below(30) == 0 {
            world.project.seal();
        }
        if random.below(15) == 0 {
            let (visitor, to) =
                (format!("visitor {}", 1 + random.below(VISITORS)), random.below(4));
            world.map(&visitor, person(to.into()));
            mapping.insert(visitor, to);
        }
    }
    (world, events, mapping)
}

/// The person of a visitor, as text; `None` for nobody.
fn who(visitor: &str, mapping: &HashMap<String, u64>) -> Option<String> {
    (visitor != "null")
        .then(|| mapping.get(visitor).map_or_else(|| visitor.to_owned(), |n| format!("person {n}")))
}

fn matches(event: &Event, query: &FunnelQuery, step: usize) -> bool {
    let wanted = &query.steps[step];
    let named = wanted.event.as_deref().is_none_or(|name| name == event.name);
    // The filters of these tests are: all, or p is "x".
    named && (matches!(wanted.filter, Filter::All(_)) || event.value == Some("x"))
}

/// The deepest step that a chain of different events can reach, whatever the order of those with equal times. `taken` are
/// the chain so far, the first step first.
fn deepest<'a>(events: &[&'a Event], query: &FunnelQuery, taken: &mut Vec<&'a Event>) -> usize {
    let step = taken.len();
    let mut best = step;
    if step == query.steps.len() {
        return best;
    }
    for event in events {
        let follows = taken.last().is_none_or(|last| event.time_ms >= last.time_ms)
            && taken.iter().all(|other| other.arrival != event.arrival);
        let began = taken.first().unwrap_or(event).time_ms;
        if follows && matches(event, query, step) && event.time_ms - began <= query.window_ms {
            taken.push(event);
            best = best.max(deepest(events, query, taken));
            taken.pop();
        }
    }
    best
}

/// Persons by step, for each value of the breakdown.
fn naive_funnel(
    query: &FunnelQuery,
    events: &[Event],
    mapping: &HashMap<String, u64>,
) -> BTreeMap<String, Vec<u64>> {
    let mut by_person: BTreeMap<String, Vec<&Event>> = BTreeMap::new();
    let steps = 0..query.steps.len();
    for event in events {
        let counts = query.range.contains(event.time_ms)
            && steps.clone().any(|step| matches(event, query, step));
        if let (true, Some(person)) = (counts, who(&event.visitor, mapping)) {
            by_person.entry(person).or_default().push(event);
        }
    }
    let mut answer: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for events in by_person.values_mut() {
        let touched = |event: &&&Event| (event.time_ms, event.arrival);
        let attribution = query.breakdown.as_ref().expect("asked for").attribution;
        let touch = match attribution {
            Attribution::FirstTouch => events.iter().min_by_key(touched),
            Attribution::LastTouch => events.iter().max_by_key(touched),
        };
        let value = touch.and_then(|event| event.value).unwrap_or("$none").to_owned();
        let depth = deepest(events, query, &mut Vec::new());
        if depth > 0 {
            let counts = answer.entry(value).or_insert_with(|| vec![0; query.steps.len()]);
            counts.iter_mut().take(depth).for_each(|count| *count += 1);
        }
    }
    answer
}

#[test]
fn funnels_equal_the_naive_ones() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for round in 0..400 {
        // Few different times make many ties.
        let longest_ms = if round % 4 == 0 { 6 } else { 40 };
        let (world, events, mapping) = random_world(&mut random, longest_ms);
        let steps: Vec<_> = (0..2 + random.below(3))
            .map(|_| ["a", "b", "c", ""][usize::try_from(random.below(4)).expect("small")])
            .collect();
        let mut query = funnel(random.time(25) + 1, &steps);
        query.range = Range { start_ms: random.time(10), end_ms: 25 + random.time(20) };
        for step in &mut query.steps {
            if random.below(3) == 0 {
                step.filter = is("p", Scope::Event, "x");
            }
        }
        let touch = [Attribution::FirstTouch, Attribution::LastTouch][usize::from(round % 2 == 0)];
        query.breakdown = Some(by("p", Scope::Event, 25, touch));
        let answer = world.funnel(&query);
        let found: BTreeMap<_, Vec<_>> = answer
            .breakdowns
            .iter()
            .map(|one| (one.value.clone(), super::world::persons(&one.steps)))
            .collect();
        let expected = naive_funnel(&query, &events, &mapping);
        assert_eq!(found, expected, "round {round}: {query:?}\n{events:?}\n{mapping:?}");
        for (step, whole) in answer.steps.iter().enumerate() {
            assert_eq!(whole.persons, expected.values().map(|counts| counts[step]).sum::<u64>());
        }
    }
}

#[test]
fn trends_equal_the_naive_ones() {
    let mut random = Random(0xD1B5_4A32_D192_ED03);
    for round in 0..200 {
        let (world, events, mapping) = random_world(&mut random, 4 * HOUR_MS);
        let name = ["a", ""][usize::from(round % 2 == 0)];
        let asked = vec![series(name, Math::Total), series(name, Math::UniquePersons)];
        let mut query = trends(3, asked);
        let hits = || {
            events.iter().filter(|event| {
                query.period.range.contains(event.time_ms)
                    && (name.is_empty() || event.name == name)
            })
        };
        let hour = |event: &Event| usize::try_from(event.time_ms / HOUR_MS).expect("small");
        let mut points = vec![0; 3];
        let mut persons = vec![BTreeSet::new(); 3];
        let mut by_value: BTreeMap<&str, (u64, BTreeSet<String>)> = BTreeMap::new();
        for event in hits() {
            let person = who(&event.visitor, &mapping);
            points[hour(event)] += 1;
            persons[hour(event)].extend(person.clone());
            let (count, persons) = by_value.entry(event.value.unwrap_or("$none")).or_default();
            *count += 1;
            persons.extend(person);
        }
        let answer = world.trends(&query);
        assert_eq!(answer[0][0].points, points, "round {round}");
        let unique: Vec<_> = persons.iter().map(|set| set.len() as u64).collect();
        assert_eq!(answer[1][0].points, unique, "round {round}");

        query.breakdown = Some(by("p", Scope::Event, 25, Attribution::FirstTouch));
        let answer = world.trends(&query);
        let mut expected: Vec<_> =
            by_value.iter().map(|(value, (count, _))| (*value, *count)).collect();
        expected.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
        assert_eq!(totals(&answer[0]), expected, "round {round}");
        let mut unique: Vec<_> =
            by_value.iter().map(|(value, (_, set))| (*value, set.len() as u64)).collect();
        unique.retain(|(_, count)| *count > 0);
        unique.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
        assert_eq!(totals(&answer[1]), unique, "round {round}");
    }
}
