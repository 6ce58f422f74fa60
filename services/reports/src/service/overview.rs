//! `observe.reports.v1.OverviewService`.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::Stream;
use futures::stream::unfold;
use observe_core::context::Permission;
use observe_core::status::to_status;
use observe_core::{CallContext, ProjectId, respond};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::overview_service_server::OverviewService;
use observe_runtime::Lifecycle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Request, Response, Status};

use crate::convert::overview_response;
use crate::error::ReportsError;
use crate::overview::board::Board;

/// How often a watched overview is looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// How long a viewer goes without a message at most, so that both ends know the other is there.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// Viewers of one process.
const VIEWERS_MAX: usize = 100;

/// Answers overviews.
pub(crate) struct Overviews {
    board: Arc<Board>,
    life: Lifecycle,
    places: Arc<Semaphore>,
}

impl Overviews {
    pub(crate) fn new(board: Arc<Board>, life: Lifecycle) -> Self {
        Self { board, life, places: Arc::new(Semaphore::new(VIEWERS_MAX)) }
    }

    async fn get(
        &self,
        ctx: &CallContext,
        request: &pb::GetOverviewRequest,
    ) -> Result<pb::GetOverviewResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        Ok(overview_response(&*self.board.overview(project).await?))
    }

    async fn watch(
        &self,
        ctx: &CallContext,
        request: &pb::WatchOverviewRequest,
    ) -> Result<OverviewStream, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let place = self.places.clone().try_acquire_owned().map_err(|_| ReportsError::Viewers)?;
        // The first one is made before there is a stream, so that what is refused is refused as a call.
        self.board.overview(project).await?;
        let watch = Watch {
            board: Arc::clone(&self.board),
            life: self.life.clone(),
            project,
            told: None,
            _place: place,
        };
        Ok(Box::pin(unfold(watch, |mut watch| async move { Some((watch.next().await?, watch)) })))
    }
}

type OverviewStream =
    Pin<Box<dyn Stream<Item = Result<pb::WatchOverviewResponse, Status>> + Send + 'static>>;

/// One viewer.
struct Watch {
    board: Arc<Board>,
    life: Lifecycle,
    project: ProjectId,
    /// What was told last, and when.
    told: Option<(Instant, pb::GetOverviewResponse)>,
    _place: OwnedSemaphorePermit,
}

impl Watch {
    /// Waits for something to tell; `None` when the process stops.
    async fn next(&mut self) -> Option<Result<pb::WatchOverviewResponse, Status>> {
        loop {
            if self.told.is_some() {
                tokio::select! {
                    () = tokio::time::sleep(LOOK_INTERVAL) => {}
                    () = self.life.stopping() => return None,
                }
            }
            let overview = match self.board.overview(self.project).await {
                Ok(overview) => overview_response(&overview),
                Err(error) => return Some(Err(to_status(&ReportsError::from(error)))),
            };
            let is_due = match &self.told {
                None => true,
                Some((at, told)) => {
                    at.elapsed() >= SILENCE_MAX || comparable(told) != comparable(&overview)
                }
            };
            if is_due {
                self.told = Some((Instant::now(), overview.clone()));
                return Some(Ok(pb::WatchOverviewResponse { overview: Some(overview) }));
            }
        }
    }
}

/// Returns an overview without what differs each time it is made.
fn comparable(overview: &pb::GetOverviewResponse) -> pb::GetOverviewResponse {
    let mut overview = pb::GetOverviewResponse { time: None, ..overview.clone() };
    if let Some(health) = &mut overview.health {
        for age in [&mut health.oldest_pending_age, &mut health.projection_age] {
            *age = age.map(|age| prost_types::Duration { nanos: 0, ..age });
        }
    }
    overview
}

#[tonic::async_trait]
impl OverviewService for Overviews {
    async fn get_overview(
        &self,
        request: Request<pb::GetOverviewRequest>,
    ) -> Result<Response<pb::GetOverviewResponse>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.get(&ctx, request.get_ref()).await)
    }

    type WatchOverviewStream = OverviewStream;

    async fn watch_overview(
        &self,
        request: Request<pb::WatchOverviewRequest>,
    ) -> Result<Response<OverviewStream>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.watch(&ctx, request.get_ref()).await)
    }
}
