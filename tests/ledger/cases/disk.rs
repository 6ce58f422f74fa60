//! Full disks (D-6, D-7): of the queue's append-only file, and of PostgreSQL's tables.

use observe_testkit::eventually;

use super::HEAVY;
use crate::run::Run;
use crate::small_disk::SmallDisk;
use crate::world::{DEADLINE, Setup};

/// Redis keeps its contract by ending when it cannot write. Events are then stored directly.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_the_queue_loses_nothing() {
    let run = Run::start("the queue's disk is full", &Setup::default(), &HEAVY).await;
    let stores = &run.world.stores;
    stores.stop_queue().await;
    let Some(disk) = SmallDisk::under(&stores.data_dir().join("queue"), 16) else {
        stores.start_queue().await;
        return;
    };
    stores.start_queue().await;
    let client = redis::Client::open(stores.queue_redis_url.as_str()).unwrap();
    eventually(DEADLINE, "Redis to end", async || {
        client.get_multiplexed_async_connection().await.is_err()
    })
    .await;
    run.calm(2.0).await;
    disk.grow();
    stores.start_queue().await;
    run.calm(1.0).await;
    let world = run.world.clone();
    run.finish().await;
    world.stores.stop_queue().await;
    drop(disk);
}

/// PostgreSQL refuses what it has no space for; that sets nothing aside.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_postgres_loses_nothing_and_sets_nothing_aside() {
    let run = Run::start("PostgreSQL's disk is full", &Setup::default(), &HEAVY).await;
    let stores = &run.world.stores;
    stores.stop_postgres().await;
    let Some(disk) = SmallDisk::under(&stores.data_dir().join("postgres/base"), 24) else {
        stores.start_postgres().await;
        return;
    };
    stores.start_postgres().await;
    eventually(DEADLINE, "the disk to be full", async || disk.is_full(1_024)).await;
    run.calm(4.0).await;
    disk.grow();
    run.calm(1.0).await;
    let world = run.world.clone();
    run.finish().await;
    world.stores.stop_postgres().await;
    drop(disk);
}
