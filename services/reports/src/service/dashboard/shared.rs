//! What anybody sees who has the link of a dashboard: names, texts and numbers.
//!
//! A link may be anywhere, and whoever has it has no account. So an answer is kept for a few seconds and shared by all who
//! look, one tile of a dashboard is computed at a time, and an address has a limit.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use observe_core::error::CommonError;
use observe_core::source::public_source;
use observe_core::{CallContext, ProjectId, token};
use observe_proto::reports::v1 as pb;
use prost::Message as _;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{Dashboards, insights_on};
use crate::convert::{question, shared_dashboard, stored_query};
use crate::engine::EngineError;
use crate::error::ReportsError;
use crate::refusal::Refusal;
use crate::service::insight::Insight;
use crate::store::dashboard::{DashboardRow, TileRow};

/// How long an answer is shown to all who look.
const ANSWER_LIFETIME: Duration = Duration::from_secs(10);
/// How much memory kept answers may take, in bytes.
const ANSWERS_BYTES_MAX: u64 = 32 << 20;
/// How long a viewer waits for the tiles before its own.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Dashboards that are computed at once; more have no turn of their own for a moment.
const TURNS_MAX: u64 = 1_000;
/// How long requests of an address are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// Requests of one address in that time: a dashboard of 50 tiles twelve times.
const REQUESTS_MAX: u32 = 600;
/// Addresses that are counted; the least busy of more are forgotten.
const ADDRESSES_MAX: u64 = 10_000;
/// The longest token that is looked up, in bytes.
const TOKEN_BYTES_MAX: usize = 100;

/// A tile, of a dashboard and an insight as they were changed last.
type AnswerKey = (Uuid, Uuid, DateTime<Utc>, DateTime<Utc>);

/// Who answers, and what was answered a moment ago.
pub(crate) struct Shared {
    insight: Insight,
    answers: Cache<AnswerKey, Arc<pb::QuerySharedTileResponse>>,
    /// By dashboard: who computes.
    turns: Cache<Uuid, Arc<Mutex<()>>>,
    /// By address.
    requests: Cache<IpAddr, Arc<AtomicU32>>,
}

impl Shared {
    /// Has answered nothing yet.
    pub(crate) fn new(insight: Insight) -> Self {
        let weigh = |_: &AnswerKey, answer: &Arc<pb::QuerySharedTileResponse>| {
            u32::try_from(answer.encoded_len() * 2 + 100).unwrap_or(u32::MAX)
        };
        let answers = Cache::builder().max_capacity(ANSWERS_BYTES_MAX).weigher(weigh);
        let requests = Cache::builder().max_capacity(ADDRESSES_MAX).time_to_live(WINDOW);
        Self {
            insight,
            answers: answers.time_to_live(ANSWER_LIFETIME).build(),
            turns: Cache::new(TURNS_MAX),
            requests: requests.build(),
        }
    }

    /// Counts a request of a public address.
    ///
    /// # Errors
    /// `TooOften`.
    fn admit(&self, ctx: &CallContext) -> Result<(), Refusal> {
        let source = ctx.client_address.parse().ok().and_then(public_source);
        let Some(source) = source else { return Ok(()) };
        let before = self.requests.get_with(source, Arc::default).fetch_add(1, Ordering::Relaxed);
        if before < REQUESTS_MAX { Ok(()) } else { Err(Refusal::TooOften) }
    }
}

/// A dashboard that a link is of.
struct Found {
    project: ProjectId,
    row: DashboardRow,
    tiles: Vec<TileRow>,
}

impl Dashboards {
    pub(super) async fn get_shared(
        &self,
        ctx: &CallContext,
        request: pb::GetSharedDashboardRequest,
    ) -> Result<pb::GetSharedDashboardResponse, ReportsError> {
        let Found { project, row, tiles } = self.found(ctx, &request.share_token).await?;
        let insights = self.insights.among(project, &insights_on(&tiles)).await?;
        Ok(shared_dashboard(row, tiles, &insights))
    }

    pub(super) async fn query_tile(
        &self,
        ctx: &CallContext,
        request: pb::QuerySharedTileRequest,
    ) -> Result<pb::QuerySharedTileResponse, ReportsError> {
        let found = self.found(ctx, &request.share_token).await?;
        let tile = Uuid::parse_str(&request.tile_id).ok();
        let tile = found.tiles.iter().find(|one| Some(one.id) == tile);
        let insight = tile.and_then(|tile| tile.saved_insight_id);
        let (Some(tile), Some(insight)) = (tile, insight) else {
            return Err(CommonError::NotFound("tile").into());
        };
        let saved = self.insights.get(found.project, insight).await?;
        let key = (found.row.id, tile.id, found.row.updated_time, saved.updated_time);
        if let Some(answer) = self.shared.answers.get(&key) {
            return Ok((*answer).clone());
        }
        let turn = self.shared.turns.get_with(found.row.id, Arc::default);
        let _turn =
            tokio::time::timeout(WAIT_MAX, turn.lock()).await.map_err(|_| EngineError::Busy)?;
        // Whoever had the turn before may have asked for the same.
        if let Some(answer) = self.shared.answers.get(&key) {
            return Ok((*answer).clone());
        }
        let query = stored_query(&saved)?;
        let asked = question(query, found.row.last_seconds, self.clock.now());
        let asked = asked.ok_or(Refusal::Unreadable(crate::store::saved_insight::SAVED_INSIGHT))?;
        let request_id = ctx.request_id.clone();
        let kind = self.shared.insight.ask_saved(found.project, request_id, asked).await?;
        let answer = pb::QuerySharedTileResponse { kind: Some(kind) };
        self.shared.answers.insert(key, Arc::new(answer.clone()));
        Ok(answer)
    }

    /// Finds the dashboard of a link.
    ///
    /// # Errors
    /// `TooOften`; `NotFound` for a token that is of none, the same for whatever it looks like.
    async fn found(&self, ctx: &CallContext, share_token: &str) -> Result<Found, ReportsError> {
        self.shared.admit(ctx)?;
        if share_token.is_empty() || share_token.len() > TOKEN_BYTES_MAX {
            return Err(CommonError::NotFound(super::DASHBOARD).into());
        }
        let (project, id) = self.store.shared(token::hash(share_token)).await?;
        let (row, tiles) = self.store.get(project, id).await?;
        Ok(Found { project, row, tiles })
    }
}
