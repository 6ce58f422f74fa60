//! The one port: accepts connections, bounds what each may do, and lets them finish when the process stops.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderValue, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use observe_runtime::Lifecycle;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::edge::{self, Edge};

/// Connections open at once; further ones wait in the system's backlog.
const CONNECTIONS_MAX: u32 = 4_096;
/// How long a connection may take to send the head of a request, the first one included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests under way on one HTTP/2 connection.
const STREAMS_MAX: u32 = 128;
/// Bytes of headers in one HTTP/2 request.
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// Bytes of buffer, and so of headers, of an HTTP/1 connection.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Streams that may end in an error of ours before a connection is closed.
const LOCAL_RESETS_MAX: usize = 1_024;
/// How often an idle HTTP/2 connection is probed, and how long the probe may take.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
/// How long connections are kept once the process is to stop: readiness says no, new ones are still accepted, and whoever asks
/// something by HTTP/1 is told not to ask again here. Closing an idle connection at once would cross with a request that its
/// sender, who cannot know, has just sent. HTTP/2 has words for that and needs no time.
const LEAVING_TIME: Duration = Duration::from_secs(1);
/// How often it is looked whether all are gone before.
const LEAVING_STEP: Duration = Duration::from_millis(20);
/// How long to wait when the system has no room for another connection.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// The other end of a connection, in each request's extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What answers requests: the edge, and its table of addresses.
type Service = (Arc<Edge>, Router);

/// Whether anything was asked on a connection, and how.
#[derive(Default)]
struct Asked {
    at_all: AtomicBool,
    by_http2: AtomicBool,
}

impl Asked {
    fn note(&self, is_http2: bool) {
        self.at_all.store(true, Ordering::Relaxed);
        self.by_http2.store(is_http2, Ordering::Relaxed);
    }
}

/// Runs HTTP/2 streams under the process's lifecycle.
#[derive(Clone)]
struct Executor(Lifecycle);

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.spawn(task);
    }
}

/// Serves until the process stops, and then until every connection has finished what it had begun.
pub(crate) async fn serve(
    listener: TcpListener,
    service: Service,
    life: Lifecycle,
) -> anyhow::Result<()> {
    let builder = Arc::new(builder(&life));
    let open = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
    let left = left(&life, &open);
    tokio::pin!(left);
    loop {
        let accepted = tokio::select! {
            accepted = async {
                let permit = open.clone().acquire_owned().await;
                (permit, listener.accept().await)
            } => accepted,
            () = left.as_mut() => break,
        };
        let (stream, peer) = match accepted.1 {
            Ok(connection) => connection,
            Err(error) => {
                // Of one connection that ended early, or of a system without file handles: neither is a reason to stop.
                tracing::warn!(%error, "a connection could not be accepted");
                life.sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let permit = accepted.0?;
        let connection = connection(stream, peer, builder.clone(), service.clone(), life.clone());
        life.spawn(async move {
            connection.await;
            drop(permit);
        });
    }
    drop(listener);
    // All permits are back when all connections are gone.
    let _all = open.acquire_many(CONNECTIONS_MAX).await?;
    Ok(())
}

/// Returns when the process is to stop and [`LEAVING_TIME`] is over, or all connections are gone.
async fn left(life: &Lifecycle, open: &Semaphore) {
    life.stopping().await;
    let all_gone = async {
        // One permit is held for the connection that is waited for.
        while open.available_permits() + 1 < CONNECTIONS_MAX as usize {
            tokio::time::sleep(LEAVING_STEP).await;
        }
    };
    let _ = tokio::time::timeout(LEAVING_TIME, all_gone).await;
}

fn builder(life: &Lifecycle) -> Builder<Executor> {
    let mut builder = Builder::new(Executor(life.clone()));
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(BUFFER_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .max_local_error_reset_streams(LOCAL_RESETS_MAX)
        .keep_alive_interval(KEEP_ALIVE.0)
        .keep_alive_timeout(KEEP_ALIVE.1);
    builder
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    builder: Arc<Builder<Executor>>,
    service: Service,
    life: Lifecycle,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection closed at once");
        return;
    }
    let asked = Arc::new(Asked::default());
    let (noted, stop) = (asked.clone(), life.clone());
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let is_http2 = request.version() == Version::HTTP_2;
        noted.note(is_http2);
        let (service, stop) = (service.clone(), stop.clone());
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            let mut answer = edge::answer(&service.0, &service.1, request).await;
            if !is_http2 && stop.is_stopping() {
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(header::CONNECTION, close);
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // Until the version of HTTP is known, no timeout of hyper's runs: a peer that sends nothing would stay for ever.
    let silence = tokio::time::sleep(HEAD_TIMEOUT);
    tokio::pin!(silence);
    let ending = async {
        life.stopping().await;
        if !asked.by_http2.load(Ordering::Relaxed) {
            tokio::time::sleep(LEAVING_TIME).await;
        }
    };
    tokio::pin!(ending);
    let (mut draining, mut first) = (false, true);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(error, "a connection ended in an error");
                }
                return;
            }
            () = silence.as_mut(), if first => {
                first = false;
                if !asked.at_all.load(Ordering::Relaxed) {
                    return;
                }
            }
            () = ending.as_mut(), if !draining => {
                draining = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
