use observe_core::{Entropy as _, SystemEntropy};
use serde_json::json;

use super::*;

#[path = "tests/limits.rs"]
mod limits;

fn at(time: i64) -> Version {
    Version(time, time * 1_000, Uuid::from_u128(u128::from(time.unsigned_abs())))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn set(value: Value) -> PropertyChanges {
    PropertyChanges { set: object(value), ..PropertyChanges::default() }
}

fn set_once(value: Value) -> PropertyChanges {
    PropertyChanges { set_once: object(value), ..PropertyChanges::default() }
}

fn unset(keys: &[&str]) -> PropertyChanges {
    let unset = keys.iter().map(|key| (*key).to_owned()).collect();
    PropertyChanges { unset, ..PropertyChanges::default() }
}

fn after(steps: &[(PropertyChanges, Version)]) -> Value {
    let mut properties = Properties::default();
    for (changes, version) in steps {
        properties.apply(changes, *version, &[]);
    }
    Value::Object(properties.document())
}

/// Calls `check` with every order of the items.
fn permutations<T: Clone>(items: &mut Vec<T>, start: usize, check: &mut impl FnMut(&[T])) {
    if start == items.len() {
        check(items);
        return;
    }
    for index in start..items.len() {
        items.swap(start, index);
        permutations(items, start + 1, check);
        items.swap(start, index);
    }
}

/// Returns small numbers that look random but are the same for the same test run's `seed`.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn one_event_sets_once_then_sets_then_unsets() {
    let changes = PropertyChanges {
        set_once: object(json!({"a": "once", "b": "once", "c": "once"})),
        set: object(json!({"b": "set", "c": "set"})),
        unset: vec!["c".into()],
    };
    assert_eq!(after(&[(changes, at(1))]), json!({"a": "once", "b": "set"}));
}

#[test]
fn a_late_set_does_not_overwrite_a_newer_one() {
    assert_eq!(
        after(&[(set(json!({"plan": "new"})), at(2)), (set(json!({"plan": "old"})), at(1))]),
        json!({"plan": "new"})
    );
    assert_eq!(
        after(&[(unset(&["plan"]), at(2)), (set(json!({"plan": "old"})), at(1))]),
        json!({})
    );
}

#[test]
fn set_once_fills_the_gap_that_unset_leaves() {
    let steps = [
        (set_once(json!({"a": 1})), at(1)),
        (set_once(json!({"a": 2})), at(2)),
        (unset(&["a"]), at(3)),
        (set_once(json!({"a": 4})), at(4)),
        (set_once(json!({"a": 5})), at(5)),
    ];
    assert_eq!(after(&steps[..2]), json!({"a": 1}));
    assert_eq!(after(&steps[..3]), json!({}));
    assert_eq!(after(&steps), json!({"a": 4}));
}

#[test]
fn null_is_a_value_and_survives_storage() {
    let mut properties = Properties::default();
    properties.apply(&set(json!({"a": null})), at(1), &[]);
    let stored = serde_json::to_string(&properties).expect("it is JSON");
    let read: Properties = serde_json::from_str(&stored).expect("it reads back");
    assert_eq!(Value::Object(read.document()), json!({"a": null}));
}

#[test]
fn every_order_of_operations_ends_in_the_state_of_the_right_order() {
    let mut numbers = Numbers(SystemEntropy.uuid(chrono::DateTime::UNIX_EPOCH).as_u64_pair().1);
    for _ in 0..60 {
        let seed = numbers.0;
        let mut steps: Vec<_> = (1..=5)
            .map(|time| {
                let changes = match numbers.below(3) {
                    0 => set(json!({"k": time})),
                    1 => set_once(json!({"k": time})),
                    _ => unset(&["k"]),
                };
                (changes, at(time))
            })
            .collect();
        let expected = replayed(&steps);
        permutations(&mut steps, 0, &mut |order| {
            let twice: Vec<_> = order.iter().chain(order).cloned().collect();
            assert_eq!(after(&twice), expected, "seed {seed}: {order:?}");
        });
    }
}

/// The rules in the plainest form: operations in the right order, applied to a plain object.
fn replayed(steps: &[(PropertyChanges, Version)]) -> Value {
    let mut document = Map::new();
    for (changes, _) in steps {
        for (key, value) in &changes.set_once {
            document.entry(key.clone()).or_insert_with(|| value.clone());
        }
        document.extend(changes.set.clone());
        for key in &changes.unset {
            document.remove(key);
        }
    }
    Value::Object(document)
}

/// Source and target are two persons until the merge; operations of either come before or after it in any order.
#[test]
fn a_merge_ends_the_same_whatever_comes_late() {
    const MERGE: i64 = 10;
    let mut numbers = Numbers(SystemEntropy.uuid(chrono::DateTime::UNIX_EPOCH).as_u64_pair().1);
    for _ in 0..300 {
        let seed = numbers.0;
        // (is it the source's, what, when); times around the merge's.
        let mut steps: Vec<(bool, PropertyChanges, Version)> = (0..4)
            .map(|index| {
                let time = 3 * index + i64::try_from(numbers.below(3)).expect("small") + 4;
                let time = if time == MERGE { MERGE + 1 } else { time };
                let changes = match numbers.below(3) {
                    0 => set(json!({"k": time})),
                    1 => set_once(json!({"k": time})),
                    _ => unset(&["k"]),
                };
                (numbers.below(2) == 0, changes, at(time))
            })
            .collect();
        let expected = merged_in_order(&steps, MERGE);
        for merged_after in 0..=steps.len() {
            permutations(&mut steps, 0, &mut |order| {
                let (mut source, mut target) = (Properties::default(), Properties::default());
                for (of_source, changes, version) in &order[..merged_after] {
                    let person = if *of_source { &mut source } else { &mut target };
                    person.apply(changes, *version, &[]);
                }
                target.absorb(std::mem::take(&mut source), at(MERGE), &[]);
                for (of_source, changes, version) in &order[merged_after..] {
                    let lineage: &[Version] = if *of_source { &[at(MERGE)] } else { &[] };
                    target.apply(changes, *version, lineage);
                }
                let found = Value::Object(target.document());
                assert_eq!(
                    found, expected,
                    "seed {seed}: merged after {merged_after} of {order:?}"
                );
            });
        }
    }
}

fn merged_in_order(steps: &[(bool, PropertyChanges, Version)], merge: i64) -> Value {
    let before = |of_source| -> Vec<_> {
        let mine =
            steps.iter().filter(|(source, _, version)| *source == of_source && version.0 < merge);
        mine.map(|(_, changes, version)| (changes.clone(), *version)).collect()
    };
    let mut together = object(replayed(&before(true)));
    together.extend(object(replayed(&before(false))));
    let start = (set(Value::Object(together)), at(merge));
    let later = steps.iter().filter(|(_, _, version)| version.0 > merge);
    let all: Vec<_> = std::iter::once(start)
        .chain(later.map(|(_, changes, version)| (changes.clone(), *version)))
        .collect();
    replayed(&all)
}

#[test]
fn a_repeat_changes_nothing() {
    let mut properties = Properties::default();
    let changes = set_once(json!({"a": 1}));
    assert!(properties.apply(&changes, at(1), &[]).visible);
    assert_eq!(properties.apply(&changes, at(1), &[]), Effect::default());
}
