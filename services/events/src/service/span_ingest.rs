//! `SpanIngestService`: spans that the edge accepted go into the queue.

use observe_core::{CallContext, respond};
use observe_proto::events::v1::span_ingest_service_server::SpanIngestService;
use observe_proto::events::v1::{WriteSpansRequest, WriteSpansResponse};
use tonic::{Request, Response, Status};

use crate::convert::span::accepted_spans;
use crate::error::Error;
use crate::workers::group_commit::{Write, Writer};

/// See the contract.
pub struct SpanIngest {
    writer: Writer,
}

impl SpanIngest {
    /// Hands spans to the writer.
    #[must_use]
    pub fn new(writer: Writer) -> Self {
        Self { writer }
    }

    async fn write(
        &self,
        ctx: &CallContext,
        request: WriteSpansRequest,
    ) -> Result<WriteSpansResponse, Error> {
        ctx.require_service()?;
        let spans = accepted_spans(request)?;
        self.writer.write(Write { spans, ..Write::default() }).await?;
        Ok(WriteSpansResponse {})
    }
}

#[tonic::async_trait]
impl SpanIngestService for SpanIngest {
    async fn write_spans(
        &self,
        request: Request<WriteSpansRequest>,
    ) -> Result<Response<WriteSpansResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.write(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }
}
