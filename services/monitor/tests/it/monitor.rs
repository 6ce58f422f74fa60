use std::time::Duration;

use observe_proto::common::v1::Role;
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::monitor::{State, Target};
use observe_proto::monitor::v1::monitor_service_client::MonitorServiceClient;
use tonic::Code;

use crate::support::{TestMonitor, http, http_with, project, reason, seconds, violations};
use crate::targets::WebServer;

fn named(monitor: &str) -> pb::GetMonitorRequest {
    pb::GetMonitorRequest { project_id: String::new(), monitor_id: monitor.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_is_made_changed_paused_resumed_and_deleted() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    let made = service.create(http(&shop.url())).await.unwrap();
    assert_eq!(made.state(), State::Pending);
    let up = service.is(&made.id, State::Up).await;
    let check = up.last_check.clone().unwrap();
    assert_eq!((check.status_code, check.attempt, check.reason.as_str()), (200, 0, ""));
    let phases = check.phases.unwrap();
    assert!(phases.connect.is_some() && phases.first_byte.is_some() && phases.tls.is_none());
    assert!(check.total.is_some());

    let changed = pb::Monitor { name: "Shop 2".into(), interval: seconds(60), ..up.clone() };
    let request = pb::UpdateMonitorRequest { monitor: Some(changed), ..Default::default() };
    let changed =
        service.monitors().update_monitor(request).await.unwrap().into_inner().monitor.unwrap();
    assert_eq!((changed.name.as_str(), changed.interval), ("Shop 2", seconds(60)));
    assert_eq!((changed.state(), changed.created_time), (State::Up, up.created_time));

    let request = || pb::PauseMonitorRequest { monitor_id: made.id.clone(), ..Default::default() };
    for _ in 0..2 {
        let paused = service.monitors().pause_monitor(request()).await.unwrap().into_inner();
        assert_eq!(paused.monitor.unwrap().state(), State::Paused);
    }
    let seen = shop.requests().len();
    let request = pb::ResumeMonitorRequest { monitor_id: made.id.clone(), ..Default::default() };
    service.monitors().resume_monitor(request).await.unwrap();
    service.is(&made.id, State::Up).await;
    assert!(shop.requests().len() > seen);

    let request = pb::DeleteMonitorRequest { monitor_id: made.id.clone(), ..Default::default() };
    service.monitors().delete_monitor(request.clone()).await.unwrap();
    assert_eq!(reason(service.monitors().delete_monitor(request).await).0, Code::NotFound);
    assert_eq!(reason(service.monitors().get_monitor(named(&made.id)).await).0, Code::NotFound);
    let left: i64 = sqlx::query_scalar(
        "select (select count(*) from monitor.check_slot) + (select count(*) from monitor.check_bucket)
              + (select count(*) from monitor.monitor_state)",
    )
    .fetch_one(&service.sql().await)
    .await
    .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_is_told_at_once_and_targets_are_judged_when_they_are_saved() {
    let service = TestMonitor::start().await;
    let monitor =
        pb::Monitor { name: String::new(), interval: seconds(9), ..http("http://10.0.0.1/") };
    let found = violations(service.create(monitor).await);
    for field in ["monitor.interval", "monitor.name", "monitor.http.url"] {
        assert!(found.iter().any(|found| found == field), "{field} is not in {found:?}");
    }
    for url in ["http://169.254.169.254/", "http://[::1]/", "ftp://127.0.0.1/", "http://127.0.0.2/"]
    {
        assert_eq!(violations(service.create(http(url)).await), ["monitor.http.url"], "{url}");
    }
    let empty = service.monitors().get_monitor(named("")).await;
    assert_eq!(violations(empty), ["monitor_id"]);
    assert_eq!(reason(service.monitors().get_monitor(named("x")).await).0, Code::NotFound);
    assert_eq!(violations(service.create(pb::Monitor::default()).await).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn header_values_are_sent_and_never_told_nor_stored_in_clear() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    let header = |value: &str| pb::HttpHeader { name: "X-Key".into(), value: value.into() };
    let monitor = http_with(&shop.url(), |http| http.headers = vec![header("hunter2")]);
    let made = service.create(monitor).await.unwrap();
    let up = service.is(&made.id, State::Up).await;
    let headers = |monitor: &pb::Monitor| match &monitor.target {
        Some(Target::Http(http)) => http.headers.clone(),
        _ => unreachable!("it is http"),
    };
    assert_eq!(headers(&up), [header("")]);
    assert_eq!(shop.requests()[0].header("x-key"), Some("hunter2"));
    let stored: Vec<Vec<u8>> = sqlx::query_scalar("select target || sealed from monitor.monitor")
        .fetch_all(&service.sql().await)
        .await
        .unwrap();
    assert!(!stored[0].windows(7).any(|part| part == b"hunter2"));

    // Saved again as it was shown, the value stays.
    let request = pb::UpdateMonitorRequest { monitor: Some(up), ..Default::default() };
    service.monitors().update_monitor(request).await.unwrap();
    service.check_now(&made.id).await;
    assert_eq!(shop.requests().last().unwrap().header("x-key"), Some("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_looks_once_and_records_nothing() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    shop.set_status(503);
    let monitor = pb::Monitor { name: String::new(), ..http(&shop.url()) };
    let request = pb::TestMonitorRequest { monitor: Some(monitor), ..Default::default() };
    let check = service.monitors().test_monitor(request).await.unwrap().into_inner().check.unwrap();
    assert_eq!((check.status_code, check.reason.as_str()), (503, "status"));
    assert!(check.message.contains("200-299"), "{}", check.message);
    let list = pb::ListMonitorsRequest::default();
    assert!(service.monitors().list_monitors(list).await.unwrap().into_inner().monitors.is_empty());
    let heartbeat = pb::Monitor {
        name: "x".into(),
        target: Some(Target::Heartbeat(pb::HeartbeatTarget::default())),
        ..Default::default()
    };
    let request = pb::TestMonitorRequest { monitor: Some(heartbeat), ..Default::default() };
    assert_eq!(violations(service.monitors().test_monitor(request).await), ["monitor.http"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_ten_tests_run_at_once() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    shop.set_delay(Duration::from_millis(1_500));
    let request =
        || pb::TestMonitorRequest { monitor: Some(http(&shop.url())), ..Default::default() };
    let tests =
        (0..15).map(|_| async { service.monitors().test_monitor(request()).await.map(|_| ()) });
    let outcomes = futures::future::join_all(tests).await;
    let refused: Vec<_> = outcomes.into_iter().filter(Result::is_err).collect();
    assert_eq!(refused.len(), 5);
    for refusal in refused {
        assert_eq!(reason(refusal), (Code::ResourceExhausted, "RATE_LIMITED".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_projects_monitor_is_not_found_and_a_viewer_changes_nothing() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    let made = service.create(http(&shop.url())).await.unwrap();
    let mut other = MonitorServiceClient::new(service.as_key(project(2)));
    assert_eq!(reason(other.get_monitor(named(&made.id)).await).0, Code::NotFound);
    let id = || made.id.clone();
    let request = pb::PauseMonitorRequest { monitor_id: id(), ..Default::default() };
    assert_eq!(reason(other.pause_monitor(request).await).0, Code::NotFound);
    let request = pb::DeleteMonitorRequest { monitor_id: id(), ..Default::default() };
    assert_eq!(reason(other.delete_monitor(request).await).0, Code::NotFound);
    let request = pb::ListChecksRequest { monitor_id: id(), ..Default::default() };
    assert_eq!(reason(other.list_checks(request).await).0, Code::NotFound);
    let request = pb::GetUptimeRequest { monitor_id: id(), ..Default::default() };
    assert_eq!(reason(other.get_uptime(request).await).0, Code::NotFound);
    let request = pb::UpdateMonitorRequest { monitor: Some(made.clone()), ..Default::default() };
    assert_eq!(reason(other.update_monitor(request).await).0, Code::NotFound);
    assert!(
        other
            .list_monitors(pb::ListMonitorsRequest::default())
            .await
            .unwrap()
            .into_inner()
            .monitors
            .is_empty()
    );

    let mut viewer = MonitorServiceClient::new(service.as_role(Role::Viewer));
    let project_id = service.project.to_string();
    let request = pb::GetMonitorRequest { project_id: project_id.clone(), monitor_id: id() };
    assert!(viewer.get_monitor(request).await.is_ok());
    let request = pb::PauseMonitorRequest { project_id, monitor_id: id() };
    assert_eq!(reason(viewer.pause_monitor(request).await).0, Code::PermissionDenied);
}
