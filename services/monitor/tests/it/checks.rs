use std::time::Duration;

use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::check::Outcome;
use observe_proto::monitor::v1::incident_entry::Kind;
use observe_proto::monitor::v1::monitor::State;
use observe_testkit::eventually;

use tokio::io::AsyncWriteExt as _;

use crate::support::{DEADLINE, TestMonitor, http, http_with, seconds};
use crate::targets::{WebServer, spawn};

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_dies_opens_an_incident_and_closes_it_when_it_lives_again() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    let made = service.create(http(&shop.url())).await.unwrap();
    service.is(&made.id, State::Up).await;
    shop.kill();
    let check = service.check_now(&made.id).await;
    assert_eq!((check.outcome(), check.reason.as_str()), (Outcome::Down, "connect_failed"));
    let down = service.is(&made.id, State::Down).await;
    let incidents = service.all_incidents().await;
    assert_eq!(incidents.len(), 1);
    let incident = &incidents[0];
    assert_eq!((&incident.id, &incident.subject), (&down.incident_id, &made.id));
    assert_eq!(incident.title, "Shop is down");
    assert_eq!(incident.detail, "The connection was refused.");
    assert_eq!(incident.link, format!("uptime/{}", made.id));
    assert_eq!(incident.opened_time, check.slot_time, "it began with the first bad check");

    shop.revive().await;
    service.check_now(&made.id).await;
    let up = service.is(&made.id, State::Up).await;
    assert!(up.incident_id.is_empty());
    assert!(service.all_incidents().await[0].closed_time.is_some());
    assert_eq!(service.timeline(&incident.id).await, [Kind::Opened, Kind::Closed]);
    let again = service.check_now(&made.id).await;
    assert_eq!(again.outcome(), Outcome::Up);
    assert_eq!(service.all_incidents().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_are_attempts_of_the_slot_and_only_the_last_one_confirms() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    let patient = pb::Monitor { retries: 2, retry_interval: seconds(1), ..http(&shop.url()) };
    let made = service.create(patient).await.unwrap();
    service.is(&made.id, State::Up).await;
    shop.set_status(500);
    service.due(&made.id, 0).await;
    service.is(&made.id, State::Pending).await;
    assert!(service.all_incidents().await.is_empty(), "nothing is confirmed yet");
    let down = service.is(&made.id, State::Down).await;
    let check = down.last_check.unwrap();
    assert_eq!((check.attempt, check.status_code, check.reason.as_str()), (2, 500, "status"));
    assert_eq!(service.all_incidents().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_that_succeeds_is_a_good_check_and_opens_nothing() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    let patient = pb::Monitor { retries: 3, retry_interval: seconds(2), ..http(&shop.url()) };
    let made = service.create(patient).await.unwrap();
    service.is(&made.id, State::Up).await;
    shop.set_status(500);
    service.due(&made.id, 0).await;
    service.is(&made.id, State::Pending).await;
    shop.set_status(200);
    let up = service.is(&made.id, State::Up).await;
    let check = up.last_check.unwrap();
    assert_eq!(check.outcome(), Outcome::Up);
    assert!(check.attempt >= 1, "{check:?}");
    assert!(service.all_incidents().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_keywords_and_timeouts_say_what_was_wrong() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    shop.set_body("12 in stock");
    let keyword = |keyword: &str, absent: bool| {
        let keyword = keyword.to_owned();
        http_with(&shop.url(), move |http| {
            http.keyword = keyword;
            http.keyword_absent = absent;
        })
    };
    let found = service.create(keyword("in stock", false)).await.unwrap();
    let missing = service.create(keyword("sold out", false)).await.unwrap();
    let unwanted = service.create(keyword("in stock", true)).await.unwrap();
    let status = service
        .create(http_with(&shop.url(), |http| {
            http.statuses = vec![pb::StatusRange { from: 404, to: 404 }];
        }))
        .await
        .unwrap();
    service.is(&found.id, State::Up).await;
    for (monitor, reason) in [(missing, "keyword"), (unwanted, "keyword"), (status, "status")] {
        let check = service.is(&monitor.id, State::Down).await.last_check.unwrap();
        assert_eq!((check.reason.as_str(), check.status_code), (reason, 200));
        assert!(!check.message.contains("12"), "nothing of the body is told: {}", check.message);
    }
    shop.set_delay(Duration::from_secs(5));
    let check = service.check_now(&found.id).await;
    assert_eq!((check.outcome(), check.reason.as_str()), (Outcome::Down, "timeout"));
    assert!(check.message.contains("waiting for the answer"), "{}", check.message);
    assert!(check.total.is_none() && check.phases.unwrap().first_byte.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_tls_is_the_targets_fault_and_a_redirect_inside_is_nobodys() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", plain.local_addr().unwrap());
    spawn(async move {
        while let Ok((mut stream, _)) = plain.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let tls = service.create(http(&url)).await.unwrap();
    let check = service.is(&tls.id, State::Down).await.last_check.unwrap();
    assert_eq!(check.reason, "tls_failed");

    shop.set_status(302);
    shop.set_header("location: http://169.254.169.254/latest/meta-data/");
    let follow = http_with(&shop.url(), |http| http.follow_redirects = true);
    let follow = service.create(follow).await.unwrap();
    let check = service.is(&follow.id, State::Unknown).await.last_check.unwrap();
    assert_eq!((check.outcome(), check.reason.as_str()), (Outcome::Unknown, "blocked_target"));
    let mine: Vec<_> = service.all_incidents().await;
    assert!(mine.iter().all(|incident| incident.subject != follow.id), "{mine:?}");

    let stay = service.create(http(&shop.url())).await.unwrap();
    let check = service.is(&stay.id, State::Down).await.last_check.unwrap();
    assert_eq!((check.status_code, check.reason.as_str()), (302, "status"));
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_of_a_pause_are_missed_and_open_nothing() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    let made = service.create(http(&shop.url())).await.unwrap();
    service.is(&made.id, State::Up).await;
    service.due(&made.id, 600).await;
    let checks = eventually(DEADLINE, "the slots of the pause", async || {
        let checks = service.checks(&made.id).await;
        (checks.len() > 60).then_some(checks)
    })
    .await;
    let missed = checks.iter().filter(|check| check.outcome() == Outcome::Missed).count();
    assert!((59..=61).contains(&missed), "{missed}");
    assert!(service.all_incidents().await.is_empty());
    assert_eq!(service.get(&made.id).await.state(), State::Up);
    // Nothing is run for the past: the target is asked for the slots of now only.
    assert!(shop.requests().len() <= 4, "{}", shop.requests().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_of_a_paused_monitor_is_not_recorded() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    shop.set_delay(Duration::from_millis(1_500));
    let made = service.create(http(&shop.url())).await.unwrap();
    eventually(DEADLINE, "a check under way", async || !shop.requests().is_empty()).await;
    let request = pb::PauseMonitorRequest { monitor_id: made.id.clone(), ..Default::default() };
    service.monitors().pause_monitor(request).await.unwrap();
    // Another monitor's check that begins later is recorded, so the first one's would have been.
    let other = service.create(http(&shop.url())).await.unwrap();
    service.is(&other.id, State::Up).await;
    assert!(service.checks(&made.id).await.is_empty());
    assert_eq!(service.get(&made.id).await.state(), State::Paused);
}
