//! `observe.identity.v1.GroupService`.

use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::page::PageTokens;
use observe_core::{CallContext, ProjectId, Violations, respond};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::group_service_server::GroupService;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::IdentityError;
use crate::operation::is_illegal;
use crate::person_search::{MAX_SEARCH_CHARS, Search};
use crate::service::page::{DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE};
use crate::store::group::{GroupPosition, GroupStore};

/// Reads groups.
pub(crate) struct Groups {
    pub(crate) store: GroupStore,
    pub(crate) page_tokens: PageTokens,
}

impl Groups {
    async fn types(
        &self,
        context: &CallContext,
        request: pb::ListGroupTypesRequest,
    ) -> Result<pb::ListGroupTypesResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let types = self.store.types(project).await?.into_iter();
        let group_types =
            types.map(|(r#type, group_count)| pb::GroupType { r#type, group_count }).collect();
        Ok(pb::ListGroupTypesResponse { group_types })
    }

    async fn list(
        &self,
        context: &CallContext,
        request: pb::ListGroupsRequest,
    ) -> Result<pb::ListGroupsResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let mut violations = Violations::new();
        let fits = request.search.chars().count() <= MAX_SEARCH_CHARS;
        violations.require(fits, "search", "must have at most 200 characters");
        let fits = (0..=MAX_PAGE_SIZE).contains(&request.page_size);
        violations.require(fits, "page_size", "must be 1-200, or 0 for 50");
        let scope = scope(project, &request);
        let after = if request.page_token.is_empty() {
            Some(GroupPosition::start())
        } else {
            let bytes = self.page_tokens.open(&scope, &request.page_token);
            bytes.and_then(|bytes| GroupPosition::decode(&bytes))
        };
        violations.require(after.is_some(), "page_token", "must be of the same type and search");
        violations.finish()?;
        // No group is of such a type, and not every one of them is a text that the database takes.
        if is_illegal(&request.r#type) {
            return Ok(pb::ListGroupsResponse::default());
        }
        let size = if request.page_size == 0 { DEFAULT_PAGE_SIZE } else { request.page_size }
            .unsigned_abs() as usize;
        let search = (!request.search.is_empty()).then(|| Search::new(&request.search));
        let after = after.unwrap_or_else(GroupPosition::start);
        let (groups, next) =
            self.store.list(project, &request.r#type, search.as_ref(), after, size).await?;
        let next = next.map(|next| self.page_tokens.seal(&scope, &next.encode()));
        Ok(pb::ListGroupsResponse {
            groups: groups.into_iter().map(convert::group).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }

    async fn get(
        &self,
        context: &CallContext,
        request: pb::GetGroupRequest,
    ) -> Result<pb::GetGroupResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let (group_type, key) = (&request.r#type, &request.key);
        if is_illegal(group_type) || is_illegal(key) {
            return Err(CommonError::NotFound("group").into());
        }
        let group = self.store.get(project, group_type, key).await?;
        let group = convert::group(group.ok_or(CommonError::NotFound("group"))?);
        Ok(pb::GetGroupResponse { group: Some(group) })
    }
}

/// Returns what a page token is bound to.
fn scope(project: ProjectId, request: &pb::ListGroupsRequest) -> Vec<u8> {
    let mut scope = b"groups\0".to_vec();
    scope.extend_from_slice(&project.to_bytes());
    scope.extend_from_slice(request.r#type.as_bytes());
    scope.push(0);
    scope.extend_from_slice(request.search.as_bytes());
    scope
}

#[tonic::async_trait]
impl GroupService for Groups {
    async fn list_group_types(
        &self,
        request: Request<pb::ListGroupTypesRequest>,
    ) -> Result<Response<pb::ListGroupTypesResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.types(&context, request.into_inner()).await)
    }

    async fn list_groups(
        &self,
        request: Request<pb::ListGroupsRequest>,
    ) -> Result<Response<pb::ListGroupsResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list(&context, request.into_inner()).await)
    }

    async fn get_group(
        &self,
        request: Request<pb::GetGroupRequest>,
    ) -> Result<Response<pb::GetGroupResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.get(&context, request.into_inner()).await)
    }
}
