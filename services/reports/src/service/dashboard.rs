//! `observe.reports.v1.DashboardService`.

mod shared;

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::{CallContext, Clock, Entropy, respond, token};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::dashboard_service_server::DashboardService;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::convert::{dashboard, dashboard_draft, saved_insight, seen_time};
use crate::error::ReportsError;
use crate::store::dashboard::{DASHBOARD, DashboardStore, TileRow};
use crate::store::saved_insight::SavedInsightStore;
pub(crate) use shared::Shared;

/// Keeps dashboards, and answers whoever has the link of one.
pub(crate) struct Dashboards {
    pub(crate) store: DashboardStore,
    pub(crate) insights: SavedInsightStore,
    pub(crate) shared: Shared,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Dashboards {
    async fn create(
        &self,
        ctx: &CallContext,
        request: pb::CreateDashboardRequest,
    ) -> Result<pb::CreateDashboardResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let now = self.clock.now();
        let draft = dashboard_draft(request.dashboard.as_ref(), || self.entropy.uuid(now))?;
        let id = self.entropy.uuid(now);
        let (row, tiles) = self.store.create(project, id, &draft, now).await?;
        Ok(pb::CreateDashboardResponse { dashboard: Some(dashboard(&row, &tiles)) })
    }

    async fn get(
        &self,
        ctx: &CallContext,
        request: pb::GetDashboardRequest,
    ) -> Result<pb::GetDashboardResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let (row, tiles) = self.store.get(project, id(&request.dashboard_id)?).await?;
        let insights = self.insights.among(project, &insights_on(&tiles)).await?;
        Ok(pb::GetDashboardResponse {
            dashboard: Some(dashboard(&row, &tiles)),
            saved_insights: insights.iter().map(saved_insight).collect(),
        })
    }

    async fn list(
        &self,
        ctx: &CallContext,
        request: pb::ListDashboardsRequest,
    ) -> Result<pb::ListDashboardsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let rows = self.store.list(project).await?;
        let dashboards = rows.iter().map(|row| dashboard(row, &[])).collect();
        Ok(pb::ListDashboardsResponse { dashboards })
    }

    async fn update(
        &self,
        ctx: &CallContext,
        request: pb::UpdateDashboardRequest,
    ) -> Result<pb::UpdateDashboardResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let (wire, now) = (request.dashboard.as_ref(), self.clock.now());
        let draft = dashboard_draft(wire, || self.entropy.uuid(now))?;
        let seen = seen_time(wire)?;
        let id = id(wire.map_or("", |wire| wire.id.as_str()))?;
        let (row, tiles) = self.store.update(project, id, &draft, seen, now).await?;
        Ok(pb::UpdateDashboardResponse { dashboard: Some(dashboard(&row, &tiles)) })
    }

    async fn delete(
        &self,
        ctx: &CallContext,
        request: pb::DeleteDashboardRequest,
    ) -> Result<pb::DeleteDashboardResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        self.store.delete(project, id(&request.dashboard_id)?).await?;
        Ok(pb::DeleteDashboardResponse {})
    }

    async fn share(
        &self,
        ctx: &CallContext,
        request: pb::ShareDashboardRequest,
    ) -> Result<pb::ShareDashboardResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let share_token = token::generate_session(&*self.entropy);
        let hash = token::hash(&share_token);
        self.store.share(project, id(&request.dashboard_id)?, Some(hash)).await?;
        Ok(pb::ShareDashboardResponse { share_token })
    }

    async fn unshare(
        &self,
        ctx: &CallContext,
        request: pb::UnshareDashboardRequest,
    ) -> Result<pb::UnshareDashboardResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        self.store.share(project, id(&request.dashboard_id)?, None).await?;
        Ok(pb::UnshareDashboardResponse {})
    }
}

fn id(text: &str) -> Result<Uuid, ReportsError> {
    Uuid::parse_str(text).map_err(|_| CommonError::NotFound(DASHBOARD).into())
}

fn insights_on(tiles: &[TileRow]) -> Vec<Uuid> {
    tiles.iter().filter_map(|tile| tile.saved_insight_id).collect()
}

#[tonic::async_trait]
impl DashboardService for Dashboards {
    async fn create_dashboard(
        &self,
        request: Request<pb::CreateDashboardRequest>,
    ) -> Result<Response<pb::CreateDashboardResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.create(&ctx, request.into_inner()).await)
    }

    async fn get_dashboard(
        &self,
        request: Request<pb::GetDashboardRequest>,
    ) -> Result<Response<pb::GetDashboardResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.get(&ctx, request.into_inner()).await)
    }

    async fn list_dashboards(
        &self,
        request: Request<pb::ListDashboardsRequest>,
    ) -> Result<Response<pb::ListDashboardsResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list(&ctx, request.into_inner()).await)
    }

    async fn update_dashboard(
        &self,
        request: Request<pb::UpdateDashboardRequest>,
    ) -> Result<Response<pb::UpdateDashboardResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.update(&ctx, request.into_inner()).await)
    }

    async fn delete_dashboard(
        &self,
        request: Request<pb::DeleteDashboardRequest>,
    ) -> Result<Response<pb::DeleteDashboardResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.delete(&ctx, request.into_inner()).await)
    }

    async fn share_dashboard(
        &self,
        request: Request<pb::ShareDashboardRequest>,
    ) -> Result<Response<pb::ShareDashboardResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.share(&ctx, request.into_inner()).await)
    }

    async fn unshare_dashboard(
        &self,
        request: Request<pb::UnshareDashboardRequest>,
    ) -> Result<Response<pb::UnshareDashboardResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.unshare(&ctx, request.into_inner()).await)
    }

    async fn get_shared_dashboard(
        &self,
        request: Request<pb::GetSharedDashboardRequest>,
    ) -> Result<Response<pb::GetSharedDashboardResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.get_shared(&ctx, request.into_inner()).await)
    }

    async fn query_shared_tile(
        &self,
        request: Request<pb::QuerySharedTileRequest>,
    ) -> Result<Response<pb::QuerySharedTileResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.query_tile(&ctx, request.into_inner()).await)
    }
}
