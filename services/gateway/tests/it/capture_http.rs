//! `POST /v1/events`.

use std::io::Write as _;
use std::sync::atomic::Ordering;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::support::{PROJECT, SECRET_KEY, SESSION, Stage, WRITE_KEY, answer};

const EVENT: &str = r#"{"anonymous_id":"usr_abc123","name":"button_clicked","properties":{"a":1}}"#;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[tokio::test]
async fn one_event_is_a_complete_request() {
    let stage = Stage::start().await;
    let (status, body) = stage.capture(EVENT).await;
    assert_eq!((status, body), (202, json!({"accepted": 1, "duplicates": 0, "rejected": []})));
    let batch = stage.events.batches.lock().unwrap()[0].clone();
    assert_eq!(uuid::Uuid::from_slice(&batch.project_id).expect("a uuid").to_string(), PROJECT);
    let event = &batch.events[0];
    assert_eq!((event.name.as_str(), event.distinct_id.as_str()), ("button_clicked", "usr_abc123"));
    assert_eq!((event.received_us, event.index), (1_800_000_000_000_000, 0));
    assert!(!event.trusted);
}

#[tokio::test]
async fn the_key_may_stand_in_header_query_or_body() {
    let stage = Stage::start().await;
    let query = stage.post(&format!("/v1/events?key={WRITE_KEY}"));
    assert_eq!(answer(query.body(EVENT)).await.0, 202);
    let body = format!(
        r#"{{"api_key":"{WRITE_KEY}","sent_at":"2027-01-15T08:00:00Z","events":[{EVENT}]}}"#
    );
    assert_eq!(answer(stage.post("/v1/events").body(body.clone())).await.0, 202);
    let single = format!(r#"{{"api_key":"{WRITE_KEY}","name":"n","user_id":7}}"#);
    assert_eq!(answer(stage.post("/v1/events").body(single)).await.0, 202);
    assert_eq!(stage.events.written()[2].distinct_id, "7");
    // The first place counts, and its mistake is not made up for by the next.
    let header = stage.post("/v1/events").bearer_auth("obs_pub_ffffffffffffffff");
    assert_eq!(answer(header.body(body)).await.0, 401);
    let (status, body) = answer(stage.post("/v1/events").body(EVENT)).await;
    assert_eq!((status, body["code"].as_str()), (401, Some("UNAUTHENTICATED")));
}

#[tokio::test]
async fn a_leaked_secret_key_is_refused() {
    let stage = Stage::start().await;
    let server = stage.post("/v1/events").bearer_auth(SECRET_KEY);
    assert_eq!(answer(server.body(EVENT)).await.0, 202);
    assert!(stage.events.written()[0].trusted);
    let page =
        stage.post("/v1/events").bearer_auth(SECRET_KEY).header("origin", "https://shop.example");
    let fetch =
        stage.post("/v1/events").bearer_auth(SECRET_KEY).header("sec-fetch-site", "cross-site");
    let query = stage.post(&format!("/v1/events?key={SECRET_KEY}"));
    let body = format!(r#"{{"api_key":"{SECRET_KEY}","events":[{EVENT}]}}"#);
    for request in [
        page.body(EVENT),
        fetch.body(EVENT),
        query.body(EVENT),
        stage.post("/v1/events").body(body),
    ] {
        let (status, body) = answer(request).await;
        assert_eq!((status, body["code"].as_str()), (401, Some("PERMISSION_DENIED")));
        assert!(!body.to_string().contains(SECRET_KEY));
    }
    assert_eq!(answer(stage.post("/v1/events").bearer_auth(SESSION).body(EVENT)).await.0, 403);
}

#[tokio::test]
async fn a_bad_event_never_spoils_its_batch() {
    let stage = Stage::start().await;
    let uuid = "0191f3a0-0000-7000-8000-000000000001";
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let body = format!(
        r#"[{EVENT},
            {{"uuid":"{uuid}","name":"n","user_id":"u","properties":{{"a":1e400}}}},
            {{"name":"n\ud800","user_id":"u\u0000","properties":{{"\ud800":"\u0000"}}}},
            {{"name":"n","user_id":"u","properties":{{"a":{deep}}}}},
            5,
            {{"uuid":"{uuid}","name":"n","user_id":"u"}},
            {{"uuid":"{uuid}","name":"n","user_id":"u"}}]"#
    );
    let (status, body) = stage.capture(body).await;
    assert_eq!(status, 202);
    assert_eq!((&body["accepted"], &body["duplicates"]), (&json!(3), &json!(1)));
    let told: Vec<_> = body["rejected"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (&one["index"], &one["code"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!(1), &json!("non_finite_number")),
            (&json!(3), &json!("too_deep")),
            (&json!(4), &json!("invalid_event")),
        ]
    );
    assert_eq!(body["rejected"][0]["uuid"], uuid);
    assert_eq!(
        stage.events.written()[1].properties_json,
        "{\"\u{fffd}\":\"\u{fffd}\",\"$sanitized\":4}"
    );
}

#[tokio::test]
async fn only_a_useless_body_is_a_bad_request() {
    let stage = Stage::start().await;
    for body in ["", "{", "[{]", "nope", "[]", r#"{"events":[]}"#, "5", "[1,2]", "{} {}"] {
        let (status, answer) = stage.capture(body).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("INVALID_ARGUMENT")), "{body}");
    }
    let (_, answer) = stage.capture("[{},\n oops]").await;
    assert!(answer["message"].as_str().expect("text").contains("line 2, column 2"), "{answer}");
    let (status, answer) = stage.capture("{}").await;
    assert_eq!((status, &answer["rejected"][0]["code"]), (202, &json!("missing_name")));
    assert_eq!(stage.events.calls.load(Ordering::Relaxed), 0, "nothing to hand on");
}

