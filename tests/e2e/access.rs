//! A stranger, a wrong key, a write key and another project's key on every RPC there is: refused as the contract says.

use observe_proto::FILE_DESCRIPTOR_SET;
use observe_proto::identity::v1::account_service_client::AccountServiceClient;
use observe_proto::identity::v1::key::Kind;
use observe_proto::identity::v1::key_service_client::KeyServiceClient;
use observe_proto::identity::v1::project_service_client::ProjectServiceClient;
use observe_proto::identity::v1::{
    CreateKeyRequest, CreateProjectRequest, GetMeRequest, GetMeResponse, GetProjectRequest,
    SignInRequest, SignOutRequest,
};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};
use tonic::Code;

use crate::cluster::{Cluster, EMAIL, PASSWORD, SECRET_KEY, WRITE_KEY};

/// Who may call an RPC. Written out here, not taken from the gateway, so that a slip there shows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Access {
    Public,
    Session,
    SessionOrSecretKey,
    Capture,
    Internal,
}

fn access(rpc: &str) -> Access {
    match rpc {
        "AccountService/SignIn" | "AccountService/SignUp" | "AccountService/GetSetup" => {
            Access::Public
        }
        "InvitationService/GetInvitation" | "InvitationService/AcceptInvitation" => Access::Public,
        "ProjectService/GetProject" | "PersonService/GetPerson" | "PersonService/ListPersons" => {
            Access::SessionOrSecretKey
        }
        "ProjectService/CreateProject" | "ProjectService/UpdateProject" => Access::Session,
        "CaptureService/Capture" | "CaptureService/CaptureStream" => Access::Capture,
        _ => match rpc.split('/').next() {
            Some("AccountService" | "OrganizationService" | "InvitationService" | "KeyService") => {
                Access::Session
            }
            Some(
                "EventService"
                | "PipelineService"
                | "InsightService"
                | "ErrorService"
                | "LatencyService"
                | "OverviewService"
                | "UsageService"
                | "MonitorService"
                | "IncidentService"
                | "AlertChannelService",
            ) => Access::SessionOrSecretKey,
            // Whatever is not named above must not be reachable.
            _ => Access::Internal,
        },
    }
}

fn methods() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    let services: Vec<_> =
        pool.services().filter(|s| s.full_name().starts_with("observe.")).collect();
    services.iter().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// What a call was answered.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Answer {
    code: Code,
    /// Whether it is the project that was not found, not something in it.
    hides_project: bool,
}

impl Answer {
    fn new(code: Code, message: &str) -> Self {
        Self { code, hides_project: code == Code::NotFound && message.starts_with("project") }
    }
}

/// Calls an RPC with nothing in the request but the project, as gRPC-web, and returns its status.
async fn call(
    cluster: &Cluster,
    method: &MethodDescriptor,
    token: &str,
    project_id: &str,
) -> Answer {
    let mut message = DynamicMessage::new(method.input());
    if method
        .input()
        .get_field_by_name("project_id")
        .is_some_and(|field| field.kind() == prost_reflect::Kind::String)
    {
        message.set_field_by_name("project_id", Value::String(project_id.to_owned()));
    }
    let message = message.encode_to_vec();
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    let url = format!("{}/{}/{}", cluster.base, method.parent_service().full_name(), method.name());
    let mut post =
        reqwest::Client::new().post(url).header("content-type", "application/grpc-web+proto");
    if !token.is_empty() {
        post = post.bearer_auth(token);
    }
    let answer = post.body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", method.full_name());
    if let Some(status) = answer.headers().get("grpc-status") {
        let message = answer.headers().get("grpc-message");
        let message = message.and_then(|message| message.to_str().ok()).unwrap_or_default();
        return Answer::new(Code::from_bytes(status.as_bytes()), message);
    }
    if method.is_server_streaming() && !method.is_client_streaming() {
        // Admitted, and open for as long as the caller likes.
        return Answer::new(Code::Ok, "");
    }
    let bytes = answer.bytes().await.unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let status =
        text.split("grpc-status:").nth(1).unwrap_or_else(|| unreachable!("no status: {text:?}"));
    let line = |text: &str| text.trim().split(['\r', '\n']).next().unwrap_or("").trim().to_owned();
    let message = text.split("grpc-message:").nth(1).map(line).unwrap_or_default();
    Answer::new(Code::from_bytes(line(status).as_bytes()), &message)
}

