//! Keys are remembered, sessions are not.

use std::time::Duration;

use chrono::TimeDelta;

use crate::support::{SESSION, Stage, WRITE_KEY, answer, eventually};

const EVENT: &str = r#"{"name":"n","user_id":"u"}"#;

#[tokio::test]
async fn a_key_is_asked_about_once_a_minute() {
    let stage = Stage::start().await;
    for _ in 0..3 {
        assert_eq!(stage.capture(EVENT).await.0, 202);
    }
    assert_eq!(stage.identity.authenticated(), 1);
    stage.identity.revoke(WRITE_KEY);
    assert_eq!(stage.capture(EVENT).await.0, 202, "within the minute");
    stage.advance(TimeDelta::seconds(60));
    assert_eq!(stage.capture(EVENT).await.0, 401);
}

#[tokio::test]
async fn a_known_key_captures_on_while_identity_is_away() {
    let stage = Stage::start().await;
    assert_eq!(stage.capture(EVENT).await.0, 202);
    stage.stop_identity().await;
    stage.advance(TimeDelta::hours(23));
    assert_eq!(stage.capture(EVENT).await.0, 202);
    let unknown = stage.post("/v1/events").bearer_auth("obs_pub_ffffffffffffffff").body(EVENT);
    let response = unknown.send().await.expect("an answer");
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
    stage.advance(TimeDelta::hours(2));
    assert_eq!(stage.capture(EVENT).await.0, 503, "a day is the limit");
}

#[tokio::test]
async fn signing_out_counts_at_once() {
    let stage = Stage::start().await;
    let call = |method: &str| {
        let path = format!("/observe.identity.v1.AccountService/{method}");
        answer(stage.post(&path).bearer_auth(SESSION).json(&serde_json::json!({})))
    };
    assert_eq!(call("GetMe").await.0, 200);
    assert_eq!(call("SignOut").await.0, 200);
    assert_eq!(call("GetMe").await.0, 401);
}

#[tokio::test]
async fn a_malformed_key_costs_no_look_up() {
    let stage = Stage::start().await;
    let mistyped = format!("obs_pub_{}000000", "a".repeat(32));
    for key in ["obs_pub_x", &mistyped] {
        let request = stage.post("/v1/events").bearer_auth(key).body(EVENT);
        assert_eq!(answer(request).await.0, 401);
    }
    assert_eq!(stage.identity.authenticated(), 0);
}

#[tokio::test]
async fn invented_keys_do_not_keep_sessions_waiting() {
    let stage = Stage::start().await;
    let gate = stage.identity.key_gate.lock().await;
    let keys = (0..100).map(|n| {
        let key = format!("obs_pub_{n:016}");
        answer(stage.post("/v1/events").bearer_auth(key).body(EVENT))
    });
    let session = async {
        eventually("all look-ups of keys", async || stage.identity.authenticated() >= 64).await;
        let me = stage.post("/observe.identity.v1.AccountService/GetMe").bearer_auth(SESSION);
        let me = answer(me.json(&serde_json::json!({})));
        // Sooner than the look-ups of keys are given up.
        let answered = tokio::time::timeout(Duration::from_secs(1), me).await;
        drop(gate);
        answered
    };
    let (_, answered) = tokio::join!(futures::future::join_all(keys), session);
    assert_eq!(answered.expect("at once").0, 200);
}

#[tokio::test]
async fn an_unknown_key_and_a_revoked_one_take_the_same_way_to_the_same_answer() {
    let stage = Stage::start().await;
    stage.identity.revoke(WRITE_KEY);
    let event = serde_json::json!({"events": []});
    let unknown = "obs_pub_ffffffffffffffff";
    let mut told = Vec::new();
    for key in [unknown, WRITE_KEY] {
        let http = answer(stage.post("/v1/events").bearer_auth(key).body(EVENT));
        let query = answer(stage.post(&format!("/v1/events?key={key}")).body(EVENT));
        let capture = stage.post("/observe.events.v1.CaptureService/Capture").bearer_auth(key);
        let read = stage.post("/observe.events.v1.EventService/ListEvents").bearer_auth(key);
        let sentry = stage.post(&format!("/api/1/envelope/?sentry_key={key}")).body("{}\n");
        let traces = stage.post("/v1/traces").header("x-api-key", key).json(&event);
        let before = stage.identity.authenticated();
        let mut answers = vec![http.await, query.await];
        for request in [capture.json(&event), read.json(&event), sentry, traces] {
            answers.push(answer(request).await);
        }
        assert!(answers.iter().all(|(status, _)| *status == 401), "{answers:?}");
        told.push((answers, stage.identity.authenticated() - before));
    }
    // One look-up each: the second way and all others know the answer already.
    assert_eq!(told[0].1, 1);
    assert_eq!(told[0], told[1]);
}
