//! What is broken, through five processes: endpoints, errors and monitors become ranked items and incidents, and end.

use observe_core::{Clock as _, SystemClock};
use observe_proto::monitor::v1::incident_service_client::IncidentServiceClient;
use observe_proto::monitor::v1::{Incident, ListIncidentsRequest, incident};
use observe_proto::reports::v1::error_group::Status;
use observe_proto::reports::v1::error_service_client::ErrorServiceClient;
use observe_proto::reports::v1::overview_item::Kind;
use observe_proto::reports::v1::overview_service_client::OverviewServiceClient;
use observe_proto::reports::v1::usage_service_client::UsageServiceClient;
use observe_proto::reports::v1::{
    GetDailyUsageRequest, GetOverviewRequest, GetOverviewResponse, OverviewItem,
    UpdateErrorGroupRequest, WatchOverviewRequest,
};
use observe_testkit::eventually;
use serde_json::{Value, json};

use crate::cluster::{Cluster, DEADLINE, SECRET_KEY};

fn ago(seconds: i64) -> i64 {
    SystemClock.now().timestamp() - seconds
}

/// A request to the shop's payment, `seconds` ago.
fn request(who: &str, status: i64, seconds: i64) -> Value {
    json!({"name": "$request", "distinct_id": who, "timestamp": ago(seconds), "properties": {
        "service": "shop", "method": "POST", "route": "/pay", "status": status, "duration_ms": 20}})
}

fn exception(who: &str) -> Value {
    json!({"name": "$exception", "distinct_id": who, "session_id": format!("session of {who}"), "properties": {
        "$exception_list": [{"type": "TypeError", "value": "cart is undefined", "stacktrace": {"frames": [
            {"filename": "https://shop.example/checkout.js", "function": "pay", "lineno": 3, "in_app": true}]}}]}})
}

async fn overview(cluster: &Cluster) -> Option<GetOverviewResponse> {
    let mut client = OverviewServiceClient::new(cluster.client(SECRET_KEY));
    Some(client.get_overview(GetOverviewRequest::default()).await.ok()?.into_inner())
}

fn find(overview: &GetOverviewResponse, kind: Kind) -> Option<&OverviewItem> {
    overview.items.iter().find(|item| item.kind() == kind)
}

async fn incidents(cluster: &Cluster) -> Vec<Incident> {
    let mut client = IncidentServiceClient::new(cluster.client(SECRET_KEY));
    let answer = client.list_incidents(ListIncidentsRequest::default()).await;
    answer.map(|answer| answer.into_inner().incidents).unwrap_or_default()
}

/// Sends events, all of which must be accepted.
async fn send(cluster: &Cluster, events: Vec<Value>) {
    let http = reqwest::Client::new();
    let count = events.len();
    let answer = cluster.post(&http, Value::Array(events).to_string()).await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["accepted"], count, "{answer}");
}

