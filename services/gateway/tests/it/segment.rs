//! What Segment's clients send. The clients themselves are in `tests/clients`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use observe_proto::events::v1::AcceptedEvent;
use serde_json::{Value, json};

use crate::support::{SECRET_KEY, Stage, WRITE_KEY, answer};

fn properties(event: &AcceptedEvent) -> Value {
    serde_json::from_str(&event.properties_json).expect("JSON")
}

fn basic(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:")))
}

#[tokio::test]
async fn a_batch_of_all_six_calls_is_six_events() {
    let stage = Stage::start().await;
    let call = |kind: &str, rest: Value| {
        let mut call = json!({
            "type": kind, "userId": "u1", "anonymousId": null, "integrations": {},
            "timestamp": "2027-01-15T07:59:59.500+00:00", "messageId": format!("node-next-{kind}"),
            "context": {"library": {"name": "analytics-node", "version": "3.1.0"}},
        });
        for (key, value) in rest.as_object().expect("an object") {
            call[key] = value.clone();
        }
        call
    };
    let batch = json!({
        "batch": [
            call("identify", json!({"anonymousId": "anon-1", "traits": {"email": "a@example.com"}})),
            call("track", json!({"event": "Order Completed", "properties": {"revenue": 9.5}})),
            call("page", json!({"name": "Home", "properties": {"url": "https://x.example/"}})),
            call("screen", json!({"name": "Main", "properties": {}})),
            call("group", json!({"groupId": "acme", "traits": {"name": "Acme"}})),
            call("alias", json!({"previousId": "anon-2"})),
        ],
        "sentAt": "2027-01-15T07:59:59.900+00:00",
        "writeKey": WRITE_KEY,
    });
    for _ in 0..2 {
        let request = stage.post("/v1/batch").header("authorization", basic(WRITE_KEY));
        let (status, body) = answer(request.body(batch.to_string())).await;
        assert_eq!((status, body), (200, json!({"success": true})));
    }
    let events = stage.events.written();
    let names: Vec<_> = events.iter().take(6).map(|event| event.name.as_str()).collect();
    let expected =
        ["$identify", "Order Completed", "$pageview", "$screen", "$groupidentify", "$create_alias"];
    assert_eq!(names, expected);
    assert!(events.iter().all(|event| event.distinct_id == "u1" && !event.historical));
    assert!(events.iter().all(|event| event.time_ms == 1_800_000_000_000 - 400));
    assert_eq!(properties(&events[0])["$anonymous_id"], "anon-1");
    assert_eq!(properties(&events[0])["$set"]["email"], "a@example.com");
    assert_eq!(properties(&events[1])["$lib"], "analytics-node");
    assert_eq!(properties(&events[5])["alias"], "anon-2");
    for (first, again) in events.iter().zip(&events[6..]) {
        assert_eq!(first.uuid, again.uuid, "a message that is sent again is the same event");
    }
}

#[tokio::test]
async fn each_call_has_an_address_of_its_own() {
    let stage = Stage::start().await;
    for (path, name) in [
        ("/v1/track", "bought"),
        ("/v1/identify", "$identify"),
        ("/v1/page", "$pageview"),
        ("/v1/screen", "$screen"),
        ("/v1/group", "$groupidentify"),
        ("/v1/alias", "$create_alias"),
    ] {
        let call =
            json!({"writeKey": WRITE_KEY, "userId": "u", "event": "bought", "previousId": "p"});
        let (status, body) = answer(stage.post(path).body(call.to_string())).await;
        assert_eq!(status, 200, "{path}: {body}");
        assert_eq!(stage.events.written().pop().expect("one").name, name);
    }
    let import =
        json!({"writeKey": WRITE_KEY, "batch": [{"type": "track", "event": "old", "userId": "u"}]});
    assert_eq!(answer(stage.post("/v1/import").body(import.to_string())).await.0, 200);
    assert!(stage.events.written().pop().expect("one").historical);
}

#[tokio::test]
async fn what_cannot_be_taken_is_told() {
    let stage = Stage::start().await;
    let with = |batch: Value| json!({"writeKey": WRITE_KEY, "batch": batch}).to_string();
    let mixed = with(
        json!([{"type": "track", "event": "a", "userId": "u"}, {"type": "what", "userId": "u"}]),
    );
    let (status, body) = answer(stage.post("/v1/batch").body(mixed)).await;
    assert_eq!((status, &body["rejected"][0]["code"]), (200, &json!("missing_name")), "{body}");
    let cases = [
        (with(json!([{"type": "track", "event": "a"}])), 400),
        (with(json!([])), 400),
        ("{".to_owned(), 400),
        ("[]".to_owned(), 400),
        (json!({"batch": [{"type": "track"}]}).to_string(), 401),
        (json!({"writeKey": SECRET_KEY, "batch": [{"type": "track"}]}).to_string(), 401),
    ];
    for (body, expected) in cases {
        let (status, said) = answer(stage.post("/v1/batch").body(body.clone())).await;
        assert_eq!(status, expected, "{body}: {said}");
    }
    let server = stage.post("/v1/track").header("authorization", basic(SECRET_KEY));
    let call = json!({"event": "a", "userId": "u"}).to_string();
    assert_eq!(answer(server.body(call)).await.0, 200, "a server may use its secret key");
}
