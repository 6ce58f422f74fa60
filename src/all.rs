//! `observe up`: all services in this process on one port, with private stores where no URL is given.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use observe_core::Secret;
use observe_identity::{Bootstrap, Credentials};
use observe_runtime::client::Upstreams;
use observe_runtime::config::EnvReader;
use observe_runtime::in_process::in_process;
use observe_runtime::private_stores::{PrivateStores, Wanted};
use observe_runtime::server::{self, Listener};
use observe_runtime::{Deps, Lifecycle, StartError};
use tokio::net::TcpListener;

use crate::credentials;
use crate::installation::{given_secret, kept_name, kept_secret};
use crate::migrate::DatabaseUrls;
use crate::role::{bind, deps};

/// The services behind the edge.
const SERVICES: [&str; 4] = ["identity", "events", "monitor", "reports"];

/// Runs until told to stop. Returns whether all ended well.
///
/// # Errors
/// A sentence for the person at the terminal if it cannot start.
pub async fn run(env: &mut EnvReader) -> Result<bool, StartError> {
    let listen = env.address("OBSERVE_LISTEN", SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
    let data_dir = env.folder("OBSERVE_DATA_DIR", ".observe");
    let given = given_secret(env);
    let bootstrap = Bootstrap::read(env);
    let gateway = observe_gateway::Config::read(env);
    // Everything that can be wrong by itself is told before a port is taken or a store is started.
    env.finish()?;
    let listener = bind(listen).await?;
    let stores = PrivateStores::start(&data_dir, wanted(env)).await?;
    use_private(env, &stores);
    let cache_redis_url = env.secret("OBSERVE_CACHE_REDIS_URL");
    let gateway = observe_gateway::Config { cache_redis_url, ..gateway };
    let lives = Lives::default();
    let started = async {
        let secret = given.map_or_else(|| kept_secret(stores.data_dir()), Ok)?;
        start(env, stores.data_dir(), secret, bootstrap, gateway, listener, &lives).await
    };
    let outcome = match started.await {
        Ok(()) => {
            tokio::select! {
                () = lives.edge.stop_on_signal() => {}
                () = lives.inner.stopping() => {}
                () = stores.supervise() => {}
            }
            Ok(lives.end().await)
        }
        Err(error) => Err(error),
    };
    stores.stop().await;
    outcome
}

/// The edge ends first, so that what it still answers finds its services running.
#[derive(Default)]
struct Lives {
    edge: Lifecycle,
    inner: Lifecycle,
}

impl Lives {
    /// Ends all tasks. Returns whether all ended well.
    async fn end(&self) -> bool {
        self.edge.stop();
        let edge = self.edge.drained().await;
        self.inner.stop();
        self.inner.drained().await && edge
    }
}

/// A store is private unless every service that needs it was given one.
fn wanted(env: &EnvReader) -> Wanted {
    let own = ["IDENTITY", "EVENTS", "MONITOR", "REPORTS"];
    let all_own = own.iter().all(|service| match *service {
        "IDENTITY" => env.has("OBSERVE_IDENTITY_DATABASE_URL"),
        "EVENTS" => env.has("OBSERVE_EVENTS_DATABASE_URL"),
        "MONITOR" => env.has("OBSERVE_MONITOR_DATABASE_URL"),
        _ => env.has("OBSERVE_REPORTS_DATABASE_URL"),
    });
    Wanted {
        postgres: !env.has("OBSERVE_DATABASE_URL") && !all_own,
        queue_redis: !env.has("OBSERVE_QUEUE_REDIS_URL"),
        cache_redis: !env.has("OBSERVE_CACHE_REDIS_URL"),
    }
}

fn use_private(env: &mut EnvReader, stores: &PrivateStores) {
    let urls = [
        ("OBSERVE_DATABASE_URL", stores.database_url()),
        ("OBSERVE_QUEUE_REDIS_URL", stores.queue_redis_url()),
        ("OBSERVE_CACHE_REDIS_URL", stores.cache_redis_url()),
    ];
    for (name, url) in urls {
        if let Some(url) = url {
            env.set_default(name, url);
        }
    }
}

async fn start(
    env: &mut EnvReader,
    data_dir: &Path,
    secret: Secret,
    bootstrap: Bootstrap,
    gateway: observe_gateway::Config,
    listener: TcpListener,
    lives: &Lives,
) -> Result<(), StartError> {
    let urls = DatabaseUrls::read(env);
    let identity = observe_identity::Config::read(env);
    let events = observe_events::Config::read(env);
    let monitor = observe_monitor::Config::read(env);
    let reports = observe_reports::Config::read(env);
    env.finish()?;
    urls.migrate().await?;

    let mut upstreams = Upstreams::new();
    let mut listeners = Vec::new();
    for service in SERVICES {
        let (connector, pipe) = in_process();
        upstreams.add_in_process(service, &connector);
        listeners.push(pipe);
    }
    // The folder is locked: who had its name before is gone. Nobody is passed on to another process, or from one.
    let replica = observe_reports::Replica { name: Some(kept_name(data_dir)?), url: None };
    let reports = observe_reports::Config { replica, ..reports };
    let deps = |name| deps(name, secret.clone(), upstreams.clone(), &lives.inner);
    let setup_config = identity.clone();
    let keep = |made: &Credentials| credentials::keep(data_dir, made);
    observe_identity::bootstrap(&identity, bootstrap, &deps("identity"), keep).await?;
    let built = [
        observe_identity::build(identity, deps("identity"))?,
        observe_events::build(events, deps("events")).await?,
        observe_monitor::build(monitor, deps("monitor"))?,
        observe_reports::build(reports, deps("reports"))?,
    ];
    for ((name, pipe), built) in SERVICES.into_iter().zip(listeners).zip(built) {
        server::start(built, Listener::InProcess(pipe), &deps(name)).await;
    }
    let edge = Deps { lifecycle: lives.edge.clone(), ..deps("gateway") };
    let mut gateway = observe_gateway::build(gateway, edge)?;
    for worker in gateway.workers() {
        lives.edge.spawn_essential(worker.name, worker.task);
    }
    let address = listener.local_addr().map_err(|error| StartError::new(error.to_string()))?;
    lives.edge.spawn_essential("gateway", gateway.serve(listener));
    let setup = observe_identity::needs_setup(&setup_config).await?;
    announce(env, address, data_dir, setup.then(|| observe_identity::setup_token(&secret)));
    Ok(())
}

/// Prints what a person needs: where it is, how to make the first account, where the keys are.
fn announce(env: &EnvReader, address: SocketAddr, data_dir: &Path, setup_token: Option<String>) {
    let url = env.text("OBSERVE_PUBLIC_URL").unwrap_or_else(|| format!("http://{address}"));
    let mut text = format!("Observe is at {url}\n");
    if let Some(token) = setup_token {
        text.push_str(&format!("Create the first account: {url}/setup?token={token}\n"));
    }
    let kept = data_dir.join(credentials::FILE);
    if kept.exists() {
        text.push_str(&format!("Keys of the first project: {}\n", kept.display()));
    }
    // A closed standard output does not keep the service from running.
    let _ = std::io::stdout().write_all(text.as_bytes());
}
