//! Funnels through their contract: numbers, their trend, who is behind them, and why.

use observe_proto::events::v1::AcceptedEvent;
use observe_proto::reports::v1 as pb;
use pb::explain_funnel_person_request::Id;
use pb::explained_event::Verdict;
use pb::query_funnel_request::Order;
use prost_types::Duration;
use tonic::{Code, Status};

use crate::coming_back::harness::{World, days, fields, id_of, on};
use crate::{project, signed};

fn step(event: &str) -> pb::FunnelStep {
    pb::FunnelStep { event: event.into(), ..Default::default() }
}

fn funnel() -> pb::QueryFunnelRequest {
    pb::QueryFunnelRequest {
        range: days(10, 14),
        steps: vec![step("view"), step("cart"), step("buy")],
        ..Default::default()
    }
}

fn tagged(who: &str, name: &str, day: i64, properties: &str) -> AcceptedEvent {
    AcceptedEvent { properties_json: properties.into(), ..on(who, name, day) }
}

async fn query(
    world: &World,
    request: pb::QueryFunnelRequest,
) -> Result<pb::QueryFunnelResponse, Status> {
    let asked = signed(request, project());
    world.fixture.client.clone().query_funnel(asked).await.map(tonic::Response::into_inner)
}

/// Who is behind a number, page by page, one on each.
async fn who(world: &World, mut request: pb::ListFunnelPersonsRequest) -> Vec<String> {
    request.page_size = 1;
    let mut found = Vec::new();
    loop {
        let asked = signed(request.clone(), project());
        let page = world.fixture.client.clone().list_funnel_persons(asked).await.expect("a page");
        let page = page.into_inner();
        found.extend(page.persons.into_iter().flat_map(|person| person.distinct_ids));
        found.extend(page.group_keys);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            assert_eq!(i64::try_from(found.len()).expect("few"), page.total);
            found.sort();
            return found;
        }
    }
}

async fn explain(world: &World, id: Id) -> Result<pb::ExplainFunnelPersonResponse, Status> {
    let funnel = pb::QueryFunnelRequest {
        exclusions: vec![pb::FunnelExclusion { event: "leave".into(), ..Default::default() }],
        ..funnel()
    };
    let request = pb::ExplainFunnelPersonRequest { funnel: Some(funnel), id: Some(id) };
    let asked = signed(request, project());
    let answer = world.fixture.client.clone().explain_funnel_person(asked).await;
    answer.map(tonic::Response::into_inner)
}

fn persons(steps: &[pb::FunnelStepResult]) -> Vec<i64> {
    steps.iter().map(|step| step.persons).collect()
}

