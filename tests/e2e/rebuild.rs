//! `observe rebuild-projection`: every answer is the same before, meanwhile and after, with merges, late events and an erasure,
//! and a kill in the middle leaves what was there.

use observe_core::{Clock as _, SystemClock};
use observe_proto::common::v1::{Scope, TimeRange};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::insight_service_client::InsightServiceClient;
use observe_proto::reports::v1::projection_service_client::ProjectionServiceClient;
use observe_testkit::{TestCommand, TestProcess, eventually};
use pb::projection_rebuild::State;
use prost_types::Timestamp;
use serde_json::{Value, json};

use crate::cluster::{BINARY, Cluster, DEADLINE, SECRET_KEY};

const USERS: i64 = 200;
const BATCHES: i64 = 60;
const BATCH: i64 = 500;
/// Those of one user of the batches, who is erased.
const ERASED: i64 = BATCHES * BATCH / USERS;
const DAY_SECONDS: i64 = 86_400;

/// Sends events of the last days, of which every tenth is late, then merges.
async fn visit(cluster: &Cluster) {
    let (http, now) = (reqwest::Client::new(), SystemClock.now().timestamp());
    for batch in 0..BATCHES {
        let event = |n: i64| {
            let late = if n % 10 == 0 { 3 * DAY_SECONDS } else { 0 };
            let time = now - DAY_SECONDS - (BATCHES - batch) * 2_000 - late + n;
            let name = ["viewed", "filled", "bought"][usize::try_from(n % 3).unwrap()];
            json!({
                "anonymous_id": format!("visitor {}", n % USERS), "timestamp": time * 1_000,
                "name": name,
                "properties": {"browser": format!("b{}", n % 4), "page": format!("/{}/{batch}", n % 7)},
            })
        };
        let events: Value = (0..BATCH).map(|n| event(batch * BATCH + n)).collect();
        assert_eq!(cluster.post(&http, events.to_string()).await.unwrap().status(), 202);
    }
    let identify = |n: i64| {
        json!({
            "name": "$identify", "anonymous_id": format!("visitor {n}"),
            "user_id": format!("user {}", n / 2),
            "properties": {"$set": {"plan": format!("p{}", n % 3)}},
        })
    };
    let identities: Value = (0..USERS / 2).map(identify).collect();
    assert_eq!(cluster.post(&http, identities.to_string()).await.unwrap().status(), 202);
}

fn range() -> Option<TimeRange> {
    let now = SystemClock.now().timestamp() / DAY_SECONDS * DAY_SECONDS;
    let at = |days| Some(Timestamp { seconds: now + days * DAY_SECONDS, nanos: 0 });
    Some(TimeRange { start_time: at(-10), end_time: at(2) })
}

fn trends(
    math: pb::trends_series::Math,
    breakdown: Option<pb::Breakdown>,
) -> pb::QueryTrendsRequest {
    let series = |event: &str| pb::TrendsSeries {
        event: event.into(),
        math: math.into(),
        ..pb::TrendsSeries::default()
    };
    pb::QueryTrendsRequest {
        range: range(),
        series: ["viewed", "filled", "bought"].map(series).to_vec(),
        breakdown,
        ..pb::QueryTrendsRequest::default()
    }
}

/// Answers to questions of several kinds, as texts; `None` while there are none.
async fn answers(cluster: &Cluster) -> Option<Vec<String>> {
    use pb::trends_series::Math;
    let mut insights = InsightServiceClient::new(cluster.client(SECRET_KEY));
    let by = |property: &str, scope: Scope| {
        let (property, scope) = (property.to_owned(), scope.into());
        Some(pb::Breakdown { property, scope, ..pb::Breakdown::default() })
    };
    let mut found = Vec::new();
    for math in [Math::Total, Math::UniquePersons] {
        for breakdown in [None, by("browser", Scope::Event), by("plan", Scope::Person)] {
            let answer = insights.query_trends(trends(math, breakdown)).await.ok()?;
            found.push(format!("{:?}", answer.into_inner()));
        }
    }
    let step = |event: &str| pb::FunnelStep { event: event.into(), ..Default::default() };
    let steps = ["viewed", "filled", "bought"].map(step).to_vec();
    let funnel = pb::QueryFunnelRequest { range: range(), steps, ..Default::default() };
    found.push(format!("{:?}", insights.query_funnel(funnel).await.ok()?.into_inner()));
    let event = |name: &str| Some(pb::RetentionEvent { event: name.into(), filter: None });
    let retention = pb::QueryRetentionRequest {
        range: range(),
        start_event: event("viewed"),
        return_event: event("bought"),
        ..Default::default()
    };
    found.push(format!("{:?}", insights.query_retention(retention).await.ok()?.into_inner()));
    let event = "viewed".to_owned();
    let lifecycle = pb::QueryLifecycleRequest { range: range(), event, ..Default::default() };
    found.push(format!("{:?}", insights.query_lifecycle(lifecycle).await.ok()?.into_inner()));
    Some(found)
}

