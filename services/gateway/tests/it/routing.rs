//! gRPC over HTTP/2: forwarded with a signed context and nothing else of the caller's.

use observe_core::Principal;
use observe_proto::events::v1::event_service_client::EventServiceClient;
use observe_proto::events::v1::ingest_service_client::IngestServiceClient;
use observe_proto::events::v1::{ListEventsRequest, WriteEventsRequest};
use observe_proto::identity::v1::account_service_client::AccountServiceClient;
use observe_proto::identity::v1::{GetMeRequest, SignInRequest};
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request};
use tonic_types::StatusExt as _;

use crate::support::{PROJECT, SECRET_KEY, SESSION, Stage, WRITE_KEY, answer};

fn with<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("authorization", format!("Bearer {token}").parse().expect("metadata"));
    request
}

#[tokio::test]
async fn a_public_rpc_needs_no_credential() {
    let stage = Stage::start().await;
    let mut client = AccountServiceClient::new(stage.channel().await);
    let request = SignInRequest { email: "a@example.com".into(), password: "p".into() };
    let answer = client.sign_in(request).await.expect("signed in").into_inner();
    assert_eq!(answer.user.expect("a user").email, "a@example.com");
    let (context, _) = stage.identity.calls.lock().unwrap()[0].clone();
    assert_eq!(context.principal, Principal::Anonymous);
    assert_eq!(context.client_address, "127.0.0.1");
    assert_eq!(uuid::Uuid::parse_str(&context.request_id).expect("a uuid").get_version_num(), 7);
}

#[tokio::test]
async fn a_caller_cannot_bring_a_context_or_headers_of_its_own() {
    let stage = Stage::start().await;
    let mut client = AccountServiceClient::new(stage.channel().await);
    let mut request = with(SESSION, GetMeRequest {});
    let forged = tonic::metadata::MetadataValue::from_bytes(b"forged");
    request.metadata_mut().insert_bin("x-observe-context-bin", forged);
    request.metadata_mut().insert("x-observe-other", "x".parse().expect("metadata"));
    request.metadata_mut().insert("x-custom", "x".parse().expect("metadata"));
    request.metadata_mut().insert("traceparent", "00-1-2-01".parse().expect("metadata"));
    client.get_me(request).await.expect("answered");
    let (context, metadata) = stage.identity.calls.lock().unwrap()[0].clone();
    assert!(matches!(context.principal, Principal::Session { .. }));
    let theirs: Vec<_> = ["x-observe-other", "x-custom", "authorization"]
        .into_iter()
        .filter(|name| metadata.contains_key(*name))
        .collect();
    assert!(theirs.is_empty(), "{theirs:?}");
    assert_eq!(metadata["traceparent"], "00-1-2-01");
    assert!(metadata.contains_key("grpc-timeout"), "a call without a deadline gets one");
}

