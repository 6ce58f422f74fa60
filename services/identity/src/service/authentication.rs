//! `observe.identity.v1.AuthenticationService`.

use std::sync::Arc;

use observe_core::token::{self, SECRET_PREFIX, WRITE_PREFIX};
use observe_core::{CallContext, Clock, respond};
use observe_proto::common::v1::{KeyKind, KeyPrincipal};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::authenticate_response::Principal;
use observe_proto::identity::v1::authentication_service_server::AuthenticationService;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::IdentityError;
use crate::store::credential::CredentialStore;

/// Tells whose a credential is.
pub(crate) struct Authentication {
    pub(crate) store: CredentialStore,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Authentication {
    async fn authenticate(
        &self,
        context: &CallContext,
        request: pb::AuthenticateRequest,
    ) -> Result<pb::AuthenticateResponse, IdentityError> {
        context.require_service()?;
        let hash = token::hash(&request.token);
        let is_key =
            [WRITE_PREFIX, SECRET_PREFIX].iter().any(|prefix| request.token.starts_with(prefix));
        if is_key {
            let found = self.store.key(hash).await?;
            let (key, project, kind, origins) = found.ok_or(IdentityError::UnknownCredential)?;
            let principal = Principal::Key(KeyPrincipal {
                key_id: key.to_string(),
                project_id: project.to_string(),
                kind: kind.into(),
            });
            // Browsers send with write keys alone.
            let allowed_origins = if kind == KeyKind::Write { origins } else { Vec::new() };
            return Ok(pb::AuthenticateResponse {
                principal: Some(principal),
                allowed_origins,
                ..Default::default()
            });
        }
        let found = self.store.session(hash, self.clock.now()).await?;
        let access = found.ok_or(IdentityError::UnknownCredential)?;
        let principal = Principal::Session(convert::session_principal(&access));
        Ok(pb::AuthenticateResponse { principal: Some(principal), ..Default::default() })
    }
}

#[tonic::async_trait]
impl AuthenticationService for Authentication {
    async fn authenticate(
        &self,
        request: Request<pb::AuthenticateRequest>,
    ) -> Result<Response<pb::AuthenticateResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.authenticate(&context, request.into_inner()).await)
    }

    async fn report_exposed_key(
        &self,
        _request: Request<pb::ReportExposedKeyRequest>,
    ) -> Result<Response<pb::ReportExposedKeyResponse>, Status> {
        respond(Err(IdentityError::from(observe_core::error::CommonError::Internal(
            "not built".into(),
        ))))
    }

    async fn list_retentions(
        &self,
        _request: Request<pb::ListRetentionsRequest>,
    ) -> Result<Response<pb::ListRetentionsResponse>, Status> {
        respond(Err(IdentityError::from(observe_core::error::CommonError::Internal(
            "not built".into(),
        ))))
    }
}
