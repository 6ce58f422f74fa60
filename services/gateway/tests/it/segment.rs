//! What Segment's clients send. The clients themselves are in `tests/clients`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use observe_proto::events::v1::AcceptedEvent;
use serde_json::{Value, json};

use crate::recorded;
use crate::support::{SECRET_KEY, Stage, WRITE_KEY, answer};

const RECORDED: &str = include_str!("segment/recorded.json");

fn properties(event: &AcceptedEvent) -> Value {
    serde_json::from_str(&event.properties_json).expect("JSON")
}

fn basic(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:")))
}

#[tokio::test]
async fn what_the_clients_really_sent_is_taken() {
    let stage = Stage::start().await;
    let mut taken = Vec::new();
    for request in recorded::read(RECORDED) {
        // The key is in the body, too; gzip is seen from its first bytes.
        for without in ["", "authorization", "content-encoding", "content-type", "user-agent"] {
            let before = stage.events.written().len();
            let (status, body) = request.send(&stage, request.body.clone(), without).await;
            assert_eq!((status, body), (200, json!({"success": true})), "{}", request.client);
            let events = stage.events.written().split_off(before);
            assert!(events.iter().all(|event| event.distinct_id == "u1" && !event.trusted));
            let names: Vec<_> = events.iter().map(|event| event.name.clone()).collect();
            match without {
                "" => taken.push((request.client.clone(), names)),
                _ => assert_eq!(
                    taken.last(),
                    Some(&(request.client.clone(), names)),
                    "without {without}"
                ),
            }
        }
        request.send_broken(&stage).await;
    }
    let node = ["$identify", "paid", "$pageview", "$screen", "$groupidentify", "$create_alias"];
    let python = ["$identify", "paid", "$pageview", "$create_alias"];
    let expected = [
        ("@segment/analytics-node 3.1.0".to_owned(), node.map(str::to_owned).to_vec()),
        ("segment-analytics-python 2.4.0".to_owned(), python.map(str::to_owned).to_vec()),
        ("segment-analytics-python 2.4.0".to_owned(), python.map(str::to_owned).to_vec()),
    ];
    assert_eq!(taken, expected);
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
        ("/v1/track/", "bought"),
        // As the browser client writes them.
        ("/v1/t", "bought"),
        ("/v1/i", "$identify"),
        ("/v1/p", "$pageview"),
        ("/v1/s", "$screen"),
        ("/v1/g", "$groupidentify"),
        ("/v1/a", "$create_alias"),
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

#[tokio::test]
async fn the_browser_client_learns_where_to_send_to() {
    let stage = Stage::start().await;
    let get = |path: &str| {
        stage.http.get(format!("{}{path}", stage.url)).header("origin", "https://shop.example")
    };
    let response =
        get(&format!("/v1/projects/{WRITE_KEY}/settings")).send().await.expect("an answer");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let settings: Value = response.json().await.expect("JSON");
    let destination = &settings["integrations"]["Segment.io"];
    let host = stage.url.trim_start_matches("http://");
    assert_eq!(destination["apiHost"], format!("{host}/v1"));
    assert_eq!(
        (&destination["protocol"], &destination["apiKey"]),
        (&json!("http"), &json!(WRITE_KEY))
    );
    assert_eq!(answer(get("/v1/projects/a%22b/settings")).await.0, 404);
    let (status, body) = answer(stage.post("/v1/m").body("{\"series\":[]}")).await;
    assert_eq!((status, body), (200, json!({"success": true})));
    let behind_a_proxy = Stage::start_at("https://observe.example.com").await;
    let url = format!("{}/v1/projects/{WRITE_KEY}/settings", behind_a_proxy.url);
    let (_, settings) = answer(behind_a_proxy.http.get(url)).await;
    let destination = &settings["integrations"]["Segment.io"];
    assert_eq!(
        (&destination["apiHost"], &destination["protocol"]),
        (&json!("observe.example.com/v1"), &json!("https"))
    );
}

#[tokio::test]
async fn one_call_of_a_batch_may_be_beyond_every_measure() {
    let stage = Stage::start().await;
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let bad = [
        r#"{"type":"track","event":"a","userId":"u","properties":{"n":1e400}}"#.to_owned(),
        format!(r#"{{"type":"track","event":"a","userId":"u","properties":{{"deep":{deep}}}}}"#),
        format!(r#"{{"type":"track","event":"a","userId":"{}"}}"#, "u".repeat(201)),
        format!(r#"{{"type":"track","event":"a","userId":"u","properties":{{"large":"{}"}}}}"#, "x".repeat(1 << 20)),
        r#"{"type":"track","event":"a","userId":"u","messageId":"00000000-0000-0000-0000-000000000000"}"#.to_owned(),
        r#"{"type":"track","event":"a","userId":"u","timestamp":"soon"}"#.to_owned(),
        r#"{"type":"track","userId":"u"}"#.to_owned(),
        "null".to_owned(),
    ];
    let good = r#"{"type":"track","event":"good","userId":"u\u0000","messageId":7}"#;
    let batch = format!(r#"{{"writeKey":"{WRITE_KEY}","batch":[{},{good}]}}"#, bad.join(","));
    let (status, body) = answer(stage.post("/v1/batch").body(batch)).await;
    let codes: Vec<_> = body["rejected"]
        .as_array()
        .expect("some")
        .iter()
        .map(|one| one["code"].as_str().unwrap_or(""))
        .collect();
    let expected = [
        "non_finite_number",
        "too_deep",
        "distinct_id_too_long",
        "event_too_large",
        "invalid_uuid",
        "invalid_timestamp",
        "missing_name",
        "invalid_event",
    ];
    assert_eq!((status, codes), (200, expected.to_vec()));
    let events = stage.events.written();
    assert_eq!((events.len(), events[0].distinct_id.as_str()), (1, "u\u{fffd}"));
}

#[tokio::test]
async fn whatever_is_sent_is_no_fault_of_the_server() {
    let stage = Stage::start().await;
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state).unwrap_or(0)
    };
    let seed = json!({"writeKey": WRITE_KEY, "sentAt": "2027-01-15T08:00:00Z", "batch": [
        {"type": "page", "userId": 1, "messageId": "m", "context": {"page": {"url": "x"}, "ip": "1.1.1.1"}},
        {"type": "identify", "anonymousId": "a", "traits": {"e": [1, {"f": null}]}},
    ]});
    for path in [
        "/v1/batch",
        "/v1/import",
        "/v1/track",
        "/v1/identify",
        "/v1/page",
        "/v1/group",
        "/v1/alias",
        "/v1/m",
    ] {
        for _ in 0..40 {
            let mut body = seed.to_string().into_bytes();
            for _ in 0..1 + random() % 8 {
                let place = random() % body.len();
                body[place] = random().to_le_bytes()[0];
            }
            body.truncate(1 + random() % (2 * body.len()));
            let (status, said) = answer(stage.post(path).body(body.clone())).await;
            assert!(status < 500, "{path}: {status} {said} for {body:?}");
        }
    }
}
