//! Every kind of question.

use std::collections::BTreeMap;
use std::fmt::Debug;

use observe_proto::common::v1::{Scope, TimeRange};
use observe_proto::identity::v1::Person;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::error_service_client::ErrorServiceClient;
use prost_types::Timestamp;
use tonic::{Response, Status};

use super::history::{DAYS, NAMES};
use crate::{Fixture, project, signed};

fn day(number: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: number * 86_400, nanos: 0 })
}

fn range() -> Option<TimeRange> {
    Some(TimeRange { start_time: day(0), end_time: day(DAYS + 1) })
}

fn breakdown(property: &str, scope: Scope) -> Option<pb::Breakdown> {
    Some(pb::Breakdown {
        property: property.into(),
        scope: scope.into(),
        ..pb::Breakdown::default()
    })
}

fn trends(math: pb::trends_series::Math) -> pb::QueryTrendsRequest {
    let series = |event: &&str| pb::TrendsSeries {
        event: (*event).into(),
        math: math.into(),
        ..pb::TrendsSeries::default()
    };
    pb::QueryTrendsRequest {
        range: range(),
        series: NAMES.iter().map(series).collect(),
        ..pb::QueryTrendsRequest::default()
    }
}

fn funnel() -> pb::QueryFunnelRequest {
    let step = |event: &str| pb::FunnelStep { event: event.into(), ..Default::default() };
    let steps = ["view", "$pageview", "buy"].map(step).to_vec();
    pb::QueryFunnelRequest { range: range(), steps, ..Default::default() }
}

fn retention() -> pb::QueryRetentionRequest {
    let event = |name: &str| Some(pb::RetentionEvent { event: name.into(), filter: None });
    pb::QueryRetentionRequest {
        range: range(),
        start_event: event("view"),
        return_event: event("buy"),
        ..Default::default()
    }
}

/// Sorts each person's distinct ids. Of a person that identity has no row of, they come in the order in which they were read, and
/// shards are not read in the same order twice.
fn sorted(persons: &mut [Person]) {
    persons.iter_mut().for_each(|person| person.distinct_ids.sort());
}

fn told<T: Debug>(answer: Result<Response<T>, Status>) -> Result<String, Status> {
    answer.map(|answer| format!("{:?}", answer.into_inner()))
}

/// How many events of each name there are.
pub(super) async fn totals(fixture: &Fixture) -> Option<BTreeMap<String, i64>> {
    let question = signed(trends(pb::trends_series::Math::Total), project());
    let answer = fixture.client.clone().query_trends(question).await.ok()?.into_inner();
    #[expect(clippy::cast_possible_truncation, reason = "few")]
    let total = |series: pb::TrendsResult| (series.label, series.total as i64);
    Some(answer.series.into_iter().map(total).filter(|(_, total)| *total > 0).collect())
}

/// The answers to every kind of question, as texts.
pub(super) async fn answers(fixture: &Fixture) -> Vec<Result<String, Status>> {
    let mut found = trends_answers(fixture).await;
    let mut client = fixture.client.clone();
    let by_browser = breakdown("browser", Scope::Event);
    found.push(told(client.query_funnel(signed(funnel(), project())).await));
    let question = pb::QueryFunnelRequest { breakdown: by_browser.clone(), ..funnel() };
    found.push(told(client.query_funnel(signed(question, project())).await));
    let question = pb::QueryFunnelRequest { group_type: "company".into(), ..funnel() };
    found.push(told(client.query_funnel(signed(question, project())).await));
    let question = pb::QueryFunnelTrendRequest { funnel: Some(funnel()), ..Default::default() };
    found.push(told(client.query_funnel_trend(signed(question, project())).await));
    for step in [1, 3] {
        let question = pb::ListFunnelPersonsRequest {
            funnel: Some(funnel()),
            step,
            page_size: 200,
            ..Default::default()
        };
        let mut answer = client.list_funnel_persons(signed(question, project())).await;
        let _ = answer.as_mut().map(|answer| sorted(&mut answer.get_mut().persons));
        found.push(told(answer));
    }
    found.push(told(client.query_retention(signed(retention(), project())).await));
    let question =
        pb::QueryLifecycleRequest { range: range(), event: "view".into(), ..Default::default() };
    found.push(told(client.query_lifecycle(signed(question, project())).await));
    let series = vec![pb::StickinessSeries { event: "view".into(), filter: None }];
    let question = pb::QueryStickinessRequest { range: range(), series, ..Default::default() };
    found.push(told(client.query_stickiness(signed(question, project())).await));
    for steps in [pb::query_paths_request::Steps::Pages, pb::query_paths_request::Steps::Events] {
        let steps = steps.into();
        let question = pb::QueryPathsRequest { range: range(), steps, ..Default::default() };
        found.push(told(client.query_paths(signed(question, project())).await));
    }
    let question = pb::QueryWebOverviewRequest { range: range(), ..Default::default() };
    found.push(told(client.query_web_overview(signed(question, project())).await));
    let mut errors = ErrorServiceClient::connect(fixture.url.clone()).await.expect("it listens");
    let filter = Some(pb::ErrorGroupFilter { range: range(), ..Default::default() });
    let question = pb::ListErrorGroupsRequest { filter, ..Default::default() };
    found.push(told(errors.list_error_groups(signed(question, project())).await));
    found
}

async fn trends_answers(fixture: &Fixture) -> Vec<Result<String, Status>> {
    use pb::trends_series::Math;
    let mut client = fixture.client.clone();
    let mut found = Vec::new();
    for math in [Math::Total, Math::UniquePersons, Math::WeeklyActive, Math::UniqueSessions] {
        for (property, scope) in
            [("", Scope::Event), ("browser", Scope::Event), ("plan", Scope::Person)]
        {
            let breakdown = breakdown(property, scope).filter(|_| !property.is_empty());
            let question = pb::QueryTrendsRequest { breakdown, ..trends(math) };
            found.push(told(client.query_trends(signed(question, project())).await));
        }
    }
    let mut question = trends(Math::P90);
    question.series.truncate(2);
    question.series.iter_mut().for_each(|series| series.math_property = "amount".into());
    found.push(told(client.query_trends(signed(question, project())).await));
    let question = pb::ListTrendPersonsRequest {
        trends: Some(trends(Math::UniquePersons)),
        series: 1,
        page_size: 200,
        ..Default::default()
    };
    let mut answer = client.list_trend_persons(signed(question, project())).await;
    let _ = answer.as_mut().map(|answer| sorted(&mut answer.get_mut().persons));
    found.push(told(answer));
    found
}
