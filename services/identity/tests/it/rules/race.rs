//! Several at once.

use std::collections::BTreeSet;

use futures::future::join_all;
use observe_core::PersonId;
use observe_proto::identity::v1::apply_events_response::Outcome;
use serde_json::{Value, json};
use tonic::Code;
use uuid::Uuid;

use super::{alias, check_invariants, force, rounds, split};
use crate::harness::{Follower, Identity, Numbers, identify, properties, set};

/// I-1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_at_once_leave_every_id_with_one_living_person() {
    let identity = Identity::start().await;
    let pool = identity.superuser().await;
    let (tasks, calls) = (rounds(6, 64), rounds(20, 2_000));
    let task = |seed: u64| {
        let (identity, pool) = (&identity, &pool);
        async move {
            let mut numbers = Numbers::new(seed);
            for call in 0..calls {
                let time = i64::try_from(call * 100 + numbers.below(100)).expect("small");
                let mut events = Vec::new();
                for _ in 0..10 {
                    let id = |numbers: &mut Numbers| format!("id {}", numbers.below(50));
                    let (one, other) = (id(&mut numbers), id(&mut numbers));
                    events.push(match numbers.below(5) {
                        0 => identify(time, &other, &one),
                        1 => alias(time, &other, &one),
                        2 => force(time, &other, &one),
                        _ => set(time, &one, &json!({ (format!("k{}", numbers.below(4))): time })),
                    });
                }
                let outcomes = identity.apply(&events).await;
                assert_eq!(outcomes.len(), events.len(), "every operation is answered");
                let undo: Option<Uuid> = sqlx::query_scalar(
                    "select op_id from identity.merge_op where undone_at is null order by random() limit 1",
                )
                .fetch_optional(pool)
                .await
                .expect("read");
                if let Some(undo) = undo {
                    // Another task may have undone it in between.
                    let refused = split(identity, undo).await.err().map(|error| error.code());
                    assert!(matches!(refused, None | Some(Code::FailedPrecondition)));
                }
            }
        }
    };
    join_all((0..tasks).map(task)).await;
    check_invariants(&identity, &pool).await;
    let mut follower = Follower::default();
    loop {
        let changes = identity.changes(follower.number).await;
        if changes.is_empty() {
            break;
        }
        follower.follow(changes);
    }
    for (id, person) in &follower.mapping {
        let now = identity.person(id).await;
        assert_eq!(PersonId::parse(&now.id).map(PersonId::to_bytes).as_ref(), Some(person));
        let told = &follower.persons[person];
        assert!(!told.merged_away && told.identified == now.identified, "{id}");
        let document: Value = serde_json::from_str(&told.properties_json).expect("JSON");
        assert_eq!(
            document.as_object().map(serde_json::Map::len),
            properties(&now).as_object().map(serde_json::Map::len)
        );
    }
}

/// I-5
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_merges_at_once_make_one_person_and_no_error() {
    let identity = Identity::start().await;
    for round in 0..rounds(20, 3_400) {
        for (number, pairs) in
            [[("a", "b"), ("b", "a")], [("a", "b"), ("b", "c")], [("a", "c"), ("b", "c")]]
                .iter()
                .enumerate()
        {
            let id = |name: &str| format!("{name} {round} {number}");
            let known: Vec<_> =
                ["a", "b", "c"].map(|name| set(1, &id(name), &json!({ (name): 1 }))).to_vec();
            identity.apply(&known).await;
            let merge = |(source, target): (&str, &str)| {
                let event = force(2, &id(source), &id(target));
                let identity = &identity;
                async move { identity.try_apply(&[event]).await }
            };
            let (one, other) = tokio::join!(merge(pairs[0]), merge(pairs[1]));
            assert_eq!(one.expect("applied"), [Outcome::Applied]);
            assert_eq!(other.expect("applied"), [Outcome::Applied]);
            let names: &[&str] = if number == 0 { &["a", "b"] } else { &["a", "b", "c"] };
            let person = identity.person(&id("a")).await;
            let expected: BTreeSet<_> = names.iter().map(|name| id(name)).collect();
            assert_eq!(person.distinct_ids.iter().cloned().collect::<BTreeSet<_>>(), expected);
            assert_eq!(
                properties(&person).as_object().map(serde_json::Map::len),
                Some(names.len())
            );
        }
    }
}

/// I-6
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_races_an_identify_ends_at_the_merged_person() {
    let identity = Identity::start().await;
    for round in 0..rounds(40, 10_000) {
        let (anon, usr) = (format!("anon {round}"), format!("usr {round}"));
        let event = set(1, &anon, &json!({"city": "Rome"}));
        let joins = identify(2, &anon, &usr);
        let (one, other) = ([event], [joins]);
        if round % 2 == 0 {
            tokio::join!(identity.apply(&one), identity.apply(&other));
        } else {
            tokio::join!(identity.apply(&other), identity.apply(&one));
        }
        let person = identity.person(&anon).await;
        assert_eq!(person, identity.person(&usr).await);
        assert_eq!(properties(&person), json!({"city": "Rome"}));
    }
}
