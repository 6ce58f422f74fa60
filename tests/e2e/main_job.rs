//! The main job: an event goes in, a visitor becomes a user, and one funnel shows the whole history.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use observe_core::{Clock as _, SystemClock};
use observe_proto::common::v1::TimeRange;
use observe_proto::events::v1::capture_service_client::CaptureServiceClient;
use observe_proto::events::v1::event_service_client::EventServiceClient;
use observe_proto::events::v1::receipt::Outcome;
use observe_proto::events::v1::{
    CaptureEvent, CaptureRequest, CaptureResponse, EventFilter, ListEventsRequest,
};
use observe_proto::identity::v1::get_person_request::Id;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use observe_proto::identity::v1::{GetPersonRequest, Person};
use observe_proto::reports::v1::insight_service_client::InsightServiceClient;
use observe_proto::reports::v1::trends_series::Math;
use observe_proto::reports::v1::{
    FunnelStep, QueryFunnelRequest, QueryFunnelResponse, QueryTrendsRequest, TrendsSeries,
};
use observe_testkit::eventually;
use prost::Message as _;
use prost_types::{Struct, Timestamp, Value, value::Kind};
use serde_json::json;

use crate::cluster::{Cluster, DEADLINE, SECRET_KEY, WRITE_KEY};

/// An hour ago, the same for the whole test: events far from now would be clamped.
fn start() -> i64 {
    static START: OnceLock<i64> = OnceLock::new();
    let now = || SystemClock.now().timestamp();
    *START.get_or_init(|| now() - 3600)
}

fn time(second: i64) -> Timestamp {
    Timestamp { seconds: start() + second, nanos: 0 }
}

fn range() -> Option<TimeRange> {
    Some(TimeRange { start_time: Some(time(-3600)), end_time: Some(time(86_400)) })
}

fn funnel() -> QueryFunnelRequest {
    let step = |event: &str| FunnelStep { event: event.into(), ..Default::default() };
    QueryFunnelRequest {
        range: range(),
        steps: vec![step("page_viewed"), step("button_clicked"), step("signed_up")],
        ..Default::default()
    }
}

