use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::stored_person_service_client::StoredPersonServiceClient;
use serde_json::{Value, json};
use tonic::Code;

use crate::harness::{Identity, identify, set};

async fn read(identity: &Identity, after: &[u8]) -> pb::ReadStoredPersonsResponse {
    let request = pb::ReadStoredPersonsRequest {
        project_id: identity.project.to_bytes(),
        after_person_id: after.to_vec(),
    };
    let client = StoredPersonServiceClient::new(identity.as_service());
    let answer = client.max_decoding_message_size(16 << 20).read_stored_persons(request).await;
    answer.expect("a page").into_inner()
}

/// All persons, and how many pages they were on.
async fn all(identity: &Identity) -> (Vec<pb::StoredPerson>, usize) {
    let (mut persons, mut pages) = (Vec::<pb::StoredPerson>::new(), 0);
    loop {
        let after = persons.last().map(|last| last.person_id.clone()).unwrap_or_default();
        let page = read(identity, &after).await.persons;
        if page.is_empty() {
            return (persons, pages);
        }
        pages += 1;
        persons.extend(page);
    }
}

#[tokio::test]
async fn persons_are_read_whole_in_the_order_of_their_ids_and_merges_are_one() {
    let identity = Identity::start().await;
    let mut events: Vec<_> =
        (0..30).map(|n| identify(1_000 + n, &format!("anon {n}"), "usr")).collect();
    events.push(set(500, "usr", &json!({"plan": "pro", "seats": 3})));
    events.extend((0..250).map(|n| set(2_000 + n, &format!("p{n}"), &json!({"n": n}))));
    for some in events.chunks(100) {
        identity.apply(some).await;
    }
    let first = read(&identity, &[]).await;
    assert_eq!(first.person_count, 251);
    let (persons, pages) = all(&identity).await;
    assert_eq!((persons.len(), pages), (251, 2));
    assert!(persons.is_sorted_by(|a, b| a.person_id < b.person_id), "each once");
    let user = persons.iter().find(|person| person.distinct_ids.len() > 1).expect("the user");
    let whole = identity.person("usr").await;
    assert_eq!(user.distinct_ids, whole.distinct_ids, "all 31, oldest first");
    assert!(user.identified);
    let properties: Value = serde_json::from_str(&user.properties_json).expect("JSON");
    assert_eq!(properties, json!({"plan": "pro", "seats": 3}));
    assert_eq!(user.created_us, 500_000);
    assert_eq!(read(&identity, &persons[250].person_id).await.person_count, 0, "not counted again");
}

#[tokio::test]
async fn a_page_of_large_persons_has_few() {
    let identity = Identity::start().await;
    let large = "x".repeat(60_000);
    for n in 0..100 {
        let properties = json!({"a": large, "n": n});
        identity.apply(&[set(1_000 + n, &format!("p{n}"), &properties)]).await;
    }
    let (persons, pages) = all(&identity).await;
    assert_eq!(persons.len(), 100);
    assert!(pages >= 3, "six megabytes are on {pages} pages");
}

#[tokio::test]
async fn only_services_read_persons_and_no_project_is_mixed_up() {
    let identity = Identity::start().await;
    identity.apply(&[set(1_000, "p", &json!({"a": 1}))]).await;
    let other = identity.other_project().await;
    let request =
        pb::ReadStoredPersonsRequest { project_id: other.to_bytes(), ..Default::default() };
    let mut service = StoredPersonServiceClient::new(identity.as_service());
    let answer = service.read_stored_persons(request.clone()).await.expect("a page").into_inner();
    assert_eq!((answer.persons.len(), answer.person_count), (0, 0));
    let nobody = StoredPersonServiceClient::new(identity.as_nobody())
        .read_stored_persons(request.clone())
        .await;
    assert_eq!(nobody.expect_err("refused").code(), Code::PermissionDenied);
    let wrong = pb::ReadStoredPersonsRequest { after_person_id: vec![1], ..request };
    let refused = service.read_stored_persons(wrong).await.expect_err("no id");
    assert_eq!(refused.code(), Code::InvalidArgument);
}
