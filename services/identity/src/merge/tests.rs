use observe_core::{PersonId, ProjectId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::properties::{PropertyChanges, Version};

const PROJECT: ProjectId = ProjectId::new(Uuid::from_u128(1));

fn v5(distinct_id: &str) -> PersonId {
    PersonId::of_distinct_id(PROJECT, distinct_id)
}

fn operation(time: i64, target: &str, kind: Kind, set: &Value) -> Operation {
    let uuid = Uuid::from_u128(u128::from(time.unsigned_abs()));
    let set = set.as_object().cloned().unwrap_or_default();
    Operation {
        version: Version(time, time, uuid),
        target: target.into(),
        kind,
        properties: PropertyChanges { set, ..PropertyChanges::default() },
    }
}

fn identify(time: i64, anonymous: &str, user: &str) -> Operation {
    operation(time, user, Kind::Identify { anonymous: Some(anonymous.into()) }, &json!({}))
}

fn alias(time: i64, alias: &str, target: &str) -> Operation {
    operation(time, target, Kind::Alias(alias.into()), &json!({}))
}

fn force(time: i64, source: &str, target: &str, trusted: bool) -> Operation {
    operation(time, target, Kind::Merge { alias: source.into(), trusted }, &json!({}))
}

fn set(time: i64, target: &str, properties: &Value) -> Operation {
    operation(time, target, Kind::Properties, properties)
}

fn people(operations: &[Operation]) -> (People, Vec<Outcome>) {
    let mut people = People::new(PROJECT);
    let outcomes = operations.iter().map(|operation| apply(&mut people, operation)).collect();
    (people, outcomes)
}

fn is_identified(people: &People, distinct_id: &str) -> bool {
    people
        .person_of(distinct_id)
        .and_then(|id| people.person(id))
        .is_some_and(|person| person.identified)
}

fn properties(people: &People, distinct_id: &str) -> Value {
    let id = people.person_of(distinct_id).expect("it has a row");
    Value::Object(people.person(id).expect("loaded").properties.document())
}

#[test]
fn identify_joins_an_unseen_anonymous_id_with_the_user() {
    let (people, outcomes) = people(&[identify(5, "anon", "usr")]);
    assert_eq!(outcomes, [Outcome::Applied]);
    assert_eq!(people.person_of("anon"), Some(v5("usr")));
    assert_eq!(people.person_of("usr"), Some(v5("usr")));
    assert!(is_identified(&people, "usr"));
    let changed: Vec<_> = people.moved().map(|(id, _)| id).collect();
    assert_eq!(changed, ["usr", "anon"], "also the id that is its own person is told");
}

#[test]
fn a_merge_moves_ids_and_fills_gaps_and_keeps_the_older_time() {
    let (people, outcomes) = people(&[
        set(3, "anon", &json!({"plan": "free", "city": "Rome"})),
        set(5, "usr", &json!({"plan": "pro"})),
        identify(7, "anon", "usr"),
    ]);
    assert_eq!(outcomes, [Outcome::Applied; 3]);
    assert_eq!(properties(&people, "anon"), json!({"plan": "pro", "city": "Rome"}));
    let person = people.person(v5("usr")).expect("the target");
    assert_eq!((person.created_ms, person.identified), (3, true));
    assert_eq!(person.distinct_ids, ["usr", "anon"]);
    let gone = people.person(v5("anon")).expect("the source's row is kept");
    assert_eq!(gone.merged_into, Some(v5("usr")));
    let merge = &people.merges()[0];
    assert_eq!((&merge.moved_ids[..], merge.moved_count), (&["anon".to_owned()][..], 1));
    assert_eq!((merge.source, merge.target), (v5("anon"), v5("usr")));
}

#[test]
fn a_known_source_is_refused_and_the_target_is_known_on_its_own() {
    let (people, outcomes) = people(&[identify(1, "anon", "alice"), identify(2, "anon", "bob")]);
    assert_eq!(outcomes, [Outcome::Applied, Outcome::RefusedIdentified]);
    assert_eq!(people.person_of("anon"), Some(v5("alice")));
    assert_eq!(people.person_of("bob"), Some(v5("bob")));
    assert!(is_identified(&people, "bob"));
}

#[test]
fn an_alias_never_takes_a_known_person_and_an_unseen_target_stays_unseen() {
    let (people, outcomes) = people(&[identify(1, "anon", "alice"), alias(2, "alice", "mallory")]);
    assert_eq!(outcomes[1], Outcome::RefusedIdentified);
    assert_eq!(people.person_of("mallory"), None);
    assert_eq!(people.person_of("alice"), Some(v5("alice")));
}

#[test]
fn only_a_trusted_caller_merges_known_persons() {
    let start = [identify(1, "a", "alice"), identify(2, "b", "bob")];
    let (refused, outcomes) = people(&[&start[..], &[force(3, "bob", "alice", false)]].concat());
    assert_eq!(outcomes[2], Outcome::RefusedUntrusted);
    assert_eq!(refused.person_of("b"), Some(v5("bob")));
    let (merged, outcomes) = people(&[&start[..], &[force(3, "bob", "alice", true)]].concat());
    assert_eq!(outcomes[2], Outcome::Applied);
    for id in ["a", "b", "alice", "bob"] {
        assert_eq!(merged.person_of(id), Some(v5("alice")), "{id}");
    }
}

#[test]
fn merging_into_oneself_is_nothing() {
    let (people, outcomes) = people(&[alias(1, "x", "x"), force(2, "x", "x", true)]);
    assert_eq!(outcomes, [Outcome::Applied; 2]);
    assert_eq!(people.changed_persons().count(), 0);
    let (again, outcomes) =
        super::tests::people(&[identify(1, "anon", "usr"), identify(2, "anon", "usr")]);
    assert_eq!(outcomes, [Outcome::Applied; 2]);
    assert_eq!(again.merges().len(), 1);
}

#[test]
fn illegal_ids_join_nobody() {
    let (people, outcomes) = people(&[
        identify(1, "null", "usr"),
        identify(2, "anon", " Undefined "),
        alias(3, "'none'", "other"),
        set(4, "guest", &json!({"a": 1})),
        identify(5, &"x".repeat(201), "long"),
    ]);
    assert_eq!(outcomes, [Outcome::RefusedIllegalId; 5]);
    assert!(is_identified(&people, "usr"), "the legal user is known all the same");
    assert!(is_identified(&people, "long"));
    for id in ["null", " Undefined ", "anon", "'none'", "other", "guest"] {
        assert_eq!(people.person_of(id), None, "{id}");
    }
}

#[test]
fn identify_without_an_anonymous_id_makes_the_person_known() {
    let lone = operation(4, "usr", Kind::Identify { anonymous: None }, &json!({"a": 1}));
    let (people, _) = people(&[lone]);
    assert!(is_identified(&people, "usr"));
    assert_eq!(properties(&people, "usr"), json!({"a": 1}));
}

#[test]
fn properties_alone_make_an_unknown_person() {
    let (people, outcomes) =
        people(&[set(4, "visitor", &json!({"a": 1})), set(5, "other", &json!({}))]);
    assert_eq!(outcomes, [Outcome::Applied; 2]);
    assert!(!is_identified(&people, "visitor"));
    assert_eq!(people.person_of("visitor"), Some(v5("visitor")));
    assert_eq!(people.person_of("other"), None, "an event that changes nothing makes no row");
}

#[test]
fn a_person_has_a_bounded_number_of_ids() {
    let mut operations: Vec<_> = (0..MAX_DISTINCT_IDS)
        .map(|n| identify(10 + i64::try_from(n).expect("small"), &format!("a{n}"), "usr"))
        .collect();
    operations.push(set(5_000, "last", &json!({"a": 1})));
    operations.push(identify(5_001, "last", "usr"));
    let (people, outcomes) = people(&operations);
    assert_eq!(outcomes[MAX_DISTINCT_IDS - 2], Outcome::Applied);
    assert_eq!(outcomes[MAX_DISTINCT_IDS - 1], Outcome::RefusedTooManyIds);
    assert_eq!(outcomes[MAX_DISTINCT_IDS + 1], Outcome::RefusedTooManyIds);
    assert_eq!(people.person(v5("usr")).expect("the person").distinct_ids.len(), MAX_DISTINCT_IDS);
}

/// The anonymous visitor's own late `$set` is older than the merge: had it come in time, the user's value had won.
#[test]
fn late_properties_of_a_merged_id_fill_gaps_only() {
    let merge = [set(1, "usr", &json!({"plan": "pro"})), identify(7, "anon", "usr")];
    let late = set(3, "anon", &json!({"plan": "free", "city": "Rome"}));
    let newer = set(9, "anon", &json!({"plan": "team"}));
    for order in [
        [&merge[..], std::slice::from_ref(&late)].concat(),
        [std::slice::from_ref(&late), &merge[..]].concat(),
    ] {
        assert_eq!(properties(&people(&order).0, "usr"), json!({"plan": "pro", "city": "Rome"}));
    }
    let (people, _) = people(&[&merge[..], &[newer, late]].concat());
    assert_eq!(properties(&people, "usr"), json!({"plan": "team", "city": "Rome"}));
}

/// All orders in which three merges of unknown persons can come give one person of the same ids and properties.
#[test]
fn the_order_of_allowed_merges_does_not_matter() {
    let base = [
        set(1, "a", &json!({"k": "a", "only_a": 1})),
        set(2, "b", &json!({"k": "b"})),
        set(3, "c", &json!({"k": "c", "only_c": 1})),
    ];
    let merges = [identify(10, "a", "usr"), identify(20, "b", "usr"), identify(30, "c", "usr")];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let merged: Vec<_> = order.iter().map(|index| merges[*index].clone()).collect();
        let (people, _) = people(&[&base[..], &merged[..]].concat());
        assert_eq!(
            properties(&people, "usr"),
            json!({"k": "a", "only_a": 1, "only_c": 1}),
            "{order:?}"
        );
        for id in ["a", "b", "c"] {
            assert_eq!(people.person_of(id), Some(v5("usr")));
        }
    }
}

