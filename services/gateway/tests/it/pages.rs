//! What a browser gets who opens the address, whether or not the dashboard is part of the build.

use crate::support::{Stage, answer};

#[tokio::test]
async fn the_front_page_is_there_and_tells_nobody_where_it_came_from() {
    let stage = Stage::start().await;
    let url = format!("{}/", stage.url);
    let response = stage.http.get(&url).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    assert_eq!(headers["cache-control"], "no-cache");
    assert_eq!(headers["x-frame-options"], "DENY");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(policy.starts_with("default-src"), "{policy}");
    let body = response.text().await.expect("text");
    // A client that takes gzip would hide the length of it.
    let head = stage.http.head(&url).header("accept-encoding", "identity");
    let head = head.send().await.expect("an answer");
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["content-length"], body.len().to_string().as_str());
    assert!(head.text().await.expect("none").is_empty());
}

#[tokio::test]
async fn data_is_not_answered_with_a_page() {
    let stage = Stage::start().await;
    for (path, status) in [
        ("/v1/nope", 404),
        ("/v1/events", 405),
        ("/assets/nope.js", 404),
        ("/observe.identity.v1.AccountService/GetMe", 405),
        ("/session", 405),
    ] {
        let get = stage.http.get(format!("{}{path}", stage.url)).header("accept", "text/html");
        let (got, body) = answer(get).await;
        assert_eq!(got, status, "{path}");
        assert!(body["code"].is_string(), "{path}: {body}");
    }
}
