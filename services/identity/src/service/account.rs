//! `observe.identity.v1.AccountService`.

use std::sync::Arc;

use observe_core::error::CommonError;
use observe_core::{CallContext, Clock, Entropy, Secret, SessionId, Violations, respond, token};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::account_service_server::AccountService;
use tonic::{Request, Response, Status};

use crate::account::{MAX_PASSWORD_BYTES, SESSION_LIFETIME, is_possible_email, normal_email};
use crate::convert;
use crate::error::IdentityError;
use crate::password::Passwords;
use crate::store::account::{AccountStore, NewSession};

/// Signs users in and out.
pub(crate) struct Accounts {
    pub(crate) store: AccountStore,
    pub(crate) passwords: Passwords,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
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
        let now = self.clock.now();
        let attempt = self.entropy.uuid(now);
        if let Some(retry_after) = self.store.begin_attempt(attempt, email_hash, now).await? {
            return Err(IdentityError::SignInThrottled { retry_after });
        }
        // What no account can have costs the same look-up, of the empty e-mail, which no account has.
        let email = if is_possible_email(&email) { &email } else { "" };
        let account = self.store.by_email(email).await?;
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let matches = self.passwords.verify(Secret::new(request.password), hash).await?;
        let Some(account) = account.filter(|_| matches) else {
            return Err(IdentityError::WrongPassword);
        };
        let session_token = token::generate_session(&*self.entropy);
        let now = self.clock.now();
        let session = NewSession {
            id: SessionId::new(self.entropy.uuid(now)),
            user: account.user.id,
            token_hash: token::hash(&session_token),
            now,
            expire_at: now + SESSION_LIFETIME,
        };
        self.store.open_session(session, email_hash).await?;
        Ok(pb::SignInResponse {
            session_token,
            expire_time: Some(convert::timestamp(session.expire_at)),
            user: Some(convert::user(account.user)),
        })
    }

    async fn sign_out(&self, context: &CallContext) -> Result<pb::SignOutResponse, IdentityError> {
        let (user, session) = context.session()?;
        self.store.end_session(user, session).await?;
        Ok(pb::SignOutResponse {})
    }

    async fn get_me(&self, context: &CallContext) -> Result<pb::GetMeResponse, IdentityError> {
        let (user, _) = context.session()?;
        let reach = self.store.reach(user).await?;
        Ok(convert::me(reach.ok_or(CommonError::NotFound("user"))?))
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
}
