//! A running service between stand-ins, and questions about who came back.

use std::sync::Arc;

use observe_core::{PersonId, SystemClock};
use observe_proto::common::v1::TimeRange;
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::reports::v1 as pb;
use observe_runtime::Lifecycle;
use observe_testkit::TestStores;
use observe_testkit::eventually;
use pb::explain_retention_person_request::Id;
use prost_types::Timestamp;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

use crate::person_activity::stand_in::People;
use crate::principals::signer;
use crate::stand_in::{StandIn, event};
use crate::{DEADLINE, Fixture, project, signed, start_with};

const DAY: i64 = 86_400;

pub(crate) fn day(number: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: number * DAY, nanos: 0 })
}

pub(crate) fn days(start: i64, end: i64) -> Option<TimeRange> {
    Some(TimeRange { start_time: day(start), end_time: day(end) })
}

pub(crate) fn on(who: &str, name: &str, number: i64) -> AcceptedEvent {
    event(who, name, (number * DAY + 3_600) * 1_000)
}

pub(crate) fn id_of(who: &str) -> String {
    PersonId::of_distinct_id(project(), who).to_string()
}

/// Four days, first time.
pub(crate) fn retention() -> pb::QueryRetentionRequest {
    let event = |name: &str| Some(pb::RetentionEvent { event: name.into(), filter: None });
    pb::QueryRetentionRequest {
        range: days(10, 14),
        start_event: event("view"),
        return_event: event("buy"),
        ..Default::default()
    }
}

pub(crate) fn lifecycle() -> pb::QueryLifecycleRequest {
    pb::QueryLifecycleRequest { range: days(10, 14), event: "view".into(), ..Default::default() }
}

pub(crate) fn stickiness() -> pb::QueryStickinessRequest {
    let series = vec![pb::StickinessSeries { event: "view".into(), filter: None }];
    pb::QueryStickinessRequest { range: days(10, 14), series, ..Default::default() }
}

/// A running service between stand-ins, with persons and what they did.
pub(crate) struct World {
    pub(crate) people: People,
    pub(crate) log: StandIn,
    pub(crate) fixture: Fixture,
}

impl World {
    pub(crate) async fn start(events: Vec<AcceptedEvent>) -> Self {
        let (people, log) = (People::default(), StandIn::new(1));
        log.append(0, project(), events);
        let lifecycle = Lifecycle::new();
        let clock = Arc::new(SystemClock);
        let url = log.serve_with(&lifecycle, signer(), clock, people.routes()).await;
        let fixture = start_with(lifecycle, &url, TestStores::start().await).await;
        eventually(DEADLINE, "the projection is built", async || fixture.funnel().await.is_ok())
            .await;
        Self { people, log, fixture }
    }

    pub(crate) async fn retention(
        &self,
        request: pb::QueryRetentionRequest,
    ) -> Result<Vec<Vec<i64>>, Status> {
        let answer =
            self.fixture.client.clone().query_retention(signed(request, project())).await?;
        Ok(answer.into_inner().cohorts.into_iter().map(|cohort| cohort.values).collect())
    }

    /// The persons of a cell, page by page, one on each.
    pub(crate) async fn retained(
        &self,
        column: i32,
        dropped_off: bool,
    ) -> Result<Vec<String>, Status> {
        let mut request = pb::ListRetentionPersonsRequest {
            retention: Some(retention()),
            cohort_start_time: day(10),
            column,
            dropped_off,
            page_size: 1,
            page_token: String::new(),
        };
        let mut found = Vec::new();
        loop {
            let asked = signed(request.clone(), project());
            let page = self.fixture.client.clone().list_retention_persons(asked).await?;
            let page = page.into_inner();
            found.extend(page.persons.into_iter().flat_map(|person| person.distinct_ids));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                assert_eq!(i64::try_from(found.len()).expect("few"), page.total);
                found.sort();
                return Ok(found);
            }
        }
    }

    pub(crate) async fn explain(
        &self,
        id: Id,
        column: i32,
    ) -> Result<pb::ExplainRetentionPersonResponse, Status> {
        let request = pb::ExplainRetentionPersonRequest {
            retention: Some(retention()),
            cohort_start_time: day(10),
            column,
            id: Some(id),
        };
        let asked = signed(request, project());
        self.fixture.client.clone().explain_retention_person(asked).await.map(Response::into_inner)
    }
}

pub(crate) fn fields(refused: &Status) -> Vec<String> {
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    let details = refused.get_error_details();
    let violations = &details.bad_request().expect("a bad request").field_violations;
    violations.iter().map(|violation| violation.field.clone()).collect()
}
