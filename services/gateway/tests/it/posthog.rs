//! What PostHog's clients send, in every wrapping they know, and hostile bodies. The clients themselves are in `tests/clients`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use observe_proto::events::v1::AcceptedEvent;
use serde_json::{Value, json};
use std::io::Write as _;

use crate::recorded;
use crate::support::{SECRET_KEY, Stage, WRITE_KEY, answer, eventually};

const RECORDED: &str = include_str!("posthog/recorded.json");

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn properties(event: &AcceptedEvent) -> Value {
    serde_json::from_str(&event.properties_json).expect("JSON")
}

/// As posthog-js sends it: an envelope with the key in it and in each event.
fn browser_batch() -> String {
    json!({
        "api_key": WRITE_KEY,
        "batch": [{
            "uuid": "0191f3a0-0000-7000-8000-000000000001",
            "event": "$pageview",
            "properties": {
                "$browser": "Chrome", "$current_url": "https://shop.example/", "$lib": "web", "$session_id": "s1",
                "distinct_id": "visitor-1", "token": WRITE_KEY,
            },
            "timestamp": "2027-01-15T07:59:59.500Z",
        }],
        "sent_at": "2027-01-15T07:59:59.900Z",
    })
    .to_string()
}

#[tokio::test]
async fn what_the_clients_really_sent_is_taken() {
    let stage = Stage::start().await;
    let mut taken = Vec::new();
    for request in recorded::read(RECORDED) {
        // gzip is seen from its first bytes, and no content type says anything that counts.
        for without in ["", "content-encoding", "content-type", "user-agent"] {
            let before = stage.events.written().len();
            let (status, body) = request.send(&stage, request.body.clone(), without).await;
            assert_eq!((status, body), (200, json!({"status": "Ok"})), "{}", request.client);
            let events = stage.events.written().split_off(before);
            let told: Vec<_> =
                events.iter().map(|event| (event.name.clone(), event.historical)).collect();
            match without {
                "" => taken.push((request.client.clone(), told)),
                _ => assert_eq!(
                    taken.last(),
                    Some(&(request.client.clone(), told)),
                    "without {without}"
                ),
            }
            assert!(
                events.iter().all(|event| !properties(event)
                    .as_object()
                    .expect("some")
                    .contains_key("token"))
            );
        }
        request.send_broken(&stage).await;
    }
    let expected: [(&str, &[&str]); 9] = [
        ("posthog-node 5.70.0", &["paid", "$identify", "$create_alias", "$groupidentify"]),
        ("posthog-python 7.91.1", &["paid", "$set", "$create_alias"]),
        ("posthog-python 7.91.1", &["paid long ago"]),
        ("posthog-js 1.449.2", &["$identify"]),
        ("posthog-js 1.449.2", &["bought"]),
        ("posthog-js 1.449.2", &["left"]),
        ("posthog-js 1.449.2", &["$identify"]),
        ("posthog-js 1.449.2", &["bought"]),
        ("posthog-js 1.449.2", &["left"]),
    ];
    let is_past = |name: &str| name == "paid long ago";
    let expected = expected.map(|(client, names)| {
        (client.to_owned(), names.iter().map(|name| ((*name).to_owned(), is_past(name))).collect())
    });
    assert_eq!(taken, expected);
}

#[tokio::test]
async fn a_browser_s_batch_is_taken_at_every_address_and_in_every_wrapping() {
    let stage = Stage::start().await;
    let json = browser_batch();
    let (gzipped, base64) = (gzip(json.as_bytes()), STANDARD.encode(&json));
    let form = |data: &str| format!("data={}&compression=base64", data.replace('+', "%2B"));
    let bodies: [(&str, &str, Vec<u8>); 7] = [
        ("/e/?ip=0&_=1800000000000&ver=1.449.2", "application/json", json.clone().into()),
        ("/i/v0/e?compression=gzip-js", "text/plain", gzipped.clone()),
        ("/i/v0/e/", "text/plain", gzipped),
        ("/capture/?compression=base64", "text/plain", base64.clone().into()),
        ("/track", "application/x-www-form-urlencoded", form(&base64).into()),
        ("/batch", "application/json", json.clone().into()),
        (
            "/batch/",
            "application/x-www-form-urlencoded",
            form(&STANDARD.encode(gzip(json.as_bytes()))).into(),
        ),
    ];
    for (nth, (path, content_type, body)) in bodies.into_iter().enumerate() {
        let request = stage.post(path).header("content-type", content_type).body(body);
        let (status, body) = answer(request.header("origin", "https://shop.example")).await;
        assert_eq!((status, &body["status"]), (200, &json!("Ok")), "{path}: {body}");
        let events = stage.events.written();
        assert_eq!(events.len(), nth + 1, "{path}");
        let event = &events[nth];
        assert_eq!((event.name.as_str(), event.distinct_id.as_str()), ("$pageview", "visitor-1"));
        assert_eq!((event.session_id.as_str(), event.historical), ("s1", false));
        // The sender's clock was 100 ms behind.
        assert_eq!(event.time_ms, 1_800_000_000_000 - 400);
        let properties = properties(event);
        assert_eq!(properties["$browser"], "Chrome");
        assert!(properties.get("token").is_none(), "the key is no property");
    }
}

