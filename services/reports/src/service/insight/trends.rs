//! Trends.

use std::sync::Arc;

use observe_core::CallContext;
use observe_core::context::Permission;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::convert::{trend_persons_query, trends_query, trends_response};
use crate::error::ReportsError;
use crate::service::persons::ListScope;

impl Insight {
    pub(super) async fn trends(
        &self,
        ctx: CallContext,
        request: pb::QueryTrendsRequest,
    ) -> Result<pb::QueryTrendsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let query = self.slots.compute(project, move |_| Ok(trends_query(&request))).await??;
        let answer = self.engine.trends(project, query.clone()).await?;
        Ok(trends_response(&query, answer))
    }

    pub(super) async fn trend_persons(
        &self,
        ctx: CallContext,
        request: pb::ListTrendPersonsRequest,
    ) -> Result<pb::ListTrendPersonsResponse, ReportsError> {
        let project_id = request.trends.as_ref().map_or("", |trends| &trends.project_id);
        let project = ctx.project(project_id, Permission::Read)?;
        let request = Arc::new(request);
        let reading = Arc::clone(&request);
        let query = self.slots.compute(project, move |_| Ok(trend_persons_query(&reading)));
        let mut query = query.await??;
        let mut question = pb::ListTrendPersonsRequest::clone(&request);
        (question.page_size, question.page_token) = (0, String::new());
        let scope = ListScope::new("trend persons", project, &question);
        query.page = self.persons.page(&scope, query.page.size, &request.page_token)?;
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
