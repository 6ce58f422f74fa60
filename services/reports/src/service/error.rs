//! `observe.reports.v1.ErrorService`.

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::page::PageTokens;
use observe_core::{CallContext, Clock, Principal, ProjectId, Violations, respond};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::error_service_server::ErrorService;
use prost::Message as _;
use tonic::{Request, Response, Status};

use crate::convert::{
    decided_status, detail_response, error_group, group_question, list_question, list_response,
};
use crate::engine::slots::Asker;
use crate::engine::{EngineError, Slots};
use crate::error::ReportsError;
use crate::errors::detail::{self, Detail};
use crate::errors::list::{self, Decisions, Position};
use crate::errors::status::Decision;
use crate::projection::Snapshot;
use crate::published::Published;
use crate::query::Range;
use crate::store::error_group::ErrorGroupStore;

/// Answers from the published projection and from what people decided.
pub(crate) struct Errors {
    /// Where the columns are.
    pub(crate) published: Arc<Published>,
    /// Where questions are computed.
    pub(crate) slots: Slots,
    /// Where decisions are.
    pub(crate) store: ErrorGroupStore,
    /// Our clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// What seals page tokens.
    pub(crate) page_tokens: PageTokens,
}

impl Errors {
    async fn list(
        &self,
        ctx: &CallContext,
        request: pb::ListErrorGroupsRequest,
    ) -> Result<pb::ListErrorGroupsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let now_ms = self.clock.now().timestamp_millis();
        let mut query = list_question(&request, now_ms)?;
        let scope = page_scope(project, &request);
        if let Some((range, position)) = self.open_token(&scope, &request.page_token)? {
            query.range = range;
            query.after = Some(position);
        }
        let decisions = self.store.decisions(project).await?;
        let range = query.range;
        let listed = self
            .compute(project, move |now, asker| list::list(now, &query, &decisions, now_ms, asker))
            .await?;
        let next = listed.next.map(|next| self.page_tokens.seal(&scope, &next.to_bytes(range)));
        Ok(list_response(&listed.lines, listed.total, next.unwrap_or_default()))
    }

    async fn get(
        &self,
        ctx: &CallContext,
        request: pb::GetErrorGroupRequest,
    ) -> Result<pb::GetErrorGroupResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let now_ms = self.clock.now().timestamp_millis();
        let range = group_question(request.range.as_ref(), now_ms)?;
        let decisions = self.store.decisions(project).await?;
        let decision = decisions.get(&request.error_group_id).cloned();
        let detail = self.detail(project, request.error_group_id, range, decisions, now_ms).await?;
        Ok(detail_response(detail, decision.as_ref()))
    }

    async fn update(
        &self,
        ctx: &CallContext,
        request: pb::UpdateErrorGroupRequest,
    ) -> Result<pb::UpdateErrorGroupResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let status = decided_status(request.status)?;
        let by = match &ctx.principal {
            Principal::Session { user, .. } => Some(*user),
            _ => None,
        };
        let now = self.clock.now();
        let decision = Decision { status, time: now, by };
        let id = request.error_group_id;
        let known = id.clone();
        let is_known = self
            .compute(project, move |now, _| Ok(crate::errors::rows::code(now, &known).is_some()))
            .await?;
        if !is_known {
            return Err(not_found());
        }
        self.store.decide(project, &id, &decision).await?;
        let decisions = self.store.decisions(project).await?;
        let range = group_question(None, now.timestamp_millis())?;
        let detail = self.detail(project, id, range, decisions, now.timestamp_millis()).await?;
        Ok(pb::UpdateErrorGroupResponse { error_group: Some(error_group(&detail.line)) })
    }

    async fn detail(
        &self,
        project: ProjectId,
        id: String,
        range: Range,
        decisions: Decisions,
        now_ms: i64,
    ) -> Result<Detail, ReportsError> {
        let found = self
            .compute(project, move |now, asker| {
                detail::detail(now, &id, range, &decisions, now_ms, asker)
            })
            .await?;
        found.ok_or_else(not_found)
    }

    async fn compute<T: Send + 'static>(
        &self,
        project: ProjectId,
        question: impl FnOnce(&Snapshot, &Asker) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        // Told before there is a place, so that a start keeps nobody waiting.
        self.published.load(project, Range::ALWAYS).await?;
        let published = Arc::clone(&self.published);
        let work = move |asker: &Asker| {
            let now = published.projection()?.project(project).snapshot();
            question(&now, asker)
        };
        self.slots.compute(project, work).await
    }

    fn open_token(
        &self,
        scope: &[u8],
        token: &str,
    ) -> Result<Option<(Range, Position)>, Violations> {
        if token.is_empty() {
            return Ok(None);
        }
        let position =
            self.page_tokens.open(scope, token).and_then(|bytes| Position::from_bytes(&bytes));
        let mut violations = Violations::new();
        violations.require(
            position.is_some(),
            "page_token",
            "is not one of this project and filter",
        );
        violations.finish().map(|()| position)
    }
}

fn not_found() -> ReportsError {
    CommonError::NotFound("error group").into()
}

/// What must stay the same from page to page: all but the token and the size.
fn page_scope(project: ProjectId, request: &pb::ListErrorGroupsRequest) -> Vec<u8> {
    let mut scope = b"error groups".to_vec();
    scope.extend(project.to_bytes());
    scope.extend(request.filter.clone().unwrap_or_default().encode_to_vec());
    scope
}

#[tonic::async_trait]
impl ErrorService for Errors {
    async fn list_error_groups(
        &self,
        request: Request<pb::ListErrorGroupsRequest>,
    ) -> Result<Response<pb::ListErrorGroupsResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.list(&ctx, request.into_inner()).await)
    }

    async fn get_error_group(
        &self,
        request: Request<pb::GetErrorGroupRequest>,
    ) -> Result<Response<pb::GetErrorGroupResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.get(&ctx, request.into_inner()).await)
    }

    async fn update_error_group(
        &self,
        request: Request<pb::UpdateErrorGroupRequest>,
    ) -> Result<Response<pb::UpdateErrorGroupResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.update(&ctx, request.into_inner()).await)
    }
}
