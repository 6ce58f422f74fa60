//! An edge on a free port with stand-ins for identity, events and reports.

mod accounts;
mod events;
pub mod places;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use observe_core::clock::ManualClock;
use observe_core::error::CommonError;
use observe_core::status::to_status;
use observe_core::{CallContext, Secret, SystemEntropy};
use observe_gateway::{Config, Gateway};
use observe_proto::common::v1 as common;
use observe_proto::events::v1::event_service_server::EventServiceServer;
use observe_proto::events::v1::ingest_service_server::IngestServiceServer;
use observe_proto::events::v1::span_ingest_service_server::SpanIngestServiceServer;
use observe_proto::identity::v1 as identity;
use observe_proto::identity::v1::account_service_server::AccountServiceServer;
use observe_proto::identity::v1::authentication_service_server::{
    AuthenticationService, AuthenticationServiceServer,
};
use observe_proto::monitor::v1::heartbeat_service_server::HeartbeatServiceServer;
use observe_runtime::client::Upstreams;
use observe_runtime::in_process::in_process;
use observe_runtime::server::{self, Listener};
use observe_runtime::{Built, Deps, Lifecycle, ReadyCheck};
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use crate::heartbeat::Monitor;
pub use events::{Events, WATCH_STEP};

pub const WRITE_KEY: &str = "obs_pub_0123456789abcdef";
pub const SECRET_KEY: &str = "obs_sec_0123456789abcdef";
/// What other write keys of the project begin with: sixteen digits follow.
const NUMBERED_KEY: &str = "obs_pub_nr";
pub const SESSION: &str = "sessionsessionsessionsessionsessionsession1";
pub const PROJECT: &str = "00000000-0000-0000-0000-0000000000aa";
/// The id of either key.
pub const KEY: &str = "00000000-0000-0000-0000-0000000000dd";
pub const USER: &str = "00000000-0000-0000-0000-0000000000bb";

/// Returns another write key of the project.
pub fn numbered_key(number: usize) -> String {
    format!("{NUMBERED_KEY}{number:016}")
}

/// An edge and what stands behind it.
pub struct Stage {
    pub url: String,
    pub clock: Arc<ManualClock>,
    pub identity: Arc<Identity>,
    pub events: Arc<Events>,
    pub monitor: Arc<Monitor>,
    pub life: Lifecycle,
    identity_life: Lifecycle,
    /// Of the services behind, which end after the edge.
    inner_life: Lifecycle,
    pub http: reqwest::Client,
}

impl Stage {
    pub async fn start() -> Self {
        Self::start_with(true).await
    }

    /// Starts everything; without `ingest`, events says that it can take nothing in.
    pub async fn start_with(ingest: bool) -> Self {
        Self::start_as(ingest, Config::default()).await
    }

    /// Starts everything, reached from outside by this URL.
    pub async fn start_at(public_url: &str) -> Self {
        let config = Config { public_url: Some(public_url.to_owned()), ..Config::default() };
        Self::start_as(true, config).await
    }

    /// Starts everything with a configuration.
    pub async fn start_as(ingest: bool, config: Config) -> Self {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time");
        let clock = Arc::new(ManualClock::new(now));
        let (life, identity_life, inner_life) =
            (Lifecycle::new(), Lifecycle::new(), Lifecycle::new());
        let deps = |name: &'static str, life: &Lifecycle, upstreams: Upstreams| Deps {
            name,
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
            secret: Secret::new("the installation's secret"),
            lifecycle: life.clone(),
            upstreams,
        };
        let (identity, events) = (Arc::new(Identity::default()), Arc::new(Events::default()));
        let mut upstreams = Upstreams::new();
        let mut routes = Routes::builder();
        routes
            .add_service(AuthenticationServiceServer::from_arc(identity.clone()))
            .add_service(AccountServiceServer::from_arc(identity.clone()));
        let built = Built { routes: routes.routes(), workers: vec![], ready: vec![] };
        serve(
            built,
            "identity",
            &deps("identity", &identity_life, Upstreams::new()),
            &mut upstreams,
        )
        .await;
        let mut routes = Routes::builder();
        routes
            .add_service(IngestServiceServer::from_arc(events.clone()))
            .add_service(SpanIngestServiceServer::from_arc(events.clone()))
            .add_service(EventServiceServer::from_arc(events.clone()));
        let ready =
            vec![ReadyCheck::new("observe.events.v1.IngestService", move || async move { ingest })];
        let built = Built { routes: routes.routes(), workers: vec![], ready };
        serve(built, "events", &deps("events", &inner_life, Upstreams::new()), &mut upstreams)
            .await;
        let monitor = Arc::new(Monitor::default());
        let heartbeats = Routes::new(HeartbeatServiceServer::from_arc(monitor.clone()));
        for (name, routes) in [("monitor", heartbeats), ("reports", Routes::default())] {
            let built = Built { routes, workers: vec![], ready: vec![] };
            serve(built, name, &deps(name, &inner_life, Upstreams::new()), &mut upstreams).await;
        }

        let gateway =
            observe_gateway::build(config, deps("gateway", &life, upstreams)).expect("built");
        let url = start(gateway, &life).await;
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { url, clock, identity, events, monitor, life, identity_life, inner_life, http }
    }

    /// Ends identity and waits until its connection is gone.
    pub async fn stop_identity(&self) {
        self.identity_life.stop();
        self.identity_life.drained().await;
    }

    pub fn advance(&self, step: TimeDelta) {
        self.clock.advance(step);
    }

    pub async fn channel(&self) -> Channel {
        Channel::from_shared(self.url.clone()).expect("a URL").connect().await.expect("h2c")
    }

    /// Posts a body to `/v1/events` with the write key.
    pub async fn capture(&self, body: impl Into<reqwest::Body>) -> (u16, serde_json::Value) {
        answer(self.post("/v1/events").bearer_auth(WRITE_KEY).body(body)).await
    }

    pub fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.url))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.life.stop();
        self.identity_life.stop();
        self.inner_life.stop();
    }
}

