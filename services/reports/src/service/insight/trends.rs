//! Trends.

use observe_core::CallContext;
use observe_core::context::Permission;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::convert::{trends_query, trends_response};
use crate::error::ReportsError;

impl Insight {
    pub(super) async fn trends(
        &self,
        ctx: CallContext,
        request: pb::QueryTrendsRequest,
    ) -> Result<pb::QueryTrendsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let query = self.slots.compute(project, move |_| Ok(trends_query(&request))).await??;
        let (buckets, series) = (query.buckets.clone(), query.series.clone());
        let answer = self.engine.trends(project, query).await?;
        Ok(trends_response(&buckets, &series, answer))
    }

    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn trend_persons(
        &self,
        _ctx: CallContext,
        _request: pb::ListTrendPersonsRequest,
    ) -> Result<pb::ListTrendPersonsResponse, ReportsError> {
        Err(ReportsError::NotBuilt("ListTrendPersons"))
    }
}
