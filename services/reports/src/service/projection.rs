//! `observe.reports.v1.ProjectionService`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::{CallContext, respond};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::projection_service_server::ProjectionService;
use pb::projection_rebuild::State;
use prost_types::Timestamp;
use tonic::{Request, Response, Status};

use crate::error::ReportsError;
use crate::published::Published;
use crate::rebuild::{Rebuild, Rebuilds, Stage};

/// Has projections made anew.
pub(crate) struct Projections {
    pub(crate) published: Arc<Published>,
    pub(crate) rebuilds: Arc<Rebuilds>,
}

impl Projections {
    fn rebuild(
        &self,
        ctx: &CallContext,
        request: &pb::RebuildProjectionRequest,
    ) -> Result<pb::RebuildProjectionResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let events = self.published.projection()?.project(project).row_count();
        let rebuild = self.rebuilds.begin(project, events)?;
        Ok(pb::RebuildProjectionResponse { rebuild: Some(to_wire(&rebuild)) })
    }

    fn get(
        &self,
        ctx: &CallContext,
        request: &pb::GetProjectionRebuildRequest,
    ) -> Result<pb::GetProjectionRebuildResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let rebuild = self.rebuilds.of(project).ok_or(CommonError::NotFound("rebuild"))?;
        Ok(pb::GetProjectionRebuildResponse { rebuild: Some(to_wire(&rebuild)) })
    }
}

fn to_wire(rebuild: &Rebuild) -> pb::ProjectionRebuild {
    let (state, failure) = match &rebuild.stage {
        Stage::Running => (State::Running, String::new()),
        Stage::Done => (State::Done, String::new()),
        Stage::Failed(why) => (State::Failed, why.clone()),
    };
    let count = |events| i64::try_from(events).unwrap_or(i64::MAX);
    pb::ProjectionRebuild {
        state: state.into(),
        events: count(rebuild.events),
        total_events: count(rebuild.total_events),
        begun_time: Some(timestamp(rebuild.begun)),
        ended_time: rebuild.ended.map(timestamp),
        failure,
    }
}

fn timestamp(time: DateTime<Utc>) -> Timestamp {
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(0);
    Timestamp { seconds: time.timestamp(), nanos }
}

#[tonic::async_trait]
impl ProjectionService for Projections {
    async fn rebuild_projection(
        &self,
        request: Request<pb::RebuildProjectionRequest>,
    ) -> Result<Response<pb::RebuildProjectionResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.rebuild(&ctx, request.get_ref()))
    }

    async fn get_projection_rebuild(
        &self,
        request: Request<pb::GetProjectionRebuildRequest>,
    ) -> Result<Response<pb::GetProjectionRebuildResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.get(&ctx, request.get_ref()))
    }
}
