//! What is not accepted is reported to its project, whatever wire it came on.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use observe_proto::events::v1::capture_service_client::CaptureServiceClient;
use observe_proto::events::v1::{CaptureEvent, CaptureRequest, CaptureStreamRequest};
use serde_json::json;
use tonic::Request;

use crate::support::{PROJECT, SECRET_KEY, Stage, WRITE_KEY, answer, eventually};

/// Waits until what was reported adds up to these counts.
async fn reported(stage: &Stage, expected: &[(&str, i64)]) {
    let expected: BTreeMap<_, _> =
        expected.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect();
    let mut last = BTreeMap::new();
    eventually(&format!("a report of {expected:?}"), async || {
        last = stage.events.rejected();
        last == expected
    })
    .await;
}

fn authorized<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Bearer {WRITE_KEY}").parse().expect("metadata");
    request.metadata_mut().insert("authorization", value);
    request
}

#[tokio::test]
async fn rejected_events_are_counted_and_shown_with_where_they_came_from() {
    let stage = Stage::start().await;
    let body = json!([
        {"name": "fine", "user_id": "u"},
        {"uuid": "0191f3a0-0000-7000-8000-000000000001", "event": "nobody", "api_key": WRITE_KEY,
         "properties": {"$lib": "web", "$lib_version": "1.2.3", "token": "hush"}},
        {"user_id": "u"},
        {"user_id": "u"},
    ]);
    let (status, body) = stage.capture(body.to_string()).await;
    assert_eq!((status, body["accepted"].as_i64()), (202, Some(1)));
    reported(&stage, &[("missing_distinct_id", 1), ("missing_name", 2)]).await;
    let reports = stage.events.rejections.lock().unwrap().clone();
    let project = uuid::Uuid::from_slice(&reports[0].project_id).expect("a uuid");
    assert_eq!(project.to_string(), PROJECT);
    let examples = stage.events.examples();
    assert_eq!(examples.len(), 3);
    let example = &examples[0];
    assert_eq!(
        (example.code.as_str(), example.name.as_str(), example.endpoint.as_str()),
        ("missing_distinct_id", "nobody", "/v1/events")
    );
    assert_eq!(example.uuid, "0191f3a0-0000-7000-8000-000000000001");
    assert_eq!(example.library, "web 1.2.3");
    assert_eq!(example.received_time.map(|time| time.seconds), Some(1_800_000_000));
    assert!(example.message.contains("user_id"), "{}", example.message);
    assert!(example.excerpt.contains("nobody"), "{}", example.excerpt);
    assert!(
        !example.excerpt.contains(WRITE_KEY) && !example.excerpt.contains("hush"),
        "{}",
        example.excerpt
    );
}

#[tokio::test]
async fn requests_that_are_refused_whole_are_reported_by_reason() {
    let stage = Stage::start().await;
    let post = |body: &str| stage.post("/v1/events").bearer_auth(WRITE_KEY).body(body.to_owned());
    let many = format!("[{}{{}}]", "{},".repeat(10_000));
    let large = " ".repeat(2 * 1024 * 1024);
    assert_eq!(answer(post("{\"api_key\":\"obs_pub_abc\",nope")).await.0, 400);
    assert_eq!(answer(post("[]")).await.0, 400);
    assert_eq!(answer(post(&many)).await.0, 413);
    assert_eq!(answer(post(&large)).await.0, 413);
    assert_eq!(answer(post("x").header("content-encoding", "gzip")).await.0, 400);
    assert_eq!(answer(post("x").header("content-encoding", "zstd")).await.0, 415);
    *stage.identity.allowed_origins.lock().unwrap() = vec!["https://shop.example".to_owned()];
    stage.advance(TimeDelta::seconds(61));
    assert_eq!(answer(post("{}").header("origin", "https://other.example")).await.0, 403);
    let leaked = stage.post(&format!("/v1/events?key={SECRET_KEY}")).body("{}");
    assert_eq!(answer(leaked).await.0, 401);
    // Nobody's project is known.
    assert_eq!(answer(stage.post("/v1/events").body("nope")).await.0, 400);
    assert_eq!(answer(stage.post("/v1/events").bearer_auth("obs_pub_x").body("{}")).await.0, 401);
    reported(
        &stage,
        &[
            ("body_too_large", 1),
            ("malformed", 1),
            ("no_events", 1),
            ("not_json", 1),
            ("origin_not_allowed", 1),
            ("secret_key_exposed", 1),
            ("too_many_events", 1),
            ("unsupported_encoding", 1),
        ],
    )
    .await;
    let examples = stage.events.examples();
    let of = |code: &str| examples.iter().find(|example| example.code == code).expect(code).clone();
    assert_eq!(of("not_json").excerpt, "{\"api_key\":\"***\",nope");
    assert_eq!(of("not_json").endpoint, "/v1/events");
    assert!(of("not_json").message.contains("line 1"), "{}", of("not_json").message);
    assert_eq!(of("secret_key_exposed").excerpt, "");
}

