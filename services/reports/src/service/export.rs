//! `observe.reports.v1.ExportService`.

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::{CallContext, ProjectId, respond};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::export_service_server::ExportService;
use observe_runtime::Lifecycle;
use tonic::{Request, Response, Status};

use crate::convert::{events_part, export_events_question, export_persons_question, persons_part};
use crate::error::ReportsError;
use crate::export::EventQuery;
use crate::export::places::Places;
use crate::export::run::{Parts, begin};
use crate::export::source::Owners;
use crate::projection::People;
use crate::published::Published;

/// Writes what projects hold as files.
pub(crate) struct Exports {
    /// Who is who.
    pub(crate) published: Arc<Published>,
    /// Who has events and persons.
    pub(crate) owners: Owners,
    /// How many exports run.
    pub(crate) places: Places,
    /// The life of the process.
    pub(crate) life: Lifecycle,
}

impl Exports {
    async fn events(
        &self,
        ctx: &CallContext,
        request: &pb::ExportEventsRequest,
    ) -> Result<Parts<pb::ExportEventsResponse>, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let (query, format) = export_events_question(request)?;
        let place = self.places.take(project)?;
        let (people, rows_estimated) = self.people(project, &query)?;
        let source = self.owners.events(project, query, people, rows_estimated).await?;
        Ok(begin(source, format, place, &self.life, events_part))
    }

    /// Returns who is who now, and about how many events are asked for.
    fn people(
        &self,
        project: ProjectId,
        query: &EventQuery,
    ) -> Result<(People, u64), ReportsError> {
        let now = self.published.projection()?.project(project).snapshot();
        Ok((People::of(project, &now), now.rows_estimated(query.range, &query.names)))
    }

    fn persons(
        &self,
        ctx: &CallContext,
        request: &pb::ExportPersonsRequest,
    ) -> Result<Parts<pb::ExportPersonsResponse>, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let format = export_persons_question(request)?;
        let place = self.places.take(project)?;
        Ok(begin(self.owners.persons(project), format, place, &self.life, persons_part))
    }
}

#[tonic::async_trait]
impl ExportService for Exports {
    type ExportEventsStream = Parts<pb::ExportEventsResponse>;

    async fn export_events(
        &self,
        request: Request<pb::ExportEventsRequest>,
    ) -> Result<Response<Self::ExportEventsStream>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.events(&ctx, request.get_ref()).await)
    }

    type ExportPersonsStream = Parts<pb::ExportPersonsResponse>;

    async fn export_persons(
        &self,
        request: Request<pb::ExportPersonsRequest>,
    ) -> Result<Response<Self::ExportPersonsStream>, Status> {
        let ctx = match CallContext::from_request(&request) {
            Ok(ctx) => ctx,
            Err(error) => return respond(Err(error)),
        };
        respond(self.persons(&ctx, request.get_ref()))
    }
}
