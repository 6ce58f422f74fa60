//! `EventService`: stored events.

use observe_core::context::Permission;
use observe_core::page::PageTokens;
use observe_core::{CallContext, ProjectId, Violations, respond};
use observe_proto::events::v1::event_service_server::EventService;
use observe_proto::events::v1::{ListEventsRequest, ListEventsResponse};
use observe_proto::identity::v1::ListDistinctIdsRequest;
use observe_proto::identity::v1::person_log_service_client::PersonLogServiceClient;
use observe_runtime::client::ServiceChannel;
use observe_runtime::postgres::Database;
use prost::Message as _;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::{Error, unavailable};
use crate::event::{EventQuery, Position};
use crate::store;

/// See the contract.
pub struct Events {
    database: Database,
    identity: PersonLogServiceClient<ServiceChannel>,
    page_tokens: PageTokens,
}

impl Events {
    /// Reads from the database; asks identity whose a distinct id is.
    #[must_use]
    pub fn new(
        database: Database,
        identity: PersonLogServiceClient<ServiceChannel>,
        page_tokens: PageTokens,
    ) -> Self {
        Self { database, identity, page_tokens }
    }

    async fn list(
        &self,
        ctx: &CallContext,
        request: ListEventsRequest,
    ) -> Result<ListEventsResponse, Error> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let filter = convert::list_filter(&request)?;
        let scope = page_scope(project, &request);
        let mut query = filter.query;
        query.after = self.open_token(&scope, &request.page_token)?;
        if let Some(person) = filter.person {
            let call = ListDistinctIdsRequest {
                project_id: project.to_bytes(),
                person_id: person.to_bytes(),
            };
            let answer = self.identity.clone().list_distinct_ids(call).await;
            let ids = answer.map_err(|error| unavailable("identity", error.to_string()))?;
            restrict(&mut query, ids.into_inner().distinct_ids);
        }
        let size = i64::from(filter.page_size);
        let page = store::event::list(&self.database, project, &query, size)
            .await
            .map_err(pattern_error)?;
        let next_page_token = match page.rows.last() {
            Some(last) if page.more => {
                let position = Position { time: last.time, arrival: last.arrival, uuid: last.uuid };
                self.page_tokens.seal(&scope, &position.to_bytes())
            }
            _ => String::new(),
        };
        let events = page.rows.into_iter().map(convert::event).collect();
        Ok(ListEventsResponse { events, next_page_token })
    }

    fn open_token(&self, scope: &[u8], token: &str) -> Result<Option<Position>, Violations> {
        if token.is_empty() {
            return Ok(None);
        }
        let position =
            self.page_tokens.open(scope, token).and_then(|bytes| Position::from_bytes(&bytes));
        let mut violations = Violations::new();
        violations.require(
            position.is_some(),
            "page_token",
            "is not one of this project and filter",
        );
        violations.finish().map(|()| position)
    }
}

/// A pattern that PostgreSQL does not take is the caller's to mend, and its message, which quotes it, is not for the log.
fn pattern_error(error: sqlx::Error) -> Error {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    if code.is_none_or(|code| code != "2201B") {
        return error.into();
    }
    let mut violations = Violations::new();
    violations.add("filter.properties", "holds a regular expression that cannot be used here");
    violations.into()
}

/// What must stay the same from page to page: all but the token and the size.
fn page_scope(project: ProjectId, request: &ListEventsRequest) -> Vec<u8> {
    let mut scope = project.to_bytes();
    scope.extend(request.filter.clone().unwrap_or_default().encode_to_vec());
    scope
}

/// Keeps only what is of these distinct ids, too.
fn restrict(query: &mut EventQuery, ids: Vec<String>) {
    query.distinct_ids = Some(match query.distinct_ids.take() {
        Some(wanted) => wanted.into_iter().filter(|id| ids.contains(id)).collect(),
        None => ids,
    });
}

#[tonic::async_trait]
impl EventService for Events {
    async fn list_events(
        &self,
        request: Request<ListEventsRequest>,
    ) -> Result<Response<ListEventsResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.list(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }
}
