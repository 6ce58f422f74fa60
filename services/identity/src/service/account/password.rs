//! Changing the password.

use observe_core::error::CommonError;
use observe_core::{CallContext, Secret, Violations, token};
use observe_proto::identity::v1 as pb;

use super::Accounts;
use crate::account::{MAX_PASSWORD_BYTES, check_new_password};
use crate::error::IdentityError;

impl Accounts {
    pub(super) async fn change_password(
        &self,
        context: &CallContext,
        request: pb::ChangePasswordRequest,
    ) -> Result<pb::ChangePasswordResponse, IdentityError> {
        let (user, session) = context.session()?;
        let mut violations = Violations::new();
        let fits = request.current_password.len() <= MAX_PASSWORD_BYTES;
        violations.require(fits, "current_password", "must have at most 1,000 bytes");
        check_new_password(&request.new_password, "new_password", &mut violations);
        violations.finish()?;
        let account = self.store.by_id(user).await?.ok_or(CommonError::NotFound("user"))?;
        // The same count as that of signing in: who has a session must not get more guesses than who has none.
        let email_hash = token::hash(&account.user.email);
        self.begin_attempt(email_hash).await?;
        let old_hash = account.password_hash;
        let current = Secret::new(request.current_password);
        if !self.passwords.verify(current, Some(old_hash.clone())).await? {
            return Err(IdentityError::WrongPassword);
        }
        let new = Secret::new(request.new_password);
        let new_hash = self.passwords.hash(new, &*self.entropy).await?;
        if self.store.change_password(user, session, &old_hash, &new_hash, email_hash).await? {
            Ok(pb::ChangePasswordResponse {})
        } else {
            Err(IdentityError::WrongPassword)
        }
    }
}
