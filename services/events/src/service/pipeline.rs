//! `PipelineService`: where accepted events are.

use std::sync::Arc;

use chrono::TimeDelta;
use observe_core::context::Permission;
use observe_core::page::PageTokens;
use observe_core::{CallContext, Clock, ProjectId, Violations, respond};
use observe_proto::events::v1 as pb;
use observe_proto::events::v1::pipeline_service_server::PipelineService;
use observe_proto::events::v1::{
    GetPipelineStatusRequest, GetPipelineStatusResponse, ListDeadLettersRequest,
    ListDeadLettersResponse, RedriveDeadLettersRequest, RedriveDeadLettersResponse,
};
use observe_runtime::postgres::Database;
use observe_runtime::redis::QueueRedis;
use tonic::{Request, Response, Status};

use crate::convert::dead_letter as convert;
use crate::convert::timestamp;
use crate::decode::Decoder;
use crate::error::{Error, unavailable};
use crate::event::Position;
use crate::redrive::redrive;
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
    /// What seals page tokens.
    pub page_tokens: PageTokens,
    /// Decodes what is tried again.
    pub decoder: Decoder,
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
        let stalled = store::shard::failure(self.database.worker()).await?;
        Ok(GetPipelineStatusResponse {
            accepted: outcomes.taken + outcomes.direct + pending,
            stored: outcomes.stored,
            duplicates: outcomes.duplicates,
            dead_lettered: outcomes.dead_lettered,
            pending,
            oldest_pending_age: Some(self.age(queue.oldest_ms)),
            rejections: self.rejections(project).await?,
            queue_replaced_time: replaced_at.map(timestamp),
            stalled_reason: stalled.unwrap_or_default(),
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

impl Pipeline {
    async fn dead_letters(
        &self,
        ctx: &CallContext,
        request: ListDeadLettersRequest,
    ) -> Result<ListDeadLettersResponse, Error> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let size = convert::page_size(request.page_size)?;
        let scope = page_scope(project);
        let after = self.open_token(&scope, &request.page_token)?;
        let page = store::dead_letter::list(&self.database, project, after, size).await?;
        let next_page_token = match page.rows.last() {
            Some(last) if page.more => {
                let position = Position { time: last.created_at, arrival: 0, uuid: last.uuid };
                self.page_tokens.seal(&scope, &position.to_bytes())
            }
            _ => String::new(),
        };
        let dead_letters = page.rows.into_iter().map(convert::dead_letter).collect();
        Ok(ListDeadLettersResponse { dead_letters, next_page_token })
    }

    fn open_token(&self, scope: &[u8], token: &str) -> Result<Option<Position>, Violations> {
        if token.is_empty() {
            return Ok(None);
        }
        let position =
            self.page_tokens.open(scope, token).and_then(|bytes| Position::from_bytes(&bytes));
        let mut violations = Violations::new();
        violations.require(position.is_some(), "page_token", "is not one of this project");
        violations.finish().map(|()| position)
    }

    async fn redrive(
        &self,
        ctx: &CallContext,
        request: RedriveDeadLettersRequest,
    ) -> Result<RedriveDeadLettersResponse, Error> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let uuids = convert::uuids(&request)?;
        let actor = convert::actor(ctx);
        let pool = self.database.worker();
        let done = redrive(pool, &self.decoder, (project, &actor), &uuids).await?;
        let count = |events: i64| i32::try_from(events).unwrap_or(i32::MAX);
        tracing::info!(%project, ?done, "dead letters were tried again");
        Ok(RedriveDeadLettersResponse {
            stored: count(done.stored),
            duplicates: count(done.duplicates),
            refused: count(done.refused),
        })
    }
}

/// What must stay the same from page to page.
fn page_scope(project: ProjectId) -> Vec<u8> {
    let mut scope = b"dead letters".to_vec();
    scope.extend(project.to_bytes());
    scope
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
        request: Request<ListDeadLettersRequest>,
    ) -> Result<Response<ListDeadLettersResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.dead_letters(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }

    async fn redrive_dead_letters(
        &self,
        request: Request<RedriveDeadLettersRequest>,
    ) -> Result<Response<RedriveDeadLettersResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.redrive(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
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
