//! The roles that events go through, a process each, so that each one's cost is seen and a store can go away under them.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use observe_testkit::{TestCommand, TestProcess, TestStores, free_port};

use crate::bed::{Address, START_TIMEOUT, command, with_keys, with_stores};
use crate::http::{Capture, Wire};
use crate::load::Target as _;
use crate::processes::Group;

/// What signs the calls between the processes.
const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// An event that shows that all of them work.
const FIRST_EVENT: &[u8] = br#"{"name":"first","anonymous_id":"nobody"}"#;
/// How often it is tried.
const INTERVAL: Duration = Duration::from_millis(100);

/// Gateway, events and identity.
pub(crate) struct Roles {
    /// Where to ask.
    pub(crate) address: Address,
    // Ended before their stores.
    gateway: TestProcess,
    events: TestProcess,
    _identity: TestProcess,
    /// The stores.
    pub(crate) stores: TestStores,
}

impl Roles {
    /// Starts them and returns when a first event was stored.
    ///
    /// # Errors
    /// When that takes too long.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let stores = TestStores::start().await;
        let role = |name: &str, port: u16| -> anyhow::Result<TestCommand> {
            let role = with_stores(command(name, port)?, &stores);
            let role = role.env("OBSERVE_CACHE_REDIS_URL", &stores.cache_redis_url);
            Ok(role.env("OBSERVE_SECRET", SECRET))
        };
        let migrated = role("migrate", free_port())?.start(stores.dir()).exit(START_TIMEOUT).await;
        ensure!(migrated.success(), "`observe migrate` ended with {migrated}");
        let ports: Vec<u16> = (0..4).map(|_| free_port()).collect();
        let url = |at: usize| format!("http://127.0.0.1:{}", ports[at]);
        let identity = with_keys(role("identity", ports[1])?).start(stores.dir());
        let events = role("events", ports[2])?.env("OBSERVE_IDENTITY_URL", url(1));
        let events = events.start(stores.dir());
        // Nothing is asked of reports and monitor here, so nobody listens.
        let gateway = role("gateway", ports[0])?
            .env("OBSERVE_IDENTITY_URL", url(1))
            .env("OBSERVE_EVENTS_URL", url(2))
            .env("OBSERVE_MONITOR_URL", url(3))
            .env("OBSERVE_REPORTS_URL", url(3));
        let mut gateway = gateway.start(stores.dir());
        gateway.ready(&format!("{}/healthz", url(0)), START_TIMEOUT).await;
        let address = Address::of(ports[0])?;
        let roles = Self { address, gateway, events, _identity: identity, stores };
        roles.first_event().await?;
        Ok(roles)
    }

    async fn first_event(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            let mut connection = Capture::connect(self.address.socket, Wire::OBSERVE).await?;
            match connection.send(FIRST_EVENT, 1).await {
                Ok(()) => break,
                Err(error) if began.elapsed() > START_TIMEOUT => {
                    return Err(error.context("no event was accepted"));
                }
                Err(_) => tokio::time::sleep(INTERVAL).await,
            }
        }
        self.address.at_rest(1).await.context("the first event").map(|_| ())
    }

    /// Returns who works when events come in while PostgreSQL is away.
    ///
    /// # Errors
    /// When the queue does not run.
    pub(crate) fn capturing(&self) -> anyhow::Result<[(&'static str, Group); 3]> {
        let queue = Group::store(self.stores.data_dir(), "queue")?;
        Ok([("gateway", Group::process(self.gateway.id())), self.events_group(), ("queue", queue)])
    }

    /// The process that stores events.
    pub(crate) fn events_group(&self) -> (&'static str, Group) {
        ("events", Group::process(self.events.id()))
    }
}
