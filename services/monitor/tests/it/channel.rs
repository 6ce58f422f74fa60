use std::time::Duration;

use observe_core::{Clock as _, SystemClock};
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::alert_channel::Address;
use observe_proto::monitor::v1::alert_channel_service_client::AlertChannelServiceClient;
use observe_proto::monitor::v1::incident::{Kind, Severity};
use observe_proto::monitor::v1::incident_entry;
use observe_testkit::eventually;
use serde_json::Value;
use standardwebhooks::Webhook;
use tonic::Code;

use crate::support::{DEADLINE, TestMonitor, project, reason, violations};
use crate::targets::{Received, WebServer};

fn channel(url: &str) -> pb::AlertChannel {
    pb::AlertChannel {
        name: "Ops".into(),
        address: Some(Address::Webhook(pb::Webhook { url: url.to_owned() })),
        ..Default::default()
    }
}

async fn create(service: &TestMonitor, url: &str) -> (pb::AlertChannel, String) {
    let request =
        pb::CreateAlertChannelRequest { alert_channel: Some(channel(url)), ..Default::default() };
    let made = service.channels().create_alert_channel(request).await.unwrap().into_inner();
    (made.alert_channel.unwrap(), made.secret)
}

async fn list(service: &TestMonitor) -> Vec<pb::AlertChannel> {
    let request = pb::ListAlertChannelsRequest::default();
    service.channels().list_alert_channels(request).await.unwrap().into_inner().alert_channels
}

async fn open(service: &TestMonitor, subject: &str) -> pb::Incident {
    let now = SystemClock.now().timestamp();
    let request = pb::OpenIncidentRequest {
        project_id: service.project.to_string(),
        kind: Kind::ErrorSpike.into(),
        subject: subject.into(),
        severity: Severity::Critical.into(),
        title: "TypeError in checkout".into(),
        since_time: Some(prost_types::Timestamp { seconds: now, nanos: 0 }),
        ..Default::default()
    };
    service.signals().open_incident(request).await.unwrap().into_inner().incident.unwrap()
}

async fn close(service: &TestMonitor, subject: &str) {
    let request = pb::CloseIncidentRequest {
        project_id: service.project.to_string(),
        kind: Kind::ErrorSpike.into(),
        subject: subject.into(),
    };
    eventually(DEADLINE, "the signal to be taken", async || {
        service.signals().close_incident(request.clone()).await.is_ok()
    })
    .await;
}

/// Verifies a message with the library of the standard, and returns its JSON.
fn verified(received: &Received, secret: &str) -> Value {
    let mut headers = std::collections::HashMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name.to_owned(), received.header(name).unwrap().to_owned());
    }
    let headers = http::HeaderMap::try_from(&headers).unwrap();
    Webhook::new(secret).unwrap().verify(received.body.as_bytes(), &headers).unwrap();
    serde_json::from_str(&received.body).unwrap()
}

