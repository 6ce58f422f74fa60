//! `observe.reports.v1.InsightService`. What each RPC does is in the file named after its question.

mod answers;
mod funnel;
mod lifecycle;
mod paths;
mod retention;
mod saved;
mod stickiness;
mod trends;
mod web_overview;

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::{CallContext, Clock, ProjectId, respond};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::insight_service_server::InsightService;
use prost::Message;
use tonic::{Request, Response, Status};

pub(crate) use answers::Answers;
use answers::Question;

use crate::cohort::loader::Loader;
use crate::convert::{NamesCohorts, named_cohorts};
use crate::engine::{ReportEngine, Slots};
use crate::error::ReportsError;
use crate::person_activity::neighbours::Neighbours;
use crate::service::persons::PersonPages;

/// Answers questions with whatever engine there is.
#[derive(Clone)]
pub(crate) struct Insight {
    engine: Arc<dyn ReportEngine>,
    /// Where questions are read, too: compiling their patterns is computation that must not hold up other requests.
    slots: Slots,
    answers: Arc<Answers>,
    persons: PersonPages,
    /// Who knows the person that an explanation is for.
    neighbours: Neighbours,
    cohorts: Loader,
    clock: Arc<dyn Clock>,
}

/// Who answers one question, knowing the cohorts that it names.
struct Knowing {
    project: ProjectId,
    insight: Insight,
    /// Tells these cohorts from what they were before and come to be; empty if there are none.
    cohorts: Vec<u8>,
}

impl Insight {
    pub(crate) fn new(
        engine: Arc<dyn ReportEngine>,
        slots: Slots,
        answers: Answers,
        persons: PersonPages,
        neighbours: Neighbours,
        cohorts: Loader,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { engine, slots, answers: Arc::new(answers), persons, neighbours, cohorts, clock }
    }

    /// Answers a question with what is kept, or asks it.
    async fn kept<Q: Message + NamesCohorts, A: Message + Default, F>(
        &self,
        rpc: &'static str,
        request: Request<Q>,
        ask: impl FnOnce(Self, CallContext, Q) -> F,
    ) -> Result<Response<A>, Status>
    where
        F: Future<Output = Result<A, ReportsError>>,
    {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        let question = request.into_inner();
        let kept = async {
            let Knowing { project, insight, cohorts } = self.knowing(&ctx, &question).await?;
            let request = question.encode_to_vec();
            let asked = Question { project, rpc, request: &request, cohorts: &cohorts };
            self.answers.of(asked, ask(insight, ctx, question)).await
        };
        respond(kept.await)
    }

    /// Answers a request of whoever has a call context.
    async fn ask<Q: NamesCohorts, A, F>(
        &self,
        request: Request<Q>,
        ask: impl FnOnce(Self, CallContext, Q) -> F,
    ) -> Result<Response<A>, Status>
    where
        F: Future<Output = Result<A, ReportsError>>,
    {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        let question = request.into_inner();
        let Knowing { insight, .. } = respond(self.knowing(&ctx, &question).await)?.into_inner();
        respond(ask(insight, ctx, question).await)
    }

    /// Returns who answers a question: with an engine that knows the cohorts that it names.
    ///
    /// # Errors
    /// `NotFound` for a project, or a cohort, that is not the caller's; that of the store.
    async fn knowing(
        &self,
        ctx: &CallContext,
        question: &impl NamesCohorts,
    ) -> Result<Knowing, ReportsError> {
        let project = ctx.project(question.project_id(), Permission::Read)?;
        let named = named_cohorts(question)?;
        if named.is_empty() {
            return Ok(Knowing { project, insight: self.clone(), cohorts: Vec::new() });
        }
        let definitions = self.cohorts.load(project, &named).await?;
        let cohorts = definitions.version();
        let engine = self.engine.with_cohorts(Arc::new(definitions));
        Ok(Knowing { project, insight: Self { engine, ..self.clone() }, cohorts })
    }
}

