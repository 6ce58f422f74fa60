//! `IngestService`: what the edge accepted goes into the queue; `$request` events go into the span lane as well.

use std::sync::Arc;

use observe_core::{CallContext, Clock, respond};
use observe_proto::events::v1::ingest_service_server::IngestService;
use observe_proto::events::v1::{
    RecordRejectionsRequest, RecordRejectionsResponse, WriteEventsRequest, WriteEventsResponse,
};
use observe_runtime::postgres::Database;
use tonic::{Request, Response, Status};

use crate::convert::accepted_events;
use crate::error::Error;
use crate::rejection;
use crate::spans::request_event;
use crate::store;
use crate::workers::group_commit::{Write, Writer};

/// See the contract.
pub struct Ingest {
    writer: Writer,
    database: Database,
    clock: Arc<dyn Clock>,
}

impl Ingest {
    /// Hands events to the writer, and rejections to the database.
    #[must_use]
    pub fn new(writer: Writer, database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { writer, database, clock }
    }

    async fn write(
        &self,
        ctx: &CallContext,
        request: WriteEventsRequest,
    ) -> Result<WriteEventsResponse, Error> {
        ctx.require_service()?;
        let events = accepted_events(request)?;
        let now_ms = self.clock.now().timestamp_millis();
        let span = |(project, _, event): &(_, _, _)| {
            request_event::span_of(event, now_ms).map(|span| (*project, span))
        };
        let spans = events.iter().filter_map(span).collect();
        self.writer.write(Write { events, spans }).await?;
        Ok(WriteEventsResponse {})
    }

    async fn record(
        &self,
        ctx: &CallContext,
        request: RecordRejectionsRequest,
    ) -> Result<RecordRejectionsResponse, Error> {
        ctx.require_service()?;
        let reports = rejection::reports(request)?;
        store::rejection::record(self.database.worker(), &reports).await?;
        Ok(RecordRejectionsResponse {})
    }
}

#[tonic::async_trait]
impl IngestService for Ingest {
    async fn write_events(
        &self,
        request: Request<WriteEventsRequest>,
    ) -> Result<Response<WriteEventsResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.write(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }

    async fn record_rejections(
        &self,
        request: Request<RecordRejectionsRequest>,
    ) -> Result<Response<RecordRejectionsResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.record(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }
}
