//! `observe.identity.v1.ErasureService`, and how an erasure is begun and confirmed.

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::context::wire::SignedAt;
use observe_core::error::CommonError;
use observe_core::page::PageTokens;
use observe_core::{CallContext, Clock, Entropy, PersonId, ProjectId, Violations, respond};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::delete_person_request::Id;
use observe_proto::identity::v1::erasure_service_server::ErasureService;
use observe_runtime::Deps;
use tokio::sync::{Notify, Semaphore};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::convert;
use crate::erasure::{
    NewErasure, REMOVED_KINDS_MAX, REMOVED_NAME_BYTES_MAX, Removed, Subject, actor, cut_us,
};
use crate::error::IdentityError;
use crate::operation::is_illegal;
use crate::service::page::Page;
use crate::store::erasure::{CONFIRMING, ErasureStore};

/// How many erasures may be begun at once: each holds a connection while it waits for its project's lock, and others need some.
const MAX_BEGUN_AT_ONCE: usize = 2;

/// Erases persons and answers receipts.
#[derive(Clone)]
pub(crate) struct Erasures {
    store: ErasureStore,
    page_tokens: PageTokens,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// Told when an erasure was begun.
    begun: Arc<Notify>,
    turns: Arc<Semaphore>,
}

impl Erasures {
    /// Takes what it reads and writes with, and whom it tells that an erasure was begun.
    pub(crate) fn new(store: ErasureStore, begun: Arc<Notify>, deps: &Deps) -> Self {
        Self {
            store,
            page_tokens: deps.page_tokens(),
            clock: deps.clock.clone(),
            entropy: deps.entropy.clone(),
            begun,
            turns: Arc::new(Semaphore::new(MAX_BEGUN_AT_ONCE)),
        }
    }

    /// Answers `PersonService/DeletePerson`.
    pub(crate) async fn begin(
        &self,
        context: &CallContext,
        SignedAt(signed_at): SignedAt,
        request: pb::DeletePersonRequest,
    ) -> Result<pb::DeletePersonResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Erase)?;
        let subject = subject(request.id)?;
        let _turn =
            self.turns.acquire().await.map_err(|error| CommonError::Internal(error.to_string()))?;
        let now = self.clock.now();
        let erasure = self
            .store
            .begin(&NewErasure {
                project,
                subject,
                id: self.entropy.uuid(now),
                cut_us: cut_us(signed_at),
                actor: actor(context),
                now,
            })
            .await?;
        // Nothing of whom it was.
        tracing::info!(%project, erasure = %erasure.id, "a person is erased");
        self.begun.notify_one();
        Ok(pb::DeletePersonResponse { erasure: Some(convert::erasure::erasure(erasure)) })
    }

    /// Answers `PersonLogService/ReadErasures`.
    pub(crate) async fn read(
        &self,
        context: &CallContext,
        request: pb::ReadErasuresRequest,
    ) -> Result<pb::ReadErasuresResponse, IdentityError> {
        context.require_service()?;
        let erasures = self.store.after(request.after_number).await?;
        Ok(pb::ReadErasuresResponse { erasures })
    }

    /// Answers `PersonLogService/ConfirmErasure`.
    pub(crate) async fn confirm(
        &self,
        context: &CallContext,
        request: pb::ConfirmErasureRequest,
    ) -> Result<pb::ConfirmErasureResponse, IdentityError> {
        let service = context.require_service()?;
        if !CONFIRMING.contains(&service) {
            return Err(CommonError::PermissionDenied("internal").into());
        }
        let mut violations = Violations::new();
        let fits = |(name, count): (&String, &i64)| {
            name.len() <= REMOVED_NAME_BYTES_MAX && !name.contains('\0') && *count >= 0
        };
        let fit = request.removed.len() <= REMOVED_KINDS_MAX && request.removed.iter().all(fits);
        violations.require(fit, "removed", "must be at most 20 names with counts from 0");
        violations.finish()?;
        let unknown = || CommonError::NotFound("erasure");
        let project = ProjectId::from_bytes(&request.project_id).ok_or_else(unknown)?;
        let id = Uuid::from_slice(&request.erasure_id).map_err(|_| unknown())?;
        let removed: Removed = request.removed.into_iter().collect();
        let now = self.clock.now();
        if !self.store.confirm(project, id, (service, &removed), now).await? {
            return Err(unknown().into());
        }
        Ok(pb::ConfirmErasureResponse {})
    }

    async fn get(
        &self,
        context: &CallContext,
        request: pb::GetErasureRequest,
    ) -> Result<pb::GetErasureResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let unknown = || CommonError::NotFound("erasure");
        let id = Uuid::try_parse(&request.erasure_id).map_err(|_| unknown())?;
        let erasure = self.store.get(project, id).await?.ok_or_else(unknown)?;
        Ok(pb::GetErasureResponse { erasure: Some(convert::erasure::erasure(erasure)) })
    }

    async fn list(
        &self,
        context: &CallContext,
        request: pb::ListErasuresRequest,
    ) -> Result<pb::ListErasuresResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let mut violations = Violations::new();
        let asked = (request.page_size, request.page_token.as_str());
        let page =
            Page::read(&self.page_tokens, ("erasures", project, &[]), asked, &mut violations);
        violations.finish()?;
        let mut rows = self.store.list(project, page.before, page.limit()).await?;
        let next_page_token = page.finish(&self.page_tokens, &mut rows, |row| row.number);
        let erasures = rows.into_iter().map(convert::erasure::erasure).collect();
        Ok(pb::ListErasuresResponse { erasures, next_page_token })
    }
}

fn subject(id: Option<Id>) -> Result<Subject, IdentityError> {
    let mut violations = Violations::new();
    match id {
        Some(Id::PersonId(id)) if !id.is_empty() => {
            let person = PersonId::parse(&id).ok_or(CommonError::NotFound("person"))?;
            return Ok(Subject::Person(person));
        }
        Some(Id::DistinctId(id)) if !id.is_empty() => {
            // What is received under such an id is of nobody in particular, and may be of anybody.
            if !is_illegal(&id) {
                return Ok(Subject::DistinctId(id));
            }
            violations
                .add("distinct_id", "is one that names nobody, or longer than 200 characters");
        }
        _ => violations.add("id", "person_id or distinct_id is needed"),
    }
    Err(violations.into())
}

#[tonic::async_trait]
impl ErasureService for Erasures {
    async fn get_erasure(
        &self,
        request: Request<pb::GetErasureRequest>,
    ) -> Result<Response<pb::GetErasureResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.get(&context, request.into_inner()).await)
    }

    async fn list_erasures(
        &self,
        request: Request<pb::ListErasuresRequest>,
    ) -> Result<Response<pb::ListErasuresResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list(&context, request.into_inner()).await)
    }
}
