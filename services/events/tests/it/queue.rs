//! What the tests do to the queue beside the service: look into it, put copies of it back, make it another one.

use std::path::PathBuf;
use std::process::Command;

use observe_core::ProjectId;
use observe_testkit::eventually;
use redis::aio::MultiplexedConnection;
use sqlx::{Postgres, Transaction};

use crate::support::{DEADLINE, TestEvents, event};

const SHARDS: i32 = 4;

pub(crate) async fn connect(events: &TestEvents) -> MultiplexedConnection {
    let client = redis::Client::open(events.stores.queue_redis_url.as_str()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// Events of a project that were ever appended to the queue, as it says itself.
pub(crate) async fn accepted(events: &TestEvents, project: ProjectId) -> i64 {
    let mut redis = connect(events).await;
    let mut all = 0;
    for shard in 0..SHARDS {
        let key = format!("observe:{{{shard}}}:accepted");
        let of_shard: Option<i64> = redis::cmd("HGET")
            .arg(key)
            .arg(project.to_string())
            .query_async(&mut redis)
            .await
            .unwrap();
        all += of_shard.unwrap_or(0);
    }
    all
}

/// Entries that wait in the queue, in both lanes.
pub(crate) async fn waiting(events: &TestEvents) -> u64 {
    let mut redis = connect(events).await;
    let mut all = 0;
    for shard in 0..SHARDS {
        for lane in ["stream", "historical"] {
            let key = format!("observe:{{{shard}}}:{lane}");
            all += redis::cmd("XLEN").arg(key).query_async::<u64>(&mut redis).await.unwrap();
        }
    }
    all
}

/// Writes events, one at a time from the uuid `from` on, until one goes through the queue. Returns how many were written.
pub(crate) async fn written_until_queued(
    events: &TestEvents,
    project: ProjectId,
    from: u128,
) -> i64 {
    let mut written = 0;
    eventually(DEADLINE, "events to go through the queue again", async || {
        let before = accepted(events, project).await;
        events.write(project, vec![event(from + written)]).await.expect("capture is up");
        written += 1;
        accepted(events, project).await > before
    })
    .await;
    i64::try_from(written).unwrap()
}

/// Keeps every reader, and the direct way, from storing until the transaction ends.
pub(crate) async fn hold_shards(events: &TestEvents) -> Transaction<'static, Postgres> {
    let mut held = events.sql().await.begin().await.unwrap();
    sqlx::query("select from events.shard order by id for update")
        .execute(&mut *held)
        .await
        .unwrap();
    held
}

fn folder(events: &TestEvents) -> PathBuf {
    events.stores.data_dir().join("queue").join("appendonlydir")
}

fn run(program: &str, arguments: &[&std::ffi::OsStr]) {
    assert!(Command::new(program).args(arguments).status().unwrap().success(), "{program}");
}

/// Copies what the stopped queue keeps.
pub(crate) fn back_up(events: &TestEvents) -> PathBuf {
    let copy = events.stores.dir().path().join("queue-copy");
    run("cp", &["-a".as_ref(), folder(events).as_os_str(), copy.as_os_str()]);
    copy
}

/// Puts a copy in the place of what the stopped queue keeps.
pub(crate) fn restore(events: &TestEvents, copy: &std::path::Path) {
    wipe(events);
    run("cp", &["-a".as_ref(), copy.as_os_str(), folder(events).as_os_str()]);
}

/// Leaves the stopped queue with nothing.
pub(crate) fn wipe(events: &TestEvents) {
    run("rm", &["-rf".as_ref(), folder(events).as_os_str()]);
}
