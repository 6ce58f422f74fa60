//! Stands in for what identity and events say of persons, in memory: the rules that reports relies on, and nothing else.

use std::sync::{Arc, Mutex, MutexGuard};

use observe_core::PersonId;
use observe_core::error::CommonError;
use observe_core::status::to_status;
use observe_proto::events::v1 as events;
use observe_proto::events::v1::event_service_server::{EventService, EventServiceServer};
use observe_proto::events::v1::list_events_request::Order;
use observe_proto::identity::v1 as identity;
use observe_proto::identity::v1::get_person_request::Id;
use observe_proto::identity::v1::person_service_server::{PersonService, PersonServiceServer};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use crate::project;

/// Persons with their merges and changes, and events; to be shared between a test and the server.
#[derive(Clone, Default)]
pub(crate) struct People(Arc<Mutex<State>>);

#[derive(Default)]
pub(crate) struct State {
    /// Those with a row.
    pub(crate) persons: Vec<identity::Person>,
    /// Who was merged away, and into whom.
    pub(crate) merged_away: Vec<(String, String)>,
    pub(super) merges: Vec<identity::Merge>,
    pub(super) changes: Vec<identity::PropertyChange>,
    /// The oldest first.
    pub(super) events: Vec<events::Event>,
    /// How many events were handed out.
    pub(super) told: usize,
}

impl People {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds this")
    }

    pub(crate) fn routes(&self) -> Routes {
        let persons = PersonServiceServer::new(self.clone());
        Routes::new(persons).add_service(EventServiceServer::new(self.clone()))
    }
}

impl State {
    fn by_id(&self, id: &str) -> Option<&identity::Person> {
        let root =
            self.merged_away.iter().find(|(away, _)| away == id).map_or(id, |(_, into)| into);
        self.persons.iter().find(|person| person.id == root)
    }

    fn by_distinct_id(&self, id: &str) -> Option<&identity::Person> {
        self.persons.iter().find(|person| person.distinct_ids.iter().any(|own| own == id))
    }
}

fn not_found() -> Status {
    to_status(&CommonError::NotFound("person"))
}

/// Cuts a page out of a list; a token is the place where it goes on.
fn page<T: Clone>(all: &[T], size: i32, token: &str) -> (Vec<T>, String) {
    let start: usize = token.parse().unwrap_or(0);
    let end = all.len().min(start + usize::try_from(size).expect("positive"));
    let next = if end < all.len() { end.to_string() } else { String::new() };
    (all[start..end].to_vec(), next)
}

#[tonic::async_trait]
impl EventService for People {
    type WatchEventsStream = tokio_stream::Empty<Result<events::WatchEventsResponse, Status>>;

    async fn list_events(
        &self,
        request: Request<events::ListEventsRequest>,
    ) -> Result<Response<events::ListEventsResponse>, Status> {
        let mut state = self.state();
        let request = request.into_inner();
        let filter = request.filter.clone().unwrap_or_default();
        let ids = match state.by_id(&filter.person_id) {
            Some(person) => person.distinct_ids.clone(),
            None => filter.distinct_ids.clone(),
        };
        let mut found: Vec<_> =
            state.events.iter().filter(|event| ids.contains(&event.distinct_id)).cloned().collect();
        if request.order() != Order::OldestFirst {
            found.reverse();
        }
        // A token of another person or order is none, as with the real ones.
        let bound = format!("{}{:?}{:?}:", filter.person_id, filter.distinct_ids, request.order());
        let token = match request.page_token.as_str() {
            "" => "0",
            token => token.strip_prefix(&bound).ok_or_else(not_found)?,
        };
        let (events, next) = page(&found, request.page_size, token);
        state.told += events.len();
        let next_page_token = if next.is_empty() { next } else { bound + &next };
        Ok(Response::new(events::ListEventsResponse { events, next_page_token }))
    }

    async fn watch_events(
        &self,
        _: Request<events::WatchEventsRequest>,
    ) -> Result<Response<Self::WatchEventsStream>, Status> {
        unreachable!("reports watches nothing")
    }

