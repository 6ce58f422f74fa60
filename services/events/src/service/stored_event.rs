//! `StoredEventService`: stored events as they are, for exports.

use observe_core::error::CommonError;
use observe_core::{CallContext, ProjectId, respond};
use observe_proto::events::v1::stored_event_service_server::StoredEventService;
use observe_proto::events::v1::{ReadStoredEventsRequest, ReadStoredEventsResponse};
use observe_runtime::postgres::Database;
use tonic::{Request, Response, Status};

use crate::convert::stored_event as convert;
use crate::error::Error;
use crate::event::Position;
use crate::store::stored_event;

/// See the contract.
pub struct StoredEvents {
    /// Where events are.
    pub database: Database,
}

impl StoredEvents {
    async fn read(
        &self,
        ctx: &CallContext,
        request: &ReadStoredEventsRequest,
    ) -> Result<ReadStoredEventsResponse, Error> {
        ctx.require_service()?;
        let project =
            ProjectId::from_bytes(&request.project_id).ok_or(CommonError::NotFound("project"))?;
        let query = convert::stored_query(request)?;
        let page = stored_event::read(&self.database, project, &query).await?;
        let next_position = match page.rows.last() {
            Some(last) if page.more => {
                Position { time: last.time, arrival: last.arrival, uuid: last.uuid }.to_bytes()
            }
            _ => Vec::new(),
        };
        let events = page.rows.into_iter().map(convert::stored_event).collect();
        Ok(ReadStoredEventsResponse { events, next_position })
    }
}

#[tonic::async_trait]
impl StoredEventService for StoredEvents {
    async fn read_stored_events(
        &self,
        request: Request<ReadStoredEventsRequest>,
    ) -> Result<Response<ReadStoredEventsResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.read(&ctx, request.get_ref()).await,
            Err(error) => Err(error.into()),
        })
    }
}
