//! Merging persons and taking it back.

use observe_core::PersonId;
use observe_proto::common::v1::Role;
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::apply_events_response::Outcome;
use observe_proto::identity::v1::get_person_request::Id;
use observe_proto::identity::v1::merge::Cause;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use serde_json::json;
use tonic::Code;
use uuid::Uuid;

use crate::harness::{Follower, Identity, event, identify, refusal, session, set};

async fn merge_persons(
    identity: &Identity,
    source: &pb::Person,
    target: &pb::Person,
) -> pb::MergePersonsResponse {
    let request = pb::MergePersonsRequest {
        project_id: identity.project.to_string(),
        source_person_id: source.id.clone(),
        target_person_id: target.id.clone(),
        source_distinct_id: source.distinct_ids[0].clone(),
    };
    identity.editor().merge_persons(request).await.expect("merged").into_inner()
}

async fn split(
    identity: &Identity,
    merge_id: &str,
) -> Result<pb::SplitPersonResponse, tonic::Status> {
    let request = pb::SplitPersonRequest {
        project_id: identity.project.to_string(),
        merge_id: merge_id.into(),
    };
    Ok(identity.editor().split_person(request).await?.into_inner())
}

async fn merges(identity: &Identity, person_id: &str) -> Vec<pb::Merge> {
    let mut request = pb::ListMergesRequest {
        project_id: identity.project.to_string(),
        person_id: person_id.into(),
        page_size: 2,
        ..pb::ListMergesRequest::default()
    };
    let mut all = Vec::new();
    loop {
        let page = identity.persons().list_merges(request.clone()).await.expect("listed");
        let page = page.into_inner();
        all.extend(page.merges);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

fn uuid_of(event: &AcceptedEvent) -> String {
    Uuid::from_slice(&event.uuid).expect("16 bytes").to_string()
}

#[tokio::test]
async fn an_undone_identify_leaves_both_as_if_they_had_never_been_joined() {
    let identity = Identity::start().await;
    let wrong = identify(3_000, "anon", "usr");
    identity
        .apply(&[
            set(1_000, "anon", &json!({"city": "Rome", "plan": "free"})),
            set(2_000, "usr", &json!({"plan": "pro"})),
        ])
        .await;
    let (anon, usr) = (identity.person("anon").await, identity.person("usr").await);
    identity.apply(std::slice::from_ref(&wrong)).await;
    let ledger = merges(&identity, &usr.id).await;
    assert_eq!(ledger.len(), 1);
    assert_eq!((ledger[0].id.clone(), ledger[0].cause()), (uuid_of(&wrong), Cause::Identify));
    assert_eq!((&ledger[0].source_person_id, &ledger[0].target_person_id), (&anon.id, &usr.id));
    assert_eq!(ledger[0].moved_distinct_ids, ["anon"]);
    assert!(ledger[0].can_split && ledger[0].split_trouble.is_empty());
    // What came since stays on the side that it named.
    identity
        .apply(&[
            set(4_000, "anon", &json!({"city": "Oslo"})),
            set(5_000, "usr", &json!({"seats": 3, "plan": "team"})),
        ])
        .await;

    let persons = split(&identity, &uuid_of(&wrong)).await.expect("undone").persons;
    assert_eq!(persons, [identity.person("usr").await, identity.person("anon").await]);
    let text = |person: &pb::Person| crate::harness::properties(person);
    assert_eq!(text(&persons[0]), json!({"plan": "team", "seats": 3.0}));
    assert_eq!(text(&persons[1]), json!({"city": "Oslo", "plan": "free"}));
    assert_eq!((&persons[1].id, &persons[1].created_time), (&anon.id, &anon.created_time));
    assert!(persons[0].identified, "the user's id was given all the same");
    assert!(!persons[1].identified);
    assert_eq!(persons[0].created_time, usr.created_time);
    assert_eq!(
        identity.get_person(Id::PersonId(anon.id.clone())).await.expect("a row"),
        persons[1]
    );
    let ledger = merges(&identity, &anon.id).await;
    assert!(ledger[0].undone_time.is_some() && !ledger[0].can_split);
    assert_eq!(ledger, merges(&identity, &usr.id).await, "both sides show it");

    let mut follower = Follower::default();
    follower.follow(identity.changes(0).await);
    for (id, person) in [("usr", &persons[0]), ("anon", &persons[1])] {
        let told = &follower.mapping[id];
        assert_eq!(PersonId::parse(&person.id).map(PersonId::to_bytes).as_ref(), Some(told));
        assert!(!follower.persons[told].merged_away);
    }
    assert_eq!(follower.properties("anon"), json!({"city": "Oslo", "plan": "free"}));
}

#[tokio::test]
async fn a_redelivered_event_whose_merge_was_undone_does_not_merge_again() {
    let identity = Identity::start().await;
    let wrong = identify(1, "anon", "usr");
    identity.apply(std::slice::from_ref(&wrong)).await;
    let persons = split(&identity, &uuid_of(&wrong)).await.expect("undone").persons;
    assert_eq!(
        (&persons[0].distinct_ids[..], &persons[1].distinct_ids[..]),
        (&["usr".into()][..], &["anon".into()][..])
    );
    assert_eq!(identity.apply(&[wrong.clone(), wrong.clone()]).await, [Outcome::Applied; 2]);
    assert_ne!(identity.person("anon").await.id, identity.person("usr").await.id);
    let again = split(&identity, &uuid_of(&wrong)).await;
    assert_eq!(refusal(again), (Code::FailedPrecondition, "SPLIT_REFUSED".into()));
    // A new event says it anew.
    identity.apply(&[identify(2, "anon", "usr")]).await;
    assert_eq!(identity.person("anon").await.id, identity.person("usr").await.id);
}

#[tokio::test]
async fn any_merge_can_be_undone_whatever_came_after_it() {
    let identity = Identity::start().await;
    let (first, second) = (identify(1, "shared", "alice"), identify(2, "phone", "alice"));
    identity.apply(&[first.clone(), second, set(3, "shared", &json!({"who": "bob"}))]).await;
    let (alice, other) = (identity.person("alice").await, {
        identity.apply(&[identify(4, "tablet", "carol")]).await;
        identity.person("carol").await
    });
    let merged = merge_persons(&identity, &alice, &other).await;
    assert_eq!(merged.person.as_ref().map(|person| person.distinct_ids.len()), Some(5));
    assert_eq!(identity.get_person(Id::PersonId(alice.id.clone())).await.ok(), merged.person);

    let persons = split(&identity, &uuid_of(&first)).await.expect("undone").persons;
    assert_eq!(persons[1].distinct_ids, ["shared"]);
    let mut ids = persons[0].distinct_ids.clone();
    ids.sort();
    assert_eq!(
        (ids, &persons[0].id),
        (["alice", "carol", "phone", "tablet"].map(str::to_owned).to_vec(), &other.id)
    );
    assert_eq!(crate::harness::properties(&persons[0]), json!({}));

    let persons = split(&identity, &merged.merge_id).await.expect("undone").persons;
    assert_eq!(persons[0].distinct_ids, ["carol", "tablet"].map(str::to_owned));
    assert_eq!(persons[1].distinct_ids, ["alice", "phone"].map(str::to_owned));
    assert_eq!(persons[1].id, alice.id);
    assert!(persons.iter().all(|person| person.identified));
}

#[tokio::test]
async fn a_visitor_without_a_row_can_be_merged_by_hand() {
    let identity = Identity::start().await;
    identity.apply(&[identify(1, "anon", "usr")]).await;
    let (usr, visitor) = (identity.person("usr").await, identity.person("visitor").await);
    let merged = merge_persons(&identity, &visitor, &usr).await;
    assert_eq!(merged.person.expect("given").distinct_ids, ["usr", "anon", "visitor"]);
    let persons = split(&identity, &merged.merge_id).await.expect("undone").persons;
    assert_eq!(
        (&persons[1].id, &persons[1].distinct_ids[..]),
        (&visitor.id, &["visitor".into()][..])
    );
    assert!(
        !persons[1].identified
            && persons[1].properties.as_ref().is_some_and(|p| p.fields.is_empty())
    );
}

#[tokio::test]
async fn what_cannot_be_merged_or_split_is_refused() {
    let identity = Identity::start().await;
    let other = identity.other_project().await;
    let event = identify(1, "anon", "usr");
    identity.apply(std::slice::from_ref(&event)).await;
    let usr = identity.person("usr").await;
    let project_id = identity.project.to_string();
    let request = pb::MergePersonsRequest {
        project_id: project_id.clone(),
        source_person_id: usr.id.clone(),
        target_person_id: usr.id.clone(),
        ..pb::MergePersonsRequest::default()
    };
    let mut editor = identity.editor();
    assert_eq!(refusal(editor.merge_persons(request.clone()).await).0, Code::InvalidArgument);
    let nobody = pb::MergePersonsRequest {
        source_person_id: identity.person("nobody").await.id,
        ..request.clone()
    };
    assert_eq!(refusal(editor.merge_persons(nobody).await), (Code::NotFound, "NOT_FOUND".into()));
    let illegal = pb::MergePersonsRequest {
        source_person_id: String::new(),
        source_distinct_id: "null".into(),
        ..request.clone()
    };
    assert_eq!(refusal(editor.merge_persons(illegal).await).0, Code::InvalidArgument);
    for id in ["nonsense".to_owned(), Uuid::from_u128(9).to_string()] {
        assert_eq!(refusal(split(&identity, &id).await), (Code::NotFound, "NOT_FOUND".into()));
    }
    let viewer = identity.persons().merge_persons(request.clone()).await;
    assert_eq!(refusal(viewer).0, Code::PermissionDenied);
    let mut stranger =
        PersonServiceClient::new(identity.as_principal(session(&[(other, Role::Owner)])));
    let theirs =
        pb::SplitPersonRequest { project_id: other.to_string(), merge_id: uuid_of(&event) };
    assert_eq!(refusal(stranger.split_person(theirs).await), (Code::NotFound, "NOT_FOUND".into()));
    let theirs = pb::MergePersonsRequest { project_id: other.to_string(), ..request };
    assert_eq!(refusal(stranger.merge_persons(theirs).await), (Code::NotFound, "NOT_FOUND".into()));
    let theirs = pb::ListMergesRequest {
        project_id: other.to_string(),
        person_id: usr.id,
        ..pb::ListMergesRequest::default()
    };
    assert_eq!(refusal(stranger.list_merges(theirs).await), (Code::NotFound, "NOT_FOUND".into()));
}

#[tokio::test]
async fn calls_do_what_their_events_do() {
    let identity = Identity::start().await;
    let project_id = identity.project.to_string();
    let mut editor = identity.editor();
    let properties = |set| pb::PropertyUpdate {
        set: Some(observe_core::json::to_struct(set)),
        ..pb::PropertyUpdate::default()
    };
    let object = |value: serde_json::Value| value.as_object().cloned().expect("an object");
    let request = pb::IdentifyRequest {
        project_id: project_id.clone(),
        distinct_id: "usr".into(),
        anonymous_id: "anon".into(),
        properties: Some(properties(object(json!({"seats": 3, "tags": ["a"]})))),
    };
    let person = editor.identify(request.clone()).await.expect("identified").into_inner().person;
    let person = person.expect("given");
    assert_eq!(
        (person.identified, &person.distinct_ids[..]),
        (true, &["usr".into(), "anon".into()][..])
    );
    assert_eq!(crate::harness::properties(&person), json!({"seats": 3.0, "tags": ["a"]}));
    let mut follower = Follower::default();
    follower.follow(identity.changes(0).await);
    assert_eq!(follower.properties("anon").to_string(), r#"{"seats":3,"tags":["a"]}"#);

    let alias = |alias: &str| pb::AliasRequest {
        project_id: project_id.clone(),
        distinct_id: "usr".into(),
        alias: alias.into(),
    };
    let person = editor.alias(alias("mail")).await.expect("joined").into_inner().person;
    assert_eq!(person.expect("given").distinct_ids, ["usr", "anon", "mail"]);

    identity.apply(&[identify(1, "b", "bob")]).await;
    let refused = editor.alias(alias("bob")).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "MERGE_REFUSED".into()));
    let refused = pb::IdentifyRequest {
        distinct_id: "carol".into(),
        anonymous_id: "anon".into(),
        ..request.clone()
    };
    assert_eq!(refusal(editor.identify(refused).await).0, Code::FailedPrecondition);
    assert!(!identity.person("carol").await.identified, "nothing of a refused call is applied");
    for (distinct_id, anonymous_id) in [("null", ""), ("", ""), ("usr", "undefined")] {
        let refused = pb::IdentifyRequest {
            distinct_id: distinct_id.into(),
            anonymous_id: anonymous_id.into(),
            ..request.clone()
        };
        assert_eq!(refusal(editor.identify(refused).await).0, Code::InvalidArgument);
    }

    let set_by = |id, set: serde_json::Value| pb::SetPropertiesRequest {
        project_id: project_id.clone(),
        id: Some(id),
        properties: Some(properties(object(set))),
    };
    use pb::set_properties_request::Id;
    let person = identity.person("bob").await;
    let by_id = set_by(Id::PersonId(person.id), json!({"plan": "pro"}));
    let person = editor.set_properties(by_id).await.expect("set").into_inner().person;
    assert_eq!(crate::harness::properties(&person.expect("given")), json!({"plan": "pro"}));
    let fresh = set_by(Id::DistinctId("fresh".into()), json!({"plan": "free"}));
    let person = editor.set_properties(fresh).await.expect("set").into_inner().person;
    assert!(!person.expect("given").identified, "properties alone make nobody a user");
    let huge = set_by(Id::DistinctId("fresh".into()), json!({"text": "x".repeat(70_000)}));
    assert_eq!(refusal(editor.set_properties(huge).await).0, Code::InvalidArgument);
    let nobody = set_by(Id::PersonId(Uuid::from_u128(7).to_string()), json!({"a": 1}));
    assert_eq!(refusal(editor.set_properties(nobody).await).0, Code::NotFound);
    let nothing = set_by(Id::DistinctId("fresh".into()), json!({}));
    assert_eq!(refusal(editor.set_properties(nothing).await).0, Code::InvalidArgument);
}

#[tokio::test]
async fn what_was_made_before_merges_could_be_undone_says_so() {
    let identity = Identity::start().await;
    let old = event("$identify", 1, "usr", &json!({"$anonymous_id": "anon"}));
    identity.apply(std::slice::from_ref(&old)).await;
    sqlx::query("update identity.merge_op set cause = 0")
        .execute(&identity.superuser().await)
        .await
        .expect("made old");
    let listed = merges(&identity, &identity.person("usr").await.id).await;
    assert!(!listed[0].can_split && !listed[0].split_trouble.is_empty());
    assert_eq!(
        refusal(split(&identity, &uuid_of(&old)).await),
        (Code::FailedPrecondition, "SPLIT_REFUSED".into())
    );
}
