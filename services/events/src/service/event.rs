//! `EventService`: stored events.

use observe_core::context::Permission;
use observe_core::page::PageTokens;
use observe_core::{CallContext, ProjectId, Violations, respond};
use observe_proto::events::v1::event_service_server::EventService;
use observe_proto::events::v1::{
    ListEventDefinitionsRequest, ListEventDefinitionsResponse, ListEventsRequest,
    ListEventsResponse, ListPropertyDefinitionsRequest, ListPropertyDefinitionsResponse,
    ListPropertyValuesRequest, ListPropertyValuesResponse, PropertyValue, WatchEventsRequest,
};
use observe_proto::identity::v1::ListDistinctIdsRequest;
use observe_proto::identity::v1::person_log_service_client::PersonLogServiceClient;
use observe_runtime::Lifecycle;
use observe_runtime::client::ServiceChannel;
use observe_runtime::postgres::Database;
use prost::Message as _;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::{Error, unavailable};
use crate::event::{EventQuery, Position};
use crate::live::Live;
use crate::matching::Matcher;
use crate::service::watch::{self, WatchStream};
use crate::store;

/// See the contract.
pub struct Events {
    /// Where events are.
    pub database: Database,
    /// Who knows whose a distinct id is.
    pub identity: PersonLogServiceClient<ServiceChannel>,
    /// What seals page tokens.
    pub page_tokens: PageTokens,
    /// Where new events can be watched.
    pub live: Live,
    /// The life of the process.
    pub life: Lifecycle,
}

impl Events {
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
    scope.extend(request.order.to_be_bytes());
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

impl Events {
    fn watch(&self, ctx: &CallContext, request: &WatchEventsRequest) -> Result<WatchStream, Error> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let filter = convert::watch_filter(request.filter.as_ref())?;
        let viewer = self.live.watch(project).ok_or(Error::TooManyViewers)?;
        Ok(watch::stream(viewer, Matcher::new(filter), self.life.clone()))
    }

    async fn event_definitions(
        &self,
        ctx: &CallContext,
        request: ListEventDefinitionsRequest,
    ) -> Result<ListEventDefinitionsResponse, Error> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let rows = store::definition::list_events(&self.database, project).await?;
        let event_definitions = rows.into_iter().map(convert::event_definition).collect();
        Ok(ListEventDefinitionsResponse { event_definitions })
    }

    async fn property_definitions(
        &self,
        ctx: &CallContext,
        request: ListPropertyDefinitionsRequest,
    ) -> Result<ListPropertyDefinitionsResponse, Error> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        convert::plain("event_name", &request.event_name)?;
        let rows = store::definition::list_properties(&self.database, project, &request.event_name)
            .await?;
        let property_definitions = rows.into_iter().map(convert::property_definition).collect();
        Ok(ListPropertyDefinitionsResponse { property_definitions })
    }

    async fn property_values(
        &self,
        ctx: &CallContext,
        request: ListPropertyValuesRequest,
    ) -> Result<ListPropertyValuesResponse, Error> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let ListPropertyValuesRequest { property, event_name, search, .. } = request;
        for (field, text) in
            [("property", &property), ("event_name", &event_name), ("search", &search)]
        {
            convert::plain(field, text)?;
        }
        let mut violations = Violations::new();
        violations.require(!property.is_empty(), "property", "is required");
        violations.finish()?;
        let found = store::definition::list_values(
            &self.database,
            project,
            &property,
            &event_name,
            &search,
        )
        .await?;
        let to_wire = |(value, event_count)| PropertyValue { value, event_count };
        Ok(ListPropertyValuesResponse { values: found.into_iter().map(to_wire).collect() })
    }
}

#[tonic::async_trait]
impl EventService for Events {
    type WatchEventsStream = WatchStream;

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

    async fn watch_events(
        &self,
        request: Request<WatchEventsRequest>,
    ) -> Result<Response<WatchStream>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.watch(&ctx, request.get_ref()),
            Err(error) => Err(error.into()),
        })
    }

    async fn list_event_definitions(
        &self,
        request: Request<ListEventDefinitionsRequest>,
    ) -> Result<Response<ListEventDefinitionsResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.event_definitions(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }

    async fn list_property_definitions(
        &self,
        request: Request<ListPropertyDefinitionsRequest>,
    ) -> Result<Response<ListPropertyDefinitionsResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.property_definitions(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }

    async fn list_property_values(
        &self,
        request: Request<ListPropertyValuesRequest>,
    ) -> Result<Response<ListPropertyValuesResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.property_values(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }
}
