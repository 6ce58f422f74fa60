//! events: owns accepted events and spans: the queue, the readers, the event log and the event table, the span lane.
//!
//! The way of an event: the edge calls [`service::ingest`]; [`workers::group_commit`] makes it durable in the queue and
//! answers; [`workers::reader`] takes it from there into PostgreSQL in the one transaction of [`store::consume`];
//! [`workers::relay`] tells identity of those that change persons; projections follow [`service::log`].
//!
//! The way of a span: [`service::span_ingest`], the same group commit, [`workers::span_reader`], the one transaction of
//! [`store::span::consume`]; [`service::span`] answers from what it counted.
//!
//! Invariants: what was answered is fsynced; it is stored once for its (project, uuid); a shard's log has no gap. It never
//! decides whose an event is (identity does) and never aggregates (reports does).

pub mod config;
mod convert;
mod definition;
pub mod entry;
mod error;
mod event;
mod live;
mod log_row;
mod matching;
mod queue;
pub mod rejection;
pub mod service;
pub mod shard;
pub mod spans;
pub mod store;
pub mod workers;

use std::sync::Arc;

use observe_core::Secret;
use observe_proto::events::v1::event_service_server::EventServiceServer;
use observe_proto::events::v1::ingest_service_server::IngestServiceServer;
use observe_proto::events::v1::log_service_server::LogServiceServer;
use observe_proto::events::v1::pipeline_service_server::PipelineServiceServer;
use observe_proto::events::v1::span_ingest_service_server::SpanIngestServiceServer;
use observe_proto::events::v1::span_service_server::SpanServiceServer;
use observe_proto::identity::v1::person_log_service_client::PersonLogServiceClient;
use observe_runtime::postgres::{Database, PoolSizes};
use observe_runtime::redis::{QueueRedis, RedisUnavailable};
use observe_runtime::{Built, Deps, ReadyCheck, StartError, Worker};
use tokio::sync::Notify;
use tonic::service::Routes;

pub use config::Config;

use crate::live::Live;
use crate::service::event::Events;
use crate::service::ingest::Ingest;
use crate::service::log::Log;
use crate::service::pipeline::Pipeline;
use crate::service::span::Spans;
use crate::service::span_ingest::SpanIngest;
use crate::shard::Shard;
use crate::workers::group_commit::Writer;
use crate::workers::reader::Reader;
use crate::workers::relay::Relay;
use crate::workers::span_reader::SpanReader;

/// The schema of events.
pub const SCHEMA: &str = "events";
/// Its migrations.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Connections: a reader holds one while it stores, and lists, logs and leases need a few.
const POOLS: PoolSizes = PoolSizes { app: 8, worker: 12 };
/// Bytes of one internal call: the edge coalesces requests.
const CALL_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Brings the schema up to date.
///
/// # Errors
/// A sentence for the person at the terminal.
pub async fn migrate(url: &Secret) -> Result<(), StartError> {
    observe_runtime::postgres::migrate(url, SCHEMA, &MIGRATOR).await
}

/// Builds the service; nothing runs yet.
///
/// # Errors
/// A sentence if a URL is malformed, the queue Redis would lose events, or the database does not answer.
pub async fn build(config: Config, deps: Deps) -> Result<Built, StartError> {
    let database = Database::open(&config.database_url, SCHEMA, POOLS)?;
    let queue = QueueRedis::open(&config.queue_redis_url)?;
    // A queue that is away now is looked at again by readiness; one that would lose events ends the process.
    if let Err(RedisUnavailable::Policy(sentence)) = queue.check_policy().await {
        return Err(StartError::new(sentence));
    }
    let shards = shards(&database, &queue).await?;
    let identity = PersonLogServiceClient::new(deps.service_channel("identity")?);
    let (writer, commits) =
        Writer::new(queue.clone(), shards, deps.clock.clone(), deps.entropy.clone());
    let live = Live::default();
    let routes = routes(&database, &queue, shards, writer, &identity, &live, &deps);
    let mut workers = background(&database, &queue, shards, identity, &deps);
    let life = &deps.lifecycle;
    let tail = workers::tail::run(database.clone(), live, life.clone());
    let definitions = workers::definitions::run(database.clone(), shards, life.clone());
    workers.extend([Worker::new("live tail", tail), Worker::new("definitions", definitions)]);
    workers.push(Worker::new("group commit", commits.run(deps.lifecycle.clone())));
    Ok(Built { routes, workers, ready: ready(database, queue) })
}

