//! `observe.identity.v1.PersonService`.

use observe_core::context::Permission;
use observe_core::context::wire::SignedAt;
use observe_core::error::CommonError;
use observe_core::page::PageTokens;
use observe_core::{CallContext, PersonId, ProjectId, Violations, respond};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::get_person_request::Id;
use observe_proto::identity::v1::person_service_server::PersonService;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::IdentityError;
use crate::operation::is_illegal;
use crate::person_search::{MAX_SEARCH_CHARS, Search};
use crate::service::erasure::Erasures;
use crate::store::person::PersonStore;
use crate::store::person_list::Position;

/// How many persons a page has when the request does not say.
const DEFAULT_PAGE_SIZE: i32 = 50;
/// The most persons of a page.
const MAX_PAGE_SIZE: i32 = 200;

/// Reads persons.
pub(crate) struct Persons {
    pub(crate) store: PersonStore,
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

    async fn list(
        &self,
        context: &CallContext,
        request: pb::ListPersonsRequest,
    ) -> Result<pb::ListPersonsResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let mut violations = Violations::new();
        let fits = request.search.chars().count() <= MAX_SEARCH_CHARS;
        violations.require(fits, "search", "must have at most 200 characters");
        let fits = (0..=MAX_PAGE_SIZE).contains(&request.page_size);
        violations.require(fits, "page_size", "must be 1-200, or 0 for 50");
        let scope = scope(project, &request.search);
        let after = if request.page_token.is_empty() {
            Some(Position::start())
        } else {
            let bytes = self.page_tokens.open(&scope, &request.page_token);
            bytes.and_then(|bytes| Position::decode(&bytes))
        };
        violations.require(after.is_some(), "page_token", "must be of the same project and search");
        violations.finish()?;
        let after = after.unwrap_or_else(Position::start);
        let size = if request.page_size == 0 { DEFAULT_PAGE_SIZE } else { request.page_size }
            .unsigned_abs();
        let search = (!request.search.is_empty()).then(|| Search::new(&request.search));
        let page = self.store.list(project, search.as_ref(), after, size as usize).await?;
        let next = page.next.map(|next| self.page_tokens.seal(&scope, &next.encode()));
        Ok(pb::ListPersonsResponse {
            persons: page.persons.into_iter().map(convert::person).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }
}

/// Returns what a page token is bound to.
fn scope(project: ProjectId, search: &str) -> Vec<u8> {
    let mut scope = b"persons\0".to_vec();
    scope.extend_from_slice(&project.to_bytes());
    scope.extend_from_slice(search.as_bytes());
    scope
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
        _: Request<pb::IdentifyRequest>,
    ) -> Result<Response<pb::IdentifyResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }

    async fn alias(
        &self,
        _: Request<pb::AliasRequest>,
    ) -> Result<Response<pb::AliasResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }

    async fn set_properties(
        &self,
        _: Request<pb::SetPropertiesRequest>,
    ) -> Result<Response<pb::SetPropertiesResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }

    async fn merge_persons(
        &self,
        _: Request<pb::MergePersonsRequest>,
    ) -> Result<Response<pb::MergePersonsResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }

    async fn split_person(
        &self,
        _: Request<pb::SplitPersonRequest>,
    ) -> Result<Response<pb::SplitPersonResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }

    async fn list_merges(
        &self,
        _: Request<pb::ListMergesRequest>,
    ) -> Result<Response<pb::ListMergesResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }

    async fn list_refused_merges(
        &self,
        _: Request<pb::ListRefusedMergesRequest>,
    ) -> Result<Response<pb::ListRefusedMergesResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }

    async fn list_property_changes(
        &self,
        _: Request<pb::ListPropertyChangesRequest>,
    ) -> Result<Response<pb::ListPropertyChangesResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
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
