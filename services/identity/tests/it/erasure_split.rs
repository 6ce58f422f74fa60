//! Erasing somebody who was one with others for a while.

use observe_proto::identity::v1 as pb;
use serde_json::json;
use uuid::Uuid;

use crate::erasure::{MARKER, distinct, erase, finish, tables_with};
use crate::harness::{Identity, event, identify, properties, set};

async fn merge_ids(identity: &Identity, distinct_id: &str) -> Vec<String> {
    let request = pb::ListMergesRequest {
        project_id: identity.project.to_string(),
        person_id: identity.person(distinct_id).await.id,
        ..pb::ListMergesRequest::default()
    };
    let merges = identity.persons().list_merges(request).await.expect("listed").into_inner().merges;
    merges.into_iter().map(|merge| merge.id).collect()
}

async fn split(identity: &Identity, merge_id: &str) {
    let request = pb::SplitPersonRequest {
        project_id: identity.project.to_string(),
        merge_id: merge_id.into(),
    };
    identity.editor().split_person(request).await.expect("undone");
}

#[tokio::test]
async fn nothing_of_an_erased_person_is_left_at_those_it_was_one_with() {
    let identity = Identity::start().await;
    let id = format!("{MARKER} anon");
    let wrong = identify(3, &id, "usr");
    identity
        .apply(&[
            set(1, &id, &json!({"city": MARKER})),
            set(2, "usr", &json!({"plan": "pro"})),
            wrong.clone(),
            set(4, &id, &json!({"device": MARKER})),
            identify(5, "phone", "usr"),
            // Refused, with the id in clear.
            identify(6, &id, "other"),
            identify(7, "null", &id),
        ])
        .await;
    // The person goes on into another one, so that a later merge names the id among those that moved.
    let request = pb::MergePersonsRequest {
        project_id: identity.project.to_string(),
        source_person_id: identity.person("usr").await.id,
        target_person_id: identity.person("other").await.id,
        ..pb::MergePersonsRequest::default()
    };
    let merged = identity.editor().merge_persons(request).await.expect("merged").into_inner();
    split(&identity, &Uuid::from_slice(&wrong.uuid).expect("16 bytes").to_string()).await;
    assert_eq!(properties(&identity.person(&id).await), json!({"city": MARKER, "device": MARKER}));

    let erasure = erase(&identity, distinct(&id)).await;
    finish(&identity, &erasure).await;
    assert_eq!(tables_with(&identity, MARKER).await, Vec::<String>::new());

    let both = identity.person("usr").await;
    assert_eq!((both.distinct_ids.len(), properties(&both)), (3, json!({"plan": "pro"})));
    assert_eq!(merge_ids(&identity, "usr").await.len(), 2, "the merges of others stand");
    split(&identity, &merged.merge_id).await;
    assert_eq!(identity.person("usr").await.distinct_ids, ["usr", "phone"]);
    assert_eq!(identity.person("other").await.distinct_ids, ["other"]);
}

#[tokio::test]
async fn an_erased_id_leaves_no_hole_in_the_merges_of_others() {
    let identity = Identity::start().await;
    let merge = |time, source: &str, target: &str| {
        let mut event = event("$merge_dangerously", time, target, &json!({ "alias": source }));
        event.trusted = true;
        event
    };
    let first = merge(1, "a", "b");
    identity.apply(&[first.clone(), merge(2, "a", "c"), set(3, "a", &json!({"k": 1}))]).await;
    split(&identity, &Uuid::from_slice(&first.uuid).expect("16 bytes").to_string()).await;
    assert_eq!(identity.person("b").await.distinct_ids, ["b"]);
    erase(&identity, distinct("b")).await;
    let left = merge_ids(&identity, "a").await;
    assert_eq!(left.len(), 1, "that of a and c, whose source was b's person, stands");
    split(&identity, &left[0]).await;
    assert_eq!(identity.person("a").await.distinct_ids, ["a"]);
    assert_eq!(properties(&identity.person("a").await), json!({"k": 1.0}));
    assert_eq!(identity.person("c").await.distinct_ids, ["c"]);
}

#[tokio::test]
async fn a_visitor_without_a_row_leaves_no_refused_merge() {
    let identity = Identity::start().await;
    let id = format!("{MARKER} visitor");
    identity.apply(&[event("$create_alias", 1, &id, &json!({"alias": "null"}))]).await;
    assert_eq!(tables_with(&identity, MARKER).await, ["refused_merge.target_id"]);
    let erasure = erase(&identity, distinct(&id)).await;
    finish(&identity, &erasure).await;
    assert_eq!(tables_with(&identity, MARKER).await, Vec::<String>::new());
}
