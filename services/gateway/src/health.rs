//! Whether we live, and whether we are of use.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::future::join_all;
use http::{StatusCode, header};
use observe_runtime::StartError;
use observe_runtime::client::Upstreams;
use serde::Serialize;
use tokio::sync::Mutex;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::edge::Edge;

/// How long a service may take to say how it is.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// How long an answer is given again without asking: anybody may ask us, and each time we ask everybody.
const REPORT_LIFETIME: Duration = Duration::from_millis(200);
/// What capture needs now, not only once.
const INGEST: &str = "observe.events.v1.IngestService";

/// Looks after the services behind the edge.
pub(crate) struct Readiness {
    upstreams: Vec<Upstream>,
    events: Channel,
    last: Mutex<Option<(Instant, Report)>>,
}

struct Upstream {
    name: &'static str,
    channel: Channel,
    /// Whether it has been of use since we started. One that goes away later takes its own pages with it, not the edge.
    served: AtomicBool,
}

/// What is told.
#[derive(Clone, Debug, Serialize)]
struct Report {
    ready: bool,
    /// By service: "serving", "away" or "starting" (not seen yet).
    upstreams: BTreeMap<&'static str, &'static str>,
    /// Whether events can be accepted now.
    ingest: &'static str,
}

impl Readiness {
    pub(crate) fn new(upstreams: &Upstreams) -> Result<Self, StartError> {
        let needed = ["identity", "events", "monitor", "reports"]
            .map(|name| Ok((name, upstreams.channel(name)?)));
        let known = needed.into_iter().collect::<Result<Vec<_>, StartError>>()?;
        let looked_after =
            |(name, channel)| Upstream { name, channel, served: AtomicBool::new(false) };
        Ok(Self {
            upstreams: known.into_iter().map(looked_after).collect(),
            events: upstreams.channel("events")?,
            last: Mutex::new(None),
        })
    }

    async fn report(&self) -> Report {
        // Whoever comes while somebody asks waits for that answer.
        let mut last = self.last.lock().await;
        if let Some((at, report)) = &*last
            && at.elapsed() < REPORT_LIFETIME
        {
            return report.clone();
        }
        let asked =
            join_all(self.upstreams.iter().map(|upstream| is_serving(&upstream.channel, "")));
        let (serving, ingest) = tokio::join!(asked, is_serving(&self.events, INGEST));
        let mut upstreams = BTreeMap::new();
        let mut ready = ingest;
        for (upstream, serving) in self.upstreams.iter().zip(serving) {
            if serving {
                upstream.served.store(true, Ordering::Relaxed);
            }
            let served = upstream.served.load(Ordering::Relaxed);
            ready &= served;
            let state = if serving {
                "serving"
            } else if served {
                "away"
            } else {
                "starting"
            };
            upstreams.insert(upstream.name, state);
        }
        let report = Report { ready, upstreams, ingest: if ingest { "serving" } else { "away" } };
        *last = Some((Instant::now(), report.clone()));
        report
    }
}

async fn is_serving(channel: &Channel, service: &str) -> bool {
    let mut client = HealthClient::new(channel.clone());
    let ask = client.check(HealthCheckRequest { service: service.to_owned() });
    let answer = tokio::time::timeout(CHECK_TIMEOUT, ask).await;
    matches!(answer, Ok(Ok(answer)) if answer.get_ref().status() == ServingStatus::Serving)
}

/// Answers that the process lives; no store and no service has a say in it.
pub(crate) async fn healthz() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n")
}

/// Answers whether requests can be served.
pub(crate) async fn readyz(State(edge): State<Arc<Edge>>) -> Response {
    let mut report = edge.readiness.report().await;
    report.ready &= !edge.life.is_stopping();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(report)).into_response()
}