async fn messages(receiver: &WebServer, count: usize) -> Vec<Received> {
    eventually(DEADLINE, "the messages", async || {
        let requests = receiver.requests();
        (requests.len() >= count).then_some(requests)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_told_signed_and_in_order() {
    let public_url = Some("https://observe.example.com".to_owned());
    let service = TestMonitor::start_with(|config| config.public_url = public_url).await;
    let receiver = WebServer::start().await;
    let (made, secret) = create(&service, &receiver.url()).await;
    assert!(secret.starts_with("whsec_"));
    let incident = open(&service, "a").await;
    close(&service, "a").await;
    let told = messages(&receiver, 2).await;
    let [opened, closed] = [0, 1].map(|at| verified(&told[at], &secret));
    assert_eq!(
        (&opened["type"], &closed["type"]),
        (&"incident.opened".into(), &"incident.closed".into())
    );
    let data = &opened["data"];
    assert_eq!(data["id"], incident.id);
    assert_eq!(
        (&data["kind"], &data["severity"]),
        (&"KIND_ERROR_SPIKE".into(), &"SEVERITY_CRITICAL".into())
    );
    assert_eq!(data["title"], "TypeError in checkout");
    assert!(data["url"].as_str().unwrap().starts_with("https://observe.example.com/p/"));
    assert!(!closed["data"]["closedTime"].is_null());
    assert_ne!(told[0].header("webhook-id"), told[1].header("webhook-id"));
    use incident_entry::Kind as Entry;
    eventually(DEADLINE, "both to be noted", async || {
        let timeline = service.timeline(&incident.id).await;
        timeline.iter().filter(|kind| **kind == Entry::AlertDelivered).count() == 2
    })
    .await;
    let shown = list(&service).await.remove(0);
    assert_eq!(shown.id, made.id);
    assert!(shown.last_attempt.unwrap().delivered && shown.disabled_reason.is_empty());
    let stored: Vec<u8> = sqlx::query_scalar("select secret from monitor.alert_channel")
        .fetch_one(&service.sql().await)
        .await
        .unwrap();
    assert!(!stored.windows(secret.len()).any(|part| part == secret.as_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_is_sent_again_under_its_id_before_those_behind_it() {
    let (service, receiver) = (TestMonitor::start().await, WebServer::start().await);
    let (_, secret) = create(&service, &receiver.url()).await;
    receiver.set_status(500);
    let incident = open(&service, "a").await;
    close(&service, "a").await;
    messages(&receiver, 1).await;
    use incident_entry::Kind as Entry;
    eventually(DEADLINE, "the failure to be noted", async || {
        service.timeline(&incident.id).await.contains(&Entry::AlertFailed)
    })
    .await;
    let failed = list(&service).await.remove(0).last_attempt.unwrap();
    assert_eq!((failed.delivered, failed.status_code), (false, 500));
    receiver.set_status(204);
    let told = messages(&receiver, 3).await;
    let types: Vec<_> =
        told.iter().map(|message| verified(message, &secret)["type"].to_string()).collect();
    assert_eq!(types, [r#""incident.opened""#, r#""incident.opened""#, r#""incident.closed""#]);
    assert_eq!(told[0].header("webhook-id"), told[1].header("webhook-id"));
    assert_eq!(told[0].body, told[1].body, "the same bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_may_ask_us_to_wait() {
    let (service, receiver) = (TestMonitor::start().await, WebServer::start().await);
    create(&service, &receiver.url()).await;
    receiver.set_status(429);
    receiver.set_header("retry-after: 3600");
    open(&service, "a").await;
    let wait: f64 = eventually(DEADLINE, "the wait", async || {
        let wait: Option<f64> = sqlx::query_scalar(
            "select extract(epoch from due_at - now())::float8 from monitor.delivery where attempt = 1",
        )
        .fetch_optional(&service.sql().await)
        .await
        .unwrap();
        wait
    })
    .await;
    assert!((3_500.0..=3_600.0).contains(&wait), "{wait}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_disabled_until_it_is_saved_again() {
    let (service, receiver) = (TestMonitor::start().await, WebServer::start().await);
    let (made, _) = create(&service, &receiver.url()).await;
    receiver.set_status(410);
    open(&service, "a").await;
    eventually(DEADLINE, "the channel to be disabled", async || {
        list(&service).await[0].disabled_reason.contains("410")
    })
    .await;
    receiver.set_status(200);
    open(&service, "b").await;
    let waiting: i64 = sqlx::query_scalar("select count(*) from monitor.delivery where state = 0")
        .fetch_one(&service.sql().await)
        .await
        .unwrap();
    assert_eq!(waiting, 0, "nothing is kept for a disabled channel");
    let request = pb::UpdateAlertChannelRequest {
        alert_channel: Some(pb::AlertChannel { id: made.id, ..channel(&receiver.url()) }),
        ..Default::default()
    };
    let saved = service.channels().update_alert_channel(request).await.unwrap().into_inner();
    assert!(saved.alert_channel.unwrap().disabled_reason.is_empty());
    open(&service, "c").await;
    assert_eq!(messages(&receiver, 2).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_a_failure_and_a_slow_receiver_is_not_waited_for() {
    let (service, receiver) = (TestMonitor::start().await, WebServer::start().await);
    let (made, _) = create(&service, &receiver.url()).await;
    let test = async || {
        let request =
            pb::TestAlertChannelRequest { alert_channel_id: made.id.clone(), ..Default::default() };
        let tested = service.channels().test_alert_channel(request).await.unwrap();
        tested.into_inner().attempt.unwrap()
    };
    let good = test().await;
    assert!(good.delivered && good.message.is_empty());
    assert!(receiver.requests()[0].body.contains(r#""type":"test""#));
    receiver.set_status(302);
    receiver.set_header("location: http://127.0.0.1/");
    let redirected = test().await;
    assert!(!redirected.delivered && redirected.message.contains("redirects"));
    receiver.set_delay(Duration::from_secs(40));
    let slow = test().await;
    assert_eq!((slow.delivered, slow.status_code), (false, 0));
    assert!(slow.message.contains("15 s"), "{}", slow.message);
    let noted = list(&service).await.remove(0).last_attempt.unwrap();
    assert_eq!((noted.delivered, noted.message), (false, slow.message));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_survives_a_store_that_dies_between_sending_and_noting() {
    let (service, receiver) = (TestMonitor::start().await, WebServer::start().await);
    let (_, secret) = create(&service, &receiver.url()).await;
    receiver.set_delay(Duration::from_millis(1_500));
    open(&service, "a").await;
    messages(&receiver, 1).await;
    service.stores.kill_postgres().await;
    receiver.set_delay(Duration::ZERO);
    service.stores.start_postgres().await;
    // Whether the first attempt could be noted or not: the message was told, and is told at least once.
    let told = messages(&receiver, 1).await;
    assert_eq!(verified(&told[0], &secret)["type"], "incident.opened");
    close(&service, "a").await;
    let deadline = Duration::from_secs(120);
    eventually(deadline, "the end to be told", async || {
        let last = receiver.requests().pop().unwrap();
        verified(&last, &secret)["type"] == "incident.closed"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_judged_and_channels_belong_to_their_project() {
    let (service, receiver) = (TestMonitor::start().await, WebServer::start().await);
    for url in ["http://169.254.169.254/", "http://10.0.0.1/hook", "nonsense"] {
        let request = pb::CreateAlertChannelRequest {
            alert_channel: Some(channel(url)),
            ..Default::default()
        };
        let refused = service.channels().create_alert_channel(request).await;
        assert_eq!(violations(refused), ["alert_channel.webhook.url"], "{url}");
    }
    let empty = pb::CreateAlertChannelRequest::default();
    assert_eq!(violations(service.channels().create_alert_channel(empty).await).len(), 2);
    let (made, _) = create(&service, &receiver.url()).await;
    let mut other = AlertChannelServiceClient::new(service.as_key(project(2)));
    let request =
        pb::TestAlertChannelRequest { alert_channel_id: made.id.clone(), ..Default::default() };
    assert_eq!(reason(other.test_alert_channel(request).await).0, Code::NotFound);
    let request =
        pb::DeleteAlertChannelRequest { alert_channel_id: made.id.clone(), ..Default::default() };
    assert_eq!(reason(other.delete_alert_channel(request.clone()).await).0, Code::NotFound);
    service.channels().delete_alert_channel(request).await.unwrap();
    assert!(list(&service).await.is_empty());
    for _ in 0..20 {
        create(&service, &receiver.url()).await;
    }
    let request = pb::CreateAlertChannelRequest {
        alert_channel: Some(channel(&receiver.url())),
        ..Default::default()
    };
    let full = reason(service.channels().create_alert_channel(request).await);
    assert_eq!(full.0, Code::ResourceExhausted);
}
