//! What others keep of an erased person, because they were one with it or merged beside it, and what waited for it.

use observe_core::Clock as _;
use observe_proto::identity::v1 as pb;
use serde_json::json;
use uuid::Uuid;

use super::{Known, MARKER, distinct, erase, finish, follow, received, tables_with};
use crate::harness::{Identity, event, identify, set};

#[tokio::test]
async fn who_was_one_with_an_erased_person_for_a_while_stays_and_keeps_nothing_of_it() {
    let identity = Identity::start().await;
    let gone = format!("{MARKER} anon");
    let merge = identify(3_000, &gone, "usr");
    identity
        .apply(&[
            set(1_000, &gone, &json!({"email": MARKER})),
            set(2_000, "usr", &json!({"plan": "pro"})),
            merge.clone(),
            set(4_000, &gone, &json!({"phone": MARKER})),
        ])
        .await;
    assert_eq!(identity.person("usr").await.properties.expect("given").fields.len(), 3);
    let undo = pb::SplitPersonRequest {
        project_id: identity.project.to_string(),
        merge_id: Uuid::from_slice(&merge.uuid).expect("an id").to_string(),
    };
    identity.editor().split_person(undo).await.expect("undone");
    // Refused, and named in the list of what was.
    identity.apply(&[identify(5_000, "null", &gone), identify(6_000, &gone, "none")]).await;

    let erasure = erase(&identity, distinct(&gone)).await;
    assert_eq!(erasure.distinct_id_count, 1);
    finish(&identity, &erasure).await;
    assert_eq!(tables_with(&identity, MARKER).await, Vec::<String>::new());
    let stays = identity.person("usr").await;
    assert_eq!(stays.distinct_ids, ["usr"]);
    assert_eq!(stays.properties.expect("given").fields.len(), 1);
    let mut anew = Known::default();
    follow(&mut anew, &identity.changes(0).await);
    assert_eq!(anew.mapping.len(), 1);
    let known = anew.properties.values().next().expect("who stays");
    assert_eq!(known, r#"{"plan":"pro"}"#);
}

#[tokio::test]
async fn an_operation_that_was_put_aside_goes_with_its_person() {
    let identity = Identity::start().await;
    let id = format!("{MARKER} usr");
    let event = received(set(1_000, &id, &json!({"email": MARKER})), identity.clock.now());
    let pool = identity.superuser().await;
    sqlx::query(
        "insert into identity.parked_operation
             (project_id, event_uuid, event, distinct_id, arrival_us, reason, tries, retry_at, created_at)
         values ($1, $2, $3, $4, $5, 'a fault', 1, now() + interval '1 hour', now())",
    )
    .bind(identity.project.uuid())
    .bind(Uuid::from_slice(&event.uuid).expect("an id"))
    .bind(prost::Message::encode_to_vec(&event))
    .bind(&id)
    .bind(event.received_us)
    .execute(&pool)
    .await
    .expect("inserted");
    let erasure = erase(&identity, distinct(&id)).await;
    finish(&identity, &erasure).await;
    assert_eq!(tables_with(&identity, MARKER).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_merge_of_others_stays_and_no_longer_names_an_erased_id_that_moved_with_it() {
    let identity = Identity::start().await;
    let gone = format!("{MARKER} phone");
    let alias = event("$create_alias", 2_000, "anon", &json!({"alias": gone}));
    identity.apply(&[alias.clone(), set(3_000, "usr", &json!({"plan": "pro"}))]).await;
    let (source, target) = (identity.person("anon").await.id, identity.person("usr").await.id);
    let merge = pb::MergePersonsRequest {
        project_id: identity.project.to_string(),
        source_person_id: source,
        target_person_id: target.clone(),
        source_distinct_id: String::new(),
    };
    let merged = identity.editor().merge_persons(merge).await.expect("merged").into_inner();
    for merge_id in
        [Uuid::from_slice(&alias.uuid).expect("an id").to_string(), merged.merge_id.clone()]
    {
        let project_id = identity.project.to_string();
        let undo = pb::SplitPersonRequest { project_id, merge_id };
        identity.editor().split_person(undo).await.expect("undone");
    }
    let erasure = erase(&identity, distinct(&gone)).await;
    assert_eq!(erasure.distinct_id_count, 1);
    finish(&identity, &erasure).await;
    assert_eq!(tables_with(&identity, MARKER).await, Vec::<String>::new());
    let list = pb::ListMergesRequest {
        project_id: identity.project.to_string(),
        person_id: target,
        ..Default::default()
    };
    let merges = identity.persons().list_merges(list).await.expect("listed").into_inner().merges;
    let of_others = merges.iter().find(|one| one.id == merged.merge_id).expect("it stays");
    assert_eq!(of_others.moved_distinct_ids, ["anon"]);
}
