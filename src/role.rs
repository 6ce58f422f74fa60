//! `observe <service>`: one service in this process.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use observe_core::{Secret, SystemClock, SystemEntropy};
use observe_runtime::client::Upstreams;
use observe_runtime::config::EnvReader;
use observe_runtime::server::{self, Listener};
use observe_runtime::{Deps, Lifecycle, StartError};
use tokio::net::TcpListener;

use crate::cli::Command;
use crate::installation::given_secret;

/// A service's name, its usual port, and the services it calls. The calls are those of `docs/service-graph.toml`.
struct Role {
    name: &'static str,
    port: u16,
    calls: &'static [(&'static str, &'static str)],
}

const IDENTITY: (&str, &str) = ("identity", "OBSERVE_IDENTITY_URL");
const EVENTS: (&str, &str) = ("events", "OBSERVE_EVENTS_URL");
const MONITOR: (&str, &str) = ("monitor", "OBSERVE_MONITOR_URL");
const REPORTS: (&str, &str) = ("reports", "OBSERVE_REPORTS_URL");

fn role(service: &Command) -> Role {
    match service {
        Command::Identity => Role { name: "identity", port: 8081, calls: &[] },
        Command::Events => Role { name: "events", port: 8082, calls: &[IDENTITY] },
        Command::Monitor => Role { name: "monitor", port: 8083, calls: &[] },
        Command::Reports => {
            Role { name: "reports", port: 8084, calls: &[EVENTS, IDENTITY, MONITOR] }
        }
        _ => Role { name: "gateway", port: 8080, calls: &[IDENTITY, EVENTS, MONITOR, REPORTS] },
    }
}

/// Runs one service until it is told to stop. Returns whether it ended well.
///
/// # Errors
/// A sentence for the person at the terminal if it cannot start.
pub async fn run(service: &Command, env: &mut EnvReader) -> Result<bool, StartError> {
    let role = role(service);
    let listen = env.address("OBSERVE_LISTEN", SocketAddr::from((Ipv4Addr::LOCALHOST, role.port)));
    let secret = match given_secret(env) {
        Some(secret) => secret,
        None => env.required_secret("OBSERVE_SECRET"),
    };
    let mut upstreams = Upstreams::new();
    for (name, variable) in role.calls {
        let url = env.required(variable);
        if !url.is_empty()
            && let Err(error) = upstreams.add_url(name, &url)
        {
            env.problem(error.to_string());
        }
    }
    let deps = deps(role.name, secret, upstreams, &Lifecycle::new());
    start(service, env, deps.clone(), listen).await?;
    deps.lifecycle.stop_on_signal().await;
    Ok(deps.lifecycle.drained().await)
}

/// Gives a service what is ambient.
pub fn deps(
    name: &'static str,
    secret: Secret,
    upstreams: Upstreams,
    lifecycle: &Lifecycle,
) -> Deps {
    Deps {
        name,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        secret,
        lifecycle: lifecycle.clone(),
        upstreams,
    }
}

async fn start(
    service: &Command,
    env: &mut EnvReader,
    deps: Deps,
    listen: SocketAddr,
) -> Result<(), StartError> {
    let built = match service {
        Command::Identity => {
            let config = observe_identity::Config::read(env);
            let bootstrap = observe_identity::Bootstrap::read(env);
            env.finish()?;
            // What a single role generated would be shown to nobody, so it makes only what it was given.
            if bootstrap.email.is_some()
                || bootstrap.write_key.is_some()
                || bootstrap.secret_key.is_some()
            {
                observe_identity::bootstrap(&config, bootstrap, &deps, |_| Ok(())).await?;
            }
            observe_identity::build(config, deps.clone())?
        }
        Command::Events => {
            let config = observe_events::Config::read(env);
            env.finish()?;
            observe_events::build(config, deps.clone()).await?
        }
        Command::Monitor => {
            let config = observe_monitor::Config::read(env);
            env.finish()?;
            observe_monitor::build(config, deps.clone())?
        }
        Command::Reports => {
            let replica = observe_reports::Replica::listening(listen, env);
            let config = observe_reports::Config { replica, ..observe_reports::Config::read(env) };
            env.finish()?;
            observe_reports::build(config, deps.clone())?
        }
        _ => return start_gateway(env, deps, listen).await,
    };
    let listener = bind(listen).await?;
    server::start(built, Listener::Tcp(listener), &deps).await;
    tracing::info!(service = deps.name, %listen, "serving");
    Ok(())
}

async fn start_gateway(
    env: &mut EnvReader,
    deps: Deps,
    listen: SocketAddr,
) -> Result<(), StartError> {
    let config = observe_gateway::Config::read(env);
    env.finish()?;
    let mut gateway = observe_gateway::build(config, deps.clone())?;
    let listener = bind(listen).await?;
    for worker in gateway.workers() {
        deps.lifecycle.spawn_essential(worker.name, worker.task);
    }
    deps.lifecycle.spawn_essential("gateway", gateway.serve(listener));
    tracing::info!(service = "gateway", %listen, "serving");
    Ok(())
}

/// Takes the port.
///
/// # Errors
/// A sentence if somebody else has it.
pub async fn bind(listen: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(listen).await.map_err(|error| {
        StartError::new(format!(
            "{listen} cannot be listened on ({error}); stop what uses it or choose another with OBSERVE_LISTEN=127.0.0.1:8090"
        ))
    })
}
