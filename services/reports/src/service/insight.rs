//! `observe.reports.v1.InsightService`. What each RPC does is in the file named after its question.

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
use observe_core::{CallContext, respond};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::insight_service_server::InsightService;
use tonic::{Request, Response, Status};

use crate::cohort::loader::Loader;
use crate::convert::{Question, named_cohorts};
use crate::engine::{ReportEngine, Slots};
use crate::error::ReportsError;
use crate::service::persons::PersonPages;

/// Answers questions with whatever engine there is.
#[derive(Clone)]
pub(crate) struct Insight {
    engine: Arc<dyn ReportEngine>,
    /// Where questions are read, too: compiling their patterns is computation that must not hold up other requests.
    slots: Slots,
    persons: PersonPages,
    cohorts: Loader,
}

impl Insight {
    pub(crate) fn new(
        engine: Arc<dyn ReportEngine>,
        slots: Slots,
        persons: PersonPages,
        cohorts: Loader,
    ) -> Self {
        Self { engine, slots, persons, cohorts }
    }

    /// Answers a request of whoever has a call context, knowing the cohorts that it names.
    async fn ask<Q: Question, A, F>(
        &self,
        request: Request<Q>,
        ask: impl FnOnce(Self, CallContext, Q) -> F,
    ) -> Result<Response<A>, Status>
    where
        F: Future<Output = Result<A, ReportsError>>,
    {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        let question = request.into_inner();
        match self.knowing(&ctx, &question).await {
            Ok(insight) => respond(ask(insight, ctx, question).await),
            Err(error) => respond(Err(error)),
        }
    }

    /// Returns the same with an engine that knows the cohorts of a question.
    ///
    /// # Errors
    /// `NotFound` for a project, or a cohort, that is not the caller's; that of the store.
    async fn knowing(
        &self,
        ctx: &CallContext,
        question: &impl Question,
    ) -> Result<Self, ReportsError> {
        let project = ctx.project(question.project_id(), Permission::Read)?;
        let named = named_cohorts(question)?;
        if named.is_empty() {
            return Ok(self.clone());
        }
        let cohorts = Arc::new(self.cohorts.load(project, &named).await?);
        Ok(Self { engine: self.engine.with_cohorts(cohorts), ..self.clone() })
    }
}

#[tonic::async_trait]
impl InsightService for Insight {
    async fn query_trends(
        &self,
        request: Request<pb::QueryTrendsRequest>,
    ) -> Result<Response<pb::QueryTrendsResponse>, Status> {
        self.ask(
            request,
            |insight, ctx, question| async move { insight.trends(ctx, question).await },
        )
        .await
    }

    async fn list_trend_persons(
        &self,
        request: Request<pb::ListTrendPersonsRequest>,
    ) -> Result<Response<pb::ListTrendPersonsResponse>, Status> {
        self.ask(request, |insight, ctx, question| async move {
            insight.trend_persons(ctx, question).await
        })
        .await
    }

    async fn query_funnel(
        &self,
        request: Request<pb::QueryFunnelRequest>,
    ) -> Result<Response<pb::QueryFunnelResponse>, Status> {
        self.ask(
            request,
            |insight, ctx, question| async move { insight.funnel(ctx, question).await },
        )
        .await
    }

    async fn query_funnel_trend(
        &self,
        request: Request<pb::QueryFunnelTrendRequest>,
    ) -> Result<Response<pb::QueryFunnelTrendResponse>, Status> {
        self.ask(request, |insight, ctx, question| async move {
            insight.funnel_trend(ctx, question).await
        })
        .await
    }

    async fn list_funnel_persons(
        &self,
        request: Request<pb::ListFunnelPersonsRequest>,
    ) -> Result<Response<pb::ListFunnelPersonsResponse>, Status> {
        self.ask(request, |insight, ctx, question| async move {
            insight.funnel_persons(ctx, question).await
        })
        .await
    }

    async fn explain_funnel_person(
        &self,
        request: Request<pb::ExplainFunnelPersonRequest>,
    ) -> Result<Response<pb::ExplainFunnelPersonResponse>, Status> {
        self.ask(request, |insight, ctx, question| async move {
            insight.explain_funnel(ctx, question).await
        })
        .await
    }

    async fn query_retention(
        &self,
        request: Request<pb::QueryRetentionRequest>,
    ) -> Result<Response<pb::QueryRetentionResponse>, Status> {
        self.ask(
            request,
            |insight, ctx, question| async move { insight.retention(ctx, question).await },
        )
        .await
    }

    async fn list_retention_persons(
        &self,
        request: Request<pb::ListRetentionPersonsRequest>,
    ) -> Result<Response<pb::ListRetentionPersonsResponse>, Status> {
        self.ask(request, |insight, ctx, question| async move {
            insight.retention_persons(ctx, question).await
        })
        .await
    }

    async fn explain_retention_person(
        &self,
        request: Request<pb::ExplainRetentionPersonRequest>,
    ) -> Result<Response<pb::ExplainRetentionPersonResponse>, Status> {
        self.ask(request, |insight, ctx, question| async move {
            insight.explain_retention(ctx, question).await
        })
        .await
    }

    async fn query_lifecycle(
        &self,
        request: Request<pb::QueryLifecycleRequest>,
    ) -> Result<Response<pb::QueryLifecycleResponse>, Status> {
        self.ask(
            request,
            |insight, ctx, question| async move { insight.lifecycle(ctx, question).await },
        )
        .await
    }

    async fn list_lifecycle_persons(
        &self,
        request: Request<pb::ListLifecyclePersonsRequest>,
    ) -> Result<Response<pb::ListLifecyclePersonsResponse>, Status> {
        self.ask(request, |insight, ctx, question| async move {
            insight.lifecycle_persons(ctx, question).await
        })
        .await
    }

    async fn query_stickiness(
        &self,
        request: Request<pb::QueryStickinessRequest>,
    ) -> Result<Response<pb::QueryStickinessResponse>, Status> {
        self.ask(request, |insight, ctx, question| async move {
            insight.stickiness(ctx, question).await
        })
        .await
    }

    async fn list_stickiness_persons(
        &self,
        request: Request<pb::ListStickinessPersonsRequest>,
    ) -> Result<Response<pb::ListStickinessPersonsResponse>, Status> {
        self.ask(request, |insight, ctx, question| async move {
            insight.stickiness_persons(ctx, question).await
        })
        .await
    }

    async fn query_paths(
        &self,
        request: Request<pb::QueryPathsRequest>,
    ) -> Result<Response<pb::QueryPathsResponse>, Status> {
        self.ask(
            request,
            |insight, ctx, question| async move { insight.paths(ctx, question).await },
        )
        .await
    }

    async fn list_path_persons(
        &self,
        request: Request<pb::ListPathPersonsRequest>,
    ) -> Result<Response<pb::ListPathPersonsResponse>, Status> {
        self.ask(request, |insight, ctx, question| async move {
            insight.path_persons(ctx, question).await
        })
        .await
    }

    async fn query_web_overview(
        &self,
        request: Request<pb::QueryWebOverviewRequest>,
    ) -> Result<Response<pb::QueryWebOverviewResponse>, Status> {
        self.ask(request, |insight, ctx, question| async move {
            insight.web_overview(ctx, question).await
        })
        .await
    }
}