async fn total(cluster: &Cluster) -> Option<f64> {
    let mut insights = InsightServiceClient::new(cluster.client(SECRET_KEY));
    let question = trends(pb::trends_series::Math::Total, None);
    let answer = insights.query_trends(question).await.ok()?.into_inner();
    Some(answer.series.iter().map(|series| series.total).sum())
}

/// The persons who did something, and how many of them have a plan.
async fn persons(cluster: &Cluster) -> Option<i64> {
    let mut insights = InsightServiceClient::new(cluster.client(SECRET_KEY));
    let step = |event: &str| pb::FunnelStep { event: event.into(), ..Default::default() };
    let steps = ["viewed", "filled"].map(step).to_vec();
    let funnel = pb::QueryFunnelRequest { range: range(), steps, ..Default::default() };
    Some(insights.query_funnel(funnel).await.ok()?.into_inner().steps.first()?.persons)
}

async fn rebuild(cluster: &Cluster) -> Option<pb::ProjectionRebuild> {
    let mut projections = ProjectionServiceClient::new(cluster.client(SECRET_KEY));
    let request = pb::GetProjectionRebuildRequest::default();
    projections.get_projection_rebuild(request).await.ok()?.into_inner().rebuild
}

fn command(cluster: &Cluster, name: &str, words: &[&str]) -> TestProcess {
    TestCommand::new(name, BINARY)
        .args(words)
        .args(["--url", &cluster.base])
        .env("OBSERVE_BOOTSTRAP_SECRET_KEY", SECRET_KEY)
        .start(cluster.stores.dir())
}

/// Begins by the command line until it is seen in the middle, which it may pass before anybody looks.
async fn in_the_middle(cluster: &Cluster) -> TestProcess {
    let mut begun = command(cluster, "rebuild", &["rebuild-projection"]);
    eventually(DEADLINE, "the rebuild to be in the middle", async || {
        if !begun.is_running() {
            begun = command(cluster, "rebuild", &["rebuild-projection"]);
        }
        let rebuild = rebuild(cluster).await;
        rebuild.is_some_and(|one| {
            one.state() == State::Running && (1..one.total_events).contains(&one.events)
        })
    })
    .await;
    begun
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_the_same_before_meanwhile_and_after_and_after_a_kill() {
    let mut cluster = Cluster::start().await;
    visit(&cluster).await;
    cluster.at_rest(BATCHES * BATCH + USERS / 2).await;
    let mut erased = command(&cluster, "erased", &["erase-person", "--distinct-id", "visitor 101"]);
    assert!(erased.exit(DEADLINE).await.success(), "{}", erased.log());
    #[expect(clippy::cast_precision_loss, reason = "few")]
    let left = (BATCHES * BATCH - ERASED) as f64;
    eventually(DEADLINE, "all events but those of one", async || {
        total(&cluster).await == Some(left)
    })
    .await;
    // Half of the visitors are two to a person, and one is gone.
    eventually(DEADLINE, "all merges", async || {
        persons(&cluster).await == Some(USERS / 4 + USERS / 2 - 1)
    })
    .await;
    let before = eventually(DEADLINE, "answers", async || answers(&cluster).await).await;

    let mut lost = in_the_middle(&cluster).await;
    assert_eq!(answers(&cluster).await.as_ref(), Some(&before));
    cluster.kill_and_restart_reports();
    eventually(DEADLINE, "the same answers", async || {
        answers(&cluster).await.as_ref() == Some(&before)
    })
    .await;
    // It may have been done before the kill.
    if !lost.exit(DEADLINE).await.success() {
        assert!(lost.log().contains("started anew meanwhile"), "{}", lost.log());
    }

    let mut done = command(&cluster, "rebuilt", &["rebuild-projection"]);
    assert!(done.exit(DEADLINE).await.success(), "{}", done.log());
    let log = done.log();
    assert!(log.contains("100 %") && log.contains("STATE_DONE"), "{log}");
    assert_eq!(answers(&cluster).await.as_ref(), Some(&before));
    cluster.kill_and_restart_reports();
    eventually(DEADLINE, "the same answers", async || {
        answers(&cluster).await.as_ref() == Some(&before)
    })
    .await;
}
