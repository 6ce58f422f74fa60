//! `GET|POST /heartbeat/<token>[/start|/fail]`: programs call in, by whatever can make an HTTP request.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use http::{HeaderValue, Response, StatusCode, header};
use observe_core::error::CommonError;
use observe_proto::monitor::v1::RecordHeartbeatRequest;
use observe_proto::monitor::v1::heartbeat_service_client::HeartbeatServiceClient;
use observe_proto::monitor::v1::record_heartbeat_request::Signal;
use observe_runtime::client::ServiceChannel;
use tokio::sync::Semaphore;

use crate::edge::Edge;
use crate::error::Error;
use crate::http_error::HttpError;

/// What the addresses begin with; what follows is a secret and is not logged.
pub(crate) const PREFIX: &str = "/heartbeat/";
/// How long monitor may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Calls under way at once: invented tokens must not become load on monitor.
const CALLS_MAX: usize = 64;
/// The longest text that may be a token.
const TOKEN_BYTES_MAX: usize = 64;

/// Passes calls on to monitor.
pub(crate) struct Heartbeats {
    monitor: HeartbeatServiceClient<ServiceChannel>,
    turns: Semaphore,
}

impl Heartbeats {
    pub(crate) fn new(monitor: ServiceChannel) -> Self {
        Self { monitor: HeartbeatServiceClient::new(monitor), turns: Semaphore::new(CALLS_MAX) }
    }

    async fn record(&self, token: String, signal: Signal) -> Result<(), HttpError> {
        let is_token = (1..=TOKEN_BYTES_MAX).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_token {
            return Err(Error::from(CommonError::NotFound("heartbeat")).into());
        }
        let call = async {
            let _turn = self.turns.acquire().await;
            let request = RecordHeartbeatRequest { token, signal: signal.into() };
            self.monitor.clone().record_heartbeat(request).await
        };
        match tokio::time::timeout(TIMEOUT, call).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(status)) => Err(status.into()),
            Err(_) => Err(Error::TimedOut.into()),
        }
    }
}

/// The program has finished.
pub(crate) async fn finished(
    State(edge): State<Arc<Edge>>,
    Path(token): Path<String>,
) -> Response<Body> {
    answer(&edge, token, Signal::Finish).await
}

/// The program says how it is: `start` or `fail`.
pub(crate) async fn signalled(
    State(edge): State<Arc<Edge>>,
    Path((token, signal)): Path<(String, String)>,
) -> Response<Body> {
    match signal.as_str() {
        "start" => answer(&edge, token, Signal::Start).await,
        "fail" => answer(&edge, token, Signal::Fail).await,
        _ => HttpError::from(Error::NoPage).into(),
    }
}

/// Passes a call on. Its body, whatever it is, is not read.
async fn answer(edge: &Edge, token: String, signal: Signal) -> Response<Body> {
    let mut response = match edge.heartbeats.record(token, signal).await {
        Ok(()) => (StatusCode::OK, "OK").into_response(),
        Err(error) => error.into(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
