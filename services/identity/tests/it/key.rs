use observe_core::{KeyId, Principal};
use observe_proto::common::v1::{KeyKind, Role};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::key_service_client::KeyServiceClient;
use tonic::Code;
use uuid::Uuid;

use crate::harness::{Identity, refusal};

fn create(identity: &Identity, name: &str, kind: pb::key::Kind) -> pb::CreateKeyRequest {
    pb::CreateKeyRequest {
        project_id: identity.project.to_string(),
        name: name.into(),
        kind: kind.into(),
    }
}

fn list(identity: &Identity) -> pb::ListKeysRequest {
    pb::ListKeysRequest { project_id: identity.project.to_string() }
}

#[tokio::test]
async fn a_key_works_until_it_is_revoked() {
    let identity = Identity::start().await;
    identity.clock.advance(chrono::TimeDelta::seconds(1));
    let mut keys = identity.keys(Role::Admin);
    let made = keys
        .create_key(create(&identity, " server ", pb::key::Kind::Secret))
        .await
        .expect("made")
        .into_inner();
    let key = made.key.expect("given");
    assert_eq!((key.name.as_str(), key.kind()), ("server", pb::key::Kind::Secret));
    assert!(made.token.starts_with(&key.token_prefix));
    identity.authenticate(&made.token).await.expect("in force");

    let listed = keys.list_keys(list(&identity)).await.expect("listed").into_inner().keys;
    assert_eq!(listed.len(), 3, "with the two first ones");
    assert_eq!(listed[0], key, "newest first");

    let revoke =
        pb::RevokeKeyRequest { project_id: identity.project.to_string(), key_id: key.id.clone() };
    for _ in 0..2 {
        keys.revoke_key(revoke.clone()).await.expect("revoked, also a second time");
        let refused = refusal(identity.authenticate(&made.token).await);
        assert_eq!(refused, (Code::Unauthenticated, "INVALID_CREDENTIAL".into()));
    }
    let listed = keys.list_keys(list(&identity)).await.expect("listed").into_inner().keys;
    assert!(listed.iter().all(|other| other.id != key.id));
}

#[tokio::test]
async fn of_a_secret_key_only_the_hash_is_kept() {
    let identity = Identity::start().await;
    let pool = identity.superuser().await;
    let kept: Vec<(String, Option<String>)> =
        sqlx::query_as("select kind, token from identity.api_key order by kind")
            .fetch_all(&pool)
            .await
            .expect("read");
    assert_eq!(kept[0], ("secret".into(), None));
    assert_eq!(kept[1].1.as_deref(), Some(identity.credentials.write_key.expose()));
}

#[tokio::test]
async fn a_list_shows_the_token_of_a_write_key_and_never_that_of_a_secret_key() {
    let identity = Identity::start().await;
    let mut keys = identity.keys(Role::Viewer);
    let listed = keys.list_keys(list(&identity)).await.expect("listed").into_inner().keys;
    for key in &listed {
        let shown = match key.kind() {
            pb::key::Kind::Write => identity.credentials.write_key.expose(),
            _ => "",
        };
        assert_eq!(key.write_token, shown);
    }
    assert_eq!(listed.len(), 2);
}

#[tokio::test]
async fn only_administrators_make_and_revoke_keys_and_only_sessions_see_them() {
    let identity = Identity::start().await;
    for role in [Role::Member, Role::Viewer] {
        let mut keys = identity.keys(role);
        let refused = refusal(keys.create_key(create(&identity, "x", pb::key::Kind::Write)).await);
        assert_eq!(refused, (Code::PermissionDenied, "PERMISSION_DENIED".into()));
        keys.list_keys(list(&identity)).await.expect("any role may look");
    }
    let key = Principal::Key {
        key: KeyId::new(Uuid::from_u128(1)),
        project: identity.project,
        kind: KeyKind::Secret,
    };
    let mut keys = KeyServiceClient::new(identity.as_principal(key));
    assert_eq!(refusal(keys.list_keys(list(&identity)).await).0, Code::PermissionDenied);
}

#[tokio::test]
async fn another_project_and_its_keys_are_not_found() {
    let identity = Identity::start().await;
    let other = identity.other_project().await;
    let mut keys = identity.keys(Role::Owner);
    let foreign = pb::ListKeysRequest { project_id: other.to_string() };
    assert_eq!(refusal(keys.list_keys(foreign).await), (Code::NotFound, "NOT_FOUND".into()));
    let foreign = pb::CreateKeyRequest { project_id: other.to_string(), name: "x".into(), kind: 0 };
    assert_eq!(refusal(keys.create_key(foreign).await).0, Code::NotFound);

    // A key of ours under the other project's name, and the other way round.
    let listed = keys.list_keys(list(&identity)).await.expect("listed").into_inner().keys;
    let mut others = KeyServiceClient::new(
        identity.as_principal(crate::harness::session(&[(other, Role::Owner)])),
    );
    let revoke =
        pb::RevokeKeyRequest { project_id: other.to_string(), key_id: listed[0].id.clone() };
    assert_eq!(refusal(others.revoke_key(revoke).await).0, Code::NotFound);
    let revoke = pb::RevokeKeyRequest {
        project_id: identity.project.to_string(),
        key_id: "nonsense".into(),
    };
    assert_eq!(refusal(keys.revoke_key(revoke).await).0, Code::NotFound);
    assert_eq!(keys.list_keys(list(&identity)).await.expect("listed").into_inner().keys.len(), 2);
}

#[tokio::test]
async fn a_project_has_at_most_a_hundred_keys_in_force_also_when_many_are_made_at_once() {
    let identity = Identity::start().await;
    let made = futures::future::join_all((0..101).map(|n| {
        let mut keys = identity.keys(Role::Owner);
        let request = create(&identity, &format!("key {n}"), pb::key::Kind::Unspecified);
        async move { keys.create_key(request).await }
    }))
    .await;
    let refused: Vec<_> = made.into_iter().filter(Result::is_err).map(refusal).collect();
    assert_eq!(refused.len(), 3, "two were there from the start");
    assert_eq!(refused[0], (Code::ResourceExhausted, "INVALID_REQUEST".into()));
    let mut keys = identity.keys(Role::Owner);
    assert_eq!(keys.list_keys(list(&identity)).await.expect("listed").into_inner().keys.len(), 100);
}

#[tokio::test]
async fn a_name_of_nothing_and_an_unknown_kind_are_refused_together() {
    use tonic_types::StatusExt as _;
    let identity = Identity::start().await;
    let request = pb::CreateKeyRequest {
        project_id: identity.project.to_string(),
        name: " ".into(),
        kind: 9,
    };
    let status = identity.keys(Role::Owner).create_key(request).await.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    let fields: Vec<_> = details
        .bad_request()
        .expect("given")
        .field_violations
        .iter()
        .map(|v| v.field.as_str())
        .collect();
    assert_eq!(fields, ["name", "kind"]);
}
