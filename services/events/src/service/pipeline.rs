//! `PipelineService`: where accepted events are.

use std::sync::Arc;

use chrono::TimeDelta;
use observe_core::context::Permission;
use observe_core::{CallContext, Clock, ProjectId, respond};
use observe_proto::events::v1 as pb;
use observe_proto::events::v1::pipeline_service_server::PipelineService;
use observe_proto::events::v1::{GetPipelineStatusRequest, GetPipelineStatusResponse};
use observe_runtime::postgres::Database;
use observe_runtime::redis::QueueRedis;
use tonic::{Request, Response, Status};

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
        let pending = (queue.accepted - outcomes.taken).max(0);
        Ok(GetPipelineStatusResponse {
            accepted: outcomes.taken + pending,
            stored: outcomes.stored,
            duplicates: outcomes.duplicates,
            dead_lettered: outcomes.dead_lettered,
            pending,
            oldest_pending_age: Some(self.age(queue.oldest_ms)),
            rejections: self.rejections(project).await?,
            ..Default::default()
        })
    }

    /// Returns what was not accepted in the last 24 hours.
    async fn rejections(&self, project: ProjectId) -> Result<Vec<pb::RejectionCount>, Error> {
        let since = self.clock.now() - TimeDelta::hours(24);
        let counts = store::rejection::counts(&self.database, project, since).await?;
        Ok(counts.into_iter().map(Into::into).collect())
    }

    async fn rejected(
        &self,
        ctx: &CallContext,
        request: pb::ListRejectedEventsRequest,
    ) -> Result<pb::ListRejectedEventsResponse, Error> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let latest = store::rejection::latest(&self.database, project).await?;
        let rejected_events = latest.into_iter().map(Into::into).collect();
        Ok(pb::ListRejectedEventsResponse { rejected_events })
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
        request: Request<pb::ListRejectedEventsRequest>,
    ) -> Result<Response<pb::ListRejectedEventsResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.rejected(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }
}
