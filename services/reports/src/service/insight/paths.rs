//! Paths.

use observe_core::CallContext;
use observe_core::context::Permission;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::convert::{path_persons_query, paths_query, paths_response};
use crate::error::ReportsError;
use crate::service::persons::ListScope;

impl Insight {
    pub(super) async fn paths(
        self,
        ctx: CallContext,
        request: pb::QueryPathsRequest,
    ) -> Result<pb::QueryPathsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let query = self.slots.compute(project, move |_| Ok(paths_query(&request))).await??;
        Ok(paths_response(self.engine.paths(project, query).await?))
    }

    pub(super) async fn path_persons(
        self,
        ctx: CallContext,
        mut request: pb::ListPathPersonsRequest,
    ) -> Result<pb::ListPathPersonsResponse, ReportsError> {
        let of = request.paths.as_ref().map_or("", |question| &question.project_id);
        let project = ctx.project(of, Permission::Read)?;
        let token = std::mem::take(&mut request.page_token);
        // What stays the same from page to page.
        let list = pb::ListPathPersonsRequest { page_size: 0, ..request.clone() };
        let scope = ListScope::new("path persons", project, &list);
        let read = self.slots.compute(project, move |_| Ok(path_persons_query(&request)));
        let (query, size) = read.await??;
        let page = self.persons.page(&scope, size, &token)?;
        let behind = self.engine.path_persons(project, query, page).await?;
        let page = self.persons.complete(project, &scope, behind).await?;
        Ok(pb::ListPathPersonsResponse {
            persons: page.persons,
            total: page.total,
            next_page_token: page.next_page_token,
        })
    }
}
