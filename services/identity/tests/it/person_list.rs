use observe_core::{KeyId, Principal};
use observe_proto::common::v1::{KeyKind, Role};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use serde_json::json;
use tonic::Code;
use uuid::Uuid;

use crate::harness::{Identity, identify, refusal, session, set};

fn request(identity: &Identity, search: &str) -> pb::ListPersonsRequest {
    pb::ListPersonsRequest {
        project_id: identity.project.to_string(),
        search: search.into(),
        ..pb::ListPersonsRequest::default()
    }
}

/// Returns the first distinct id of every person found, page by page.
async fn pages(identity: &Identity, search: &str, page_size: i32) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut request = pb::ListPersonsRequest { page_size, ..request(identity, search) };
    loop {
        let page = identity.persons().list_persons(request.clone()).await.expect("listed");
        let page = page.into_inner();
        pages.push(page.persons.iter().map(|person| person.distinct_ids[0].clone()).collect());
        if page.next_page_token.is_empty() {
            return pages;
        }
        request.page_token = page.next_page_token;
    }
}

async fn found(identity: &Identity, search: &str) -> Vec<String> {
    pages(identity, search, 0).await.concat()
}

#[tokio::test]
async fn persons_are_listed_page_by_page_the_latest_first() {
    let identity = Identity::start().await;
    // Some are of the same instant.
    let times = [1_000, 2_000, 2_000, 2_000, 3_000];
    let events: Vec<_> = times
        .iter()
        .enumerate()
        .map(|(n, time)| set(*time, &format!("p{n}"), &json!({"plan": "pro"})))
        .collect();
    identity.apply(&events).await;
    let all = pages(&identity, "", 0).await;
    assert_eq!(all.len(), 1);
    assert_eq!((all[0][0].as_str(), all[0][4].as_str()), ("p4", "p0"));
    for search in ["", "p", "PRO"] {
        for size in 1..=5 {
            let pages = pages(&identity, search, size).await;
            assert_eq!(pages.concat(), all[0], "{search:?} by {size}");
            let size = usize::try_from(size).expect("small");
            assert_eq!(pages.len(), times.len().div_ceil(size), "no empty page at the end");
        }
    }
}

#[tokio::test]
async fn a_search_finds_the_beginning_of_a_distinct_id_and_a_part_of_a_value() {
    let identity = Identity::start().await;
    identity
        .apply(&[
            set(1_000, "usr_1", &json!({"email": "Ada@Example.com", "city": "Zürich"})),
            set(2_000, "usr_2", &json!({"plan": "50%_off", "path": "C:\\temp \"x\""})),
            set(3_000, "other_usr", &json!({"nested": {"deep": ["ÄPFEL", 4711]}})),
            set(4_000, "gone", &json!({"email": "old@example.com"})),
            set(5_000, "gone", &json!({"email": "new@example.org"})),
            set(6_000, "50", &json!({"nul": "a\u{0}b"})),
        ])
        .await;
    for (search, ids) in [
        ("usr", &["usr_2", "usr_1"][..]),
        ("USR_1", &["usr_1"]),
        ("ada@example", &["usr_1"]),
        ("zürich", &["usr_1"]),
        ("ZÜR", &["usr_1"]),
        ("50%", &["usr_2"]),
        ("%", &["usr_2"]),
        ("_off", &["usr_2"]),
        ("c:\\TEMP \"", &["usr_2"]),
        ("äpfel", &["other_usr"]),
        ("4711", &["other_usr"]),
        ("old@", &[]),
        ("new@", &["gone"]),
        ("a\u{0}b", &["50"]),
        ("email", &[]),
        ("_sr_1", &[]),
        ("nobody at all", &[]),
    ] {
        assert_eq!(found(&identity, search).await, ids, "{search:?}");
    }
}

#[tokio::test]
async fn who_was_merged_away_is_no_person_of_the_list_and_long_lists_of_ids_are_cut() {
    let identity = Identity::start().await;
    let mut events: Vec<_> =
        (0..25).map(|n| identify(1_000 + n, &format!("anon {n}"), "usr")).collect();
    events.insert(0, set(500, "anon 0", &json!({"plan": "pro"})));
    identity.apply(&events).await;
    let answer = identity.persons().list_persons(request(&identity, "pro")).await;
    let persons = answer.expect("listed").into_inner().persons;
    assert_eq!(persons.len(), 1);
    assert_eq!(persons[0].distinct_ids.len(), 20);
    let whole = identity.person("usr").await;
    assert_eq!(persons[0].distinct_ids, whole.distinct_ids[..20], "oldest first");
    assert_eq!(persons[0].properties, whole.properties);
    assert_eq!((&persons[0].id, persons[0].identified), (&whole.id, true));
    assert_eq!(found(&identity, "anon 24").await.len(), 1, "also by an id that is not shown");
}

