use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, SpanKind};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status as Said};

use super::limits::{AGE_MAX, NAME_BYTES_MAX, TEXT_BYTES_MAX};
use super::*;

const NOW_S: i64 = 1_800_000_000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW_S, 0).unwrap()
}

fn text(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value.into())) });
    KeyValue { key: key.into(), value, ..KeyValue::default() }
}

fn number(key: &str, value: i64) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::IntValue(value)) });
    KeyValue { key: key.into(), value, ..KeyValue::default() }
}

fn server_span(attributes: Vec<KeyValue>) -> Span {
    let start = u64::try_from(NOW_S - 1).unwrap() * 1_000_000_000;
    Span {
        trace_id: vec![0xab; 16],
        span_id: vec![1; 8],
        name: "GET".into(),
        kind: SpanKind::Server.into(),
        start_time_unix_nano: start,
        end_time_unix_nano: start + 12_345_678,
        attributes,
        ..Span::default()
    }
}

fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let resource =
        Resource { attributes: vec![text("service.name", "shop")], ..Resource::default() };
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource = Some(resource);
    let spans = ResourceSpans { resource, scope_spans, ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![spans] }
}

fn one(span: Span) -> ServerSpan {
    let judged = judge(&request(vec![span]), now());
    assert_eq!(judged.refused.reasons, Vec::<String>::new());
    let [span] = judged.spans.try_into().expect("one span");
    span
}

fn refusal(span: Span) -> String {
    let judged = judge(&request(vec![span]), now());
    assert!(judged.spans.is_empty());
    judged.refused.into_partial_success().expect("a refusal").error_message
}

#[test]
fn a_server_span_says_how_a_request_was_served() {
    let span = one(server_span(vec![
        text("http.request.method", "post"),
        text("http.route", "/orders/{id}"),
        text("url.path", "/orders/7"),
        number("http.response.status_code", 503),
        text("enduser.id", "ada"),
    ]));
    assert_eq!((span.service.as_str(), span.method.as_str()), ("shop", "POST"));
    assert_eq!((span.route.as_str(), span.path.as_str()), ("/orders/{id}", "/orders/7"));
    assert_eq!((span.status_code, span.is_error), (503, true));
    assert_eq!((span.start_ms, span.duration_us), ((NOW_S - 1) * 1_000, 12_345));
    assert_eq!((span.distinct_id.as_str(), span.trace_id), ("ada", "ab".repeat(16)));
}

#[test]
fn older_conventions_are_read_too() {
    let span = one(server_span(vec![
        text("http.method", "GET"),
        text("http.target", "/users/42?tab=1"),
        text("http.status_code", "404"),
        number("user.id", 7),
    ]));
    assert_eq!((span.method.as_str(), span.route.as_str()), ("GET", "/users/:id"));
    assert_eq!((span.status_code, span.is_error, span.distinct_id.as_str()), (404, false, "7"));
    assert_eq!(span.path, "/users/42");
}

#[test]
fn rpcs_are_known_by_service_and_method() {
    let span = one(server_span(vec![
        text("rpc.system", "grpc"),
        text("rpc.service", "shop.v1.Cart"),
        text("rpc.method", "Add"),
    ]));
    assert_eq!((span.method.as_str(), span.route.as_str()), ("GRPC", "shop.v1.Cart/Add"));
}

#[test]
fn an_error_says_what_happened() {
    let exception = Event {
        name: "exception".into(),
        attributes: vec![
            text("exception.type", "Timeout"),
            text("exception.message", "no\0answer"),
        ],
        ..Event::default()
    };
    let failed = Some(Said { code: 2, message: "said".into() });
    let span = Span { status: failed.clone(), events: vec![exception], ..server_span(vec![]) };
    let span = one(span);
    assert_eq!((span.is_error, span.error_message.as_str()), (true, "Timeout: no\u{fffd}answer"));
    let span = one(Span { status: failed, ..server_span(vec![]) });
    assert_eq!(span.error_message, "said");
}

