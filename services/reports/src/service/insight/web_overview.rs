//! Web overview.

use observe_core::CallContext;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::error::ReportsError;

impl Insight {
    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn web_overview(
        &self,
        _ctx: CallContext,
        _request: pb::QueryWebOverviewRequest,
    ) -> Result<pb::QueryWebOverviewResponse, ReportsError> {
        Err(ReportsError::NotBuilt("QueryWebOverview"))
    }
}
