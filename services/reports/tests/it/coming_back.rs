//! Retention, lifecycle and stickiness through their contracts: numbers, who is behind them, and why.

pub(crate) mod harness;

use harness::{World, day, days, fields, id_of, lifecycle, on, retention, stickiness};
use observe_core::PersonId;
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1::Person;
use observe_proto::reports::v1 as pb;
use observe_testkit::eventually;
use pb::explain_retention_person_request::Id;
use pb::explained_event::Verdict;
use pb::list_lifecycle_persons_request::State;
use tonic::Code;

use crate::{DEADLINE, project, signed};

#[tokio::test]
async fn who_came_back_is_counted_listed_and_told_why() {
    let world = World::start(vec![
        on("ada", "view", 10),
        on("ada", "buy", 11),
        on("ben", "view", 10),
        on("cid", "view", 9),
        on("cid", "view", 10),
    ])
    .await;
    let expected = [vec![2, 1, 0, 0], vec![0; 3], vec![0; 2], vec![0]];
    assert_eq!(world.retention(retention()).await.expect("an answer"), expected);
    assert_eq!(world.retained(0, false).await.expect("pages"), ["ada", "ben"]);
    assert_eq!(world.retained(1, false).await.expect("pages"), ["ada"]);
    assert_eq!(world.retained(1, true).await.expect("pages"), ["ben"]);

    let told = world.explain(Id::DistinctId("cid".into()), 1).await.expect("an explanation");
    assert!(!told.in_cohort && !told.retained && !told.truncated);
    assert!(told.summary.contains("before the range"), "{}", told.summary);
    let verdicts: Vec<_> = told.events.iter().map(pb::ExplainedEvent::verdict).collect();
    assert_eq!(verdicts, [Verdict::Excluded, Verdict::NotCounted]);

    // A merge holds for all history: who was in no cohort takes the other one out of its own.
    world.log.map(project(), "cid", PersonId::of_distinct_id(project(), "ada"));
    let merged = [vec![1, 0, 0, 0], vec![0; 3], vec![0; 2], vec![0]];
    eventually(DEADLINE, "the merge", async || {
        world.retention(retention()).await.is_ok_and(|rows| rows == merged)
    })
    .await;
}

#[tokio::test]
async fn a_person_is_explained_by_any_id_it_has_or_had() {
    let world =
        World::start(vec![on("ada", "view", 10), on("ada", "buy", 12), on("visitor", "view", 10)])
            .await;
    let person = Person {
        id: id_of("ada"),
        distinct_ids: vec!["other".into(), "ada".into()],
        created_time: day(1),
        ..Person::default()
    };
    world.people.state().persons.push(person);
    world.people.state().merged_away.push((id_of("gone"), id_of("ada")));
    for id in ["ada", "gone"] {
        let told = world.explain(Id::PersonId(id_of(id)), 2).await.expect("an explanation");
        assert!(told.in_cohort && told.retained, "{id}: {}", told.summary);
        assert_eq!(told.events.len(), 2);
        assert_eq!(told.events[1].distinct_id, "ada");
    }
    let told = world.explain(Id::PersonId(id_of("visitor")), 2).await.expect("an explanation");
    assert!(told.in_cohort && !told.retained, "identity keeps no row of it: {}", told.summary);
    let told = world.explain(Id::DistinctId("unheard".into()), 2).await.expect("an explanation");
    assert!(!told.in_cohort && told.events.is_empty());
    for unknown in [id_of("unheard"), "no id".into()] {
        let refused = world.explain(Id::PersonId(unknown), 2).await.expect_err("nobody");
        assert_eq!(refused.code(), Code::NotFound);
    }
}

#[tokio::test]
async fn active_persons_are_told_apart_and_listed() {
    let world = World::start(vec![
        on("ada", "view", 10),
        on("ada", "view", 11),
        on("ben", "sign in", 3),
        on("ben", "view", 10),
        on("cid", "view", 9),
    ])
    .await;
    let mut client = world.fixture.client.clone();
    let answer = client.query_lifecycle(signed(lifecycle(), project())).await.expect("an answer");
    let points: Vec<_> = answer
        .into_inner()
        .points
        .iter()
        .map(|point| (point.new_persons, point.returning, point.resurrecting, point.dormant))
        .collect();
    assert_eq!(points, [(1, 0, 1, 1), (0, 1, 0, 1), (0, 0, 0, 1), (0, 0, 0, 0)]);
    for (state, bucket, expected) in [
        (State::New, 10, "ada"),
        (State::Returning, 11, "ada"),
        (State::Resurrecting, 10, "ben"),
        (State::Dormant, 10, "cid"),
        (State::Dormant, 11, "ben"),
    ] {
        let request = pb::ListLifecyclePersonsRequest {
            lifecycle: Some(lifecycle()),
            bucket_start_time: day(bucket),
            state: state.into(),
            ..Default::default()
        };
        let page = client.list_lifecycle_persons(signed(request, project())).await.expect("a page");
        let page = page.into_inner();
        let ids: Vec<_> = page
            .persons
            .iter()
            .flat_map(|person| &person.distinct_ids)
            .map(String::as_str)
            .collect();
        assert_eq!((ids, page.total), (vec![expected], 1), "{state:?} on day {bucket}");
    }
}