/// Waits until the condition holds.
pub async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition().await {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> (u16, serde_json::Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text)))
}

async fn serve(built: Built, name: &'static str, deps: &Deps, upstreams: &mut Upstreams) {
    let (connector, listener) = in_process();
    upstreams.add_in_process(name, &connector);
    server::start(built, Listener::InProcess(listener), deps).await;
}

async fn start(mut gateway: Gateway, life: &Lifecycle) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    for worker in gateway.workers() {
        life.spawn_essential(worker.name, worker.task);
    }
    life.spawn_essential("gateway", gateway.serve(listener));
    format!("http://{address}")
}

/// Knows two keys and a session, and remembers who asked.
#[derive(Default)]
pub struct Identity {
    pub authenticated: AtomicUsize,
    pub revoked: Mutex<Vec<String>>,
    /// The pages that may send events with the write key.
    pub allowed_origins: Mutex<Vec<String>>,
    /// What the project set, told with either key.
    pub privacy: Mutex<Option<identity::PrivacySettings>>,
    pub retention: Mutex<Option<identity::RetentionSettings>>,
    /// The ids of keys that were reported as exposed.
    pub exposed: Mutex<Vec<String>>,
    /// Held by a test to keep look-ups of keys waiting.
    pub key_gate: tokio::sync::Mutex<()>,
    /// The context and the metadata of each call to AccountService.
    pub calls: Mutex<Vec<(CallContext, HashMap<String, String>)>>,
}

impl Identity {
    pub fn authenticated(&self) -> usize {
        self.authenticated.load(Ordering::Relaxed)
    }

    pub fn revoke(&self, token: &str) {
        self.revoked.lock().expect("no test panicked").push(token.to_owned());
    }

    fn note<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let context = CallContext::from_request(request).map_err(|error| to_status(&error))?;
        self.calls.lock().expect("no test panicked").push((context, named(request.metadata())));
        Ok(())
    }
}

fn named(metadata: &MetadataMap) -> HashMap<String, String> {
    let headers = metadata.clone().into_headers();
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
        .collect()
}

#[tonic::async_trait]
impl AuthenticationService for Identity {
    async fn authenticate(
        &self,
        request: Request<identity::AuthenticateRequest>,
    ) -> Result<Response<identity::AuthenticateResponse>, Status> {
        use identity::authenticate_response::Principal;
        self.authenticated.fetch_add(1, Ordering::Relaxed);
        let context = CallContext::from_request(&request).map_err(|error| to_status(&error))?;
        assert_eq!(context.require_service().expect("a service asks"), "gateway");
        let token = request.into_inner().token;
        if token.starts_with("obs_") {
            let _gate = self.key_gate.lock().await;
        }
        let key = |kind: common::KeyKind| {
            let usual = if token == SECRET_KEY { "00000000000000dd" } else { "00000000000000cc" };
            let number = token.strip_prefix(NUMBERED_KEY).unwrap_or(usual);
            let key_id = format!("00000000-0000-0000-{}-{}", &number[..4], &number[4..]);
            Principal::Key(common::KeyPrincipal {
                key_id,
                project_id: PROJECT.to_owned(),
                kind: kind.into(),
            })
        };
        let unknown = || to_status(&CommonError::Unauthenticated("unknown"));
        if self.revoked.lock().expect("no test panicked").contains(&token) {
            return Err(unknown());
        }
        let principal = match token.as_str() {
            WRITE_KEY => key(common::KeyKind::Write),
            SECRET_KEY => key(common::KeyKind::Secret),
            numbered if numbered.starts_with(NUMBERED_KEY) => key(common::KeyKind::Write),
            SESSION => Principal::Session(common::SessionPrincipal {
                user_id: USER.to_owned(),
                session_id: USER.to_owned(),
                projects: vec![common::ProjectAccess {
                    id: PROJECT.to_owned(),
                    role: common::Role::Owner.into(),
                }],
                organizations: vec![],
            }),
            _ => return Err(unknown()),
        };
        let allowed_origins = match token.as_str() {
            WRITE_KEY => self.allowed_origins.lock().expect("no test panicked").clone(),
            _ => vec![],
        };
        let principal = Some(principal);
        Ok(Response::new(identity::AuthenticateResponse {
            principal,
            allowed_origins,
            privacy: *self.privacy.lock().expect("no test panicked"),
            retention: *self.retention.lock().expect("no test panicked"),
        }))
    }

    async fn report_exposed_key(
        &self,
        request: Request<identity::ReportExposedKeyRequest>,
    ) -> Result<Response<identity::ReportExposedKeyResponse>, Status> {
        let context = CallContext::from_request(&request).map_err(|error| to_status(&error))?;
        assert_eq!(context.require_service().expect("a service tells"), "gateway");
        self.exposed.lock().expect("no test panicked").push(request.into_inner().key_id);
        Ok(Response::new(identity::ReportExposedKeyResponse {}))
    }

    async fn list_retentions(
        &self,
        _request: Request<identity::ListRetentionsRequest>,
    ) -> Result<Response<identity::ListRetentionsResponse>, Status> {
        not_here()
    }
}

fn not_here<T>() -> Result<T, Status> {
    Err(to_status(&CommonError::NotFound("stand-in")))
}
