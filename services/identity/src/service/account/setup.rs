//! The first account, by the setup link.

use observe_core::{Secret, UserId, Violations};
use observe_proto::identity::v1 as pb;

use super::Accounts;
use crate::account::{NewAccount, NewSession, User, check_new_password, checked_email};
use crate::convert;
use crate::error::IdentityError;
use crate::project::checked_name;
use crate::setup::is_setup_token;
use crate::store::setup::DefaultIds;

impl Accounts {
    pub(super) async fn get_setup(
        &self,
        request: pb::GetSetupRequest,
    ) -> Result<pb::GetSetupResponse, IdentityError> {
        let needed = self.setup.is_needed().await?;
        let token_valid = needed && is_setup_token(&request.setup_token, &self.secret);
        Ok(pb::GetSetupResponse { needed, token_valid })
    }

    pub(super) async fn sign_up(
        &self,
        request: pb::SignUpRequest,
    ) -> Result<pb::SignUpResponse, IdentityError> {
        // Looked at first, so that only who has the link can make us hash.
        if !is_setup_token(&request.setup_token, &self.secret) || !self.setup.is_needed().await? {
            return Err(IdentityError::SetupRefused);
        }
        let mut violations = Violations::new();
        let email = checked_email(&request.email, &mut violations);
        check_new_password(&request.password, "password", &mut violations);
        let name = checked_name(&request.name, &mut violations);
        violations.finish()?;
        let password = Secret::new(request.password);
        let password_hash = self.passwords.hash(password, &*self.entropy).await?;
        let now = self.clock.now();
        let user = User { id: UserId::new(self.entropy.uuid(now)), email, name };
        let (session, session_token) = NewSession::generate(user.id, &*self.clock, &*self.entropy);
        let account = NewAccount { user, password_hash };
        let defaults =
            DefaultIds { organization: self.entropy.uuid(now), project: self.entropy.uuid(now) };
        if !self.setup.sign_up(&account, &session, &defaults).await? {
            return Err(IdentityError::SetupRefused);
        }
        Ok(pb::SignUpResponse {
            session_token,
            expire_time: Some(convert::timestamp(session.expire_at)),
            user: Some(convert::user(account.user)),
        })
    }
}
