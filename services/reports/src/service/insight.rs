//! `observe.reports.v1.InsightService`. What each RPC does is in the file named after its question.

mod answers;
mod funnel;
mod lifecycle;
mod paths;
mod retention;
mod stickiness;
mod trends;
mod web_overview;

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::{CallContext, respond};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::insight_service_server::InsightService;
use prost::Message;
use tonic::{Request, Response, Status};

pub(crate) use answers::Answers;
use answers::Question;

use crate::engine::{ReportEngine, Slots};
use crate::error::ReportsError;

/// Answers questions with whatever engine there is.
pub(crate) struct Insight {
    engine: Arc<dyn ReportEngine>,
    /// Where questions are read, too: compiling their patterns is computation that must not hold up other requests.
    slots: Slots,
    answers: Answers,
}

impl Insight {
    pub(crate) fn new(engine: Arc<dyn ReportEngine>, slots: Slots, answers: Answers) -> Self {
        Self { engine, slots, answers }
    }

    /// Answers a question with what is kept, or asks it. `project_id` says whose data it is about.
    async fn kept<Q: Message, A: Message + Default, F>(
        &self,
        rpc: &'static str,
        request: Request<Q>,
        project_id: impl FnOnce(&Q) -> &str,
        ask: impl FnOnce(CallContext, Q) -> F,
    ) -> Result<Response<A>, Status>
    where
        F: Future<Output = Result<A, ReportsError>>,
    {
        let kept = async |ctx: CallContext, question: Q| {
            let project = ctx.project(project_id(&question), Permission::Read)?;
            let request = question.encode_to_vec();
            let asked = Question { project, rpc, request: &request, beside: &[] };
            self.answers.of(asked, ask(ctx, question)).await
        };
        answer(request, kept).await
    }
}

/// Answers a request of whoever has a call context.
async fn answer<Q, A, F>(
    request: Request<Q>,
    ask: impl FnOnce(CallContext, Q) -> F,
) -> Result<Response<A>, Status>
where
    F: Future<Output = Result<A, ReportsError>>,
{
    match CallContext::from_request(&request) {
        Ok(ctx) => respond(ask(ctx, request.into_inner()).await),
        Err(error) => respond(Err(error)),
    }
}

#[tonic::async_trait]
impl InsightService for Insight {
    async fn query_trends(
        &self,
        request: Request<pb::QueryTrendsRequest>,
    ) -> Result<Response<pb::QueryTrendsResponse>, Status> {
        let ask = |ctx, question| self.trends(ctx, question);
        self.kept("QueryTrends", request, |q| &q.project_id, ask).await
    }

    async fn list_trend_persons(
        &self,
        request: Request<pb::ListTrendPersonsRequest>,
    ) -> Result<Response<pb::ListTrendPersonsResponse>, Status> {
        answer(request, |ctx, question| self.trend_persons(ctx, question)).await
    }

    async fn query_funnel(
        &self,
        request: Request<pb::QueryFunnelRequest>,
    ) -> Result<Response<pb::QueryFunnelResponse>, Status> {
        let ask = |ctx, question| self.funnel(ctx, question);
        self.kept("QueryFunnel", request, |q| &q.project_id, ask).await
    }

    async fn query_funnel_trend(
        &self,
        request: Request<pb::QueryFunnelTrendRequest>,
    ) -> Result<Response<pb::QueryFunnelTrendResponse>, Status> {
        let ask = |ctx, question| self.funnel_trend(ctx, question);
        self.kept(
            "QueryFunnelTrend",
            request,
            |q| q.funnel.as_ref().map_or("", |funnel| &funnel.project_id),
            ask,
        )
        .await
    }

    async fn list_funnel_persons(
        &self,
        request: Request<pb::ListFunnelPersonsRequest>,
    ) -> Result<Response<pb::ListFunnelPersonsResponse>, Status> {
        answer(request, |ctx, question| self.funnel_persons(ctx, question)).await
    }

    async fn explain_funnel_person(
        &self,
        request: Request<pb::ExplainFunnelPersonRequest>,
    ) -> Result<Response<pb::ExplainFunnelPersonResponse>, Status> {
        answer(request, |ctx, question| self.explain_funnel(ctx, question)).await
    }

    async fn query_retention(
        &self,
        request: Request<pb::QueryRetentionRequest>,
    ) -> Result<Response<pb::QueryRetentionResponse>, Status> {
        let ask = |ctx, question| self.retention(ctx, question);
        self.kept("QueryRetention", request, |q| &q.project_id, ask).await
    }

    async fn list_retention_persons(
        &self,
        request: Request<pb::ListRetentionPersonsRequest>,
    ) -> Result<Response<pb::ListRetentionPersonsResponse>, Status> {
        answer(request, |ctx, question| self.retention_persons(ctx, question)).await
    }

    async fn explain_retention_person(
        &self,
        request: Request<pb::ExplainRetentionPersonRequest>,
    ) -> Result<Response<pb::ExplainRetentionPersonResponse>, Status> {
        answer(request, |ctx, question| self.explain_retention(ctx, question)).await
    }

    async fn query_lifecycle(
        &self,
        request: Request<pb::QueryLifecycleRequest>,
    ) -> Result<Response<pb::QueryLifecycleResponse>, Status> {
        let ask = |ctx, question| self.lifecycle(ctx, question);
        self.kept("QueryLifecycle", request, |q| &q.project_id, ask).await
    }

    async fn list_lifecycle_persons(
        &self,
        request: Request<pb::ListLifecyclePersonsRequest>,
    ) -> Result<Response<pb::ListLifecyclePersonsResponse>, Status> {
        answer(request, |ctx, question| self.lifecycle_persons(ctx, question)).await
    }

    async fn query_stickiness(
        &self,
        request: Request<pb::QueryStickinessRequest>,
    ) -> Result<Response<pb::QueryStickinessResponse>, Status> {
        let ask = |ctx, question| self.stickiness(ctx, question);
        self.kept("QueryStickiness", request, |q| &q.project_id, ask).await
    }

    async fn list_stickiness_persons(
        &self,
        request: Request<pb::ListStickinessPersonsRequest>,
    ) -> Result<Response<pb::ListStickinessPersonsResponse>, Status> {
        answer(request, |ctx, question| self.stickiness_persons(ctx, question)).await
    }

    async fn query_paths(
        &self,
        request: Request<pb::QueryPathsRequest>,
    ) -> Result<Response<pb::QueryPathsResponse>, Status> {
        let ask = |ctx, question| self.paths(ctx, question);
        self.kept("QueryPaths", request, |q| &q.project_id, ask).await
    }

    async fn list_path_persons(
        &self,
        request: Request<pb::ListPathPersonsRequest>,
    ) -> Result<Response<pb::ListPathPersonsResponse>, Status> {
        answer(request, |ctx, question| self.path_persons(ctx, question)).await
    }

    async fn query_web_overview(
        &self,
        request: Request<pb::QueryWebOverviewRequest>,
    ) -> Result<Response<pb::QueryWebOverviewResponse>, Status> {
        let ask = |ctx, question| self.web_overview(ctx, question);
        self.kept("QueryWebOverview", request, |q| &q.project_id, ask).await
    }
}
