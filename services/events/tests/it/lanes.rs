//! The lane of the past: an import never delays what happens now.

use observe_proto::events::v1::AcceptedEvent;
use observe_testkit::eventually;

use crate::queue::{connect, hold_shards};
use crate::support::{DEADLINE, TestEvents, event, project};

/// Events of the past that one transaction stores, for each shard.
const PAST_BATCH: i64 = 1_000;

fn past(n: u128) -> AcceptedEvent {
    AcceptedEvent { name: "imported".into(), historical: true, ..event(n) }
}

#[tokio::test(flavor = "multi_thread")]
async fn live_events_are_stored_before_a_backfill_that_was_queued_before_them() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.stores.stop_postgres().await;
    for n in 0..20 {
        events.write(p, (n * 1_000..n * 1_000 + 1_000).map(past).collect()).await.unwrap();
    }
    events.write(p, (50_000..50_200).map(event).collect()).await.unwrap();
    events.stores.start_postgres().await;
    let sql = events.sql().await;
    // Some more while the backfill is under way.
    eventually(DEADLINE, "the backfill to begin", async || {
        let began: bool =
            sqlx::query_scalar("select exists (select from events.event where name = 'imported')")
                .fetch_one(&sql)
                .await
                .unwrap();
        began
    })
    .await;
    for n in 60_000..60_040 {
        events.write(p, vec![event(n)]).await.unwrap();
    }
    let status = events.at_rest(p, 20_240).await;
    assert_eq!((status.stored, status.duplicates), (20_240, 0));
    // The log says in which order they were stored.
    let overtaken: Vec<(i32, i64)> = sqlx::query_as(
        "select past.shard, count(*) from events.event past join (
             select shard, max(sequence) as last from events.event
             where uuid_send(uuid) < $1 and uuid_send(uuid) >= $2 group by shard
         ) live on live.shard = past.shard and past.sequence < live.last
         where past.name = 'imported' group by past.shard",
    )
    .bind(uuid::Uuid::from_u128(50_200).as_bytes().as_slice())
    .bind(uuid::Uuid::from_u128(50_000).as_bytes().as_slice())
    .fetch_all(&sql)
    .await
    .unwrap();
    assert!(overtaken.is_empty(), "what waited with the backfill went first: {overtaken:?}");
    // Within one transaction the past has so many rows at most.
    let largest: Option<i32> = sqlx::query_scalar("select max(count) from events.event_log")
        .fetch_one(&sql)
        .await
        .unwrap();
    assert!(largest.is_some_and(|count| i64::from(count) <= PAST_BATCH), "{largest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_lanes_are_pending_and_the_age_is_that_of_what_happens_now() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.write(p, vec![event(0)]).await.unwrap();
    events.at_rest(p, 1).await;
    let held = hold_shards(&events).await;
    // A day and more before they came, and not said to be an import.
    let late = |n: u128| {
        let mut late = event(n);
        late.time_ms = late.received_us / 1_000 - 25 * 60 * 60 * 1_000;
        late
    };
    events.write(p, (1..11).map(late).collect()).await.unwrap();
    let status = events.status(p).await;
    assert_eq!((status.pending, status.accepted), (10, 11));
    let age = status.oldest_pending_age.unwrap_or_default();
    assert_eq!((age.seconds, age.nanos), (0, 0), "nothing that happens now waits");
    let mut redis = connect(&events).await;
    let mut live = 0;
    for shard in 0..4 {
        let key = format!("observe:{{{shard}}}:stream");
        live += redis::cmd("XLEN").arg(key).query_async::<u64>(&mut redis).await.unwrap();
    }
    assert_eq!(live, 0, "late events are in the lane of the past");
    events.write(p, vec![event(20)]).await.unwrap();
    eventually(DEADLINE, "the age of what waits to grow", async || {
        let age = events.status(p).await.oldest_pending_age.unwrap_or_default();
        age.seconds > 0 || age.nanos > 0
    })
    .await;
    held.rollback().await.unwrap();
    assert_eq!(events.at_rest(p, 12).await.stored, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn late_identity_events_stay_in_the_order_of_the_others() {
    let events = TestEvents::start().await;
    let p = project(1);
    let identify = |n: u128, days: i64| {
        let mut identify = event(n);
        identify.identity = true;
        identify.time_ms -= days * 24 * 60 * 60 * 1_000;
        identify
    };
    for n in 0..20 {
        events.write(p, vec![identify(n, i64::try_from(n % 3).unwrap())]).await.unwrap();
    }
    eventually(DEADLINE, "identity to hear of all", async || {
        events.identity.applied.lock().unwrap().len() >= 20
    })
    .await;
    let heard: Vec<_> =
        events.identity.applied.lock().unwrap().iter().map(|event| event.uuid.clone()).collect();
    assert_eq!(heard, (0..20).map(|n| event(n).uuid).collect::<Vec<_>>());
}
