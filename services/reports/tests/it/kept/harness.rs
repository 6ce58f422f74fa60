//! A running service with a database and a clock of its own.

use std::sync::Arc;

use chrono::DateTime;
use observe_core::clock::ManualClock;
use observe_core::context::wire::METADATA_KEY;
use observe_core::{CallContext, Clock as _, Principal, ProjectId};
use observe_proto::common::v1::{Condition, Filter, Scope, TimeRange};
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1::Person;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::annotation_service_client::AnnotationServiceClient;
use observe_proto::reports::v1::cohort_condition::Kind;
use observe_proto::reports::v1::cohort_service_client::CohortServiceClient;
use observe_proto::reports::v1::dashboard_service_client::DashboardServiceClient;
use observe_proto::reports::v1::insight_service_client::InsightServiceClient;
use observe_proto::reports::v1::saved_insight_service_client::SavedInsightServiceClient;
use observe_runtime::Lifecycle;
use observe_testkit::{TestStores, eventually};
use tonic::metadata::{MetadataKey, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::principals::signer;
pub(super) use crate::principals::{key, user};
use crate::stand_in::{StandIn, event};
use crate::{DEADLINE, config, project};

/// When the tests begin, in milliseconds since 1970.
pub(super) const NOW_MS: i64 = 1_800_000_000_000;
pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Signs calls on behalf of one principal, from one address.
#[derive(Clone)]
pub(super) struct Sign {
    clock: Arc<ManualClock>,
    principal: Principal,
    client_address: String,
}

impl Interceptor for Sign {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let context = CallContext {
            request_id: "test".into(),
            client_address: self.client_address.clone(),
            principal: self.principal.clone(),
        };
        let bytes = signer().sign_bytes(&context, self.clock.now());
        let key = MetadataKey::from_static(METADATA_KEY);
        request.metadata_mut().insert_bin(key, MetadataValue::from_bytes(&bytes));
        Ok(request)
    }
}

pub(super) type Signed = InterceptedService<Channel, Sign>;

/// A running service with a database and a clock of its own.
pub(super) struct Reports {
    channel: Channel,
    pub(super) clock: Arc<ManualClock>,
    pub(super) upstream: StandIn,
    lifecycle: Lifecycle,
    pub(super) stores: TestStores,
}

impl Drop for Reports {
    fn drop(&mut self) {
        self.lifecycle.stop();
    }
}

impl Reports {
    pub(super) async fn start() -> Self {
        let stores = TestStores::start().await;
        let now = DateTime::from_timestamp_millis(NOW_MS).expect("a valid time");
        let clock = Arc::new(ManualClock::new(now));
        let upstream = StandIn::new(1);
        let lifecycle = Lifecycle::new();
        let url = upstream.serve_at(&lifecycle, signer(), clock.clone()).await;
        let url = crate::serve(&lifecycle, &url, config(&stores).await, clock.clone()).await;
        let channel = Channel::from_shared(url).expect("an address");
        let channel = channel.connect().await.expect("it listens");
        Self { channel, clock, upstream, lifecycle, stores }
    }

    /// Returns a channel that calls as a principal, from an address.
    pub(super) fn from(&self, principal: Principal, client_address: &str) -> Signed {
        let client_address = client_address.to_owned();
        let sign = Sign { clock: self.clock.clone(), principal, client_address };
        InterceptedService::new(self.channel.clone(), sign)
    }

    /// Returns a channel that calls as a principal.
    pub(super) fn by(&self, principal: Principal) -> Signed {
        self.from(principal, "")
    }

    /// Cohorts, with the project's secret key.
    pub(super) fn cohorts(&self) -> CohortServiceClient<Signed> {
        CohortServiceClient::new(self.by(key(project())))
    }

    pub(super) fn insights(&self) -> InsightServiceClient<Signed> {
        InsightServiceClient::new(self.by(key(project())))
    }

    pub(super) fn saved(&self) -> SavedInsightServiceClient<Signed> {
        SavedInsightServiceClient::new(self.by(key(project())))
    }

    pub(super) fn dashboards(&self) -> DashboardServiceClient<Signed> {
        DashboardServiceClient::new(self.by(key(project())))
    }

    pub(super) fn annotations(&self) -> AnnotationServiceClient<Signed> {
        AnnotationServiceClient::new(self.by(key(project())))
    }

