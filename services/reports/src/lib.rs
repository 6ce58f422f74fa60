//! Owns the columnar projection and every question asked of it.
//!
//! It reads the event log (events) and the change log of persons (identity), keeps both as columns in memory, and answers
//! questions about what persons did and what is broken from them, merges applied to all history. Of events it stores the packed
//! columns, and of persons who is who, so that a start goes on from there. It also stores what people
//! keep here (cohorts, saved insights, dashboards, annotations), what they decided of errors, and the days that are over. It
//! never changes an event or a person.

pub mod activity;
pub mod behind;
mod bits;
pub mod cohort;
pub mod config;
mod convert;
pub mod engine;
pub mod error;
mod errors;
pub mod explained_event;
pub mod explained_person;
mod export;
mod forward;
pub mod funnel;
pub mod hints;
pub mod history;
mod incidents;
pub mod latency;
pub mod lifecycle;
pub mod neighbours;
pub mod overview;
mod ownership;
pub mod paths;
mod percentile;
mod person_activity;
pub mod projection;
pub mod published;
pub mod query;
mod rebuild;
pub mod refusal;
pub mod retention;
mod service;
mod sessions;
pub mod signals;
pub mod start;
pub mod stickiness;
mod store;
pub mod trends;
pub mod usage;
pub mod web_overview;
mod workers;

use std::sync::Arc;

use observe_core::Secret;
use observe_proto::reports::v1::error_service_server::ErrorServiceServer;
use observe_proto::reports::v1::export_service_server::ExportServiceServer;
use observe_proto::reports::v1::insight_service_server::{InsightServiceServer, SERVICE_NAME};
use observe_proto::reports::v1::latency_service_server::LatencyServiceServer;
use observe_proto::reports::v1::overview_service_server::OverviewServiceServer;
use observe_proto::reports::v1::person_activity_service_server::PersonActivityServiceServer;
use observe_proto::reports::v1::projection_service_server::ProjectionServiceServer;
use observe_proto::reports::v1::usage_service_server::UsageServiceServer;
use observe_runtime::postgres::{Database, PoolSizes};
use observe_runtime::redis::CacheRedis;
use observe_runtime::{Built, Deps, ReadyCheck, StartError, Worker};
use tonic::service::Routes;

use cohort::counter::Counter;
use cohort::loader::Loader;
pub use config::{Config, Replica};
use engine::{ColumnarEngine, ReportEngine, Slots};
use export::places::Places;
use export::source::Owners;
use forward::{OwnerLayer, Relay};
use latency::EndpointAssessor;
use latency::query::LatencyQueries;
use neighbours::Neighbours;
use overview::board::Board;
use ownership::Ownership;
use published::Published;
use rebuild::Rebuilds;
use service::error::Errors;
use service::export::Exports;
use service::insight::{Answers, Insight};
use service::kept::Kept;
use service::latency::Latency;
use service::overview::Overviews;
use service::person_activity::PersonActivities;
use service::persons::PersonPages;
use service::projection::Projections;
use service::usage::Usage;
use signals::Assessor;
use store::cohort::CohortStore;
use store::error_group::ErrorGroupStore;
use store::ownership::{Candidate, OwnershipStore};
use store::projection::ProjectionStore;
use store::usage::UsageStore;
use usage::ledger::Ledger;
use workers::follow_log::{self, Upstream};
use workers::keep::Keeper;
use workers::lease::LeaseKeeper;
use workers::signals::SignalWatch;

