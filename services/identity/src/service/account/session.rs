//! The user's own sessions.

use observe_core::error::CommonError;
use observe_core::{CallContext, SessionId};
use observe_proto::identity::v1 as pb;

use super::Accounts;
use crate::convert;
use crate::error::IdentityError;

impl Accounts {
    pub(super) async fn sign_out(
        &self,
        context: &CallContext,
    ) -> Result<pb::SignOutResponse, IdentityError> {
        let (user, session) = context.session()?;
        self.sessions.end(user, session, self.clock.now()).await?;
        Ok(pb::SignOutResponse {})
    }

    pub(super) async fn list_sessions(
        &self,
        context: &CallContext,
    ) -> Result<pb::ListSessionsResponse, IdentityError> {
        let (user, current) = context.session()?;
        let sessions = self.sessions.list(user, self.clock.now()).await?;
        let sessions = sessions.into_iter().map(|session| convert::session(session, current));
        Ok(pb::ListSessionsResponse { sessions: sessions.collect() })
    }

    pub(super) async fn revoke_session(
        &self,
        context: &CallContext,
        request: pb::RevokeSessionRequest,
    ) -> Result<pb::RevokeSessionResponse, IdentityError> {
        let (user, _) = context.session()?;
        let not_found = || CommonError::NotFound("session");
        let session = SessionId::parse(&request.session_id).ok_or_else(not_found)?;
        if self.sessions.end(user, session, self.clock.now()).await? {
            Ok(pb::RevokeSessionResponse {})
        } else {
            Err(not_found().into())
        }
    }
}
