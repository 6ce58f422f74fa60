//! A secret key that strangers can read is refused on capture, and its owner learns it.

use chrono::TimeDelta;

use crate::support::{KEY, SECRET_KEY, Stage, answer, eventually};

const EVENT: &str = r#"{"name":"n","user_id":"u"}"#;

impl Stage {
    fn exposed(&self) -> Vec<String> {
        self.identity.exposed.lock().expect("no test panicked").clone()
    }
}

#[tokio::test]
async fn a_secret_key_of_a_browser_or_in_the_open_is_refused_and_reported_once_a_minute() {
    let stage = Stage::start().await;
    let from_page = || stage.post("/v1/events").header("origin", "https://example.com");
    let in_query = format!("/v1/events?key={SECRET_KEY}");
    let in_body = format!(r#"{{"api_key":"{SECRET_KEY}","events":[{EVENT}]}}"#);
    let same_origin = || stage.post("/v1/events").header("sec-fetch-site", "same-origin");
    for request in [
        from_page().bearer_auth(SECRET_KEY).body(EVENT),
        same_origin().bearer_auth(SECRET_KEY).body(EVENT),
        stage.post(&in_query).body(EVENT),
        stage.post("/v1/events").body(in_body),
    ] {
        let (status, body) = answer(request).await;
        assert_eq!(status, 401, "{body}");
    }
    eventually("the report", async || !stage.exposed().is_empty()).await;
    assert!(stage.events.written().is_empty());

    // Reports are made in order: whatever the minute's other requests had caused would come before this one.
    stage.advance(TimeDelta::seconds(61));
    answer(stage.post(&in_query).body(EVENT)).await;
    eventually("the second report", async || stage.exposed().len() > 1).await;
    assert_eq!(stage.exposed(), [KEY, KEY]);
}

#[tokio::test]
async fn a_server_that_keeps_its_secret_key_is_not_reported() {
    let stage = Stage::start().await;
    let kept = stage.post("/v1/events").bearer_auth(SECRET_KEY).body(EVENT);
    assert_eq!(answer(kept).await.0, 202);
    // The first report that there is, is that of the key in the open.
    let in_query = format!("/v1/events?key={SECRET_KEY}");
    answer(stage.post(&in_query).body(EVENT)).await;
    eventually("the report", async || !stage.exposed().is_empty()).await;
    assert_eq!(stage.exposed().len(), 1);
}

#[tokio::test]
async fn a_refusal_does_not_wait_for_identity_to_hear_of_it() {
    let stage = Stage::start().await;
    let kept = || stage.post("/v1/events").bearer_auth(SECRET_KEY).body(EVENT);
    assert_eq!(answer(kept()).await.0, 202);
    stage.stop_identity().await;
    let (status, _) = answer(kept().header("origin", "https://example.com")).await;
    assert_eq!(status, 401);
}
