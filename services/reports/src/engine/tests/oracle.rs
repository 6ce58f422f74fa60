//! Random small projects, asked of the engine and of the rules written down as plainly as possible.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::world::{HOUR_MS, World, by, person, series, totals, trends};
use crate::query::{Attribution, Scope};
use crate::trends::Math;

/// A generator whose every run is the same.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % bound
    }

    /// A place in a list of so many.
    pub(super) fn place(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).expect("small")
    }

    pub(super) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.place(all.len())]
    }

    pub(super) fn time(&mut self, bound: i64) -> i64 {
        self.below(bound.unsigned_abs()).cast_signed()
    }
}

const NAMES: [&str; 3] = ["a", "b", "c"];
const VISITORS: u64 = 12;

#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) visitor: String,
    pub(super) name: &'static str,
    pub(super) time_ms: i64,
    pub(super) arrival: usize,
    pub(super) value: Option<&'static str>,
}

/// Makes a project and the same as plain lists: its events, and the persons of its visitors.
pub(super) fn random_world(
    random: &mut Random,
    longest_ms: i64,
) -> (World, Vec<Event>, HashMap<String, u64>) {
    let count = 40 + random.below(200);
    random_world_of(count, random, longest_ms)
}

/// Likewise, with so many events.
pub(super) fn random_world_of(
    count: u64,
    random: &mut Random,
    longest_ms: i64,
) -> (World, Vec<Event>, HashMap<String, u64>) {
    let mut world = World::new();
    let mut events = Vec::new();
    let mut mapping = HashMap::new();
    for arrival in 0..usize::try_from(count).expect("small") {
        let visitor = match random.below(VISITORS) {
            0 => "null".to_owned(),
            n => format!("visitor {n}"),
        };
        let name = random.one_of(&NAMES);
        let value = random.one_of(&[None, Some("x"), Some("y"), Some("z")]);
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
pub(super) fn who(visitor: &str, mapping: &HashMap<String, u64>) -> Option<String> {
    (visitor != "null")
        .then(|| mapping.get(visitor).map_or_else(|| visitor.to_owned(), |n| format!("person {n}")))
}

#[test]
fn trends_equal_the_naive_ones() {
    let mut random = Random::new(0xD1B5_4A32_D192_ED03);
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
