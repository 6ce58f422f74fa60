//! The rules of the consuming transaction that only show under a rival or at the edges of time.

use std::time::Duration;

use observe_events::entry::Entry;
use observe_events::store::consume::{ConsumeError, Consumer, Lease};
use observe_events::store::shard;
use uuid::Uuid;

use crate::support::{TestEvents, event, project};

const LEASE: Duration = Duration::from_secs(10);

pub(crate) async fn worker_pool(events: &TestEvents) -> observe_runtime::postgres::Database {
    let sizes = observe_runtime::postgres::PoolSizes { app: 1, worker: 4 };
    observe_runtime::postgres::Database::open(
        &observe_core::Secret::new(&events.stores.database_url),
        observe_events::SCHEMA,
        sizes,
    )
    .unwrap()
}

fn batch(n: u128) -> Vec<Entry> {
    let accepted = event(n);
    vec![Entry {
        stream_id: "1-1".into(),
        entry_id: Uuid::from_u128(n),
        events: vec![(project(1), Uuid::from_u128(n), accepted)],
        bytes: 1,
    }]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_lost_its_lease_stores_nothing() {
    let events = TestEvents::start().await;
    // The service's own readers are stopped, so that this test holds the leases.
    events.life.stop();
    assert!(events.life.drained().await);
    let database = worker_pool(&events).await;
    let pool = database.worker();
    let (old, new) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let fence = shard::acquire(pool, 0, old, LEASE).await.unwrap().expect("the shard is free");
    assert_eq!(shard::acquire(pool, 0, new, LEASE).await.unwrap(), None, "the lease is held");
    sqlx::query("update shard set lease_until = now() - interval '1 second' where id = 0")
        .execute(pool)
        .await
        .unwrap();
    let new_fence =
        shard::acquire(pool, 0, new, LEASE).await.unwrap().expect("the lease has run out");
    let mut zombie = Consumer::new(pool.clone(), Lease { shard: 0, owner: old, fence });
    let refused = zombie.consume(batch(1), LEASE).await;
    assert!(matches!(refused, Err(ConsumeError::LeaseLost)), "{refused:?}");
    let mut owner = Consumer::new(pool.clone(), Lease { shard: 0, owner: new, fence: new_fence });
    owner.consume(batch(1), LEASE).await.expect("the owner stores");
    let stored: i64 =
        sqlx::query_scalar("select count(*) from event").fetch_one(pool).await.unwrap();
    assert_eq!(stored, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_shards_that_race_for_one_uuid_store_it_once() {
    let events = TestEvents::start().await;
    events.life.stop();
    assert!(events.life.drained().await);
    let database = worker_pool(&events).await;
    let pool = database.worker();
    let owner = Uuid::from_u128(1);
    let mut consumers = Vec::new();
    for id in 0..2 {
        let fence = shard::acquire(pool, id, owner, LEASE).await.unwrap().expect("free");
        consumers.push(Consumer::new(pool.clone(), Lease { shard: id, owner, fence }));
    }
    let [mut a, mut b] = <[Consumer; 2]>::try_from(consumers).ok().expect("two");
    for n in 0..50_u128 {
        let mut second = batch(n);
        second[0].entry_id = Uuid::from_u128(10_000 + n);
        let (first, second) = tokio::join!(a.consume(batch(n), LEASE), b.consume(second, LEASE));
        first.unwrap();
        second.unwrap();
    }
    let stored: i64 =
        sqlx::query_scalar("select count(*) from event").fetch_one(pool).await.unwrap();
    assert_eq!(stored, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_any_time_find_a_partition() {
    let events = TestEvents::start().await;
    let p = project(1);
    let times = [0_i64, 951_868_800_000, 1_700_000_000_000, 4_102_444_800_000];
    let batch = times.iter().zip(1..).map(|(time_ms, n)| {
        let mut event = event(n);
        event.time_ms = *time_ms;
        event
    });
    events.write(p, batch.collect()).await.unwrap();
    assert_eq!(events.at_rest(p, 4).await.stored, 4);
    let old: i64 = sqlx::query_scalar("select count(*) from events.event_old")
        .fetch_one(&events.sql().await)
        .await
        .unwrap();
    assert!(old >= 2, "what is far in the past shares one partition");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_week_cannot_turn_between_two_shards_of_one_uuid() {
    let events = TestEvents::start().await;
    events.life.stop();
    assert!(events.life.drained().await);
    let database = worker_pool(&events).await;
    let pool = database.worker();
    let owner = Uuid::from_u128(1);
    let fence = shard::acquire(pool, 0, owner, LEASE).await.unwrap().expect("free");
    let mut consumer = Consumer::new(pool.clone(), Lease { shard: 0, owner, fence });
    let mut turn = pool.begin().await.unwrap();
    sqlx::query("update key_clock set week = week + 7").execute(&mut *turn).await.unwrap();
    let mut storing = std::pin::pin!(consumer.consume(batch(1), LEASE));
    let early = tokio::time::timeout(Duration::from_millis(300), storing.as_mut()).await;
    assert!(early.is_err(), "while the week turns, nobody stores under either");
    turn.rollback().await.unwrap();
    storing.await.expect("it goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_a_newer_format_is_left_to_who_can_read_it() {
    let events = TestEvents::start().await;
    let client = redis::Client::open(events.stores.queue_redis_url.as_str()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    // The header of format 3: field 1, varint 3.
    redis::cmd("XADD")
        .arg(&["observe:{0}:stream", "*", "id", "0123456789abcdef", "d", ""])
        .arg("h")
        .arg(&[8_u8, 3][..])
        .query_async::<String>(&mut redis)
        .await
        .unwrap();
    let pool = events.sql().await;
    let other = Uuid::from_u128(7);
    let taken = observe_testkit::eventually(
        crate::support::DEADLINE,
        "the lease to be free",
        async || {
            sqlx::query("update events.shard set owner = $1, lease_until = now() + interval '1 minute' where id = 0
             and failure like '%format 3%' and lease_until < now()")
            .bind(other)
            .execute(&pool)
            .await
            .unwrap()
            .rows_affected()
            == 1
        },
    );
    taken.await;
    let left: u64 =
        redis::cmd("XLEN").arg("observe:{0}:stream").query_async(&mut redis).await.unwrap();
    assert_eq!(left, 1, "it is neither guessed nor skipped");
    let stalled = events.status(project(1)).await.stalled_reason;
    assert!(stalled.contains("format 3"), "{stalled}");
}