    /// Logs events, and waits until so many are there.
    pub(super) async fn log(&self, events: Vec<AcceptedEvent>, total: f64) {
        self.upstream.append(0, project(), events);
        eventually(DEADLINE, "the events to be counted", async || {
            let answer = self.insights().query_trends(trends(None)).await;
            answer.is_ok_and(|answer| answer.into_inner().series[0].total == total)
        })
        .await;
    }

    /// Makes a cohort.
    pub(super) async fn cohort(
        &self,
        name: &str,
        rule: Option<pb::CohortRule>,
    ) -> Result<pb::Cohort, Status> {
        let request = pb::CreateCohortRequest { name: name.into(), rule, ..Default::default() };
        let made = self.cohorts().create_cohort(request).await?;
        Ok(made.into_inner().cohort.expect("always given"))
    }

    /// Waits until a cohort has these persons, by their first distinct ids.
    pub(super) async fn until_members(&self, cohort_id: &str, expected: &[&str]) {
        let mut expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
        expected.sort();
        eventually(DEADLINE, &format!("the members to be {expected:?}"), async || {
            let cohort_id = cohort_id.to_owned();
            let request = pb::ListCohortPersonsRequest { cohort_id, ..Default::default() };
            let page = self.cohorts().list_cohort_persons(request).await.ok()?.into_inner();
            // Whose ids all went to another person a moment ago may still be among them, without one.
            let first = |one: &Person| one.distinct_ids.first().cloned().unwrap_or_default();
            let mut members: Vec<_> = page.persons.iter().map(first).collect();
            members.sort();
            (members == expected).then_some(())
        })
        .await;
    }

    /// Counts events, by trends with a filter.
    pub(super) async fn total(&self, filter: Option<Filter>) -> Result<f64, Status> {
        let answer = self.insights().query_trends(trends(filter)).await?;
        Ok(answer.into_inner().series[0].total)
    }
}

pub(super) fn other_project() -> ProjectId {
    ProjectId::new(Uuid::from_u128(78))
}

/// Something that somebody did so many days ago.
pub(super) fn did(who: &str, what: &str, days_ago: i64) -> AcceptedEvent {
    let time_ms = NOW_MS - days_ago * DAY_MS;
    AcceptedEvent { received_us: time_ms * 1_000, ..event(who, what, time_ms) }
}

/// The last hundred days.
pub(super) fn range() -> Option<TimeRange> {
    let at = |ms: i64| Some(prost_types::Timestamp { seconds: ms / 1_000, nanos: 0 });
    Some(TimeRange { start_time: at(NOW_MS - 100 * DAY_MS), end_time: at(NOW_MS + DAY_MS) })
}

/// All events of the last hundred days.
pub(super) fn trends(filter: Option<Filter>) -> pb::QueryTrendsRequest {
    let series = vec![pb::TrendsSeries::default()];
    pb::QueryTrendsRequest { range: range(), series, filter, ..Default::default() }
}

/// Those in a cohort, or those in none of them.
pub(super) fn in_cohort(
    id: &str,
    operator: observe_proto::common::v1::condition::Operator,
) -> Option<Filter> {
    let condition = Condition {
        scope: Scope::Cohort.into(),
        operator: operator.into(),
        values: vec![id.into()],
        ..Condition::default()
    };
    Some(Filter { conditions: vec![condition], ..Filter::default() })
}

/// A rule of one condition.
pub(super) fn rule(kind: Kind) -> Option<pb::CohortRule> {
    let condition = pb::CohortCondition { kind: Some(kind), negated: false };
    Some(pb::CohortRule { conditions: vec![condition], ..Default::default() })
}

/// Whoever did it at least so often in the last so many days.
pub(super) fn behavior(event: &str, times: i32, days: i32) -> Kind {
    let event = event.to_owned();
    Kind::Behavior(pb::CohortBehavior { event, times, days, ..Default::default() })
}

pub(super) fn plan(value: &str) -> Kind {
    Kind::Property(Condition {
        property: "plan".into(),
        values: vec![value.into()],
        ..Condition::default()
    })
}

/// Returns the code and the reason of a refusal.
#[track_caller]
pub(super) fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.expect_err("it should be refused");
    let reason = status.get_error_details().error_info().map(|info| info.reason.clone());
    (status.code(), reason.unwrap_or_default())
}

/// Returns the fields that are wrong.
#[track_caller]
pub(super) fn wrong<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let status = answer.expect_err("it should be refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.clone());
    violations.unwrap_or_default().into_iter().map(|one| one.field).collect()
}
