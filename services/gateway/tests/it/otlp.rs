//! OTLP over gRPC and HTTP.

use std::io::Write as _;
use std::sync::atomic::Ordering;

use http::uri::PathAndQuery;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt as _;

use crate::support::{PROJECT, SECRET_KEY, SESSION, Stage, WRITE_KEY, answer};

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const PROTOBUF: &str = "application/x-protobuf";
/// The time of the tests' clock, in nanoseconds.
const NOW: u64 = 1_800_000_000_000_000_000;

fn span(n: u8) -> Span {
    Span {
        trace_id: vec![7; 16],
        span_id: vec![n; 8],
        name: "GET /cart".into(),
        kind: SpanKind::Server.into(),
        start_time_unix_nano: NOW - 5_000_000,
        end_time_unix_nano: NOW,
        ..Span::default()
    }
}

fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let spans = ResourceSpans { scope_spans, ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![spans] }
}

/// A request of so many bytes and one span.
fn large(bytes: usize) -> ExportTraceServiceRequest {
    request(vec![Span { trace_state: "x".repeat(bytes), ..span(1) }])
}

async fn export(
    stage: &Stage,
    header: (&'static str, &str),
    gzip: bool,
    message: ExportTraceServiceRequest,
) -> Result<ExportTraceServiceResponse, Status> {
    let mut client = tonic::client::Grpc::new(stage.channel().await);
    if gzip {
        client = client.send_compressed(CompressionEncoding::Gzip);
    }
    client.ready().await.expect("ready");
    let mut request = Request::new(message);
    request.metadata_mut().insert(header.0, header.1.parse().expect("metadata"));
    let codec = ProstCodec::<ExportTraceServiceRequest, ExportTraceServiceResponse>::default();
    let answer = client.unary(request, PathAndQuery::from_static(EXPORT), codec).await?;
    Ok(answer.into_inner())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[tokio::test]
async fn either_key_in_either_header_brings_spans_in_by_grpc() {
    let stage = Stage::start().await;
    let bearer = format!("Bearer {WRITE_KEY}");
    for (header, compressed, n) in [
        (("authorization", bearer.as_str()), false, 1),
        (("authorization", bearer.as_str()), true, 2),
        (("x-api-key", SECRET_KEY), true, 3),
    ] {
        let answer = export(&stage, header, compressed, request(vec![span(n)])).await;
        assert_eq!(answer.expect("taken in"), ExportTraceServiceResponse::default());
    }
    let batches = stage.events.span_batches.lock().expect("no test panicked").clone();
    assert_eq!(batches.len(), 3);
    let project = uuid::Uuid::parse_str(PROJECT).expect("a uuid");
    assert!(batches.iter().all(|batch| batch.project_id == project.as_bytes()));
    let told = &batches[0].spans[0];
    assert_eq!((told.service.as_str(), told.duration_us), ("unknown", 5_000));
    assert_eq!(told.received_us, 1_800_000_000_000_000);
}

#[tokio::test]
async fn protobuf_and_json_come_by_http() {
    let stage = Stage::start().await;
    let bytes = request(vec![span(1)]).encode_to_vec();
    let post = || stage.post("/v1/traces").header("x-api-key", WRITE_KEY);
    let sent = post().header("content-type", PROTOBUF).body(bytes.clone()).send().await;
    let sent = sent.expect("an answer");
    assert_eq!(sent.status().as_u16(), 200);
    assert_eq!(sent.headers()["content-type"], PROTOBUF);
    let told = ExportTraceServiceResponse::decode(sent.bytes().await.expect("a body"));
    assert_eq!(told.expect("an answer"), ExportTraceServiceResponse::default());
    let zipped = post().header("content-type", PROTOBUF).header("content-encoding", "gzip");
    let sent = zipped.body(gzip(&bytes)).send().await.expect("an answer");
    assert_eq!(sent.status().as_u16(), 200);
    let json = r#"{"resourceSpans":[{"resource":{"attributes":[
        {"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"spans":[
        {"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"GET","kind":2,
         "startTimeUnixNano":"1799999999000000000","endTimeUnixNano":"1799999999250000000",
         "attributes":[{"key":"http.route","value":{"stringValue":"/cart"}},
                       {"key":"http.response.status_code","value":{"intValue":"500"}}]},
        {"traceId":"","spanId":"","name":"bad","kind":2,"startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}"#;
    let (status, told) = answer(post().header("content-type", "application/json").body(json)).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["partialSuccess"]["rejectedSpans"], "1");
    let batches = stage.events.span_batches.lock().expect("no test panicked").clone();
    let last = &batches.last().expect("a batch").spans[0];
    assert_eq!((last.service.as_str(), last.route.as_str()), ("shop", "/cart"));
    assert_eq!((last.status_code, last.is_error, last.duration_us), (500, true, 250_000));
}

#[tokio::test]
async fn malformed_spans_are_told_and_their_neighbours_taken_in() {
    let stage = Stage::start().await;
    let bad = Span { span_id: vec![], ..span(1) };
    let message = request(vec![bad.clone(), span(2), bad]);
    let told = export(&stage, ("x-api-key", WRITE_KEY), false, message).await.expect("answered");
    let partial = told.partial_success.expect("a part was refused");
    assert_eq!(partial.rejected_spans, 2);
    assert_eq!(partial.error_message, "a span needs a span id of 8 bytes");
    assert_eq!(stage.events.span_batches.lock().expect("no test panicked")[0].spans.len(), 1);
    // Nothing to pass on is no call.
    export(&stage, ("x-api-key", WRITE_KEY), false, request(vec![])).await.expect("answered");
    assert_eq!(stage.events.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn who_has_no_key_is_refused() {
    let stage = Stage::start().await;
    let message = || request(vec![span(1)]);
    let unknown = "obs_pub_thisKeyWasNeverMade0000";
    let session = format!("Bearer {SESSION}");
    for (header, code) in [
        (("x-other", "1"), Code::Unauthenticated),
        (("x-api-key", unknown), Code::Unauthenticated),
        (("authorization", session.as_str()), Code::PermissionDenied),
    ] {
        let refused = export(&stage, header, false, message()).await.expect_err("refused");
        assert_eq!(refused.code(), code, "{header:?}");
    }
    let post = stage.post("/v1/traces").header("content-type", PROTOBUF);
    let refused = post.body(message().encode_to_vec()).send().await.expect("an answer");
    assert_eq!(refused.status().as_u16(), 401);
    assert_eq!(refused.headers()["content-type"], PROTOBUF);
    // A page must not hold a secret key.
    let post = stage.post("/v1/traces").header("content-type", PROTOBUF);
    let leaked = post.bearer_auth(SECRET_KEY).header("origin", "https://shop.example");
    let leaked = leaked.body(message().encode_to_vec()).send().await.expect("an answer");
    assert_eq!(leaked.status().as_u16(), 401);
    assert!(stage.events.span_batches.lock().expect("no test panicked").is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let stage = Stage::start().await;
    for (content_type, body, expected) in [
        (PROTOBUF, &b"\xff\xff\xff"[..], 400),
        (PROTOBUF, b"{}", 400),
        ("application/json", b"[1]", 400),
        ("application/json", b"{\"resourceSpans\":7}", 400),
        ("text/plain", b"{}", 415),
        ("", b"", 415),
    ] {
        let post = stage.post("/v1/traces").header("content-type", content_type);
        let sent = post.bearer_auth(WRITE_KEY).body(body).send().await.expect("an answer");
        assert_eq!(sent.status().as_u16(), expected, "{content_type} {body:?}");
    }
    let (status, _) = answer(stage.http.get(format!("{}/v1/traces", stage.url))).await;
    assert_eq!(status, 405);
    // Nothing at all is a request without spans.
    let post = stage.post("/v1/traces").header("content-type", PROTOBUF).bearer_auth(WRITE_KEY);
    assert_eq!(post.send().await.expect("an answer").status().as_u16(), 200);
}

#[tokio::test]
async fn large_bodies_and_bombs_are_refused() {
    let stage = Stage::start().await;
    let mebibyte = 1024 * 1024;
    for (bytes, compressed) in [(10 * mebibyte, false), (40 * mebibyte, true)] {
        let refused = export(&stage, ("x-api-key", WRITE_KEY), compressed, large(bytes)).await;
        let code = refused.expect_err("too large").code();
        assert!(matches!(code, Code::OutOfRange | Code::ResourceExhausted), "{code:?}");
        let body = large(bytes).encode_to_vec();
        let body = if compressed { gzip(&body) } else { body };
        let post = stage.post("/v1/traces").header("content-type", PROTOBUF);
        let sent = post.bearer_auth(WRITE_KEY).body(body).send().await.expect("an answer");
        assert_eq!(sent.status().as_u16(), 413, "{bytes}");
    }
    let kept = export(&stage, ("x-api-key", WRITE_KEY), true, large(3 * mebibyte)).await;
    kept.expect("within the limit");
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let stage = Stage::start().await;
    *stage.events.full.lock().expect("no test panicked") = true;
    let refused = export(&stage, ("x-api-key", WRITE_KEY), false, request(vec![span(1)])).await;
    let refused = refused.expect_err("full");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.get_details_retry_info().is_some(), "or the exporter drops the spans");
    let post = stage.post("/v1/traces").header("content-type", PROTOBUF).bearer_auth(WRITE_KEY);
    let sent = post.body(request(vec![span(1)]).encode_to_vec()).send().await.expect("an answer");
    assert_eq!(sent.status().as_u16(), 429);
    assert_eq!(sent.headers()["retry-after"], "7");
}

#[tokio::test]
async fn a_message_that_is_none_is_the_callers_fault() {
    use observe_proto::events::v1::{CaptureEvent, CaptureRequest};
    let stage = Stage::start().await;
    let mut client = tonic::client::Grpc::new(stage.channel().await);
    client.ready().await.expect("ready");
    // Where OTLP has a message, this has text.
    let event = CaptureEvent { uuid: "z".repeat(10), ..CaptureEvent::default() };
    let mut request = Request::new(CaptureRequest { events: vec![event], ..Default::default() });
    let value = format!("Bearer {WRITE_KEY}").parse().expect("metadata");
    request.metadata_mut().insert("authorization", value);
    let codec = ProstCodec::<CaptureRequest, ExportTraceServiceResponse>::default();
    let refused = client.unary(request, PathAndQuery::from_static(EXPORT), codec).await;
    assert_eq!(refused.expect_err("no OTLP").code(), Code::InvalidArgument);
}