#[tokio::test]
async fn a_server_s_batch_changes_persons_and_may_be_of_the_past() {
    let stage = Stage::start().await;
    let batch = json!({
        "batch": [
            {"event": "$set", "distinct_id": "u1", "$set": {"email": "a@example.com"}, "properties": {"$lib": "posthog-python"}},
            {"event": "$create_alias", "distinct_id": "u1", "properties": {"distinct_id": "u1", "alias": "anon-1"}},
            {"event": "$identify", "distinct_id": "u1", "properties": {"$anon_distinct_id": "anon-2", "$set": {"plan": "pro"}}},
            {"event": "$groupidentify", "distinct_id": "$company_acme",
             "properties": {"$group_type": "company", "$group_key": "acme", "$group_set": {"n": 1}}},
            {"event": "paid", "distinct_id": 42, "timestamp": "2026-11-23T16:45:47.877913+00:00", "properties": {"a": 1}},
        ],
        "historical_migration": true,
        "api_key": WRITE_KEY,
    });
    let request = stage.post("/batch/").header("content-encoding", "gzip");
    let (status, body) = answer(request.body(gzip(batch.to_string().as_bytes()))).await;
    assert_eq!((status, &body["status"]), (200, &json!("Ok")), "{body}");
    let events = stage.events.written();
    let identity: Vec<bool> = events.iter().map(|event| event.identity).collect();
    assert_eq!(identity, [true, true, true, true, false]);
    assert!(events.iter().all(|event| event.historical && !event.trusted));
    assert_eq!(properties(&events[0])["$set"]["email"], "a@example.com");
    assert_eq!(properties(&events[1])["alias"], "anon-1");
    assert_eq!(events[4].distinct_id, "42");
    assert_eq!(events[4].time_ms, 1_795_452_347_877);
}

#[tokio::test]
async fn the_oldest_clients_send_by_address_or_as_an_update_of_a_person() {
    let stage = Stage::start().await;
    let event = json!({"event": "old", "properties": {"token": WRITE_KEY, "distinct_id": "d"}});
    let data = STANDARD.encode(event.to_string()).replace('+', "%2B");
    let get = stage.http.get(format!("{}/e/?data={data}&ip=1&beacon=1", stage.url));
    assert_eq!(answer(get).await.0, 204);
    let engage = json!({"token": WRITE_KEY, "distinct_id": "d", "$set": {"a": 1}});
    assert_eq!(answer(stage.post("/engage/").body(engage.to_string())).await.0, 200);
    let aged =
        json!([{"event": "aged", "api_key": WRITE_KEY, "distinct_id": "d", "offset": 2_000}]);
    assert_eq!(answer(stage.post("/capture").body(aged.to_string())).await.0, 200);
    let events = stage.events.written();
    assert_eq!((events[0].name.as_str(), events[1].name.as_str()), ("old", "$identify"));
    assert_eq!(events[2].time_ms, 1_800_000_000_000 - 2_000);
}

