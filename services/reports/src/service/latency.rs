//! `observe.reports.v1.LatencyService`.

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::{CallContext, Clock, respond};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::latency_service_server::LatencyService;
use tonic::{Code, Request, Response, Status};

use crate::convert::{endpoint_name, endpoints_response, latency_range, latency_response};
use crate::error::ReportsError;
use crate::latency::query::LatencyQueries;

/// Answers questions about endpoints.
pub(crate) struct Latency {
    pub(crate) queries: LatencyQueries,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Latency {
    async fn endpoints(
        &self,
        ctx: &CallContext,
        request: pb::ListEndpointsRequest,
    ) -> Result<pb::ListEndpointsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let now = self.clock.now();
        let range = latency_range(request.range.as_ref(), now)?;
        let all =
            self.queries.endpoints(project, range, now).await.map_err(|status| away(&status))?;
        Ok(endpoints_response(all))
    }

    async fn query(
        &self,
        ctx: &CallContext,
        request: pb::QueryLatencyRequest,
    ) -> Result<pb::QueryLatencyResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let now = self.clock.now();
        let range = latency_range(request.range.as_ref(), now)?;
        let endpoint = endpoint_name(request.endpoint)?;
        let course = self
            .queries
            .course(project, endpoint, range, now)
            .await
            .map_err(|status| away(&status))?;
        Ok(latency_response(course))
    }
}

/// What events answers when the question was right.
fn away(status: &Status) -> ReportsError {
    let detail = status.to_string();
    match status.code() {
        Code::InvalidArgument | Code::Internal | Code::PermissionDenied | Code::Unimplemented => {
            CommonError::Internal(detail).into()
        }
        _ => CommonError::Unavailable { dependency: "events", detail }.into(),
    }
}

#[tonic::async_trait]
impl LatencyService for Latency {
    async fn list_endpoints(
        &self,
        request: Request<pb::ListEndpointsRequest>,
    ) -> Result<Response<pb::ListEndpointsResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.endpoints(&ctx, request.into_inner()).await)
    }

    async fn query_latency(
        &self,
        request: Request<pb::QueryLatencyRequest>,
    ) -> Result<Response<pb::QueryLatencyResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.query(&ctx, request.into_inner()).await)
    }
}
