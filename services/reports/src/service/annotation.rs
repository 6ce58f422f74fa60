//! `observe.reports.v1.AnnotationService`.

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::{CallContext, Clock, Entropy, respond};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::annotation_service_server::AnnotationService;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::convert::{annotation, annotation_draft, annotation_range};
use crate::error::ReportsError;
use crate::store::annotation::{AnnotationStore, not_found};

/// Keeps notes at a moment.
pub(crate) struct Annotations {
    pub(crate) store: AnnotationStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Annotations {
    async fn create(
        &self,
        ctx: &CallContext,
        request: pb::CreateAnnotationRequest,
    ) -> Result<pb::CreateAnnotationResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let time = annotation_draft(request.time.as_ref(), &request.text)?;
        let now = self.clock.now();
        let id = self.entropy.uuid(now);
        let made = self.store.create(project, id, time, &request.text, now).await?;
        Ok(pb::CreateAnnotationResponse { annotation: Some(annotation(made)) })
    }

    async fn list(
        &self,
        ctx: &CallContext,
        request: pb::ListAnnotationsRequest,
    ) -> Result<pb::ListAnnotationsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let (start, end) = annotation_range(request.range.as_ref())?;
        let rows = self.store.list(project, start, end).await?;
        let annotations = rows.into_iter().map(annotation).collect();
        Ok(pb::ListAnnotationsResponse { annotations })
    }

    async fn update(
        &self,
        ctx: &CallContext,
        request: pb::UpdateAnnotationRequest,
    ) -> Result<pb::UpdateAnnotationResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let time = annotation_draft(request.time.as_ref(), &request.text)?;
        let id = id(&request.annotation_id)?;
        let changed = self.store.update(project, id, time, &request.text).await?;
        Ok(pb::UpdateAnnotationResponse { annotation: Some(annotation(changed)) })
    }

    async fn delete(
        &self,
        ctx: &CallContext,
        request: pb::DeleteAnnotationRequest,
    ) -> Result<pb::DeleteAnnotationResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        self.store.delete(project, id(&request.annotation_id)?).await?;
        Ok(pb::DeleteAnnotationResponse {})
    }
}

fn id(text: &str) -> Result<Uuid, ReportsError> {
    Uuid::parse_str(text).map_err(|_| not_found())
}

#[tonic::async_trait]
impl AnnotationService for Annotations {
    async fn create_annotation(
        &self,
        request: Request<pb::CreateAnnotationRequest>,
    ) -> Result<Response<pb::CreateAnnotationResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.create(&ctx, request.into_inner()).await)
    }

    async fn list_annotations(
        &self,
        request: Request<pb::ListAnnotationsRequest>,
    ) -> Result<Response<pb::ListAnnotationsResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list(&ctx, request.into_inner()).await)
    }

    async fn update_annotation(
        &self,
        request: Request<pb::UpdateAnnotationRequest>,
    ) -> Result<Response<pb::UpdateAnnotationResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.update(&ctx, request.into_inner()).await)
    }

    async fn delete_annotation(
        &self,
        request: Request<pb::DeleteAnnotationRequest>,
    ) -> Result<Response<pb::DeleteAnnotationResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.delete(&ctx, request.into_inner()).await)
    }
}
