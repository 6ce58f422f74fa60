//! Trends.

use observe_core::CallContext;
use observe_core::context::Permission;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::convert::{trend_persons_query, trends_query, trends_response};
use crate::error::ReportsError;
use crate::service::persons::ListScope;

impl Insight {
    pub(super) async fn trends(
        self,
        ctx: CallContext,
        request: pb::QueryTrendsRequest,
    ) -> Result<pb::QueryTrendsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let query = self.slots.compute(project, move |_| Ok(trends_query(&request))).await??;
        let answer = self.engine.trends(project, query.clone()).await?;
        Ok(trends_response(&query, answer))
    }

    pub(super) async fn trend_persons(
        self,
        ctx: CallContext,
        mut request: pb::ListTrendPersonsRequest,
    ) -> Result<pb::ListTrendPersonsResponse, ReportsError> {
        let of = request.trends.as_ref().map_or("", |question| &question.project_id);
        let project = ctx.project(of, Permission::Read)?;
        let token = std::mem::take(&mut request.page_token);
        // What stays the same from page to page.
        let list = pb::ListTrendPersonsRequest { page_size: 0, ..request.clone() };
        let scope = ListScope::new("trend persons", project, &list);
        let read = self.slots.compute(project, move |_| Ok(trend_persons_query(&request)));
        let mut query = read.await??;
        query.page = self.persons.page(&scope, query.page.size, &token)?;
        let behind = self.engine.trend_persons(project, query).await?;
        let page = self.persons.complete(project, &scope, behind).await?;
        Ok(pb::ListTrendPersonsResponse {
            persons: page.persons,
            group_keys: page.group_keys,
            total: page.total,
            next_page_token: page.next_page_token,
        })
    }
}