/// A chain of two merges: what belongs to the innermost person is found through both.
#[test]
fn late_properties_find_their_place_through_a_chain_of_merges() {
    let chain = [
        set(1, "a", &json!({"x": 1})),
        set(1, "b", &json!({"y": 1})),
        force(10, "a", "b", true),
        force(20, "b", "c", true),
    ];
    let late = [
        set(5, "a", &json!({"k": "a"})),
        set(6, "b", &json!({"k": "b"})),
        set(15, "a", &json!({"z": "a at b"})),
    ];
    let in_time = [&chain[..2], &late[..2], &chain[2..3], &late[2..], &chain[3..]].concat();
    let too_late = [&chain[..], &late[..]].concat();
    let expected = json!({"x": 1, "y": 1, "k": "b", "z": "a at b"});
    assert_eq!(properties(&people(&in_time).0, "c"), expected);
    assert_eq!(properties(&people(&too_late).0, "c"), expected);
    let outer_first = [&chain[..2], &chain[3..], &chain[2..3], &late[..]].concat();
    assert_eq!(people(&outer_first).0.person_of("a"), Some(v5("c")));
    assert_eq!(properties(&people(&outer_first).0, "c"), expected);
}

/// Every merge puts what was there one layer deeper; the row must stay readable all the same.
#[test]
fn a_long_chain_of_merges_can_be_stored_and_read_back() {
    let mut operations = vec![set(1, "p0", &json!({"k": "first"}))];
    for n in 1..200 {
        let (source, target) = (format!("p{}", n - 1), format!("p{n}"));
        operations.push(force(n * 10, &source, &target, true));
    }
    operations.push(set(2, "p0", &json!({"late": "too"})));
    let (people, _) = people(&operations);
    assert_eq!(properties(&people, "p199"), json!({"k": "first", "late": "too"}));
    let person = people.person_of("p0").and_then(|id| people.person(id)).expect("the person");
    let stored = serde_json::to_string(&person.properties).expect("it is JSON");
    let read: crate::properties::Properties = serde_json::from_str(&stored).expect("readable");
    assert_eq!(read.document(), person.properties.document());
}
