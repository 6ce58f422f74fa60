//! A full queue refuses, says when to come again, and drains.

use observe_testkit::eventually;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::queue::{connect, waiting};
use crate::support::{DEADLINE, TestEvents, event, project};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_with_a_time_to_retry_and_loses_nothing_it_took() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.write(p, vec![event(0)]).await.unwrap();
    events.at_rest(p, 1).await;
    events.stores.stop_postgres().await;
    let mut redis = connect(&events).await;
    let info: String = redis::cmd("INFO").arg("memory").query_async(&mut redis).await.unwrap();
    let used: u64 = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"))
        .and_then(|used| used.trim().parse().ok())
        .expect("Redis tells what it uses");
    let limit = (used + 3 * 1024 * 1024).to_string();
    redis::cmd("CONFIG")
        .arg(&["SET", "maxmemory", &limit])
        .query_async::<()>(&mut redis)
        .await
        .unwrap();

    let large = |n: u128| {
        let mut large = event(n);
        // The queue compresses what repeats itself, so this does not.
        let piece =
            |m: u128| Uuid::new_v5(&Uuid::from_u128(n), &m.to_le_bytes()).simple().to_string();
        let text: String = (0..1_500).map(piece).collect();
        large.properties_json = format!(r#"{{"text":"{text}"}}"#);
        large
    };
    let mut acked = vec![0];
    let mut refused = 0;
    for n in 1..400 {
        match events.write(p, vec![large(n)]).await {
            Ok(()) => {
                acked.push(n);
            }
            Err(status) => {
                assert_eq!(status.code(), tonic::Code::ResourceExhausted, "{status}");
                let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
                assert!(retry.is_some_and(|delay| !delay.is_zero()), "{status:?}");
                refused += 1;
                if refused == 20 {
                    break;
                }
            }
        }
    }
    assert_eq!(refused, 20, "the queue is smaller than what was sent");
    assert!(acked.len() > 10, "and larger than nothing");

    // Nothing but PostgreSQL is missing: readers can delete although nobody can append.
    events.stores.start_postgres().await;
    eventually(DEADLINE, "the queue to drain", async || waiting(&events).await == 0).await;
    eventually(DEADLINE, "capture to come back", async || {
        events.write(p, vec![large(1_000)]).await.is_ok()
    })
    .await;
    let sql = events.sql().await;
    let uuids: Vec<Uuid> = acked.iter().map(|n| Uuid::from_u128(*n)).collect();
    let stored: i64 =
        sqlx::query_scalar("select count(distinct uuid) from events.event where uuid = any($1)")
            .bind(&uuids)
            .fetch_one(&sql)
            .await
            .unwrap();
    assert_eq!(stored, i64::try_from(acked.len()).unwrap(), "all that was acknowledged is stored");
    let direct: i64 = sqlx::query_scalar("select sum(direct)::bigint from events.counter")
        .fetch_one(&sql)
        .await
        .unwrap();
    assert_eq!(direct, 0, "a full queue is not gone round");
    let status = eventually(DEADLINE, "the pipeline to come to rest", async || {
        let status = events.status(p).await;
        (status.pending == 0).then_some(status)
    })
    .await;
    assert_eq!(status.accepted, status.stored + status.duplicates);
}
