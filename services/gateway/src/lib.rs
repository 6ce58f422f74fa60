//! The edge: one port for HTTP, gRPC and gRPC-web; credentials, limits, routing, capture.
//!
//! It owns no data and has no store. Only it sees credentials from outside; behind it, a signed call context speaks for the
//! caller. RPCs are forwarded as bytes and never decoded, but for capture and OTLP, which end here: events and spans are
//! validated, stamped and handed to the events service together with those of other requests.

mod auth;
mod body;
mod capture;
mod client_address;
mod config;
mod cors;
mod doorway;
mod edge;
mod enrich;
mod error;
mod forward;
mod health;
mod heartbeat;
mod http_error;
mod otlp;
mod pages;
mod proxy;
mod rate;
mod rejections;
mod routes;
mod rpc;
mod server;
mod session;
mod until_stopping;

use std::sync::Arc;

use observe_core::Clock;
use observe_runtime::redis::CacheRedis;
use observe_runtime::{Deps, Lifecycle, StartError, Worker};
use prost_reflect::DescriptorPool;
use tokio::net::TcpListener;

pub use client_address::Network;
pub use config::Config;
pub use enrich::Places;

use edge::Edge;
use forward::Collector;

/// The edge, built and not yet serving.
pub struct Gateway {
    edge: Arc<Edge>,
    life: Lifecycle,
    collectors: Vec<(&'static str, Collector)>,
    reporter: Option<rejections::Reporter>,
    sharing: Option<(CacheRedis, Vec<rate::Sharing>, Arc<dyn Clock>)>,
    exposure_reporter: Option<auth::ExposureReporter>,
}

/// Builds the edge. Nothing is connected yet: services may start later than we do.
///
/// # Errors
/// A sentence if this process does not know where identity, events or reports is.
pub fn build(config: Config, deps: Deps) -> Result<Gateway, StartError> {
    let contracts =
        DescriptorPool::decode(observe_proto::FILE_DESCRIPTOR_SET).map_err(|error| {
            StartError::new(format!("the built-in contracts are damaged ({error}); build again"))
        })?;
    let proxy = proxy::Proxy::new(&deps.upstreams, deps.signer())?;
    let readiness = health::Readiness::new(&deps.upstreams)?;
    let heartbeats = heartbeat::Heartbeats::new(deps.service_channel("monitor")?);
    let (limits, shared) = rate::RateLimits::new(&config, &deps.clock);
    let limits = Arc::new(limits);
    let sharing = match &config.cache_redis_url {
        Some(url) => Some((CacheRedis::open(url)?, shared, deps.clock.clone())),
        None => None,
    };
    let (exposures, exposure_reporter) = auth::exposures(
        deps.service_channel("identity")?,
        deps.clock.clone(),
        deps.lifecycle.clone(),
    );
    let auth = Arc::new(auth::Auth::new(
        deps.service_channel("identity")?,
        limits.clone(),
        deps.clock.clone(),
        exposures,
    ));
    let forwarder = |rpc| -> Result<_, StartError> {
        Ok(forward::forwarder(deps.service_channel("events")?, rpc, deps.lifecycle.clone()))
    };
    let (events, events_collector) = forwarder(forward::WRITE_EVENTS)?;
    let (spans, spans_collector) = forwarder(forward::WRITE_SPANS)?;
    let (rejections, reporter) = rejections::reporter(deps.service_channel("events")?);
    let capture = capture::Capture::new(
        events,
        rejections.clone(),
        limits.clone(),
        deps.clock.clone(),
        deps.entropy.clone(),
        enrich::Enricher::new(config.places.clone()),
    );
    let capture_rpc =
        capture::rpc::CaptureRpc::new(capture.clone(), auth.clone(), deps.lifecycle.clone());
    let life = deps.lifecycle.clone();
    let edge = Arc::new(Edge {
        config,
        clock: deps.clock,
        entropy: deps.entropy,
        life: deps.lifecycle,
        routes: routes::Routes::new(),
        auth,
        proxy,
        capture,
        capture_rpc,
        spans,
        rejections,
        limits,
        doorway: doorway::Doorway::new(contracts),
        budget: body::Budget::new(),
        readiness,
        heartbeats,
        pages: pages::Pages::new(),
    });
    let collectors =
        vec![("capture collector", events_collector), ("span collector", spans_collector)];
    let (reporter, exposure_reporter) = (Some(reporter), Some(exposure_reporter));
    Ok(Gateway { edge, life, collectors, reporter, sharing, exposure_reporter })
}

impl Gateway {
    /// Takes the background work, which must run for events to be accepted. It ends by itself after [`Self::serve`] has.
    pub fn workers(&mut self) -> Vec<Worker> {
        let collectors = std::mem::take(&mut self.collectors);
        let reporter = self.reporter.take();
        let reporter = reporter.map(|reporter| Worker::new("rejections", reporter.run()));
        let sharing = self.sharing.take().map(|(redis, limits, clock)| {
            Worker::new("rate limits", rate::share(redis, limits, clock, self.life.clone()))
        });
        let exposed = self.exposure_reporter.take();
        let exposed = exposed.map(|reporter| Worker::new("exposed keys", reporter.run()));
        let collectors = collectors.into_iter();
        collectors
            .map(|(name, collector)| Worker::new(name, collector.run()))
            .chain(reporter)
            .chain(sharing)
            .chain(exposed)
            .collect()
    }

    /// Serves the port until the lifecycle stops, then until every connection has finished what it had begun.
    ///
    /// # Errors
    /// None that a running process can do anything about.
    pub async fn serve(self, listener: TcpListener) -> anyhow::Result<()> {
        let router = edge::router(&self.edge);
        server::serve(listener, (self.edge, router), self.life).await
    }
}
