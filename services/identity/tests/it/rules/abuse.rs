//! Ids that name nobody, and what a public key must not do.

use observe_core::{KeyId, Principal};
use observe_proto::common::v1::{KeyKind, Role};
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::apply_events_response::Outcome;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use serde_json::json;
use tonic::Code;
use uuid::Uuid;

use super::{alias, force};
use crate::harness::{Identity, event, identify, refusal};

/// I-8
#[tokio::test]
async fn illegal_ids_are_refused_and_told_of_in_every_disguise() {
    let identity = Identity::start().await;
    let listed = [
        "0",
        "00000000-0000-0000-0000-000000000000",
        "[object Object]",
        "anonymous",
        "anonymous-user",
        "backend",
        "distinct_id",
        "distinctid",
        "email",
        "false",
        "guest",
        "id",
        "NaN",
        "None",
        "not_authenticated",
        "null",
        "system",
        "true",
        "undefined",
        "user",
        "nil",
        "unknown",
        "(null)",
        "n/a",
        "-1",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "",
    ];
    let mut events = Vec::new();
    for id in listed {
        for disguise in [
            id.to_owned(),
            id.to_uppercase(),
            format!("  {id}\t"),
            format!("'{id}'"),
            format!("\"{id}\""),
            format!("\u{200b}{id}\u{feff}"),
            id.replace('n', "\u{ff4e}"),
        ] {
            events.push(event("$create_alias", 1, "usr", &json!({ "alias": disguise })));
            events.push(event("$create_alias", 1, &disguise, &json!({"alias": "usr"})));
        }
    }
    events.push(event("$create_alias", 1, "usr", &json!({"alias": "nul\0l"})));
    events.push(event("$create_alias", 1, "usr", &json!({"alias": "x".repeat(201)})));
    let outcomes = identity.apply(&events).await;
    for (event, outcome) in events.iter().zip(&outcomes) {
        assert_eq!(*outcome, Outcome::RefusedIllegalId, "{event:?}");
    }
    let request = pb::ListRefusedMergesRequest {
        project_id: identity.project.to_string(),
        ..pb::ListRefusedMergesRequest::default()
    };
    let answer =
        identity.persons().list_refused_merges(request).await.expect("listed").into_inner();
    assert_eq!(answer.counts_last_day["illegal_id"], i64::try_from(events.len()).expect("small"));
    assert!(identity.changes(0).await.is_empty(), "nobody was made of it");
}

/// I-9
#[tokio::test]
async fn a_public_key_neither_merges_users_nor_takes_one_over() {
    let identity = Identity::start().await;
    identity.apply(&[identify(1, "a", "alice"), identify(1, "b", "bob")]).await;
    let before = [identity.person("alice").await, identity.person("bob").await];
    let untrusted = |event: AcceptedEvent| AcceptedEvent { trusted: false, ..event };
    let outcomes = identity
        .apply(&[
            untrusted(force(2, "bob", "alice")),
            identify(2, "bob", "alice"),
            alias(2, "bob", "alice"),
            alias(2, "alice", "mallory"),
            untrusted(force(2, "alice", "mallory")),
        ])
        .await;
    assert_eq!(
        outcomes,
        [
            Outcome::RefusedUntrusted,
            Outcome::RefusedIdentified,
            Outcome::RefusedIdentified,
            Outcome::RefusedIdentified,
            Outcome::RefusedUntrusted
        ]
    );
    assert_eq!(before, [identity.person("alice").await, identity.person("bob").await]);
    assert!(identity.person("mallory").await.created_time.is_none());

    let key = |kind| {
        let key = KeyId::new(Uuid::from_u128(5));
        let principal = Principal::Key { key, project: identity.project, kind };
        PersonServiceClient::new(identity.as_principal(principal))
    };
    let request = pb::MergePersonsRequest {
        source_person_id: before[1].id.clone(),
        target_person_id: before[0].id.clone(),
        ..pb::MergePersonsRequest::default()
    };
    let refused = key(KeyKind::Write).merge_persons(request.clone()).await;
    assert_eq!(refusal(refused), (Code::PermissionDenied, "PERMISSION_DENIED".into()));
    let merged = key(KeyKind::Secret).merge_persons(request).await.expect("a secret key may");
    let split_by = pb::SplitPersonRequest {
        merge_id: merged.into_inner().merge_id,
        ..pb::SplitPersonRequest::default()
    };
    let refused = key(KeyKind::Write).split_person(split_by.clone()).await;
    assert_eq!(refusal(refused).0, Code::PermissionDenied);
    let mut viewer = PersonServiceClient::new(identity.as_role(Role::Viewer));
    let of_project =
        pb::SplitPersonRequest { project_id: identity.project.to_string(), ..split_by.clone() };
    assert_eq!(refusal(viewer.split_person(of_project).await).0, Code::PermissionDenied);
    key(KeyKind::Secret).split_person(split_by).await.expect("a secret key may");
    assert_eq!(before, [identity.person("alice").await, identity.person("bob").await]);
}
