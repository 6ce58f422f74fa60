//! `observe.monitor.v1.MonitorService`.

mod edit;
mod history;
mod import;

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::page::PageTokens;
use observe_core::{CallContext, Clock, Entropy, ProjectId, respond};
use observe_egress::Guard;
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::monitor_service_server::MonitorService;
use tokio::sync::{Notify, Semaphore};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::convert;
use crate::error::Error;
use crate::seal::Sealer;
use crate::service::{id, user};
use crate::store::monitor::MonitorStore;

/// Tests under way at once in one process.
pub(crate) const TESTS_MAX: usize = 10;

/// Makes and reads monitors.
pub(crate) struct Monitors {
    pub(crate) store: MonitorStore,
    pub(crate) guard: Guard,
    pub(crate) sealer: Sealer,
    pub(crate) page_tokens: PageTokens,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// Wakes the scheduler of this process.
    pub(crate) wake: Arc<Notify>,
    pub(crate) tests: Semaphore,
}

impl Monitors {
    /// Returns a monitor as the caller may see it.
    async fn shown(
        &self,
        context: &CallContext,
        project: ProjectId,
        monitor: Uuid,
    ) -> Result<pb::Monitor, Error> {
        let found = self.store.get(project, monitor).await?;
        Ok(convert::monitor(found, &self.sealer, may_change(context, project)))
    }

    async fn get(
        &self,
        context: &CallContext,
        request: pb::GetMonitorRequest,
    ) -> Result<pb::GetMonitorResponse, Error> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let monitor = id(&request.monitor_id, "monitor_id", "monitor")?;
        let monitor = self.shown(context, project, monitor).await?;
        Ok(pb::GetMonitorResponse { monitor: Some(monitor) })
    }

    async fn delete(
        &self,
        context: &CallContext,
        request: pb::DeleteMonitorRequest,
    ) -> Result<pb::DeleteMonitorResponse, Error> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let monitor = id(&request.monitor_id, "monitor_id", "monitor")?;
        self.store.delete(project, monitor, user(context)).await?;
        Ok(pb::DeleteMonitorResponse {})
    }

    async fn pause(
        &self,
        context: &CallContext,
        request: pb::PauseMonitorRequest,
    ) -> Result<pb::PauseMonitorResponse, Error> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let monitor = id(&request.monitor_id, "monitor_id", "monitor")?;
        self.store.pause(project, monitor, user(context)).await?;
        let monitor = self.shown(context, project, monitor).await?;
        Ok(pb::PauseMonitorResponse { monitor: Some(monitor) })
    }

    async fn resume(
        &self,
        context: &CallContext,
        request: pb::ResumeMonitorRequest,
    ) -> Result<pb::ResumeMonitorResponse, Error> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let monitor = id(&request.monitor_id, "monitor_id", "monitor")?;
        self.store.resume(project, monitor).await?;
        self.wake.notify_one();
        let monitor = self.shown(context, project, monitor).await?;
        Ok(pb::ResumeMonitorResponse { monitor: Some(monitor) })
    }
}

/// Returns whether the caller may change what the project holds.
fn may_change(context: &CallContext, project: ProjectId) -> bool {
    context.project(&project.to_string(), Permission::Write).is_ok()
}

/// Takes the call's context and calls the method of the same name.
macro_rules! answer {
    ($self:ident, $request:ident, $method:ident) => {{
        let context = respond(CallContext::from_request(&$request))?.into_inner();
        respond($self.$method(&context, $request.into_inner()).await)
    }};
}

#[tonic::async_trait]
impl MonitorService for Monitors {
    async fn create_monitor(
        &self,
        request: Request<pb::CreateMonitorRequest>,
    ) -> Result<Response<pb::CreateMonitorResponse>, Status> {
        answer!(self, request, create)
    }

    async fn get_monitor(
        &self,
        request: Request<pb::GetMonitorRequest>,
    ) -> Result<Response<pb::GetMonitorResponse>, Status> {
        answer!(self, request, get)
    }

    async fn list_monitors(
        &self,
        request: Request<pb::ListMonitorsRequest>,
    ) -> Result<Response<pb::ListMonitorsResponse>, Status> {
        answer!(self, request, list)
    }

    async fn update_monitor(
        &self,
        request: Request<pb::UpdateMonitorRequest>,
    ) -> Result<Response<pb::UpdateMonitorResponse>, Status> {
        answer!(self, request, update)
    }

    async fn delete_monitor(
        &self,
        request: Request<pb::DeleteMonitorRequest>,
    ) -> Result<Response<pb::DeleteMonitorResponse>, Status> {
        answer!(self, request, delete)
    }

    async fn pause_monitor(
        &self,
        request: Request<pb::PauseMonitorRequest>,
    ) -> Result<Response<pb::PauseMonitorResponse>, Status> {
        answer!(self, request, pause)
    }

    async fn resume_monitor(
        &self,
        request: Request<pb::ResumeMonitorRequest>,
    ) -> Result<Response<pb::ResumeMonitorResponse>, Status> {
        answer!(self, request, resume)
    }

    async fn test_monitor(
        &self,
        request: Request<pb::TestMonitorRequest>,
    ) -> Result<Response<pb::TestMonitorResponse>, Status> {
        answer!(self, request, test)
    }

    async fn list_checks(
        &self,
        request: Request<pb::ListChecksRequest>,
    ) -> Result<Response<pb::ListChecksResponse>, Status> {
        answer!(self, request, list_checks)
    }

    async fn get_uptime(
        &self,
        request: Request<pb::GetUptimeRequest>,
    ) -> Result<Response<pb::GetUptimeResponse>, Status> {
        answer!(self, request, uptime)
    }

    async fn import_checks(
        &self,
        request: Request<pb::ImportChecksRequest>,
    ) -> Result<Response<pb::ImportChecksResponse>, Status> {
        answer!(self, request, import)
    }
}
