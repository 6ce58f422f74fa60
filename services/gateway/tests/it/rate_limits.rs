//! What a key, an address and a stranger may send at most.

use std::time::Duration;

use chrono::TimeDelta;
use observe_core::Secret;
use observe_gateway::{Config, Network};
use observe_proto::events::v1::capture_service_client::CaptureServiceClient;
use observe_proto::events::v1::{CaptureEvent, CaptureRequest};
use observe_testkit::TestStores;
use serde_json::json;
use tonic::{Code, Request};
use tonic_types::StatusExt as _;

use crate::support::{SECRET_KEY, Stage, WRITE_KEY, answer, eventually, numbered_key};

fn events(count: usize) -> String {
    let event = r#"{"name":"n","user_id":"u"}"#;
    format!("[{}]", vec![event; count].join(","))
}

/// Events a second of one key, and requests a second of one address; what the proxy at loopback says of clients counts.
fn config(key_events: u64, address_requests: u64) -> Config {
    Config {
        key_events_per_second: key_events,
        address_requests_per_second: address_requests,
        trusted_proxies: vec![Network::parse("127.0.0.1").expect("a network")],
        ..Config::default()
    }
}

async fn send(stage: &Stage, key: &str, count: usize) -> u16 {
    answer(stage.post("/v1/events").bearer_auth(key).body(events(count))).await.0
}

#[tokio::test]
async fn one_of_ten_keys_is_abusive_and_is_capped_while_the_others_are_not() {
    let stage = Stage::start_as(true, config(100, 0)).await;
    let (mut abusive, seconds) = (0, 20);
    for _ in 0..seconds {
        stage.advance(TimeDelta::seconds(1));
        for _ in 0..6 {
            match send(&stage, &numbered_key(0), 50).await {
                202 => abusive += 50,
                status => assert_eq!(status, 429),
            }
        }
        for honest in 1..10 {
            assert_eq!(send(&stage, &numbered_key(honest), 60).await, 202);
        }
    }
    let allowed = 100 * (10 + seconds);
    assert!(abusive >= allowed * 95 / 100 && abusive <= allowed * 105 / 100, "{abusive}");
    let refused = (6 * 50 * seconds) - abusive;
    eventually("the refused ones to be reported", async || {
        stage.events.rejected().get("rate_limited") == Some(&i64::from(refused))
    })
    .await;
}

#[tokio::test]
async fn a_refusal_says_when_to_come_back_on_every_wire() {
    let stage = Stage::start_as(true, config(10, 0)).await;
    assert_eq!(send(&stage, WRITE_KEY, 150).await, 202, "a batch may be larger than the burst");
    let post = stage.post("/v1/events").bearer_auth(WRITE_KEY).body(events(1));
    let response = post.send().await.expect("an answer");
    assert_eq!(response.status(), 429);
    // 50 too many, at ten a second, and one more.
    assert_eq!(response.headers()["retry-after"], "6");
    let body: serde_json::Value = response.json().await.expect("JSON");
    assert_eq!(body["details"][0]["reason"], "RATE_LIMITED");
    let event = CaptureEvent { name: "n".into(), distinct_id: "u".into(), ..Default::default() };
    let mut request = Request::new(CaptureRequest { events: vec![event], ..Default::default() });
    let value = format!("Bearer {WRITE_KEY}").parse().expect("metadata");
    request.metadata_mut().insert("authorization", value);
    let mut client = CaptureServiceClient::new(stage.channel().await);
    let refused = client.capture(request).await.expect_err("too much");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let delay = refused.get_details_retry_info().and_then(|info| info.retry_delay);
    assert_eq!(delay, Some(Duration::from_millis(5_100)));
    let json = stage.post("/observe.events.v1.CaptureService/Capture").bearer_auth(WRITE_KEY);
    let (status, _) = answer(json.json(&json!({"events": [{"name": "n"}]}))).await;
    assert_eq!(status, 429);
    assert_eq!(send(&stage, SECRET_KEY, 1).await, 202, "another key has a bucket of its own");
    stage.advance(TimeDelta::milliseconds(5_100));
    assert_eq!(send(&stage, WRITE_KEY, 1).await, 202);
}

