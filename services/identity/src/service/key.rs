//! `observe.identity.v1.KeyService`.

use std::sync::Arc;

use chrono::SubsecRound as _;
use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::{CallContext, Clock, Entropy, KeyId, Violations, respond};
use observe_proto::common::v1::KeyKind;
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::key_service_server::KeyService;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::IdentityError;
use crate::key::{Key, generate, token_prefix};
use crate::project::checked_name;
use crate::store::key::KeyStore;

/// Manages the keys of a project.
pub(crate) struct Keys {
    pub(crate) store: KeyStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Keys {
    async fn create(
        &self,
        context: &CallContext,
        request: pb::CreateKeyRequest,
    ) -> Result<pb::CreateKeyResponse, IdentityError> {
        context.session()?;
        let project = context.project(&request.project_id, Permission::Administer)?;
        let mut violations = Violations::new();
        let name = checked_name(&request.name, &mut violations);
        let kind = match pb::key::Kind::try_from(request.kind) {
            Ok(pb::key::Kind::Unspecified | pb::key::Kind::Write) => KeyKind::Write,
            Ok(pb::key::Kind::Secret) => KeyKind::Secret,
            Err(_) => {
                violations.add("kind", "must be KIND_WRITE or KIND_SECRET");
                KeyKind::Unspecified
            }
        };
        violations.finish()?;
        let token = generate(kind, &*self.entropy);
        // As exact as it is stored, so that the answer is what a list shows later.
        let now = self.clock.now().trunc_subsecs(6);
        let key = Key {
            id: KeyId::new(self.entropy.uuid(now)),
            project,
            name,
            kind,
            token_prefix: token_prefix(kind, &token),
            created_at: now,
            write_token: (kind == KeyKind::Write).then(|| token.clone()),
            exposed_at: None,
        };
        self.store.create(&key, &token).await?;
        Ok(pb::CreateKeyResponse { key: Some(convert::key(key)), token })
    }

    async fn list(
        &self,
        context: &CallContext,
        request: pb::ListKeysRequest,
    ) -> Result<pb::ListKeysResponse, IdentityError> {
        context.session()?;
        let project = context.project(&request.project_id, Permission::Read)?;
        let keys = self.store.list(project).await?;
        Ok(pb::ListKeysResponse { keys: keys.into_iter().map(convert::key).collect() })
    }

    async fn revoke(
        &self,
        context: &CallContext,
        request: pb::RevokeKeyRequest,
    ) -> Result<pb::RevokeKeyResponse, IdentityError> {
        context.session()?;
        let project = context.project(&request.project_id, Permission::Administer)?;
        let key = KeyId::parse(&request.key_id).ok_or(CommonError::NotFound("key"))?;
        if self.store.revoke(project, key, self.clock.now()).await? {
            Ok(pb::RevokeKeyResponse {})
        } else {
            Err(CommonError::NotFound("key").into())
        }
    }
}

#[tonic::async_trait]
impl KeyService for Keys {
    async fn create_key(
        &self,
        request: Request<pb::CreateKeyRequest>,
    ) -> Result<Response<pb::CreateKeyResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.create(&context, request.into_inner()).await)
    }

    async fn list_keys(
        &self,
        request: Request<pb::ListKeysRequest>,
    ) -> Result<Response<pb::ListKeysResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list(&context, request.into_inner()).await)
    }

    async fn revoke_key(
        &self,
        request: Request<pb::RevokeKeyRequest>,
    ) -> Result<Response<pb::RevokeKeyResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.revoke(&context, request.into_inner()).await)
    }
}