#[tokio::test]
async fn one_bad_event_spares_its_batch_and_is_told_of() {
    let stage = Stage::start().await;
    let batch = json!({"api_key": WRITE_KEY, "batch": [
        {"event": "good", "distinct_id": "d"}, {"distinct_id": "d"}, {"event": "nobody"}, 5,
    ]});
    let (status, body) = answer(stage.post("/batch").body(batch.to_string())).await;
    assert_eq!(status, 200, "{body}");
    let codes: Vec<_> = body["rejected"].as_array().expect("some").iter().collect();
    let codes: Vec<_> = codes.iter().map(|one| one["code"].as_str().unwrap_or("")).collect();
    assert_eq!(codes, ["missing_name", "missing_distinct_id", "invalid_event"]);
    let nothing = json!({"api_key": WRITE_KEY, "batch": [{"event": "nobody"}]});
    let (status, body) = answer(stage.post("/batch").body(nothing.to_string())).await;
    assert_eq!(status, 400, "{body}");
    assert_eq!(stage.events.written().len(), 1);
    eventually("the report", async || stage.events.examples().len() == 4).await;
    assert!(stage.events.examples().iter().all(|example| example.endpoint == "/batch"));
}

#[tokio::test]
async fn a_key_that_is_none_of_ours_is_told_what_to_put_there() {
    let stage = Stage::start().await;
    let with = |key: &str| json!({"api_key": key, "batch": [{"event": "a", "distinct_id": "d"}]});
    for (key, status, part) in [
        ("phc_abcdefabcdefabcdef", 401, "obs_pub_..."),
        ("sTMFPsFhdP1Ssg", 401, "where PostHog's project key was"),
        ("obs_pub_thisKeyWasNeverMade0000", 401, ""),
        ("", 401, ""),
        (SECRET_KEY, 401, "secret key"),
    ] {
        let (answered, body) = answer(stage.post("/batch").body(with(key).to_string())).await;
        assert_eq!(answered, status, "{key}: {body}");
        assert!(body["message"].as_str().unwrap_or("").contains(part), "{key}: {body}");
    }
    let in_the_address = stage.post("/e/?token=phc_abcdefabcdefabcdef");
    let (status, body) = answer(in_the_address.body("{\"event\":\"a\"}")).await;
    assert_eq!(status, 401);
    assert!(body["message"].as_str().unwrap_or("").contains("obs_pub_..."), "{body}");
    let mixed =
        json!([{"event": "a", "token": WRITE_KEY}, {"event": "b", "token": "obs_pub_other"}]);
    assert_eq!(answer(stage.post("/e").body(mixed.to_string())).await.0, 401);
    let none = json!([{"event": "a", "distinct_id": "d"}]);
    assert_eq!(answer(stage.post("/e").body(none.to_string())).await.0, 401);
    assert!(stage.events.written().is_empty());
}

#[tokio::test]
async fn flags_and_settings_are_answered_so_that_clients_go_on() {
    let stage = Stage::start().await;
    for path in ["/flags/?v=2", "/flags?v=4", "/decide/?v=3"] {
        let (status, body) = answer(stage.post(path).body("{\"token\":\"x\"}")).await;
        assert_eq!((status, &body["flags"]), (200, &json!({})), "{path}");
        assert_eq!(body["errorsWhileComputingFlags"], false);
    }
    let get = |path: &str| stage.http.get(format!("{}{path}", stage.url)).send();
    let config = get(&format!("/array/{WRITE_KEY}/config")).await.expect("an answer");
    let config: Value = config.json().await.expect("JSON");
    assert_eq!((&config["token"], &config["sessionRecording"]), (&json!(WRITE_KEY), &json!(false)));
    let script = get(&format!("/array/{WRITE_KEY}/config.js")).await.expect("an answer");
    assert!(
        script.headers()["content-type"].to_str().expect("text").starts_with("text/javascript")
    );
    assert!(script.text().await.expect("a script").contains("_POSTHOG_REMOTE_CONFIG"));
    let hostile = get("/array/%22%3Balert(1)%2F%2F/config.js").await.expect("an answer");
    assert_eq!(hostile.status(), 404);
    for (path, warns) in [
        ("/static/array.js", true),
        ("/static/1.449.2/array.full.js", true),
        ("/static/1.449.2/surveys.js", false),
    ] {
        let script = get(path).await.expect("an answer");
        assert_eq!(script.status(), 200);
        assert_eq!(
            script.text().await.expect("a script").contains("console.warn"),
            warns,
            "{path}"
        );
    }
    assert_eq!(answer(stage.post("/s/").body("anything")).await.0, 200);
}

#[tokio::test]
async fn a_full_queue_is_told_so_that_the_browser_client_comes_again() {
    let stage = Stage::start().await;
    *stage.events.full.lock().expect("no test panicked") = true;
    let response = stage.post("/e/").body(browser_batch()).send().await.expect("an answer");
    // It throws away what was answered with any 4xx, 429 as well.
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"7".parse().expect("a value"))
    );
    *stage.events.full.lock().expect("no test panicked") = false;
    assert_eq!(answer(stage.post("/e/").body(browser_batch())).await.0, 200);
}

