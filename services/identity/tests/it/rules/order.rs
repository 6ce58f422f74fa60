//! Operations in any order, and more than once.

use std::collections::BTreeSet;

use observe_core::{Entropy as _, SystemClock, SystemEntropy};
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::apply_events_response::Outcome;
use serde_json::json;

use super::{force, rounds};
use crate::harness::{Identity, Numbers, identify, properties, set};

/// Returns every order of the items.
fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for index in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(index);
        all.extend(orders(&rest).into_iter().map(|mut order| {
            order.insert(0, first.clone());
            order
        }));
    }
    all
}

/// I-3
#[tokio::test]
async fn the_order_in_which_allowed_merges_come_does_not_matter() {
    let identity = Identity::start().await;
    let count = usize::try_from(rounds(4, 6)).expect("small");
    for (number, order) in orders(&(0..count).collect::<Vec<_>>()).into_iter().enumerate() {
        let id = |name: &str| format!("{name} {number}");
        let events: Vec<_> = order
            .iter()
            .map(|index| {
                let time = 10 + i64::try_from(*index).expect("small");
                let mut event = identify(time, &id(&format!("anon {index}")), &id("usr"));
                let set =
                    json!({"$anonymous_id": id(&format!("anon {index}")), "$set": {"last": index}});
                event.properties_json = set.to_string();
                event
            })
            .collect();
        identity.apply(&events).await;
        let person = identity.person(&id("usr")).await;
        let ids: BTreeSet<_> = person.distinct_ids.iter().cloned().collect();
        let mut expected: BTreeSet<_> = (0..count).map(|n| id(&format!("anon {n}"))).collect();
        expected.insert(id("usr"));
        assert_eq!(ids, expected, "{order:?}");
        let last = f64::from(u32::try_from(count - 1).expect("small"));
        assert_eq!(properties(&person), json!({"last": last}), "{order:?}");
        assert_eq!(person.created_time.as_ref().map(|time| time.nanos), Some(10_000_000));
    }
}

/// I-4
#[tokio::test]
async fn operations_that_are_delivered_again_change_nothing() {
    let identity = Identity::start().await;
    for round in 0..rounds(4, 200) {
        let mut numbers = Numbers::new(round);
        // The same operations upon two sets of ids: once each, and up to five times each in between.
        let mut once = Vec::new();
        let mut often = Vec::new();
        for time in 1..=20 {
            let (one, other) = (numbers.below(5), numbers.below(5));
            let kind = numbers.below(4);
            let build = |set_name: &str| {
                let id = |n: u64| format!("{set_name} {round} {n}");
                match kind {
                    0 => identify(time, &id(other), &id(one)),
                    1 => force(time, &id(other), &id(one)),
                    _ => set(time, &id(one), &json!({ (format!("k{}", time % 3)): time })),
                }
            };
            once.push(build("once"));
            let again = build("often");
            often.push(again.clone());
            for _ in 0..numbers.below(5) {
                // Repeats come at any time after the first one.
                let places = (often.len() as u64) + 1;
                let first = often.iter().position(|event| event.uuid == again.uuid).expect("there");
                let place = usize::try_from(numbers.below(places)).expect("small").max(first + 1);
                often.insert(place.min(often.len()), again.clone());
            }
        }
        // A repeat that was put between others has changed no order of the first ones.
        let mut seen = BTreeSet::new();
        let firsts: Vec<_> = often
            .iter()
            .filter(|event| seen.insert(event.uuid.clone()))
            .map(|e| e.time_ms)
            .collect();
        assert!(firsts.is_sorted());
        identity.apply(&once).await;
        for part in often.chunks(7) {
            identity.apply(part).await;
        }
        for n in 0..5 {
            let one = identity.person(&format!("once {round} {n}")).await;
            let other = identity.person(&format!("often {round} {n}")).await;
            let bare = |person: &pb::Person| {
                let ids = person.distinct_ids.iter();
                ids.map(|id| id.split(' ').next_back().unwrap_or_default().to_owned())
                    .collect::<BTreeSet<_>>()
            };
            assert_eq!((bare(&one), properties(&one)), (bare(&other), properties(&other)));
            assert_eq!((one.identified, one.created_time), (other.identified, other.created_time));
        }
    }
}

/// A uuid that was used for something else is known, and stays what it was.
#[tokio::test]
async fn an_operation_is_known_by_its_uuid_alone() {
    let identity = Identity::start().await;
    let uuid = SystemEntropy.uuid(observe_core::Clock::now(&SystemClock)).as_bytes().to_vec();
    let first = AcceptedEvent { uuid: uuid.clone(), ..identify(1, "a", "alice") };
    let other = AcceptedEvent { uuid, ..identify(1, "b", "bob") };
    assert_eq!(identity.apply(&[first, other]).await, [Outcome::Applied; 2]);
    assert!(identity.person("bob").await.created_time.is_none());
}
