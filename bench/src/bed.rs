//! A private Observe on private stores, and what it is asked.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use observe_proto::events::v1::pipeline_service_client::PipelineServiceClient;
use observe_proto::events::v1::{GetPipelineStatusRequest, GetPipelineStatusResponse};
use observe_testkit::{TestCommand, TestProcess, TestStores, free_port};
use tonic::Request;
use tonic::transport::{Channel, Endpoint};

use crate::processes::Group;

/// The first project's keys; good for nothing but a private Observe on loopback.
pub(crate) const WRITE_KEY: &str = "obs_pub_0123456789abcdefABCDEF";
/// The key that may ask.
pub(crate) const SECRET_KEY: &str = "obs_sec_0123456789abcdefABCDEF";
/// How long a start may take.
pub(crate) const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long it may take until everything that was accepted is stored.
const REST_TIMEOUT: Duration = Duration::from_secs(300);
/// How often it is looked at; each look costs the server some milliseconds.
const REST_INTERVAL: Duration = Duration::from_millis(100);

/// Returns the `observe` beside this program.
///
/// # Errors
/// When it was not built.
pub(crate) fn binary() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("observe");
    if !path.exists() {
        bail!("{} is not there; build it with `cargo build --release --workspace`", path.display());
    }
    Ok(path)
}

/// Prepares `observe <role>` on a port of the loopback address, with the first project's keys.
///
/// # Errors
/// When it was not built.
pub(crate) fn command(role: &str, port: u16) -> anyhow::Result<TestCommand> {
    Ok(TestCommand::new(role, binary()?)
        .arg(role)
        .env("OBSERVE_LISTEN", format!("127.0.0.1:{port}"))
        .env("OBSERVE_LOG", "warn")
        // One key sends all that the machine can take in.
        .env("OBSERVE_KEY_EVENTS_PER_SECOND", "0"))
}

/// Gives a command the keys that the first project will have.
pub(crate) fn with_keys(command: TestCommand) -> TestCommand {
    command
        .env("OBSERVE_BOOTSTRAP_WRITE_KEY", WRITE_KEY)
        .env("OBSERVE_BOOTSTRAP_SECRET_KEY", SECRET_KEY)
        .env("OBSERVE_BOOTSTRAP_EMAIL", "bench@example.com")
        .env("OBSERVE_BOOTSTRAP_PASSWORD", "correct horse battery staple")
}

/// Gives a command the stores that events go through.
pub(crate) fn with_stores(command: TestCommand, stores: &TestStores) -> TestCommand {
    command
        .env("OBSERVE_DATABASE_URL", &stores.database_url)
        .env("OBSERVE_QUEUE_REDIS_URL", &stores.queue_redis_url)
}

/// Where an Observe can be asked.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    /// The one port.
    pub(crate) socket: SocketAddr,
    channel: Channel,
}

impl Address {
    /// Prepares a connection to a port of the loopback address.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn of(port: u16) -> anyhow::Result<Self> {
        let socket = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let channel = Endpoint::from_shared(format!("http://{socket}"))?.connect_lazy();
        Ok(Self { socket, channel })
    }

    /// Returns the connection for gRPC.
    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Returns where the events are.
    ///
    /// # Errors
    /// When it is not known now.
    pub(crate) async fn status(&self) -> anyhow::Result<GetPipelineStatusResponse> {
        let mut pipeline = PipelineServiceClient::new(self.channel());
        let answer =
            pipeline.get_pipeline_status(asked(GetPipelineStatusRequest::default())?).await;
        Ok(answer.context("GetPipelineStatus")?.into_inner())
    }

    /// Waits until at least so many events are stored and none is pending, and returns how long that took.
    ///
    /// # Errors
    /// When it takes too long.
    pub(crate) async fn at_rest(&self, stored: u64) -> anyhow::Result<Duration> {
        let began = Instant::now();
        while began.elapsed() < REST_TIMEOUT {
            let status = self.status().await?;
            if status.pending == 0 && u64::try_from(status.stored)? >= stored {
                return Ok(began.elapsed());
            }
            tokio::time::sleep(REST_INTERVAL).await;
        }
        bail!("{stored} events were not stored in {REST_TIMEOUT:?}: {:?}", self.status().await?)
    }
}

/// Makes a request with the secret key.
///
/// # Errors
/// None in practice.
pub(crate) fn asked<T>(message: T) -> anyhow::Result<Request<T>> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {SECRET_KEY}").parse()?);
    Ok(request)
}

/// `observe up` with the stores of events where this program can reach them too; its cache is its own affair.
pub(crate) struct Bed {
    /// Where to ask.
    pub(crate) address: Address,
    // Ended before its stores.
    process: TestProcess,
    /// The stores.
    pub(crate) stores: TestStores,
}

impl Bed {
    /// Starts it and returns when it is ready.
    ///
    /// # Errors
    /// When `observe` was not built.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let stores = TestStores::start().await;
        let port = free_port();
        let command = with_stores(with_keys(command("up", port)?), &stores);
        let command = command
            .env("OBSERVE_DATA_DIR", stores.dir().path().join("up"))
            // The demo's monitors look at this very Observe.
            .env("OBSERVE_EGRESS_ALLOW", "127.0.0.1");
        let mut process = command.start(stores.dir());
        process.ready(&format!("http://127.0.0.1:{port}/readyz"), START_TIMEOUT).await;
        Ok(Self { address: Address::of(port)?, process, stores })
    }

    /// The process of all services.
    pub(crate) fn observe(&self) -> Group {
        Group::process(self.process.id())
    }

    /// Returns who works when events come in, the generator last.
    ///
    /// # Errors
    /// When a store does not run.
    pub(crate) fn groups(&self) -> anyhow::Result<[(&'static str, Group); 4]> {
        let [queue, postgres] = store_groups(self.stores.data_dir())?;
        let generator = ("generator", Group::generator());
        Ok([("observe", self.observe()), queue, postgres, generator])
    }
}

/// Returns the processes of the stores that events go through.
///
/// # Errors
/// When one does not run.
pub(crate) fn store_groups(data_dir: &Path) -> anyhow::Result<[(&'static str, Group); 2]> {
    let queue = Group::store(data_dir, "queue")?;
    Ok([("queue", queue), ("postgres", Group::store(data_dir, "postgres")?)])
}
