//! Against a model that does everything one by one.

use std::collections::{BTreeMap, BTreeSet};

use observe_proto::events::v1::AcceptedEvent;
use serde_json::json;
use sqlx::Executor as _;
use uuid::Uuid;

use super::{alias, check_invariants, force, rounds, split};
use crate::harness::{Identity, Numbers, event, identify, properties, set};

/// A step of the sequence that the plain model does, too.
#[derive(Clone, Debug)]
enum Step {
    Identified(String),
    Set(String, String, i64),
    SetOnce(String, String, i64),
    Unset(String, String),
    Merged(Uuid, String, String),
}

/// Persons as the rules say them: sets of ids, and what one gets by doing everything one by one.
#[derive(Debug, Default)]
struct Model {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct ModelPerson {
    ids: BTreeSet<String>,
    identified: bool,
    properties: BTreeMap<String, i64>,
}

impl Model {
    fn persons(&self) -> Vec<ModelPerson> {
        let mut persons: Vec<ModelPerson> = Vec::new();
        for step in &self.steps {
            let place = |persons: &mut Vec<ModelPerson>, id: &String| {
                if let Some(place) = persons.iter().position(|person| person.ids.contains(id)) {
                    return place;
                }
                let ids = BTreeSet::from([id.clone()]);
                persons.push(ModelPerson { ids, ..ModelPerson::default() });
                persons.len() - 1
            };
            match step {
                Step::Identified(id) => {
                    let place = place(&mut persons, id);
                    persons[place].identified = true;
                }
                Step::Set(id, key, value) => {
                    let place = place(&mut persons, id);
                    persons[place].properties.insert(key.clone(), *value);
                }
                Step::SetOnce(id, key, value) => {
                    let place = place(&mut persons, id);
                    persons[place].properties.entry(key.clone()).or_insert(*value);
                }
                Step::Unset(id, key) => {
                    let place = place(&mut persons, id);
                    persons[place].properties.remove(key);
                }
                Step::Merged(_, source, target) => {
                    let into = place(&mut persons, target);
                    let from = place(&mut persons, source);
                    assert_ne!(from, into, "a merge joins two persons");
                    let gone = std::mem::take(&mut persons[from]);
                    let person = &mut persons[into];
                    person.ids.extend(gone.ids);
                    person.identified = true;
                    for (key, value) in gone.properties {
                        person.properties.entry(key).or_insert(value);
                    }
                }
            }
        }
        persons.retain(|person| !person.ids.is_empty());
        persons
    }

    fn person(&self, id: &str) -> Option<ModelPerson> {
        self.persons().into_iter().find(|person| person.ids.contains(id))
    }

    fn is_identified(&self, id: &str) -> bool {
        self.person(id).is_some_and(|person| person.identified)
    }

    fn is_same(&self, one: &str, other: &str) -> bool {
        one == other || self.person(one).is_some_and(|person| person.ids.contains(other))
    }
}

/// Does one random operation, in the model and for real.
async fn step(identity: &Identity, model: &mut Model, numbers: &mut Numbers, time: i64) {
    let id = |numbers: &mut Numbers| format!("id {}", numbers.below(8));
    let (one, other) = (id(numbers), id(numbers));
    let (key, value) = (format!("k{}", numbers.below(3)), time);
    let merge = |model: &mut Model, event: &AcceptedEvent, forced: bool| {
        if !model.is_same(&one, &other) && (forced || !model.is_identified(&other)) {
            let id = Uuid::from_slice(&event.uuid).expect("16 bytes");
            model.steps.push(Step::Merged(id, other.clone(), one.clone()));
        }
    };
    let merges: Vec<Uuid> = model
        .steps
        .iter()
        .filter_map(|step| if let Step::Merged(id, ..) = step { Some(*id) } else { None })
        .collect();
    let event = match numbers.below(9) {
        0 if one != other => {
            let event = identify(time, &other, &one);
            // Whatever becomes of the other id.
            merge(model, &event, false);
            model.steps.push(Step::Identified(one.clone()));
            event
        }
        1 => {
            let event = alias(time, &other, &one);
            merge(model, &event, false);
            event
        }
        2 => {
            let event = force(time, &other, &one);
            merge(model, &event, true);
            event
        }
        3 | 4 if !merges.is_empty() => {
            let undo = merges[usize::try_from(numbers.below(merges.len() as u64)).expect("small")];
            split(identity, undo).await.expect("a merge that stands can be undone");
            model.steps.retain(|step| !matches!(step, Step::Merged(id, ..) if *id == undo));
            return;
        }
        5 => {
            model.steps.push(Step::SetOnce(one.clone(), key.clone(), value));
            event("$set", time, &one, &json!({"$set_once": {key: value}}))
        }
        6 => {
            model.steps.push(Step::Unset(one.clone(), key.clone()));
            event("$set", time, &one, &json!({"$unset": [key]}))
        }
        _ => {
            model.steps.push(Step::Set(one.clone(), key.clone(), value));
            set(time, &one, &json!({key: value}))
        }
    };
    identity.apply(&[event]).await;
}

/// I-2 and I-10: merges, and their undoing, against a model that does everything one by one.
#[tokio::test]
async fn persons_are_what_a_plain_model_makes_of_the_same_operations() {
    let identity = Identity::start().await;
    let pool = identity.superuser().await;
    for round in 0..rounds(6, 500) {
        let mut numbers = Numbers::new(round);
        let mut model = Model::default();
        pool.execute(
            "truncate identity.person, identity.person_distinct_id, identity.merge_op, identity.property_change",
        )
        .await
        .expect("emptied");
        for time in 1..=40 {
            step(&identity, &mut model, &mut numbers, time).await;
        }
        for expected in model.persons() {
            for id in &expected.ids {
                let person = identity.person(id).await;
                let ids: BTreeSet<String> = person.distinct_ids.iter().cloned().collect();
                let found = ModelPerson {
                    ids,
                    identified: person.identified,
                    properties: properties(&person)
                        .as_object()
                        .into_iter()
                        .flatten()
                        .map(|(key, value)| (key.clone(), value.as_f64().unwrap_or(0.0) as i64))
                        .collect(),
                };
                assert_eq!(found, expected, "{id} of round {round}: {:#?}", model.steps);
            }
        }
        check_invariants(&identity, &pool).await;
    }
}
