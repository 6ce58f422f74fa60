//! What only services ask: exposed keys and retentions. Whose a credential is, the tests of keys and sessions ask.

use observe_proto::common::v1::Role;
use observe_proto::identity::v1 as pb;
use tonic::Code;

use crate::harness::{Identity, refusal};

async fn keys(identity: &Identity) -> Vec<pb::Key> {
    let request = pb::ListKeysRequest { project_id: identity.project.to_string() };
    let listed = identity.keys(Role::Viewer).list_keys(request).await.expect("listed");
    listed.into_inner().keys
}

#[tokio::test]
async fn an_exposed_secret_key_is_marked_with_when_it_was_last_seen() {
    let identity = Identity::start().await;
    let mut edge = identity.authentication(identity.as_service());
    let before = keys(&identity).await;
    assert!(before.iter().all(|key| key.exposed_time.is_none()));
    for key in &before {
        let report = pb::ReportExposedKeyRequest { key_id: key.id.clone() };
        edge.report_exposed_key(report).await.expect("noted");
    }
    let exposed_time = |keys: &[pb::Key], kind| {
        keys.iter().find(|key| key.kind() == kind).expect("there").exposed_time
    };
    let first = keys(&identity).await;
    let seen = exposed_time(&first, pb::key::Kind::Secret).expect("exposed");
    assert_eq!(exposed_time(&first, pb::key::Kind::Write), None, "a write key is public");

    identity.clock.advance(chrono::TimeDelta::seconds(61));
    let secret = first.iter().find(|key| key.kind() == pb::key::Kind::Secret).expect("there");
    let report = pb::ReportExposedKeyRequest { key_id: secret.id.clone() };
    edge.report_exposed_key(report).await.expect("noted");
    let again = exposed_time(&keys(&identity).await, pb::key::Kind::Secret).expect("exposed");
    assert_eq!(again.seconds - seen.seconds, 61);
    let token = identity.credentials.secret_key.expose();
    identity.authenticate(token).await.expect("it works until somebody revokes it");
}

#[tokio::test]
async fn a_report_of_an_unknown_key_is_no_error() {
    let identity = Identity::start().await;
    let mut edge = identity.authentication(identity.as_service());
    for key_id in ["", "nonsense", "00000000-0000-0000-0000-000000000009"] {
        let report = pb::ReportExposedKeyRequest { key_id: key_id.into() };
        edge.report_exposed_key(report).await.expect("no error");
    }
}

#[tokio::test]
async fn only_projects_that_do_not_keep_everything_have_a_retention_and_come_in_pages() {
    let identity = Identity::start().await;
    let me = identity.signed_in().await;
    let mut projects = identity.projects(identity.as_principal(me));
    for name in ["B", "C", "D"] {
        let request = pb::CreateProjectRequest { name: name.into(), ..Default::default() };
        projects.create_project(request).await.expect("made");
    }
    let mut projects = identity.projects(identity.as_principal(identity.signed_in().await));
    let me = identity.signed_in().await;
    let mut accounts = identity.accounts(identity.as_principal(me));
    let reach = accounts.get_me(pb::GetMeRequest {}).await.expect("known").into_inner();
    let settings = [(0, 0), (90, 30), (0, 7), (36_500, 36_500)];
    let mut expected = Vec::new();
    for (project, (event_days, exception_days)) in reach.projects.iter().zip(settings) {
        let retention = pb::RetentionSettings { event_days, exception_days };
        let request = pb::UpdateProjectRequest {
            project_id: project.id.clone(),
            name: project.name.clone(),
            retention: Some(retention),
            ..Default::default()
        };
        projects.update_project(request).await.expect("updated");
        let retention = Some(retention);
        expected.push(pb::ProjectRetention { project_id: project.id.clone(), retention });
    }
    expected.remove(0);
    expected.sort_by(|a, b| a.project_id.cmp(&b.project_id));

    let mut events = identity.authentication(identity.as_service());
    let whole = events.list_retentions(pb::ListRetentionsRequest::default()).await;
    let whole = whole.expect("listed").into_inner();
    assert_eq!((whole.retentions, whole.next_page_token.as_str()), (expected.clone(), ""));

    let mut paged = Vec::new();
    let mut request = pb::ListRetentionsRequest { page_size: 1, page_token: String::new() };
    for _ in 0..3 {
        let page = events.list_retentions(request.clone()).await.expect("listed").into_inner();
        assert_eq!(page.retentions.len(), 1);
        paged.extend(page.retentions);
        request.page_token = page.next_page_token;
    }
    assert_eq!((paged, request.page_token.as_str()), (expected, ""), "no empty page at the end");
    for (page_size, page_token) in [(-1, ""), (1_001, ""), (1, "nonsense")] {
        let request = pb::ListRetentionsRequest { page_size, page_token: page_token.into() };
        assert_eq!(refusal(events.list_retentions(request).await).0, Code::InvalidArgument);
    }
}

#[tokio::test]
async fn only_services_report_keys_and_list_retentions() {
    let identity = Identity::start().await;
    let mut owner = identity.authentication(identity.as_role(Role::Owner));
    let report = pb::ReportExposedKeyRequest { key_id: String::new() };
    assert_eq!(refusal(owner.report_exposed_key(report).await).0, Code::PermissionDenied);
    let list = pb::ListRetentionsRequest::default();
    assert_eq!(refusal(owner.list_retentions(list).await).0, Code::PermissionDenied);
}
