//! Funnel.

use observe_core::CallContext;
use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_proto::reports::v1 as pb;

use super::Insight;
use crate::convert::{
    explain_funnel_query, explain_funnel_response, funnel_persons_query, funnel_query,
    funnel_response, funnel_trend_query, funnel_trend_response,
};
use crate::error::ReportsError;
use crate::service::persons::ListScope;

impl Insight {
    pub(super) async fn funnel(
        self,
        ctx: CallContext,
        request: pb::QueryFunnelRequest,
    ) -> Result<pb::QueryFunnelResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let query = self.slots.compute(project, move |_| Ok(funnel_query(&request))).await??;
        let answer = self.engine.funnel(project, query.clone()).await?;
        Ok(funnel_response(&query, answer))
    }

    pub(super) async fn funnel_trend(
        self,
        ctx: CallContext,
        request: pb::QueryFunnelTrendRequest,
    ) -> Result<pb::QueryFunnelTrendResponse, ReportsError> {
        let project = ctx.project(project_of(request.funnel.as_ref()), Permission::Read)?;
        let query =
            self.slots.compute(project, move |_| Ok(funnel_trend_query(&request))).await??;
        let buckets = query.buckets.clone();
        let answer = self.engine.funnel_trend(project, query).await?;
        Ok(funnel_trend_response(&buckets, answer))
    }

    pub(super) async fn funnel_persons(
        self,
        ctx: CallContext,
        mut request: pb::ListFunnelPersonsRequest,
    ) -> Result<pb::ListFunnelPersonsResponse, ReportsError> {
        let project = ctx.project(project_of(request.funnel.as_ref()), Permission::Read)?;
        let token = std::mem::take(&mut request.page_token);
        // What stays the same from page to page.
        let list = pb::ListFunnelPersonsRequest { page_size: 0, ..request.clone() };
        let scope = ListScope::new("funnel persons", project, &list);
        let read =
            self.slots.compute(project, move |_| Ok(funnel_persons_query(&request))).await??;
        let (query, cell, size) = read;
        let page = self.persons.page(&scope, size, &token)?;
        let behind = self.engine.funnel_persons(project, query, cell, page).await?;
        let page = self.persons.complete(project, &scope, behind).await?;
        Ok(pb::ListFunnelPersonsResponse {
            persons: page.persons,
            group_keys: page.group_keys,
            total: page.total,
            next_page_token: page.next_page_token,
        })
    }

    pub(super) async fn explain_funnel(
        self,
        ctx: CallContext,
        request: pb::ExplainFunnelPersonRequest,
    ) -> Result<pb::ExplainFunnelPersonResponse, ReportsError> {
        let project = ctx.project(project_of(request.funnel.as_ref()), Permission::Read)?;
        let read =
            self.slots.compute(project, move |_| Ok(explain_funnel_query(&request))).await??;
        let (query, named) = read;
        let named = named.ok_or(CommonError::NotFound("person"))?;
        let person = self.explained_person(project, named).await?;
        let told = self.engine.explain_funnel(project, query, person).await?;
        Ok(explain_funnel_response(told.ok_or(CommonError::NotFound("person"))?))
    }
}

fn project_of(funnel: Option<&pb::QueryFunnelRequest>) -> &str {
    funnel.map_or("", |funnel| &funnel.project_id)
}
