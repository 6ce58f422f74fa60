use observe_core::{KeyId, Principal};
use observe_proto::common::v1::{KeyKind, Role};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::privacy_settings::ClientAddress;
use tonic::Code;
use uuid::Uuid;

use crate::harness::{Identity, refusal};

fn create(name: &str, time_zone: &str) -> pb::CreateProjectRequest {
    pb::CreateProjectRequest {
        name: name.into(),
        time_zone: time_zone.into(),
        organization_id: String::new(),
    }
}

#[tokio::test]
async fn an_owner_makes_projects_with_names_of_their_own() {
    let identity = Identity::start().await;
    let me = identity.signed_in().await;
    let mut projects = identity.projects(identity.as_principal(me));
    let made = projects
        .create_project(create(" Shop ", "Europe/Berlin"))
        .await
        .expect("made")
        .into_inner();
    let shop = made.project.expect("given");
    assert_eq!((shop.name.as_str(), shop.time_zone.as_str()), ("Shop", "Europe/Berlin"));
    let plain = projects.create_project(create("Plain", "")).await.expect("made").into_inner();
    assert_eq!(plain.project.expect("given").time_zone, "UTC");

    let taken = refusal(projects.create_project(create("Shop", "")).await);
    assert_eq!(taken, (Code::AlreadyExists, "ALREADY_EXISTS".into()));
    let broken = refusal(projects.create_project(create("", "Mars/Olympus")).await);
    assert_eq!(broken, (Code::InvalidArgument, "INVALID_REQUEST".into()));
    let elsewhere = pb::CreateProjectRequest {
        organization_id: Uuid::from_u128(9).to_string(),
        ..create("X", "")
    };
    assert_eq!(refusal(projects.create_project(elsewhere).await).0, Code::NotFound);

    // The next session reaches the new project.
    let again = identity.signed_in().await;
    let mut projects = identity.projects(identity.as_principal(again));
    let request = pb::GetProjectRequest { project_id: shop.id.clone() };
    let found = projects.get_project(request).await.expect("within reach").into_inner();
    assert_eq!(found.project, Some(shop));
}

#[tokio::test]
async fn a_key_reads_its_own_project_without_naming_it_and_no_other() {
    let identity = Identity::start().await;
    let other = identity.other_project().await;
    let as_key = |kind| {
        let key = KeyId::new(Uuid::from_u128(1));
        let principal = Principal::Key { key, project: identity.project, kind };
        identity.projects(identity.as_principal(principal))
    };
    let own = as_key(KeyKind::Secret)
        .get_project(pb::GetProjectRequest::default())
        .await
        .expect("its own");
    assert_eq!(own.into_inner().project.expect("given").id, identity.project.to_string());
    let foreign = pb::GetProjectRequest { project_id: other.to_string() };
    assert_eq!(refusal(as_key(KeyKind::Secret).get_project(foreign).await).0, Code::NotFound);
    let write = as_key(KeyKind::Write).get_project(pb::GetProjectRequest::default()).await;
    assert_eq!(refusal(write).0, Code::PermissionDenied);
    let mut keyed = as_key(KeyKind::Secret);
    assert_eq!(refusal(keyed.create_project(create("X", "")).await).0, Code::PermissionDenied);
}

#[tokio::test]
async fn an_administrator_changes_the_settings_and_the_edge_learns_the_origins() {
    let identity = Identity::start().await;
    let mut projects = identity.projects(identity.as_role(Role::Admin));
    let request = pb::UpdateProjectRequest {
        project_id: identity.project.to_string(),
        name: " Shop ".into(),
        time_zone: "Asia/Tokyo".into(),
        allowed_origins: vec!["HTTPS://Example.com:443".into(), "http://localhost:3000".into()],
        ..Default::default()
    };
    let updated = projects.update_project(request.clone()).await.expect("updated").into_inner();
    let project = updated.project.expect("given");
    assert_eq!((project.name.as_str(), project.time_zone.as_str()), ("Shop", "Asia/Tokyo"));
    assert_eq!(project.allowed_origins, ["https://example.com", "http://localhost:3000"]);
    let found = projects
        .get_project(pb::GetProjectRequest { project_id: project.id.clone() })
        .await
        .expect("found");
    assert_eq!(found.into_inner().project.as_ref(), Some(&project));
    let me = identity.signed_in().await;
    let mut accounts = identity.accounts(identity.as_principal(me));
    let reach = accounts.get_me(pb::GetMeRequest {}).await.expect("known").into_inner();
    assert_eq!(reach.projects.first(), Some(&project));

    let write = identity.credentials.write_key.expose();
    let write = identity.try_authenticate(write).await.expect("known");
    assert_eq!(write.allowed_origins, project.allowed_origins);
    let secret = identity.credentials.secret_key.expose();
    let secret = identity.try_authenticate(secret).await.expect("known");
    assert!(secret.allowed_origins.is_empty(), "browsers have no secret key");

    let plain = pb::UpdateProjectRequest {
        name: "Shop".into(),
        time_zone: String::new(),
        allowed_origins: Vec::new(),
        ..request
    };
    let plain = projects.update_project(plain).await.expect("updated").into_inner();
    let plain = plain.project.expect("given");
    assert!(plain.time_zone == "UTC" && plain.allowed_origins.is_empty(), "all settings are set");
}

