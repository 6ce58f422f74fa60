//! Lists of persons.

use observe_core::context::Permission;
use observe_core::{CallContext, ProjectId, Violations};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::list_persons_request::Identified;

use super::Persons;
use crate::convert;
use crate::error::IdentityError;
use crate::person_filter;
use crate::person_search::{MAX_SEARCH_CHARS, Search};
use crate::service::page::{DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE};
use crate::store::person_list::{PersonQuery, Position};

impl Persons {
    pub(super) async fn list(
        &self,
        context: &CallContext,
        request: pb::ListPersonsRequest,
    ) -> Result<pb::ListPersonsResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let mut violations = Violations::new();
        let query = query(&request, &mut violations);
        let fits = (0..=MAX_PAGE_SIZE).contains(&request.page_size);
        violations.require(fits, "page_size", "must be 1-200, or 0 for 50");
        let scope = scope(project, &request);
        let after = if request.page_token.is_empty() {
            Some(Position::start())
        } else {
            let bytes = self.page_tokens.open(&scope, &request.page_token);
            bytes.and_then(|bytes| Position::decode(&bytes))
        };
        let expected = "must be of the same project, search and filter";
        violations.require(after.is_some(), "page_token", expected);
        violations.finish()?;
        let after = after.unwrap_or_else(Position::start);
        let size = if request.page_size == 0 { DEFAULT_PAGE_SIZE } else { request.page_size }
            .unsigned_abs();
        let page = self.store.list(project, &query, after, size as usize).await?;
        let next = page.next.map(|next| self.page_tokens.seal(&scope, &next.encode()));
        Ok(pb::ListPersonsResponse {
            persons: page.persons.into_iter().map(convert::person).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }
}

/// Reads which persons are asked for; notes what is wrong with it.
fn query(request: &pb::ListPersonsRequest, violations: &mut Violations) -> PersonQuery {
    let fits = request.search.chars().count() <= MAX_SEARCH_CHARS;
    violations.require(fits, "search", "must have at most 200 characters");
    let identified = match violations.known(request.identified, "identified") {
        Identified::Unspecified => None,
        Identified::Only => Some(true),
        Identified::Not => Some(false),
    };
    let filter = person_filter::read(request.filter.as_ref(), violations);
    PersonQuery {
        search: (!request.search.is_empty()).then(|| Search::new(&request.search)),
        filter: (!filter.is_everything()).then_some(filter),
        identified,
    }
}

/// Returns what a page token is bound to.
fn scope(project: ProjectId, request: &pb::ListPersonsRequest) -> Vec<u8> {
    let mut scope = b"persons\0".to_vec();
    scope.extend_from_slice(&project.to_bytes());
    scope.extend_from_slice(&request.identified.to_be_bytes());
    scope.extend_from_slice(&(request.search.len() as u64).to_be_bytes());
    scope.extend_from_slice(request.search.as_bytes());
    scope.extend(request.filter.iter().flat_map(prost::Message::encode_to_vec));
    scope
}