#[test]
fn a_span_that_is_sent_again_is_the_same() {
    let first = one(server_span(vec![]));
    let again = one(server_span(vec![text("http.route", "/other")]));
    assert_eq!(first.uuid, again.uuid);
    let other = one(Span { span_id: vec![2; 8], ..server_span(vec![]) });
    assert_ne!(first.uuid, other.uuid);
}

#[test]
fn what_is_no_request_is_left_out_without_a_word() {
    let client = Span { kind: SpanKind::Client.into(), trace_id: vec![], ..server_span(vec![]) };
    let judged = judge(&request(vec![client, server_span(vec![])]), now());
    assert_eq!((judged.spans.len(), judged.refused.into_partial_success()), (1, None));
}

#[test]
fn malformed_spans_are_refused_alone_and_said() {
    let good = server_span(vec![]);
    let nanos = |seconds: i64| u64::try_from(seconds).unwrap() * 1_000_000_000;
    let at = |start: u64, end: u64| Span {
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        ..server_span(vec![])
    };
    for (span, reason) in [
        (Span { trace_id: vec![], ..good.clone() }, "trace id"),
        (Span { trace_id: vec![0; 16], ..good.clone() }, "trace id"),
        (Span { span_id: vec![1; 7], ..good.clone() }, "span id"),
        (at(0, nanos(NOW_S)), "a start and an end"),
        (at(nanos(NOW_S), nanos(NOW_S) - 1), "before it starts"),
        (at(nanos(NOW_S - 200_000), nanos(NOW_S)), "longer than 24 hours"),
        (at(nanos(NOW_S + 7_200), nanos(NOW_S + 7_200)), "1 hour ahead"),
        (at(u64::MAX - 5, u64::MAX), "1 hour ahead"),
        (at(1, u64::MAX), "longer than 24 hours"),
        (at(1, 2), "90 days ago"),
        (
            at(nanos(NOW_S - AGE_MAX.num_seconds() - 1), nanos(NOW_S - AGE_MAX.num_seconds())),
            "90 days",
        ),
    ] {
        let told = refusal(span);
        assert!(told.contains(reason), "{told}: {reason}");
    }
    let bad = Span { trace_id: vec![], ..good.clone() };
    let judged = judge(&request(vec![bad.clone(), good, bad]), now());
    assert_eq!(judged.spans.len(), 1, "the good one goes on");
    let told = judged.refused.into_partial_success().unwrap();
    assert_eq!(
        (told.rejected_spans, told.error_message.as_str()),
        (2, "a span needs a trace id of 16 bytes")
    );
}

#[test]
fn texts_are_cut_and_odd_values_left_out() {
    let long = "é".repeat(10_000);
    let span = one(server_span(vec![
        text("http.route", &long),
        text("http.request.method", &long),
        text("url.path", &format!("/{long}")),
        text("enduser.id", &long),
        number("http.response.status_code", i64::MAX),
    ]));
    assert!(span.route.len() <= NAME_BYTES_MAX && span.method.len() <= 32);
    assert!(span.path.len() <= TEXT_BYTES_MAX);
    assert_eq!((span.distinct_id.as_str(), span.status_code), ("", 0));
    let bare = one(Span { name: String::new(), ..server_span(vec![]) });
    assert_eq!(bare.route, "/");
}

#[test]
fn more_spans_than_a_request_may_have_are_refused_one_by_one() {
    let spans = (0..SPANS_MAX + 3).map(|_| server_span(vec![])).collect();
    let judged = judge(&request(spans), now());
    assert_eq!((judged.spans.len(), judged.refused.count), (SPANS_MAX, 3));
}

#[test]
fn a_service_without_a_name_is_unknown() {
    let mut request = request(vec![server_span(vec![])]);
    request.resource_spans[0].resource = None;
    assert_eq!(judge(&request, now()).spans[0].service, "unknown");
}
