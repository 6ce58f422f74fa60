//! `observe.identity.v1.PersonService`.

mod call;
mod list;
mod merge;
mod properties;
mod refusal;

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::context::wire::SignedAt;
use observe_core::error::CommonError;
use observe_core::page::PageTokens;
use observe_core::{CallContext, Clock, Entropy, PersonId, ProjectId, Violations, respond};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::get_person_request::Id;
use observe_proto::identity::v1::person_service_server::PersonService;
use tonic::{Request, Response, Status};

use call::require_legal;

use crate::apply::Applier;
use crate::convert;
use crate::error::IdentityError;
use crate::operation::is_illegal;
use crate::service::erasure::Erasures;
use crate::store::merge::MergeStore;
use crate::store::person::PersonStore;
use crate::store::property_change::PropertyChangeStore;
use crate::store::refusal::RefusalStore;

/// Reads and changes persons.
pub(crate) struct Persons {
    pub(crate) store: PersonStore,
    pub(crate) ledger: MergeStore,
    pub(crate) refusals: RefusalStore,
    pub(crate) property_changes: PropertyChangeStore,
    pub(crate) applier: Arc<Applier>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) page_tokens: PageTokens,
    pub(crate) erasures: Erasures,
}

impl Persons {
    async fn get(
        &self,
        context: &CallContext,
        request: pb::GetPersonRequest,
    ) -> Result<pb::GetPersonResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let person = match request.id {
            Some(Id::DistinctId(id)) if !id.is_empty() => self.by_distinct_id(project, id).await?,
            Some(Id::PersonId(id)) if !id.is_empty() => self.by_id(project, &id).await?,
            _ => {
                let mut violations = Violations::new();
                violations.add("id", "person_id or distinct_id is needed");
                return Err(violations.into());
            }
        };
        Ok(pb::GetPersonResponse { person: Some(person) })
    }

    async fn by_distinct_id(
        &self,
        project: ProjectId,
        id: String,
    ) -> Result<pb::Person, IdentityError> {
        // An illegal id has no row, and not every one of them is a text that the database takes.
        let stored =
            if is_illegal(&id) { None } else { self.store.by_distinct_id(project, &id).await? };
        Ok(stored.map_or_else(|| convert::unseen_person(project, id), convert::person))
    }

    async fn by_id(&self, project: ProjectId, id: &str) -> Result<pb::Person, IdentityError> {
        let id = PersonId::parse(id).ok_or(CommonError::NotFound("person"))?;
        let stored = self.store.by_id(project, id).await?.ok_or(CommonError::NotFound("person"))?;
        Ok(convert::person(stored))
    }
}

#[tonic::async_trait]
impl PersonService for Persons {
    async fn get_person(
        &self,
        request: Request<pb::GetPersonRequest>,
    ) -> Result<Response<pb::GetPersonResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.get(&context, request.into_inner()).await)
    }

    async fn list_persons(
        &self,
        request: Request<pb::ListPersonsRequest>,
    ) -> Result<Response<pb::ListPersonsResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list(&context, request.into_inner()).await)
    }

    async fn identify(
        &self,
        request: Request<pb::IdentifyRequest>,
    ) -> Result<Response<pb::IdentifyResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.identify_user(&context, request.into_inner()).await)
    }

    async fn alias(
        &self,
        request: Request<pb::AliasRequest>,
    ) -> Result<Response<pb::AliasResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.join_alias(&context, request.into_inner()).await)
    }

    async fn set_properties(
        &self,
        request: Request<pb::SetPropertiesRequest>,
    ) -> Result<Response<pb::SetPropertiesResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.change_properties(&context, request.into_inner()).await)
    }

    async fn merge_persons(
        &self,
        request: Request<pb::MergePersonsRequest>,
    ) -> Result<Response<pb::MergePersonsResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.join_persons(&context, request.into_inner()).await)
    }

    async fn split_person(
        &self,
        request: Request<pb::SplitPersonRequest>,
    ) -> Result<Response<pb::SplitPersonResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.split(&context, request.into_inner()).await)
    }

    async fn list_merges(
        &self,
        request: Request<pb::ListMergesRequest>,
    ) -> Result<Response<pb::ListMergesResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.merges(&context, request.into_inner()).await)
    }

    async fn list_refused_merges(
        &self,
        request: Request<pb::ListRefusedMergesRequest>,
    ) -> Result<Response<pb::ListRefusedMergesResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.refused_merges(&context, request.into_inner()).await)
    }

    async fn list_property_changes(
        &self,
        request: Request<pb::ListPropertyChangesRequest>,
    ) -> Result<Response<pb::ListPropertyChangesResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.property_changes(&context, request.into_inner()).await)
    }

    async fn delete_person(
        &self,
        request: Request<pb::DeletePersonRequest>,
    ) -> Result<Response<pb::DeletePersonResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        let signed_at = respond(SignedAt::from_request(&request))?.into_inner();
        respond(self.erasures.begin(&context, signed_at, request.into_inner()).await)
    }
}
