//! Trends through the contract: formulas, comparisons, hints, and the persons behind a number.

use observe_core::PersonId;
use observe_proto::common::v1::TimeRange;
use observe_proto::identity::v1::Person;
use observe_proto::reports::v1 as pb;
use observe_testkit::eventually;
use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::stand_in::{StandIn, event};
use crate::{DEADLINE, Fixture, project, signed, start, trends};

const DAY_MS: i64 = 86_400_000;

impl Fixture {
    async fn persons(
        &self,
        request: pb::ListTrendPersonsRequest,
    ) -> Result<pb::ListTrendPersonsResponse, Status> {
        let answer = self.client.clone().list_trend_persons(signed(request, project())).await?;
        Ok(answer.into_inner())
    }

    async fn see(&self, views: f64) {
        let seen = async || self.views().await.is_ok_and(|total| total == views);
        eventually(DEADLINE, "the events", seen).await;
    }
}

fn behind(page_size: i32, page_token: &str) -> pb::ListTrendPersonsRequest {
    pb::ListTrendPersonsRequest {
        trends: Some(trends()),
        series: 1,
        page_size,
        page_token: page_token.into(),
        ..pb::ListTrendPersonsRequest::default()
    }
}

#[tokio::test]
async fn the_persons_behind_a_number_come_page_by_page_with_what_identity_keeps_of_them() {
    let upstream = StandIn::new(1);
    let ada = PersonId::of_distinct_id(project(), "ada");
    upstream.map(project(), "ada", ada);
    upstream.map(project(), "phone", ada);
    upstream.person(project(), ada, Some(r#"{"plan":"pro"}"#));
    let visitors = ["ada", "phone", "ben", "cid", "null"];
    let events = visitors.iter().map(|who| event(who, "view", 1_000)).collect();
    upstream.append(0, project(), events);
    let fixture = start(&upstream).await;
    fixture.see(5.0).await;

    let mut found: Vec<Person> = Vec::new();
    let mut token = String::new();
    for page in 0..2 {
        let answer = fixture.persons(behind(2, &token)).await.expect("a page");
        assert_eq!(answer.total, 3, "three persons; who has an illegal id is nobody");
        assert_eq!(answer.persons.len(), [2, 1][page]);
        found.extend(answer.persons);
        token = answer.next_page_token;
    }
    assert!(token.is_empty(), "there is no third page");
    let known = found.iter().find(|one| one.id == ada.to_string()).expect("ada is there");
    assert_eq!(known.distinct_ids, ["ada", "phone"]);
    assert!(known.created_time.is_some(), "identity has a row of her");
    assert!(known.properties.as_ref().expect("given").fields.contains_key("plan"));
    let ben = PersonId::of_distinct_id(project(), "ben").to_string();
    let unknown = found.iter().find(|one| one.id == ben).expect("ben is there");
    assert_eq!((unknown.distinct_ids.as_slice(), unknown.identified), (&["ben".into()][..], false));
    assert!(unknown.created_time.is_none() && unknown.properties.is_some());
}

#[tokio::test]
async fn a_page_token_is_good_for_its_own_question_alone() {
    let upstream = StandIn::new(1);
    let events = ["a1", "b1", "c1"].iter().map(|who| event(who, "view", 1_000)).collect();
    upstream.append(0, project(), events);
    let fixture = start(&upstream).await;
    fixture.see(3.0).await;
    let token = fixture.persons(behind(1, "")).await.expect("a page").next_page_token;
    assert!(fixture.persons(behind(2, &token)).await.is_ok(), "pages may be of any size");
    let mut other = behind(1, &token);
    other.trends.as_mut().expect("given").series[0].event = "buy".into();
    for refused in [other, behind(1, "nonsense")] {
        let refused = fixture.persons(refused).await.expect_err("of another question");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn groups_are_named_by_their_keys() {
    let upstream = StandIn::new(1);
    let grouped = |who: &str, company: &str| {
        let properties_json = format!(r#"{{"$groups":{{"company":"{company}"}}}}"#);
        observe_proto::events::v1::AcceptedEvent { properties_json, ..event(who, "view", 1_000) }
    };
    let events = vec![grouped("ada", "acme"), grouped("ben", "acme"), grouped("cid", "globex")];
    upstream.append(0, project(), events);
    let fixture = start(&upstream).await;
    fixture.see(3.0).await;
    let mut asked = behind(0, "");
    asked.trends.as_mut().expect("given").group_type = "company".into();
    let answer = fixture.persons(asked).await.expect("a page");
    assert_eq!((answer.group_keys, answer.total), (vec!["acme".into(), "globex".into()], 2));
    assert!(answer.persons.is_empty());
}

#[tokio::test]
async fn a_formula_with_a_comparison_is_answered_with_hints() {
    let upstream = StandIn::new(1);
    let views = [0, 1, DAY_MS, DAY_MS + 1, DAY_MS + 2, DAY_MS + 3];
    let mut events: Vec<_> = views.iter().map(|time| event("ada", "view", *time)).collect();
    events.push(event("ada", "purchase", 5));
    events.push(event("ada", "purchase", DAY_MS + 5));
    upstream.append(0, project(), events);
    let fixture = start(&upstream).await;
    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
    let range = Some(TimeRange { start_time: at(86_400), end_time: at(2 * 86_400) });
    let of = |event: &str| pb::TrendsSeries { event: event.into(), ..Default::default() };
    let asked = pb::QueryTrendsRequest {
        range,
        series: vec![of("purchase"), of("view"), of("purchse")],
        formula: "(A + C) / B".into(),
        compare_previous: true,
        ..trends()
    };
    let ask = async || {
        let answer = fixture.client.clone().query_trends(signed(asked.clone(), project())).await;
        answer.ok().map(tonic::Response::into_inner).filter(|one| one.series[0].total > 0.0)
    };
    eventually(DEADLINE, "the events", async || ask().await.is_some()).await;
    let answer = ask().await.expect("it is there now");
    let told = |line: &pb::TrendsResult| {
        let start = line.points[0].start_time.expect("given").seconds;
        (line.label.clone(), start, line.points[0].value, line.total)
    };
    assert_eq!(answer.series.len(), 1);
    assert_eq!(told(&answer.series[0]), ("(A + C) / B".into(), 86_400, 0.25, 0.25));
    assert_eq!(told(&answer.previous[0]), ("(A + C) / B".into(), 0, 0.5, 0.5));
    let hint = &answer.hints[0];
    assert_eq!(hint.kind(), pb::hint::Kind::UnknownEvent);
    assert_eq!(hint.suggestions, ["purchase"]);
    let message = "No event named \"purchse\" in this project; did you mean \"purchase\"?";
    assert_eq!(hint.message, message);
}
