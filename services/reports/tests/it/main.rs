//! The service as others meet it: its gRPC server, fed by stand-ins for events and identity.

mod answers;
mod coming_back;
mod erasure;
mod errors;
mod funnels;
mod keeping;
mod kept;
mod person_activity;
mod principals;
mod rebuild;
mod replicas;
mod retention;
mod site;
mod splits;
mod stand_in;
mod trends;

use std::sync::Arc;
use std::time::Duration;

use observe_core::context::wire::METADATA_KEY;
use observe_core::{
    CallContext, Clock, PersonId, Principal, ProjectId, Secret, SystemClock, SystemEntropy,
};
use observe_proto::common::v1::TimeRange;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::insight_service_client::InsightServiceClient;
use observe_runtime::client::Upstreams;
use observe_runtime::server::{self, Listener};
use observe_runtime::{Deps, Lifecycle};
use observe_testkit::TestStores;
use principals::{key, signer};
use stand_in::{StandIn, event};
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

const SECRET: &str = "integration tests only";
/// How long anything may take to show.
const DEADLINE: Duration = Duration::from_secs(20);

struct Fixture {
    client: InsightServiceClient<Channel>,
    url: String,
    lifecycle: Lifecycle,
    /// `None` once they were taken.
    stores: Option<TestStores>,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.lifecycle.stop();
    }
}

fn project() -> ProjectId {
    ProjectId::new(Uuid::from_u128(77))
}

/// Starts the service against the stand-in.
async fn start(upstream: &StandIn) -> Fixture {
    start_in(upstream, TestStores::start().await).await
}

/// The same in these stores, which come back by [`Fixture::take_stores`].
async fn start_in(upstream: &StandIn, stores: TestStores) -> Fixture {
    let lifecycle = Lifecycle::new();
    let url = upstream.serve(&lifecycle, signer()).await;
    start_with(lifecycle, &url, stores).await
}

/// The same with stores of the test's.
async fn start_on(upstream: &StandIn, stores: &TestStores) -> Fixture {
    let lifecycle = Lifecycle::new();
    let url = upstream.serve(&lifecycle, signer()).await;
    start_as(lifecycle, &url, config(stores).await).await
}

/// The same as a replica of a name.
async fn start_called(upstream: &StandIn, stores: &TestStores, name: Option<String>) -> Fixture {
    let lifecycle = Lifecycle::new();
    let url = upstream.serve(&lifecycle, signer()).await;
    let replica = observe_reports::Replica { name, url: None };
    let config = observe_reports::Config { replica, ..config(stores).await };
    start_as(lifecycle, &url, config).await
}

/// Starts the service with these stores; all others are at that address.
async fn start_with(lifecycle: Lifecycle, url: &str, stores: TestStores) -> Fixture {
    let mut fixture = start_as(lifecycle, url, config(&stores).await).await;
    fixture.stores = Some(stores);
    fixture
}

async fn config(stores: &TestStores) -> observe_reports::Config {
    let database_url = Secret::new(&stores.database_url);
    observe_reports::migrate(&database_url).await.expect("a database");
    let cache_redis_url = Some(Secret::new(&stores.cache_redis_url));
    let replica = observe_reports::Replica::default();
    observe_reports::Config { database_url, cache_redis_url, replica }
}

/// Starts the service as configured; all others are at that address.
async fn start_as(lifecycle: Lifecycle, url: &str, config: observe_reports::Config) -> Fixture {
    let url = serve(&lifecycle, url, config, Arc::new(SystemClock)).await;
    let client = InsightServiceClient::connect(url.clone()).await;
    Fixture { client: client.expect("it listens"), url, lifecycle, stores: None }
}

