//! kill -9 under a load of OTLP requests, each sent until it is answered and many of them twice: every span counts once, in the
//! sketches as in the ledger.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use observe_core::{Clock as _, SystemClock};
use observe_proto::reports::v1::latency_service_client::LatencyServiceClient;
use observe_proto::reports::v1::{ListEndpointsRequest, QueryLatencyRequest};
use observe_testkit::eventually;
use serde_json::json;

use crate::cluster::{Cluster, DEADLINE, SECRET_KEY, WRITE_KEY};

const SENDERS: u64 = 3;
const BATCH: u64 = 20;
/// Load between two faults.
const CALM: Duration = Duration::from_millis(1500);

#[derive(Default)]
struct Ledger {
    next: AtomicU64,
    stop: AtomicBool,
}

/// An OTLP request with the spans of these numbers; every tenth failed.
fn traces(numbers: std::ops::Range<u64>) -> String {
    let spans: Vec<_> = numbers
        .map(|n| {
            let start = SystemClock.now().timestamp_nanos_opt().unwrap() - 1_000_000_000;
            let status = if n % 10 == 0 { "500" } else { "200" };
            json!({
                "traceId": format!("{:032x}", n + 1), "spanId": format!("{:016x}", n + 1), "name": "GET", "kind": 2,
                "startTimeUnixNano": start.to_string(),
                "endTimeUnixNano": (start + 50_000_000).to_string(),
                "attributes": [
                    {"key": "http.route", "value": {"stringValue": "/cart"}},
                    {"key": "http.response.status_code", "value": {"intValue": status}},
                    {"key": "enduser.id", "value": {"stringValue": format!("person {}", n % 7)}},
                ],
            })
        })
        .collect();
    let service = json!({"key": "service.name", "value": {"stringValue": "shop"}});
    json!({"resourceSpans": [{"resource": {"attributes": [service]}, "scopeSpans": [{"spans": spans}]}]})
        .to_string()
}

/// Sends until told to stop; returns the numbers that were acknowledged.
async fn send(base: String, ledger: Arc<Ledger>) -> BTreeSet<u64> {
    let http = reqwest::Client::new();
    let mut acknowledged = BTreeSet::new();
    while !ledger.stop.load(Ordering::Relaxed) {
        let first = ledger.next.fetch_add(BATCH, Ordering::Relaxed);
        let body = traces(first..first + BATCH);
        // An exporter that lost the answer sends again; so does this one, after every third.
        let mut wanted = if first.is_multiple_of(3) { 2 } else { 1 };
        while wanted > 0 && !ledger.stop.load(Ordering::Relaxed) {
            let post = http.post(format!("{base}/v1/traces")).bearer_auth(WRITE_KEY);
            let post = post.header("content-type", "application/json").body(body.clone());
            let answer = post.timeout(Duration::from_secs(5)).send().await;
            match answer.map(|answer| answer.status().as_u16()) {
                Ok(200) => {
                    acknowledged.extend(first..first + BATCH);
                    wanted -= 1;
                    continue;
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
async fn every_acknowledged_span_counts_once_under_kill_9() {
    let mut cluster = Cluster::start().await;
    let ledger = Arc::new(Ledger::default());
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..SENDERS {
        senders.spawn(send(cluster.base.clone(), ledger.clone()));
    }
    for _ in 0..2 {
        tokio::time::sleep(CALM).await;
        cluster.kill_and_restart_events();
        tokio::time::sleep(CALM).await;
        cluster.kill_and_restart_gateway().await;
        tokio::time::sleep(CALM).await;
        cluster.stores.kill_queue().await;
        cluster.stores.start_queue().await;
        tokio::time::sleep(CALM).await;
        cluster.stores.kill_postgres().await;
        cluster.stores.start_postgres().await;
    }
    tokio::time::sleep(CALM).await;
    ledger.stop.store(true, Ordering::Relaxed);
    let mut acknowledged = BTreeSet::new();
    while let Some(sender) = senders.join_next().await {
        acknowledged.extend(sender.unwrap());
    }
    assert!(acknowledged.len() > 500, "the load must be a load: {}", acknowledged.len());

    let pool = cluster.sql().await;
    let ledger_of = "select taken, counted, duplicates,
        (select sum(count)::int8 from events.span_cell where level = 1 and endpoint_id = 0),
        (select sum(count)::int8 from events.span_cell where level = 0 and endpoint_id <> 0),
        (select count(*) from events.span_key)
        from events.span_counter";
    let client = redis::Client::open(cluster.stores.queue_redis_url.as_str()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let (counted, duplicates) = eventually(DEADLINE, "the span lane to be empty", async || {
        let left: u64 =
            redis::cmd("XLEN").arg("observe:{spans}:stream").query_async(&mut redis).await.ok()?;
        let row: (i64, i64, i64, i64, i64, i64) =
            sqlx::query_as(ledger_of).fetch_optional(&pool).await.ok()??;
        if left > 0 {
            return None;
        }
        let (taken, counted, duplicates, hours, minutes, keys) = row;
        assert_eq!(taken, counted + duplicates);
        assert_eq!((hours, minutes, keys), (counted, counted, counted));
        Some((counted, duplicates))
    })
    .await;
    let sent = i64::try_from(ledger.next.load(Ordering::Relaxed)).unwrap();
    let least = i64::try_from(acknowledged.len()).unwrap();
    assert!(
        (least..=sent).contains(&counted),
        "{least} acknowledged, {sent} sent, {counted} counted"
    );
    assert!(duplicates > 0, "some came twice");

    let mut latency = LatencyServiceClient::new(cluster.client(SECRET_KEY));
    let endpoints = eventually(DEADLINE, "reports to answer", async || {
        let answer = latency.list_endpoints(ListEndpointsRequest::default()).await.ok()?;
        Some(answer.into_inner().endpoints)
    })
    .await;
    assert_eq!(endpoints.len(), 1);
    assert_eq!(endpoints[0].request_count, counted);
    assert_eq!(endpoints[0].points.iter().sum::<i64>(), counted);
    let request = QueryLatencyRequest { endpoint: endpoints[0].name.clone(), ..Default::default() };
    let told = latency.query_latency(request).await.unwrap().into_inner();
    assert_eq!(told.points.iter().map(|point| point.request_count).sum::<i64>(), counted);
    assert_eq!((told.people, told.status_classes.iter().sum::<i64>()), (7, counted));
}