/// Two days of a shop that pays, then five people for whom it does not; one of them came first without a name.
async fn break_the_shop(cluster: &Cluster) {
    let good = (0..60).map(|n| request(&format!("user-{}", n % 7), 200, 3_600 + n * 60));
    send(cluster, good.collect()).await;
    let people = ["visitor-1", "user-2", "user-3", "user-4", "user-5"];
    send(
        cluster,
        vec![json!({"name": "$identify", "user_id": "user-1", "anonymous_id": "visitor-1"})],
    )
    .await;
    let failed = people.iter().chain(&["user-1"]).flat_map(|who| {
        [request(who, 500, 20), request(who, 500, 10), exception(who), exception(who)]
    });
    send(cluster, failed.collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_is_ranked_told_as_an_incident_and_ends() {
    let mut cluster = Cluster::start().await;
    let quiet = eventually(DEADLINE, "a first overview", async || overview(&cluster).await).await;
    assert!(quiet.is_empty && quiet.items.is_empty() && quiet.unavailable.is_empty(), "{quiet:?}");

    break_the_shop(&cluster).await;
    let broken = eventually(DEADLINE, "both to show", async || {
        let now = overview(&cluster).await?;
        let endpoint = find(&now, Kind::EndpointFailing)?;
        let error = find(&now, Kind::ErrorSpike).or_else(|| find(&now, Kind::ErrorNew))?;
        (endpoint.people_affected == 5 && error.people_affected == 5).then_some(now)
    })
    .await;
    let first = &broken.items[0];
    assert_eq!(first.title, "POST /pay is failing", "of equal rank, the endpoint comes first");
    assert_eq!(first.link, "endpoints/one?service=shop&method=POST&route=%2Fpay");
    assert!(first.measure.contains("errors (was 0 %)"), "{}", first.measure);
    let error = broken.items.iter().find(|item| item.link.starts_with("errors/")).unwrap();
    assert_eq!(error.title, "TypeError: cart is undefined");
    // The day's numbers may be some seconds older than what is broken.
    eventually(DEADLINE, "the day's numbers to count the errors", async || {
        let numbers = overview(&cluster).await?.numbers?;
        (numbers.errors?.value == 12.0 && numbers.people_days.len() == 14).then_some(())
    })
    .await;

    let mut watch = OverviewServiceClient::new(cluster.client(SECRET_KEY));
    let mut watched =
        watch.watch_overview(WatchOverviewRequest::default()).await.unwrap().into_inner();
    let told = watched.message().await.unwrap().unwrap().overview.unwrap();
    assert_eq!(told.items.len(), broken.items.len(), "a viewer sees the same at once");

    let opened = eventually(DEADLINE, "the incident to open", async || {
        let all = incidents(&cluster).await;
        all.into_iter().find(|one| one.kind() == incident::Kind::EndpointFailing)
    })
    .await;
    assert_eq!(opened.title, "POST /pay is failing");
    assert_eq!(opened.subject, "shop POST /pay");
    eventually(DEADLINE, "the item to know its incident", async || {
        let now = overview(&cluster).await?;
        (find(&now, Kind::EndpointFailing)?.incident_id == opened.id).then_some(())
    })
    .await;

    resolving_hides_an_error_and_a_regression_shows_it_again(&cluster, &error.subject).await;
    daily_usage_counts_the_day(&cluster).await;

    cluster.monitor.kill();
    let without = eventually(DEADLINE, "an overview without monitor", async || {
        overview(&cluster).await.filter(|now| now.unavailable == ["monitor"])
    })
    .await;
    assert!(find(&without, Kind::EndpointFailing).is_some(), "the rest is answered");
}

async fn resolving_hides_an_error_and_a_regression_shows_it_again(cluster: &Cluster, group: &str) {
    let mut errors = ErrorServiceClient::new(cluster.client(SECRET_KEY));
    let request = UpdateErrorGroupRequest {
        error_group_id: group.to_owned(),
        status: Status::Resolved.into(),
        ..Default::default()
    };
    errors.update_error_group(request).await.unwrap();
    let shows = async |wanted: bool| {
        let now = overview(cluster).await?;
        let found = now.items.iter().any(|item| item.subject == group);
        (found == wanted).then_some(())
    };
    eventually(DEADLINE, "the resolved error to go", async || shows(false).await).await;
    send(cluster, ["user-2", "user-3", "user-4"].map(exception).to_vec()).await;
    eventually(DEADLINE, "the regression to show", async || shows(true).await).await;
}

async fn daily_usage_counts_the_day(cluster: &Cluster) {
    let mut usage = UsageServiceClient::new(cluster.client(SECRET_KEY));
    let answer = usage.get_daily_usage(GetDailyUsageRequest::default()).await.unwrap().into_inner();
    assert_eq!(answer.time_zone, "UTC");
    let today = answer.days.last().unwrap();
    assert!(today.partial);
    // The good requests began up to two hours ago, which may be yesterday; all errors are of today, unless midnight was
    // between.
    let total = |of: fn(&observe_proto::reports::v1::DailyUsage) -> i64| -> i64 {
        answer.days.iter().map(of).sum()
    };
    assert_eq!(total(|day| day.events), 60 + 1 + 24 + 3);
    assert_eq!(total(|day| day.errors), 12 + 3);
    assert_eq!(total(|day| day.requests), 60 + 12);
    assert!(today.sessions >= 3 && today.active_persons >= 3, "{today:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_is_told_first() {
    let cluster = Cluster::start().await;
    eventually(DEADLINE, "a first overview", async || overview(&cluster).await).await;
    cluster.stores.kill_postgres().await;
    let now = eventually(DEADLINE, "the store's trouble to show", async || {
        overview(&cluster).await.filter(|now| find(now, Kind::StoreTrouble).is_some())
    })
    .await;
    assert_eq!(now.items[0].kind(), Kind::StoreTrouble);
    assert!(now.unavailable.contains(&"events".to_owned()), "{:?}", now.unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_over_is_rolled_up() {
    let mut cluster = Cluster::start().await;
    let yesterday =
        |who: &str| json!({"name": "$pageview", "distinct_id": who, "timestamp": ago(26 * 3_600)});
    send(&cluster, vec![yesterday("ada"), yesterday("ada"), yesterday("grace")]).await;
    cluster.at_rest(3).await;
    // The first round comes some seconds after a start.
    cluster.kill_and_restart_reports();
    let database = cluster.sql().await;
    let (events, persons) = eventually(DEADLINE, "the day to be rolled up", async || {
        let row: Option<(i64, i64)> =
            sqlx::query_as("select events, active_persons from reports.daily_usage")
                .fetch_optional(&database)
                .await
                .ok()?;
        row
    })
    .await;
    assert_eq!((events, persons), (3, 2));
}
