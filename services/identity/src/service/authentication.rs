//! `observe.identity.v1.AuthenticationService`.

use std::sync::Arc;

use observe_core::page::PageTokens;
use observe_core::token::{self, SECRET_PREFIX, WRITE_PREFIX};
use observe_core::{CallContext, Clock, KeyId, Violations, respond};
use observe_proto::common::v1::{KeyKind, KeyPrincipal};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::authenticate_response::Principal;
use observe_proto::identity::v1::authentication_service_server::AuthenticationService;
use sqlx::types::Uuid;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::IdentityError;
use crate::store::credential::CredentialStore;

/// The most projects of a page, and as many as it has when the request does not say.
const RETENTIONS_PAGE_MAX: i32 = 1_000;
/// What page tokens of the list of retentions are bound to.
const RETENTIONS_SCOPE: &[u8] = b"retentions";

/// Tells whose a credential is.
pub(crate) struct Authentication {
    pub(crate) store: CredentialStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) page_tokens: PageTokens,
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
            let access = found.ok_or(IdentityError::UnknownCredential)?;
            let principal = Principal::Key(KeyPrincipal {
                key_id: access.key.to_string(),
                project_id: access.project.to_string(),
                kind: access.kind.into(),
            });
            // Browsers send with write keys alone.
            let allowed_origins =
                if access.kind == KeyKind::Write { access.allowed_origins } else { Vec::new() };
            return Ok(pb::AuthenticateResponse {
                principal: Some(principal),
                allowed_origins,
                privacy: Some(convert::privacy(access.privacy)),
                retention: Some(convert::retention(access.retention)),
            });
        }
        let found = self.store.session(hash, self.clock.now()).await?;
        let access = found.ok_or(IdentityError::UnknownCredential)?;
        let principal = Principal::Session(convert::session_principal(&access));
        Ok(pb::AuthenticateResponse { principal: Some(principal), ..Default::default() })
    }

    async fn report_exposed_key(
        &self,
        context: &CallContext,
        request: &pb::ReportExposedKeyRequest,
    ) -> Result<pb::ReportExposedKeyResponse, IdentityError> {
        context.require_service()?;
        if let Some(key) = KeyId::parse(&request.key_id) {
            self.store.expose(key, self.clock.now()).await?;
        }
        Ok(pb::ReportExposedKeyResponse {})
    }

    async fn list_retentions(
        &self,
        context: &CallContext,
        request: &pb::ListRetentionsRequest,
    ) -> Result<pb::ListRetentionsResponse, IdentityError> {
        context.require_service()?;
        let mut violations = Violations::new();
        let fits = (0..=RETENTIONS_PAGE_MAX).contains(&request.page_size);
        violations.require(fits, "page_size", "must be 1-1,000, or 0 for 1,000");
        let after = self.position(&request.page_token);
        violations.require(after.is_some(), "page_token", "must be of a page of this list");
        violations.finish()?;
        let size = if request.page_size == 0 { RETENTIONS_PAGE_MAX } else { request.page_size }
            .unsigned_abs();
        let after = after.unwrap_or_default();
        // One more than a page, to tell whether there is another.
        let mut rows = self.store.retentions(after, i64::from(size) + 1).await?;
        let size = size as usize;
        let is_last = rows.len() <= size;
        rows.truncate(size);
        let next = rows.last().filter(|_| !is_last);
        let next_page_token =
            next.map(|(project, _)| self.page_tokens.seal(RETENTIONS_SCOPE, &project.to_bytes()));
        Ok(pb::ListRetentionsResponse {
            retentions: rows
                .into_iter()
                .map(|(project, retention)| pb::ProjectRetention {
                    project_id: project.to_string(),
                    retention: Some(convert::retention(retention)),
                })
                .collect(),
            next_page_token: next_page_token.unwrap_or_default(),
        })
    }

    /// Returns the project that a page begins behind, zeros for the first page; `None` for a token of another list.
    fn position(&self, page_token: &str) -> Option<Uuid> {
        if page_token.is_empty() {
            return Some(Uuid::nil());
        }
        Uuid::from_slice(&self.page_tokens.open(RETENTIONS_SCOPE, page_token)?).ok()
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
        request: Request<pb::ReportExposedKeyRequest>,
    ) -> Result<Response<pb::ReportExposedKeyResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.report_exposed_key(&context, &request.into_inner()).await)
    }

    async fn list_retentions(
        &self,
        request: Request<pb::ListRetentionsRequest>,
    ) -> Result<Response<pb::ListRetentionsResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list_retentions(&context, &request.into_inner()).await)
    }
}
