//! Owns the columnar projection and every question asked of it.
//!
//! It reads the event log (events) and the change log of persons (identity), keeps both as columns in memory, and answers
//! trends and funnels from them, merges applied to all history; errors are grouped there. It keeps no event: at start it
//! reads both logs from their beginning. What people decided is in its database. It never changes an event or a person, and
//! calls nobody to answer a question.

pub mod config;
mod convert;
pub mod engine;
pub mod error;
mod errors;
pub mod funnel;
pub mod projection;
pub mod published;
pub mod query;
mod service;
mod store;
pub mod trends;
mod workers;

use std::sync::Arc;

use observe_core::Secret;
use observe_proto::reports::v1::error_service_server::ErrorServiceServer;
use observe_proto::reports::v1::insight_service_server::{InsightServiceServer, SERVICE_NAME};
use observe_runtime::postgres::{Database, PoolSizes};
use observe_runtime::{Built, Deps, ReadyCheck, StartError, Worker};
use tonic::service::Routes;

pub use config::Config;
use engine::{ColumnarEngine, Slots};
use published::Published;
use service::error::Errors;
use service::insight::Insight;
use store::error_group::ErrorGroupStore;
use workers::follow_log::{self, Upstream};

/// The schema of reports.
pub const SCHEMA: &str = "reports";
/// Its migrations.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Connections: what people decided and the days that are over are small; questions about events need none.
const POOLS: PoolSizes = PoolSizes { app: 4, worker: 2 };

/// Brings the schema up to date.
///
/// # Errors
/// A sentence for the person at the terminal.
pub async fn migrate(url: &Secret) -> Result<(), StartError> {
    observe_runtime::postgres::migrate(url, SCHEMA, &MIGRATOR).await
}

/// Builds the service. Until its worker has read both logs, questions are answered `PROJECTION_LOADING`.
///
/// # Errors
/// A sentence if this process does not know where another service is, or the database URL is malformed.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a service takes what it is built from, like every other"
)]
pub fn build(config: Config, deps: Deps) -> Result<Built, StartError> {
    let database = Database::open(&config.database_url, SCHEMA, POOLS)?;
    let published = Arc::new(Published::new());
    let (events, identity) = (deps.service_channel("events")?, deps.service_channel("identity")?);
    let upstream = Upstream::new(events, identity, Arc::clone(&published));
    let slots = Slots::default();
    let engine = Arc::new(ColumnarEngine::new(Arc::clone(&published), slots.clone()));
    let errors = ErrorServiceServer::new(Errors {
        published: Arc::clone(&published),
        slots: slots.clone(),
        store: ErrorGroupStore(database),
        clock: Arc::clone(&deps.clock),
        page_tokens: deps.page_tokens(),
    });
    let insight = InsightServiceServer::new(Insight::new(engine, slots));
    let mut routes = Routes::builder();
    routes.add_service(insight).add_service(errors);
    let is_ready = {
        let published = Arc::clone(&published);
        move || std::future::ready(published.is_ready())
    };
    let follow = follow_log::run(upstream, published, deps.lifecycle);
    Ok(Built {
        routes: routes.routes(),
        workers: vec![Worker::new("follow log", follow)],
        ready: vec![ReadyCheck::new(SERVICE_NAME, is_ready)],
    })
}
