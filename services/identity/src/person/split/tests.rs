use observe_core::{PersonId, ProjectId};
use observe_proto::identity::v1::apply_events_response::Outcome;
use serde_json::{Value, json};
use uuid::Uuid;

use super::StandingMerge;
use crate::merge::apply;
use crate::operation::{Kind, Operation};
use crate::person::People;
use crate::properties::{PropertyChanges, Version};

const PROJECT: ProjectId = ProjectId::new(Uuid::from_u128(1));
const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Small numbers that look random and are the same for the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn id(&mut self) -> String {
        IDS[usize::try_from(self.below(6)).expect("small")].to_owned()
    }

    /// An operation at the time given, `number` being its uuid.
    fn operation(&mut self, time: i64, number: u128) -> Operation {
        let (target, other) = (self.id(), self.id());
        let kind = match self.below(8) {
            0 | 1 => Kind::identify(&target, Some(other)),
            2 => Kind::Identify { anonymous: None },
            3 => Kind::Alias(other),
            4 => Kind::Merge { alias: other, trusted: true },
            _ => Kind::Properties,
        };
        let key = format!("k{}", self.below(3));
        let value: serde_json::Map<String, Value> =
            [(key.clone(), json!(number))].into_iter().collect();
        let mut properties = PropertyChanges::default();
        match self.below(5) {
            0 | 1 => properties.set = value,
            2 => properties.set_once = value,
            3 => properties.unset = vec![key],
            _ => {}
        }
        let version = Version(time, time, Uuid::from_u128(number));
        Operation { version, target, kind, properties }
    }
}

/// What can be seen of a distinct id: whose it is, with whom, and what is known.
type Seen = (PersonId, Vec<String>, bool, i64, Value);

fn seen(people: &People, id: &str) -> Option<Seen> {
    let person_id = people.person_of(id)?;
    let person = people.person(person_id)?;
    let mut ids = person.distinct_ids.clone();
    ids.sort();
    let document = Value::Object(person.properties.document());
    Some((person_id, ids, person.identified, person.created_ms, document))
}

fn all_seen(people: &People) -> Vec<Option<Seen>> {
    IDS.iter().map(|id| seen(people, id)).collect()
}

/// The persons after some operations, and for each of them whether it merged.
fn after(operations: &[Operation]) -> (People, Vec<bool>) {
    let mut people = People::new(PROJECT);
    let merged = operations
        .iter()
        .map(|operation| {
            let before = people.merges().len();
            apply(&mut people, operation);
            people.merges().len() > before
        })
        .collect();
    (people, merged)
}

/// The same operation without the other id that it names.
fn alone(operation: &Operation) -> Operation {
    let kind = match &operation.kind {
        Kind::Identify { .. } => Kind::Identify { anonymous: None },
        _ => Kind::Properties,
    };
    Operation { kind, ..operation.clone() }
}

fn standing(people: &People) -> Vec<StandingMerge> {
    people
        .merges()
        .iter()
        .map(|merge| StandingMerge {
            version: merge.version,
            source_id: merge.source_id.clone(),
            target_id: merge.target_id.clone(),
        })
        .collect()
}

/// Undoes a merge, with the merges that stand within its person.
fn undo(people: &mut People, standing: &mut Vec<StandingMerge>, index: usize) {
    let undone = standing[index].clone();
    let person = people.person_of(&undone.target_id).expect("it has a row");
    let within: Vec<_> = standing
        .iter()
        .filter(|merge| people.person_of(&merge.source_id) == Some(person))
        .cloned()
        .collect();
    people.split(person, &within, &undone).expect("both ids are of the person");
    standing.remove(index);
}

/// Compares, and says which operations led there.
fn assert_same(people: &People, expected: &People, operations: &[Operation], seed: u64) {
    for id in IDS {
        let (found, expected) = (seen(people, id), seen(expected, id));
        // Who joined without a row has one once it was split off, with the time of the merge.
        if expected.is_none() {
            let alone = found.as_ref().is_none_or(|(person, ids, identified, _, properties)| {
                *person == PersonId::of_distinct_id(PROJECT, id)
                    && ids == &[id.to_owned()]
                    && !identified
                    && *properties == json!({})
            });
            assert!(alone, "{id} of seed {seed}: {found:?}\n{operations:#?}");
            continue;
        }
        let without_time = |seen: Option<Seen>| seen.map(|(a, b, c, _, e)| (a, b, c, e));
        assert_eq!(
            without_time(found),
            without_time(expected),
            "{id} of seed {seed}\n{operations:#?}"
        );
    }
}

