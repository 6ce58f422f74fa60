//! An edge on a free port with stand-ins for identity, events and reports.

mod accounts;
pub mod places;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use futures::Stream;
use observe_core::clock::ManualClock;
use observe_core::error::{CommonError, ErrorCode, ErrorReason};
use observe_core::status::to_status;
use observe_core::{CallContext, Secret, ServiceError, SystemEntropy};
use observe_gateway::{Config, Gateway};
use observe_proto::common::v1 as common;
use observe_proto::events::v1 as events;
use observe_proto::events::v1::event_service_server::{EventService, EventServiceServer};
use observe_proto::events::v1::ingest_service_server::{IngestService, IngestServiceServer};
use observe_proto::events::v1::span_ingest_service_server::{
    SpanIngestService, SpanIngestServiceServer,
};
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

pub const WRITE_KEY: &str = "obs_pub_0123456789abcdef";
pub const SECRET_KEY: &str = "obs_sec_0123456789abcdef";
pub const SESSION: &str = "sessionsessionsessionsessionsessionsession1";
pub const PROJECT: &str = "00000000-0000-0000-0000-0000000000aa";
/// The id of either key.
pub const KEY: &str = "00000000-0000-0000-0000-0000000000cc";
pub const USER: &str = "00000000-0000-0000-0000-0000000000bb";

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

    /// Starts everything with this configuration of the edge.
    pub async fn start_configured(config: Config) -> Self {
        Self::start_as(true, config).await
    }

    async fn start_as(ingest: bool, config: Config) -> Self {
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
            Principal::Key(common::KeyPrincipal {
                key_id: KEY.to_owned(),
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

/// Takes events in, unless told to fail.
#[derive(Default)]
pub struct Events {
    pub batches: Mutex<Vec<events::ProjectEvents>>,
    pub span_batches: Mutex<Vec<events::ProjectSpans>>,
    pub calls: AtomicUsize,
    pub full: Mutex<bool>,
    /// What was reported as not accepted.
    pub rejections: Mutex<Vec<events::ProjectRejections>>,
    /// Whether reports are refused.
    pub deaf: Mutex<bool>,
    /// A name whose event makes its whole call fail.
    pub poison: Mutex<Option<String>>,
    /// Held by a test to keep calls waiting.
    pub gate: tokio::sync::Mutex<()>,
    /// Viewers that are watching.
    pub watching: Arc<AtomicUsize>,
}

/// Gone when the call is.
struct Watching(Arc<AtomicUsize>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How far apart the messages of a stream are.
pub const WATCH_STEP: Duration = Duration::from_millis(100);

impl Events {
    /// Waits until so many calls have come.
    pub async fn called(&self, calls: usize) {
        eventually("the calls", async || self.calls.load(Ordering::Relaxed) >= calls).await;
    }

    /// How often what was reported as not accepted.
    pub fn rejected(&self) -> std::collections::BTreeMap<String, i64> {
        let mut counts = std::collections::BTreeMap::new();
        for report in self.rejections.lock().expect("no test panicked").iter() {
            for count in &report.counts {
                *counts.entry(count.code.clone()).or_default() += count.count;
            }
        }
        counts
    }

    /// The examples that were reported, in order.
    pub fn examples(&self) -> Vec<events::RejectedEvent> {
        let reports = self.rejections.lock().expect("no test panicked");
        reports.iter().flat_map(|report| report.examples.clone()).collect()
    }

    /// Everything that was written, in order.
    pub fn written(&self) -> Vec<events::AcceptedEvent> {
        self.batches
            .lock()
            .expect("no test panicked")
            .iter()
            .flat_map(|batch| batch.events.clone())
            .collect()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the queue is full")]
struct QueueFull;

impl ServiceError for QueueFull {
    fn code(&self) -> ErrorCode {
        ErrorCode::ResourceExhausted
    }

    fn reason(&self) -> ErrorReason {
        ErrorReason::QueueFull
    }

    fn public_message(&self) -> std::borrow::Cow<'_, str> {
        "the queue is full".into()
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(7))
    }
}

#[tonic::async_trait]
impl IngestService for Events {
    async fn record_rejections(
        &self,
        request: Request<events::RecordRejectionsRequest>,
    ) -> Result<Response<events::RecordRejectionsResponse>, Status> {
        let context = CallContext::from_request(&request).map_err(|error| to_status(&error))?;
        assert_eq!(context.require_service().expect("a service reports"), "gateway");
        if *self.deaf.lock().expect("no test panicked") {
            return not_here();
        }
        let projects = request.into_inner().projects;
        self.rejections.lock().expect("no test panicked").extend(projects);
        Ok(Response::new(events::RecordRejectionsResponse {}))
    }

    async fn write_events(
        &self,
        request: Request<events::WriteEventsRequest>,
    ) -> Result<Response<events::WriteEventsResponse>, Status> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let _gate = self.gate.lock().await;
        if *self.full.lock().expect("no test panicked") {
            return Err(to_status(&QueueFull));
        }
        let batches = request.into_inner().batches;
        let poison = self.poison.lock().expect("no test panicked").clone();
        let names = || batches.iter().flat_map(|batch| &batch.events).map(|event| &event.name);
        if poison.is_some_and(|poison| names().any(|name| *name == poison)) {
            return Err(to_status(&CommonError::Internal("poison".into())));
        }
        self.batches.lock().expect("no test panicked").extend(batches);
        Ok(Response::new(events::WriteEventsResponse::default()))
    }
}

#[tonic::async_trait]
impl SpanIngestService for Events {
    async fn write_spans(
        &self,
        request: Request<events::WriteSpansRequest>,
    ) -> Result<Response<events::WriteSpansResponse>, Status> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if *self.full.lock().expect("no test panicked") {
            return Err(to_status(&QueueFull));
        }
        let batches = request.into_inner().batches;
        self.span_batches.lock().expect("no test panicked").extend(batches);
        Ok(Response::new(events::WriteSpansResponse {}))
    }
}

#[tonic::async_trait]
impl EventService for Events {
    async fn list_events(
        &self,
        request: Request<events::ListEventsRequest>,
    ) -> Result<Response<events::ListEventsResponse>, Status> {
        let context = CallContext::from_request(&request).map_err(|error| to_status(&error))?;
        let project = context
            .project(&request.get_ref().project_id, observe_core::context::Permission::Read)
            .map_err(|error| to_status(&error))?;
        let next_page_token = project.to_string();
        Ok(Response::new(events::ListEventsResponse { events: vec![], next_page_token }))
    }

    type WatchEventsStream =
        Pin<Box<dyn Stream<Item = Result<events::WatchEventsResponse, Status>> + Send>>;

    /// Sends three messages and ends or, when the first name of the filter is `on`, says no more and does not end.
    async fn watch_events(
        &self,
        request: Request<events::WatchEventsRequest>,
    ) -> Result<Response<Self::WatchEventsStream>, Status> {
        CallContext::from_request(&request).map_err(|error| to_status(&error))?;
        let goes_on = request.into_inner().filter.is_some_and(|filter| filter.names == ["on"]);
        self.watching.fetch_add(1, Ordering::Relaxed);
        let watching = Watching(self.watching.clone());
        let messages = futures::stream::unfold((0, watching), move |(sent, watching)| async move {
            if sent == 3 && goes_on {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(WATCH_STEP).await;
            let message = events::WatchEventsResponse { events: vec![], dropped: sent + 1 };
            (sent < 3).then_some((Ok(message), (sent + 1, watching)))
        });
        Ok(Response::new(Box::pin(messages)))
    }

    async fn list_event_definitions(
        &self,
        _: Request<events::ListEventDefinitionsRequest>,
    ) -> Result<Response<events::ListEventDefinitionsResponse>, Status> {
        not_here()
    }

    async fn list_property_definitions(
        &self,
        _: Request<events::ListPropertyDefinitionsRequest>,
    ) -> Result<Response<events::ListPropertyDefinitionsResponse>, Status> {
        not_here()
    }

    async fn list_property_values(
        &self,
        _: Request<events::ListPropertyValuesRequest>,
    ) -> Result<Response<events::ListPropertyValuesResponse>, Status> {
        not_here()
    }
}
