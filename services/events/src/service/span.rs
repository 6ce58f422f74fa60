//! `SpanService`: how the requests that a project's services served went.

use std::collections::HashMap;
use std::sync::Arc;

use observe_core::error::CommonError;
use observe_core::{CallContext, Clock, ProjectId, Violations, respond};
use observe_proto::events::v1::span_service_server::SpanService;
use observe_proto::events::v1::{
    Endpoint, GetSpanStatusRequest, GetSpanStatusResponse, ListSpanProjectsRequest,
    ListSpanProjectsResponse, ListSpansRequest, ListSpansResponse, ReadSpanStatsRequest,
    ReadSpanStatsResponse,
};
use observe_runtime::postgres::Database;
use observe_runtime::redis::QueueRedis;
use tonic::{Request, Response, Status};

use crate::convert::span as convert;
use crate::error::{Error, unavailable};
use crate::queue;
use crate::spans::stats::{add_people, add_up, hours_of};
use crate::spans::{ALL, OTHER, OTHER_NAME, minutes_since};
use crate::store::span::read::{self, Which};

/// Projects in one answer.
const PROJECTS_MAX: i64 = 10_000;

/// See the contract.
pub struct Spans {
    /// What was counted.
    pub database: Database,
    /// What was accepted.
    pub queue: QueueRedis,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Spans {
    async fn stats(
        &self,
        ctx: &CallContext,
        request: ReadSpanStatsRequest,
    ) -> Result<ReadSpanStatsResponse, Error> {
        ctx.require_service()?;
        let project = convert::project(&request.project_id)?;
        let buckets = convert::buckets(&request)?;
        let now_ms = self.clock.now().timestamp_millis();
        let mut tx = self.database.tenant(project).await?;
        let which = match &request.endpoint {
            Some(endpoint) => match number(&mut tx, project, endpoint).await? {
                Some(number) => Which::One(number),
                None => return Ok(ReadSpanStatsResponse::default()),
            },
            None if request.together => Which::One(ALL),
            None => Which::Each,
        };
        let pieces = buckets.pieces(minutes_since(now_ms), now_ms);
        let cells = read::cells(&mut tx, project, &pieces, which, !request.counts_only).await?;
        let mut all = add_up(&buckets, &cells).map_err(damaged)?;
        if request.with_people {
            let (start, end) = hours_of(&buckets);
            let range = (at(start), at(end));
            let together = request.endpoint.is_none() && request.together;
            let whose = if together { Which::Each } else { which };
            let rows = read::people(&mut tx, project, range, whose).await?;
            add_people(&mut all, &buckets, rows, together.then_some(ALL));
        }
        let names: HashMap<i32, Endpoint> = match (&request.endpoint, which) {
            (Some(endpoint), Which::One(number)) => [(number, endpoint.clone())].into(),
            (_, Which::One(_)) => HashMap::new(),
            (_, Which::Each) => {
                let rows = read::endpoints(&mut tx, project).await?;
                let named = rows.into_iter().map(|row| {
                    let (service, method, route) = (row.service, row.method, row.route);
                    (row.id, Endpoint { service, method, route })
                });
                named.chain([(OTHER, other())]).collect()
            }
        };
        let stats = all.into_iter().map(|((number, place), stats)| {
            stats.to_wire(names.get(&number).cloned(), buckets.start_of(place))
        });
        Ok(ReadSpanStatsResponse { stats: stats.collect() })
    }

    async fn list(
        &self,
        ctx: &CallContext,
        request: ListSpansRequest,
    ) -> Result<ListSpansResponse, Error> {
        ctx.require_service()?;
        let project = convert::project(&request.project_id)?;
        let mut violations = Violations::new();
        let range = convert::range(request.range.as_ref(), &mut violations);
        let limit = convert::limit(request.limit, &mut violations);
        violations.require(request.endpoint.is_some(), "endpoint", "is required");
        violations.finish()?;
        let (start, end) = range.unwrap_or_default();
        let endpoint = request.endpoint.unwrap_or_default();
        let mut tx = self.database.tenant(project).await?;
        let Some(number) = number(&mut tx, project, &endpoint).await? else {
            return Ok(ListSpansResponse::default());
        };
        let range = (at(start), at(end));
        let failed = request.failed_only;
        let rows = read::kept(&mut tx, project, number, range, failed, limit).await?;
        let spans = rows.into_iter().map(|row| convert::kept_span(row, &endpoint)).collect();
        Ok(ListSpansResponse { spans })
    }

    async fn status(
        &self,
        ctx: &CallContext,
        request: GetSpanStatusRequest,
    ) -> Result<GetSpanStatusResponse, Error> {
        ctx.require_service()?;
        let project = convert::project(&request.project_id)?;
        // Outcomes first: what is accepted meanwhile then shows as pending, and never as negative.
        let outcomes = read::outcomes(&self.database, project).await?;
        let accepted = queue::accepted_spans(&self.queue, project)
            .await
            .map_err(|error| unavailable("the event queue", error.to_string()))?;
        let pending = (accepted - outcomes.taken).max(0);
        Ok(GetSpanStatusResponse {
            accepted: outcomes.taken + pending,
            counted: outcomes.counted,
            duplicates: outcomes.duplicates,
            pending,
        })
    }

    async fn projects(
        &self,
        ctx: &CallContext,
        request: ListSpanProjectsRequest,
    ) -> Result<ListSpanProjectsResponse, Error> {
        ctx.require_service()?;
        let since = request.since_time.as_ref().and_then(convert::time);
        let Some(since) = since else {
            let mut violations = Violations::new();
            violations.add("since_time", "must be a time");
            return Err(violations.into());
        };
        let found = read::projects_since(self.database.worker(), since, PROJECTS_MAX).await?;
        let project_ids = found.into_iter().map(|id| ProjectId::new(id).to_string()).collect();
        Ok(ListSpanProjectsResponse { project_ids })
    }
}

async fn number(
    tx: &mut sqlx::PgConnection,
    project: ProjectId,
    endpoint: &Endpoint,
) -> Result<Option<i32>, Error> {
    let Endpoint { service, method, route } = endpoint;
    if *endpoint == other() {
        return Ok(Some(OTHER));
    }
    Ok(read::endpoint(tx, project, (service, method, route)).await?)
}

/// What all share that came when there were too many endpoints.
fn other() -> Endpoint {
    Endpoint { service: OTHER_NAME.into(), method: String::new(), route: OTHER_NAME.into() }
}

fn at(ms: i64) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

fn damaged(error: observe_sketch::DecodeError) -> Error {
    CommonError::Internal(format!("a stored sketch cannot be read: {error}")).into()
}

#[tonic::async_trait]
impl SpanService for Spans {
    async fn read_span_stats(
        &self,
        request: Request<ReadSpanStatsRequest>,
    ) -> Result<Response<ReadSpanStatsResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.stats(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }

    async fn list_spans(
        &self,
        request: Request<ListSpansRequest>,
    ) -> Result<Response<ListSpansResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.list(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }

    async fn get_span_status(
        &self,
        request: Request<GetSpanStatusRequest>,
    ) -> Result<Response<GetSpanStatusResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.status(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }

    async fn list_span_projects(
        &self,
        request: Request<ListSpanProjectsRequest>,
    ) -> Result<Response<ListSpanProjectsResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.projects(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }
}
