use observe_core::{KeyId, Principal};
use observe_proto::common::v1::KeyKind;
use observe_proto::identity::v1 as pb;
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
