//! Where the rows of an export come from: events and identity, page by page, tried again while they are away for a moment.

use std::future::Future;
use std::time::Duration;

use observe_core::ProjectId;
use observe_core::error::CommonError;
use observe_proto::events::v1::log_service_client::LogServiceClient;
use observe_proto::events::v1::stored_event_service_client::StoredEventServiceClient;
use observe_proto::events::v1::{ListHeadsRequest, ReadStoredEventsRequest, StoredEvent};
use observe_proto::identity::v1::ReadStoredPersonsRequest;
use observe_proto::identity::v1::stored_person_service_client::StoredPersonServiceClient;
use observe_runtime::client::ServiceChannel;
use observe_runtime::{Deps, StartError};
use tonic::{Code, Request, Response, Status};

use super::event_row::EventRow;
use super::person_row::PersonRow;
use super::{EventQuery, Row};
use crate::error::{ReportsError, away};
use crate::projection::People;
use crate::query::Range;

/// How long one page may take: a rare name is looked for among many events. A channel allows no more.
const DEADLINE: Duration = Duration::from_secs(30);
/// The largest page taken, in bytes: one person may be larger than a page is meant to be.
const PAGE_BYTES_MAX: usize = 64 << 20;
/// How often a page is asked for while its owner is away.
const ATTEMPTS_MAX: usize = 10;
/// How long to wait in between.
const PAUSE: Duration = Duration::from_secs(1);

/// Hands out the rows of an export.
pub(crate) trait Source: Send + 'static {
    /// What it hands out.
    type Row: Row;

    /// Returns the next rows; none at the end.
    fn next_page(&mut self) -> impl Future<Output = Result<Vec<Self::Row>, ReportsError>> + Send;

    /// Returns about how many rows there are in all, as far as that is known.
    fn rows_estimated(&self) -> u64;
}

/// Who owns the rows.
#[derive(Clone)]
pub(crate) struct Owners {
    log: LogServiceClient<ServiceChannel>,
    events: StoredEventServiceClient<ServiceChannel>,
    persons: StoredPersonServiceClient<ServiceChannel>,
}

impl Owners {
    /// Knows where they are.
    ///
    /// # Errors
    /// A sentence if this process does not.
    pub(crate) fn new(deps: &Deps) -> Result<Self, StartError> {
        let (events, identity) =
            (deps.service_channel("events")?, deps.service_channel("identity")?);
        Ok(Self {
            log: LogServiceClient::new(events.clone()),
            events: StoredEventServiceClient::new(events).max_decoding_message_size(PAGE_BYTES_MAX),
            persons: StoredPersonServiceClient::new(identity)
                .max_decoding_message_size(PAGE_BYTES_MAX),
        })
    }

    /// Begins to read events, of which nothing is read that is stored later.
    ///
    /// # Errors
    /// `Unavailable` if events is away.
    pub(crate) async fn events(
        &self,
        project: ProjectId,
        query: EventQuery,
        people: People,
        rows_estimated: u64,
    ) -> Result<Events, ReportsError> {
        let heads = self.log.clone().list_heads(timed(&ListHeadsRequest {})).await;
        let heads = heads.map_err(|status| away("events", &status))?.into_inner().heads;
        let Range { start_ms, end_ms } = query.range;
        let request = ReadStoredEventsRequest {
            project_id: project.to_bytes(),
            start_time_ms: (start_ms != Range::ALWAYS.start_ms).then_some(start_ms),
            end_time_ms: (end_ms != Range::ALWAYS.end_ms).then_some(end_ms),
            names: query.names,
            heads,
            position: Vec::new(),
        };
        let client = self.events.clone();
        Ok(Events { client, request: Some(request), people, rows_estimated })
    }

    /// Begins to read persons.
    pub(crate) fn persons(&self, project: ProjectId) -> Persons {
        let request = ReadStoredPersonsRequest {
            project_id: project.to_bytes(),
            after_person_id: Vec::new(),
        };
        Persons { client: self.persons.clone(), request, rows_estimated: 0 }
    }
}

/// Events with the persons they are of.
pub(crate) struct Events {
    client: StoredEventServiceClient<ServiceChannel>,
    /// `None` once all is read.
    request: Option<ReadStoredEventsRequest>,
    people: People,
    rows_estimated: u64,
}

impl Source for Events {
    type Row = EventRow;

    async fn next_page(&mut self) -> Result<Vec<EventRow>, ReportsError> {
        // A page can be empty only if it is the last one.
        let Some(request) = self.request.take() else { return Ok(Vec::new()) };
        let client = &self.client;
        let ask = || {
            let (mut client, request) = (client.clone(), timed(&request));
            async move { client.read_stored_events(request).await }
        };
        let page = patiently("events", ask).await?;
        if !page.next_position.is_empty() {
            self.request =
                Some(ReadStoredEventsRequest { position: page.next_position, ..request });
        }
        let row = |event: StoredEvent| {
            let person = self.people.person(&event.distinct_id);
            EventRow::new(event, person)
        };
        Ok(page.events.into_iter().map(row).collect::<Result<_, _>>()?)
    }

    fn rows_estimated(&self) -> u64 {
        self.rows_estimated
    }
}

/// Persons that have a row.
pub(crate) struct Persons {
    client: StoredPersonServiceClient<ServiceChannel>,
    request: ReadStoredPersonsRequest,
    rows_estimated: u64,
}

impl Source for Persons {
    type Row = PersonRow;

    async fn next_page(&mut self) -> Result<Vec<PersonRow>, ReportsError> {
        let (client, request) = (&self.client, &self.request);
        let ask = || {
            let (mut client, request) = (client.clone(), timed(request));
            async move { client.read_stored_persons(request).await }
        };
        let page = patiently("identity", ask).await?;
        if request.after_person_id.is_empty() {
            self.rows_estimated = u64::try_from(page.person_count).unwrap_or(0);
        }
        if let Some(last) = page.persons.last() {
            self.request.after_person_id.clone_from(&last.person_id);
        }
        Ok(page.persons.into_iter().map(PersonRow::new).collect::<Result<_, _>>()?)
    }

    fn rows_estimated(&self) -> u64 {
        self.rows_estimated
    }
}

/// Asks for a page, again and again for a while if its owner is away: a page is asked for by where it begins, so that nothing comes
/// twice.
async fn patiently<T, F>(owner: &'static str, ask: impl Fn() -> F) -> Result<T, CommonError>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    for _ in 1..ATTEMPTS_MAX {
        match ask().await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if status.code() == Code::Unavailable => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(status) => return Err(away(owner, &status)),
        }
    }
    ask().await.map(Response::into_inner).map_err(|status| away(owner, &status))
}

fn timed<T: Clone>(message: &T) -> Request<T> {
    let mut request = Request::new(message.clone());
    request.set_timeout(DEADLINE);
    request
}
