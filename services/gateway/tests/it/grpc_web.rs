//! gRPC-web over HTTP/1.1, byte by byte.

use observe_proto::events::v1::{CaptureEvent, CaptureRequest, CaptureResponse};
use observe_proto::identity::v1::{GetMeRequest, SignInRequest, SignInResponse};
use prost::Message;

use crate::support::{SECRET_KEY, SESSION, Stage, WRITE_KEY};

pub fn frame(message: &impl Message) -> Vec<u8> {
    let body = message.encode_to_vec();
    let length = u32::try_from(body.len()).expect("short");
    [&[0][..], &length.to_be_bytes(), &body].concat()
}

/// Returns the message, if any, and the trailers.
fn unframe(mut bytes: &[u8]) -> (Option<Vec<u8>>, String) {
    let (mut message, mut trailers) = (None, String::new());
    while let [flags, a, b, c, d, rest @ ..] = bytes {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (part, after) = rest.split_at(length);
        if flags & 0x80 == 0 {
            message = Some(part.to_vec());
        } else {
            trailers = String::from_utf8(part.to_vec()).expect("text");
        }
        bytes = after;
    }
    (message, trailers)
}

async fn call(
    stage: &Stage,
    path: &str,
    token: &str,
    body: Vec<u8>,
) -> (reqwest::header::HeaderMap, Option<Vec<u8>>, String) {
    let request = stage
        .post(path)
        .header("content-type", "application/grpc-web+proto")
        .header("x-grpc-web", "1");
    let response = request.bearer_auth(token).header("origin", "http://page").body(body);
    let response = response.send().await.expect("an answer");
    assert_eq!(
        (response.status(), response.version()),
        (reqwest::StatusCode::OK, reqwest::Version::HTTP_11)
    );
    let headers = response.headers().clone();
    let (message, trailers) = unframe(&response.bytes().await.expect("a body"));
    (headers, message, trailers)
}

#[tokio::test]
async fn a_browser_calls_an_rpc() {
    let stage = Stage::start().await;
    let request = SignInRequest { email: "a@example.com".into(), password: "p".into() };
    let path = "/observe.identity.v1.AccountService/SignIn";
    let (headers, message, trailers) = call(&stage, path, "", frame(&request)).await;
    let answer = SignInResponse::decode(message.expect("a message").as_slice()).expect("an answer");
    assert_eq!(answer.session_token, SESSION);
    assert!(trailers.contains("grpc-status:0"), "{trailers}");
    assert!(!headers.contains_key("access-control-allow-origin"), "other sites' pages may not");
}

#[tokio::test]
async fn base64_text_is_spoken_too() {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let stage = Stage::start().await;
    let request = stage.post("/observe.identity.v1.AccountService/GetMe").bearer_auth(SESSION);
    let request = request
        .header("content-type", "application/grpc-web-text")
        .header("accept", "application/grpc-web-text");
    let response =
        request.body(engine.encode(frame(&GetMeRequest {}))).send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/grpc-web-text+proto");
    assert_eq!(stage.identity.calls.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_has_its_status_in_the_headers() {
    let stage = Stage::start().await;
    let path = "/observe.identity.v1.AccountService/GetMe";
    let (headers, _, trailers) =
        call(&stage, path, "unknownunknownunknown", frame(&GetMeRequest {})).await;
    let status = headers.get("grpc-status").map(|value| value.to_str().expect("text").to_owned());
    assert!(
        status.as_deref() == Some("16") || trailers.contains("grpc-status:16"),
        "{headers:?} {trailers}"
    );
    let (headers, _, trailers) = call(&stage, "/observe.nope.v1.NoService/Nope", "", vec![]).await;
    let status = headers.get("grpc-status").map(|value| value.to_str().expect("text").to_owned());
    assert!(
        status.as_deref() == Some("12") || trailers.contains("grpc-status:12"),
        "{headers:?} {trailers}"
    );
}

#[tokio::test]
async fn a_stranger_may_send_sixteen_kibibytes() {
    let stage = Stage::start().await;
    let request = SignInRequest { email: "a".into(), password: "x".repeat(16 * 1024) };
    let path = "/observe.identity.v1.AccountService/SignIn";
    let (headers, _, trailers) = call(&stage, path, "", frame(&request)).await;
    let status = headers.get("grpc-status").map(|value| value.to_str().expect("text").to_owned());
    assert!(
        status.as_deref() == Some("11") || trailers.contains("grpc-status:11"),
        "{headers:?} {trailers}"
    );
}

#[tokio::test]
async fn any_page_may_capture() {
    let stage = Stage::start().await;
    let path = "/observe.events.v1.CaptureService/Capture";
    let event =
        CaptureEvent { name: "n".into(), anonymous_id: "a".into(), ..CaptureEvent::default() };
    let request = CaptureRequest { events: vec![event], ..Default::default() };
    let (headers, message, _) = call(&stage, path, WRITE_KEY, frame(&request)).await;
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert!(!headers.contains_key("access-control-allow-credentials"));
    let exposed = headers["access-control-expose-headers"].to_str().expect("text");
    assert!(exposed.contains("grpc-status-details-bin"), "{exposed}");
    let answer =
        CaptureResponse::decode(message.expect("a message").as_slice()).expect("an answer");
    assert_eq!(answer.receipts.len(), 1);
    let preflight = stage.http.request(reqwest::Method::OPTIONS, format!("{}{path}", stage.url));
    let preflight =
        preflight.header("origin", "http://page").header("access-control-request-method", "POST");
    let response = preflight.send().await.expect("an answer");
    assert_eq!(response.headers()["access-control-max-age"], "7200");
    assert!(response.status().is_success());
}

#[tokio::test]
async fn a_secret_key_from_a_page_is_refused() {
    let stage = Stage::start().await;
    let path = "/observe.events.v1.CaptureService/Capture";
    let (headers, _, trailers) =
        call(&stage, path, SECRET_KEY, frame(&CaptureRequest::default())).await;
    let status = headers.get("grpc-status").map(|value| value.to_str().expect("text").to_owned());
    assert!(
        status.as_deref() == Some("7") || trailers.contains("grpc-status:7"),
        "{headers:?} {trailers}"
    );
}
