//! Web overview.

use observe_core::CallContext;
use observe_core::context::Permission;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::convert::{web_overview_query, web_overview_response};
use crate::error::ReportsError;

impl Insight {
    pub(super) async fn web_overview(
        self,
        ctx: CallContext,
        request: pb::QueryWebOverviewRequest,
    ) -> Result<pb::QueryWebOverviewResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let now_ms = self.clock.now().timestamp_millis();
        let query = self
            .slots
            .compute(project, move |_| Ok(web_overview_query(&request, now_ms)))
            .await??;
        let buckets = query.period.buckets.clone();
        let answer = self.engine.web_overview(project, query).await?;
        Ok(web_overview_response(&buckets, answer))
    }
}
