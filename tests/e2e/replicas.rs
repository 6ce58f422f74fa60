//! Two replicas of reports: the other one takes over when the one that owns the projection is killed, or stalls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use observe_core::context::wire::{ContextSigner, METADATA_KEY};
use observe_core::{CallContext, Clock as _, KeyId, Principal, ProjectId, Secret, SystemClock};
use observe_proto::common::v1::{KeyKind, TimeRange};
use observe_proto::reports::v1::insight_service_client::InsightServiceClient;
use observe_proto::reports::v1::overview_service_client::OverviewServiceClient;
use observe_proto::reports::v1::{
    QueryTrendsRequest, QueryTrendsResponse, TrendsSeries, WatchOverviewRequest,
};
use observe_testkit::{TestProcess, eventually};
use prost_types::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use uuid::Uuid;

use crate::cluster::{Cluster, DEADLINE, SECRET};

/// How many questions are under way when the owner stops.
const ASKED: usize = 32;

/// Signs calls as the gateway does for a project's secret key, so that one replica can be asked by itself.
#[derive(Clone)]
struct AsKey(ProjectId);

impl Interceptor for AsKey {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let key = KeyId::new(Uuid::nil());
        let principal = Principal::Key { key, project: self.0, kind: KeyKind::Secret };
        let context =
            CallContext { request_id: "e2e".into(), client_address: String::new(), principal };
        let signer = ContextSigner::new(&Secret::new(SECRET));
        let signed = MetadataValue::from_bytes(&signer.sign_bytes(&context, SystemClock.now()));
        request.metadata_mut().insert_bin(METADATA_KEY, signed);
        Ok(request)
    }
}

type Replica = InterceptedService<Channel, AsKey>;

/// Two replicas with 20 visits stored, the first of which owns the projection.
struct Two {
    cluster: Cluster,
    second: TestProcess,
    asks: [Replica; 2],
    sql: sqlx::PgPool,
}

/// What the row of the lease says: where the owner is, and the fence.
async fn lease(sql: &sqlx::PgPool) -> (String, i64) {
    sqlx::query_as("select url, fence from reports.projection_owner").fetch_one(sql).await.unwrap()
}

async fn send(cluster: &Cluster, visits: usize) {
    let http = reqwest::Client::new();
    let visit = |n| json!({"name": "visit", "distinct_id": format!("user-{}", n % 7)});
    let visits: Vec<Value> = (0..visits).map(visit).collect();
    let answer = cluster.post(&http, Value::Array(visits).to_string()).await.unwrap();
    assert_eq!(answer.status(), 202);
}

async fn ask(replica: &Replica) -> Result<QueryTrendsResponse, Status> {
    let now = SystemClock.now().timestamp();
    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
    let request = QueryTrendsRequest {
        range: Some(TimeRange { start_time: at(now - 86_400), end_time: at(now + 86_400) }),
        series: vec![TrendsSeries { event: "visit".into(), ..Default::default() }],
        ..Default::default()
    };
    let asked = InsightServiceClient::new(replica.clone()).query_trends(request).await;
    asked.map(tonic::Response::into_inner)
}

fn total(answer: &QueryTrendsResponse) -> f64 {
    answer.series[0].total
}

async fn sees(replica: &Replica, visits: f64) {
    let what = format!("{visits} visits");
    eventually(DEADLINE, &what, async || {
        ask(replica).await.is_ok_and(|answer| total(&answer) == visits)
    })
    .await;
}

impl Two {
    async fn start() -> Self {
        let cluster = Cluster::start().await;
        let (second, base) = cluster.start_replica_of_reports();
        send(&cluster, 20).await;
        cluster.at_rest(20).await;
        let sql = cluster.sql().await;
        let project: Uuid = sqlx::query_scalar("select project_id from events.event limit 1")
            .fetch_one(&sql)
            .await
            .unwrap();
        let asks = [cluster.bases().nth(4).unwrap(), base].map(|base| {
            let channel = Endpoint::from_shared(base).unwrap().connect_lazy();
            InterceptedService::new(channel, AsKey(ProjectId::new(project)))
        });
        let two = Self { cluster, second, asks, sql };
        two.both_see(20.0).await;
        assert_eq!(lease(&two.sql).await, (two.first(), 1));
        two
    }