    async fn list_event_definitions(
        &self,
        _: Request<events::ListEventDefinitionsRequest>,
    ) -> Result<Response<events::ListEventDefinitionsResponse>, Status> {
        unreachable!("reports asks for no definitions")
    }

    async fn list_property_definitions(
        &self,
        _: Request<events::ListPropertyDefinitionsRequest>,
    ) -> Result<Response<events::ListPropertyDefinitionsResponse>, Status> {
        unreachable!("reports asks for no definitions")
    }

    async fn list_property_values(
        &self,
        _: Request<events::ListPropertyValuesRequest>,
    ) -> Result<Response<events::ListPropertyValuesResponse>, Status> {
        unreachable!("reports asks for no values")
    }
}

#[tonic::async_trait]
impl PersonService for People {
    async fn get_person(
        &self,
        request: Request<identity::GetPersonRequest>,
    ) -> Result<Response<identity::GetPersonResponse>, Status> {
        let state = self.state();
        let person = match request.into_inner().id.expect("reports says who") {
            Id::PersonId(id) => state.by_id(&id).cloned().ok_or_else(not_found)?,
            Id::DistinctId(id) => state.by_distinct_id(&id).cloned().unwrap_or_else(|| {
                let distinct_ids = vec![id.clone()];
                let id = PersonId::of_distinct_id(project(), &id).to_string();
                identity::Person { id, distinct_ids, ..identity::Person::default() }
            }),
        };
        Ok(Response::new(identity::GetPersonResponse { person: Some(person) }))
    }

    async fn list_merges(
        &self,
        request: Request<identity::ListMergesRequest>,
    ) -> Result<Response<identity::ListMergesResponse>, Status> {
        let state = self.state();
        let request = request.into_inner();
        state.by_id(&request.person_id).ok_or_else(not_found)?;
        let (merges, next_page_token) = page(&state.merges, request.page_size, &request.page_token);
        Ok(Response::new(identity::ListMergesResponse { merges, next_page_token }))
    }

    async fn list_property_changes(
        &self,
        request: Request<identity::ListPropertyChangesRequest>,
    ) -> Result<Response<identity::ListPropertyChangesResponse>, Status> {
        let state = self.state();
        let request = request.into_inner();
        state.by_id(&request.person_id).ok_or_else(not_found)?;
        let (changes, next_page_token) =
            page(&state.changes, request.page_size, &request.page_token);
        Ok(Response::new(identity::ListPropertyChangesResponse { changes, next_page_token }))
    }

    async fn list_persons(
        &self,
        _: Request<identity::ListPersonsRequest>,
    ) -> Result<Response<identity::ListPersonsResponse>, Status> {
        unreachable!("reports lists no persons")
    }

    async fn identify(
        &self,
        _: Request<identity::IdentifyRequest>,
    ) -> Result<Response<identity::IdentifyResponse>, Status> {
        unreachable!("reports changes nobody")
    }

    async fn alias(
        &self,
        _: Request<identity::AliasRequest>,
    ) -> Result<Response<identity::AliasResponse>, Status> {
        unreachable!("reports changes nobody")
    }

    async fn set_properties(
        &self,
        _: Request<identity::SetPropertiesRequest>,
    ) -> Result<Response<identity::SetPropertiesResponse>, Status> {
        unreachable!("reports changes nobody")
    }

    async fn merge_persons(
        &self,
        _: Request<identity::MergePersonsRequest>,
    ) -> Result<Response<identity::MergePersonsResponse>, Status> {
        unreachable!("reports changes nobody")
    }

    async fn split_person(
        &self,
        _: Request<identity::SplitPersonRequest>,
    ) -> Result<Response<identity::SplitPersonResponse>, Status> {
        unreachable!("reports changes nobody")
    }

    async fn list_refused_merges(
        &self,
        _: Request<identity::ListRefusedMergesRequest>,
    ) -> Result<Response<identity::ListRefusedMergesResponse>, Status> {
        unreachable!("reports asks for no refusals")
    }

    async fn delete_person(
        &self,
        _: Request<identity::DeletePersonRequest>,
    ) -> Result<Response<identity::DeletePersonResponse>, Status> {
        unreachable!("reports deletes nobody")
    }
}
