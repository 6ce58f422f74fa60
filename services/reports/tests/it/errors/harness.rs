//! A running service with a database and a clock of its own, and errors for it.

use std::sync::Arc;

use chrono::DateTime;
use observe_core::clock::ManualClock;
use observe_core::context::wire::METADATA_KEY;
use observe_core::{CallContext, Clock as _, Principal};
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::error_group::Status as GroupStatus;
use observe_proto::reports::v1::error_service_client::ErrorServiceClient;
use observe_runtime::Lifecycle;
use observe_testkit::{TestStores, eventually};
use serde_json::{Value, json};
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};
use uuid::Uuid;

use crate::principals::signer;
pub(super) use crate::principals::{key, user};
use crate::stand_in::{StandIn, event};
use crate::{DEADLINE, config, project};

/// When the tests begin, in milliseconds since 1970.
pub(super) const NOW_MS: i64 = 1_800_000_000_000;
pub(super) const MINUTE_MS: i64 = 60_000;
pub(super) const HOUR_MS: i64 = 60 * MINUTE_MS;

/// A running service with a database and a clock of its own.
pub(super) struct Errors {
    pub(super) channel: Channel,
    pub(super) clock: Arc<ManualClock>,
    pub(super) upstream: StandIn,
    lifecycle: Lifecycle,
    pub(super) stores: TestStores,
}

impl Drop for Errors {
    fn drop(&mut self) {
        self.lifecycle.stop();
    }
}

impl Errors {
    pub(super) async fn start() -> Self {
        let stores = TestStores::start().await;
        let now = DateTime::from_timestamp_millis(NOW_MS).expect("a valid time");
        let clock = Arc::new(ManualClock::new(now));
        let upstream = StandIn::new(2);
        let lifecycle = Lifecycle::new();
        // The stand-in judges contexts by the clock of the machine, and those of the service are of the test's.
        let url = upstream.serve_at(&lifecycle, signer(), clock.clone()).await;
        let url = crate::serve(&lifecycle, &url, config(&stores).await, clock.clone()).await;
        let channel = Channel::from_shared(url).expect("an address");
        let channel = channel.connect().await.expect("it listens");
        Self { channel, clock, upstream, lifecycle, stores }
    }

    pub(super) fn client(&self) -> ErrorServiceClient<Channel> {
        ErrorServiceClient::new(self.channel.clone())
    }

    pub(super) fn signed<T>(&self, message: T, principal: Principal) -> Request<T> {
        let context =
            CallContext { request_id: "test".into(), client_address: String::new(), principal };
        let bytes = signer().sign_bytes(&context, self.clock.now());
        let mut request = Request::new(message);
        request.metadata_mut().insert_bin(METADATA_KEY, MetadataValue::from_bytes(&bytes));
        request
    }

    pub(super) async fn list(
        &self,
        request: pb::ListErrorGroupsRequest,
    ) -> Result<pb::ListErrorGroupsResponse, Status> {
        let request = self.signed(request, key(project()));
        self.client().list_error_groups(request).await.map(tonic::Response::into_inner)
    }

    /// The groups of the last 24 hours.
    pub(super) async fn groups(&self) -> Vec<pb::ErrorGroup> {
        self.list(pb::ListErrorGroupsRequest::default()).await.expect("an answer").error_groups
    }

    pub(super) async fn get(&self, id: &str) -> Result<pb::GetErrorGroupResponse, Status> {
        let error_group_id = id.to_owned();
        let request = pb::GetErrorGroupRequest { error_group_id, ..Default::default() };
        let request = self.signed(request, key(project()));
        self.client().get_error_group(request).await.map(tonic::Response::into_inner)
    }

    pub(super) async fn update(
        &self,
        id: &str,
        status: GroupStatus,
        by: Principal,
    ) -> Result<pb::ErrorGroup, Status> {
        let request = pb::UpdateErrorGroupRequest {
            project_id: project().to_string(),
            error_group_id: id.to_owned(),
            status: status.into(),
        };
        let answer = self.client().update_error_group(self.signed(request, by)).await?;
        Ok(answer.into_inner().error_group.expect("the group"))
    }

    /// Waits until the groups are as expected.
    pub(super) async fn until(&self, what: &str, is_so: impl Fn(&[pb::ErrorGroup]) -> bool) {
        eventually(DEADLINE, what, async || {
            let listed = self.list(pb::ListErrorGroupsRequest::default()).await;
            listed.is_ok_and(|listed| is_so(&listed.error_groups))
        })
        .await;
    }

    /// Logs errors and waits until so many are counted.
    pub(super) async fn log(&self, errors: Vec<AcceptedEvent>, total: i64) {
        self.upstream.append(0, project(), errors);
        let counted = |groups: &[pb::ErrorGroup]| {
            groups.iter().map(|group| group.event_count).sum::<i64>() == total
        };
        self.until("the errors to be counted", counted).await;
    }
}

/// An error, so many milliseconds before the start, received at once.
pub(super) fn error(who: &str, ago_ms: i64, properties: &Value) -> AcceptedEvent {
    let time_ms = NOW_MS - ago_ms;
    AcceptedEvent {
        uuid: Uuid::from_u128(u128::try_from(time_ms).expect("positive")).as_bytes().to_vec(),
        received_us: time_ms * 1_000,
        properties_json: properties.to_string(),
        ..event(who, "$exception", time_ms)
    }
}

/// The properties of an error of this type, thrown by a function of the same name.
pub(super) fn thrown(kind: &str) -> Value {
    json!({
        "$release": "1.0",
        "$exception_list": [{
            "type": kind, "value": "Order 17 failed", "mechanism": {"handled": false},
            "stacktrace": {"frames": [
                {"function": "submit", "filename": "https://shop.example/assets/app.3f2a1c.js", "lineno": 70, "colno": 1, "in_app": true},
                {"function": kind, "filename": "https://shop.example/assets/app.3f2a1c.js", "lineno": 7, "colno": 9,
                 "in_app": true, "context_line": "throw new Error()"},
            ]},
        }],
    })
}
