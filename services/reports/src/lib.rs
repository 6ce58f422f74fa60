//! Owns the columnar projection and every question asked of it.
//!
//! It reads the event log (events) and the change log of persons (identity), keeps both as columns in memory, and answers
//! trends and funnels from them, merges applied to all history. It stores nothing: at start it reads both logs from their
//! beginning. It never changes an event or a person, and calls nobody to answer a question.

mod convert;
pub mod engine;
pub mod error;
pub mod funnel;
pub mod projection;
pub mod published;
pub mod query;
mod service;
pub mod trends;
mod workers;

use std::sync::Arc;

use observe_core::Secret;
use observe_proto::reports::v1::insight_service_server::{InsightServiceServer, SERVICE_NAME};
use observe_runtime::{Built, Deps, ReadyCheck, StartError, Worker};
use tonic::service::Routes;

use engine::{ColumnarEngine, Slots};
use published::Published;
use service::insight::Insight;
use workers::follow_log::{self, Upstream};

/// The schema of reports: nothing is in it yet, its roles and walls are there.
pub const SCHEMA: &str = "reports";
/// Its migrations: none yet.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate::Migrator::DEFAULT;

/// Brings the schema up to date.
///
/// # Errors
/// A sentence for the person at the terminal.
pub async fn migrate(url: &Secret) -> Result<(), StartError> {
    observe_runtime::postgres::migrate(url, SCHEMA, &MIGRATOR).await
}

/// Builds the service, which needs nothing but the addresses of events and identity. Until its worker has read both logs,
/// questions are answered `PROJECTION_LOADING`.
///
/// # Errors
/// A sentence if this process does not know where events or identity are.
pub fn build(deps: Deps) -> Result<Built, StartError> {
    let published = Arc::new(Published::new());
    let (events, identity) = (deps.service_channel("events")?, deps.service_channel("identity")?);
    let upstream = Upstream::new(events, identity, Arc::clone(&published));
    let slots = Slots::default();
    let engine = Arc::new(ColumnarEngine::new(Arc::clone(&published), slots.clone()));
    let insight = InsightServiceServer::new(Insight::new(engine, slots));
    let is_ready = {
        let published = Arc::clone(&published);
        move || std::future::ready(published.is_ready())
    };
    let follow = follow_log::run(upstream, published, deps.lifecycle);
    Ok(Built {
        routes: Routes::new(insight),
        workers: vec![Worker::new("follow log", follow)],
        ready: vec![ReadyCheck::new(SERVICE_NAME, is_ready)],
    })
}
