use observe_core::PersonId;
use observe_proto::common::v1::Role;
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::apply_events_response::Outcome;
use observe_proto::identity::v1::merge::Cause;
use observe_proto::identity::v1::person_log_service_client::PersonLogServiceClient;
use serde_json::{Value, json};
use tonic::Code;

use crate::harness::{Follower, Identity, event, identify, refusal, set};

#[tokio::test]
async fn the_change_log_tells_a_follower_everything() {
    let identity = Identity::start().await;
    let outcomes = identity
        .apply(&[
            set(1_000, "anon", &json!({"city": "Rome"})),
            set(2_000, "usr", &json!({"plan": "pro"})),
        ])
        .await;
    assert_eq!(outcomes, [Outcome::Applied; 2]);
    let mut follower = Follower::default();
    follower.follow(identity.changes(0).await);
    let own = PersonId::of_distinct_id(identity.project, "anon");
    assert_eq!(
        follower.mapping["anon"],
        own.to_bytes(),
        "told although it follows from the distinct id"
    );

    identity.apply(&[identify(3_000, "anon", "usr")]).await;
    follower.follow(identity.changes(follower.number).await);
    assert_eq!(follower.properties("anon"), json!({"city": "Rome", "plan": "pro"}));
    assert!(follower.persons[&own.to_bytes()].merged_away);
    let target = &follower.persons[&follower.mapping["usr"]];
    assert!(target.identified && !target.merged_away);
    assert_eq!(target.created_time_ms, 1_000);
    assert!(identity.changes(follower.number).await.is_empty(), "no news");

    let list = pb::ListDistinctIdsRequest {
        project_id: identity.project.to_bytes(),
        person_id: follower.mapping["usr"].clone(),
    };
    let ids =
        identity.log().list_distinct_ids(list).await.expect("listed").into_inner().distinct_ids;
    assert_eq!(ids, ["anon", "usr"]);
}

#[tokio::test]
async fn a_repeated_event_answers_as_before_and_changes_nothing() {
    let identity = Identity::start().await;
    let first = identify(1, "anon", "alice");
    let refused = identify(2, "anon", "bob");
    let both = [first.clone(), refused.clone(), first.clone()];
    let expected = [Outcome::Applied, Outcome::RefusedIdentified, Outcome::Applied];
    assert_eq!(identity.apply(&both).await, expected);
    let head = identity.changes(0).await.len();
    let mut reused = refused.clone();
    reused.distinct_id = "carol".into();
    assert_eq!(
        identity.apply(&[refused, first, reused]).await,
        [Outcome::RefusedIdentified, Outcome::Applied, Outcome::RefusedIdentified]
    );
    assert_eq!(identity.changes(0).await.len(), head);
    assert!(!identity.person("carol").await.identified);
}

#[tokio::test]
async fn merges_that_are_not_allowed_are_refused_and_recorded() {
    let identity = Identity::start().await;
    identity.apply(&[identify(1, "a", "alice"), identify(2, "b", "bob")]).await;
    let forced = |trusted| AcceptedEvent {
        trusted,
        ..event("$merge_dangerously", 3, "alice", &json!({"alias": "bob"}))
    };
    let outcomes = identity
        .apply(&[
            identify(3, "a", "bob"),
            identify(4, "undefined", "carol"),
            event("$create_alias", 5, "mallory", &json!({"alias": "alice"})),
            forced(false),
        ])
        .await;
    assert_eq!(
        outcomes,
        [
            Outcome::RefusedIdentified,
            Outcome::RefusedIllegalId,
            Outcome::RefusedIdentified,
            Outcome::RefusedUntrusted
        ]
    );
    assert!(identity.person("carol").await.identified, "the legal user is known all the same");
    assert_eq!(identity.person("mallory").await.distinct_ids, ["mallory"]);
    assert_ne!(identity.person("alice").await.id, identity.person("bob").await.id);

    assert_eq!(identity.apply(&[forced(true)]).await, [Outcome::Applied]);
    assert_eq!(identity.person("b").await.distinct_ids, ["alice", "a", "bob", "b"]);
    let request = pb::ListMergesRequest {
        project_id: identity.project.to_string(),
        person_id: identity.person("b").await.id,
        ..pb::ListMergesRequest::default()
    };
    let ledger = identity.persons().list_merges(request).await.expect("listed").into_inner().merges;
    let causes: Vec<_> = ledger.iter().map(pb::Merge::cause).collect();
    assert_eq!(causes, [Cause::MergeDangerously, Cause::Identify, Cause::Identify]);
    assert_eq!(ledger[0].moved_distinct_ids, ["bob", "b"]);
    let undo = pb::SplitPersonRequest {
        project_id: identity.project.to_string(),
        merge_id: ledger[0].id.clone(),
    };
    let both = identity.editor().split_person(undo).await.expect("undone").into_inner().persons;
    assert!(both.iter().all(|person| person.identified));
    assert_eq!(both[1].distinct_ids, ["bob", "b"]);
}

