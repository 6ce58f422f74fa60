//! Sessions of browsers: a cookie, and who may use it.

use observe_proto::identity::v1::{GetMeRequest, SignOutRequest};
use prost::Message;
use reqwest::RequestBuilder;
use serde_json::json;

use crate::grpc_web::frame;
use crate::support::{SECRET_KEY, SESSION, Stage, WRITE_KEY, answer};

const GET_ME: &str = "/observe.identity.v1.AccountService/GetMe";
const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

fn cookie() -> (&'static str, String) {
    ("cookie", format!("theme=dark; observe_session={SESSION}"))
}

/// Sends a request and returns its HTTP status and the cookie it sets.
async fn set_cookie(request: RequestBuilder) -> (u16, Option<String>) {
    let response = request.send().await.expect("an answer");
    let cookie = response.headers().get("set-cookie");
    let cookie = cookie.map(|value| value.to_str().expect("text").to_owned());
    (response.status().as_u16(), cookie)
}

/// Calls an RPC by gRPC-web and returns its gRPC status.
async fn grpc_web(stage: &Stage, path: &str, message: &impl Message, given: &[(&str, &str)]) -> u8 {
    let mut request = stage.post(path).header("content-type", "application/grpc-web+proto");
    for (name, value) in given {
        request = request.header(*name, *value);
    }
    let response = request.body(frame(message)).send().await.expect("an answer");
    let status = response.headers().get("grpc-status").cloned();
    let body = response.bytes().await.expect("a body");
    let text = match status {
        Some(status) => status.to_str().expect("text").to_owned(),
        None => {
            let text = String::from_utf8_lossy(&body).into_owned();
            let (_, after) = text.split_once("grpc-status:").expect("trailers");
            after.split_whitespace().next().expect("a number").to_owned()
        }
    };
    text.parse().expect("a number")
}

#[tokio::test]
async fn a_page_of_ours_gets_a_cookie_for_its_token() {
    let stage = Stage::start().await;
    let open = || stage.post("/session").bearer_auth(SESSION);
    let expected =
        format!("observe_session={SESSION}; HttpOnly; SameSite=Lax; Path=/; Max-Age=604800");
    assert_eq!(
        set_cookie(open().header(SAME_ORIGIN.0, SAME_ORIGIN.1)).await,
        (204, Some(expected.clone()))
    );
    assert_eq!(set_cookie(open().header("origin", &stage.url)).await, (204, Some(expected)));
    let close = || stage.http.delete(format!("{}/session", stage.url));
    let cleared = "observe_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0".to_owned();
    assert_eq!(set_cookie(close().header("origin", &stage.url)).await, (204, Some(cleared)));
    assert_eq!(answer(stage.http.get(format!("{}/session", stage.url))).await.0, 405);
}

#[tokio::test]
async fn behind_tls_the_cookie_is_bound_to_it() {
    let stage = Stage::start_at("https://observe.example.com").await;
    let open = stage.post("/session").bearer_auth(SESSION).header(SAME_ORIGIN.0, SAME_ORIGIN.1);
    let (status, cookie) = set_cookie(open).await;
    let cookie = cookie.expect("a cookie");
    assert!(status == 204 && cookie.starts_with("__Host-observe_session="), "{cookie}");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    let named = format!("__Host-observe_session={SESSION}");
    let given = [("cookie", named.as_str()), SAME_ORIGIN];
    assert_eq!(grpc_web(&stage, GET_ME, &GetMeRequest {}, &given).await, 0);
    let cookie = cookie_of_http();
    let given = [("cookie", cookie.as_str()), SAME_ORIGIN];
    assert_eq!(grpc_web(&stage, GET_ME, &GetMeRequest {}, &given).await, 16);
}

fn cookie_of_http() -> String {
    cookie().1
}

