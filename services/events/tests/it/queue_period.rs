//! The ledger stays exact when the queue becomes another one, or is put back to what it once was.

use observe_core::ProjectId;
use observe_testkit::eventually;

use crate::queue::{back_up, hold_shards, restore, waiting, wipe, written_until_queued};
use crate::support::{DEADLINE, TestEvents, event, project};

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_queue_is_told_and_its_counts_begin_anew() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.write(p, (0..40).map(event).collect()).await.unwrap();
    events.at_rest(p, 40).await;
    assert!(events.status(p).await.queue_replaced_time.is_none());
    // What the queue holds when it goes is lost, and no ledger may go on expecting it.
    events.stores.stop_postgres().await;
    events.write(p, (100..120).map(event).collect()).await.unwrap();
    events.stores.stop_queue().await;
    wipe(&events);
    events.stores.start_queue().await;
    events.stores.start_postgres().await;
    let written = written_until_queued(&events, p, 1_000).await;
    let status = events.at_rest(p, 40 + written).await;
    assert_eq!((status.stored, status.duplicates), (40 + written, 0));
    eventually(DEADLINE, "the page to say that the queue was replaced", async || {
        events.status(p).await.queue_replaced_time.is_some()
    })
    .await;
    counts_exactly_what_waits(&events, p).await;
}

/// Writes events that no reader can store, and asserts that so many are pending, as soon as each shard's reader has looked at
/// its part of the queue.
async fn counts_exactly_what_waits(events: &TestEvents, p: ProjectId) {
    let mut from = 100_000;
    eventually(DEADLINE, "what waits to be counted exactly", async || {
        let before = events.status(p).await;
        let held = hold_shards(events).await;
        from += 10;
        let written = events.write(p, (from..from + 7).map(event).collect()).await.is_ok();
        let status = events.status(p).await;
        held.rollback().await.unwrap();
        let is_exact = written && (status.pending, status.accepted) == (7, before.accepted + 7);
        eventually(DEADLINE, "all to be stored", async || {
            let status = events.status(p).await;
            status.pending == 0 && status.accepted == status.stored + status.duplicates
        })
        .await;
        is_exact
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_put_back_to_an_older_state_neither_doubles_nor_hides_entries() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.stores.stop_postgres().await;
    for n in 0..5 {
        events.write(p, (n * 10..n * 10 + 10).map(event).collect()).await.unwrap();
    }
    events.stores.stop_queue().await;
    let copy = back_up(&events);
    events.stores.start_queue().await;
    events.stores.start_postgres().await;
    events.at_rest(p, 50).await;
    let written = written_until_queued(&events, p, 1_000).await;
    events.at_rest(p, 50 + written).await;

    // The 50 come back although they are stored, and the counters know nothing of what came after them.
    events.stores.stop_queue().await;
    restore(&events, &copy);
    events.stores.start_queue().await;
    assert_ne!(waiting(&events).await, 0, "the copy holds entries");
    let again = written_until_queued(&events, p, 2_000).await;
    let stored = 50 + written + again;
    let status = eventually(DEADLINE, "everything to be stored", async || {
        let status = events.status(p).await;
        (status.stored == stored && status.pending == 0 && waiting(&events).await == 0)
            .then_some(status)
    })
    .await;
    assert_eq!(status.accepted, status.stored + status.duplicates);
    eventually(DEADLINE, "the page to say that the queue was replaced", async || {
        events.status(p).await.queue_replaced_time.is_some()
    })
    .await;
    let rows: i64 = sqlx::query_scalar("select count(*) from events.event")
        .fetch_one(&events.sql().await)
        .await
        .unwrap();
    assert_eq!(rows, stored, "each is stored once");

    counts_exactly_what_waits(&events, p).await;
}
