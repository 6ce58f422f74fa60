//! `IngestService`: what the edge accepted goes into the queue; `$request` events go into the span lane as well.

use std::collections::HashSet;
use std::sync::Arc;

use observe_core::error::{ErrorCode, ServiceError as _};
use observe_core::{CallContext, Clock, ProjectId, respond};
use observe_proto::events::v1::ingest_service_server::IngestService;
use observe_proto::events::v1::{
    RecordRejectionsRequest, RecordRejectionsResponse, WriteEventsRequest, WriteEventsResponse,
};
use observe_runtime::postgres::Database;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::rejection;
use crate::sealed::{Sealed, SealedEvents, sealed_events};
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
        let parts = Parts::new(sealed_events(request)?, self.clock.now().timestamp_millis());
        let (plain, spanned) =
            tokio::join!(self.writer.write(parts.plain), self.writer.write(parts.spanned));
        plain?;
        match spanned {
            Ok(()) => Ok(WriteEventsResponse::default()),
            // The others are durable; their senders need not wait for what spans depend on.
            Err(error) if parts.has_plain && error.code() == ErrorCode::Unavailable => {
                Ok(WriteEventsResponse { unavailable_batches: parts.spanned_batches })
            }
            Err(error) => Err(error),
        }
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

/// A request in two parts: batches that are events alone, and those that bring spans as well and so need the queue.
#[derive(Default)]
struct Parts {
    plain: Write,
    has_plain: bool,
    spanned: Write,
    spanned_batches: Vec<u32>,
}

impl Parts {
    fn new(batches: Vec<SealedEvents>, now_ms: i64) -> Self {
        let spans: Vec<Vec<_>> = batches
            .iter()
            .map(|batch| {
                let span = |event: Sealed<'_>| {
                    let (project, _, event) = event.label.is_request.then(|| event.open())??;
                    request_event::span_of(&event, now_ms).map(|span| (project, span))
                };
                batch.iter().filter_map(span).collect()
            })
            .collect();
        // All of a project goes one way, so that its identity events keep their order.
        let with_spans: HashSet<ProjectId> =
            spans.iter().flatten().map(|(project, _): &(ProjectId, _)| *project).collect();
        let mut parts = Self::default();
        for ((at, batch), spans) in (0..).zip(batches).zip(spans) {
            if batch.is_empty() {
                continue;
            }
            if with_spans.contains(&batch.project) {
                parts.spanned.events.push(batch);
                parts.spanned.spans.extend(spans);
                parts.spanned_batches.push(at);
            } else {
                parts.plain.events.push(batch);
            }
        }
        parts.has_plain = !parts.plain.events.is_empty();
        parts
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
