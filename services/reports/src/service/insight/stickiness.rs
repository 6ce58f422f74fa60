//! Stickiness.

use observe_core::CallContext;
use observe_core::context::Permission;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::convert::{stickiness_persons_query, stickiness_query, stickiness_response};
use crate::error::ReportsError;
use crate::service::persons::ListScope;

impl Insight {
    pub(super) async fn stickiness(
        self,
        ctx: CallContext,
        request: pb::QueryStickinessRequest,
    ) -> Result<pb::QueryStickinessResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let query = self.slots.compute(project, move |_| Ok(stickiness_query(&request))).await??;
        let series = query.series.clone();
        let answer = self.engine.stickiness(project, query).await?;
        Ok(stickiness_response(&series, answer))
    }

    pub(super) async fn stickiness_persons(
        self,
        ctx: CallContext,
        mut request: pb::ListStickinessPersonsRequest,
    ) -> Result<pb::ListStickinessPersonsResponse, ReportsError> {
        let of = request.stickiness.as_ref().map_or("", |question| &question.project_id);
        let project = ctx.project(of, Permission::Read)?;
        let token = std::mem::take(&mut request.page_token);
        // What stays the same from page to page.
        let list = pb::ListStickinessPersonsRequest { page_size: 0, ..request.clone() };
        let scope = ListScope::new("stickiness persons", project, &list);
        let read =
            self.slots.compute(project, move |_| Ok(stickiness_persons_query(&request))).await??;
        let (query, cell, size) = read;
        let page = self.persons.page(&scope, size, &token)?;
        let behind = self.engine.stickiness_persons(project, query, cell, page).await?;
        let page = self.persons.complete(project, &scope, behind).await?;
        Ok(pb::ListStickinessPersonsResponse {
            persons: page.persons,
            group_keys: page.group_keys,
            total: page.total,
            next_page_token: page.next_page_token,
        })
    }
}