    /// Returns where the first one listens.
    fn first(&self) -> String {
        self.cluster.bases().nth(4).unwrap()
    }

    async fn both_see(&self, visits: f64) {
        sees(&self.asks[0], visits).await;
        sees(&self.asks[1], visits).await;
        let answers = (ask(&self.asks[0]).await.unwrap(), ask(&self.asks[1]).await.unwrap());
        assert_eq!(answers.0.series, answers.1.series);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_owner_is_killed_the_other_one_answers_and_nothing_is_lost_or_doubled() {
    let mut two = Two::start().await;
    let mut overviews = OverviewServiceClient::new(two.asks[1].clone());
    let watched = overviews.watch_overview(WatchOverviewRequest::default()).await.unwrap();
    let mut watched = watched.into_inner();
    assert!(watched.message().await.unwrap().is_some(), "a stream comes through");
    two.cluster.reports.kill();
    send(&two.cluster, 5).await;
    // The question waits for the new owner, so that who asks sees a slow answer, or on a slow machine when to come back.
    let asked = tokio::time::timeout(Duration::from_secs(60), ask(&two.asks[1])).await;
    match asked.expect("it does not hang") {
        Ok(answer) => assert!(total(&answer) >= 20.0, "{answer:?}"),
        Err(refused) => assert_eq!(refused.code(), Code::Unavailable, "{refused}"),
    }
    sees(&two.asks[1], 25.0).await;
    let ended = loop {
        match watched.message().await {
            Ok(Some(_)) => {}
            ended => break ended.expect_err("the stream ends with its owner"),
        }
    };
    assert_eq!(ended.code(), Code::Unavailable);
    assert_eq!(lease(&two.sql).await.1, 2);

    // The first one comes back, stands by, and takes over again when the second one goes.
    two.cluster.kill_and_restart_reports();
    two.both_see(25.0).await;
    assert_eq!(lease(&two.sql).await.1, 2, "who comes back takes nothing away");
    assert!(two.second.terminate(DEADLINE).await.success());
    send(&two.cluster, 1).await;
    sees(&two.asks[0], 26.0).await;
    assert_eq!(lease(&two.sql).await, (two.first(), 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_stalls_neither_writes_nor_answers_what_is_old() {
    let mut two = Two::start().await;
    // Some of these are answered, some are being answered when it stops, and some wait in its socket.
    let is_awake = Arc::new(AtomicBool::new(false));
    let mut asked = JoinSet::new();
    for _ in 0..ASKED {
        let (stalled, is_awake) = (two.asks[0].clone(), Arc::clone(&is_awake));
        asked.spawn(async move {
            let answer = ask(&stalled).await;
            (answer, is_awake.load(Ordering::SeqCst))
        });
    }
    two.cluster.reports.signal("STOP");
    send(&two.cluster, 5).await;
    sees(&two.asks[1], 25.0).await;
    assert_eq!(lease(&two.sql).await.1, 2);

    is_awake.store(true, Ordering::SeqCst);
    two.cluster.reports.signal("CONT");
    for (answer, was_late) in asked.join_all().await {
        match answer {
            Ok(answer) if was_late => assert_eq!(total(&answer), 25.0, "what the other one says"),
            Ok(answer) => assert_eq!(total(&answer), 20.0, "what there was before it stopped"),
            Err(refused) => assert_eq!(refused.code(), Code::Unavailable, "{refused}"),
        }
    }
    two.both_see(25.0).await;
    assert_eq!(lease(&two.sql).await.1, 2, "it takes nothing back");
    // What either of them kept adds up for whoever starts with it.
    two.second.kill();
    two.cluster.kill_and_restart_reports();
    send(&two.cluster, 1).await;
    sees(&two.asks[0], 26.0).await;
}