#[tonic::async_trait]
impl InsightService for Insight {
    async fn query_trends(
        &self,
        request: Request<pb::QueryTrendsRequest>,
    ) -> Result<Response<pb::QueryTrendsResponse>, Status> {
        self.kept("QueryTrends", request, Self::trends).await
    }

    async fn list_trend_persons(
        &self,
        request: Request<pb::ListTrendPersonsRequest>,
    ) -> Result<Response<pb::ListTrendPersonsResponse>, Status> {
        self.ask(request, Self::trend_persons).await
    }

    async fn query_funnel(
        &self,
        request: Request<pb::QueryFunnelRequest>,
    ) -> Result<Response<pb::QueryFunnelResponse>, Status> {
        self.kept("QueryFunnel", request, Self::funnel).await
    }

    async fn query_funnel_trend(
        &self,
        request: Request<pb::QueryFunnelTrendRequest>,
    ) -> Result<Response<pb::QueryFunnelTrendResponse>, Status> {
        self.kept("QueryFunnelTrend", request, Self::funnel_trend).await
    }

    async fn list_funnel_persons(
        &self,
        request: Request<pb::ListFunnelPersonsRequest>,
    ) -> Result<Response<pb::ListFunnelPersonsResponse>, Status> {
        self.ask(request, Self::funnel_persons).await
    }

    async fn explain_funnel_person(
        &self,
        request: Request<pb::ExplainFunnelPersonRequest>,
    ) -> Result<Response<pb::ExplainFunnelPersonResponse>, Status> {
        self.ask(request, Self::explain_funnel).await
    }

    async fn query_retention(
        &self,
        request: Request<pb::QueryRetentionRequest>,
    ) -> Result<Response<pb::QueryRetentionResponse>, Status> {
        self.kept("QueryRetention", request, Self::retention).await
    }

    async fn list_retention_persons(
        &self,
        request: Request<pb::ListRetentionPersonsRequest>,
    ) -> Result<Response<pb::ListRetentionPersonsResponse>, Status> {
        self.ask(request, Self::retention_persons).await
    }

    async fn explain_retention_person(
        &self,
        request: Request<pb::ExplainRetentionPersonRequest>,
    ) -> Result<Response<pb::ExplainRetentionPersonResponse>, Status> {
        self.ask(request, Self::explain_retention).await
    }

    async fn query_lifecycle(
        &self,
        request: Request<pb::QueryLifecycleRequest>,
    ) -> Result<Response<pb::QueryLifecycleResponse>, Status> {
        self.kept("QueryLifecycle", request, Self::lifecycle).await
    }

    async fn list_lifecycle_persons(
        &self,
        request: Request<pb::ListLifecyclePersonsRequest>,
    ) -> Result<Response<pb::ListLifecyclePersonsResponse>, Status> {
        self.ask(request, Self::lifecycle_persons).await
    }

    async fn query_stickiness(
        &self,
        request: Request<pb::QueryStickinessRequest>,
    ) -> Result<Response<pb::QueryStickinessResponse>, Status> {
        self.kept("QueryStickiness", request, Self::stickiness).await
    }

    async fn list_stickiness_persons(
        &self,
        request: Request<pb::ListStickinessPersonsRequest>,
    ) -> Result<Response<pb::ListStickinessPersonsResponse>, Status> {
        self.ask(request, Self::stickiness_persons).await
    }

    async fn query_paths(
        &self,
        request: Request<pb::QueryPathsRequest>,
    ) -> Result<Response<pb::QueryPathsResponse>, Status> {
        self.kept("QueryPaths", request, Self::paths).await
    }

    async fn list_path_persons(
        &self,
        request: Request<pb::ListPathPersonsRequest>,
    ) -> Result<Response<pb::ListPathPersonsResponse>, Status> {
        self.ask(request, Self::path_persons).await
    }

    async fn query_web_overview(
        &self,
        request: Request<pb::QueryWebOverviewRequest>,
    ) -> Result<Response<pb::QueryWebOverviewResponse>, Status> {
        self.kept("QueryWebOverview", request, Self::web_overview).await
    }
}