#[tokio::test]
async fn a_page_token_is_good_for_its_own_search_and_project() {
    let identity = Identity::start().await;
    identity.apply(&[set(1, "a", &json!({"x": "a"})), set(2, "ab", &json!({"x": "b"}))]).await;
    let first = pb::ListPersonsRequest { page_size: 1, ..request(&identity, "a") };
    let page = identity.persons().list_persons(first).await.expect("listed").into_inner();
    assert!(!page.next_page_token.is_empty());
    for (search, token) in [("b", page.next_page_token.as_str()), ("a", "nonsense")] {
        let next =
            pb::ListPersonsRequest { page_token: token.into(), ..request(&identity, search) };
        let refused = refusal(identity.persons().list_persons(next).await);
        assert_eq!(refused, (Code::InvalidArgument, "INVALID_REQUEST".into()));
    }
    for broken in [
        request(&identity, &"é".repeat(201)),
        pb::ListPersonsRequest { page_size: 201, ..request(&identity, "") },
        pb::ListPersonsRequest { page_size: -1, ..request(&identity, "") },
    ] {
        let refused = identity.persons().list_persons(broken).await;
        assert_eq!(refusal(refused).0, Code::InvalidArgument);
    }
    identity.persons().list_persons(request(&identity, &"é".repeat(200))).await.expect("listed");
}

#[tokio::test]
async fn the_persons_of_another_project_are_not_listed() {
    let identity = Identity::start().await;
    let other = identity.other_project().await;
    identity.apply(&[set(1, "usr", &json!({"plan": "pro"}))]).await;
    let mut others =
        PersonServiceClient::new(identity.as_principal(session(&[(other, Role::Owner)])));
    assert_eq!(refusal(others.list_persons(request(&identity, "")).await).0, Code::NotFound);
    for search in ["", "usr", "pro"] {
        let own =
            pb::ListPersonsRequest { project_id: other.to_string(), ..request(&identity, search) };
        assert!(others.list_persons(own).await.expect("listed").into_inner().persons.is_empty());
    }
    let as_key = |kind| {
        let key = KeyId::new(Uuid::from_u128(1));
        let principal = Principal::Key { key, project: identity.project, kind };
        PersonServiceClient::new(identity.as_principal(principal))
    };
    let own = pb::ListPersonsRequest::default();
    let listed = as_key(KeyKind::Secret).list_persons(own.clone()).await.expect("its own");
    assert_eq!(listed.into_inner().persons.len(), 1);
    assert_eq!(refusal(as_key(KeyKind::Write).list_persons(own).await).0, Code::PermissionDenied);
}

#[tokio::test]
async fn a_filter_keeps_the_persons_whose_properties_satisfy_it() {
    use observe_proto::common::v1::condition::Operator;
    use observe_proto::common::v1::{Condition, Filter, Scope};

    let identity = Identity::start().await;
    let mut events: Vec<_> = (0..250)
        .map(|n| {
            set(
                n,
                &format!("p{n}"),
                &json!({"seats": n, "plan": if n % 2 == 0 { "pro" } else { "free" }}),
            )
        })
        .collect();
    events.push(identify(300, "anon", "p240"));
    identity.apply(&events).await;
    let condition = |property: &str, operator: Operator, value: &str| Condition {
        property: property.into(),
        scope: Scope::Person.into(),
        operator: operator.into(),
        values: vec![value.into()],
    };
    let conditions = vec![
        condition("seats", Operator::GreaterOrEqual, "200"),
        condition("plan", Operator::Matches, "^p.o$"),
    ];
    let filter = Filter { conditions, ..Filter::default() };
    let mut asked =
        pb::ListPersonsRequest { filter: Some(filter), page_size: 10, ..request(&identity, "") };
    let mut found = Vec::new();
    loop {
        let page =
            identity.persons().list_persons(asked.clone()).await.expect("listed").into_inner();
        found.extend(page.persons.iter().map(|person| person.distinct_ids[0].clone()));
        if page.next_page_token.is_empty() {
            break;
        }
        asked.page_token = page.next_page_token;
        let other = pb::ListPersonsRequest { filter: None, ..asked.clone() };
        assert_eq!(refusal(identity.persons().list_persons(other).await).0, Code::InvalidArgument);
    }
    let expected: Vec<_> =
        (200..250).rev().filter(|n| n % 2 == 0).map(|n| format!("p{n}")).collect();
    assert_eq!(found, expected);

    let by_identified = async |identified: pb::list_persons_request::Identified| {
        let asked = pb::ListPersonsRequest {
            identified: identified.into(),
            page_token: String::new(),
            page_size: 200,
            ..asked.clone()
        };
        let page = identity.persons().list_persons(asked).await.expect("listed").into_inner();
        page.persons.iter().map(|person| person.distinct_ids[0].clone()).collect::<Vec<_>>()
    };
    use pb::list_persons_request::Identified;
    assert_eq!(by_identified(Identified::Only).await, ["p240"]);
    assert_eq!(by_identified(Identified::Not).await.len(), 24);
    let wrong =
        Filter { conditions: vec![condition("", Operator::Less, "x")], ..Filter::default() };
    let wrong = pb::ListPersonsRequest { filter: Some(wrong), ..request(&identity, "") };
    assert_eq!(refusal(identity.persons().list_persons(wrong).await).0, Code::InvalidArgument);
}
