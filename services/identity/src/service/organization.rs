//! `observe.identity.v1.OrganizationService`.

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::{CallContext, Clock, Entropy, OrganizationId, UserId, Violations, respond};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::organization_service_server::OrganizationService;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::IdentityError;
use crate::organization::{Organization, checked_role};
use crate::project::checked_name;
use crate::store::organization::OrganizationStore;

/// Manages organizations and who belongs to them.
pub(crate) struct Organizations {
    pub(crate) store: OrganizationStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Organizations {
    async fn create(
        &self,
        context: &CallContext,
        request: pb::CreateOrganizationRequest,
    ) -> Result<pb::CreateOrganizationResponse, IdentityError> {
        let (user, _) = context.session()?;
        let mut violations = Violations::new();
        let name = checked_name(&request.name, &mut violations);
        violations.finish()?;
        let now = self.clock.now();
        let id = OrganizationId::new(self.entropy.uuid(now));
        let organization = Organization { id, name };
        self.store.create(&organization, user, now).await?;
        let organization = Some(convert::organization(organization));
        Ok(pb::CreateOrganizationResponse { organization })
    }

    async fn update(
        &self,
        context: &CallContext,
        request: pb::UpdateOrganizationRequest,
    ) -> Result<pb::UpdateOrganizationResponse, IdentityError> {
        let id = context.organization(&request.organization_id, Permission::Administer)?;
        let mut violations = Violations::new();
        let name = checked_name(&request.name, &mut violations);
        violations.finish()?;
        let organization = Organization { id, name };
        if !self.store.rename(&organization).await? {
            return Err(CommonError::NotFound("organization").into());
        }
        let organization = Some(convert::organization(organization));
        Ok(pb::UpdateOrganizationResponse { organization })
    }

    async fn list_members(
        &self,
        context: &CallContext,
        request: pb::ListMembersRequest,
    ) -> Result<pb::ListMembersResponse, IdentityError> {
        let organization = context.organization(&request.organization_id, Permission::Read)?;
        let members = self.store.members(organization).await?;
        Ok(pb::ListMembersResponse { members: members.into_iter().map(convert::member).collect() })
    }

    async fn update_member(
        &self,
        context: &CallContext,
        request: pb::UpdateMemberRequest,
    ) -> Result<pb::UpdateMemberResponse, IdentityError> {
        let (caller, _) = context.session()?;
        let organization =
            context.organization(&request.organization_id, Permission::Administer)?;
        let mut violations = Violations::new();
        let role = checked_role(request.role, &mut violations);
        violations.finish()?;
        let user = user_id(&request.user_id)?;
        let member = self.store.change_member(organization, caller, user, Some(role)).await?;
        Ok(pb::UpdateMemberResponse { member: Some(convert::member(member)) })
    }

    async fn remove_member(
        &self,
        context: &CallContext,
        request: pb::RemoveMemberRequest,
    ) -> Result<pb::RemoveMemberResponse, IdentityError> {
        let (caller, _) = context.session()?;
        // Any role may remove itself; who may remove whom is decided where the roles are locked.
        let organization = context.organization(&request.organization_id, Permission::Read)?;
        let user = user_id(&request.user_id)?;
        self.store.change_member(organization, caller, user, None).await?;
        Ok(pb::RemoveMemberResponse {})
    }
}

fn user_id(text: &str) -> Result<UserId, CommonError> {
    UserId::parse(text).ok_or(CommonError::NotFound("member"))
}

#[tonic::async_trait]
impl OrganizationService for Organizations {
    async fn create_organization(
        &self,
        request: Request<pb::CreateOrganizationRequest>,
    ) -> Result<Response<pb::CreateOrganizationResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.create(&context, request.into_inner()).await)
    }

    async fn update_organization(
        &self,
        request: Request<pb::UpdateOrganizationRequest>,
    ) -> Result<Response<pb::UpdateOrganizationResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.update(&context, request.into_inner()).await)
    }

    async fn list_members(
        &self,
        request: Request<pb::ListMembersRequest>,
    ) -> Result<Response<pb::ListMembersResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list_members(&context, request.into_inner()).await)
    }

    async fn update_member(
        &self,
        request: Request<pb::UpdateMemberRequest>,
    ) -> Result<Response<pb::UpdateMemberResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.update_member(&context, request.into_inner()).await)
    }

    async fn remove_member(
        &self,
        request: Request<pb::RemoveMemberRequest>,
    ) -> Result<Response<pb::RemoveMemberResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.remove_member(&context, request.into_inner()).await)
    }
}
