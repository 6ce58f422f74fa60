//! `observe.reports.v1.UsageService`.

use observe_core::context::Permission;
use observe_core::{CallContext, respond};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::usage_service_server::UsageService;
use tonic::{Request, Response, Status};

use crate::convert::{usage_calendar, usage_response};
use crate::error::ReportsError;
use crate::usage::ledger::Ledger;

/// Answers daily usage.
pub(crate) struct Usage(pub(crate) Ledger);

impl Usage {
    async fn daily(
        &self,
        ctx: &CallContext,
        request: &pb::GetDailyUsageRequest,
    ) -> Result<pb::GetDailyUsageResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let zone = self.0.zone(project).await?;
        let now = self.0.clock.now();
        let calendar = usage_calendar(request, zone, now)?;
        let days = self.0.days(project, &calendar).await?;
        Ok(usage_response(&days, zone, now))
    }
}

#[tonic::async_trait]
impl UsageService for Usage {
    async fn get_daily_usage(
        &self,
        request: Request<pb::GetDailyUsageRequest>,
    ) -> Result<Response<pb::GetDailyUsageResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.daily(&ctx, request.get_ref()).await)
    }
}
