//! `observe.reports.v1.SavedInsightService`.

use std::sync::Arc;

use chrono::DateTime;
use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::page::PageTokens;
use observe_core::{CallContext, Clock, Entropy, ProjectId, Violations, respond};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::saved_insight_service_server::SavedInsightService;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::convert::{page_size, saved_insight, saved_insight_draft, search_text, stored_query};
use crate::engine::Slots;
use crate::error::ReportsError;
use crate::store::saved_insight::{Draft, Position, SAVED_INSIGHT, SavedInsightStore};

/// How long an encoded position is, in bytes: microseconds and an id.
const POSITION_BYTES: usize = 24;

/// Keeps questions under names.
pub(crate) struct SavedInsights {
    pub(crate) store: SavedInsightStore,
    /// Where questions are read: compiling their patterns is computation.
    pub(crate) slots: Slots,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) page_tokens: PageTokens,
}

impl SavedInsights {
    async fn create(
        &self,
        ctx: &CallContext,
        request: pb::CreateSavedInsightRequest,
    ) -> Result<pb::CreateSavedInsightResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let draft = self.draft(project, request.saved_insight).await?;
        let now = self.clock.now();
        let made = self.store.create(project, self.entropy.uuid(now), &draft, now).await?;
        Ok(pb::CreateSavedInsightResponse { saved_insight: Some(saved_insight(&made)) })
    }

    async fn get(
        &self,
        ctx: &CallContext,
        request: pb::GetSavedInsightRequest,
    ) -> Result<pb::GetSavedInsightResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let row = self.store.get(project, id(&request.saved_insight_id)?).await?;
        stored_query(&row)?;
        Ok(pb::GetSavedInsightResponse { saved_insight: Some(saved_insight(&row)) })
    }

    async fn list(
        &self,
        ctx: &CallContext,
        request: pb::ListSavedInsightsRequest,
    ) -> Result<pb::ListSavedInsightsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let mut violations = Violations::new();
        let size = page_size(request.page_size, &mut violations);
        let search = search_text(&request.search, &mut violations);
        let scope = scope(project, search);
        let after = match request.page_token.as_str() {
            "" => None,
            token => {
                let opened = self.page_tokens.open(&scope, token);
                let position = opened.and_then(|bytes| decode(&bytes));
                let expected = "must be of the same project and search";
                violations.require(position.is_some(), "page_token", expected);
                position
            }
        };
        violations.finish()?;
        // One more than there is room for tells whether there is a next page.
        let mut rows = self.store.page(project, search, after, size + 1).await?;
        let is_more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| is_more);
        let next = last.map(|row| Position { updated_time: row.updated_time, id: row.id });
        let next = next.map(|next| self.page_tokens.seal(&scope, &encode(next)));
        Ok(pb::ListSavedInsightsResponse {
            saved_insights: rows.iter().map(saved_insight).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }

    async fn update(
        &self,
        ctx: &CallContext,
        request: pb::UpdateSavedInsightRequest,
    ) -> Result<pb::UpdateSavedInsightResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let named = request.saved_insight.as_ref().map(|wire| wire.id.clone());
        let draft = self.draft(project, request.saved_insight).await?;
        let id = id(&named.unwrap_or_default())?;
        let changed = self.store.update(project, id, &draft, self.clock.now()).await?;
        Ok(pb::UpdateSavedInsightResponse { saved_insight: Some(saved_insight(&changed)) })
    }

    async fn delete(
        &self,
        ctx: &CallContext,
        request: pb::DeleteSavedInsightRequest,
    ) -> Result<pb::DeleteSavedInsightResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        self.store.delete(project, id(&request.saved_insight_id)?).await?;
        Ok(pb::DeleteSavedInsightResponse {})
    }

    async fn draft(
        &self,
        project: ProjectId,
        wire: Option<pb::SavedInsight>,
    ) -> Result<Draft, ReportsError> {
        let now = self.clock.now();
        let draft =
            self.slots.compute(project, move |_| Ok(saved_insight_draft(wire, now))).await??;
        Ok(draft)
    }
}

fn id(text: &str) -> Result<Uuid, ReportsError> {
    Uuid::parse_str(text).map_err(|_| CommonError::NotFound(SAVED_INSIGHT).into())
}

/// Returns what a page token is bound to.
fn scope(project: ProjectId, search: &str) -> Vec<u8> {
    let mut scope = b"saved insights\0".to_vec();
    scope.extend(project.to_bytes());
    scope.extend(search.as_bytes());
    scope
}

fn encode(position: Position) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(POSITION_BYTES);
    bytes.extend(position.updated_time.timestamp_micros().to_be_bytes());
    bytes.extend(position.id.as_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Position> {
    let (micros, id) = bytes.split_first_chunk::<8>()?;
    let updated_time = DateTime::from_timestamp_micros(i64::from_be_bytes(*micros))?;
    Some(Position { updated_time, id: Uuid::from_slice(id).ok()? })
}

#[tonic::async_trait]
impl SavedInsightService for SavedInsights {
    async fn create_saved_insight(
        &self,
        request: Request<pb::CreateSavedInsightRequest>,
    ) -> Result<Response<pb::CreateSavedInsightResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.create(&ctx, request.into_inner()).await)
    }

    async fn get_saved_insight(
        &self,
        request: Request<pb::GetSavedInsightRequest>,
    ) -> Result<Response<pb::GetSavedInsightResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.get(&ctx, request.into_inner()).await)
    }

    async fn list_saved_insights(
        &self,
        request: Request<pb::ListSavedInsightsRequest>,
    ) -> Result<Response<pb::ListSavedInsightsResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list(&ctx, request.into_inner()).await)
    }

    async fn update_saved_insight(
        &self,
        request: Request<pb::UpdateSavedInsightRequest>,
    ) -> Result<Response<pb::UpdateSavedInsightResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.update(&ctx, request.into_inner()).await)
    }

    async fn delete_saved_insight(
        &self,
        request: Request<pb::DeleteSavedInsightRequest>,
    ) -> Result<Response<pb::DeleteSavedInsightResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.delete(&ctx, request.into_inner()).await)
    }
}