#[tokio::test]
async fn gzip_is_inflated_within_the_limit() {
    let stage = Stage::start().await;
    let post = |body: Vec<u8>| stage.post("/v1/events").bearer_auth(WRITE_KEY).body(body);
    let (status, _) = answer(post(gzip(EVENT.as_bytes())).header("content-encoding", "gzip")).await;
    assert_eq!(status, 202);
    assert_eq!(answer(post(gzip(EVENT.as_bytes()))).await.0, 202, "recognised without a header");
    let bomb = gzip(&vec![b' '; 100 * 1024 * 1024]);
    assert_eq!(answer(post(bomb).header("content-encoding", "gzip")).await.0, 413);
    assert_eq!(answer(post(EVENT.into()).header("content-encoding", "gzip")).await.0, 400);
    assert_eq!(answer(post(EVENT.into()).header("content-encoding", "zstd")).await.0, 415);
}

#[tokio::test]
async fn size_goes_by_the_class_of_the_key() {
    let stage = Stage::start().await;
    let sized = |bytes: usize| format!("{EVENT}{}", " ".repeat(bytes - EVENT.len()));
    let post =
        |key: &str, bytes| answer(stage.post("/v1/events").bearer_auth(key).body(sized(bytes)));
    assert_eq!(post(WRITE_KEY, 1 << 20).await.0, 202);
    assert_eq!(post(WRITE_KEY, (1 << 20) + 1).await.0, 413);
    assert_eq!(post(SECRET_KEY, 4 << 20).await.0, 202);
    assert_eq!(post(SECRET_KEY, (4 << 20) + 1).await.0, 413);
    let many = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
    assert_eq!(stage.capture(many(10_000)).await.0, 202);
    assert_eq!(stage.capture(many(10_001)).await.0, 413);
}

#[tokio::test]
async fn a_full_queue_passes_on_when_to_come_back() {
    let stage = Stage::start().await;
    *stage.events.full.lock().unwrap() = true;
    let response = stage
        .post("/v1/events")
        .bearer_auth(WRITE_KEY)
        .body(EVENT)
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (429, &"7".parse().expect("a header"))
    );
    assert_eq!(
        response.headers()["access-control-allow-origin"],
        "*",
        "a page must be able to read the refusal"
    );
}

#[tokio::test]
async fn concurrent_requests_share_calls() {
    let stage = Stage::start().await;
    assert_eq!(stage.capture(EVENT).await.0, 202);
    let gate = stage.events.gate.lock().await;
    let requests = (0..40).map(|_| stage.capture(EVENT));
    let open = async {
        // The second call is under way and waits at the gate; most requests gather behind it.
        stage.events.called(2).await;
        drop(gate);
    };
    let (answers, ()) = tokio::join!(futures::future::join_all(requests), open);
    assert!(answers.iter().all(|(status, body)| *status == 202 && body["accepted"] == 1));
    assert_eq!(stage.events.written().len(), 41);
    let calls = stage.events.calls.load(Ordering::Relaxed);
    assert!(calls <= 20, "{calls} calls for 41 requests");
}

#[tokio::test]
async fn a_request_that_cannot_be_written_spares_those_it_travels_with() {
    let stage = Stage::start().await;
    *stage.events.poison.lock().unwrap() = Some("poison".into());
    let gate = stage.events.gate.lock().await;
    let requests = (0..20).map(|n| {
        stage.capture(if n == 13 {
            EVENT.replace("button_clicked", "poison")
        } else {
            EVENT.into()
        })
    });
    let open = async {
        stage.events.called(1).await;
        drop(gate);
    };
    let (answers, ()) = tokio::join!(futures::future::join_all(requests), open);
    let statuses: Vec<_> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 19, "{statuses:?}");
    assert_eq!(statuses[13], 500);
}

#[tokio::test]
async fn pages_of_any_site_may_send() {
    let stage = Stage::start().await;
    let preflight =
        stage.http.request(reqwest::Method::OPTIONS, format!("{}/v1/events", stage.url));
    let preflight = preflight
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-encoding,content-type");
    let response = preflight.send().await.expect("an answer");
    assert!(response.status().is_success());
    let headers = response.headers();
    assert_eq!(
        (&headers["access-control-allow-origin"], &headers["access-control-max-age"]),
        (&"*".parse().unwrap(), &"7200".parse().unwrap())
    );
    let allowed = headers["access-control-allow-headers"].to_str().expect("text");
    assert!(
        ["authorization", "content-encoding", "content-type"]
            .iter()
            .all(|name| allowed.contains(name))
    );
    assert!(!headers.contains_key("access-control-allow-credentials"));
    let request =
        stage.post("/v1/events").bearer_auth(WRITE_KEY).header("origin", "https://shop.example");
    let request = request.header("content-type", "text/plain;charset=UTF-8");
    let response = request.body(EVENT).send().await.expect("an answer");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["access-control-allow-origin"]),
        (202, &"*".parse().unwrap())
    );
}
