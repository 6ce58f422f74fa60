//! Funnel.

use observe_core::CallContext;
use observe_core::context::Permission;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::convert::{funnel_query, funnel_response};
use crate::error::ReportsError;

impl Insight {
    pub(super) async fn funnel(
        &self,
        ctx: CallContext,
        request: pb::QueryFunnelRequest,
    ) -> Result<pb::QueryFunnelResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let query = self.slots.compute(project, move |_| Ok(funnel_query(&request))).await??;
        let steps = query.steps.clone();
        let answer = self.engine.funnel(project, query).await?;
        Ok(funnel_response(&steps, answer))
    }

    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn funnel_trend(
        &self,
        _ctx: CallContext,
        _request: pb::QueryFunnelTrendRequest,
    ) -> Result<pb::QueryFunnelTrendResponse, ReportsError> {
        Err(ReportsError::NotBuilt("QueryFunnelTrend"))
    }

    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn funnel_persons(
        &self,
        _ctx: CallContext,
        _request: pb::ListFunnelPersonsRequest,
    ) -> Result<pb::ListFunnelPersonsResponse, ReportsError> {
        Err(ReportsError::NotBuilt("ListFunnelPersons"))
    }

    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn explain_funnel(
        &self,
        _ctx: CallContext,
        _request: pb::ExplainFunnelPersonRequest,
    ) -> Result<pb::ExplainFunnelPersonResponse, ReportsError> {
        Err(ReportsError::NotBuilt("ExplainFunnelPerson"))
    }
}