#[tokio::test]
async fn a_full_queue_is_told_by_the_events_it_did_not_take() {
    let stage = Stage::start().await;
    *stage.events.full.lock().unwrap() = true;
    let body = json!([{"name": "a", "user_id": "u"}, {"name": "b", "user_id": "u"}, {"name": "c"}]);
    assert_eq!(stage.capture(body.to_string()).await.0, 429);
    // The one that is wrong comes again with the others, and counts then.
    reported(&stage, &[("queue_full", 2)]).await;
    *stage.events.full.lock().unwrap() = false;
    assert_eq!(stage.capture(body.to_string()).await.0, 202);
    reported(&stage, &[("missing_distinct_id", 1), ("queue_full", 2)]).await;
}

#[tokio::test]
async fn the_rpcs_are_reported_as_well() {
    let stage = Stage::start().await;
    let event = |name: &str| CaptureEvent { name: name.into(), ..CaptureEvent::default() };
    let batch = |events| CaptureRequest { events, ..CaptureRequest::default() };
    let mut client = CaptureServiceClient::new(stage.channel().await);
    let rejected = batch(vec![event("nobody")]);
    client.capture(authorized(rejected.clone())).await.expect("answered");
    client.capture(authorized(batch(vec![event("n"); 10_001]))).await.expect_err("too many events");
    let streamed = CaptureStreamRequest { batch: Some(rejected) };
    let too_many = CaptureStreamRequest { batch: Some(batch(vec![event(""); 10_001])) };
    let requests = tokio_stream::iter([streamed, too_many]);
    let mut answers =
        client.capture_stream(authorized(requests)).await.expect("a stream").into_inner();
    answers.message().await.expect("answered").expect("an answer");
    answers.message().await.expect_err("too many events");
    let json = stage.post("/observe.events.v1.CaptureService/Capture").bearer_auth(WRITE_KEY);
    let (status, _) = answer(json.json(&json!({"events": [{"name": "nobody"}, 5]}))).await;
    assert_eq!(status, 200);
    reported(
        &stage,
        &[("invalid_event", 1), ("missing_distinct_id", 3), ("too_many_events", 10_002)],
    )
    .await;
    let examples = stage.events.examples();
    assert!(examples.iter().all(|example| example.endpoint == "Capture"), "{examples:?}");
    let told = examples.iter().filter(|example| example.name == "nobody").count();
    assert_eq!(told, 3, "{examples:?}");
}

#[tokio::test]
async fn sentry_items_and_spans_are_reported_as_well() {
    let stage = Stage::start().await;
    let envelope = "{}\n{\"type\":\"event\"}\n{\"sdk\":{\"name\":\"sentry.python\",\"version\":\"2\"},\"event_id\":\"x\",\"timestamp\":\"soon\"}\n";
    let post = stage.post(&format!("/api/1/envelope/?sentry_key={WRITE_KEY}"));
    assert_eq!(answer(post.body(envelope)).await.0, 400);
    let spans = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "GET /", "kind": 2,
        "startTimeUnixNano": "1", "endTimeUnixNano": "2",
    }]}]}]});
    let post = stage.post("/v1/traces").bearer_auth(WRITE_KEY).json(&spans);
    assert_eq!(answer(post).await.0, 200);
    eventually("both reports", async || stage.events.examples().len() >= 2).await;
    let examples = stage.events.examples();
    let sentry: Vec<_> =
        examples.iter().filter(|example| example.endpoint.starts_with("/api/")).collect();
    assert!(sentry.iter().any(|example| example.library == "sentry.python 2"), "{examples:?}");
    assert!(
        examples
            .iter()
            .any(|example| example.code == "invalid_span" && example.endpoint == "/v1/traces"),
        "{examples:?}"
    );
}

#[tokio::test]
async fn a_report_that_fails_is_tried_again_and_the_rest_is_told_at_the_end() {
    let stage = Stage::start().await;
    *stage.events.deaf.lock().unwrap() = true;
    assert_eq!(stage.capture("{}").await.0, 202);
    assert_eq!(stage.capture("{}").await.0, 202);
    *stage.events.deaf.lock().unwrap() = false;
    assert_eq!(stage.capture("{}").await.0, 202);
    stage.life.stop();
    reported(&stage, &[("missing_name", 3)]).await;
}

#[tokio::test]
async fn a_flood_of_rejections_is_counted_whole_and_shown_in_part() {
    let stage = Stage::start().await;
    let many = format!("[{}{{}}]", "{},".repeat(9_999));
    for _ in 0..3 {
        assert_eq!(stage.capture(many.clone()).await.0, 202);
    }
    reported(&stage, &[("missing_name", 30_000)]).await;
    let reports = stage.events.rejections.lock().unwrap().clone();
    assert!(reports.iter().all(|report| report.examples.len() <= 100));
}