/// Calls `visit` with every order of the items.
fn orders(items: &[AcceptedEvent]) -> Vec<Vec<AcceptedEvent>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for index in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(index);
        all.extend(orders(&rest).into_iter().map(|mut order| {
            order.insert(0, first.clone());
            order
        }));
    }
    all
}

#[tokio::test]
async fn late_and_repeated_property_writes_end_in_the_same_state() {
    let identity = Identity::start().await;
    for (number, order) in (0..).zip(orders(&[
        event("$set", 10, "?", &json!({"$set": {"plan": "free", "city": "Rome"}})),
        event("$set", 20, "?", &json!({"$set_once": {"plan": "never", "source": "ad"}})),
        event("$set", 30, "?", &json!({"$unset": ["city"]})),
        event("$set", 40, "?", &json!({"$set": {"plan": "pro"}, "$set_once": {"city": "Oslo"}})),
    ])) {
        let visitor = format!("visitor {number}");
        for one in order {
            // Every order is another visitor, so the uuids, which version what they write, are kept but for one byte.
            let mut one = AcceptedEvent { distinct_id: visitor.clone(), ..one };
            one.uuid[15] = number;
            identity.apply(&[one.clone()]).await;
            identity.apply(&[one]).await;
        }
        let mut follower = Follower::default();
        follower.follow(identity.changes(0).await);
        let expected = json!({"plan": "pro", "city": "Oslo", "source": "ad"});
        assert_eq!(follower.properties(&visitor), expected, "order {number}");
        assert_eq!(follower.persons[&follower.mapping[&visitor]].created_time_ms, 10);
    }
}

#[tokio::test]
async fn many_writers_at_once_leave_no_gap_and_no_id_without_a_person() {
    const WRITERS: i64 = 8;
    const CALLS: i64 = 25;
    let identity = Identity::start().await;
    let writer = |writer: i64| {
        let identity = &identity;
        async move {
            for call in 0..CALLS {
                let time = call * WRITERS + writer;
                let id = |n: i64| format!("id {}", (time * 7 + n * 3) % 20);
                let outcomes = identity
                    .apply(&[
                        set(time, &id(0), &json!({"last": time})),
                        identify(time, &id(1), &format!("user {}", time % 5)),
                        event("$create_alias", time, &id(2), &json!({"alias": id(3)})),
                    ])
                    .await;
                assert_eq!(outcomes.len(), 3);
            }
        }
    };
    let reader = async {
        let mut follower = Follower::default();
        for _ in 0..40 {
            follower.follow(identity.changes(follower.number).await);
        }
        follower
    };
    let (_, mut follower) =
        tokio::join!(futures::future::join_all((0..WRITERS).map(writer)), reader);
    follower.follow(identity.changes(follower.number).await);

    let mut from_start = Follower::default();
    from_start.follow(identity.changes(0).await);
    assert_eq!(follower, from_start);
    assert_eq!(follower.mapping.len(), 25, "every id that was named");
    for (distinct_id, person) in &follower.mapping {
        assert!(!follower.persons[person].merged_away, "{distinct_id} belongs to a living person");
        let now = identity.person(distinct_id).await;
        assert_eq!(PersonId::parse(&now.id).map(PersonId::to_bytes).as_ref(), Some(person));
    }
}

