//! `observe.identity.v1.GroupService`.

use observe_core::error::CommonError;
use observe_core::respond;
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::group_service_server::GroupService;
use tonic::{Request, Response, Status};

/// Reads groups.
pub(crate) struct Groups;

#[tonic::async_trait]
impl GroupService for Groups {
    async fn list_group_types(
        &self,
        _: Request<pb::ListGroupTypesRequest>,
    ) -> Result<Response<pb::ListGroupTypesResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }

    async fn list_groups(
        &self,
        _: Request<pb::ListGroupsRequest>,
    ) -> Result<Response<pb::ListGroupsResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }

    async fn get_group(
        &self,
        _: Request<pb::GetGroupRequest>,
    ) -> Result<Response<pb::GetGroupResponse>, Status> {
        respond(Err(CommonError::Internal("not built".into())))
    }
}
