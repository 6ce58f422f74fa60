//! Capture from pages, where a project lists its own.

use observe_proto::events::v1::{CaptureEvent, CaptureRequest};

use crate::grpc_web::frame;
use crate::support::{Stage, WRITE_KEY, answer};

const EVENT: &str = r#"{"name":"n","user_id":"u"}"#;
const MESSAGE: &str =
    "this origin is not allowed to send events to this project; add it in the project's settings";

async fn stage() -> Stage {
    let stage = Stage::start().await;
    let listed = vec!["https://example.com".to_owned()];
    *stage.identity.allowed_origins.lock().expect("no test panicked") = listed;
    stage
}

#[tokio::test]
async fn a_page_that_is_not_listed_is_refused_and_can_read_why() {
    let stage = stage().await;
    let post = |place: &str, origin: &str| {
        let request = match place {
            "header" => stage.post("/v1/events").bearer_auth(WRITE_KEY).body(EVENT),
            "query" => stage.post(&format!("/v1/events?key={WRITE_KEY}")).body(EVENT),
            _ => {
                let body = format!(r#"{{"api_key":"{WRITE_KEY}","events":[{EVENT}]}}"#);
                stage.post("/v1/events").body(body)
            }
        };
        if origin.is_empty() { request } else { request.header("origin", origin) }
    };
    for place in ["header", "query", "body"] {
        let refused = post(place, "https://other.example").send().await.expect("an answer");
        assert_eq!(refused.status(), 403, "{place}");
        assert_eq!(refused.headers()["access-control-allow-origin"], "*");
        let body: serde_json::Value =
            serde_json::from_str(&refused.text().await.expect("text")).expect("JSON");
        assert_eq!(
            (body["code"].as_str(), body["message"].as_str()),
            (Some("PERMISSION_DENIED"), Some(MESSAGE))
        );
        assert_eq!(answer(post(place, "null")).await.0, 403);
        assert_eq!(answer(post(place, "https://example.com")).await.0, 202);
        assert_eq!(answer(post(place, "")).await.0, 202, "no page at all");
    }
    assert_eq!(stage.events.written().len(), 6);
    assert_eq!(stage.identity.authenticated(), 1, "the list is kept with the key");
}

#[tokio::test]
async fn the_rpc_is_refused_alike() {
    let stage = stage().await;
    let path = "/observe.events.v1.CaptureService/Capture";
    let event =
        CaptureEvent { name: "n".into(), distinct_id: "u".into(), ..CaptureEvent::default() };
    let message = CaptureRequest { events: vec![event], ..Default::default() };
    let call = |origin: &str| {
        let request = stage.post(path).header("content-type", "application/grpc-web+proto");
        request.bearer_auth(WRITE_KEY).header("origin", origin).body(frame(&message))
    };
    let refused = call("https://other.example").send().await.expect("an answer");
    assert_eq!(refused.headers()["access-control-allow-origin"], "*");
    let in_headers = refused.headers().get("grpc-status").is_some_and(|status| status == "7");
    let body = refused.bytes().await.expect("a body");
    assert!(in_headers || String::from_utf8_lossy(&body).contains("grpc-status:7"));
    assert!(stage.events.written().is_empty());
    call("https://example.com").send().await.expect("an answer");
    assert_eq!(stage.events.written().len(), 1);
    let doorway = stage.post(path).bearer_auth(WRITE_KEY).header("origin", "https://other.example");
    assert_eq!(answer(doorway.json(&serde_json::json!({"events": []}))).await.0, 403);
}
