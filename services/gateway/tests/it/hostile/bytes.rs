//! Arbitrary bytes for every decoder of the edge: JSON, gzip, deflate, Brotli, protobuf, the frames of gRPC and gRPC-web,
//! envelopes, OTLP; some made up, most of them good ones that were damaged.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use observe_proto::events::v1::{CaptureEvent, CaptureRequest, CaptureStreamRequest};
use prost::Message as _;
use prost_types::value::Kind;
use prost_types::{Struct, Value};

use super::generator::Generator;
use super::json;
use crate::grpc_web::frame;
use crate::support::{SECRET_KEY, Stage};

const CAPTURE: &str = "/observe.events.v1.CaptureService/Capture";
const STREAM: &str = "/observe.events.v1.CaptureService/CaptureStream";
const LIST: &str = "/observe.events.v1.EventService/ListEvents";
const SPANS: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"GET /","kind":2,"startTimeUnixNano":"1800000000000000000","endTimeUnixNano":"1800000001000000000"}]}]}]}"#;
const ENVELOPE: &str = "{\"event_id\":\"8bad26d54ea7452288877bbb67533205\"}\n{\"type\":\"event\"}\n{\"message\":\"m\"}\n{\"type\":\"session\"}\n{}\n";

/// A kind of request: where it goes, what it says it is, and what a good body of it is.
type RequestKind =
    (&'static str, &'static [(&'static str, &'static str)], fn(&mut Generator) -> Vec<u8>);

const KINDS: [RequestKind; 14] = [
    ("/v1/events", &[], batch),
    ("/v1/events", &[("content-encoding", "gzip")], |generator| gzip(&batch(generator))),
    ("/v1/events", &[], |generator| gzip(&batch(generator))),
    ("/v1/events", &[("content-encoding", "deflate")], |generator| zlib(&batch(generator))),
    ("/v1/events", &[("content-encoding", "br")], |_| {
        vec![0x0b, 0x03, 0x80, 0x5b, 0x31, 0x2c, 0x32, 0x2c, 0x33, 0x5d, 0x03]
    }),
    (CAPTURE, &[("content-type", "application/json")], |generator| {
        format!("{{\"events\":{}}}", String::from_utf8_lossy(&batch(generator))).into_bytes()
    }),
    (CAPTURE, WEB, |generator| frame(&capture(generator))),
    (
        CAPTURE,
        &[("content-type", "application/grpc-web"), ("grpc-encoding", "gzip")],
        |generator| {
            let mut framed = vec![1];
            let packed = gzip(&capture(generator).encode_to_vec());
            framed.extend(u32::try_from(packed.len()).expect("short").to_be_bytes());
            framed.extend(packed);
            framed
        },
    ),
    (STREAM, WEB, |generator| {
        let batch = || CaptureStreamRequest { batch: None };
        let first = CaptureStreamRequest { batch: Some(capture(generator)) };
        [frame(&first), frame(&batch())].concat()
    }),
    (LIST, WEB, |_| frame(&CaptureStreamRequest::default())),
    (LIST, &[("content-type", "application/json")], |_| b"{\"pageSize\":5,\"filter\":{}}".to_vec()),
    ("/v1/traces", &[("content-type", "application/json")], |_| SPANS.as_bytes().to_vec()),
    ("/v1/traces", &[("content-type", "application/x-protobuf")], |generator| {
        capture(generator).encode_to_vec()
    }),
    ("/api/1/envelope/?sentry_key=obs_pub_0123456789abcdef", &[], |_| ENVELOPE.as_bytes().to_vec()),
];

const WEB: &[(&str, &str)] = &[("content-type", "application/grpc-web+proto"), ("x-grpc-web", "1")];

/// Codes of gRPC that say that the fault is ours.
const FAULTS: [&str; 3] = ["2", "13", "15"];

/// Sends so many requests of all kinds.
pub async fn none_makes_the_edge_fail(requests: usize) {
    let stage = Stage::start().await;
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..requests {
        let mut generator = Generator::new(seed as u64);
        let (path, headers, body) = generator.pick(&KINDS);
        let body = damaged(body(&mut generator), &mut generator);
        let mut post = stage.post(path).bearer_auth(SECRET_KEY).body(body);
        for (name, value) in *headers {
            post = post.header(*name, *value);
        }
        let response = post.send().await.expect("an answer");
        let status = response.status().as_u16();
        let in_head = response.headers().get("grpc-status").cloned();
        let body = response.bytes().await.unwrap_or_default();
        let code = in_head.and_then(|code| code.to_str().ok().map(str::to_owned));
        let code = code.or_else(|| trailer(&body)).unwrap_or_default();
        assert!(status < 500, "seed {seed}: {path} answers {status}: {body:?}");
        assert!(!FAULTS.contains(&code.as_str()), "seed {seed}: {path} answers {code}: {body:?}");
        if status < 300 && matches!(code.as_str(), "" | "0") { accepted += 1 } else { refused += 1 }
    }
    assert!(accepted * 20 > requests && refused * 5 > requests, "{accepted} and {refused}");
    let event = r#"{"name":"n","user_id":"u"}"#;
    assert_eq!(stage.capture(event).await.0, 202, "it still serves");
}

/// Returns the status in the trailers of a gRPC-web answer.
fn trailer(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let (_, after) = text.rsplit_once("grpc-status:")?;
    Some(after.trim_start().chars().take_while(char::is_ascii_digit).collect())
}

/// Damages a good body, or makes one up; sometimes it stays good.
fn damaged(mut body: Vec<u8>, generator: &mut Generator) -> Vec<u8> {
    match generator.below(8) {
        0 => return body,
        1 => {
            let length = generator.below(200);
            return generator.bytes(length);
        }
        2 => body.truncate(generator.below(body.len())),
        3 => {
            let tail = generator.below(50);
            body.extend(generator.bytes(tail));
        }
        4 => {
            let at = generator.below(body.len());
            body.drain(..at);
        }
        _ => {
            for _ in 0..=generator.below(8) {
                let at = generator.below(body.len());
                if let Some(byte) = body.get_mut(at) {
                    *byte ^= 1 << generator.below(8);
                }
            }
        }
    }
    body
}

fn batch(generator: &mut Generator) -> Vec<u8> {
    let count = generator.below(4);
    let events: Vec<_> = (0..count).map(|_| json::event(generator)).collect();
    format!("[{}]", events.join(",")).into_bytes()
}

fn capture(generator: &mut Generator) -> CaptureRequest {
    let event = |generator: &mut Generator| {
        let kinds = [
            Kind::NumberValue(f64::from_bits(generator.next())),
            Kind::StringValue("a\0\u{fffd}".into()),
            Kind::NullValue(7),
        ];
        let value = Value { kind: Some(generator.pick(&kinds).clone()) };
        CaptureEvent {
            name: "n\0".into(),
            distinct_id: "u".into(),
            time: Some(prost_types::Timestamp {
                seconds: i64::from_ne_bytes(generator.next().to_ne_bytes()),
                nanos: -1,
            }),
            properties: Some(Struct { fields: [("a".to_owned(), value)].into() }),
            ..CaptureEvent::default()
        }
    };
    let count = generator.below(4);
    let events = (0..count).map(|_| event(generator)).collect();
    CaptureRequest { events, ..CaptureRequest::default() }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}
