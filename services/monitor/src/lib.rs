//! monitor: owns monitors, checks, incidents and alert channels.
//!
//! The way of a check: [`workers::scheduler`] turns what is due into a slot, a row that this replica holds a lease of;
//! [`probe`] looks at the target through the egress guard; [`workers::recorder`] writes what was found, with the state that
//! follows ([`state`]), the counts of the hour and the day, and, when the state turns, the incident and its messages, all in
//! one transaction ([`store::record`]); [`workers::deliveries`] tells the alert channels.
//!
//! Invariants: a slot has one recorded result; who lost its lease writes nothing; a fault of ours is never held against a
//! target; nothing is dialled but through the guard. It calls no other service.

mod check;
mod config;
mod convert;
mod error;
mod fault;
mod heartbeat;
mod incident;
mod monitor;
mod probe;
mod schedule;
mod seal;
mod service;
mod state;
mod store;
mod webhook;
mod workers;

use std::sync::Arc;

use observe_core::Secret;
use observe_egress::{Guard, Policy, Resolver};
use observe_proto::monitor::v1::alert_channel_service_server::AlertChannelServiceServer;
use observe_proto::monitor::v1::heartbeat_service_server::HeartbeatServiceServer;
use observe_proto::monitor::v1::incident_service_server::IncidentServiceServer;
use observe_proto::monitor::v1::incident_signal_service_server::IncidentSignalServiceServer;
use observe_proto::monitor::v1::monitor_service_server::MonitorServiceServer;
use observe_runtime::postgres::{Database, PoolSizes};
use observe_runtime::{Built, Deps, ReadyCheck, StartError, Worker};
use rustls::RootCertStore;
use tokio::sync::{Notify, Semaphore, mpsc};
use tonic::service::Routes;

pub use config::Config;

use crate::seal::Sealer;
use crate::store::incident::Outbox;

/// The schema of monitor.
pub const SCHEMA: &str = "monitor";
/// Its migrations.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Connections: the scheduler, the recorder, deliveries and the keeper hold one each while they work.
const POOLS: PoolSizes = PoolSizes { app: 6, worker: 8 };
/// Bytes of one request: an import of 10,000 checks.
const REQUEST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Brings the schema up to date.
///
/// # Errors
/// A sentence for the person at the terminal.
pub async fn migrate(url: &Secret) -> Result<(), StartError> {
    observe_runtime::postgres::migrate(url, SCHEMA, &MIGRATOR).await
}

/// What the parts of the service share.
struct Parts {
    database: Database,
    guard: Guard,
    sealer: Sealer,
    outbox: Outbox,
    /// Wakes the scheduler.
    wake: Arc<Notify>,
    deps: Deps,
}

/// Builds the service; nothing runs yet.
///
/// # Errors
/// A sentence if the URL is malformed or names cannot be resolved at all.
pub fn build(config: Config, deps: Deps) -> Result<Built, StartError> {
    let database = Database::open(&config.database_url, SCHEMA, POOLS)?;
    let resolver = if config.name_servers.is_empty() {
        Resolver::system()
    } else {
        Resolver::at(&config.name_servers)
    };
    let resolver =
        resolver.map_err(|error| StartError::new(format!("names cannot be resolved: {error}")))?;
    let policy = Policy::new(config.egress_allow);
    let outbox = Outbox {
        entropy: deps.entropy.clone(),
        public_url: config.public_url,
        wake: Arc::new(Notify::new()),
    };
    let parts = Parts {
        guard: Guard::new(policy, resolver, &RootCertStore::empty()),
        sealer: Sealer::new(&deps.secret, deps.entropy.clone()),
        outbox,
        wake: Arc::new(Notify::new()),
        database: database.clone(),
        deps,
    };
    let store = ReadyCheck::new("observe.monitor", move || {
        let database = database.clone();
        async move { database.is_up().await }
    });
    Ok(Built { routes: routes(&parts), workers: background(parts), ready: vec![store] })
}

fn routes(parts: &Parts) -> Routes {
    let Parts { database, guard, sealer, outbox, wake, deps } = parts;
    let (clock, entropy) = (&deps.clock, &deps.entropy);
    let monitors = service::monitor::Monitors {
        store: store::monitor::MonitorStore { database: database.clone(), outbox: outbox.clone() },
        guard: guard.clone(),
        sealer: sealer.clone(),
        page_tokens: deps.page_tokens(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        wake: wake.clone(),
        tests: Semaphore::new(service::monitor::TESTS_MAX),
    };
    let incidents = service::incident::Incidents {
        store: store::incident_list::IncidentStore {
            database: database.clone(),
            outbox: outbox.clone(),
        },
        page_tokens: deps.page_tokens(),
        clock: clock.clone(),
    };
    let signals = service::incident_signal::IncidentSignals {
        store: store::signal::SignalStore { database: database.clone(), outbox: outbox.clone() },
        clock: clock.clone(),
    };
    let channels = service::alert_channel::AlertChannels {
        store: store::channel::ChannelStore(database.clone()),
        guard: guard.clone(),
        sealer: sealer.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        wake: outbox.wake.clone(),
        tests: Semaphore::new(service::monitor::TESTS_MAX),
    };
    let heartbeats = service::heartbeat::Heartbeats {
        store: store::heartbeat::HeartbeatStore {
            database: database.clone(),
            outbox: outbox.clone(),
        },
    };
    Routes::new(MonitorServiceServer::new(monitors).max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(IncidentServiceServer::new(incidents))
        .add_service(IncidentSignalServiceServer::new(signals))
        .add_service(AlertChannelServiceServer::new(channels))
        .add_service(HeartbeatServiceServer::new(heartbeats))
}

fn background(parts: Parts) -> Vec<Worker> {
    let Parts { database, guard, sealer, outbox, wake, deps } = parts;
    let (records, received) = mpsc::channel(workers::recorder::QUEUE_MAX);
    let life = deps.lifecycle;
    let scheduler = workers::scheduler::Scheduler {
        database: database.clone(),
        guard: guard.clone(),
        sealer: sealer.clone(),
        outbox: outbox.clone(),
        clock: deps.clock.clone(),
        entropy: deps.entropy.clone(),
        life: life.clone(),
        wake,
        records,
    };
    let deliveries = workers::deliveries::Deliveries {
        database: database.clone(),
        guard,
        sealer,
        clock: deps.clock,
        entropy: deps.entropy,
        life: life.clone(),
        wake: outbox.wake.clone(),
    };
    let recorder = workers::recorder::run(database.clone(), outbox, life.clone(), received);
    vec![
        Worker::new("check scheduler", scheduler.run()),
        Worker::new("check recorder", recorder),
        Worker::new("alert deliveries", deliveries.run()),
        Worker::new("check history", workers::keeper::run(database, life)),
    ]
}
