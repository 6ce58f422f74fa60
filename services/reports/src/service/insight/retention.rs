//! Retention.

use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::{CallContext, ProjectId};
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::convert::{
    explain_retention_query, explain_retention_response, retention_persons_query, retention_query,
    retention_response,
};
use crate::error::ReportsError;
use crate::explained_person::ExplainedPerson;
use crate::person_activity::subject::Named;
use crate::service::persons::ListScope;

impl Insight {
    pub(super) async fn retention(
        self,
        ctx: CallContext,
        request: pb::QueryRetentionRequest,
    ) -> Result<pb::QueryRetentionResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let query = self.slots.compute(project, move |_| Ok(retention_query(&request))).await??;
        let cohorts = query.cohorts.clone();
        let answer = self.engine.retention(project, query).await?;
        Ok(retention_response(&cohorts, answer))
    }

    pub(super) async fn retention_persons(
        self,
        ctx: CallContext,
        mut request: pb::ListRetentionPersonsRequest,
    ) -> Result<pb::ListRetentionPersonsResponse, ReportsError> {
        let of = request.retention.as_ref().map_or("", |question| &question.project_id);
        let project = ctx.project(of, Permission::Read)?;
        let token = std::mem::take(&mut request.page_token);
        // What stays the same from page to page.
        let list = pb::ListRetentionPersonsRequest { page_size: 0, ..request.clone() };
        let scope = ListScope::new("retention persons", project, &list);
        let read =
            self.slots.compute(project, move |_| Ok(retention_persons_query(&request))).await??;
        let (query, which, size) = read;
        let page = self.persons.page(&scope, size, &token)?;
        let behind = self.engine.retention_persons(project, query, which, page).await?;
        let page = self.persons.complete(project, &scope, behind).await?;
        Ok(pb::ListRetentionPersonsResponse {
            persons: page.persons,
            group_keys: page.group_keys,
            total: page.total,
            next_page_token: page.next_page_token,
        })
    }

    pub(super) async fn explain_retention(
        self,
        ctx: CallContext,
        request: pb::ExplainRetentionPersonRequest,
    ) -> Result<pb::ExplainRetentionPersonResponse, ReportsError> {
        let of = request.retention.as_ref().map_or("", |question| &question.project_id);
        let project = ctx.project(of, Permission::Read)?;
        let read =
            self.slots.compute(project, move |_| Ok(explain_retention_query(&request))).await??;
        let (query, cell, named) = read;
        let named = named.ok_or(CommonError::NotFound("person"))?;
        let person = self.explained_person(project, named).await?;
        let told = self.engine.explain_retention(project, query, cell, person).await?;
        Ok(explain_retention_response(told.ok_or(CommonError::NotFound("person"))?))
    }

    /// Finds the person that an explanation is for: one that was merged away is the one it became.
    pub(super) async fn explained_person(
        &self,
        project: ProjectId,
        named: Named,
    ) -> Result<ExplainedPerson, CommonError> {
        let id = match named {
            Named::DistinctId(id) => return Ok(ExplainedPerson::WithDistinctIds(vec![id])),
            Named::Person(id) => id,
        };
        match self.neighbours.person(project, &Named::Person(id)).await {
            Ok(person) => Ok(ExplainedPerson::WithDistinctIds(person.distinct_ids)),
            // Identity keeps no row of a visitor that was never identified.
            Err(CommonError::NotFound(_)) => Ok(ExplainedPerson::WithId(id)),
            Err(error) => Err(error),
        }
    }
}