async fn sign_in(cluster: &Cluster) -> (String, GetMeResponse) {
    let request = SignInRequest { email: EMAIL.to_uppercase(), password: PASSWORD.into() };
    let answer =
        AccountServiceClient::new(cluster.client("")).sign_in(request).await.unwrap().into_inner();
    let mut account = AccountServiceClient::new(cluster.client(&answer.session_token));
    let me = account.get_me(GetMeRequest {}).await.unwrap().into_inner();
    (answer.session_token, me)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rpc_refuses_who_may_not() {
    let cluster = Cluster::start().await;
    let (session, me) = sign_in(&cluster).await;
    let own = me.projects[0].id.clone();
    let request = CreateProjectRequest { name: "Other".into(), ..Default::default() };
    let mut projects = ProjectServiceClient::new(cluster.client(&session));
    let other = projects.create_project(request).await.unwrap().into_inner().project.unwrap();
    let request =
        CreateKeyRequest { project_id: other.id, name: "k".into(), kind: Kind::Secret.into() };
    let mut keys = KeyServiceClient::new(cluster.client(&session));
    let other_key = keys.create_key(request).await.unwrap().into_inner().token;
    let unknown_key = "obs_sec_thisKeyWasNeverMade0000";
    let nobodys_project = "0197f7a0-0000-7000-8000-000000000000";

    let mut seen = 0;
    for method in methods() {
        let rpc = format!("{}/{}", method.parent_service().name(), method.name());
        let access = access(&rpc);
        let ask = async |token: &str, project: &str| call(&cluster, &method, token, project).await;
        let by = async |token: &str, project: &str| ask(token, project).await.code;
        let codes = [by("", &own).await, by(unknown_key, &own).await, by("nonsense", &own).await];
        match access {
            Access::Internal => {
                for token in ["", WRITE_KEY, SECRET_KEY, session.as_str()] {
                    assert_eq!(by(token, &own).await, Code::Unimplemented, "{rpc} is internal");
                }
                seen += 1;
                continue;
            }
            Access::Public => {
                // Reached without a credential, and refused for what the request lacks; a wrong credential is refused as such.
                let allowed =
                    [Code::InvalidArgument, Code::Unauthenticated, Code::NotFound, Code::Ok];
                assert!(allowed.contains(&codes[0]), "{rpc}: {codes:?}");
                assert!(!codes.contains(&Code::PermissionDenied), "{rpc}: {codes:?}");
                seen += 1;
                continue;
            }
            _ => assert_eq!(codes, [Code::Unauthenticated; 3], "{rpc} needs a credential"),
        }
        let write = by(WRITE_KEY, &own).await;
        let Answer { code: secret, hides_project } = ask(SECRET_KEY, &own).await;
        match access {
            Access::Session => assert_eq!([write, secret], [Code::PermissionDenied; 2], "{rpc}"),
            Access::SessionOrSecretKey => {
                assert_eq!(write, Code::PermissionDenied, "{rpc}");
                let refusals = [Code::Unauthenticated, Code::PermissionDenied, Code::Unimplemented];
                // A thing of the project that the request does not name may well not be found.
                let is_refused = hides_project || refusals.contains(&secret);
                assert!(!is_refused, "{rpc} with its own secret key: {secret:?}");
                let foreign = ask(&other_key, &own).await;
                assert!(foreign.hides_project, "{rpc} with another project's key: {foreign:?}");
            }
            _ => {
                assert_eq!([write, secret], [Code::Ok; 2], "{rpc}");
                assert_eq!(
                    by(&session, &own).await,
                    Code::PermissionDenied,
                    "{rpc} takes keys only"
                );
            }
        }
        let has_project = method.input().get_field_by_name("project_id").is_some();
        if has_project && access != Access::Capture {
            assert!(ask(&session, nobodys_project).await.hides_project, "{rpc}");
        }
        seen += 1;
    }
    assert!(seen >= 20, "every RPC was tried: {seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_signed_out_is_refused_at_once() {
    let cluster = Cluster::start().await;
    let (session, me) = sign_in(&cluster).await;
    let mut account = AccountServiceClient::new(cluster.client(&session));
    account.sign_out(SignOutRequest {}).await.unwrap();
    let refused = account.get_me(GetMeRequest {}).await.expect_err("signed out");
    assert_eq!(refused.code(), Code::Unauthenticated);
    let request = GetProjectRequest { project_id: me.projects[0].id.clone() };
    let refused = ProjectServiceClient::new(cluster.client(&session)).get_project(request).await;
    assert_eq!(refused.expect_err("signed out").code(), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn capture_over_http_says_what_is_wrong() {
    let cluster = Cluster::start().await;
    let http = reqwest::Client::new();
    let url = format!("{}/v1/events", cluster.base);
    let post = async |key: &str, body: Vec<u8>| {
        let mut post = http.post(&url).body(body);
        if !key.is_empty() {
            post = post.bearer_auth(key);
        }
        let answer = post.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let event = br#"{"name":"a","distinct_id":"u"}"#.to_vec();
    assert_eq!(post("", event.clone()).await.0, 401);
    assert_eq!(post("obs_pub_thisKeyWasNeverMade0000", event.clone()).await.0, 401);
    let (status, text) = post(WRITE_KEY, br#"{"name": "a", "#.to_vec()).await;
    assert_eq!(status, 400);
    assert!(text.contains("line 1"), "the place is named: {text}");
    assert_eq!(post(WRITE_KEY, b"[]".to_vec()).await.0, 400);
    let mut large = br#"{"name":"a","distinct_id":"u","properties":{"x":""#.to_vec();
    large.extend(vec![b'x'; 1024 * 1024]);
    large.extend(br#""}}"#);
    assert_eq!(post(WRITE_KEY, large).await.0, 413);
    let forged =
        http.post(&url).bearer_auth(SECRET_KEY).header("origin", "https://example.com").body(event);
    assert_eq!(forged.send().await.unwrap().status(), 401, "a secret key in a browser has leaked");
}
