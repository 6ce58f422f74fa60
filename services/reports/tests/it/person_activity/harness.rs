//! A running service between stand-ins, with persons and events.

use std::sync::Arc;

use observe_core::{PersonId, SystemClock};
use observe_proto::events::v1::Event;
use observe_proto::identity::v1::Person;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::list_person_events_request::Id as ListId;
use observe_proto::reports::v1::person_activity_service_client::PersonActivityServiceClient;
use observe_runtime::Lifecycle;
use observe_testkit::TestStores;
use prost_types::Timestamp;
use tonic::transport::Channel;
use tonic::{Response, Status};
use uuid::Uuid;

use super::stand_in::People;
use crate::principals::signer;
use crate::stand_in::{StandIn, event};
use crate::{Fixture, project, signed, start_with};

/// A running service between stand-ins.
pub(super) struct Activity {
    pub(super) people: People,
    log: StandIn,
    pub(super) client: PersonActivityServiceClient<Channel>,
    pub(super) fixture: Fixture,
}

impl Activity {
    pub(super) async fn start() -> Self {
        let (people, log) = (People::default(), StandIn::new(1));
        let lifecycle = Lifecycle::new();
        let clock = Arc::new(SystemClock);
        let url = log.serve_with(&lifecycle, signer(), clock, people.routes()).await;
        let fixture = start_with(lifecycle, &url, TestStores::start().await).await;
        let client = PersonActivityServiceClient::connect(fixture.url.clone()).await;
        Self { people, log, client: client.expect("it listens"), fixture }
    }

    /// A person with a row, these ids and that property.
    pub(super) fn person(&self, ids: &[&str], plan: &str) -> String {
        let id = id_of(ids[0]);
        let value = prost_types::value::Kind::StringValue(plan.into());
        let plan = prost_types::Value { kind: Some(value) };
        self.people.state().persons.push(Person {
            id: id.clone(),
            distinct_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            properties: Some(prost_types::Struct { fields: [("plan".to_owned(), plan)].into() }),
            created_time: Some(Timestamp { seconds: 1, nanos: 0 }),
            identified: true,
        });
        id
    }

    /// An event at a minute, which the log and the list both have.
    pub(super) fn event(&self, who: &str, minute: i64, session_id: &str) {
        let mut state = self.people.state();
        let number = u128::try_from(state.events.len()).expect("few");
        state.events.push(Event {
            uuid: Uuid::from_u128(number).to_string(),
            name: "view".into(),
            distinct_id: who.into(),
            time: Some(Timestamp { seconds: minute * 60, nanos: 0 }),
            session_id: session_id.into(),
            properties: None,
        });
        self.log.append(0, project(), vec![event(who, "view", minute * 60_000)]);
    }

    pub(super) async fn page(
        &self,
        id: ListId,
        page_size: i32,
        page_token: &str,
    ) -> Result<pb::ListPersonEventsResponse, Status> {
        let request = pb::ListPersonEventsRequest {
            id: Some(id),
            page_size,
            page_token: page_token.into(),
            ..Default::default()
        };
        let answer = self.client.clone().list_person_events(signed(request, project())).await;
        answer.map(Response::into_inner)
    }

    /// All of a person's events, page by page, as (minute, begins a session).
    pub(super) async fn timeline(&self, id: ListId, page_size: i32) -> Vec<(i64, bool)> {
        let mut told = Vec::new();
        let mut token = String::new();
        loop {
            let page = self.page(id.clone(), page_size, &token).await.expect("a page");
            assert_eq!(page.events.len(), page.begins_session.len());
            let minutes = page.events.iter().map(|event| event.time.expect("set").seconds / 60);
            told.extend(minutes.zip(page.begins_session));
            token = page.next_page_token;
            if token.is_empty() {
                return told;
            }
        }
    }

    pub(super) async fn export(
        &self,
        request: pb::ExportPersonRequest,
    ) -> Result<pb::ExportPersonResponse, Status> {
        let answer = self.client.clone().export_person(signed(request, project())).await;
        answer.map(Response::into_inner)
    }

    pub(super) async fn preview(
        &self,
        source: &str,
        target: &str,
        distinct_id: &str,
    ) -> Result<pb::PreviewMergeResponse, Status> {
        let request = pb::PreviewMergeRequest {
            source_person_id: source.into(),
            target_person_id: target.into(),
            source_distinct_id: distinct_id.into(),
            ..Default::default()
        };
        let answer = self.client.clone().preview_merge(signed(request, project())).await;
        answer.map(Response::into_inner)
    }
}

pub(super) fn id_of(who: &str) -> String {
    PersonId::of_distinct_id(project(), who).to_string()
}
