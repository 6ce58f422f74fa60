use observe_proto::common::v1::Role;
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::apply_events_response::Outcome;
use observe_proto::identity::v1::group_service_client::GroupServiceClient;
use serde_json::{Value, json};
use tonic::Code;

use crate::harness::{Identity, Signed, event, json_members, refusal, session};

fn group(time_ms: i64, group_type: &str, key: &str, set: &Value) -> AcceptedEvent {
    let properties = json!({"$group_type": group_type, "$group_key": key, "$group_set": set});
    event("$groupidentify", time_ms, "$company_acme", &properties)
}

fn groups(identity: &Identity) -> GroupServiceClient<Signed> {
    GroupServiceClient::new(identity.as_role(Role::Viewer))
}

async fn get(identity: &Identity, group_type: &str, key: &str) -> Result<pb::Group, tonic::Status> {
    let request = pb::GetGroupRequest {
        project_id: identity.project.to_string(),
        r#type: group_type.into(),
        key: key.into(),
    };
    Ok(groups(identity).get_group(request).await?.into_inner().group.expect("given"))
}

async fn pages(
    identity: &Identity,
    group_type: &str,
    search: &str,
    page_size: i32,
) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut request = pb::ListGroupsRequest {
        project_id: identity.project.to_string(),
        r#type: group_type.into(),
        search: search.into(),
        page_size,
        ..pb::ListGroupsRequest::default()
    };
    loop {
        let page =
            groups(identity).list_groups(request.clone()).await.expect("listed").into_inner();
        pages.push(page.groups.into_iter().map(|group| group.key).collect());
        if page.next_page_token.is_empty() {
            return pages;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn a_group_keeps_its_newest_properties_whatever_order_they_come_in() {
    let identity = Identity::start().await;
    let outcomes = identity
        .apply(&[
            group(3_000, "company", "acme", &json!({"plan": "pro"})),
            group(1_000, "company", "acme", &json!({"plan": "free", "city": "Rome"})),
        ])
        .await;
    assert_eq!(outcomes, [Outcome::Applied; 2]);
    identity.apply(&[group(4_000, "company", "acme", &json!({"seats": 3}))]).await;
    let acme = get(&identity, "company", "acme").await.expect("it is there");
    let expected = json!({"plan": "pro", "city": "Rome", "seats": 3.0});
    assert_eq!(json_members(acme.properties.clone().expect("given")), expected);
    assert_eq!(acme.created_time.map(|time| time.seconds), Some(1));
    assert!(
        identity.changes(0).await.is_empty(),
        "a group makes no person of the event's distinct id"
    );
    for (group_type, key) in
        [("company", "other"), ("team", "acme"), ("company", "nul\0l"), ("", "")]
    {
        let missing = get(&identity, group_type, key).await;
        assert_eq!(refusal(missing), (Code::NotFound, "NOT_FOUND".into()));
    }
}

#[tokio::test]
async fn groups_are_listed_by_type_page_by_page_and_found() {
    let identity = Identity::start().await;
    let many: Vec<_> = (0..7)
        .map(|n| {
            group(
                1_000 * (n / 2),
                "company",
                &format!("c{n}"),
                &json!({"Name": format!("Café {n}")}),
            )
        })
        .chain([group(1, "team", "red", &json!({}))])
        .collect();
    identity.apply(&many).await;
    let request = pb::ListGroupTypesRequest { project_id: identity.project.to_string() };
    let types = groups(&identity).list_group_types(request).await.expect("listed").into_inner();
    let types: Vec<_> =
        types.group_types.into_iter().map(|one| (one.r#type, one.group_count)).collect();
    assert_eq!(types, [("company".to_owned(), 7), ("team".to_owned(), 1)]);
    let expected = ["c6", "c4", "c5", "c2", "c3", "c0", "c1"];
    for size in [0, 1, 3, 7] {
        assert_eq!(pages(&identity, "company", "", size).await.concat(), expected, "by {size}");
        assert_eq!(pages(&identity, "company", "CAFÉ", size).await.concat(), expected);
    }
    assert_eq!(pages(&identity, "company", "c5", 0).await.concat(), ["c5"]);
    assert_eq!(pages(&identity, "company", "café 2", 0).await.concat(), ["c2"]);
    assert!(pages(&identity, "nothing", "", 0).await.concat().is_empty());
    let mut request = pb::ListGroupsRequest {
        project_id: identity.project.to_string(),
        search: "x".repeat(201),
        page_token: "nonsense".into(),
        page_size: 201,
        ..pb::ListGroupsRequest::default()
    };
    let refused = groups(&identity).list_groups(request.clone()).await;
    assert_eq!(refusal(refused).0, Code::InvalidArgument);
    request.project_id = identity.other_project().await.to_string();
    assert_eq!(refusal(groups(&identity).list_groups(request).await).0, Code::NotFound);
}

#[tokio::test]
async fn what_names_no_group_is_refused_and_told_of() {
    let identity = Identity::start().await;
    let long = "x".repeat(201);
    let outcomes = identity
        .apply(&[
            group(1, "company", "null", &json!({"a": 1})),
            group(1, "company", &long, &json!({"a": 1})),
            event("$groupidentify", 1, "usr", &json!({"$group_set": {"a": 1}, "$set": {"b": 1}})),
        ])
        .await;
    assert_eq!(outcomes, [Outcome::RefusedIllegalGroup; 3]);
    assert!(identity.person("usr").await.properties.expect("given").fields.contains_key("b"));
    let types: Vec<_> = (0..6).map(|n| group(2, &format!("type {n}"), "a", &json!({}))).collect();
    let outcomes = identity.apply(&types).await;
    assert_eq!(outcomes[4..], [Outcome::Applied, Outcome::RefusedTooManyGroupTypes]);
    let request = pb::ListRefusedMergesRequest {
        project_id: identity.project.to_string(),
        ..pb::ListRefusedMergesRequest::default()
    };
    let answer =
        identity.persons().list_refused_merges(request).await.expect("listed").into_inner();
    assert_eq!(answer.counts_last_day["illegal_group"], 3);
    let first = &answer.refused_merges[0];
    assert_eq!(
        (first.code.as_str(), first.source_distinct_id.as_str()),
        ("too_many_group_types", "type 5 a")
    );
    assert!(!first.message.is_empty());
}

#[tokio::test]
async fn the_groups_of_another_project_are_not_there() {
    let identity = Identity::start().await;
    let other = identity.other_project().await;
    identity.apply(&[group(1, "company", "acme", &json!({}))]).await;
    let mut others =
        GroupServiceClient::new(identity.as_principal(session(&[(other, Role::Owner)])));
    let request = |project: String| pb::GetGroupRequest {
        project_id: project,
        r#type: "company".into(),
        key: "acme".into(),
    };
    for project in [identity.project.to_string(), other.to_string()] {
        assert_eq!(refusal(others.get_group(request(project)).await).0, Code::NotFound);
    }
}
