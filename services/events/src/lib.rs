//! events: owns accepted events and spans: the queue, the readers, the event log and the event table, the span lane.
//!
//! The way of an event: the edge calls [`service::ingest`]; [`workers::group_commit`] makes it durable in the queue, or by
//! [`store::direct`] while that is away, and answers; [`workers::reader`] takes it from there into PostgreSQL in the one transaction of [`store::consume`];
//! [`workers::relay`] tells identity of those that change persons; projections follow [`service::log`].
//!
//! The way of a span: [`service::span_ingest`], the same group commit, [`workers::span_reader`], the one transaction of
//! [`store::span::consume`]; [`service::span`] answers from what it counted.
//!
//! Invariants: what was answered is fsynced; it is stored once for its (project, uuid); a shard's log has no gap. It never
//! decides whose an event is (identity does) and never aggregates (reports does).

pub mod config;
mod convert;
mod decode;
mod definition;
pub mod entry;
mod erasure;
mod error;
mod event;
mod live;
mod log_row;
mod matching;
mod queue;
mod redrive;
pub mod rejection;
mod retention;
pub mod sealed;
pub mod service;
pub mod shard;
pub mod spans;
pub mod store;
pub mod trap;
pub mod workers;

use std::sync::Arc;

use observe_core::Secret;
use observe_proto::events::v1::event_service_server::EventServiceServer;
use observe_proto::events::v1::ingest_service_server::IngestServiceServer;
use observe_proto::events::v1::log_service_server::LogServiceServer;
use observe_proto::events::v1::pipeline_service_server::PipelineServiceServer;
use observe_proto::events::v1::span_ingest_service_server::SpanIngestServiceServer;
use observe_proto::events::v1::span_service_server::SpanServiceServer;
use observe_proto::events::v1::stored_event_service_server::StoredEventServiceServer;
use observe_proto::identity::v1::authentication_service_client::AuthenticationServiceClient;
use observe_proto::identity::v1::person_log_service_client::PersonLogServiceClient;
use observe_runtime::postgres::{Database, PoolSizes};
use observe_runtime::redis::{QueueRedis, RedisUnavailable};
use observe_runtime::{Built, Deps, ReadyCheck, StartError, Worker};
use tokio::sync::Notify;
use tonic::service::Routes;

pub use config::Config;

use crate::decode::Decoder;
use crate::live::Live;
use crate::service::event::Events;
use crate::service::ingest::Ingest;
use crate::service::log::Log;
use crate::service::pipeline::Pipeline;
use crate::service::span::Spans;
use crate::service::span_ingest::SpanIngest;
use crate::service::stored_event::StoredEvents;
use crate::shard::Shard;
use crate::store::direct::Direct;
use crate::workers::erasure::Eraser;
use crate::workers::group_commit::{Way, Writer};
use crate::workers::queue_watch::QueueHealth;
use crate::workers::reader::Reader;
use crate::workers::relay::Relay;
use crate::workers::retention::Retention;
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
    let looked = queue.check_policy().await;
    if let Err(RedisUnavailable::Policy(sentence)) = looked {
        return Err(StartError::new(sentence));
    }
    let health = QueueHealth::new(looked.is_err());
    let shards = shards(&database, &queue).await?;
    let stored_identity = Arc::new(Notify::new());
    let identity = PersonLogServiceClient::new(deps.service_channel("identity")?);
    let (writer, commits) = Writer::new(Way {
        queue: queue.clone(),
        health: health.clone(),
        direct: Direct::new(database.worker().clone(), stored_identity.clone()),
        shards,
        clock: deps.clock.clone(),
        entropy: deps.entropy.clone(),
    });
    let live = Live::default();
    let decoder = Decoder::new(config.trap);
    let parts = Parts { database: database.clone(), queue: queue.clone(), shards, decoder };
    let routes = routes(&parts, writer, &identity, &live, &deps);
    let life = &deps.lifecycle;
    let eraser = Eraser {
        database: database.clone(),
        shards,
        identity: identity.clone(),
        life: life.clone(),
    };
    let mut workers = background(&parts, identity, stored_identity, &deps);
    workers.push(Worker::new("erasure", eraser.run()));
    let tail = workers::tail::run(database.clone(), live, life.clone());
    let definitions = workers::definitions::run(database.clone(), shards, life.clone());
    workers.extend([Worker::new("live tail", tail), Worker::new("definitions", definitions)]);
    workers.push(Worker::new("group commit", commits.run(deps.lifecycle.clone())));
    let retention = Retention {
        database: database.clone(),
        identity: AuthenticationServiceClient::new(deps.service_channel("identity")?),
        clock: deps.clock.clone(),
        life: life.clone(),
    };
    workers.push(Worker::new("retention", retention.run()));
    let watch = workers::queue_watch::run(queue, health.clone(), life.clone());
    workers.push(Worker::new("queue watch", watch));
    Ok(Built { routes, workers, ready: ready(database, health) })
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

/// What most parts of the service work with.
struct Parts {
    database: Database,
    queue: QueueRedis,
    shards: Shard,
    decoder: Decoder,
}

fn routes(
    parts: &Parts,
    writer: Writer,
    identity: &PersonLogServiceClient<observe_runtime::client::ServiceChannel>,
    live: &Live,
    deps: &Deps,
) -> Routes {
    let Parts { database, queue, shards, decoder } = parts;
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
        shards: *shards,
        clock: deps.clock.clone(),
        page_tokens: deps.page_tokens(),
        decoder: decoder.clone(),
    };
    let mut routes = Routes::builder();
    routes
        .add_service(ingest)
        .add_service(EventServiceServer::new(events))
        .add_service(LogServiceServer::new(Log { database: database.clone(), shards: *shards }))
        .add_service(PipelineServiceServer::new(pipeline))
        .add_service(span_ingest)
        .add_service(SpanServiceServer::new(spans))
        .add_service(StoredEventServiceServer::new(StoredEvents { database: database.clone() }));
    routes.routes()
}

fn background(
    parts: &Parts,
    identity: PersonLogServiceClient<observe_runtime::client::ServiceChannel>,
    stored_identity: Arc<Notify>,
    deps: &Deps,
) -> Vec<Worker> {
    let Parts { database, queue, shards, decoder } = parts;
    let owner = deps.entropy.uuid(deps.clock.now());
    let marking = Arc::default();
    let mut workers: Vec<Worker> = (0..*shards)
        .map(|shard| {
            let reader = Reader {
                shard,
                owner,
                queue: queue.clone(),
                database: database.clone(),
                stored_identity: stored_identity.clone(),
                decoder: decoder.clone(),
                marking: Arc::clone(&marking),
                life: deps.lifecycle.clone(),
            };
            Worker::new("reader", reader.run())
        })
        .collect();
    let relay = Relay {
        owner,
        shards: *shards,
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

/// Events are taken in while either store is up.
fn ready(database: Database, health: QueueHealth) -> Vec<ReadyCheck> {
    let either = database.clone();
    let capture = ReadyCheck::new("observe.events.v1.IngestService", move || {
        let (health, database) = (health.clone(), either.clone());
        async move { !health.is_away() || database.is_up().await }
    });
    let store = ReadyCheck::new("observe.events.v1.EventService", move || {
        let database = database.clone();
        async move { database.is_up().await }
    });
    vec![capture, store]
}
