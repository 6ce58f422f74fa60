//! The Capture RPCs.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use observe_proto::events::v1::capture_service_client::CaptureServiceClient;
use observe_proto::events::v1::receipt::Outcome;
use observe_proto::events::v1::{CaptureEvent, CaptureRequest, CaptureStreamRequest};
use prost_types::value::Kind;
use prost_types::{Struct, Value};
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request};

use crate::support::{SECRET_KEY, SESSION, Stage, WRITE_KEY};

fn event(name: &str) -> CaptureEvent {
    CaptureEvent { name: name.into(), distinct_id: "u".into(), ..CaptureEvent::default() }
}

fn with<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("authorization", format!("Bearer {token}").parse().expect("metadata"));
    request
}

fn batch(events: Vec<CaptureEvent>) -> CaptureRequest {
    CaptureRequest { events, ..Default::default() }
}

#[tokio::test]
async fn every_event_gets_its_receipt() {
    let stage = Stage::start().await;
    let mut client =
        CaptureServiceClient::new(stage.channel().await).send_compressed(CompressionEncoding::Gzip);
    let deep = (0..100).fold(Struct::default(), |inner, _| Struct {
        fields: [("a".to_owned(), Value { kind: Some(Kind::StructValue(inner)) })].into(),
    });
    let uuid = "0191f3a0-0000-7000-8000-000000000001";
    let known = CaptureEvent { uuid: uuid.into(), anonymous_id: "a".into(), ..event("n") };
    let events = vec![
        known.clone(),
        known,
        event(""),
        CaptureEvent { properties: Some(deep), ..event("deep") },
        CaptureEvent {
            time: Some(prost_types::Timestamp { seconds: -1, nanos: 0 }),
            ..event("old")
        },
        event("n"),
    ];
    let answer =
        client.capture(with(SECRET_KEY, batch(events))).await.expect("answered").into_inner();
    let told: Vec<_> =
        answer.receipts.iter().map(|receipt| (receipt.outcome(), receipt.code.as_str())).collect();
    assert_eq!(
        told,
        [
            (Outcome::Accepted, ""),
            (Outcome::Duplicate, ""),
            (Outcome::Rejected, "missing_name"),
            (Outcome::Rejected, "too_deep"),
            (Outcome::Rejected, "too_old"),
            (Outcome::Accepted, ""),
        ]
    );
    assert_eq!((answer.receipts[0].index, answer.receipts[0].uuid.as_str()), (0, uuid));
    assert_eq!(answer.receipts[5].index, 5);
    let written = stage.events.written();
    assert_eq!(written.len(), 2);
    assert!(written.iter().all(|event| event.trusted));
    assert_eq!(written[0].properties_json, r#"{"$anonymous_id":"a"}"#);
}

#[tokio::test]
async fn an_empty_batch_is_answered_and_a_long_one_refused() {
    let stage = Stage::start().await;
    let mut client = CaptureServiceClient::new(stage.channel().await);
    let answer =
        client.capture(with(WRITE_KEY, batch(vec![]))).await.expect("answered").into_inner();
    assert!(answer.receipts.is_empty());
    assert_eq!(stage.events.calls.load(Ordering::Relaxed), 0);
    let refused = client.capture(with(WRITE_KEY, batch(vec![event("n"); 10_001]))).await;
    assert_eq!(refused.expect_err("too many").code(), Code::InvalidArgument);
    let answer =
        client.capture(with(WRITE_KEY, batch(vec![event("n"); 10_000]))).await.expect("the most");
    assert_eq!(answer.into_inner().receipts.len(), 10_000);
}

#[tokio::test]
async fn size_goes_by_the_class_of_the_key() {
    let stage = Stage::start().await;
    let mut client =
        CaptureServiceClient::new(stage.channel().await).max_encoding_message_size(usize::MAX);
    let sized = |count: usize| {
        let property = Value { kind: Some(Kind::StringValue("x".repeat(600 * 1024))) };
        let properties = Some(Struct { fields: [("a".to_owned(), property)].into() });
        batch(vec![CaptureEvent { properties, ..event("n") }; count])
    };
    let refused = client.capture(with(WRITE_KEY, sized(2))).await.expect_err("over 1 MiB");
    assert_eq!(refused.code(), Code::OutOfRange);
    client.capture(with(SECRET_KEY, sized(6))).await.expect("under 4 MiB");
    let refused = client.capture(with(SECRET_KEY, sized(7))).await.expect_err("over 4 MiB");
    assert_eq!(refused.code(), Code::OutOfRange);
}

#[tokio::test]
async fn only_keys_capture() {
    let stage = Stage::start().await;
    let mut client = CaptureServiceClient::new(stage.channel().await);
    let refused =
        client.capture(with(SESSION, batch(vec![event("n")]))).await.expect_err("a session");
    assert_eq!(refused.code(), Code::PermissionDenied);
    let refused = client.capture(batch(vec![event("n")])).await.expect_err("nobody");
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_stream_answers_each_batch_in_order() {
    let stage = Stage::start().await;
    let mut client = CaptureServiceClient::new(stage.channel().await);
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    let requests = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let mut answers =
        client.capture_stream(with(WRITE_KEY, requests)).await.expect("a stream").into_inner();
    for name in ["a", "b"] {
        let batch = Some(batch(vec![event(name)]));
        sender.send(CaptureStreamRequest { batch }).await.expect("sent");
        let answer = answers.message().await.expect("answered").expect("not the end");
        assert_eq!(answer.receipts.len(), 1);
    }
    let names: Vec<_> = stage.events.written().into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["a", "b"]);
    stage.identity.revoke(WRITE_KEY);
    stage.advance(TimeDelta::seconds(61));
    sender.send(CaptureStreamRequest::default()).await.expect("sent");
    let refused = answers.message().await.expect_err("the key was revoked");
    assert_eq!(refused.code(), Code::Unauthenticated);
}
