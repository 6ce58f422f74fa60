//! The direct way: what is captured while the queue is away, or does not say whether it took something.

use std::time::{Duration, Instant};

use observe_core::Secret;
use observe_events::Config;
use observe_proto::events::v1::{GetPipelineStatusRequest, ProjectEvents, WriteEventsRequest};
use observe_testkit::{TestStores, eventually};

use crate::accounting::logged;
use crate::deaf_proxy::DeafProxy;
use crate::queue::written_until_queued;
use crate::support::{DEADLINE, TestEvents, config, event, project};
use prost::Message as _;

/// Less than a request waits for a store that does not answer.
const SOON: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread")]
async fn capture_goes_on_without_the_queue_and_adds_up() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.write(p, (0..20).map(event).collect()).await.unwrap();
    events.at_rest(p, 20).await;
    events.stores.kill_queue().await;
    let began = Instant::now();
    for n in 100..150 {
        events.write(p, vec![event(n), event(n + 1_000)]).await.expect("PostgreSQL is there");
    }
    assert!(began.elapsed() < 50 * SOON, "nobody waits for a queue that is dead");
    // A retry of what was answered, and of what had gone through the queue.
    events.write(p, (100..110).chain(0..5).map(event).collect()).await.unwrap();
    let sql = events.sql().await;
    let rows: i64 =
        sqlx::query_scalar("select count(*) from events.event").fetch_one(&sql).await.unwrap();
    assert_eq!(rows, 120, "what is answered is stored");
    events.stores.start_queue().await;
    let written = written_until_queued(&events, p, 5_000).await;
    let status = events.at_rest(p, 20 + 115 + written).await;
    assert_eq!((status.stored, status.duplicates), (120 + written, 15));
    assert_eq!(logged(&events).await.len() as i64, status.stored, "the log has no gap");
    assert!(status.queue_replaced_time.is_none(), "it is the queue that it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_whose_answer_was_lost_counts_on_both_ways_and_is_stored_once() {
    let stores = TestStores::start().await;
    observe_events::migrate(&Secret::new(&stores.database_url)).await.unwrap();
    let proxy = DeafProxy::start(&stores.queue_redis_url);
    let config = Config { queue_redis_url: Secret::new(&proxy.url), ..config(&stores) };
    let events = TestEvents::start_with(stores, config).await;
    let p = project(1);
    events.write(p, vec![event(0)]).await.unwrap();
    events.at_rest(p, 1).await;
    // The queue takes what is written, and nobody hears of it.
    proxy.deafen();
    events.write(p, (1..31).map(event).collect()).await.expect("stored directly");
    proxy.heal();
    let status = events.at_rest(p, 61).await;
    assert_eq!((status.stored, status.duplicates), (31, 30));
    let direct: i64 = sqlx::query_scalar("select sum(direct)::bigint from events.counter")
        .fetch_one(&events.sql().await)
        .await
        .unwrap();
    assert_eq!(direct, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_both_stores_nothing_is_accepted() {
    let events = TestEvents::start().await;
    events.stores.stop_postgres().await;
    events.stores.kill_queue().await;
    for n in 0..3 {
        let refused = events.write(project(1), vec![event(n)]).await.expect_err("nowhere to go");
        assert_eq!(refused.code(), tonic::Code::Unavailable);
    }
    events.stores.start_postgres().await;
    eventually(DEADLINE, "capture to come back with PostgreSQL alone", async || {
        events.write(project(1), vec![event(1)]).await.is_ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_hears_of_what_came_directly() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.stores.kill_queue().await;
    for n in 0..20 {
        let mut identify = event(n);
        identify.identity = true;
        eventually(DEADLINE, "the event to be taken", async || {
            events.write(p, vec![identify.clone()]).await.is_ok()
        })
        .await;
    }
    eventually(DEADLINE, "identity to hear of all", async || {
        events.identity.applied.lock().unwrap().len() >= 20
    })
    .await;
    let mut heard: Vec<_> =
        events.identity.applied.lock().unwrap().iter().map(|event| event.uuid.clone()).collect();
    heard.dedup();
    assert_eq!(heard, (0..20).map(|n| event(n).uuid).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_bring_spans_wait_for_the_queue_and_others_do_not() {
    let events = TestEvents::start().await;
    let (p, other) = (project(1), project(2));
    let mut request = event(1);
    request.name = "$request".into();
    request.properties_json =
        r#"{"route":"/cart","method":"GET","status":200,"duration_ms":12}"#.into();
    request.time_ms = request.received_us / 1_000;
    events.stores.kill_queue().await;
    eventually(DEADLINE, "capture to go on without the queue", async || {
        events.write(other, vec![event(7)]).await.is_ok()
    })
    .await;
    let batch = |project: observe_core::ProjectId, event| {
        let batch = ProjectEvents { project_id: project.to_bytes(), events: vec![event] };
        batch.encode_to_vec().into()
    };
    let mixed = WriteEventsRequest {
        batches: vec![batch(other, event(8)), batch(p, request.clone()), batch(other, event(9))],
    };
    let answer = events.ingest().write_events(mixed).await.unwrap().into_inner();
    assert_eq!(answer.unavailable_batches, [1]);
    let alone = WriteEventsRequest { batches: vec![batch(p, request.clone())] };
    let refused = events.ingest().write_events(alone.clone()).await.expect_err("spans have no way");
    assert_eq!(refused.code(), tonic::Code::Unavailable);
    events.stores.start_queue().await;
    eventually(DEADLINE, "the queue to be used again", async || {
        events.ingest().write_events(alone.clone()).await.is_ok()
    })
    .await;
    assert_eq!(events.at_rest(p, 1).await.stored, 1);
    assert_eq!(events.at_rest(other, 3).await.stored, 3);
    let counted = eventually(DEADLINE, "the span to be counted", async || {
        let sql = events.sql().await;
        let counted: Option<i64> =
            sqlx::query_scalar("select sum(counted)::bigint from events.span_counter")
                .fetch_one(&sql)
                .await
                .unwrap();
        counted.filter(|counted| *counted > 0)
    })
    .await;
    assert_eq!(counted, 1, "neither lost nor doubled");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_refuses_is_set_aside_and_its_neighbours_are_stored() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.stores.kill_queue().await;
    eventually(DEADLINE, "capture to go on without the queue", async || {
        events.write(project(2), vec![event(0)]).await.is_ok()
    })
    .await;
    let mut batch: Vec<_> = (0..50).map(event).collect();
    batch[17].properties_json = r#"{"a":"\u0000"}"#.into();
    events.write(p, batch.clone()).await.expect("it is in nobody's way");
    events.write(p, batch).await.expect("nor when it comes again");
    events.stores.start_queue().await;
    let status = eventually(DEADLINE, "the ledger to be read", async || {
        let status =
            events.pipeline(p).get_pipeline_status(GetPipelineStatusRequest::default()).await;
        status.ok().map(tonic::Response::into_inner)
    })
    .await;
    assert_eq!((status.accepted, status.stored), (100, 49));
    assert_eq!((status.dead_lettered, status.duplicates, status.pending), (1, 50, 0));
    let letters = events.dead_letters(p).await;
    assert_eq!(letters.iter().map(|one| one.sqlstate.as_str()).collect::<Vec<_>>(), ["22P05"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_the_queue_takes_events_in_and_is_ready() {
    const INGEST: &str = "observe.events.v1.IngestService";
    let stores = TestEvents::start().await.stop().await;
    stores.stop_queue().await;
    let events = TestEvents::start_on(stores).await;
    let p = project(1);
    events.write(p, vec![event(1)]).await.expect("PostgreSQL is there");
    eventually(DEADLINE, "it to be ready", async || events.is_serving(INGEST).await).await;
    events.stores.stop_postgres().await;
    eventually(DEADLINE, "it to be of no use", async || !events.is_serving(INGEST).await).await;
    events.stores.start_queue().await;
    eventually(DEADLINE, "it to be ready again", async || events.is_serving(INGEST).await).await;
    events.stores.start_postgres().await;
    let written = written_until_queued(&events, p, 10).await;
    assert_eq!(events.at_rest(p, 1 + written).await.stored, 1 + written);
}
