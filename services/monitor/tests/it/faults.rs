use std::time::Duration;

use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::check::Outcome;
use observe_proto::monitor::v1::monitor::State;
use tonic::Code;

use crate::support::{TestMonitor, http, reason};
use crate::targets::{NameServer, WebServer};

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_name_server_of_ours_is_not_the_targets_fault() {
    let (names, shop) = (NameServer::start().await, WebServer::start().await);
    let address = names.address;
    let service = TestMonitor::start_with(|config| config.name_servers = vec![address]).await;
    let url = format!("http://shop.test:{}/", shop.address.port());
    let monitor = pb::Monitor { timeout: crate::support::seconds(10), ..http(&url) };
    let made = service.create(monitor).await.unwrap();
    service.is(&made.id, State::Up).await;
    names.kill();
    let check = service.check_now(&made.id).await;
    assert_eq!(check.outcome(), Outcome::Unknown, "{check:?}");
    assert!(check.message.starts_with("we could not look"), "{}", check.message);
    assert_eq!(service.get(&made.id).await.state(), State::Unknown);
    assert!(service.all_incidents().await.is_empty());
    // Nothing new can be judged, which is no mistake of whoever asks.
    assert_eq!(reason(service.create(http(&url)).await).0, Code::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_of_all_targets_at_once_opens_nothing() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    let mut made = Vec::new();
    for _ in 0..6 {
        made.push(service.create(http(&shop.url())).await.unwrap().id);
    }
    for id in &made {
        service.is(id, State::Up).await;
    }
    shop.set_delay(Duration::from_secs(30));
    sqlx::query("update monitor.monitor_state set next_at = date_trunc('milliseconds', now())")
        .execute(&service.sql().await)
        .await
        .unwrap();
    for id in &made {
        let check = service.is(id, State::Unknown).await.last_check.unwrap();
        assert_eq!((check.outcome(), check.reason.as_str()), (Outcome::Unknown, "timeout"));
    }
    assert!(service.all_incidents().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_answers_of_all_targets_are_theirs() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    shop.set_status(500);
    let mut made = Vec::new();
    for _ in 0..6 {
        made.push(service.create(http(&shop.url())).await.unwrap().id);
    }
    for id in &made {
        service.is(id, State::Down).await;
    }
    assert_eq!(service.all_incidents().await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_away_leaves_no_incident_behind() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    let made = service.create(http(&shop.url())).await.unwrap();
    service.is(&made.id, State::Up).await;
    service.stores.kill_postgres().await;
    service.stores.start_postgres().await;
    let check = service.check_now(&made.id).await;
    assert_eq!(check.outcome(), Outcome::Up);
    assert!(service.all_incidents().await.is_empty());
}
