//! Stickiness.

use observe_core::CallContext;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::error::ReportsError;

impl Insight {
    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn stickiness(
        &self,
        _ctx: CallContext,
        _request: pb::QueryStickinessRequest,
    ) -> Result<pb::QueryStickinessResponse, ReportsError> {
        Err(ReportsError::NotBuilt("QueryStickiness"))
    }

    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn stickiness_persons(
        &self,
        _ctx: CallContext,
        _request: pb::ListStickinessPersonsRequest,
    ) -> Result<pb::ListStickinessPersonsResponse, ReportsError> {
        Err(ReportsError::NotBuilt("ListStickinessPersons"))
    }
}