#[test]
fn a_merge_that_is_undone_at_once_has_never_been() {
    for seed in 0..400 {
        let mut numbers = Numbers(seed);
        let operations: Vec<_> =
            (0..14).map(|n| numbers.operation(i64::from(n), 1 + n as u128)).collect();
        let (mut people, merged) = after(&operations);
        let Some(last) = merged.iter().rposition(|merged| *merged) else { continue };
        // Nothing came after it.
        let operations = &operations[..=last];
        let mut merges = standing(&people);
        people = after(operations).0;
        let undone = merges.len() - 1;
        undo(&mut people, &mut merges, undone);
        let mut without = operations.to_vec();
        without[last] = alone(&without[last]);
        assert_same(&people, &after(&without).0, operations, seed);
    }
}

#[test]
fn an_undone_merge_has_never_been_whatever_came_since() {
    for seed in 0..400 {
        let mut numbers = Numbers(seed);
        let operations: Vec<_> =
            (0..20).map(|n| numbers.operation(i64::from(n), 1 + n as u128)).collect();
        let (mut people, merged) = after(&operations);
        let mut merges = standing(&people);
        if merges.is_empty() {
            continue;
        }
        // Those that found both ids to be one person already, or were refused, do not merge afterwards either.
        let mut without: Vec<_> = operations
            .iter()
            .zip(&merged)
            .map(|(operation, merged)| if *merged { operation.clone() } else { alone(operation) })
            .collect();
        while !merges.is_empty() {
            let index = usize::try_from(numbers.below(merges.len() as u64)).expect("small");
            let version = merges[index].version;
            undo(&mut people, &mut merges, index);
            let place = without.iter().position(|one| one.version == version).expect("it is there");
            without[place] = alone(&without[place]);
            let (expected, still) = after(&without);
            assert_eq!(still.iter().filter(|merged| **merged).count(), merges.len());
            assert_same(&people, &expected, &without, seed);
        }
    }
}

#[test]
fn persons_that_were_split_can_be_merged_and_split_again() {
    let set = |time, target: &str, value: Value| {
        let set = value.as_object().cloned().expect("an object");
        let properties = PropertyChanges { set, ..PropertyChanges::default() };
        let version = Version(time, time, Uuid::from_u128(time.unsigned_abs().into()));
        Operation { version, target: target.into(), kind: Kind::Properties, properties }
    };
    let join = |time, source: &str, target: &str| Operation {
        kind: Kind::Persons { source: source.into() },
        properties: PropertyChanges::default(),
        ..set(time, target, json!({}))
    };
    let before =
        [set(1, "a", json!({"k": 1, "only a": 1})), set(2, "b", json!({"k": 2, "only b": 2}))];
    let (expected, _) = after(&before);
    let (mut people, _) = after(&[&before[..], &[join(3, "a", "b")]].concat());
    let mut merges = standing(&people);
    for round in 0..3 {
        undo(&mut people, &mut merges, 0);
        assert_eq!(all_seen(&people), all_seen(&expected), "round {round}");
        assert_eq!(apply(&mut people, &join(10 + round, "a", "b")), Outcome::Applied);
        merges = standing(&people).split_off(people.merges().len() - 1);
        let both = seen(&people, "a").expect("it has a row");
        assert_eq!(both.4, json!({"k": 2, "only a": 1, "only b": 2}));
    }
}

/// Operations come late: what they were meant for is found by their version, before and after a merge is undone.
#[test]
fn late_operations_end_where_they_belong_after_a_split() {
    for seed in 0..400 {
        let mut numbers = Numbers(seed);
        let properties: Vec<_> = (0..8)
            .map(|n| {
                let time = i64::try_from(numbers.below(40)).expect("small");
                let target = ["a", "b"][usize::try_from(numbers.below(2)).expect("small")];
                let operation = numbers.operation(time, 1 + n as u128);
                Operation { kind: Kind::Properties, target: target.into(), ..operation }
            })
            .collect();
        let merge = Operation {
            version: Version(20, 20, Uuid::from_u128(99)),
            target: "b".into(),
            kind: Kind::Persons { source: "a".into() },
            properties: PropertyChanges::default(),
        };
        let mut operations = properties.clone();
        operations.insert(usize::try_from(numbers.below(9)).expect("small"), merge);
        let (mut people, _) = after(&operations);
        let mut merges = standing(&people);
        undo(&mut people, &mut merges, 0);
        assert_same(&people, &after(&properties).0, &operations, seed);
    }
}