/// Serves as configured; all others are at that address. Returns its own.
async fn serve(
    lifecycle: &Lifecycle,
    others: &str,
    config: observe_reports::Config,
    clock: Arc<dyn Clock>,
) -> String {
    let mut upstreams = Upstreams::new();
    for service in ["events", "identity", "monitor"] {
        upstreams.add_url(service, others).expect("a valid address");
    }
    let deps = Deps {
        name: "reports",
        clock,
        entropy: Arc::new(SystemEntropy),
        secret: Secret::new(SECRET),
        lifecycle: lifecycle.clone(),
        upstreams,
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let named = config.replica.name;
    let replica = observe_reports::Replica { name: named, url: Some(url.clone()) };
    let config = observe_reports::Config { replica, ..config };
    let built = observe_reports::build(config, deps.clone()).expect("it builds");
    server::start(built, Listener::Tcp(listener), &deps).await;
    url
}

fn signed<T>(message: T, project: ProjectId) -> Request<T> {
    signed_by(message, key(project))
}

fn signed_by<T>(message: T, principal: Principal) -> Request<T> {
    let context =
        CallContext { request_id: "test".into(), client_address: String::new(), principal };
    let bytes = signer().sign_bytes(&context, SystemClock.now());
    let mut request = Request::new(message);
    request.metadata_mut().insert_bin(METADATA_KEY, MetadataValue::from_bytes(&bytes));
    request
}

fn range() -> Option<TimeRange> {
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    Some(TimeRange { start_time: at(0), end_time: at(86_400) })
}

fn funnel() -> pb::QueryFunnelRequest {
    let step = |event: &str| pb::FunnelStep { event: event.into(), ..Default::default() };
    pb::QueryFunnelRequest {
        range: range(),
        steps: vec![step("view"), step("buy")],
        ..pb::QueryFunnelRequest::default()
    }
}

fn trends() -> pb::QueryTrendsRequest {
    let series = pb::TrendsSeries { event: "view".into(), ..pb::TrendsSeries::default() };
    pb::QueryTrendsRequest {
        range: range(),
        series: vec![series],
        ..pb::QueryTrendsRequest::default()
    }
}

impl Fixture {
    /// Ends the service, and returns when it has ended.
    async fn end(self) {
        self.lifecycle.stop();
        assert!(self.lifecycle.drained().await);
    }

    /// Returns the stores, for a service that is started after this one.
    fn take_stores(&mut self) -> TestStores {
        self.stores.take().expect("they are taken once")
    }

    async fn funnel(&self) -> Result<Vec<i64>, Status> {
        let answer = self.client.clone().query_funnel(signed(funnel(), project())).await?;
        Ok(answer.into_inner().steps.iter().map(|step| step.persons).collect())
    }

    async fn views(&self) -> Result<f64, Status> {
        let answer = self.client.clone().query_trends(signed(trends(), project())).await?;
        Ok(answer.into_inner().series[0].total)
    }

    /// Asks until the funnel is as expected.
    async fn expect_funnel(&self, expected: &[i64]) {
        let mut last = None;
        let asking = async {
            loop {
                let answer = self.funnel().await;
                if answer.as_ref().is_ok_and(|persons| persons == expected) {
                    return;
                }
                last = Some(answer);
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(DEADLINE, asking).await.is_ok();
        assert!(in_time, "expected {expected:?}, the last answer was {last:?}");
    }
}

#[tokio::test]
async fn events_and_merges_show_in_answers() {
    let upstream = StandIn::new(2);
    upstream.append(0, project(), vec![event("anon", "view", 1_000)]);
    upstream.append(1, project(), vec![event("ada", "buy", 2_000), event("ben", "view", 1)]);
    let fixture = start(&upstream).await;
    fixture.expect_funnel(&[2, 0]).await;
    upstream.append(0, project(), vec![event("ben", "buy", 2)]);
    fixture.expect_funnel(&[2, 1]).await;
    upstream.map(project(), "anon", PersonId::of_distinct_id(project(), "ada"));
    fixture.expect_funnel(&[2, 2]).await;
}

#[tokio::test]
async fn a_project_without_events_answers_zeros_and_its_merges_are_followed_from_then_on() {
    let upstream = StandIn::new(1);
    let fixture = start(&upstream).await;
    fixture.expect_funnel(&[0, 0]).await;
    assert_eq!(fixture.views().await.expect("an answer"), 0.0);
    upstream.map(project(), "anon", PersonId::of_distinct_id(project(), "ada"));
    let events = vec![event("anon", "view", 1_000), event("ada", "buy", 2_000)];
    upstream.append(0, project(), events);
    fixture.expect_funnel(&[1, 1]).await;
}

#[tokio::test]
async fn while_the_projection_is_built_callers_are_told_to_come_back() {
    let upstream = StandIn::new(1);
    upstream.append(0, project(), vec![event("ada", "view", 1_000)]);
    upstream.set_away(true);
    let fixture = start(&upstream).await;
    let status = fixture.funnel().await.expect_err("not built yet");
    assert_eq!(status.code(), Code::Unavailable);
    let details = status.get_error_details();
    let info = details.error_info().expect("an error info");
    assert_eq!(info.reason, "PROJECTION_LOADING");
    assert_eq!(info.metadata["progress"], "0.000");
    assert!(details.retry_info().is_some_and(|info| info.retry_delay.is_some()));
    upstream.set_away(false);
    fixture.expect_funnel(&[1, 0]).await;
}

#[tokio::test]
async fn answers_go_on_while_the_others_are_away() {
    let upstream = StandIn::new(1);
    upstream.append(0, project(), vec![event("ada", "view", 1_000)]);
    let fixture = start(&upstream).await;
    fixture.expect_funnel(&[1, 0]).await;
    upstream.set_away(true);
    upstream.append(0, project(), vec![event("ada", "buy", 2_000)]);
    assert_eq!(fixture.funnel().await.expect("stale, and an answer"), [1, 0]);
    upstream.set_away(false);
    fixture.expect_funnel(&[1, 1]).await;
}

#[tokio::test]
async fn a_log_that_was_replaced_is_read_anew() {
    let upstream = StandIn::new(1);
    let first = vec![event("ada", "view", 1_000), event("ben", "view", 1_000)];
    upstream.append(0, project(), first);
    let fixture = start(&upstream).await;
    fixture.expect_funnel(&[2, 0]).await;
    upstream.clear();
    upstream.append(0, project(), vec![event("cid", "view", 1_000)]);
    fixture.expect_funnel(&[1, 0]).await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_parked_and_those_after_it_show() {
    let upstream = StandIn::new(1);
    upstream.append(0, project(), vec![event("ada", "view", 1_000)]);
    upstream.append_malformed(0, project());
    upstream.append_malformed(0, project());
    upstream.append(0, project(), vec![event("ada", "buy", 2_000)]);
    let fixture = start(&upstream).await;
    fixture.expect_funnel(&[1, 1]).await;
}

#[tokio::test]
async fn a_change_that_cannot_be_read_is_parked_and_those_after_it_hold() {
    let upstream = StandIn::new(1);
    let events = vec![event("anon", "view", 1_000), event("ada", "buy", 2_000)];
    upstream.append(0, project(), events);
    upstream.map(project(), "other", PersonId::of_distinct_id(project(), "cid"));
    upstream.map_to_bytes(project(), "anon", vec![1, 2, 3]);
    upstream.map(project(), "anon", PersonId::of_distinct_id(project(), "ada"));
    let fixture = start(&upstream).await;
    fixture.expect_funnel(&[1, 1]).await;
}

#[tokio::test]
async fn another_tenants_project_and_broken_rules_are_refused() {
    let fixture = start(&StandIn::new(1)).await;
    fixture.expect_funnel(&[0, 0]).await;
    let foreign = ProjectId::new(Uuid::from_u128(78)).to_string();
    let request = pb::QueryFunnelRequest { project_id: foreign, ..funnel() };
    let refused = fixture.client.clone().query_funnel(signed(request, project())).await;
    assert_eq!(refused.expect_err("foreign").code(), Code::NotFound);
    let request = pb::QueryTrendsRequest { range: None, series: vec![], ..trends() };
    let refused = fixture.client.clone().query_trends(signed(request, project())).await;
    let refused = refused.expect_err("two rules are broken");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let details = refused.get_error_details();
    let violations = &details.bad_request().expect("a bad request").field_violations;
    assert_eq!(
        violations.iter().map(|v| v.field.as_str()).collect::<Vec<_>>(),
        ["range", "series"]
    );
    let unsigned = fixture.client.clone().query_trends(trends()).await;
    assert_eq!(unsigned.expect_err("no context").code(), Code::Unauthenticated);
}
