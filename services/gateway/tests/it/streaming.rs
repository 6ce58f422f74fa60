//! An answer that streams, through the edge to a browser.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use observe_proto::events::v1::{EventFilter, WatchEventsRequest};

use crate::grpc_web::frame;
use crate::support::{SECRET_KEY, Stage, WATCH_STEP, eventually};

const WATCH: &str = "/observe.events.v1.EventService/WatchEvents";

async fn watch(stage: &Stage, name: &str) -> reqwest::Response {
    let filter = EventFilter { names: vec![name.to_owned()], ..EventFilter::default() };
    let request = WatchEventsRequest { filter: Some(filter), ..WatchEventsRequest::default() };
    let post = stage.post(WATCH).header("content-type", "application/grpc-web+proto");
    let response = post.bearer_auth(SECRET_KEY).body(frame(&request)).send().await;
    let response = response.expect("an answer");
    assert_eq!(response.version(), reqwest::Version::HTTP_11);
    response
}

async fn next(response: &mut reqwest::Response) -> Vec<u8> {
    let chunk = tokio::time::timeout(Duration::from_secs(5), response.chunk()).await;
    chunk.expect("in time").expect("a chunk").expect("not the end").to_vec()
}

#[tokio::test]
async fn messages_arrive_one_after_the_other() {
    let stage = Stage::start().await;
    let started = Instant::now();
    let mut response = watch(&stage, "three").await;
    assert!(started.elapsed() < WATCH_STEP * 3, "the head waits for no message");
    let (mut bytes, mut arrivals) = (Vec::new(), Vec::new());
    while let Some(chunk) = response.chunk().await.expect("a chunk") {
        bytes.extend_from_slice(&chunk);
        arrivals.push(started.elapsed());
    }
    // Each is a frame of two bytes, `dropped`, after its head of five.
    for sent in 1..=3_u8 {
        let at = usize::from(sent - 1) * 7;
        assert_eq!(bytes[at..at + 7], [0, 0, 0, 0, 2, 16, sent]);
    }
    let trailers = String::from_utf8_lossy(&bytes[21..]);
    assert!(trailers.contains("grpc-status:0"), "{trailers}");
    assert!(arrivals.len() >= 3, "{arrivals:?}");
    let apart = arrivals[2] - arrivals[0];
    assert!(apart >= WATCH_STEP, "they came together: {arrivals:?}");
}

#[tokio::test]
async fn a_viewer_who_leaves_ends_the_call_behind() {
    let stage = Stage::start().await;
    let mut response = watch(&stage, "on").await;
    next(&mut response).await;
    assert_eq!(stage.events.watching.load(Ordering::Relaxed), 1);
    drop(response);
    eventually("the end of the call", async || stage.events.watching.load(Ordering::Relaxed) == 0)
        .await;
}

#[tokio::test]
async fn shutdown_ends_a_stream_with_a_status() {
    let stage = Stage::start().await;
    let mut response = watch(&stage, "on").await;
    next(&mut response).await;
    stage.life.stop();
    let mut text = String::new();
    while let Some(chunk) = tokio::time::timeout(Duration::from_secs(5), response.chunk())
        .await
        .expect("in time")
        .expect("a chunk")
    {
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(text.contains("grpc-status:14"), "{text}");
}
