//! `observe.reports.v1.InsightService`.

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::{CallContext, respond};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::insight_service_server::InsightService;
use tonic::{Request, Response, Status};

use crate::convert::{funnel_query, funnel_response, trends_query, trends_response};
use crate::engine::{ReportEngine, Slots};
use crate::error::ReportsError;

/// Answers questions with whatever engine there is.
pub(crate) struct Insight {
    engine: Arc<dyn ReportEngine>,
    /// Where questions are read, too: compiling their patterns is computation that must not hold up other requests.
    slots: Slots,
}

impl Insight {
    pub(crate) fn new(engine: Arc<dyn ReportEngine>, slots: Slots) -> Self {
        Self { engine, slots }
    }

    async fn trends(
        &self,
        ctx: &CallContext,
        request: pb::QueryTrendsRequest,
    ) -> Result<pb::QueryTrendsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let query = self.slots.compute(move |_| Ok(trends_query(&request))).await??;
        let (buckets, series) = (query.buckets.clone(), query.series.clone());
        let answer = self.engine.trends(project, query).await?;
        Ok(trends_response(&buckets, &series, answer))
    }

    async fn funnel(
        &self,
        ctx: &CallContext,
        request: pb::QueryFunnelRequest,
    ) -> Result<pb::QueryFunnelResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let query = self.slots.compute(move |_| Ok(funnel_query(&request))).await??;
        let steps = query.steps.clone();
        let answer = self.engine.funnel(project, query).await?;
        Ok(funnel_response(&steps, answer))
    }
}

#[tonic::async_trait]
impl InsightService for Insight {
    async fn query_trends(
        &self,
        request: Request<pb::QueryTrendsRequest>,
    ) -> Result<Response<pb::QueryTrendsResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.trends(&ctx, request.into_inner()).await)
    }

    async fn query_funnel(
        &self,
        request: Request<pb::QueryFunnelRequest>,
    ) -> Result<Response<pb::QueryFunnelResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.funnel(&ctx, request.into_inner()).await)
    }
}