/// Asks PostgreSQL how many shards there are or, so that capture comes back without it, the queue.
async fn shards(database: &Database, queue: &QueueRedis) -> Result<Shard, StartError> {
    match store::shard::count(database.worker()).await {
        Ok(shards) => {
            if let Err(error) = queue::remember_shards(queue, shards).await {
                tracing::warn!(%error, "the queue does not answer yet");
            }
            Ok(shards)
        }
        Err(error) => queue::remembered_shards(queue).await.ok().flatten().ok_or_else(|| {
            StartError::new(format!(
                "the database of events does not answer or is not migrated ({error}); check the URL and run \
                 `observe migrate`"
            ))
        }),
    }
}

fn routes(
    database: &Database,
    queue: &QueueRedis,
    shards: Shard,
    writer: Writer,
    identity: &PersonLogServiceClient<observe_runtime::client::ServiceChannel>,
    live: &Live,
    deps: &Deps,
) -> Routes {
    let ingest = Ingest::new(writer.clone(), database.clone(), deps.clock.clone());
    let ingest = IngestServiceServer::new(ingest).max_decoding_message_size(CALL_BYTES_MAX);
    let span_ingest = SpanIngestServiceServer::new(SpanIngest::new(writer))
        .max_decoding_message_size(CALL_BYTES_MAX);
    let spans =
        Spans { database: database.clone(), queue: queue.clone(), clock: deps.clock.clone() };
    let events = Events {
        database: database.clone(),
        identity: identity.clone(),
        page_tokens: deps.page_tokens(),
        live: live.clone(),
        life: deps.lifecycle.clone(),
    };
    let pipeline = Pipeline {
        database: database.clone(),
        queue: queue.clone(),
        shards,
        clock: deps.clock.clone(),
    };
    let mut routes = Routes::builder();
    routes
        .add_service(ingest)
        .add_service(EventServiceServer::new(events))
        .add_service(LogServiceServer::new(Log { database: database.clone(), shards }))
        .add_service(PipelineServiceServer::new(pipeline))
        .add_service(span_ingest)
        .add_service(SpanServiceServer::new(spans));
    routes.routes()
}

fn background(
    database: &Database,
    queue: &QueueRedis,
    shards: Shard,
    identity: PersonLogServiceClient<observe_runtime::client::ServiceChannel>,
    deps: &Deps,
) -> Vec<Worker> {
    let owner = deps.entropy.uuid(deps.clock.now());
    let stored_identity = Arc::new(Notify::new());
    let mut workers: Vec<Worker> = (0..shards)
        .map(|shard| {
            let reader = Reader {
                shard,
                owner,
                queue: queue.clone(),
                database: database.clone(),
                stored_identity: stored_identity.clone(),
                life: deps.lifecycle.clone(),
            };
            Worker::new("reader", reader.run())
        })
        .collect();
    let relay = Relay {
        owner,
        shards,
        database: database.clone(),
        identity,
        stored_identity,
        life: deps.lifecycle.clone(),
    };
    workers.push(Worker::new("relay", relay.run()));
    let keeper = workers::keeper::run(database.clone(), deps.lifecycle.clone());
    workers.push(Worker::new("keeper", keeper));
    let rejection_keeper = workers::rejection_keeper::run(
        database.clone(),
        deps.clock.clone(),
        deps.lifecycle.clone(),
    );
    workers.push(Worker::new("rejection keeper", rejection_keeper));
    let span_reader = SpanReader {
        owner,
        queue: queue.clone(),
        database: database.clone(),
        clock: deps.clock.clone(),
        life: deps.lifecycle.clone(),
    };
    workers.push(Worker::new("span reader", span_reader.run()));
    let span_keeper = workers::span_keeper::run(database.clone(), deps.lifecycle.clone());
    workers.push(Worker::new("span keeper", span_keeper));
    workers
}

fn ready(database: Database, queue: QueueRedis) -> Vec<ReadyCheck> {
    let capture = ReadyCheck::new("observe.events.v1.IngestService", move || {
        let queue = queue.clone();
        async move { queue.check_policy().await.is_ok() }
    });
    let store = ReadyCheck::new("observe.events.v1.EventService", move || {
        let database = database.clone();
        async move { database.is_up().await }
    });
    vec![capture, store]
}