#[tokio::test]
async fn each_class_of_credential_reaches_its_own_rpcs() {
    let stage = Stage::start().await;
    let channel = stage.channel().await;
    let list = |token| {
        let mut client = EventServiceClient::new(channel.clone());
        async move { client.list_events(with(token, ListEventsRequest::default())).await }
    };
    let answer = list(SECRET_KEY).await.expect("a secret key reads").into_inner();
    assert_eq!(answer.next_page_token, PROJECT);
    let refused = list(WRITE_KEY).await.expect_err("a write key does not");
    assert_eq!(refused.code(), Code::PermissionDenied);
    for token in ["obs_sec_ffffffffffffffff", "obs_sec_short", "nonsense!", "unknownunknownunknown"]
    {
        assert_eq!(list(token).await.expect_err(token).code(), Code::Unauthenticated, "{token}");
    }
    let mut client = EventServiceClient::new(channel.clone());
    let refused =
        client.list_events(ListEventsRequest::default()).await.expect_err("no credential");
    assert_eq!(refused.code(), Code::Unauthenticated);
    let mut client = AccountServiceClient::new(channel);
    let refused =
        client.get_me(with(SECRET_KEY, GetMeRequest {})).await.expect_err("not a session");
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn another_projects_thing_is_not_found() {
    let stage = Stage::start().await;
    let mut client = EventServiceClient::new(stage.channel().await);
    let project_id = "00000000-0000-0000-0000-0000000000ff".to_owned();
    let request =
        with(SECRET_KEY, ListEventsRequest { project_id, ..ListEventsRequest::default() });
    assert_eq!(client.list_events(request).await.expect_err("foreign").code(), Code::NotFound);
}

#[tokio::test]
async fn internal_rpcs_do_not_exist_from_outside() {
    let stage = Stage::start().await;
    let mut client = IngestServiceClient::new(stage.channel().await);
    let refused = client.write_events(with(SECRET_KEY, WriteEventsRequest::default())).await;
    let refused = refused.expect_err("internal");
    assert_eq!(refused.code(), Code::Unimplemented);
    assert_eq!(refused.get_details_error_info().expect("a reason").reason, "UNKNOWN_RPC");
    assert_eq!(stage.events.calls.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[tokio::test]
async fn compressed_requests_and_a_service_that_takes_them_are_none_of_our_business() {
    let stage = Stage::start().await;
    let client = EventServiceClient::new(stage.channel().await);
    let mut client = client.send_compressed(CompressionEncoding::Gzip);
    let refused = client.list_events(with(SECRET_KEY, ListEventsRequest::default())).await;
    // The stand-in takes no gzip: that it could say so shows that bytes and encoding reached it together.
    assert!(refused.expect_err("no gzip there").message().contains("gzip"));
}

#[tokio::test]
async fn a_request_beyond_four_mebibytes_is_refused() {
    let stage = Stage::start().await;
    let mut client = EventServiceClient::new(stage.channel().await);
    let page_token = "x".repeat(4 * 1024 * 1024 + 1);
    let request =
        with(SECRET_KEY, ListEventsRequest { page_token, ..ListEventsRequest::default() });
    assert_eq!(client.list_events(request).await.expect_err("too large").code(), Code::OutOfRange);
}

#[tokio::test]
async fn a_stranger_may_send_sixteen_kibibytes() {
    let stage = Stage::start().await;
    let mut client = AccountServiceClient::new(stage.channel().await);
    let sized = |bytes: usize| SignInRequest { email: "a".into(), password: "x".repeat(bytes) };
    client.sign_in(sized(16_000)).await.expect("enough for a password");
    let refused = client.sign_in(sized(16 * 1024)).await.expect_err("too large");
    assert_eq!(refused.code(), Code::OutOfRange);
    assert_eq!(stage.identity.calls.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_service_that_is_away_is_unavailable_with_a_time_to_come_back() {
    let stage = Stage::start().await;
    let mut client = AccountServiceClient::new(stage.channel().await);
    stage.stop_identity().await;
    let refused = client.sign_in(SignInRequest::default()).await.expect_err("away");
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.get_details_retry_info().is_some());
    assert_eq!(refused.get_details_error_info().expect("info").metadata["dependency"], "identity");
}

#[tokio::test]
async fn other_addresses_and_methods_are_refused_in_json() {
    let stage = Stage::start().await;
    let get = |path: &str| answer(stage.http.get(format!("{}{path}", stage.url)));
    let (status, body) = get("/nope").await;
    assert_eq!((status, body["code"].as_str()), (404, Some("NOT_FOUND")));
    let (status, _) = get("/v1/events").await;
    assert_eq!(status, 405);
    let (status, _) = get("/observe.identity.v1.AccountService/SignIn").await;
    assert_eq!(status, 405);
    let (status, _) = answer(stage.post("/readyz")).await;
    assert_eq!(status, 405);
    let (status, _) = answer(stage.post("/observe.js")).await;
    assert_eq!(status, 405);
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/grpc+json"]
    {
        let post = stage
            .post("/observe.identity.v1.AccountService/SignIn")
            .header("content-type", content_type);
        assert_eq!(answer(post.body("{}")).await.0, 415, "{content_type}");
    }
    let grpc = stage
        .post("/observe.identity.v1.AccountService/SignIn")
        .header("content-type", "application/grpc");
    assert_eq!(answer(grpc.body("")).await.0, 505);
    let response = stage.http.get(format!("{}/nope", stage.url)).send().await.expect("an answer");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert!(response.headers().contains_key("x-request-id"));
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}