#[tokio::test]
async fn persons_are_counted_and_listed_by_how_often_they_came() {
    let mut events: Vec<_> = (10..13).map(|number| on("ada", "view", number)).collect();
    let grouped = AcceptedEvent {
        properties_json: r#"{"$groups":{"company":"acme"}}"#.into(),
        ..on("ben", "view", 13)
    };
    events.extend([on("ben", "view", 12), grouped]);
    let world = World::start(events).await;
    let mut client = world.fixture.client.clone();
    let answer = client.query_stickiness(signed(stickiness(), project())).await.expect("an answer");
    let series = answer.into_inner().series;
    assert_eq!((series[0].label.as_str(), &series[0].persons[..]), ("view", &[0, 1, 1, 0][..]));
    let mut request = pb::ListStickinessPersonsRequest {
        stickiness: Some(stickiness()),
        series: 1,
        buckets: 3,
        ..Default::default()
    };
    let page = client.list_stickiness_persons(signed(request.clone(), project())).await;
    let page = page.expect("a page").into_inner();
    assert_eq!(page.persons[0].distinct_ids, ["ada"]);
    request.buckets = 1;
    request.stickiness.as_mut().expect("set").group_type = "company".into();
    let page = client.list_stickiness_persons(signed(request, project())).await;
    let page = page.expect("a page").into_inner();
    assert_eq!((page.group_keys, page.persons.len(), page.total), (vec!["acme".into()], 0, 1));
}

#[tokio::test]
async fn what_an_answer_does_not_hold_is_refused_with_every_violation() {
    let world = World::start(vec![on("ada", "view", 10)]).await;
    let mut client = world.fixture.client.clone();
    let request = pb::QueryRetentionRequest {
        range: days(0, 500),
        periods: 101,
        period: 9,
        time_zone: "Mars/Olympus".into(),
        kind: 9,
        counting: 9,
        windows: 9,
        ..retention()
    };
    let refused = world.retention(request).await.expect_err("many rules are broken");
    let expected = ["period", "periods", "time_zone", "kind", "counting", "windows"];
    assert_eq!(fields(&refused), expected);
    let long = pb::QueryRetentionRequest { range: days(0, 401), ..retention() };
    assert_eq!(fields(&world.retention(long).await.expect_err("too long")), ["range"]);

    let refused = world.retained(4, false).await.expect_err("four columns");
    assert_eq!(fields(&refused), ["column"]);
    let request = pb::ListRetentionPersonsRequest {
        retention: Some(pb::QueryRetentionRequest { range: None, ..retention() }),
        page_size: 201,
        ..Default::default()
    };
    let refused = client.list_retention_persons(signed(request, project())).await;
    assert_eq!(fields(&refused.expect_err("broken")), ["retention.range", "page_size"]);
    let request = pb::ExplainRetentionPersonRequest {
        retention: Some(pb::QueryRetentionRequest { group_type: "company".into(), ..retention() }),
        cohort_start_time: day(9),
        ..Default::default()
    };
    let refused = client.explain_retention_person(signed(request, project())).await;
    let expected = ["retention.group_type", "cohort_start_time", "id"];
    assert_eq!(fields(&refused.expect_err("broken")), expected);
    let request = pb::ListLifecyclePersonsRequest {
        lifecycle: Some(pb::QueryLifecycleRequest { range: days(0, 1_001), ..lifecycle() }),
        ..Default::default()
    };
    let refused = client.list_lifecycle_persons(signed(request, project())).await;
    assert_eq!(fields(&refused.expect_err("broken")), ["lifecycle.range", "state"]);
    let request = pb::ListStickinessPersonsRequest {
        stickiness: Some(stickiness()),
        series: 2,
        buckets: 5,
        ..Default::default()
    };
    let refused = client.list_stickiness_persons(signed(request, project())).await;
    assert_eq!(fields(&refused.expect_err("broken")), ["series", "buckets"]);
    let request =
        pb::QueryStickinessRequest { range: days(0, 1_001), series: vec![], ..stickiness() };
    let refused = client.query_stickiness(signed(request, project())).await;
    assert_eq!(fields(&refused.expect_err("broken")), ["range", "series"]);
}

#[tokio::test]
async fn a_name_that_nobody_knows_gives_zeros_and_a_hint() {
    let world = World::start(vec![on("ada", "view", 10)]).await;
    let mut client = world.fixture.client.clone();
    let told = |hints: Vec<pb::Hint>| {
        let told = |hint: pb::Hint| (hint.subject, hint.suggestions);
        hints.into_iter().map(told).collect::<Vec<_>>()
    };
    let expected = [("views".to_owned(), vec!["view".to_owned()])];
    let event = Some(pb::RetentionEvent { event: "views".into(), filter: None });
    let question = pb::QueryRetentionRequest {
        start_event: event.clone(),
        return_event: event,
        ..retention()
    };
    let answer = client.query_retention(signed(question, project())).await.expect("zeros");
    let answer = answer.into_inner();
    assert_eq!((answer.cohorts[0].size, told(answer.hints)), (0, expected.to_vec()));
    let question = pb::QueryLifecycleRequest { event: "views".into(), ..lifecycle() };
    let answer = client.query_lifecycle(signed(question, project())).await.expect("zeros");
    assert_eq!(told(answer.into_inner().hints), expected);
    let mut question = stickiness();
    question.series[0].event = "views".into();
    let answer = client.query_stickiness(signed(question, project())).await.expect("zeros");
    assert_eq!(told(answer.into_inner().hints), expected);
}

#[tokio::test]
async fn another_tenants_project_is_not_found() {
    let world = World::start(vec![on("ada", "view", 10)]).await;
    let foreign = "0197f7a0-0000-7000-8000-00000000004e";
    let question = pb::QueryRetentionRequest { project_id: foreign.into(), ..retention() };
    let refused = world.retention(question.clone()).await.expect_err("foreign");
    assert_eq!(refused.code(), Code::NotFound);
    let request = pb::ListRetentionPersonsRequest {
        retention: Some(question),
        cohort_start_time: day(10),
        ..Default::default()
    };
    let mut client = world.fixture.client.clone();
    let refused = client.list_retention_persons(signed(request, project())).await;
    assert_eq!(refused.expect_err("foreign").code(), Code::NotFound);
}
