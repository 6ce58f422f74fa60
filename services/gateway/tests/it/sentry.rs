//! What Sentry's clients send: recorded requests of its Python and Node.js clients (2.75.0 and 11.12.0; what they say of the
//! packages of their machine is taken out), and hostile ones.

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use observe_proto::events::v1::AcceptedEvent;
use serde_json::{Value, json};
use std::io::Write as _;

use crate::support::{SECRET_KEY, Stage, WRITE_KEY, answer};

const PYTHON_ERROR: &str = include_str!("sentry/python-error.envelope");
const PYTHON_MESSAGE: &str = include_str!("sentry/python-message.envelope");
const PYTHON_TRANSACTION: &str = include_str!("sentry/python-transaction.envelope");
const NODE_ERROR: &str = include_str!("sentry/node-error.envelope");
const NODE_MESSAGE: &str = include_str!("sentry/node-message.envelope");
const ID: &str = "8bad26d54ea7452288877bbb67533205";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn auth() -> String {
    format!("Sentry sentry_key={WRITE_KEY}, sentry_version=7, sentry_client=sentry.python/2.75.0")
}

impl Stage {
    /// Posts an envelope as the Python client does.
    async fn envelope(&self, body: impl AsRef<[u8]>) -> (u16, Value) {
        let request = self
            .post("/api/42/envelope/")
            .header("content-type", "application/x-sentry-envelope")
            .header("content-encoding", "gzip")
            .header("x-sentry-auth", auth());
        answer(request.body(gzip(body.as_ref()))).await
    }
}

fn properties(event: &AcceptedEvent) -> Value {
    serde_json::from_str(&event.properties_json).expect("JSON")
}

/// An envelope with one item of this kind.
fn with_item(kind: &str, payload: &str) -> String {
    format!("{{}}\n{{\"type\":\"{kind}\",\"length\":{}}}\n{payload}\n", payload.len())
}

#[tokio::test]
async fn an_error_of_the_python_client_becomes_an_event() {
    let stage = Stage::start().await;
    let (status, body) = stage.envelope(PYTHON_ERROR).await;
    assert_eq!((status, &body["id"], &body["accepted"]), (200, &json!(ID), &json!(1)), "{body}");
    let event = stage.events.written()[0].clone();
    assert_eq!((event.name.as_str(), event.distinct_id.as_str()), ("$exception", "u1"));
    assert_eq!(uuid::Uuid::from_slice(&event.uuid).expect("a uuid").simple().to_string(), ID);
    // Corrected by how far the sender's clock was from ours when it sent.
    assert_eq!(event.time_ms, 1_800_000_000_000 - 49);
    let properties = properties(&event);
    for (key, value) in [
        ("$release", "1.0"),
        ("$environment", "test"),
        ("$server_name", "web-1"),
        ("$transaction", "t1"),
        ("$level", "error"),
        ("$runtime", "CPython"),
    ] {
        assert_eq!(properties[key], value, "{key}");
    }
    let thrown = &properties["$exception_list"][0];
    assert_eq!(
        (&thrown["type"], &thrown["value"]),
        (&json!("ZeroDivisionError"), &json!("division by zero"))
    );
    let frame = &thrown["stacktrace"]["frames"][0];
    assert_eq!(
        (&frame["module"], &frame["lineno"], &frame["in_app"]),
        (&json!("__main__"), &json!(6), &json!(true))
    );
    assert!(!event.properties_json.contains("__builtins__"), "variables stay where they were");
}

#[tokio::test]
async fn the_node_client_names_its_key_in_the_address() {
    let stage = Stage::start().await;
    let path = format!(
        "/api/42/envelope/?sentry_version=7&sentry_key={WRITE_KEY}&sentry_client=sentry.javascript.node%2F11.12.0"
    );
    for (body, value) in [(NODE_ERROR, "x"), (NODE_MESSAGE, "m")] {
        let (status, answer) = answer(stage.post(&path).body(body)).await;
        assert_eq!((status, &answer["accepted"]), (200, &json!(1)), "{answer}");
        let event = stage.events.written().pop().expect("one");
        let list = &properties(&event)["$exception_list"];
        assert_eq!(list[0]["value"], value);
        assert_eq!(list[0]["stacktrace"]["frames"].as_array().map(Vec::len), Some(2));
        assert_eq!(event.distinct_id, "anonymous", "without a user it is nobody's");
    }
}

