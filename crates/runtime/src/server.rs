//! Serving a service's gRPC: limits, the call context, health, one log line and one span a request.

mod context;
mod log;
mod trace;

use std::time::Duration;

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

pub use context::ContextLayer;
pub use log::LogLayer;
pub use trace::TraceLayer;

use crate::in_process::InProcessListener;
use crate::lifecycle::Lifecycle;
use crate::service::{Built, Deps, ReadyCheck};

/// The name by which the health protocol says that the process answers at all: a liveness probe, in which no store has a say.
pub const LIVE: &str = "observe.live";
/// Requests one connection may have under way; only our own services connect here.
const STREAMS_MAX: u32 = 256;
/// Bytes of headers in one request: a session's context names every project within reach.
const HEADER_BYTES_MAX: u32 = 64 * 1024;
/// Streams that may end in an error of ours before a connection is closed (tonic would switch the limit off).
const LOCAL_RESETS_MAX: usize = 1024;
/// How long one request may take, whatever its `grpc-timeout` says.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How often readiness is looked at.
const READY_INTERVAL: Duration = Duration::from_secs(1);
/// How long one look may take.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

/// Where a service accepts connections.
pub enum Listener {
    /// From other processes.
    Tcp(TcpListener),
    /// From this process.
    InProcess(InProcessListener),
}

/// Starts a built service: its server, its workers and the look at its readiness, all under the process's lifecycle.
pub async fn start(built: Built, listener: Listener, deps: &Deps) {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_service_status(LIVE, ServingStatus::Serving).await;
    reporter.set_service_status("", ServingStatus::NotServing).await;
    for check in &built.ready {
        reporter.set_service_status(check.name, ServingStatus::NotServing).await;
    }
    let life = &deps.lifecycle;
    life.spawn_essential("readiness", watch_readiness(built.ready, reporter, life.clone()));
    for worker in built.workers {
        life.spawn_essential(worker.name, worker.task);
    }
    let routes = built.routes.add_service(health);
    life.spawn_essential(deps.name, serve(routes, listener, deps.clone()));
}

async fn serve(routes: Routes, listener: Listener, deps: Deps) -> anyhow::Result<()> {
    let stop = {
        let life = deps.lifecycle.clone();
        async move { life.stopping().await }
    };
    let router = Server::builder()
        .max_concurrent_streams(STREAMS_MAX)
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        .http2_max_local_error_reset_streams(Some(LOCAL_RESETS_MAX))
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(8 << 20)
        .tcp_nodelay(true)
        .timeout(REQUEST_TIMEOUT)
        .layer(ContextLayer::new(deps.signer(), deps.clock.clone()))
        .layer(TraceLayer::new(deps.name))
        .layer(LogLayer)
        .add_routes(routes);
    match listener {
        Listener::Tcp(tcp) => {
            router.serve_with_incoming_shutdown(TcpListenerStream::new(tcp), stop).await?;
        }
        Listener::InProcess(pipe) => {
            router.serve_with_incoming_shutdown(pipe.incoming(), stop).await?;
        }
    }
    Ok(())
}

async fn watch_readiness(
    checks: Vec<ReadyCheck>,
    reporter: HealthReporter,
    life: Lifecycle,
) -> anyhow::Result<()> {
    loop {
        let mut all = true;
        for check in &checks {
            let fine = tokio::time::timeout(READY_TIMEOUT, (check.check)()).await.unwrap_or(false);
            all &= fine;
            reporter.set_service_status(check.name, serving(fine)).await;
        }
        reporter.set_service_status("", serving(all)).await;
        if !life.sleep(READY_INTERVAL).await {
            for name in checks.iter().map(|check| check.name).chain([""]) {
                reporter.set_service_status(name, ServingStatus::NotServing).await;
            }
            return Ok(());
        }
    }
}

fn serving(fine: bool) -> ServingStatus {
    if fine { ServingStatus::Serving } else { ServingStatus::NotServing }
}
