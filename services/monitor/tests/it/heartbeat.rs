use std::time::Duration;

use observe_proto::common::v1::Role;
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::check::Outcome;
use observe_proto::monitor::v1::heartbeat_service_client::HeartbeatServiceClient;
use observe_proto::monitor::v1::monitor::{State, Target};
use observe_proto::monitor::v1::monitor_service_client::MonitorServiceClient;
use observe_proto::monitor::v1::record_heartbeat_request::Signal;
use tonic::Code;

use crate::support::{TestMonitor, reason, seconds};

fn backup() -> pb::Monitor {
    pb::Monitor {
        name: "Backup".into(),
        interval: seconds(60),
        target: Some(Target::Heartbeat(pb::HeartbeatTarget {
            grace: seconds(0),
            ..Default::default()
        })),
        ..Default::default()
    }
}

fn path(monitor: &pb::Monitor) -> String {
    match &monitor.target {
        Some(Target::Heartbeat(heartbeat)) => heartbeat.path.clone(),
        _ => unreachable!("it is a heartbeat"),
    }
}

async fn call(service: &TestMonitor, token: &str, signal: Signal) -> Result<(), tonic::Status> {
    let request = pb::RecordHeartbeatRequest { token: token.to_owned(), signal: signal.into() };
    service.heartbeats().record_heartbeat(request).await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_calls_in_is_up_and_one_that_is_late_is_down() {
    let service = TestMonitor::start().await;
    let made = service.create(backup()).await.unwrap();
    assert_eq!((made.state(), made.timeout), (State::Pending, None));
    let token = path(&made).strip_prefix("/heartbeat/").unwrap().to_owned();
    call(&service, &token, Signal::Unspecified).await.unwrap();
    let up = service.is(&made.id, State::Up).await;
    assert_eq!(path(&up), path(&made), "it can be shown again");
    assert_eq!(up.last_check.unwrap().outcome(), Outcome::Up);

    service.due(&made.id, 0).await;
    let down = service.is(&made.id, State::Down).await;
    let check = down.last_check.unwrap();
    assert_eq!((check.outcome(), check.reason.as_str()), (Outcome::Down, "overdue"));
    assert_eq!(service.all_incidents().await.len(), 1);

    call(&service, &token, Signal::Finish).await.unwrap();
    service.is(&made.id, State::Up).await;
    assert!(service.all_incidents().await[0].closed_time.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_at_once_and_a_start_without_an_end_as_such() {
    let service = TestMonitor::start().await;
    let made = service.create(backup()).await.unwrap();
    let token = path(&made).strip_prefix("/heartbeat/").unwrap().to_owned();
    call(&service, &token, Signal::Start).await.unwrap();
    assert_eq!(service.get(&made.id).await.state(), State::Pending, "it has only begun");
    call(&service, &token, Signal::Fail).await.unwrap();
    let check = service.is(&made.id, State::Down).await.last_check.unwrap();
    assert_eq!(check.reason, "reported");
    call(&service, &token, Signal::Finish).await.unwrap();
    service.is(&made.id, State::Up).await;
    call(&service, &token, Signal::Start).await.unwrap();
    service.due(&made.id, 0).await;
    let check = service.is(&made.id, State::Down).await.last_check.unwrap();
    assert_eq!(check.reason, "late_start");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_late_for_a_call_that_nobody_could_take() {
    let service = TestMonitor::start().await;
    let made = service.create(backup()).await.unwrap();
    let token = path(&made).strip_prefix("/heartbeat/").unwrap().to_owned();
    call(&service, &token, Signal::Finish).await.unwrap();
    service.life.stop();
    assert!(service.life.drained().await);
    // We were away for ten minutes, and the deadline passed meanwhile.
    let pool = service.sql().await;
    sqlx::query("update monitor.scheduler set seen_at = now() - interval '10 minutes'")
        .execute(&pool)
        .await
        .unwrap();
    service.due(&made.id, 60).await;
    let config = crate::support::config(&service.stores);
    let next = TestMonitor::start_on(service.stores.clone(), config).await;
    observe_testkit::eventually(crate::support::DEADLINE, "the missed call", async || {
        next.checks(&made.id).await.iter().any(|check| check.outcome() == Outcome::Missed)
    })
    .await;
    assert_eq!(next.get(&made.id).await.state(), State::Up);
    assert!(next.all_incidents().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_secret_and_only_the_edge_may_use_them() {
    let service = TestMonitor::start().await;
    let made = service.create(backup()).await.unwrap();
    let token = path(&made).strip_prefix("/heartbeat/").unwrap().to_owned();
    for unknown in ["", "nope", &"a".repeat(43), &"a".repeat(500)] {
        let refused = call(&service, unknown, Signal::Finish).await;
        assert_eq!(reason(refused).0, Code::NotFound, "{unknown:?}");
    }
    let mut key = HeartbeatServiceClient::new(service.as_key(service.project));
    let request = pb::RecordHeartbeatRequest { token: token.clone(), ..Default::default() };
    assert_eq!(reason(key.record_heartbeat(request).await).0, Code::PermissionDenied);
    let mut viewer = MonitorServiceClient::new(service.as_role(Role::Viewer));
    let request = pb::GetMonitorRequest {
        project_id: service.project.to_string(),
        monitor_id: made.id.clone(),
    };
    let seen = viewer.get_monitor(request).await.unwrap().into_inner().monitor.unwrap();
    assert_eq!(path(&seen), "", "a viewer could call in");
    let stored: Vec<u8> = sqlx::query_scalar("select sealed || token_hash from monitor.monitor")
        .fetch_one(&service.sql().await)
        .await
        .unwrap();
    assert!(!stored.windows(token.len()).any(|part| part == token.as_bytes()));

    let request = pb::PauseMonitorRequest { monitor_id: made.id.clone(), ..Default::default() };
    service.monitors().pause_monitor(request).await.unwrap();
    call(&service, &token, Signal::Fail).await.unwrap();
    assert_eq!(service.get(&made.id).await.state(), State::Paused);
    tokio::time::timeout(Duration::from_secs(5), call(&service, &token, Signal::Finish))
        .await
        .unwrap()
        .unwrap();
}
