//! `observe.monitor.v1.HeartbeatService`: for the edge.

use observe_core::{CallContext, respond};
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::heartbeat_service_server::HeartbeatService;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::store::heartbeat::HeartbeatStore;

/// Takes the calls of watched programs.
pub(crate) struct Heartbeats {
    pub(crate) store: HeartbeatStore,
}

impl Heartbeats {
    async fn record(
        &self,
        context: &CallContext,
        request: pb::RecordHeartbeatRequest,
    ) -> Result<pb::RecordHeartbeatResponse, Error> {
        context.require_service()?;
        self.store.record(&request.token, request.signal()).await?;
        Ok(pb::RecordHeartbeatResponse {})
    }
}

#[tonic::async_trait]
impl HeartbeatService for Heartbeats {
    async fn record_heartbeat(
        &self,
        request: Request<pb::RecordHeartbeatRequest>,
    ) -> Result<Response<pb::RecordHeartbeatResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.record(&context, request.into_inner()).await)
    }
}
