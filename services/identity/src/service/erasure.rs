//! `observe.identity.v1.ErasureService`.

use observe_core::error::CommonError;
use observe_core::respond;
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::erasure_service_server::ErasureService;
use tonic::{Request, Response, Status};

/// Answers receipts.
pub(crate) struct Erasures;

#[tonic::async_trait]
impl ErasureService for Erasures {
    async fn get_erasure(
        &self,
        _: Request<pb::GetErasureRequest>,
    ) -> Result<Response<pb::GetErasureResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }

    async fn list_erasures(
        &self,
        _: Request<pb::ListErasuresRequest>,
    ) -> Result<Response<pb::ListErasuresResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }
}
