//! `PipelineService`: where accepted events are.

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::{CallContext, Clock, respond};
use observe_proto::events::v1 as pb;
use observe_proto::events::v1::pipeline_service_server::PipelineService;
use observe_proto::events::v1::{GetPipelineStatusRequest, GetPipelineStatusResponse};
use observe_runtime::postgres::Database;
use observe_runtime::redis::QueueRedis;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::{Error, unavailable};
use crate::shard::Shard;
use crate::{queue, store};

/// See the contract.
pub struct Pipeline {
    /// What became of events.
    pub database: Database,
    /// What was accepted.
    pub queue: QueueRedis,
    /// How many shards there are.
    pub shards: Shard,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Pipeline {
    async fn status(
        &self,
        ctx: &CallContext,
        request: GetPipelineStatusRequest,
    ) -> Result<GetPipelineStatusResponse, Error> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        // Outcomes first: what is accepted meanwhile then shows as pending, and never as negative.
        let outcomes = store::pipeline::outcomes(&self.database, project).await?;
        let queue = queue::status(&self.queue, self.shards, project)
            .await
            .map_err(|error| unavailable("the event queue", error.to_string()))?;
        let replaced_at = store::pipeline::queue_replaced_at(self.database.worker()).await?;
        let pending = (queue.accepted + outcomes.queue_offset - outcomes.taken).max(0);
        Ok(GetPipelineStatusResponse {
            accepted: outcomes.taken + outcomes.direct + pending,
            stored: outcomes.stored,
            duplicates: outcomes.duplicates,
            dead_lettered: outcomes.dead_lettered,
            pending,
            oldest_pending_age: Some(self.age(queue.oldest_ms)),
            queue_replaced_time: replaced_at.map(convert::timestamp),
            ..Default::default()
        })
    }

    fn age(&self, oldest_ms: Option<i64>) -> prost_types::Duration {
        let now = self.clock.now().timestamp_millis();
        let millis = oldest_ms.map_or(0, |oldest| (now - oldest).max(0));
        prost_types::Duration {
            seconds: millis / 1_000,
            nanos: i32::try_from(millis % 1_000 * 1_000_000).unwrap_or(0),
        }
    }
}

#[tonic::async_trait]
impl PipelineService for Pipeline {
    async fn get_pipeline_status(
        &self,
        request: Request<GetPipelineStatusRequest>,
    ) -> Result<Response<GetPipelineStatusResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.status(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }

    async fn list_dead_letters(
        &self,
        _request: Request<pb::ListDeadLettersRequest>,
    ) -> Result<Response<pb::ListDeadLettersResponse>, Status> {
        respond(Err(Error::from(observe_core::error::CommonError::Internal("not built".into()))))
    }

    async fn redrive_dead_letters(
        &self,
        _request: Request<pb::RedriveDeadLettersRequest>,
    ) -> Result<Response<pb::RedriveDeadLettersResponse>, Status> {
        respond(Err(Error::from(observe_core::error::CommonError::Internal("not built".into()))))
    }

    async fn list_rejected_events(
        &self,
        _request: Request<pb::ListRejectedEventsRequest>,
    ) -> Result<Response<pb::ListRejectedEventsResponse>, Status> {
        respond(Err(Error::from(observe_core::error::CommonError::Internal("not built".into()))))
    }
}
