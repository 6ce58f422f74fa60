//! `IngestService`: what the edge accepted goes into the queue.

use observe_core::{CallContext, respond};
use observe_proto::events::v1::ingest_service_server::IngestService;
use observe_proto::events::v1::{WriteEventsRequest, WriteEventsResponse};
use tonic::{Request, Response, Status};

use crate::convert::accepted_events;
use crate::error::Error;
use crate::workers::group_commit::Writer;

/// See the contract.
pub struct Ingest {
    writer: Writer,
}

impl Ingest {
    /// Hands events to the writer.
    #[must_use]
    pub fn new(writer: Writer) -> Self {
        Self { writer }
    }

    async fn write(
        &self,
        ctx: &CallContext,
        request: WriteEventsRequest,
    ) -> Result<WriteEventsResponse, Error> {
        ctx.require_service()?;
        self.writer.write(accepted_events(request)?).await?;
        Ok(WriteEventsResponse {})
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
}
