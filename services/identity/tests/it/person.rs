use observe_core::PersonId;
use observe_proto::common::v1::Role;
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::apply_events_response::Outcome;
use observe_proto::identity::v1::get_person_request::Id;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use prost_types::value::Kind;
use serde_json::{Value, json};
use tonic::Code;

use crate::harness::{Identity, event, identify, refusal, session, set};

#[tokio::test]
async fn a_distinct_id_without_a_row_is_a_person_of_its_own() {
    let identity = Identity::start().await;
    for id in ["nobody yet", "null", "nul\0l"] {
        let person = identity.person(id).await;
        assert_eq!(person.id, PersonId::of_distinct_id(identity.project, id).to_string());
        assert_eq!(person.distinct_ids, [id]);
        assert!(!person.identified && person.created_time.is_none());
        let by_id = identity.get_person(Id::PersonId(person.id)).await;
        assert_eq!(
            refusal(by_id),
            (Code::NotFound, "NOT_FOUND".into()),
            "by person id only rows answer"
        );
    }
}

#[tokio::test]
async fn after_identify_all_ids_answer_the_same_person() {
    let identity = Identity::start().await;
    let rich =
        json!({"$anonymous_id": "anon", "$set": {"plan": "pro", "seats": 3, "tags": ["a", null]}});
    identity.apply(&[set(5_000, "anon", &json!({"plan": "free", "city": "Rome"}))]).await;
    let gone = identity.person("anon").await.id;
    identity.apply(&[event("$identify", 7_000, "usr", &rich)]).await;

    let person = identity.person("usr").await;
    assert_eq!(person, identity.person("anon").await);
    assert_eq!(person.id, PersonId::of_distinct_id(identity.project, "usr").to_string());
    assert_eq!(person.distinct_ids, ["anon", "usr"]);
    assert!(person.identified);
    assert_eq!(person.created_time.as_ref().map(|time| time.seconds), Some(5));
    let properties = person.properties.as_ref().expect("given");
    let kind = |key: &str| properties.fields[key].kind.clone();
    assert_eq!(kind("plan"), Some(Kind::StringValue("pro".into())));
    assert_eq!(kind("city"), Some(Kind::StringValue("Rome".into())));
    assert_eq!(kind("seats"), Some(Kind::NumberValue(3.0)));

    let became = identity.get_person(Id::PersonId(gone)).await.expect("whom it became");
    assert_eq!(became, person);
}

#[tokio::test]
async fn a_request_without_an_id_is_refused() {
    let identity = Identity::start().await;
    let request = pb::GetPersonRequest { project_id: identity.project.to_string(), id: None };
    assert_eq!(refusal(identity.persons().get_person(request).await).0, Code::InvalidArgument);
    assert_eq!(
        refusal(identity.get_person(Id::DistinctId(String::new())).await).0,
        Code::InvalidArgument
    );
    assert_eq!(
        refusal(identity.get_person(Id::PersonId("nonsense".into())).await).0,
        Code::NotFound
    );
}

#[tokio::test]
async fn the_persons_of_another_project_are_not_found() {
    let identity = Identity::start().await;
    let other = identity.other_project().await;
    identity.apply(&[identify(1, "anon", "usr")]).await;
    let mine = identity.person("usr").await.id;
    let mut others =
        PersonServiceClient::new(identity.as_principal(session(&[(other, Role::Owner)])));
    let request = |project: String, id| pb::GetPersonRequest { project_id: project, id: Some(id) };
    let foreign_project = others
        .get_person(request(identity.project.to_string(), Id::DistinctId("usr".into())))
        .await;
    assert_eq!(refusal(foreign_project).0, Code::NotFound);
    let foreign_person = others.get_person(request(other.to_string(), Id::PersonId(mine))).await;
    assert_eq!(refusal(foreign_person).0, Code::NotFound);
    let unseen = others.get_person(request(other.to_string(), Id::DistinctId("usr".into()))).await;
    assert!(!unseen.expect("always answered").into_inner().person.expect("given").identified);
}

#[tokio::test]
async fn traits_that_are_told_before_the_login_do_not_stand_in_its_way() {
    let identity = Identity::start().await;
    let traits = json!({"$anonymous_id": "anon", "$set": {"plan": "pro"}});
    let before = event("$identify", 1, "anon", &traits);
    assert_eq!(identity.apply(&[before]).await, [Outcome::Applied]);
    assert!(!identity.person("anon").await.identified);
    assert_eq!(identity.apply(&[identify(2, "anon", "usr")]).await, [Outcome::Applied]);
    let person = identity.person("usr").await;
    assert_eq!(
        (&person.distinct_ids[..], person.identified),
        (&["anon".into(), "usr".into()][..], true)
    );
    assert_eq!(person, identity.person("anon").await);
    assert!(person.properties.expect("given").fields.contains_key("plan"));
    let alone = event("$identify", 3, "other", &json!({"$set": {"plan": "free"}}));
    identity.apply(&[alone]).await;
    assert!(identity.person("other").await.identified, "a user id without another is a known one");
}

/// What is sent small must not be stored large: the row is read and written with every change of the person.
#[tokio::test]
async fn a_person_that_is_sent_endless_fills_stays_small() {
    let identity = Identity::start().await;
    for time in 1..=6 {
        let fills: Value = (0..10).map(|n| (format!("key {n}"), "x".repeat(60_000))).collect();
        identity.apply(&[event("$set", time, "usr", &json!({"$set_once": fills}))]).await;
    }
    assert_eq!(identity.apply(&[set(7, "usr", &json!({"plan": "pro"}))]).await, [Outcome::Applied]);
    let bytes: i32 =
        sqlx::query_scalar("select octet_length(properties::text) from identity.person")
            .fetch_one(&identity.superuser().await)
            .await
            .expect("read");
    assert!(bytes <= 2 * 1024 * 1024, "{bytes} bytes");
    assert_eq!(identity.person("usr").await.properties.expect("given").fields.len(), 11);
}