#[tokio::test]
async fn a_reader_pages_through_a_log_that_is_larger_than_an_answer() {
    let identity = Identity::start().await;
    let long: Value = (0..14).map(|n| (format!("long {n}"), "x".repeat(50_000))).collect();
    for n in 0..5 {
        identity.apply(&[set(n, &format!("visitor {n}"), &long)]).await;
    }
    let many: Vec<_> =
        (0..1_000).map(|n| identify(n, &format!("anon {n}"), &format!("usr {n}"))).collect();
    for _ in 0..2 {
        identity.apply(&many).await;
    }
    let mut follower = Follower::default();
    let mut calls = 0;
    loop {
        let position = pb::ChangePosition {
            project_id: identity.project.to_bytes(),
            after_number: follower.number,
        };
        let request = pb::ReadChangesRequest { positions: vec![position.clone(), position] };
        let answer =
            identity.log().read_changes(request).await.expect("fits a gRPC answer").into_inner();
        let Some(project) = answer.projects.into_iter().next() else { break };
        assert_eq!(project.head_number, 5 * 2 + 3_000);
        follower.follow(project.changes);
        calls += 1;
    }
    assert_eq!(follower.number, 3_010);
    assert!((3..10).contains(&calls), "{calls} calls");
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let identity = Identity::start().await;
    let mut log = identity.log();
    let request =
        |events| pb::ApplyEventsRequest { project_id: identity.project.to_bytes(), events };
    let too_many = vec![identify(1, "a", "b"); 1_001];
    assert_eq!(refusal(log.apply_events(request(too_many)).await).0, Code::InvalidArgument);
    let unknown =
        pb::ApplyEventsRequest { project_id: vec![9; 16], events: vec![identify(1, "a", "b")] };
    assert_eq!(refusal(log.apply_events(unknown).await), (Code::NotFound, "NOT_FOUND".into()));
    let positions = vec![pb::ChangePosition { project_id: vec![9; 16], after_number: 0 }];
    let answer = log.read_changes(pb::ReadChangesRequest { positions }).await.expect("answered");
    assert!(answer.into_inner().projects.is_empty(), "an unknown project has no changes");
    let nobody = pb::ListDistinctIdsRequest {
        project_id: identity.project.to_bytes(),
        person_id: vec![9; 16],
    };
    assert!(
        log.list_distinct_ids(nobody).await.expect("answered").into_inner().distinct_ids.is_empty()
    );
    let mut outside = PersonLogServiceClient::new(identity.as_role(Role::Owner));
    assert_eq!(refusal(outside.apply_events(request(Vec::new())).await).0, Code::PermissionDenied);
}

async fn read_persons(
    identity: &Identity,
    project: observe_core::ProjectId,
    person_ids: Vec<Vec<u8>>,
) -> Result<Vec<pb::Person>, tonic::Status> {
    let request = pb::ReadPersonsRequest { project_id: project.to_bytes(), person_ids };
    Ok(identity.log().read_persons(request).await?.into_inner().persons)
}

#[tokio::test]
async fn persons_are_read_by_their_ids_with_what_is_known_of_them() {
    let identity = Identity::start().await;
    let id = |who: &str| PersonId::of_distinct_id(identity.project, who).to_bytes();
    let mut events = vec![
        set(1_000, "ada", &json!({"plan": "pro"})),
        set(2_000, "ben", &json!({"plan": "free"})),
    ];
    events.extend((0..120).map(|n| identify(3_000 + n, &format!("anon {n}"), "many")));
    identity.apply(&events).await;

    let asked = vec![id("ben"), id("nobody"), id("ada"), vec![1, 2, 3]];
    let mut found = read_persons(&identity, identity.project, asked).await.expect("answered");
    found.sort_by_key(|person| person.distinct_ids.clone());
    assert_eq!(found, [identity.person("ada").await, identity.person("ben").await]);

    let many = identity.person("many").await;
    let ids = vec![PersonId::parse(&many.id).expect("an id").to_bytes(), id("anon 7")];
    let found = read_persons(&identity, identity.project, ids).await.expect("answered");
    assert_eq!(found.len(), 1, "who was merged away is another one's past");
    assert_eq!(found[0].distinct_ids, many.distinct_ids[..100], "the oldest");

    let other = identity.other_project().await;
    let found = read_persons(&identity, other, vec![id("ada")]).await.expect("answered");
    assert!(found.is_empty(), "of another project");
}

#[tokio::test]
async fn too_many_persons_at_once_are_refused_and_only_services_may_ask() {
    let identity = Identity::start().await;
    let many = vec![vec![0; 16]; 201];
    let refused = read_persons(&identity, identity.project, many).await;
    assert_eq!(refusal(refused).0, Code::InvalidArgument);
    assert_eq!(read_persons(&identity, identity.project, vec![]).await.expect("none"), []);
    let mut member = PersonLogServiceClient::new(identity.as_role(Role::Owner));
    let project_id = identity.project.to_bytes();
    let request = pb::ReadPersonsRequest { project_id, person_ids: vec![] };
    assert_eq!(refusal(member.read_persons(request).await).0, Code::PermissionDenied);
}