#[tokio::test]
async fn settings_are_refused_to_others_and_when_they_break_rules() {
    let identity = Identity::start().await;
    let other = identity.other_project().await;
    let request = || pb::UpdateProjectRequest {
        project_id: identity.project.to_string(),
        name: "Shop".into(),
        ..pb::UpdateProjectRequest::default()
    };
    for role in [Role::Member, Role::Viewer] {
        let mut projects = identity.projects(identity.as_role(role));
        assert_eq!(refusal(projects.update_project(request()).await).0, Code::PermissionDenied);
    }
    let mut projects = identity.projects(identity.as_role(Role::Owner));
    let foreign = pb::UpdateProjectRequest { project_id: other.to_string(), ..request() };
    assert_eq!(refusal(projects.update_project(foreign).await).0, Code::NotFound);
    for broken in [
        pb::UpdateProjectRequest { name: String::new(), ..request() },
        pb::UpdateProjectRequest { time_zone: "Mars/Olympus".into(), ..request() },
        pb::UpdateProjectRequest {
            allowed_origins: vec!["https://example.com/path".into()],
            ..request()
        },
        pb::UpdateProjectRequest {
            allowed_origins: (0..51).map(|n| format!("https://a{n}.example")).collect(),
            ..request()
        },
    ] {
        assert_eq!(refusal(projects.update_project(broken).await).0, Code::InvalidArgument);
    }
    let me = identity.signed_in().await;
    let mut mine = identity.projects(identity.as_principal(me));
    mine.create_project(create("Second", "")).await.expect("made");
    let taken = pb::UpdateProjectRequest { name: "Second".into(), ..request() };
    let taken = refusal(projects.update_project(taken).await);
    assert_eq!(taken, (Code::AlreadyExists, "ALREADY_EXISTS".into()));
}

#[tokio::test]
async fn privacy_and_retention_are_set_and_the_edge_learns_them_with_every_key() {
    let identity = Identity::start().await;
    let mut projects = identity.projects(identity.as_role(Role::Owner));
    let me = identity.signed_in().await;
    let made = identity
        .projects(identity.as_principal(me.clone()))
        .create_project(create("Fresh", ""))
        .await
        .expect("made");
    let defaults = (
        Some(privacy(ClientAddress::Truncated, false)),
        Some(pb::RetentionSettings { event_days: 0, exception_days: 0 }),
    );
    let fresh = made.into_inner().project.expect("given");
    assert_eq!((fresh.privacy, fresh.retention), defaults);

    let (dropped, days) = (
        privacy(ClientAddress::Dropped, true),
        pb::RetentionSettings { event_days: 90, exception_days: 30 },
    );
    let request = pb::UpdateProjectRequest {
        project_id: identity.project.to_string(),
        name: "Shop".into(),
        privacy: Some(dropped),
        retention: Some(days),
        ..Default::default()
    };
    let updated = projects.update_project(request.clone()).await.expect("updated").into_inner();
    let updated = updated.project.expect("given");
    assert_eq!((updated.privacy, updated.retention), (Some(dropped), Some(days)));
    let asked = pb::GetProjectRequest { project_id: updated.id.clone() };
    let found = projects.get_project(asked).await.expect("found").into_inner();
    assert_eq!(found.project.as_ref(), Some(&updated));
    let mut accounts = identity.accounts(identity.as_principal(me));
    let reach = accounts.get_me(pb::GetMeRequest {}).await.expect("known").into_inner();
    assert!(reach.projects.contains(&updated));
    for token in [&identity.credentials.write_key, &identity.credentials.secret_key] {
        let answer = identity.try_authenticate(token.expose()).await.expect("known");
        assert_eq!((answer.privacy, answer.retention), (Some(dropped), Some(days)));
    }

    // All settings are set to what a request holds: one without them brings the defaults back.
    let plain = pb::UpdateProjectRequest { privacy: None, retention: None, ..request };
    let plain = projects.update_project(plain).await.expect("updated").into_inner();
    let plain = plain.project.expect("given");
    assert_eq!((plain.privacy, plain.retention), defaults);
}

#[tokio::test]
async fn privacy_and_retention_that_break_rules_are_all_told_and_change_nothing() {
    use tonic_types::StatusExt as _;
    let identity = Identity::start().await;
    let mut projects = identity.projects(identity.as_role(Role::Owner));
    let broken = |event_days, exception_days, client_address| pb::UpdateProjectRequest {
        project_id: identity.project.to_string(),
        name: "Shop".into(),
        privacy: Some(pb::PrivacySettings { client_address, without_place: false }),
        retention: Some(pb::RetentionSettings { event_days, exception_days }),
        ..Default::default()
    };
    for (request, fields) in [
        (broken(36_501, 1, 9), vec!["privacy.client_address", "retention.event_days"]),
        (broken(-1, 0, 0), vec!["retention.event_days", "retention.exception_days"]),
        (broken(0, -1, 0), vec!["retention.exception_days"]),
        (broken(30, 31, 0), vec!["retention.exception_days"]),
        (broken(30, 0, 0), vec!["retention.exception_days"]),
    ] {
        let status = projects.update_project(request).await.expect_err("refused");
        let details = status.get_error_details();
        let told = &details.bad_request().expect("given").field_violations;
        let told: Vec<_> = told.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(told, fields);
    }
    let asked = pb::GetProjectRequest { project_id: identity.project.to_string() };
    let found = projects.get_project(asked).await.expect("found").into_inner();
    assert_eq!(found.project.expect("given").name, "Default");
}

fn privacy(client_address: ClientAddress, without_place: bool) -> pb::PrivacySettings {
    pb::PrivacySettings { client_address: client_address.into(), without_place }
}
