//! kill -9 of each process in turn, under load: what was acknowledged is stored, once, and the sums add up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use observe_core::{Clock as _, SystemClock};
use observe_proto::common::v1::TimeRange;
use observe_proto::reports::v1::insight_service_client::InsightServiceClient;
use observe_proto::reports::v1::{QueryTrendsRequest, TrendsSeries};
use observe_testkit::eventually;
use serde_json::json;
use uuid::Uuid;

use crate::cluster::{Cluster, DEADLINE, SECRET_KEY, WRITE_KEY};

const SENDERS: u64 = 4;
const BATCH: u64 = 10;
/// Load between two faults.
const CALM: Duration = Duration::from_millis(1500);

/// What the senders know.
#[derive(Default)]
struct Ledger {
    next: AtomicU64,
    stop: AtomicBool,
}

/// Sends batches until told to stop, each until it is answered, always with the same uuids, as a good client does. Returns
/// what was acknowledged.
async fn send(base: String, ledger: Arc<Ledger>) -> BTreeSet<Uuid> {
    let http = reqwest::Client::new();
    let mut acknowledged = BTreeSet::new();
    while !ledger.stop.load(Ordering::Relaxed) {
        let first = ledger.next.fetch_add(BATCH, Ordering::Relaxed) + 1;
        let uuids: Vec<Uuid> = (first..first + BATCH).map(|n| Uuid::from_u128(n.into())).collect();
        let events: Vec<_> = uuids
            .iter()
            .map(|uuid| json!({"uuid": uuid, "name": "tick", "distinct_id": "u"}))
            .collect();
        let body = json!(events).to_string();
        while !ledger.stop.load(Ordering::Relaxed) {
            let post =
                http.post(format!("{base}/v1/events")).bearer_auth(WRITE_KEY).body(body.clone());
            let answer = post.timeout(Duration::from_secs(5)).send().await;
            match answer.map(|answer| answer.status().as_u16()) {
                Ok(202) => {
                    acknowledged.extend(uuids);
                    break;
                }
                Ok(status) => {
                    assert!(
                        [429, 503, 504].contains(&status),
                        "an outage is answered so: {status}"
                    );
                }
                Err(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_survives_kill_9_of_every_process() {
    let mut cluster = Cluster::start().await;
    let ledger = Arc::new(Ledger::default());
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..SENDERS {
        senders.spawn(send(cluster.base.clone(), ledger.clone()));
    }
    for round in 0..2 {
        tokio::time::sleep(CALM).await;
        cluster.kill_and_restart_gateway().await;
        tokio::time::sleep(CALM).await;
        cluster.kill_and_restart_events();
        tokio::time::sleep(CALM).await;
        cluster.kill_and_restart_identity();
        cluster.kill_and_restart_reports();
        tokio::time::sleep(CALM).await;
        cluster.stores.kill_queue().await;
        cluster.stores.start_queue().await;
        tokio::time::sleep(CALM).await;
        cluster.stores.kill_postgres().await;
        tokio::time::sleep(CALM * round).await;
        cluster.stores.start_postgres().await;
    }
    tokio::time::sleep(CALM).await;
    ledger.stop.store(true, Ordering::Relaxed);
    let mut acknowledged = BTreeSet::new();
    while let Some(sender) = senders.join_next().await {
        acknowledged.extend(sender.unwrap());
    }
    assert!(acknowledged.len() > 500, "the load must be a load: {}", acknowledged.len());

    let status = cluster.at_rest(i64::try_from(acknowledged.len()).unwrap()).await;
    let stored: Vec<Uuid> = sqlx::query_scalar("select uuid from events.event")
        .fetch_all(&cluster.sql().await)
        .await
        .unwrap();
    let distinct: BTreeSet<Uuid> = stored.iter().copied().collect();
    assert_eq!(stored.len(), distinct.len(), "nothing is doubled");
    let lost: Vec<_> = acknowledged.difference(&distinct).collect();
    assert!(lost.is_empty(), "{} acknowledged events are lost", lost.len());
    let sent = u128::from(ledger.next.load(Ordering::Relaxed));
    assert!(distinct.iter().all(|uuid| (1..=sent).contains(&uuid.as_u128())), "nothing is made up");
    assert_eq!(status.stored, i64::try_from(stored.len()).unwrap());
    assert_eq!(status.accepted, status.stored + status.duplicates, "the sums add up: {status:?}");
    let counted = trends_total(&cluster, status.stored).await;
    assert_eq!(counted, status.stored, "the projection counts each once");
    let gaps: i64 = sqlx::query_scalar(
        "select count(*) from (select first_sequence, lag(first_sequence + count, 1, 1::bigint)
             over (partition by shard order by first_sequence) as expected from events.event_log) l
         where first_sequence <> expected",
    )
    .fetch_one(&cluster.sql().await)
    .await
    .unwrap();
    assert_eq!(gaps, 0, "the log has no gap");
}

/// Waits until the projection has seen `wanted` events, and returns how many it has seen then.
async fn trends_total(cluster: &Cluster, wanted: i64) -> i64 {
    let now = SystemClock.now().timestamp();
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let request = QueryTrendsRequest {
        range: Some(TimeRange { start_time: time(now - 86_400), end_time: time(now + 86_400) }),
        series: vec![TrendsSeries { event: "tick".into(), ..Default::default() }],
        ..Default::default()
    };
    let mut insights = InsightServiceClient::new(cluster.client(SECRET_KEY));
    eventually(DEADLINE, "the projection to have read all", async || {
        let answer = insights.query_trends(request.clone()).await.ok()?.into_inner();
        let total = answer.series.first()?.total;
        (total >= wanted as f64).then_some(total as i64)
    })
    .await
}
