//! `observe.identity.v1.ProjectService`.

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::{CallContext, Clock, Entropy, ProjectId, Violations, respond};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::project_service_server::ProjectService;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::IdentityError;
use crate::origin::checked_origins;
use crate::privacy::checked_privacy;
use crate::project::{NewProject, ProjectSettings, checked_name, checked_time_zone};
use crate::retention::checked_retention;
use crate::store::project::ProjectStore;

/// Manages projects.
pub(crate) struct Projects {
    pub(crate) store: ProjectStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Projects {
    async fn create(
        &self,
        context: &CallContext,
        request: pb::CreateProjectRequest,
    ) -> Result<pb::CreateProjectResponse, IdentityError> {
        let organization =
            context.organization(&request.organization_id, Permission::Administer)?;
        let mut violations = Violations::new();
        let name = checked_name(&request.name, &mut violations);
        let time_zone = checked_time_zone(&request.time_zone, &mut violations);
        violations.finish()?;
        let now = self.clock.now();
        let id = ProjectId::new(self.entropy.uuid(now));
        let project =
            self.store.create(NewProject { id, organization, name, time_zone }, now).await?;
        Ok(pb::CreateProjectResponse { project: Some(convert::project(project)) })
    }

    async fn get(
        &self,
        context: &CallContext,
        request: pb::GetProjectRequest,
    ) -> Result<pb::GetProjectResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let found = self.store.get(project).await?.ok_or(CommonError::NotFound("project"))?;
        Ok(pb::GetProjectResponse { project: Some(convert::project(found)) })
    }

    async fn update(
        &self,
        context: &CallContext,
        request: pb::UpdateProjectRequest,
    ) -> Result<pb::UpdateProjectResponse, IdentityError> {
        context.session()?;
        let project = context.project(&request.project_id, Permission::Administer)?;
        let mut violations = Violations::new();
        let settings = ProjectSettings {
            name: checked_name(&request.name, &mut violations),
            time_zone: checked_time_zone(&request.time_zone, &mut violations),
            allowed_origins: checked_origins(&request.allowed_origins, &mut violations),
            privacy: checked_privacy(request.privacy, &mut violations),
            retention: checked_retention(request.retention, &mut violations),
        };
        violations.finish()?;
        let updated = self.store.update(project, &settings).await?;
        let updated = updated.ok_or(CommonError::NotFound("project"))?;
        Ok(pb::UpdateProjectResponse { project: Some(convert::project(updated)) })
    }
}

#[tonic::async_trait]
impl ProjectService for Projects {
    async fn create_project(
        &self,
        request: Request<pb::CreateProjectRequest>,
    ) -> Result<Response<pb::CreateProjectResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.create(&context, request.into_inner()).await)
    }

    async fn get_project(
        &self,
        request: Request<pb::GetProjectRequest>,
    ) -> Result<Response<pb::GetProjectResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.get(&context, request.into_inner()).await)
    }

    async fn update_project(
        &self,
        request: Request<pb::UpdateProjectRequest>,
    ) -> Result<Response<pb::UpdateProjectResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.update(&context, request.into_inner()).await)
    }
}
