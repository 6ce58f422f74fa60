//! `observe demo` against five processes: it fills a project once, whatever cuts it short and how often it is run.

use std::process::Output;
use std::time::Duration;

use observe_proto::events::v1::event_service_client::EventServiceClient;
use observe_proto::events::v1::{ListEventDefinitionsRequest, ListEventDefinitionsResponse};
use observe_testkit::{TestCommand, eventually};
use serde_json::json;

use crate::cluster::{BINARY, Cluster, DEADLINE, SECRET_KEY};

/// How long a run may take.
const RUN_TIMEOUT: Duration = Duration::from_secs(120);

fn command(cluster: &Cluster, name: &str, people: &str) -> TestCommand {
    TestCommand::new(name, BINARY)
        .arg("demo")
        .arg("--url")
        .arg(&cluster.base)
        .arg("--secret-key")
        .arg(SECRET_KEY)
        .arg("--people")
        .arg(people)
        .arg("--days")
        .arg("3")
}

/// Runs it to its end and returns what it said.
async fn run(cluster: &Cluster, name: &str, people: &str) -> String {
    let mut process = command(cluster, name, people).start(cluster.stores.dir());
    let ended = process.exit(RUN_TIMEOUT).await;
    assert!(ended.success(), "{ended}: {}", process.log_tail());
    process.log()
}

/// Returns how many events the demo says it has sent, its own marks left out.
fn sent(log: &str) -> i64 {
    let line = log.lines().find(|line| line.starts_with("Events    100 %")).unwrap();
    line.split_whitespace().nth(3).unwrap().replace(',', "").parse().unwrap()
}

async fn definitions(cluster: &Cluster) -> ListEventDefinitionsResponse {
    let mut events = EventServiceClient::new(cluster.client(SECRET_KEY));
    let request = ListEventDefinitionsRequest::default();
    events.list_event_definitions(request).await.unwrap().into_inner()
}

/// Returns how many stored events have this name.
async fn count(cluster: &Cluster, name: &str) -> i64 {
    let found = definitions(cluster).await.event_definitions;
    found.iter().find(|one| one.name == name).map_or(0, |one| one.event_count)
}

/// Waits until nothing is under way, and returns how many events of the shop are stored.
async fn shop_events(cluster: &Cluster) -> i64 {
    let stored = cluster.at_rest(1).await.stored;
    eventually(DEADLINE, "the definitions to be counted", async || {
        let found = definitions(cluster).await.event_definitions;
        let all: i64 = found.iter().map(|one| one.event_count).sum();
        let marks =
            found.iter().find(|one| one.name == "demo_run").map_or(0, |one| one.event_count);
        (all == stored).then_some(all - marks)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_fills_a_project_once() {
    let cluster = Cluster::start().await;
    let first = run(&cluster, "demo-1", "50").await;
    let filled = shop_events(&cluster).await;
    assert_eq!(filled, sent(&first), "all that was sent is stored, once");
    for name in ["$pageview", "product_viewed", "added_to_cart", "$identify", "$exception"] {
        assert!(count(&cluster, name).await > 0, "there is no {name}");
    }
    assert!(
        first.contains("What to look at:") && first.contains("/insights?tab=funnel"),
        "{first}"
    );

    let second = run(&cluster, "demo-2", "50").await;
    assert!(second.contains("there already"), "{second}");
    // Another scale is not mixed in: what was begun here counts.
    run(&cluster, "demo-3", "70").await;
    assert_eq!(shop_events(&cluster).await, filled);
    assert_eq!(cluster.at_rest(1).await.duplicates, 0, "nothing of the shop was sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_was_killed_goes_on_where_it_stopped() {
    let cluster = Cluster::start().await;
    let mut killed = command(&cluster, "demo-1", "400").start(cluster.stores.dir());
    let log = || killed.log();
    eventually(RUN_TIMEOUT, "a quarter of the events", async || {
        log().contains("Events     25 %").then_some(())
    })
    .await;
    killed.kill();
    let second = run(&cluster, "demo-2", "400").await;
    assert_eq!(shop_events(&cluster).await, sent(&second), "what was there was not doubled");
    assert!(cluster.at_rest(1).await.duplicates > 0, "the first part was sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_with_events_of_its_own_is_left_alone() {
    let cluster = Cluster::start().await;
    let event = json!({"anonymous_id": "usr_abc123", "name": "button_clicked"});
    cluster.post(&reqwest::Client::new(), event.to_string()).await.unwrap();
    cluster.at_rest(1).await;
    let mut process = command(&cluster, "demo", "50").start(cluster.stores.dir());
    let ended = process.exit(RUN_TIMEOUT).await;
    assert_eq!(ended.code(), Some(78));
    assert!(process.log().contains("--anyway"), "{}", process.log());
    assert_eq!(cluster.at_rest(1).await.accepted, 1);
}

#[test]
fn a_server_that_does_not_run_is_named() {
    let Output { status, stderr, .. } = std::process::Command::new(BINARY)
        .args(["demo", "--url", "http://127.0.0.1:1", "--secret-key", SECRET_KEY])
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(status.code(), Some(78));
    let said = String::from_utf8_lossy(&stderr);
    assert!(said.contains("http://127.0.0.1:1") && said.contains("observe up"), "{said}");
}
