use std::collections::HashSet;
use std::time::Duration;

use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::monitor::State;
use observe_testkit::eventually;
use uuid::Uuid;

use crate::support::{DEADLINE, TestMonitor, config, http};
use crate::targets::WebServer;

/// Starts a replica that dies with its runtime, at once and without a word, as by kill -9.
fn mortal(first: &TestMonitor) -> tokio::runtime::Runtime {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (stores, config) = (first.stores.clone(), config(&first.stores));
    let started = runtime.block_on(TestMonitor::start_on(stores, config));
    // Nothing of it may end in order.
    std::mem::forget(started);
    runtime
}

#[test]
fn two_replicas_record_each_slot_once_and_the_other_goes_on_when_one_is_killed() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (first, shop, made) = runtime.block_on(async {
        let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
        let mut made = Vec::new();
        for n in 0..12 {
            let monitor = pb::Monitor { name: format!("Shop {n}"), ..http(&shop.url()) };
            made.push(service.create(monitor).await.unwrap().id);
        }
        (service, shop, made)
    });
    let second = mortal(&first);
    runtime.block_on(async {
        // Slow enough that there are always checks under way, so that some die with their replica.
        shop.set_delay(Duration::from_millis(500));
        for id in &made {
            service_is_up(&first, id).await;
        }
        for _ in 0..2 {
            for id in &made {
                first.due(id, 0).await;
            }
        }
    });
    second.shutdown_background();
    runtime.block_on(async {
        let slots_after = |at: chrono::DateTime<chrono::Utc>| {
            let (first, made) = (&first, &made);
            async move {
                let pool = first.sql().await;
                let slots: Vec<(Uuid, i64)> = sqlx::query_as(
                    "select monitor_id, count(*) from monitor.check_slot where slot > $1 and outcome <> 0 group by 1",
                )
                .bind(at)
                .fetch_all(&pool)
                .await
                .unwrap();
                slots.len() == made.len() && slots.iter().all(|(_, slots)| *slots >= 2)
            }
        };
        let killed: chrono::DateTime<chrono::Utc> =
            sqlx::query_scalar("select now()").fetch_one(&first.sql().await).await.unwrap();
        eventually(DEADLINE, "two more slots of each monitor", async || slots_after(killed).await)
            .await;
        eventually(DEADLINE, "no slot to be left open", async || {
            let left: i64 = sqlx::query_scalar(
                "select count(*) from monitor.check_slot where outcome = 0 and slot < $1",
            )
            .bind(killed)
            .fetch_one(&first.sql().await)
            .await
            .unwrap();
            left == 0
        })
        .await;
        for id in &made {
            let checks = first.checks(id).await;
            let slots: HashSet<_> =
                checks.iter().map(|check| check.slot_time.map(|t| (t.seconds, t.nanos))).collect();
            assert_eq!(slots.len(), checks.len(), "a slot was recorded twice");
        }
        assert!(first.all_incidents().await.is_empty());
    });
}

async fn service_is_up(service: &TestMonitor, id: &str) {
    service.is(id, State::Up).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_the_lease_writes_nothing() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    shop.set_delay(Duration::from_millis(1_500));
    shop.set_status(500);
    let made = service.create(http(&shop.url())).await.unwrap();
    eventually(DEADLINE, "a check under way", async || !shop.requests().is_empty()).await;
    // Another replica has taken the slot over and recorded it.
    let taken = sqlx::query(
        "update monitor.check_slot set lease_token = gen_random_uuid(), outcome = 1, status_code = 299
         where outcome = 0",
    )
    .execute(&service.sql().await)
    .await
    .unwrap();
    assert_eq!(taken.rows_affected(), 1);
    // The late result comes before that of the next slot, which takes as long and begins later.
    service.check_now(&made.id).await;
    let checks = service.checks(&made.id).await;
    let codes: Vec<_> = checks.iter().map(|check| check.status_code).collect();
    assert_eq!(codes, [500, 299]);
    let incidents = service.all_incidents().await;
    assert_eq!(incidents.len(), 1);
    assert_eq!(
        incidents[0].opened_time, checks[0].slot_time,
        "the zombie's failure counts for nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_stops_hands_its_slots_back() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    shop.set_delay(Duration::from_secs(60));
    let patient = pb::Monitor {
        interval: crate::support::seconds(600),
        timeout: crate::support::seconds(60),
        ..http(&shop.url())
    };
    let made = service.create(patient).await.unwrap();
    eventually(DEADLINE, "a check under way", async || !shop.requests().is_empty()).await;
    shop.set_delay(Duration::ZERO);
    service.life.stop();
    assert!(service.life.drained().await);
    let next = TestMonitor::start_on(service.stores.clone(), config(&service.stores)).await;
    let up = next.is(&made.id, State::Up).await;
    assert_eq!(next.checks(&made.id).await.len(), 1, "the same slot");
    assert_eq!(up.last_check.unwrap().attempt, 0);
}
