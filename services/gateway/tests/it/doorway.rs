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
async fn capture_takes_a_mebibyte_of_numbers() {
    let stage = Stage::start().await;
    let post = |body: String| {
        let request = stage.post("/observe.events.v1.CaptureService/Capture");
        let request = request.header("content-type", "application/json").bearer_auth(WRITE_KEY);
        answer(request.body(body))
    };
    let with = |numbers: usize| {
        let list = format!("0{}", ",0".repeat(numbers - 1));
        format!(
            r#"{{"events":[{{"name":"n","distinct_id":"u","properties":{{"a":[{list}]}}}}],"sent_time":null}}"#
        )
    };
    let (status, body) = post(with(520_000)).await;
    assert_eq!((status, &body["receipts"][0]["outcome"]), (200, &json!("OUTCOME_ACCEPTED")));
    assert_eq!(stage.events.written()[0].properties_json.len(), 2 * 520_000 + 7);
    assert_eq!(post(with(530_000)).await.0, 413, "over 1 MiB");
}

#[tokio::test]
async fn capture_by_json_spares_the_neighbours_of_a_bad_event() {
    let stage = Stage::start().await;
    let request = stage.post("/observe.events.v1.CaptureService/Capture").bearer_auth(WRITE_KEY);
    let uuid = "0191f3a0-0000-7000-8000-000000000001";
    let body = format!(
        r#"{{"sentTime":"2027-01-15T08:00:00Z","events":[
            {{"uuid":"{uuid}","name":"n","distinctId":"u","time":"2027-01-15T07:59:59Z"}},
            {{"uuid":"{uuid}","name":"n","distinctId":"u"}},
            {{"name":"n","distinctId":"u","properties":{{"a":1e400}}}},
            {{"name":"n","userId":"u"}}, 5]}}"#
    );
    let request = request.header("content-type", "application/json").body(body);
    let (status, body) = answer(request).await;
    assert_eq!(status, 200, "{body}");
    let told: Vec<_> = body["receipts"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["outcome"].as_str().expect("text"), one["code"].as_str().expect("text")))
        .collect();
    assert_eq!(
        told,
        [
            ("OUTCOME_ACCEPTED", ""),
            ("OUTCOME_DUPLICATE", ""),
            ("OUTCOME_REJECTED", "non_finite_number"),
            ("OUTCOME_REJECTED", "invalid_event"),
            ("OUTCOME_REJECTED", "invalid_event"),
        ]
    );
    assert_eq!(
        (&body["receipts"][0]["uuid"], &body["receipts"][4]["index"]),
        (&json!(uuid), &json!(4))
    );
    assert_eq!(stage.events.written()[0].time_ms, 1_799_999_999_000);
}

#[tokio::test]
async fn capture_by_json_refuses_what_is_no_batch() {
    let stage = Stage::start().await;
    let post = |token: &str, body: &str| {
        let request = stage.post("/observe.events.v1.CaptureService/Capture").bearer_auth(token);
        answer(request.header("content-type", "application/json").body(body.to_owned()))
    };
    for body in ["[]", "{", "{\"events\":5}", "{\"batch\":[]}"] {
        let (status, answer) = post(WRITE_KEY, body).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("INVALID_ARGUMENT")), "{body}");
    }
    assert_eq!(post(WRITE_KEY, "").await, (200, json!({"receipts": []})));
    let many = format!("{{\"events\":[{{}}{}]}}", ",{}".repeat(10_000));
    assert_eq!(post(WRITE_KEY, &many).await.0, 400);
    assert_eq!(post(SESSION, "{}").await.0, 403);
}

#[tokio::test]
async fn other_rpcs_have_less_room_and_strangers_least() {
    let stage = Stage::start().await;
    let post = |path: &str, field: &str, bytes: usize| {
        let request = stage.post(path).bearer_auth(SECRET_KEY);
        let frame = json!({field: ""}).to_string().len();
        answer(request.json(&json!({field: "x".repeat(bytes - frame)})))
    };
    let list = "/observe.events.v1.EventService/ListEvents";
    assert_eq!(post(list, "pageToken", 256 * 1024).await.0, 200);
    assert_eq!(post(list, "pageToken", 256 * 1024 + 1).await.0, 413);
    let sign_in = "/observe.identity.v1.AccountService/SignIn";
    assert_eq!(post(sign_in, "password", 16 * 1024).await.0, 200);
    assert_eq!(post(sign_in, "password", 16 * 1024 + 1).await.0, 413);
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
