//! What a connection may do, and how it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Stage, WRITE_KEY, answer, eventually};

async fn connect(stage: &Stage) -> TcpStream {
    let address = stage.url.trim_start_matches("http://");
    TcpStream::connect(address).await.expect("a connection")
}

#[tokio::test]
async fn a_request_that_is_under_way_is_finished_at_shutdown() {
    let stage = Stage::start().await;
    assert_eq!(stage.capture(r#"{"name":"n","user_id":"u"}"#).await.0, 202);
    let gate = stage.events.gate.lock().await;
    let request =
        stage.post("/v1/events").bearer_auth(WRITE_KEY).body(r#"{"name":"last","user_id":"u"}"#);
    let stop = async {
        stage.events.called(2).await;
        stage.life.stop();
        drop(gate);
    };
    let ((status, _), ()) = tokio::join!(answer(request), stop);
    assert_eq!(status, 202);
    assert!(stage.life.drained().await);
    assert_eq!(stage.events.written()[1].name, "last");
}

#[tokio::test]
async fn slow_strangers_are_kept_to_a_few_and_keys_do_not_notice() {
    let stage = Stage::start().await;
    let path = "/observe.identity.v1.AccountService/SignIn";
    let sign_in = async || {
        let body = serde_json::json!({"email": "a", "password": "p"});
        answer(stage.post(path).json(&body)).await
    };
    let mut slow = Vec::new();
    for path in [path, "/v1/events"].repeat(60) {
        let mut connection = connect(&stage).await;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 16000\r\n\r\n{{"
        );
        connection.write_all(head.as_bytes()).await.expect("sent");
        slow.push(connection);
    }
    eventually("the limit of one address", async || sign_in().await.0 == 429).await;
    let (_, refused) = sign_in().await;
    assert_eq!(refused["details"][0]["reason"], "RATE_LIMITED");
    let event = r#"{"name":"n","user_id":"u"}"#;
    let with_key = format!(r#"{{"api_key":"{WRITE_KEY}","events":[{event}]}}"#);
    assert_eq!(answer(stage.post("/v1/events").body(with_key.clone())).await.0, 429);
    assert_eq!(stage.capture(event).await.0, 202, "a key in the header is known at once");
    drop(slow);
    eventually("room again", async || sign_in().await.0 == 200).await;
    assert_eq!(answer(stage.post("/v1/events").body(with_key)).await.0, 202);
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_shutdown() {
    let stage = Stage::start().await;
    let mut idle = connect(&stage).await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    let mut buffer = [0; 1024];
    assert!(idle.read(&mut buffer).await.expect("an answer") > 0);
    let _silent = connect(&stage).await;
    let _channel = stage.channel().await;
    stage.life.stop();
    let drained = tokio::time::timeout(Duration::from_secs(12), stage.life.drained()).await;
    assert!(drained.expect("in time"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_all_the_time_over_kept_connections_sees_none_break_at_shutdown() {
    let stage = Stage::start().await;
    let address = stage.url.trim_start_matches("http://").to_owned();
    let answered = Arc::new(AtomicUsize::new(0));
    let sender = |address: String, answered: Arc<AtomicUsize>| async move {
        let body = r#"{"name":"n","user_id":"u"}"#;
        let length = body.len();
        let request = format!(
            "POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {WRITE_KEY}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let mut connection = TcpStream::connect(&address).await.expect("a connection");
        // Until it is told to go elsewhere.
        loop {
            connection.write_all(request.as_bytes()).await.expect("a request is taken in");
            let mut answer = Vec::new();
            while !answer.ends_with(b"}") {
                let read = connection.read_buf(&mut answer).await.expect("it is answered");
                assert!(read > 0, "the connection was closed under a request");
            }
            let answer = String::from_utf8(answer).expect("text");
            assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
            answered.fetch_add(1, Ordering::Relaxed);
            if answer.to_ascii_lowercase().contains("connection: close") {
                return;
            }
        }
    };
    #[expect(clippy::disallowed_methods, reason = "they end with the test's runtime")]
    let senders: Vec<_> =
        (0..16).map(|_| tokio::spawn(sender(address.clone(), answered.clone()))).collect();
    eventually("all to be sending", async || answered.load(Ordering::Relaxed) > 200).await;
    stage.life.stop();
    for sender in senders {
        sender.await.expect("no connection broke");
    }
    assert!(stage.life.drained().await);
    assert_eq!(stage.events.written().len(), answered.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_head_beyond_the_limit_is_refused() {
    let stage = Stage::start().await;
    let mut connection = connect(&stage).await;
    let head = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(100_000));
    let _ = connection.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer).await;
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}