#[tokio::test]
async fn what_observe_has_no_use_for_is_taken_and_left_out() {
    let stage = Stage::start().await;
    for path in ["/s/?compression=gzip-js", "/i/v0/ai/"] {
        let (status, body) = answer(stage.post(path).body(vec![0x1f; 100_000])).await;
        assert_eq!((status, &body["status"]), (200, &json!("Ok")), "{path}");
        assert!(body["left_out"].is_string());
    }
    for (path, list) in [
        ("/api/surveys/?token=k", "surveys"),
        ("/api/early_access_features", "earlyAccessFeatures"),
    ] {
        let (status, body) = answer(stage.http.get(format!("{}{path}", stage.url))).await;
        assert_eq!((status, body), (200, json!({ list: [] })));
    }
    let generation =
        json!({"api_key": WRITE_KEY, "batch": [{"event": "$ai_generation", "distinct_id": "d"}]});
    assert_eq!(answer(stage.post("/i/v0/ai/batch/").body(generation.to_string())).await.0, 200);
    assert_eq!(stage.events.written()[0].name, "$ai_generation");
}

#[tokio::test]
async fn the_oldest_compression_is_read_and_no_bomb_goes_off() {
    let stage = Stage::start().await;
    // lz-string 1.5.0 made these of an event, and of two million letters.
    let event = json!([{"event": "a", "token": "k"}]).to_string();
    assert_eq!(event.len(), 27);
    let small = "NobwRApgbhB2AuYBcYCGYA0Z4HsDWcyYeYAvgLpA";
    let (status, _) = answer(stage.post("/e/?compression=lz64").body(small)).await;
    assert_eq!(status, 401, "it was read as far as its key, which is none of ours");
    let bomb = include_str!("posthog/bomb.lz64");
    assert!(bomb.len() < 4_000);
    for body in [bomb.to_owned(), format!("data={}", bomb.replace('+', "%2B"))] {
        let (status, said) = answer(stage.post("/batch/?compression=lz64").body(body)).await;
        assert_eq!(status, 413, "{said}");
    }
}

#[tokio::test]
async fn json_may_stand_in_the_address_as_it_is() {
    let stage = Stage::start().await;
    let event = json!({"event": "two words", "distinct_id": "d", "token": WRITE_KEY}).to_string();
    let query =
        form_urlencoded::Serializer::new(String::new()).append_pair("data", &event).finish();
    let get = stage.http.get(format!("{}/e?{query}", stage.url));
    assert_eq!(answer(get).await.0, 200);
    assert_eq!(stage.events.written()[0].name, "two words");
}

#[tokio::test]
async fn a_page_may_ask_first_and_with_any_header() {
    let stage = Stage::start().await;
    for path in ["/e/", "/i/v0/e/", "/flags/?v=2", "/batch/"] {
        let preflight = stage
            .http
            .request(reqwest::Method::OPTIONS, format!("{}{path}", stage.url))
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,x-anything");
        let response = preflight.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let headers = response.headers();
        assert_eq!(headers["access-control-allow-origin"], "https://shop.example");
        assert_eq!(headers["access-control-allow-credentials"], "true");
        assert_eq!(headers["access-control-allow-headers"], "content-type,x-anything");
    }
}

#[tokio::test]
async fn whatever_is_sent_is_no_fault_of_the_server() {
    let stage = Stage::start().await;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let seeds =
        [browser_batch().into_bytes(), gzip(browser_batch().as_bytes()), b"data=e30=".to_vec()];
    for path in [
        "/e/?compression=lz64",
        "/batch",
        "/capture?compression=base64",
        "/engage",
        "/flags",
        "/s",
        "/i/v0/ai/batch",
    ] {
        for round in 0..60 {
            let mut body = seeds[round % seeds.len()].clone();
            for _ in 0..1 + random() % 8 {
                let place = usize::try_from(random()).unwrap_or(0) % body.len();
                body[place] = random().to_le_bytes()[0];
            }
            body.truncate(1 + usize::try_from(random()).unwrap_or(0) % body.len());
            let (status, said) = answer(stage.post(path).body(body.clone())).await;
            assert!(status < 500, "{path}: {status} {said} for {body:?}");
        }
    }
}