fn persons(funnel: &QueryFunnelResponse) -> Vec<i64> {
    funnel.steps.iter().map(|step| step.persons).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_funnel_counts_one_person_over_three_protocols() {
    let cluster = Cluster::start().await;
    // Over HTTP: the visitor reads a page.
    let http = reqwest::Client::new();
    let viewed = json!({"anonymous_id": "usr_abc123", "name": "page_viewed", "timestamp": start()});
    let answer = cluster.post(&http, viewed.to_string()).await.unwrap();
    assert_eq!(answer.status(), 202);
    let answer: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(answer, json!({"accepted": 1, "duplicates": 0, "rejected": []}));
    // Over gRPC: the visitor clicks.
    let mut capture = CaptureServiceClient::new(cluster.client(WRITE_KEY));
    let clicked = event("button_clicked", "", "usr_abc123", 10, &[("element_id", "signup_btn")]);
    let answer = capture.capture(batch(vec![clicked])).await.unwrap().into_inner();
    assert_eq!(outcomes(&answer), [Outcome::Accepted]);
    // Over gRPC-web: the visitor signs up, and becomes a user.
    let identify = event("$identify", "user-7", "usr_abc123", 20, &[]);
    let signed_up = event("signed_up", "user-7", "", 30, &[]);
    let answer = grpc_web_capture(&cluster, &http, &batch(vec![identify, signed_up])).await;
    assert_eq!(outcomes(&answer), [Outcome::Accepted, Outcome::Accepted]);

    let mut insights = InsightServiceClient::new(cluster.client(SECRET_KEY));
    eventually(DEADLINE, "the funnel to show one person all the way", async || {
        let answer = insights.query_funnel(funnel()).await.ok()?.into_inner();
        (persons(&answer) == [1, 1, 1]).then_some(())
    })
    .await;
    let trends = QueryTrendsRequest {
        range: range(),
        series: vec![TrendsSeries { math: Math::UniquePersons.into(), ..Default::default() }],
        ..Default::default()
    };
    let answer = insights.query_trends(trends).await.unwrap().into_inner();
    assert!((answer.series[0].total - 1.0).abs() < f64::EPSILON, "one person, not two: {answer:?}");
    assert_eq!(doorway_funnel(&cluster, &http).await, [1, 1, 1]);
    let person = person(&cluster, "usr_abc123").await;
    assert_eq!(person.distinct_ids.len(), 2);
    assert!(person.identified);
    let mut events = EventServiceClient::new(cluster.client(SECRET_KEY));
    let filter = Some(EventFilter { person_id: person.id, ..Default::default() });
    let listed =
        events.list_events(ListEventsRequest { filter, ..Default::default() }).await.unwrap();
    let names: Vec<_> = listed.into_inner().events.into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["signed_up", "$identify", "button_clicked", "page_viewed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_payload_of_the_seed_works_as_written() {
    let cluster = Cluster::start().await;
    let body = r#"{"anonymous_id":"usr_abc123","name":"button_clicked","properties":{"element_id":"signup_btn","path":"/pricing","screen_width":1440}}"#;
    let answer = cluster.post(&reqwest::Client::new(), body.into()).await.unwrap();
    assert_eq!(answer.status(), 202);
    let status = cluster.at_rest(1).await;
    assert_eq!((status.accepted, status.stored), (1, 1));
    let mut events = EventServiceClient::new(cluster.client(SECRET_KEY));
    let listed = events.list_events(ListEventsRequest::default()).await.unwrap().into_inner();
    let event = &listed.events[0];
    assert_eq!((event.name.as_str(), event.distinct_id.as_str()), ("button_clicked", "usr_abc123"));
    let width = &event.properties.as_ref().unwrap().fields["screen_width"];
    assert_eq!(width.kind, Some(Kind::NumberValue(1440.0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_event_is_rejected_alone() {
    let cluster = Cluster::start().await;
    let body = r#"[{"name":"a","distinct_id":"u"},{"distinct_id":"u"},{"name":"b","distinct_id":"u","properties":{"x":1e999}},"nonsense",{"name":"c","distinct_id":42}]"#;
    let answer = cluster.post(&reqwest::Client::new(), body.into()).await.unwrap();
    assert_eq!(answer.status(), 202);
    let answer: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(answer["accepted"], 2);
    let rejected: Vec<_> = answer["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["index"].clone(), r["code"].clone()))
        .collect();
    assert_eq!(
        rejected,
        [
            (json!(1), json!("missing_name")),
            (json!(2), json!("non_finite_number")),
            (json!(3), json!("invalid_event"))
        ]
    );
    assert_eq!(cluster.at_rest(2).await.stored, 2);
}

fn event(
    name: &str,
    user: &str,
    anonymous: &str,
    second: i64,
    properties: &[(&str, &str)],
) -> CaptureEvent {
    let fields: BTreeMap<_, _> = properties
        .iter()
        .map(|(key, value)| {
            ((*key).into(), Value { kind: Some(Kind::StringValue((*value).into())) })
        })
        .collect();
    CaptureEvent {
        name: name.into(),
        distinct_id: user.into(),
        anonymous_id: anonymous.into(),
        time: Some(time(second)),
        properties: Some(Struct { fields }),
        ..Default::default()
    }
}

fn batch(events: Vec<CaptureEvent>) -> CaptureRequest {
    CaptureRequest { events, ..Default::default() }
}

fn outcomes(answer: &CaptureResponse) -> Vec<Outcome> {
    answer.receipts.iter().map(observe_proto::events::v1::Receipt::outcome).collect()
}

/// A unary call as a browser makes it: one length-prefixed frame in an HTTP/1.1 POST.
async fn grpc_web_capture(
    cluster: &Cluster,
    http: &reqwest::Client,
    request: &CaptureRequest,
) -> CaptureResponse {
    let message = request.encode_to_vec();
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    let url = format!("{}/observe.events.v1.CaptureService/Capture", cluster.base);
    let post =
        http.post(url).bearer_auth(WRITE_KEY).header("content-type", "application/grpc-web+proto");
    let answer = post.header("x-grpc-web", "1").body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let bytes = answer.bytes().await.unwrap();
    let length = u32::from_be_bytes(bytes[1..5].try_into().unwrap()) as usize;
    assert!(String::from_utf8_lossy(&bytes[5 + length..]).contains("grpc-status:0"));
    CaptureResponse::decode(&bytes[5..5 + length]).unwrap()
}

/// The same funnel with curl's means: JSON in, JSON out.
async fn doorway_funnel(cluster: &Cluster, http: &reqwest::Client) -> Vec<i64> {
    let url = format!("{}/observe.reports.v1.InsightService/QueryFunnel", cluster.base);
    let question = json!({
        "range": {"startTime": time(-3600).to_string(), "endTime": time(86_400).to_string()},
        "steps": [{"event": "page_viewed"}, {"event": "button_clicked"}, {"event": "signed_up"}],
    });
    let answer = http.post(url).bearer_auth(SECRET_KEY).json(&question).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let answer: serde_json::Value = answer.json().await.unwrap();
    let steps = answer["steps"].as_array().unwrap();
    // proto3 JSON writes an int64 as text.
    steps.iter().map(|step| step["persons"].as_str().unwrap().parse().unwrap()).collect()
}

async fn person(cluster: &Cluster, distinct_id: &str) -> Person {
    let mut persons = PersonServiceClient::new(cluster.client(SECRET_KEY));
    let request =
        GetPersonRequest { id: Some(Id::DistinctId(distinct_id.into())), ..Default::default() };
    persons.get_person(request).await.unwrap().into_inner().person.unwrap()
}
