//! The five services as five processes on stores of their own.

use std::time::Duration;

use observe_proto::events::v1::pipeline_service_client::PipelineServiceClient;
use observe_proto::events::v1::{GetPipelineStatusRequest, GetPipelineStatusResponse};
use observe_testkit::{TestCommand, TestProcess, TestStores, eventually, free_port};
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
pub(crate) const WRITE_KEY: &str = "obs_pub_0123456789abcdefABCDEF";
pub(crate) const SECRET_KEY: &str = "obs_sec_0123456789abcdefABCDEF";
pub(crate) const EMAIL: &str = "owner@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_observe");

/// Sends a bearer token with every call; none when empty.
#[derive(Clone)]
pub(crate) struct Bearer(pub(crate) String);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if !self.0.is_empty() {
            let value = MetadataValue::try_from(format!("Bearer {}", self.0)).unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }
}

pub(crate) type Client = InterceptedService<Channel, Bearer>;

/// Connects to a gateway with a token.
pub(crate) fn client(base: &str, token: &str) -> Client {
    let channel = Endpoint::from_shared(base.to_owned()).unwrap().connect_lazy();
    InterceptedService::new(channel, Bearer(token.to_owned()))
}

/// Five processes.
pub(crate) struct Cluster {
    pub(crate) gateway: TestProcess,
    pub(crate) events: TestProcess,
    identity: TestProcess,
    pub(crate) monitor: TestProcess,
    pub(crate) reports: TestProcess,
    gateway_command: TestCommand,
    identity_command: TestCommand,
    events_command: TestCommand,
    reports_command: TestCommand,
    pub(crate) stores: TestStores,
    pub(crate) base: String,
    ports: Vec<u16>,
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts with further variables for each of the five.
    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Self {
        let stores = TestStores::start().await;
        let mut migrate = command("migrate", &stores, None).start(stores.dir());
        assert!(migrate.exit(DEADLINE).await.success());
        let ports: Vec<u16> = (0..5).map(|_| free_port()).collect();
        let url = |at: usize| format!("http://127.0.0.1:{}", ports[at]);
        let command = |role: &str, stores: &TestStores, port| {
            let given = variables.iter();
            given.fold(command(role, stores, port), |command, (name, value)| {
                command.env(name, value)
            })
        };
        let with_urls = |command: TestCommand| {
            command
                .env("OBSERVE_IDENTITY_URL", url(1))
                .env("OBSERVE_EVENTS_URL", url(2))
                .env("OBSERVE_MONITOR_URL", url(3))
                .env("OBSERVE_REPORTS_URL", url(4))
        };
        let identity_command = command("identity", &stores, Some(ports[1]))
            .env("OBSERVE_BOOTSTRAP_EMAIL", EMAIL)
            .env("OBSERVE_BOOTSTRAP_PASSWORD", PASSWORD)
            .env("OBSERVE_BOOTSTRAP_WRITE_KEY", WRITE_KEY)
            .env("OBSERVE_BOOTSTRAP_SECRET_KEY", SECRET_KEY);
        let identity = identity_command.start(stores.dir());
        // Targets and receivers of the tests are on this machine.
        let monitor = command("monitor", &stores, Some(ports[3]))
            .env("OBSERVE_EGRESS_ALLOW", "127.0.0.0/8")
            .start(stores.dir());
        let events_command = with_urls(command("events", &stores, Some(ports[2])));
        let events = events_command.start(stores.dir());
        let reports_command = with_urls(command("reports", &stores, Some(ports[4])));
        let reports = reports_command.start(stores.dir());
        let gateway_command = with_urls(command("gateway", &stores, Some(ports[0])));
        let mut gateway = gateway_command.start(stores.dir());
        let base = url(0);
        gateway.ready(&format!("{base}/readyz"), DEADLINE).await;
        Self {
            gateway,
            events,
            identity,
            monitor,
            reports,
            gateway_command,
            identity_command,
            events_command,
            reports_command,
            stores,
            base,
            ports,
        }
    }

    pub(crate) async fn kill_and_restart_gateway(&mut self) {
        self.gateway.kill();
        self.gateway = self.gateway_command.start(self.stores.dir());
        self.gateway.ready(&format!("{}/healthz", self.base), DEADLINE).await;
    }

    pub(crate) fn kill_and_restart_events(&mut self) {
        self.events.kill();
        self.events = self.events_command.start(self.stores.dir());
    }

    pub(crate) fn kill_and_restart_identity(&mut self) {
        self.identity.kill();
        self.identity = self.identity_command.start(self.stores.dir());
    }

    pub(crate) fn kill_and_restart_reports(&mut self) {
        self.reports.kill();
        self.reports = self.reports_command.start(self.stores.dir());
    }

    /// Ends reports, which keeps what it knows before, and starts it again.
    pub(crate) async fn restart_reports(&mut self) {
        assert!(self.reports.terminate(DEADLINE).await.success());
        self.reports = self.reports_command.start(self.stores.dir());
    }

    /// Starts another replica of reports beside the one that the gateway calls. Returns where it listens, too.
    pub(crate) fn start_replica_of_reports(&self) -> (TestProcess, String) {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let command = self.reports_command.clone().called("reports-2");
        let command = command.env("OBSERVE_LISTEN", &listen);
        (command.start(self.stores.dir()), format!("http://{listen}"))
    }

    /// Returns where each of the five processes listens.
    pub(crate) fn bases(&self) -> impl Iterator<Item = String> {
        self.ports.iter().map(|port| format!("http://127.0.0.1:{port}"))
    }

    pub(crate) fn client(&self, token: &str) -> Client {
        client(&self.base, token)
    }

    /// Posts JSON to `/v1/events`; `None` when there was no answer.
    pub(crate) async fn post(
        &self,
        http: &reqwest::Client,
        body: String,
    ) -> Option<reqwest::Response> {
        let post = http.post(format!("{}/v1/events", self.base)).bearer_auth(WRITE_KEY).body(body);
        post.timeout(Duration::from_secs(10)).send().await.ok()
    }

    /// Waits until nothing is pending, and returns the ledger.
    pub(crate) async fn at_rest(&self, at_least: i64) -> GetPipelineStatusResponse {
        let mut client = PipelineServiceClient::new(self.client(SECRET_KEY));
        eventually(DEADLINE, "the pipeline to come to rest", async || {
            let status = client
                .get_pipeline_status(GetPipelineStatusRequest::default())
                .await
                .ok()?
                .into_inner();
            (status.pending == 0 && status.stored >= at_least).then_some(status)
        })
        .await
    }

    pub(crate) async fn sql(&self) -> sqlx::PgPool {
        sqlx::PgPool::connect(&self.stores.database_url).await.unwrap()
    }
}

fn command(role: &str, stores: &TestStores, port: Option<u16>) -> TestCommand {
    let mut command = TestCommand::new(role, BINARY).arg(role);
    command = command.env("OBSERVE_DATABASE_URL", &stores.database_url);
    command = command.env("OBSERVE_SECRET", SECRET);
    if let Some(port) = port {
        command = command
            .env("OBSERVE_LISTEN", format!("127.0.0.1:{port}"))
            .env("OBSERVE_QUEUE_REDIS_URL", &stores.queue_redis_url)
            .env("OBSERVE_CACHE_REDIS_URL", &stores.cache_redis_url);
    }
    command
}
