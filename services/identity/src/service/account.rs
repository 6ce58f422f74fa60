//! `observe.identity.v1.AccountService`.

mod password;
mod session;
mod setup;

use std::sync::Arc;

use observe_core::error::CommonError;
use observe_core::{CallContext, Clock, Entropy, Secret, Violations, respond, token};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::account_service_server::AccountService;
use tonic::{Request, Response, Status};

use crate::account::{MAX_PASSWORD_BYTES, NewSession, is_possible_email, normal_email};
use crate::convert;
use crate::error::IdentityError;
use crate::password::Passwords;
use crate::project::checked_name;
use crate::store::account::AccountStore;
use crate::store::session::SessionStore;
use crate::store::setup::SetupStore;

/// Signs users in and out.
pub(crate) struct Accounts {
    pub(crate) store: AccountStore,
    pub(crate) sessions: SessionStore,
    pub(crate) setup: SetupStore,
    pub(crate) passwords: Passwords,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// The installation's, from which the setup token follows.
    pub(crate) secret: Secret,
}

impl Accounts {
    async fn sign_in(
        &self,
        request: pb::SignInRequest,
    ) -> Result<pb::SignInResponse, IdentityError> {
        let mut violations = Violations::new();
        let fits = request.password.len() <= MAX_PASSWORD_BYTES;
        violations.require(fits, "password", "must have at most 1,000 bytes");
        violations.finish()?;
        let email = normal_email(&request.email);
        let email_hash = token::hash(&email);
        self.begin_attempt(email_hash).await?;
        // What no account can have costs the same look-up, of the empty e-mail, which no account has.
        let email = if is_possible_email(&email) { &email } else { "" };
        let account = self.store.by_email(email).await?;
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let matches = self.passwords.verify(Secret::new(request.password), hash).await?;
        let Some(account) = account.filter(|_| matches) else {
            return Err(IdentityError::WrongPassword);
        };
        let (session, session_token) =
            NewSession::generate(account.user.id, &*self.clock, &*self.entropy);
        if !self.store.open_session(&session, &account.password_hash, email_hash).await? {
            return Err(IdentityError::WrongPassword);
        }
        Ok(pb::SignInResponse {
            session_token,
            expire_time: Some(convert::timestamp(session.expire_at)),
            user: Some(convert::user(account.user)),
        })
    }

    /// Counts an attempt to prove a password, as a failure until it has succeeded.
    async fn begin_attempt(&self, email_hash: [u8; 32]) -> Result<(), IdentityError> {
        let now = self.clock.now();
        let attempt = self.entropy.uuid(now);
        match self.store.begin_attempt(attempt, email_hash, now).await? {
            Some(retry_after) => Err(IdentityError::SignInThrottled { retry_after }),
            None => Ok(()),
        }
    }

    async fn get_me(&self, context: &CallContext) -> Result<pb::GetMeResponse, IdentityError> {
        let (user, _) = context.session()?;
        let reach = self.store.reach(user).await?;
        Ok(convert::me(reach.ok_or(CommonError::NotFound("user"))?))
    }

    async fn update_me(
        &self,
        context: &CallContext,
        request: pb::UpdateMeRequest,
    ) -> Result<pb::UpdateMeResponse, IdentityError> {
        let (user, _) = context.session()?;
        let mut violations = Violations::new();
        let name = checked_name(&request.name, &mut violations);
        violations.finish()?;
        let user = self.store.rename(user, &name).await?.ok_or(CommonError::NotFound("user"))?;
        Ok(pb::UpdateMeResponse { user: Some(convert::user(user)) })
    }
}

#[tonic::async_trait]
impl AccountService for Accounts {
    async fn sign_in(
        &self,
        request: Request<pb::SignInRequest>,
    ) -> Result<Response<pb::SignInResponse>, Status> {
        // Whoever calls: the credential that counts is in the request.
        let _: CallContext = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.sign_in(request.into_inner()).await)
    }

    async fn get_setup(
        &self,
        request: Request<pb::GetSetupRequest>,
    ) -> Result<Response<pb::GetSetupResponse>, Status> {
        // Whoever calls: there may be nobody yet who could sign in.
        let _: CallContext = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.get_setup(request.into_inner()).await)
    }

    async fn sign_up(
        &self,
        request: Request<pb::SignUpRequest>,
    ) -> Result<Response<pb::SignUpResponse>, Status> {
        // Whoever calls: the credential that counts is in the request.
        let _: CallContext = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.sign_up(request.into_inner()).await)
    }

    async fn sign_out(
        &self,
        request: Request<pb::SignOutRequest>,
    ) -> Result<Response<pb::SignOutResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.sign_out(&context).await)
    }

    async fn get_me(
        &self,
        request: Request<pb::GetMeRequest>,
    ) -> Result<Response<pb::GetMeResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.get_me(&context).await)
    }

    async fn update_me(
        &self,
        request: Request<pb::UpdateMeRequest>,
    ) -> Result<Response<pb::UpdateMeResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.update_me(&context, request.into_inner()).await)
    }

    async fn change_password(
        &self,
        request: Request<pb::ChangePasswordRequest>,
    ) -> Result<Response<pb::ChangePasswordResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.change_password(&context, request.into_inner()).await)
    }

    async fn list_sessions(
        &self,
        request: Request<pb::ListSessionsRequest>,
    ) -> Result<Response<pb::ListSessionsResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list_sessions(&context).await)
    }

    async fn revoke_session(
        &self,
        request: Request<pb::RevokeSessionRequest>,
    ) -> Result<Response<pb::RevokeSessionResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.revoke_session(&context, request.into_inner()).await)
    }
}
