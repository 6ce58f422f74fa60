use observe_proto::common::v1::Role;
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::incident::{Kind, Severity};
use observe_proto::monitor::v1::incident_entry;
use observe_proto::monitor::v1::incident_service_client::IncidentServiceClient;
use observe_proto::monitor::v1::incident_signal_service_client::IncidentSignalServiceClient;
use observe_proto::monitor::v1::monitor::State;
use prost_types::Timestamp;
use tonic::Code;

use crate::support::{TestMonitor, http, project, reason, violations};
use crate::targets::WebServer;

fn spike(service: &TestMonitor, subject: &str) -> pb::OpenIncidentRequest {
    pb::OpenIncidentRequest {
        project_id: service.project.to_string(),
        kind: Kind::ErrorSpike.into(),
        subject: subject.into(),
        severity: Severity::Warning.into(),
        title: "TypeError in checkout".into(),
        detail: "12 times in a minute.".into(),
        since_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        link: "errors/1".into(),
    }
}

async fn open(service: &TestMonitor, request: pb::OpenIncidentRequest) -> pb::Incident {
    service.signals().open_incident(request).await.unwrap().into_inner().incident.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_is_one_incident_for_as_long_as_it_lasts() {
    let service = TestMonitor::start().await;
    let first = open(&service, spike(&service, "a")).await;
    let worse = pb::OpenIncidentRequest {
        severity: Severity::Critical.into(),
        title: "x".repeat(400),
        ..spike(&service, "a")
    };
    let again = open(&service, worse).await;
    assert_eq!((&again.id, again.severity()), (&first.id, Severity::Critical));
    assert_eq!(again.title.len(), 300, "it is cut");
    assert_ne!(open(&service, spike(&service, "b")).await.id, first.id);
    let close = || pb::CloseIncidentRequest {
        project_id: service.project.to_string(),
        kind: Kind::ErrorSpike.into(),
        subject: "a".into(),
    };
    for _ in 0..2 {
        service.signals().close_incident(close()).await.unwrap();
    }
    assert_ne!(open(&service, spike(&service, "a")).await.id, first.id, "it happens again");
    use incident_entry::Kind as Entry;
    let timeline = service.timeline(&first.id).await;
    assert_eq!(timeline, [Entry::Opened, Entry::Changed, Entry::Closed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_resolved_by_hand_stays_so_until_the_signal_has_ended() {
    let service = TestMonitor::start().await;
    let first = open(&service, spike(&service, "a")).await;
    let mut session = IncidentServiceClient::new(service.as_role(Role::Member));
    let request = pb::AcknowledgeIncidentRequest {
        project_id: service.project.to_string(),
        incident_id: first.id.clone(),
    };
    for _ in 0..2 {
        let known = session.acknowledge_incident(request.clone()).await.unwrap().into_inner();
        let known = known.incident.unwrap();
        assert!(known.acknowledged_time.is_some() && !known.acknowledged_by.is_empty());
    }
    let resolve = pb::ResolveIncidentRequest {
        project_id: service.project.to_string(),
        incident_id: first.id.clone(),
    };
    for _ in 0..2 {
        let resolved = session.resolve_incident(resolve.clone()).await.unwrap().into_inner();
        assert!(resolved.incident.unwrap().closed_time.is_some());
    }
    let late = reason(session.acknowledge_incident(request).await);
    assert_eq!(late.0, Code::FailedPrecondition);
    assert_eq!(open(&service, spike(&service, "a")).await.id, first.id, "the same signal");
    let later = pb::OpenIncidentRequest {
        since_time: Some(Timestamp { seconds: 4_000_000_000, nanos: 0 }),
        ..spike(&service, "a")
    };
    assert_ne!(open(&service, later).await.id, first.id, "a new one");
    use incident_entry::Kind as Entry;
    let timeline = service.timeline(&first.id).await;
    assert_eq!(timeline, [Entry::Opened, Entry::Acknowledged, Entry::Resolved]);
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_listed_open_ones_first_page_by_page() {
    let service = TestMonitor::start().await;
    for n in 0..5_i64 {
        let since_time = Some(Timestamp { seconds: 1_700_000_000 + n, nanos: 0 });
        let request = pb::OpenIncidentRequest { since_time, ..spike(&service, &format!("s{n}")) };
        open(&service, request).await;
    }
    for n in [3, 4] {
        let request = pb::CloseIncidentRequest {
            project_id: service.project.to_string(),
            kind: Kind::ErrorSpike.into(),
            subject: format!("s{n}"),
        };
        service.signals().close_incident(request).await.unwrap();
    }
    let mut request = pb::ListIncidentsRequest { page_size: 2, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let page = service.incidents().list_incidents(request.clone()).await.unwrap().into_inner();
        seen.extend(page.incidents.into_iter().map(|incident| incident.subject));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(seen, ["s2", "s1", "s0", "s4", "s3"]);
    let open_only = pb::ListIncidentsRequest { open_only: true, ..Default::default() };
    let open = service.incidents().list_incidents(open_only).await.unwrap().into_inner();
    assert_eq!(open.incidents.len(), 3);
    let bad =
        pb::ListIncidentsRequest { page_token: "x".into(), page_size: -1, ..Default::default() };
    assert_eq!(violations(service.incidents().list_incidents(bad).await).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_are_for_services_and_incidents_for_their_project() {
    let service = TestMonitor::start().await;
    let first = open(&service, spike(&service, "a")).await;
    let mut key = IncidentSignalServiceClient::new(service.as_key(service.project));
    let refused = reason(key.open_incident(spike(&service, "a")).await);
    assert_eq!(refused.0, Code::PermissionDenied);
    let empty = service.signals().open_incident(pb::OpenIncidentRequest::default()).await;
    assert_eq!(violations(empty).len(), 6);
    let own = pb::OpenIncidentRequest { kind: Kind::MonitorDown.into(), ..spike(&service, "a") };
    assert_eq!(violations(service.signals().open_incident(own).await), ["kind"]);
    let mut other = IncidentServiceClient::new(service.as_key(project(2)));
    let request = pb::GetIncidentRequest { incident_id: first.id.clone(), ..Default::default() };
    assert_eq!(reason(other.get_incident(request).await).0, Code::NotFound);
    let request = pb::ResolveIncidentRequest { incident_id: first.id, ..Default::default() };
    assert_eq!(reason(other.resolve_incident(request).await).0, Code::NotFound);
    let list = other.list_incidents(pb::ListIncidentsRequest::default()).await.unwrap();
    assert!(list.into_inner().incidents.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_service_learns_how_the_monitors_are() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    let ids = [service.create(http(&shop.url())).await.unwrap().id, {
        let bad = crate::support::http_with(&shop.url(), |http| http.keyword = "never".into());
        service.create(bad).await.unwrap().id
    }];
    service.is(&ids[0], State::Up).await;
    service.is(&ids[1], State::Down).await;
    open(&service, spike(&service, "a")).await;
    let request = pb::GetMonitorStateRequest { project_id: service.project.to_string() };
    let state = service.signals().get_monitor_state(request).await.unwrap().into_inner();
    assert_eq!((state.monitors, state.monitors_up, state.open_incidents.len()), (2, 1, 2));
    let hosts: Vec<_> = state.open_incidents.iter().map(|open| open.target_host.as_str()).collect();
    assert_eq!(hosts, ["127.0.0.1", ""], "the latest first");
    assert!(state.last_closed_time.is_none());
    let now = observe_core::Clock::now(&observe_core::SystemClock).timestamp();
    let at = |seconds: i64| Some(Timestamp { seconds, nanos: 0 });
    let range = observe_proto::common::v1::TimeRange {
        start_time: at(now - 7_200),
        end_time: at(now + 3_600),
    };
    let request =
        pb::CountChecksRequest { project_id: service.project.to_string(), range: Some(range) };
    let hours = service.signals().count_checks(request).await.unwrap().into_inner().hours;
    assert!(hours.iter().map(|hour| hour.up).sum::<i64>() >= 1);
    assert!(hours.iter().map(|hour| hour.down).sum::<i64>() >= 1);
}
