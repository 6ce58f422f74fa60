//! What stays bounded, whatever is sent.

use super::super::size::{MAX_HISTORY_BYTES, MAX_PROPERTIES, MAX_TOMBSTONES};
use super::*;

#[test]
fn beyond_the_limit_new_keys_are_not_taken_and_old_ones_still_change() {
    let mut properties = Properties::default();
    for index in 0..MAX_PROPERTIES {
        properties.apply(&set(json!({format!("key{index}"): 1})), at(1), &[]);
    }
    let effect = properties.apply(&set(json!({"one more": 1, "key7": 2})), at(2), &[]);
    assert_eq!((effect.stored, effect.visible, effect.skipped), (true, true, 1));
    assert_eq!(properties.document().len(), MAX_PROPERTIES);
    assert_eq!(properties.document()["key7"], json!(2));
    properties.apply(&unset(&["key7"]), at(3), &[]);
    assert_eq!(properties.apply(&set(json!({"one more": 1})), at(4), &[]).skipped, 0);
}

/// Text that takes as many bytes as one value may have.
fn longest(letter: &str) -> Value {
    Value::from(letter.repeat(MAX_VALUE_BYTES - 2))
}

fn stored_bytes(properties: &Properties) -> usize {
    serde_json::to_string(properties).expect("it is JSON").len()
}

#[test]
fn a_document_stays_within_its_bytes() {
    let mut properties = Properties::default();
    let skipped: usize = (0..20)
        .map(|key| properties.apply(&set(json!({format!("key{key}"): longest("x")})), at(1), &[]))
        .map(|effect| effect.skipped)
        .sum();
    assert_eq!((properties.document().len(), skipped), (15, 5));
    assert_eq!(properties.apply(&set(json!({"key19": "short"})), at(3), &[]).skipped, 0);
}

#[test]
fn a_value_or_key_that_is_too_long_is_not_taken_and_its_neighbours_are() {
    let mut properties = Properties::default();
    let long = Value::from("x".repeat(MAX_VALUE_BYTES - 1));
    let key = "k".repeat(MAX_KEY_BYTES + 1);
    let changes = PropertyChanges {
        set_once: object(json!({"once": long, "a": 1})),
        set: object(json!({"set": [long], "b": longest("x"), key.as_str(): 1})),
        unset: vec!["c".repeat(MAX_KEY_BYTES + 1)],
    };
    assert_eq!(properties.apply(&changes, at(1), &[]).skipped, 3);
    assert_eq!(Value::Object(properties.document()), json!({"a": 1, "b": longest("x")}));
    assert_eq!(properties.cells.len(), 2, "no property has a name that is too long to unset");
}

#[test]
fn fills_that_nobody_sees_give_way_when_the_history_is_full() {
    let mut properties = Properties::default();
    for time in 1..=6 {
        for key in 0..15 {
            let changes = set_once(json!({format!("key{key}"): longest(&time.to_string())}));
            assert_eq!(properties.apply(&changes, at(time), &[]).skipped, 0);
            assert!(stored_bytes(&properties) <= MAX_HISTORY_BYTES, "time {time}, key {key}");
        }
    }
    let document = properties.document();
    assert_eq!(document.len(), 15);
    assert!(document.values().all(|value| *value == longest("1")), "the oldest fill counts");
    assert_eq!(properties.apply(&set(json!({"plan": "pro"})), at(7), &[]).skipped, 0);
    assert_eq!(properties.document()["plan"], json!("pro"));
}

#[test]
fn what_merged_persons_had_counts_as_history_too() {
    let mut properties = Properties::default();
    for merge in 1..=6 {
        let mut source = Properties::default();
        for key in 0..15 {
            let changes = set(json!({format!("key{key}"): longest(&merge.to_string())}));
            source.apply(&changes, at(merge), &[]);
        }
        properties.absorb(source, at(merge * 10), &[]);
        assert!(stored_bytes(&properties) <= MAX_HISTORY_BYTES, "merge {merge}");
    }
    assert!(properties.document().values().all(|value| *value == longest("1")));
    assert_eq!(properties.document().len(), 15);
}

#[test]
fn a_stored_history_that_is_too_large_shrinks_with_the_next_change() {
    let fills: Vec<_> = (1..=5).map(|time| json!([at(time), "x".repeat(900_000)])).collect();
    let mut properties: Properties = serde_json::from_value(
        json!({"a": {"o": fills}, "b": {"w": [at(9), {"s": 1}], "o": fills}}),
    )
    .expect("it reads back");
    let before = properties.document();
    assert!(properties.apply(&set(json!({"c": 1})), at(10), &[]).stored);
    assert!(stored_bytes(&properties) <= MAX_HISTORY_BYTES);
    let mut after = properties.document();
    assert_eq!(after.remove("c"), Some(json!(1)));
    assert_eq!(after, before);
}

/// Whatever is sent, the row stays small, and what is asked to go goes.
#[test]
fn no_operations_make_the_history_too_large_or_keep_a_key() {
    let mut numbers = Numbers(SystemEntropy.uuid(chrono::DateTime::UNIX_EPOCH).as_u64_pair().1);
    let seed = numbers.0;
    let mut properties = Properties::default();
    for time in 1..=100 {
        let key = format!("key{}", numbers.below(12));
        let time = at(time * 10 - i64::try_from(numbers.below(40)).expect("small"));
        let value = || json!({ key.as_str(): longest("x") });
        match numbers.below(8) {
            0 => {
                properties.apply(&unset(&[&key]), at(i64::MAX / 1_000), &[]);
                assert!(!properties.document().contains_key(&key), "seed {seed}");
                // Or everything after would be too late for the key.
                properties.cells.remove(&key);
                properties =
                    serde_json::from_str(&serde_json::to_string(&properties).expect("JSON"))
                        .expect("it reads back");
            }
            1 => {
                let mut source = Properties::default();
                source.apply(&set_once(value()), time, &[]);
                properties.absorb(source, time, &[]);
            }
            2 | 3 => drop(properties.apply(&set(value()), time, &[time, at(1_500)])),
            _ => drop(properties.apply(&set_once(value()), time, &[])),
        }
        assert!(stored_bytes(&properties) <= MAX_HISTORY_BYTES, "seed {seed}");
    }
}

#[test]
fn tombstones_are_bounded() {
    let mut properties = Properties::default();
    for index in 0..MAX_TOMBSTONES + 10 {
        properties.apply(&unset(&[&format!("key{index}")]), at(1), &[]);
    }
    assert_eq!(properties.cells.len(), MAX_TOMBSTONES);
}
