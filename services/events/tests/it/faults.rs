//! What is accepted survives its stores; what would lose events does not start.

use observe_core::Secret;
use observe_runtime::Lifecycle;
use observe_runtime::client::Upstreams;
use observe_testkit::{TestStores, eventually};

use crate::support::{DEADLINE, TestEvents, config, deps, event, project};

#[tokio::test(flavor = "multi_thread")]
async fn capture_goes_on_while_postgres_is_down() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.write(p, vec![event(0)]).await.unwrap();
    events.at_rest(p, 1).await;
    events.stores.kill_postgres().await;
    for n in 1..200 {
        events.write(p, vec![event(n)]).await.expect("capture does not need PostgreSQL");
    }
    events.stores.start_postgres().await;
    let status = events.at_rest(p, 200).await;
    assert_eq!((status.stored, status.duplicates, status.dead_lettered), (200, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_queue_keeps_what_it_acknowledged() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.stores.stop_postgres().await;
    let mut acknowledged = 0;
    for n in 0..100 {
        acknowledged += i64::from(events.write(p, vec![event(n)]).await.is_ok());
    }
    events.stores.kill_queue().await;
    let refused =
        events.write(p, vec![event(500)]).await.expect_err("nothing is accepted without a queue");
    assert_eq!(refused.code(), tonic::Code::Unavailable);
    events.stores.start_queue().await;
    events.stores.start_postgres().await;
    eventually(DEADLINE, "capture to come back", async || {
        events.write(p, vec![event(501)]).await.is_ok()
    })
    .await;
    let status = eventually(DEADLINE, "the pipeline to come to rest", async || {
        let status = events.status(p).await;
        (status.pending == 0).then_some(status)
    })
    .await;
    assert_eq!(acknowledged, 100);
    assert!(status.stored > acknowledged, "all that was acknowledged is stored: {status:?}");
    assert_eq!(status.accepted, status.stored + status.duplicates);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_takes_up_where_the_last_one_stopped() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.stores.stop_postgres().await;
    events.write(p, (0..10).map(event).collect()).await.unwrap();
    events.stores.start_postgres().await;
    let stores = events.stop().await;
    let events = TestEvents::start_on(stores).await;
    assert_eq!(events.at_rest(p, 10).await.stored, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_without_postgres_takes_events_in() {
    let events = TestEvents::start().await;
    let stores = events.stop().await;
    stores.stop_postgres().await;
    let events = TestEvents::start_on(stores).await;
    events.write(project(1), vec![event(1)]).await.expect("capture does not need PostgreSQL");
    events.stores.start_postgres().await;
    assert_eq!(events.at_rest(project(1), 1).await.stored, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_would_lose_events_is_refused_at_the_start() {
    let stores = TestStores::start().await;
    observe_events::migrate(&Secret::new(&stores.database_url)).await.unwrap();
    let mut config = config(&stores);
    config.queue_redis_url = Secret::new(&stores.cache_redis_url);
    let mut upstreams = Upstreams::new();
    upstreams.add_url("identity", "http://127.0.0.1:1").unwrap();
    let built = observe_events::build(config, deps(upstreams, &Lifecycle::new())).await;
    let sentence = built.err().expect("the cache is no queue").to_string();
    for setting in ["appendonly", "appendfsync", "maxmemory-policy"] {
        assert!(sentence.contains(setting), "{sentence}");
    }
}