#[tokio::test]
async fn a_key_may_also_stand_in_the_dsn_of_the_envelope() {
    let stage = Stage::start().await;
    let body =
        PYTHON_MESSAGE.replacen('{', &format!(r#"{{"dsn":"http://{WRITE_KEY}@localhost/42","#), 1);
    for path in ["/api/42/envelope/", "/api/42/envelope"] {
        let (status, answer) = answer(stage.post(path).body(body.clone())).await;
        assert_eq!((status, &answer["accepted"]), (200, &json!(1)), "{answer}");
    }
    assert_eq!(properties(&stage.events.written()[0])["$exception_list"][0]["value"], "hi");
    let (status, body) = answer(stage.post("/api/42/envelope/").body(PYTHON_ERROR)).await;
    assert_eq!((status, body["code"].as_str()), (401, Some("UNAUTHENTICATED")));
    let wrong =
        stage.post("/api/42/envelope/?sentry_key=obs_pub_ffffffffffffffff").body(PYTHON_ERROR);
    assert_eq!(answer(wrong).await.0, 401);
}

#[tokio::test]
async fn the_address_of_old_clients_takes_an_event_alone() {
    let stage = Stage::start().await;
    let event = PYTHON_ERROR.lines().nth(2).expect("the payload");
    for path in ["/api/42/store/", "/api/42/store"] {
        let request = stage.post(path).header("x-sentry-auth", auth()).body(event);
        let (status, body) = answer(request).await;
        assert_eq!((status, &body["id"]), (200, &json!(ID)), "{body}");
    }
    assert_eq!(answer(stage.post("/api/42/store/").body(event)).await.0, 401);
}

#[tokio::test]
async fn every_encoding_that_clients_use_is_read() {
    let stage = Stage::start().await;
    let level = Compression::best();
    let mut zlib = ZlibEncoder::new(Vec::new(), level);
    zlib.write_all(PYTHON_ERROR.as_bytes()).expect("memory");
    let mut raw = DeflateEncoder::new(Vec::new(), level);
    raw.write_all(PYTHON_ERROR.as_bytes()).expect("memory");
    for (encoding, body) in [
        ("deflate", zlib.finish().expect("memory")),
        ("deflate", raw.finish().expect("memory")),
        ("identity", PYTHON_ERROR.as_bytes().to_vec()),
        ("gzip", gzip(PYTHON_ERROR.as_bytes())),
    ] {
        let request = stage.post("/api/42/envelope/").header("x-sentry-auth", auth());
        let (status, body) = answer(request.header("content-encoding", encoding).body(body)).await;
        assert_eq!(status, 200, "{encoding}: {body}");
    }
    let request = stage.post("/api/42/envelope/").header("x-sentry-auth", auth());
    let (status, body) = answer(request.header("content-encoding", "zstd").body("x")).await;
    assert_eq!(status, 415);
    assert!(body["message"].as_str().is_some_and(|told| told.contains("zstd")), "{body}");
}

#[tokio::test]
async fn what_is_of_no_use_is_taken_and_counted() {
    let stage = Stage::start().await;
    let mut body = PYTHON_ERROR.to_owned();
    for kind in ["session", "client_report", "client_report", "attachment"] {
        body.push_str(&with_item(kind, "\u{0}\n{").replacen("{}\n", "", 1));
    }
    let (status, answer) = stage.envelope(&body).await;
    assert_eq!(status, 200);
    let left_out = json!({"attachment": 1, "client_report": 2, "session": 1});
    assert_eq!(
        (&answer["left_out"], &answer["accepted"], &answer["id"]),
        (&left_out, &json!(1), &json!(ID))
    );
    let (status, answer) = stage.envelope(PYTHON_TRANSACTION).await;
    assert_eq!((status, &answer["left_out"]), (200, &json!({"transaction": 1})));
    let (status, answer) = stage.envelope("{}").await;
    assert_eq!((status, &answer["accepted"]), (200, &json!(0)));
    assert_eq!(stage.events.written().len(), 1);
}

#[tokio::test]
async fn a_request_that_was_served_becomes_a_server_span() {
    let stage = Stage::start().await;
    let transaction = json!({
        "type": "transaction", "transaction": "POST /pay", "transaction_info": {"source": "route"},
        "release": "shop@1.0", "start_timestamp": 1_799_999_999.5, "timestamp": 1_799_999_999.75,
        "contexts": {"trace": {"op": "http.server", "trace_id": "ede5e9fcc1a54d4186b89f2a01b1a90c",
            "span_id": "9cf95cb17a2a0e77", "data": {"http.response.status_code": 503}}},
    });
    let body = format!(
        "{PYTHON_ERROR}{}",
        with_item("transaction", &transaction.to_string()).replacen("{}\n", "", 1)
    );
    let (status, answer) = stage.envelope(&body).await;
    assert_eq!(
        (status, &answer["accepted"], &answer["left_out"]),
        (200, &json!(2), &json!({})),
        "{answer}"
    );
    let batches = stage.events.span_batches.lock().expect("no test panicked").clone();
    let span = &batches[0].spans[0];
    assert_eq!(
        (span.service.as_str(), span.method.as_str(), span.route.as_str()),
        ("shop", "POST", "/pay")
    );
    assert_eq!((span.status_code, span.is_error, span.duration_us), (503, true, 250_000));
    let broken =
        with_item("transaction", &transaction.to_string().replace("9cf95cb17a2a0e77", "1"));
    let (status, answer) = stage.envelope(&broken).await;
    assert_eq!(status, 400);
    assert!(
        answer["message"].as_str().is_some_and(|told| told.contains("span id of 8 bytes")),
        "{answer}"
    );
}

#[tokio::test]
async fn a_bad_item_spares_the_others_and_a_bad_envelope_is_told_why() {
    let stage = Stage::start().await;
    let mixed = format!("{PYTHON_ERROR}{{\"type\":\"event\",\"length\":2}}\n[]\n{{\"oops");
    let (status, body) = stage.envelope(&mixed).await;
    assert_eq!((status, &body["accepted"]), (200, &json!(1)), "{body}");
    let told: Vec<_> =
        body["rejected"].as_array().expect("a list").iter().map(|one| &one["index"]).collect();
    assert_eq!(told, [&json!(1), &json!(2)]);
    for (bad, sentence) in [
        ("", "begins with a line"),
        ("nope", "begins with a line"),
        ("{}\n{\"type\":\"event\",\"length\":99}\n{}", "shorter than its `length`"),
        ("{}\n{\"length\":2}\n{}", "no `type`"),
        ("{}\n{\"type\":\"event\"}\n{\"a\":oops}", "line 1, column 6"),
        ("{\"event_id\":\"x\"}\n{\"type\":\"event\"}\n{}", "`event_id` must be a UUID"),
    ] {
        let (status, body) = stage.envelope(bad).await;
        assert_eq!((status, body["code"].as_str()), (400, Some("INVALID_ARGUMENT")), "{bad}");
        assert!(body["message"].as_str().is_some_and(|told| told.contains(sentence)), "{body}");
    }
}

#[tokio::test]
async fn a_stack_of_ten_megabytes_is_cut_and_not_refused() {
    let stage = Stage::start().await;
    let frame = |n: u32| {
        format!(
            r#"{{"function":"f{n}","filename":"{}.py","lineno":{n},"in_app":true}}"#,
            "x".repeat(950)
        )
    };
    let frames = (1..=10_000).map(frame).collect::<Vec<_>>().join(",");
    let event = format!(
        r#"{{"event_id":"{ID}","extra":{{"deep":{}1{}}},
            "exception":{{"values":[{{"type":"RecursionError","value":"too deep","stacktrace":{{"frames":[{frames}]}}}}]}}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000),
    );
    assert!(event.len() > 10_000_000 && event.len() < 20_000_000);
    let (status, body) = stage.envelope(with_item("event", &event.replace('\n', " "))).await;
    assert_eq!((status, &body["frames_left_out"]), (200, &json!(9_800)), "{body}");
    let stored = properties(&stage.events.written()[0]);
    let frames = stored["$exception_list"][0]["stacktrace"]["frames"].as_array().expect("frames");
    assert_eq!(
        (&frames[0]["lineno"], &frames[199]["lineno"]),
        (&json!(1), &json!(10_000)),
        "both ends"
    );
    assert_eq!((frames.len(), &stored["$exception_frames_left_out"]), (200, &json!(9_800)));
    let (status, body) = stage.envelope(with_item("attachment", &"x".repeat(21_000_000))).await;
    assert_eq!((status, body["code"].as_str()), (413, Some("OUT_OF_RANGE")));
}

#[tokio::test]
async fn hostile_texts_are_kept_as_the_texts_they_are() {
    let stage = Stage::start().await;
    let hostile = "<img src=x onerror=alert(1)>\u{0}\u{202e}";
    let event = json!({
        "exception": {"values": [{"type": hostile, "value": hostile}]},
        "user": {"id": hostile}, "tags": {hostile: hostile, "$set": {"admin": true}}, "release": hostile,
    });
    let (status, _) = stage.envelope(with_item("event", &event.to_string())).await;
    assert_eq!(status, 200);
    let written = stage.events.written()[0].clone();
    let clean = "<img src=x onerror=alert(1)>\u{fffd}\u{202e}";
    assert_eq!((written.distinct_id.as_str(), written.identity), (clean, false));
    let properties = properties(&written);
    assert_eq!((&properties["$release"], &properties[clean]), (&json!(clean), &json!(clean)));
}

#[tokio::test]
async fn pages_of_any_site_may_send_errors_and_other_methods_are_told() {
    let stage = Stage::start().await;
    let preflight = stage
        .http
        .request(reqwest::Method::OPTIONS, format!("{}/api/42/envelope/", stage.url))
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-sentry-auth");
    let response = preflight.send().await.expect("an answer");
    let header = |name: &str| {
        response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    };
    assert_eq!(header("access-control-allow-origin"), "*");
    assert!(header("access-control-allow-headers").contains("x-sentry-auth"));
    let page = stage
        .post(&format!("/api/42/envelope/?sentry_key={WRITE_KEY}"))
        .header("origin", "https://shop.example")
        .body(NODE_ERROR);
    let response = page.send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let get = stage.http.get(format!("{}/api/42/envelope/", stage.url));
    assert_eq!(answer(get).await.0, 405);
}

#[tokio::test]
async fn a_secret_key_in_a_page_is_refused_and_a_full_queue_says_when_to_come_back() {
    let stage = Stage::start().await;
    let server = stage
        .post("/api/42/envelope/")
        .header("x-sentry-auth", format!("Sentry sentry_key={SECRET_KEY}"));
    assert_eq!(answer(server.body(PYTHON_ERROR)).await.0, 200);
    let open = stage.post(&format!("/api/42/envelope/?sentry_key={SECRET_KEY}")).body(PYTHON_ERROR);
    assert_eq!(answer(open).await.0, 401);
    *stage.events.full.lock().expect("no test panicked") = true;
    let request =
        stage.post("/api/42/envelope/").header("x-sentry-auth", auth()).body(PYTHON_ERROR);
    let response = request.send().await.expect("an answer");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (429, &reqwest::header::HeaderValue::from_static("7"))
    );
}
