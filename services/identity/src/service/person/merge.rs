//! Joining persons, and taking it back.

use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::{CallContext, PersonId, ProjectId, Violations};
use observe_proto::identity::v1 as pb;
use uuid::Uuid;

use super::properties::property_changes;
use super::{Persons, require_legal};
use crate::convert;
use crate::error::IdentityError;
use crate::operation::Kind;
use crate::properties::PropertyChanges;
use crate::service::page::Page;

impl Persons {
    pub(super) async fn identify_user(
        &self,
        context: &CallContext,
        request: pb::IdentifyRequest,
    ) -> Result<pb::IdentifyResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let mut violations = Violations::new();
        require_legal("distinct_id", &request.distinct_id, &mut violations);
        if !request.anonymous_id.is_empty() {
            require_legal("anonymous_id", &request.anonymous_id, &mut violations);
        }
        let properties = property_changes(request.properties, &mut violations);
        violations.finish()?;
        let anonymous = (!request.anonymous_id.is_empty()).then_some(request.anonymous_id);
        let kind = Kind::identify(&request.distinct_id, anonymous);
        let done = self.call(project, request.distinct_id, kind, properties).await?;
        Ok(pb::IdentifyResponse { person: Some(done.person) })
    }

    pub(super) async fn join_alias(
        &self,
        context: &CallContext,
        request: pb::AliasRequest,
    ) -> Result<pb::AliasResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let mut violations = Violations::new();
        require_legal("distinct_id", &request.distinct_id, &mut violations);
        require_legal("alias", &request.alias, &mut violations);
        violations.finish()?;
        let kind = Kind::Alias(request.alias);
        let done =
            self.call(project, request.distinct_id, kind, PropertyChanges::default()).await?;
        Ok(pb::AliasResponse { person: Some(done.person) })
    }

    pub(super) async fn join_persons(
        &self,
        context: &CallContext,
        request: pb::MergePersonsRequest,
    ) -> Result<pb::MergePersonsResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let target = PersonId::parse(&request.target_person_id);
        let target = target.ok_or(CommonError::NotFound("person"))?;
        let (target, target_id) = self.first_id(project, target).await?;
        let (source, source_id) = self.source_of(project, &request).await?;
        if source == target {
            return Err(same_person());
        }
        let kind = Kind::Persons { source: source_id };
        let done = self.call(project, target_id, kind, PropertyChanges::default()).await?;
        if !done.merged {
            return Err(same_person());
        }
        let (merge_id, person) = (done.operation.to_string(), Some(done.person));
        Ok(pb::MergePersonsResponse { merge_id, person })
    }

    /// Returns the person that shall be merged away, and the distinct id that stands for it.
    async fn source_of(
        &self,
        project: ProjectId,
        request: &pb::MergePersonsRequest,
    ) -> Result<(PersonId, String), IdentityError> {
        let named = PersonId::parse(&request.source_person_id);
        let distinct_id = &request.source_distinct_id;
        if distinct_id.is_empty() {
            return self.first_id(project, named.ok_or(CommonError::NotFound("person"))?).await;
        }
        let mut violations = Violations::new();
        require_legal("source_distinct_id", distinct_id, &mut violations);
        violations.finish()?;
        let own = PersonId::of_distinct_id(project, distinct_id);
        let found = match self.store.by_distinct_id(project, distinct_id).await? {
            Some(stored) => self.first_id(project, stored.id).await?,
            None => (own, distinct_id.clone()),
        };
        let is_meant = request.source_person_id.is_empty()
            || named.is_some_and(|named| named == found.0 || named == own);
        if is_meant { Ok(found) } else { Err(CommonError::NotFound("person").into()) }
    }

    pub(super) async fn split(
        &self,
        context: &CallContext,
        request: pb::SplitPersonRequest,
    ) -> Result<pb::SplitPersonResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let merge = Uuid::try_parse(&request.merge_id).ok();
        let merge = merge.ok_or(CommonError::NotFound("merge"))?;
        let mut persons = Vec::with_capacity(2);
        for part in self.applier.split(project, merge).await? {
            let stored = self.store.by_id(project, part.id).await?;
            persons.push(convert::person(stored.ok_or(CommonError::NotFound("person"))?));
        }
        Ok(pb::SplitPersonResponse { persons })
    }

    pub(super) async fn merges(
        &self,
        context: &CallContext,
        request: pb::ListMergesRequest,
    ) -> Result<pb::ListMergesResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let mut violations = Violations::new();
        let about = ("merges", project, &[&*request.person_id][..]);
        let asked = (request.page_size, request.page_token.as_str());
        let page = Page::read(&self.page_tokens, about, asked, &mut violations);
        violations.finish()?;
        let person = self.root(project, &request.person_id).await?;
        let mut rows = self.ledger.list(project, person, page.before, page.limit()).await?;
        let next_page_token = page.finish(&self.page_tokens, &mut rows, |row| row.position);
        let merges = rows.into_iter().map(convert::merge).collect();
        Ok(pb::ListMergesResponse { merges, next_page_token })
    }
}

fn same_person() -> IdentityError {
    let mut violations = Violations::new();
    violations.add("source_person_id", "must be another person than the target");
    violations.into()
}
