//! Lifecycle.

use observe_core::CallContext;
use observe_core::context::Permission;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::convert::{lifecycle_persons_query, lifecycle_query, lifecycle_response};
use crate::error::ReportsError;
use crate::service::persons::ListScope;

impl Insight {
    pub(super) async fn lifecycle(
        self,
        ctx: CallContext,
        request: pb::QueryLifecycleRequest,
    ) -> Result<pb::QueryLifecycleResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let query = self.slots.compute(project, move |_| Ok(lifecycle_query(&request))).await??;
        let buckets = query.buckets.clone();
        let answer = self.engine.lifecycle(project, query).await?;
        Ok(lifecycle_response(&buckets, answer))
    }

    pub(super) async fn lifecycle_persons(
        self,
        ctx: CallContext,
        mut request: pb::ListLifecyclePersonsRequest,
    ) -> Result<pb::ListLifecyclePersonsResponse, ReportsError> {
        let of = request.lifecycle.as_ref().map_or("", |question| &question.project_id);
        let project = ctx.project(of, Permission::Read)?;
        let token = std::mem::take(&mut request.page_token);
        // What stays the same from page to page.
        let list = pb::ListLifecyclePersonsRequest { page_size: 0, ..request.clone() };
        let scope = ListScope::new("lifecycle persons", project, &list);
        let read =
            self.slots.compute(project, move |_| Ok(lifecycle_persons_query(&request))).await??;
        let (query, cell, size) = read;
        let page = self.persons.page(&scope, size, &token)?;
        let behind = self.engine.lifecycle_persons(project, query, cell, page).await?;
        let page = self.persons.complete(project, &scope, behind).await?;
        Ok(pb::ListLifecyclePersonsResponse {
            persons: page.persons,
            group_keys: page.group_keys,
            total: page.total,
            next_page_token: page.next_page_token,
        })
    }
}