/// The schema of reports.
pub const SCHEMA: &str = "reports";
/// Its migrations.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Connections: what people keep and decide and the days that are over are small; questions about events need none.
const POOLS: PoolSizes = PoolSizes { app: 6, worker: 3 };
/// Connections of the lease's own: after a start, all others may be busy loading columns for longer than it lasts.
const LEASE_POOLS: PoolSizes = PoolSizes { app: 1, worker: 2 };

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
pub fn build(config: Config, deps: Deps) -> Result<Built, StartError> {
    let database = Database::open(&config.database_url, SCHEMA, POOLS)?;
    let projections = ProjectionStore(database.clone());
    let ownership = Arc::new(Ownership::default());
    let published = Arc::new(Published::of(projections.clone(), Some(Arc::clone(&ownership))));
    let lease = LeaseKeeper {
        store: OwnershipStore(Database::open(&config.database_url, SCHEMA, LEASE_POOLS)?),
        candidate: candidate(config.replica, &deps),
        ownership: Arc::clone(&ownership),
        published: Arc::clone(&published),
    };
    let (events, identity) = (deps.service_channel("events")?, deps.service_channel("identity")?);
    let lists = CohortStore(database.clone());
    let upstream =
        Upstream::new(events, identity, Arc::clone(&published), projections.clone(), lists.clone());
    let neighbours = Neighbours::new(&deps)?;
    let slots = Slots::default();
    let engine: Arc<dyn ReportEngine> =
        Arc::new(ColumnarEngine::new(Arc::clone(&published), slots.clone()));
    let cache = config.cache_redis_url.as_ref().map(CacheRedis::open).transpose()?;
    let answers = Answers::new(cache, Arc::clone(&published), deps.clock.clone());
    let decisions = ErrorGroupStore(database.clone());
    let errors = Errors {
        published: Arc::clone(&published),
        slots: slots.clone(),
        store: decisions.clone(),
        clock: Arc::clone(&deps.clock),
        page_tokens: deps.page_tokens(),
    };
    let endpoints = EndpointAssessor::new(neighbours.clone(), Arc::clone(&published));
    let latency = Latency {
        queries: LatencyQueries::new(neighbours.clone(), endpoints.clone()),
        clock: deps.clock.clone(),
    };
    let knows = person_activity::neighbours::Neighbours::new(&deps)?;
    let persons = PersonActivities {
        engine: Arc::clone(&engine),
        neighbours: knows.clone(),
        page_tokens: deps.page_tokens(),
    };
    let exports = Exports {
        published: Arc::clone(&published),
        owners: Owners::new(&deps)?,
        places: Places::default(),
        life: deps.lifecycle.clone(),
    };
    let pages = PersonPages::new(&deps)?;
    let assessor = Arc::new(Assessor {
        published: Arc::clone(&published),
        slots: slots.clone(),
        decisions,
        endpoints,
    });
    let board = Board::new(
        Arc::clone(&engine),
        Arc::clone(&published),
        neighbours.clone(),
        Arc::clone(&assessor),
        deps.clock.clone(),
    );
    let ledger = Ledger {
        engine: Arc::clone(&engine),
        neighbours: neighbours.clone(),
        store: UsageStore(database.clone()),
        clock: deps.clock.clone(),
    };
    let signals = SignalWatch {
        published: Arc::clone(&published),
        neighbours,
        assessor,
        clock: deps.clock.clone(),
    };
    let is_ready = {
        let (published, ownership) = (Arc::clone(&published), Arc::clone(&ownership));
        move || std::future::ready(published.is_ready() || ownership.is_other_ready())
    };
    let page_tokens = deps.page_tokens();
    let life = deps.lifecycle;
    let usage = workers::usage::run(ledger.clone(), Arc::clone(&published), life.clone());
    let loader = Loader::new(lists, slots.clone(), deps.clock.clone());
    let counter =
        Counter { loader: loader.clone(), engine: engine.clone(), clock: deps.clock.clone() };
    let counting = workers::cohorts::run(counter.clone(), Arc::clone(&published), life.clone());
    let insight = Insight::new(
        engine,
        slots.clone(),
        answers,
        pages.clone(),
        knows,
        loader,
        deps.clock.clone(),
    );
    let kept = Kept {
        database,
        published: Arc::clone(&published),
        slots,
        counter,
        pages,
        insight: insight.clone(),
        clock: deps.clock.clone(),
        entropy: deps.entropy.clone(),
        page_tokens,
    };
    let rebuilds = Arc::new(Rebuilds::new(deps.clock.clone()));
    let routes = kept
        .add_to(Routes::new(InsightServiceServer::new(insight)))
        .add_service(ErrorServiceServer::new(errors))
        .add_service(ExportServiceServer::new(exports))
        .add_service(LatencyServiceServer::new(latency))
        .add_service(OverviewServiceServer::new(Overviews::new(Arc::new(board), life.clone())))
        .add_service(PersonActivityServiceServer::new(persons))
        .add_service(ProjectionServiceServer::new(Projections {
            published: Arc::clone(&published),
            rebuilds: Arc::clone(&rebuilds),
        }))
        .add_service(UsageServiceServer::new(Usage(ledger)));
    let relay = Arc::new(Relay::new(Arc::clone(&ownership), Arc::clone(&published)));
    let routes = Routes::from(routes.into_axum_router().layer(OwnerLayer(relay)));
    let follow = follow_log::run(
        upstream,
        Keeper::new(projections),
        published,
        rebuilds,
        ownership,
        deps.clock.clone(),
        life.clone(),
    );
    Ok(Built {
        routes,
        workers: vec![
            Worker::new("follow log", lease.around(follow)),
            Worker::new("signals", signals.run(life)),
            Worker::new("cohorts", counting),
            Worker::new("usage", usage),
        ],
        ready: vec![ReadyCheck::new(SERVICE_NAME, is_ready)],
    })
}

fn candidate(replica: Replica, deps: &Deps) -> Candidate {
    let made_up = || deps.entropy.uuid(deps.clock.now()).to_string();
    Candidate { name: replica.name.unwrap_or_else(made_up), url: replica.url }
}
