//! `observe.reports.v1.PersonActivityService`.

use observe_core::error::CommonError;
use observe_core::respond;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::person_activity_service_server::PersonActivityService;
use tonic::{Request, Response, Status};

/// Answers what persons did.
pub(crate) struct PersonActivities;

#[tonic::async_trait]
impl PersonActivityService for PersonActivities {
    async fn preview_merge(
        &self,
        _: Request<pb::PreviewMergeRequest>,
    ) -> Result<Response<pb::PreviewMergeResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }

    async fn list_person_events(
        &self,
        _: Request<pb::ListPersonEventsRequest>,
    ) -> Result<Response<pb::ListPersonEventsResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }

    async fn export_person(
        &self,
        _: Request<pb::ExportPersonRequest>,
    ) -> Result<Response<pb::ExportPersonResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }
}
