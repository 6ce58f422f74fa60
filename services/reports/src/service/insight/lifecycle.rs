//! Lifecycle.

use observe_core::CallContext;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::error::ReportsError;

impl Insight {
    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn lifecycle(
        &self,
        _ctx: CallContext,
        _request: pb::QueryLifecycleRequest,
    ) -> Result<pb::QueryLifecycleResponse, ReportsError> {
        Err(ReportsError::NotBuilt("QueryLifecycle"))
    }

    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn lifecycle_persons(
        &self,
        _ctx: CallContext,
        _request: pb::ListLifecyclePersonsRequest,
    ) -> Result<pb::ListLifecyclePersonsResponse, ReportsError> {
        Err(ReportsError::NotBuilt("ListLifecyclePersons"))
    }
}
