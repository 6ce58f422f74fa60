//! Every RPC with curl.

use serde_json::json;

use crate::support::{PROJECT, SECRET_KEY, SESSION, Stage, WRITE_KEY, answer};

#[tokio::test]
async fn an_rpc_takes_and_gives_json() {
    let stage = Stage::start().await;
    let request = stage.post("/observe.identity.v1.AccountService/SignIn");
    let (status, body) =
        answer(request.json(&json!({"email": "a@example.com", "password": "p"}))).await;
    assert_eq!((status, body["sessionToken"].as_str()), (200, Some(SESSION)));
    assert_eq!(body["user"]["email"], "a@example.com");
    let list = stage.post("/observe.events.v1.EventService/ListEvents").bearer_auth(SECRET_KEY);
    let (status, body) = answer(list.json(&json!({"pageSize": 10}))).await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({"events": [], "nextPageToken": PROJECT}),
        "empty lists are written too"
    );
}

#[tokio::test]
async fn capture_can_be_tried_too() {
    let stage = Stage::start().await;
    let request = stage.post("/observe.events.v1.CaptureService/Capture").bearer_auth(WRITE_KEY);
    let (status, body) = answer(request.json(&json!({"events": [
        {"name": "n", "distinctId": "u", "properties": {"a": 1}},
        {"distinctId": "u"},
    ]})))
    .await;
    assert_eq!(status, 200);
    assert_eq!(body["receipts"][0]["outcome"], "OUTCOME_ACCEPTED");
    assert_eq!(body["receipts"][0]["index"], 0);
    assert_eq!(body["receipts"][1]["code"], "missing_name");
    assert_eq!(stage.events.written()[0].properties_json, r#"{"a":1}"#);
}

#[tokio::test]
async fn refusals_say_what_and_where() {
    let stage = Stage::start().await;
    let post = |path: &str, token: &str, body: &str| {
        let request = stage.post(path).header("content-type", "application/json; charset=utf-8");
        answer(request.bearer_auth(token).body(body.to_owned()))
    };
    let list = "/observe.events.v1.EventService/ListEvents";
    let (status, body) = post(list, SECRET_KEY, "{\"pageSize\":\n\"many\"}").await;
    assert_eq!((status, body["code"].as_str()), (400, Some("INVALID_ARGUMENT")));
    let place = body["details"][1]["fieldViolations"][0]["description"].as_str().expect("a place");
    assert!(place.contains("line 2"), "{place}");
    let (status, body) = post(list, SECRET_KEY, "{\"pagesize\":1}").await;
    assert_eq!(status, 400, "{body}");
    let (status, body) = post(list, WRITE_KEY, "{}").await;
    assert_eq!((status, body["code"].as_str()), (403, Some("PERMISSION_DENIED")));
    assert_eq!(body["details"][0]["@type"], "type.googleapis.com/google.rpc.ErrorInfo");
    assert_eq!(body["details"][0]["domain"], "observe");
    let (status, body) = post(list, "unknownunknownunknown", "{}").await;
    assert_eq!((status, body["details"][0]["reason"].as_str()), (401, Some("INVALID_CREDENTIAL")));
    let foreign = r#"{"projectId":"00000000-0000-0000-0000-0000000000ff"}"#;
    let (status, body) = post(list, SECRET_KEY, foreign).await;
    assert_eq!(
        (status, body["details"][0]["metadata"]["resource"].as_str()),
        (404, Some("project"))
    );
    for path in [
        "/observe.events.v1.EventService/Nope",
        "/observe.events.v1.IngestService/WriteEvents",
        "/observe.events.v1.CaptureService/CaptureStream",
    ] {
        let (status, body) = post(path, SECRET_KEY, "{}").await;
        assert_eq!(
            (status, body["details"][0]["reason"].as_str()),
            (501, Some("UNKNOWN_RPC")),
            "{path}"
        );
    }
    let (status, _) = post(list, SECRET_KEY, &" ".repeat(4 * 1024 * 1024 + 1)).await;
    assert_eq!(status, 413);
}

#[tokio::test]
async fn a_cookie_opens_no_door() {
    let stage = Stage::start().await;
    let request = stage.post("/observe.identity.v1.AccountService/GetMe");
    let request = request.header("cookie", format!("session={SESSION}")).json(&json!({}));
    assert_eq!(answer(request).await.0, 401);
}

#[tokio::test]
async fn a_service_that_is_away_is_503_with_a_time_to_come_back() {
    let stage = Stage::start().await;
    stage.stop_identity().await;
    let request = stage.post("/observe.identity.v1.AccountService/SignIn").json(&json!({}));
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
}