#[tokio::test]
async fn what_a_full_queue_refused_is_not_counted() {
    let stage = Stage::start_as(true, config(10, 0)).await;
    *stage.events.full.lock().unwrap() = true;
    for _ in 0..3 {
        let (_, body) = stage.capture(events(90)).await;
        assert_eq!(body["details"][0]["reason"], "QUEUE_FULL", "{body}");
    }
    *stage.events.full.lock().unwrap() = false;
    assert_eq!(send(&stage, WRITE_KEY, 90).await, 202);
}

#[tokio::test]
async fn an_address_is_what_the_trusted_proxy_says_and_not_what_its_client_makes_up() {
    let stage = Stage::start_as(true, config(0, 5)).await;
    let from = async |forwarded: &str| {
        let post = stage.post("/v1/events").bearer_auth(WRITE_KEY).body(events(1));
        answer(post.header("x-forwarded-for", forwarded)).await.0
    };
    for _ in 0..50 {
        assert_eq!(from("203.0.113.7").await, 202);
    }
    for n in 0..20 {
        let made_up = format!("198.51.100.{n}, 10.0.0.{n}, 203.0.113.7");
        assert_eq!(from(&made_up).await, 429, "{made_up}");
    }
    assert_eq!(from("203.0.113.8").await, 202, "another address");
    // Loopback and private addresses are ours, or a proxy's that nobody told us of.
    for _ in 0..100 {
        assert_eq!(send(&stage, WRITE_KEY, 1).await, 202);
    }
    let secret = stage.post("/v1/events").bearer_auth(SECRET_KEY).body(events(1));
    let secret = secret.header("x-forwarded-for", "203.0.113.7");
    assert_eq!(answer(secret).await.0, 202, "a server's key is not a visitor's");
    stage.advance(TimeDelta::seconds(1));
    assert_eq!(from("203.0.113.7").await, 202);
    eventually("the refused ones to be reported", async || {
        stage.events.rejected().get("rate_limited") == Some(&20)
    })
    .await;
}

#[tokio::test]
async fn strangers_who_try_keys_are_not_passed_on_to_identity() {
    let stage = Stage::start_as(true, config(0, 0)).await;
    assert_eq!(send(&stage, WRITE_KEY, 1).await, 202);
    let attempt = async |n: usize| {
        let post = stage.post("/v1/events").bearer_auth(format!("obs_pub_{n:020}"));
        answer(post.header("x-forwarded-for", "203.0.113.7").body(events(1))).await.0
    };
    let before = stage.identity.authenticated();
    let mut refused = 0;
    for n in 0..300 {
        match attempt(n).await {
            401 => {}
            429 => refused += 1,
            other => unreachable!("{other}"),
        }
    }
    assert_eq!((stage.identity.authenticated() - before, refused), (100, 200));
    assert_eq!(attempt(0).await, 401, "what is known to be none costs nothing");
    let known = stage.post("/v1/events").bearer_auth(WRITE_KEY).body(events(1));
    let known = known.header("x-forwarded-for", "203.0.113.7");
    assert_eq!(answer(known).await.0, 202, "a key that is known does not suffer");
    stage.advance(TimeDelta::seconds(1));
    assert_eq!(attempt(301).await, 401, "ten a second are looked up");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_share_one_budget_and_go_on_without_redis() {
    let stores = TestStores::start().await;
    let shared =
        || Config { cache_redis_url: Some(Secret::new(&stores.cache_redis_url)), ..config(100, 0) };
    let (one, other) =
        tokio::join!(Stage::start_as(true, shared()), Stage::start_as(true, shared()));
    // Both clocks stand still: by its own count each has 1,000 events, and not one more.
    assert_eq!(send(&one, WRITE_KEY, 10_000).await, 202);
    let mut sent = 0;
    eventually("the other gateway to hear of it", async || {
        if send(&other, WRITE_KEY, 1).await == 429 {
            return true;
        }
        sent += 1;
        false
    })
    .await;
    assert!(sent < 1_000, "it was not its own count that refused: {sent}");
    assert_eq!(send(&other, SECRET_KEY, 10).await, 202, "other keys are none the wiser");

    stores.kill_cache().await;
    let fresh = numbered_key(7);
    assert_eq!(send(&one, &fresh, 10_000).await, 202);
    assert_eq!(send(&one, &fresh, 1).await, 429, "the limit holds by its own count");
    one.advance(TimeDelta::seconds(21));
    assert_eq!(send(&one, &fresh, 1).await, 202);
    assert_eq!(send(&one, WRITE_KEY, 1).await, 202);
}