#[tokio::test]
async fn nobody_else_gets_or_clears_a_cookie() {
    let stage = Stage::start().await;
    let close = || stage.http.delete(format!("{}/session", stage.url));
    for request in [stage.post("/session").bearer_auth(SESSION), close()] {
        let with =
            |name: &str, value: &str| request.try_clone().expect("no body").header(name, value);
        assert_eq!(set_cookie(with("x-other", "1")).await, (403, None), "no proof");
        for site in ["cross-site", "same-site", "none"] {
            let claimed = with("sec-fetch-site", site).header("origin", &stage.url);
            assert_eq!(set_cookie(claimed).await, (403, None), "{site}");
        }
        assert_eq!(set_cookie(with("origin", "http://other.example")).await, (403, None));
    }
    for (token, status) in [("unknownunknownunknown", 401), (WRITE_KEY, 403), (SECRET_KEY, 403)] {
        let open = stage.post("/session").bearer_auth(token).header(SAME_ORIGIN.0, SAME_ORIGIN.1);
        assert_eq!(set_cookie(open).await, (status, None), "{token}");
    }
    let open = stage.post("/session").header(SAME_ORIGIN.0, SAME_ORIGIN.1);
    let (name, value) = cookie();
    assert_eq!(set_cookie(open.header(name, value)).await, (401, None), "a cookie is no token");
}

#[tokio::test]
async fn a_cookie_counts_for_pages_of_ours_only() {
    let stage = Stage::start().await;
    let (name, value) = cookie();
    let cookie = (name, value.as_str());
    let origin = ("origin", stage.url.as_str());
    let call =
        async |given: &[(&str, &str)]| grpc_web(&stage, GET_ME, &GetMeRequest {}, given).await;
    assert_eq!(call(&[cookie, SAME_ORIGIN]).await, 0);
    assert_eq!(call(&[cookie, origin]).await, 0);
    let other = ("origin", "http://other.example");
    for given in [
        &[cookie][..],
        &[cookie, other],
        &[cookie, ("sec-fetch-site", "cross-site"), origin],
        &[cookie, ("sec-fetch-site", "same-site")],
        &[cookie, ("sec-fetch-site", "none")],
        &[cookie, SAME_ORIGIN, ("authorization", "Bearer unknownunknownunknown")],
        &[SAME_ORIGIN],
    ] {
        assert_eq!(call(given).await, 16, "{given:?}");
    }
    assert_eq!(stage.identity.calls.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_cookie_is_a_session_and_reaches_no_capture() {
    let stage = Stage::start().await;
    let path = "/observe.events.v1.CaptureService/Capture";
    let message = observe_proto::events::v1::CaptureRequest::default();
    for token in [WRITE_KEY, SECRET_KEY, SESSION] {
        let value = format!("observe_session={token}");
        let given = [("cookie", value.as_str()), SAME_ORIGIN];
        assert_eq!(grpc_web(&stage, path, &message, &given).await, 16, "{token}");
        let event = r#"{"name":"n","user_id":"u"}"#;
        let post = stage.post("/v1/events").header("cookie", &value).body(event);
        assert_eq!(answer(post.header(SAME_ORIGIN.0, SAME_ORIGIN.1)).await.0, 401);
    }
    let key = format!("observe_session={SECRET_KEY}");
    let list = "/observe.events.v1.EventService/ListEvents";
    let message = observe_proto::events::v1::ListEventsRequest::default();
    let given = [("cookie", key.as_str()), SAME_ORIGIN];
    assert_eq!(grpc_web(&stage, list, &message, &given).await, 16);
}

#[tokio::test]
async fn the_doorway_and_plain_grpc_take_no_cookie() {
    let stage = Stage::start().await;
    let (name, value) = cookie();
    let request = stage.post(GET_ME).header(name, &value).header(SAME_ORIGIN.0, SAME_ORIGIN.1);
    assert_eq!(answer(request.json(&json!({}))).await.0, 401);
    let mut client = observe_proto::identity::v1::account_service_client::AccountServiceClient::new(
        stage.channel().await,
    );
    let mut request = tonic::Request::new(GetMeRequest {});
    for (name, value) in [(name, value.as_str()), SAME_ORIGIN] {
        request.metadata_mut().insert(
            tonic::metadata::AsciiMetadataKey::from_bytes(name.as_bytes()).expect("a name"),
            value.parse().expect("metadata"),
        );
    }
    let refused = client.get_me(request).await.expect_err("no credential");
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);
}

#[tokio::test]
async fn signing_out_ends_the_cookies_session() {
    let stage = Stage::start().await;
    let (name, value) = cookie();
    let given = [(name, value.as_str()), SAME_ORIGIN];
    let sign_out = "/observe.identity.v1.AccountService/SignOut";
    assert_eq!(grpc_web(&stage, sign_out, &SignOutRequest {}, &given).await, 0);
    assert_eq!(grpc_web(&stage, GET_ME, &GetMeRequest {}, &given).await, 16);
}