async fn shop() -> World {
    World::start(vec![
        tagged("ada", "view", 10, r#"{"plan":"pro"}"#),
        on("ada", "cart", 11),
        on("ada", "buy", 12),
        tagged("ben", "view", 10, r#"{"plan":"free"}"#),
        on("ben", "leave", 11),
        on("ben", "cart", 12),
        tagged("cid", "view", 11, r#"{"plan":"free"}"#),
        on("cid", "buy", 12),
        on("dan", "buy", 12),
    ])
    .await
}

#[tokio::test]
async fn a_funnel_is_counted_listed_and_explained() {
    let world = shop().await;
    let answer = query(&world, funnel()).await.expect("an answer");
    assert_eq!(persons(&answer.steps), [3, 2, 1]);
    let day = |days: i64| Some(Duration { seconds: days * 86_400, nanos: 0 });
    // Ada needed one day, Ben two.
    assert_eq!(
        answer.steps[1].average_time_to_convert,
        Some(Duration { seconds: 129_600, nanos: 0 })
    );
    assert_eq!(answer.time_to_convert.len(), 1);
    assert_eq!((answer.time_to_convert[0].from, answer.time_to_convert[0].persons), (day(2), 1));

    let mut number =
        pb::ListFunnelPersonsRequest { funnel: Some(funnel()), step: 1, ..Default::default() };
    assert_eq!(who(&world, number.clone()).await, ["ada", "ben", "cid"]);
    number.step = 2;
    assert_eq!(who(&world, number.clone()).await, ["ada", "ben"]);
    number.dropped_off = true;
    assert_eq!(who(&world, number.clone()).await, ["cid"]);
    number.step = 3;
    assert_eq!(who(&world, number.clone()).await, ["ben"]);
    let breakdown = pb::Breakdown { property: "plan".into(), ..Default::default() };
    number.funnel.as_mut().expect("set").breakdown = Some(breakdown);
    number = pb::ListFunnelPersonsRequest {
        step: 1,
        dropped_off: false,
        breakdown_value: "free".into(),
        ..number
    };
    assert_eq!(who(&world, number).await, ["ben", "cid"]);

    let told = explain(&world, Id::DistinctId("ben".into())).await.expect("an explanation");
    assert_eq!(told.reached_step, 0, "{}", told.summary);
    let verdicts: Vec<_> = told.events.iter().map(pb::ExplainedEvent::verdict).collect();
    assert_eq!(verdicts, [Verdict::NotCounted, Verdict::Excluded, Verdict::NotCounted]);
    let told = explain(&world, Id::PersonId(id_of("ada"))).await.expect("an explanation");
    assert_eq!(told.reached_step, 3, "{}", told.summary);
    assert!(told.events.iter().all(|event| event.verdict() == Verdict::Counted));
    let steps: Vec<_> = told.events.iter().map(|event| event.step).collect();
    assert_eq!(steps, [1, 2, 3]);
    let told = explain(&world, Id::DistinctId("unheard".into())).await.expect("an explanation");
    assert_eq!((told.reached_step, told.events.len()), (0, 0));
    let refused = explain(&world, Id::PersonId(id_of("unheard"))).await.expect_err("nobody");
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test]
async fn orders_optional_steps_and_exclusions_change_who_counts() {
    let world = shop().await;
    let counted = async |change: &dyn Fn(&mut pb::QueryFunnelRequest)| {
        let mut request = funnel();
        change(&mut request);
        persons(&query(&world, request).await.expect("an answer").steps)
    };
    assert_eq!(counted(&|asked| asked.set_order(Order::Strict)).await, [3, 1, 1]);
    assert_eq!(counted(&|asked| asked.set_order(Order::Any)).await, [4, 3, 1]);
    assert_eq!(counted(&|asked| asked.steps[1].optional = true).await, [3, 2, 2]);
    let leave = pb::FunnelExclusion { event: "leave".into(), ..Default::default() };
    assert_eq!(counted(&|asked| asked.exclusions = vec![leave.clone()]).await, [2, 1, 1]);
}

#[tokio::test]
async fn a_trend_has_a_point_for_each_bucket() {
    let world = shop().await;
    let request = pb::QueryFunnelTrendRequest { funnel: Some(funnel()), ..Default::default() };
    let answer = world.fixture.client.clone().query_funnel_trend(signed(request, project())).await;
    let points = answer.expect("an answer").into_inner().points;
    let points: Vec<_> =
        points.iter().map(|point| (point.entered, point.converted, point.conversion)).collect();
    assert_eq!(points, [(2, 1, 0.5), (1, 0, 0.0), (0, 0, 0.0), (0, 0, 0.0)]);
}

#[tokio::test]
async fn what_breaks_the_rules_is_refused_with_every_violation() {
    let world = World::start(vec![on("ada", "view", 10)]).await;
    let mut client = world.fixture.client.clone();
    let mut broken = funnel();
    broken.set_order(Order::Any);
    broken.steps[0].optional = true;
    broken.exclusions = vec![pb::FunnelExclusion { after_step: 3, ..Default::default() }];
    broken.breakdown = Some(pb::Breakdown {
        property: "p".into(),
        attribution: pb::breakdown::Attribution::Step.into(),
        attribution_step: 4,
        ..Default::default()
    });
    broken.group_type = "x".repeat(201);
    let refused = query(&world, broken).await.expect_err("many rules are broken");
    let expected = [
        "exclusions",
        "steps[0].optional",
        "exclusions[0].after_step",
        "breakdown.attribution_step",
        "group_type",
    ];
    assert_eq!(fields(&refused), expected);
    let request = pb::ListFunnelPersonsRequest {
        funnel: Some(pb::QueryFunnelRequest { range: None, ..funnel() }),
        step: 4,
        breakdown_value: "x".into(),
        page_size: 201,
        ..Default::default()
    };
    let refused = client.list_funnel_persons(signed(request, project())).await;
    let expected = ["funnel.range", "step", "breakdown_value", "page_size"];
    assert_eq!(fields(&refused.expect_err("broken")), expected);
    let request = pb::ExplainFunnelPersonRequest {
        funnel: Some(pb::QueryFunnelRequest { group_type: "company".into(), ..funnel() }),
        id: None,
    };
    let refused = client.explain_funnel_person(signed(request, project())).await;
    assert_eq!(fields(&refused.expect_err("broken")), ["funnel.group_type", "id"]);
    let request = pb::QueryFunnelTrendRequest {
        funnel: Some(pb::QueryFunnelRequest { range: days(0, 10_001), ..funnel() }),
        ..Default::default()
    };
    let refused = client.query_funnel_trend(signed(request, project())).await;
    assert_eq!(fields(&refused.expect_err("too long")), ["funnel.range"]);
}

#[tokio::test]
async fn another_tenants_project_is_not_found_by_any_question_about_funnels() {
    let world = World::start(vec![on("ada", "view", 10)]).await;
    let foreign = "0197f7a0-0000-7000-8000-00000000004e";
    let question = pb::QueryFunnelRequest { project_id: foreign.into(), ..funnel() };
    let mut client = world.fixture.client.clone();
    let funnel = Some(question);
    let list =
        pb::ListFunnelPersonsRequest { funnel: funnel.clone(), step: 1, ..Default::default() };
    let refused = client.list_funnel_persons(signed(list, project())).await;
    assert_eq!(refused.expect_err("foreign").code(), Code::NotFound);
    let trend = pb::QueryFunnelTrendRequest { funnel: funnel.clone(), ..Default::default() };
    let refused = client.query_funnel_trend(signed(trend, project())).await;
    assert_eq!(refused.expect_err("foreign").code(), Code::NotFound);
    let id = Some(Id::DistinctId("ada".into()));
    let explain = pb::ExplainFunnelPersonRequest { funnel, id };
    let refused = client.explain_funnel_person(signed(explain, project())).await;
    assert_eq!(refused.expect_err("foreign").code(), Code::NotFound);
}
