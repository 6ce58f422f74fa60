//! A running monitor service, and clients that speak to it as whoever a test wants to be.

use std::sync::Arc;
use std::time::Duration;

use observe_core::context::wire::{ContextSigner, METADATA_KEY};
use observe_core::{
    CallContext, Clock as _, KeyId, Principal, ProjectId, Secret, SessionId, SystemClock,
    SystemEntropy, UserId,
};
use observe_monitor::Config;
use observe_proto::common::v1::{KeyKind, Role};
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::alert_channel_service_client::AlertChannelServiceClient;
use observe_proto::monitor::v1::heartbeat_service_client::HeartbeatServiceClient;
use observe_proto::monitor::v1::incident_service_client::IncidentServiceClient;
use observe_proto::monitor::v1::incident_signal_service_client::IncidentSignalServiceClient;
use observe_proto::monitor::v1::monitor::{State, Target};
use observe_proto::monitor::v1::monitor_service_client::MonitorServiceClient;
use observe_runtime::client::Upstreams;
use observe_runtime::in_process::in_process;
use observe_runtime::server::{self, Listener};
use observe_runtime::{Deps, Lifecycle};
use observe_testkit::{TestStores, eventually};
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
const SECRET: &str = "a secret of the tests";

/// Signs calls as one principal.
#[derive(Clone)]
pub(crate) struct As(Principal);

impl Interceptor for As {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let context = CallContext {
            request_id: "test".into(),
            client_address: String::new(),
            principal: self.0.clone(),
        };
        let signer = ContextSigner::new(&Secret::new(SECRET));
        let value = MetadataValue::from_bytes(&signer.sign_bytes(&context, SystemClock.now()));
        request.metadata_mut().insert_bin(METADATA_KEY, value);
        Ok(request)
    }
}

pub(crate) type Signed = InterceptedService<Channel, As>;

/// monitor, running.
pub(crate) struct TestMonitor {
    pub(crate) stores: Arc<TestStores>,
    pub(crate) life: Lifecycle,
    pub(crate) project: ProjectId,
    channel: Channel,
}

impl Drop for TestMonitor {
    fn drop(&mut self) {
        self.life.stop();
    }
}

