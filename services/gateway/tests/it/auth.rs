//! Keys are remembered, sessions are not.

use chrono::TimeDelta;

use crate::support::{SESSION, Stage, WRITE_KEY, answer};

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
    let request = stage.post("/v1/events").bearer_auth("obs_pub_x").body(EVENT);
    assert_eq!(answer(request).await.0, 401);
    assert_eq!(stage.identity.authenticated(), 0);
}
