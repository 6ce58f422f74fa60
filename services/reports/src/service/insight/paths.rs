//! Paths.

use observe_core::CallContext;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::error::ReportsError;

impl Insight {
    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn paths(
        &self,
        _ctx: CallContext,
        _request: pb::QueryPathsRequest,
    ) -> Result<pb::QueryPathsResponse, ReportsError> {
        Err(ReportsError::NotBuilt("QueryPaths"))
    }

    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn path_persons(
        &self,
        _ctx: CallContext,
        _request: pb::ListPathPersonsRequest,
    ) -> Result<pb::ListPathPersonsResponse, ReportsError> {
        Err(ReportsError::NotBuilt("ListPathPersons"))
    }
}