impl TestMonitor {
    /// Starts stores and a service that may dial 127.0.0.1.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let stores = Arc::new(TestStores::start().await);
        observe_monitor::migrate(&Secret::new(&stores.database_url)).await.unwrap();
        let mut config = config(&stores);
        change(&mut config);
        Self::start_on(stores, config).await
    }

    /// Starts another replica on the same stores.
    pub(crate) async fn start_on(stores: Arc<TestStores>, config: Config) -> Self {
        let life = Lifecycle::new();
        let mut upstreams = Upstreams::new();
        let (connector, pipe) = in_process();
        upstreams.add_in_process("monitor", &connector);
        let deps = Deps {
            name: "monitor",
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            secret: Secret::new(SECRET),
            lifecycle: life.clone(),
            upstreams,
        };
        let built = observe_monitor::build(config, deps.clone()).unwrap();
        server::start(built, Listener::InProcess(pipe), &deps).await;
        let channel = deps.upstreams.channel("monitor").unwrap();
        Self { stores, life, project: project(1), channel }
    }

    pub(crate) fn by(&self, principal: Principal) -> Signed {
        InterceptedService::new(self.channel.clone(), As(principal))
    }

    pub(crate) fn as_key(&self, project: ProjectId) -> Signed {
        let key = KeyId::new(Uuid::from_u128(1));
        self.by(Principal::Key { key, project, kind: KeyKind::Secret })
    }

    pub(crate) fn as_role(&self, role: Role) -> Signed {
        self.by(Principal::Session {
            user: UserId::new(Uuid::from_u128(0xb0b)),
            session: SessionId::new(Uuid::from_u128(2)),
            projects: vec![(self.project, role)],
            organizations: Vec::new(),
        })
    }

    pub(crate) fn as_service(&self) -> Signed {
        self.by(Principal::Service("reports".into()))
    }

    pub(crate) fn monitors(&self) -> MonitorServiceClient<Signed> {
        MonitorServiceClient::new(self.as_key(self.project)).max_decoding_message_size(64 << 20)
    }

    pub(crate) fn incidents(&self) -> IncidentServiceClient<Signed> {
        IncidentServiceClient::new(self.as_key(self.project))
    }

    pub(crate) fn channels(&self) -> AlertChannelServiceClient<Signed> {
        AlertChannelServiceClient::new(self.as_key(self.project))
    }

    pub(crate) fn signals(&self) -> IncidentSignalServiceClient<Signed> {
        IncidentSignalServiceClient::new(self.as_service())
    }

    pub(crate) fn heartbeats(&self) -> HeartbeatServiceClient<Signed> {
        HeartbeatServiceClient::new(self.as_service())
    }

    pub(crate) async fn create(&self, monitor: pb::Monitor) -> Result<pb::Monitor, Status> {
        let request =
            pb::CreateMonitorRequest { project_id: String::new(), monitor: Some(monitor) };
        Ok(self.monitors().create_monitor(request).await?.into_inner().monitor.unwrap())
    }

    pub(crate) async fn get(&self, monitor: &str) -> pb::Monitor {
        let request =
            pb::GetMonitorRequest { project_id: String::new(), monitor_id: monitor.to_owned() };
        self.monitors().get_monitor(request).await.unwrap().into_inner().monitor.unwrap()
    }

    /// Waits until the monitor is in a state, and returns it.
    pub(crate) async fn is(&self, monitor: &str, state: State) -> pb::Monitor {
        let what = format!("the state {}", state.as_str_name());
        eventually(DEADLINE, &what, async || {
            let found = self.get(monitor).await;
            (found.state() == state).then_some(found)
        })
        .await
    }

    /// Waits for a check of a slot that is due now, whatever the interval; returns it.
    pub(crate) async fn check_now(&self, monitor: &str) -> pb::Check {
        let before = self.get(monitor).await.last_check.and_then(|check| check.slot_time);
        self.due(monitor, 0).await;
        eventually(DEADLINE, "another check", async || {
            let check = self.get(monitor).await.last_check?;
            (check.slot_time != before).then_some(check)
        })
        .await
    }

    /// Makes the next slot of a monitor due these seconds ago.
    pub(crate) async fn due(&self, monitor: &str, seconds_ago: i32) {
        let id: Uuid = monitor.parse().unwrap();
        sqlx::query(
            "update monitor.monitor_state
             set next_at = date_trunc('milliseconds', now()) - make_interval(secs => $2) where monitor_id = $1",
        )
        .bind(id)
        .bind(f64::from(seconds_ago))
        .execute(&self.sql().await)
        .await
        .unwrap();
    }

    pub(crate) async fn checks(&self, monitor: &str) -> Vec<pb::Check> {
        let request = pb::ListChecksRequest {
            monitor_id: monitor.to_owned(),
            page_size: 1_000,
            ..Default::default()
        };
        self.monitors().list_checks(request).await.unwrap().into_inner().checks
    }

    pub(crate) async fn all_incidents(&self) -> Vec<pb::Incident> {
        let request = pb::ListIncidentsRequest::default();
        self.incidents().list_incidents(request).await.unwrap().into_inner().incidents
    }

    pub(crate) async fn timeline(&self, incident: &str) -> Vec<pb::incident_entry::Kind> {
        let request =
            pb::GetIncidentRequest { incident_id: incident.to_owned(), ..Default::default() };
        let found = self.incidents().get_incident(request).await.unwrap().into_inner();
        found.timeline.iter().map(pb::IncidentEntry::kind).collect()
    }

    pub(crate) async fn sql(&self) -> sqlx::PgPool {
        sqlx::PgPool::connect(&self.stores.database_url).await.unwrap()
    }
}

pub(crate) fn config(stores: &TestStores) -> Config {
    let mut config = Config::new(Secret::new(&stores.database_url));
    config.egress_allow = vec!["127.0.0.1/32".parse().unwrap()];
    config
}

pub(crate) fn project(n: u128) -> ProjectId {
    ProjectId::new(Uuid::from_u128(n))
}

pub(crate) fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

/// A monitor of a URL: every 10 s, without retries, with a timeout of 2 s.
pub(crate) fn http(url: &str) -> pb::Monitor {
    http_with(url, |_| {})
}

pub(crate) fn http_with(url: &str, change: impl FnOnce(&mut pb::HttpTarget)) -> pb::Monitor {
    let mut target = pb::HttpTarget { url: url.to_owned(), ..Default::default() };
    change(&mut target);
    pb::Monitor {
        name: "Shop".into(),
        interval: seconds(10),
        timeout: seconds(2),
        target: Some(Target::Http(target)),
        ..Default::default()
    }
}

pub(crate) fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.expect_err("it should be refused");
    let reason = status.get_error_details().error_info().map(|info| info.reason.clone());
    (status.code(), reason.unwrap_or_default())
}

/// The fields of all violations.
pub(crate) fn violations<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let status = answer.expect_err("it should be refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    let found = &details.bad_request().expect("a bad request").field_violations;
    found.iter().map(|violation| violation.field.clone()).collect()
}
