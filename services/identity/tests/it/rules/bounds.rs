//! Persons of many ids, and of too many properties.

use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::apply_events_response::Outcome;
use serde_json::{Value, json};
use tonic::Code;
use uuid::Uuid;

use super::split;
use crate::harness::{Identity, identify, properties, refusal, set};

/// I-11
#[tokio::test]
async fn a_person_of_many_ids_is_merged_and_split_and_has_a_bound() {
    let identity = Identity::start().await;
    let half = |name: &str, count: usize| -> Vec<AcceptedEvent> {
        (1..count).map(|n| identify(1, &format!("{name} {n}"), name)).collect()
    };
    identity.apply(&half("big", 500)).await;
    identity.apply(&half("large", 500)).await;
    let (big, large) = (identity.person("big").await, identity.person("large").await);
    let merge = |source: &pb::Person| pb::MergePersonsRequest {
        project_id: identity.project.to_string(),
        source_person_id: source.id.clone(),
        target_person_id: big.id.clone(),
        ..pb::MergePersonsRequest::default()
    };
    let merged = identity.editor().merge_persons(merge(&large)).await.expect("1,000 may be");
    let merged = merged.into_inner();
    assert_eq!(merged.person.map(|person| person.distinct_ids.len()), Some(1_000));
    assert_eq!(
        identity.apply(&[identify(2, "one more", "big")]).await,
        [Outcome::RefusedTooManyIds]
    );
    identity.apply(&[set(2, "one more", &json!({"a": 1}))]).await;
    let more = identity.person("one more").await;
    let refused = identity.editor().merge_persons(merge(&more)).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "MERGE_REFUSED".into()));
    let undo = Uuid::try_parse(&merged.merge_id).expect("an id");
    split(&identity, undo).await.expect("undone");
    assert_eq!(identity.person("big").await, big);
    assert_eq!(identity.person("large 7").await, large);
}

/// I-12: what is too large is not taken, and everything beside it is.
#[tokio::test]
async fn one_person_over_the_limits_spares_the_rest_of_its_batch() {
    let identity = Identity::start().await;
    let bomb: Value = (0..40).map(|n| (format!("k{n}"), "x".repeat(60_000))).collect();
    let mut events: Vec<_> =
        (0..99).map(|n| set(1, &format!("usr {n}"), &json!({ "n": n }))).collect();
    events.insert(50, set(1, "bomb", &bomb));
    events.insert(51, set(1, "bomb", &json!({"huge": "x".repeat(70_000), "small": 1})));
    assert_eq!(identity.apply(&events).await, vec![Outcome::Applied; 101]);
    for n in 0..99 {
        let person = identity.person(&format!("usr {n}")).await;
        assert_eq!(properties(&person), json!({"n": f64::from(n)}));
    }
    let known = properties(&identity.person("bomb").await);
    let known = known.as_object().expect("an object");
    assert!(known.len() > 10 && known.len() < 40 && !known.contains_key("huge"));
}
