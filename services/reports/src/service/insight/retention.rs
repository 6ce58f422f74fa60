//! Retention.

use observe_core::CallContext;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::error::ReportsError;

impl Insight {
    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn retention(
        &self,
        _ctx: CallContext,
        _request: pb::QueryRetentionRequest,
    ) -> Result<pb::QueryRetentionResponse, ReportsError> {
        Err(ReportsError::NotBuilt("QueryRetention"))
    }

    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn retention_persons(
        &self,
        _ctx: CallContext,
        _request: pb::ListRetentionPersonsRequest,
    ) -> Result<pb::ListRetentionPersonsResponse, ReportsError> {
        Err(ReportsError::NotBuilt("ListRetentionPersons"))
    }

    #[expect(clippy::unused_async, reason = "not built yet")]
    pub(super) async fn explain_retention(
        &self,
        _ctx: CallContext,
        _request: pb::ExplainRetentionPersonRequest,
    ) -> Result<pb::ExplainRetentionPersonResponse, ReportsError> {
        Err(ReportsError::NotBuilt("ExplainRetentionPerson"))
    }
}
