//! What identity and events keep of a person.

use std::time::Duration;

use observe_core::ProjectId;
use observe_core::error::CommonError;
use observe_proto::events::v1::event_service_client::EventServiceClient;
use observe_proto::events::v1::list_events_request::Order;
use observe_proto::events::v1::{ListEventsRequest, ListEventsResponse};
use observe_proto::identity::v1 as identity;
use observe_proto::identity::v1::get_person_request::Id;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use observe_runtime::client::ServiceChannel;
use observe_runtime::{Deps, StartError};
use tonic::{Code, Request, Status};

use super::subject::{Named, Subject};
use crate::error::away;

/// How long another service may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// The largest answer taken, in bytes: that of a person with all its properties, or of a page of large ones.
const ANSWER_BYTES_MAX: usize = 32 << 20;
/// How many merges or changes are asked for at once.
const PAGE: i32 = 200;
/// How many pages of merges or changes are taken: all that identity keeps of a person.
const PAGES_MAX: usize = 5;

/// Who knows persons, and who knows events.
#[derive(Clone)]
pub(crate) struct Neighbours {
    persons: PersonServiceClient<ServiceChannel>,
    events: EventServiceClient<ServiceChannel>,
}

impl Neighbours {
    /// Knows where they are.
    ///
    /// # Errors
    /// A sentence if this process does not.
    pub(crate) fn new(deps: &Deps) -> Result<Self, StartError> {
        let persons = PersonServiceClient::new(deps.service_channel("identity")?);
        let events = EventServiceClient::new(deps.service_channel("events")?);
        Ok(Self {
            persons: persons.max_decoding_message_size(ANSWER_BYTES_MAX),
            events: events.max_decoding_message_size(ANSWER_BYTES_MAX),
        })
    }

    /// Returns a person as it is now.
    ///
    /// # Errors
    /// `NotFound` for a person id without a row, `Unavailable` if identity is away.
    pub(crate) async fn person(
        &self,
        project: ProjectId,
        named: &Named,
    ) -> Result<identity::Person, CommonError> {
        let id = match named {
            Named::Person(id) => Id::PersonId(id.to_string()),
            Named::DistinctId(id) => Id::DistinctId(id.clone()),
        };
        let project_id = project.to_string();
        let request = timed(identity::GetPersonRequest { project_id, id: Some(id) });
        let answer = self
            .persons
            .clone()
            .get_person(request)
            .await
            .map_err(|status| of_identity(&status))?;
        let person = answer.into_inner().person;
        person.ok_or_else(|| CommonError::Internal("identity answered without a person".into()))
    }

    /// Returns the merges that a person went through, the latest first.
    ///
    /// # Errors
    /// As [`Self::person`].
    pub(crate) async fn merges(
        &self,
        project: ProjectId,
        person_id: &str,
    ) -> Result<Vec<identity::Merge>, CommonError> {
        let mut request = identity::ListMergesRequest {
            project_id: project.to_string(),
            person_id: person_id.to_owned(),
            page_size: PAGE,
            page_token: String::new(),
        };
        let mut merges = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.persons.clone().list_merges(timed(request.clone())).await;
            let page = page.map_err(|status| of_identity(&status))?.into_inner();
            merges.extend(page.merges);
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        Ok(merges)
    }

    /// Returns how a person's properties came to be, the latest change first.
    ///
    /// # Errors
    /// As [`Self::person`].
    pub(crate) async fn property_changes(
        &self,
        project: ProjectId,
        person_id: &str,
    ) -> Result<Vec<identity::PropertyChange>, CommonError> {
        let mut request = identity::ListPropertyChangesRequest {
            project_id: project.to_string(),
            person_id: person_id.to_owned(),
            page_size: PAGE,
            ..Default::default()
        };
        let mut changes = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.persons.clone().list_property_changes(timed(request.clone())).await;
            let page = page.map_err(|status| of_identity(&status))?.into_inner();
            changes.extend(page.changes);
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        Ok(changes)
    }

    /// Returns a page of a person's events.
    ///
    /// # Errors
    /// `Unavailable` if events, or identity behind it, is away.
    pub(crate) async fn events(
        &self,
        project: ProjectId,
        subject: &Subject,
        order: Order,
        page_size: i32,
        page_token: &str,
    ) -> Result<ListEventsResponse, CommonError> {
        let request = timed(ListEventsRequest {
            project_id: project.to_string(),
            filter: Some(subject.filter()),
            page_size,
            page_token: page_token.to_owned(),
            order: order.into(),
        });
        let answer = self.events.clone().list_events(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status| away("events", &status))
    }
}

fn of_identity(status: &Status) -> CommonError {
    match status.code() {
        Code::NotFound => CommonError::NotFound("person"),
        _ => away("identity", status),
    }
}

fn timed<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}
