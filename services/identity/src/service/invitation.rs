//! `observe.identity.v1.InvitationService`.

use std::sync::Arc;

use chrono::SubsecRound as _;
use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::{CallContext, Clock, Entropy, Secret, UserId, Violations, respond, token};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::invitation_service_server::InvitationService;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::account::{NewAccount, NewSession, User, check_new_password, checked_email};
use crate::convert;
use crate::error::IdentityError;
use crate::invitation::{Invitation, LIFETIME, NewInvitation};
use crate::organization::checked_role;
use crate::password::Passwords;
use crate::project::checked_name;
use crate::store::account::AccountStore;
use crate::store::invitation::InvitationStore;

/// Brings users into an organization by a link.
pub(crate) struct Invitations {
    pub(crate) store: InvitationStore,
    pub(crate) accounts: AccountStore,
    pub(crate) passwords: Passwords,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Invitations {
    async fn create(
        &self,
        context: &CallContext,
        request: pb::CreateInvitationRequest,
    ) -> Result<pb::CreateInvitationResponse, IdentityError> {
        let (created_by, _) = context.session()?;
        let organization =
            context.organization(&request.organization_id, Permission::Administer)?;
        let mut violations = Violations::new();
        let role = checked_role(request.role, &mut violations);
        let email = match request.email.trim() {
            "" => String::new(),
            email => checked_email(email, &mut violations),
        };
        violations.finish()?;
        let token = token::generate_session(&*self.entropy);
        // As exact as it is stored, so that the answer is what a list shows later.
        let now = self.clock.now().trunc_subsecs(6);
        let invitation = Invitation {
            id: self.entropy.uuid(now),
            email,
            role,
            created_at: now,
            expire_at: now + LIFETIME,
        };
        let token_hash = token::hash(&token);
        let new = NewInvitation { invitation, organization, created_by, token_hash };
        self.store.create(&new).await?;
        let invitation = Some(convert::invitation(new.invitation));
        Ok(pb::CreateInvitationResponse { invitation, token })
    }

    async fn list(
        &self,
        context: &CallContext,
        request: pb::ListInvitationsRequest,
    ) -> Result<pb::ListInvitationsResponse, IdentityError> {
        let organization =
            context.organization(&request.organization_id, Permission::Administer)?;
        let found = self.store.list(organization, self.clock.now()).await?;
        let invitations = found.into_iter().map(convert::invitation).collect();
        Ok(pb::ListInvitationsResponse { invitations })
    }

    async fn revoke(
        &self,
        context: &CallContext,
        request: pb::RevokeInvitationRequest,
    ) -> Result<pb::RevokeInvitationResponse, IdentityError> {
        let organization =
            context.organization(&request.organization_id, Permission::Administer)?;
        let not_found = || CommonError::NotFound("invitation");
        let id = Uuid::try_parse(&request.invitation_id).map_err(|_| not_found())?;
        if self.store.revoke(organization, id, self.clock.now()).await? {
            Ok(pb::RevokeInvitationResponse {})
        } else {
            Err(not_found().into())
        }
    }

    async fn get(
        &self,
        request: pb::GetInvitationRequest,
    ) -> Result<pb::GetInvitationResponse, IdentityError> {
        let welcome = self.store.welcome(token::hash(&request.token), self.clock.now()).await?;
        Ok(pb::GetInvitationResponse {
            organization_name: welcome.organization_name,
            email: welcome.email,
            role: welcome.role.into(),
        })
    }

    async fn accept(
        &self,
        request: pb::AcceptInvitationRequest,
    ) -> Result<pb::AcceptInvitationResponse, IdentityError> {
        let token_hash = token::hash(&request.token);
        // Looked at first, so that only who has a link can make us hash, or learns who has an account.
        self.store.welcome(token_hash, self.clock.now()).await?;
        let mut violations = Violations::new();
        let email = checked_email(&request.email, &mut violations);
        check_new_password(&request.password, "password", &mut violations);
        let name = checked_name(&request.name, &mut violations);
        violations.finish()?;
        if self.accounts.by_email(&email).await?.is_some() {
            return Err(IdentityError::EmailTaken);
        }
        let password = Secret::new(request.password);
        let password_hash = self.passwords.hash(password, &*self.entropy).await?;
        let user = User { id: UserId::new(self.entropy.uuid(self.clock.now())), email, name };
        let (session, session_token) = NewSession::generate(user.id, &*self.clock, &*self.entropy);
        let account = NewAccount { user, password_hash };
        self.store.accept(token_hash, &account, &session).await?;
        Ok(pb::AcceptInvitationResponse {
            session_token,
            expire_time: Some(convert::timestamp(session.expire_at)),
            user: Some(convert::user(account.user)),
        })
    }

    async fn join(
        &self,
        context: &CallContext,
        request: pb::JoinOrganizationRequest,
    ) -> Result<pb::JoinOrganizationResponse, IdentityError> {
        let (user, _) = context.session()?;
        let token_hash = token::hash(&request.token);
        let organization = self.store.join(token_hash, user, self.clock.now()).await?;
        Ok(pb::JoinOrganizationResponse { organization_id: organization.to_string() })
    }
}

#[tonic::async_trait]
impl InvitationService for Invitations {
    async fn create_invitation(
        &self,
        request: Request<pb::CreateInvitationRequest>,
    ) -> Result<Response<pb::CreateInvitationResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.create(&context, request.into_inner()).await)
    }

    async fn list_invitations(
        &self,
        request: Request<pb::ListInvitationsRequest>,
    ) -> Result<Response<pb::ListInvitationsResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list(&context, request.into_inner()).await)
    }

    async fn revoke_invitation(
        &self,
        request: Request<pb::RevokeInvitationRequest>,
    ) -> Result<Response<pb::RevokeInvitationResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.revoke(&context, request.into_inner()).await)
    }

    async fn get_invitation(
        &self,
        request: Request<pb::GetInvitationRequest>,
    ) -> Result<Response<pb::GetInvitationResponse>, Status> {
        // Whoever calls: the credential that counts is in the request.
        let _: CallContext = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.get(request.into_inner()).await)
    }

    async fn accept_invitation(
        &self,
        request: Request<pb::AcceptInvitationRequest>,
    ) -> Result<Response<pb::AcceptInvitationResponse>, Status> {
        // Whoever calls: the credential that counts is in the request.
        let _: CallContext = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.accept(request.into_inner()).await)
    }

    async fn join_organization(
        &self,
        request: Request<pb::JoinOrganizationRequest>,
    ) -> Result<Response<pb::JoinOrganizationResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.join(&context, request.into_inner()).await)
    }
}
