//! What needs the projection is answered by the replica that owns it: here if it is ours, else the call is passed on, as it came, to
//! the owner, and its answer back.
//!
//! A layer around all of the service, which knows no RPC by name but those that are answered anywhere: what is added later is
//! passed on until somebody says that it need not be. What was passed on once is never passed on again.

mod guarded;
mod relay;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use observe_core::status::to_status;
use tonic::body::Body;
use tower::{Layer, Service};

use crate::error::ReportsError;
use crate::ownership::{Claim, Ownership};
use guarded::Guarded;
pub(crate) use relay::Relay;

/// Says that a call was passed on by another replica.
const FORWARDED: HeaderName = HeaderName::from_static("x-observe-forwarded");
/// Says that a call was not looked at, because this replica does not own the projection.
const NOT_OWNER: HeaderName = HeaderName::from_static("x-observe-not-owner");
/// Services of which no RPC needs the projection: they read and write tables.
const SERVICES_ANYWHERE: [&str; 2] = ["AnnotationService", "SavedInsightService"];
/// RPCs of other services of which the same is true.
const RPCS_ANYWHERE: [&str; 11] = [
    "CohortService/DeleteCohort",
    "CohortService/GetCohort",
    "CohortService/ListCohorts",
    "DashboardService/CreateDashboard",
    "DashboardService/DeleteDashboard",
    "DashboardService/GetDashboard",
    "DashboardService/GetSharedDashboard",
    "DashboardService/ListDashboards",
    "DashboardService/ShareDashboard",
    "DashboardService/UnshareDashboard",
    "DashboardService/UpdateDashboard",
];
/// `UNAVAILABLE`, as gRPC writes it.
const UNAVAILABLE: &str = "14";
/// What the RPCs of reports are named behind.
const PACKAGE: &str = "/observe.reports.v1.";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Has calls answered by the owner of the projection.
#[derive(Clone)]
pub(crate) struct OwnerLayer(pub(crate) Arc<Relay>);

impl<S> Layer<S> for OwnerLayer {
    type Service = OwnerService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        OwnerService { inner, relay: Arc::clone(&self.0) }
    }
}

/// See [`OwnerLayer`].
#[derive(Clone)]
pub(crate) struct OwnerService<S> {
    inner: S,
    relay: Arc<Relay>,
}

impl<S, B, R> Service<Request<B>> for OwnerService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send,
    B: http_body::Body<Data = Bytes> + From<Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that was polled is used, and a fresh one left in its place.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        if is_answered_anywhere(request.uri().path()) {
            let answer = inner.call(request);
            return Box::pin(async move { Ok(answer.await?.map(Body::new)) });
        }
        let ownership = &self.relay.ownership;
        if let Some(fence) = ownership.lease() {
            return Box::pin(ours(inner, request, Arc::clone(ownership), fence));
        }
        if request.headers().contains_key(FORWARDED) {
            return Box::pin(std::future::ready(Ok(not_owner())));
        }
        let relay = Arc::clone(&self.relay);
        Box::pin(async move {
            match relay.pass_on(request).await {
                relay::Passed::Answer(answer) => Ok(answer),
                relay::Passed::Ours { fence, request } => {
                    let request = request.map(B::from);
                    ours(inner, request, Arc::clone(&relay.ownership), fence).await
                }
                relay::Passed::Nobody { reason, request } => {
                    let answer = inner.call(request.map(B::from)).await?;
                    let is_away =
                        answer.headers().get("grpc-status").is_some_and(|code| code == UNAVAILABLE);
                    Ok(if is_away { refusal(&reason) } else { answer.map(Body::new) })
                }
            }
        })
    }
}

/// Answers from our own projection, and looks at the lease again before any of the answer is given.
async fn ours<S, B, R>(
    mut inner: S,
    request: Request<B>,
    ownership: Arc<Ownership>,
    fence: i64,
) -> Result<Response<Body>, S::Error>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    let under_way = UnderWay::begin(&ownership);
    let answer = inner.call(request).await?;
    Ok(answer.map(|body| {
        let body = Guarded::new(Body::new(body), ownership, Claim::Ours(fence));
        Body::new(body.with(under_way))
    }))
}

/// Counts an answer while it is being given.
struct UnderWay(Arc<Ownership>);

impl UnderWay {
    fn begin(ownership: &Arc<Ownership>) -> Self {
        ownership.begin_answer();
        Self(Arc::clone(ownership))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.end_answer();
    }
}

/// Refuses a call that was passed on to us although another replica owns the projection by now.
fn not_owner() -> Response<Body> {
    let mut refusal = refusal(&ReportsError::Moving);
    refusal.headers_mut().insert(NOT_OWNER, HeaderValue::from_static("1"));
    refusal
}

fn refusal(error: &ReportsError) -> Response<Body> {
    to_status(error).into_http()
}

fn is_answered_anywhere(path: &str) -> bool {
    let Some(rpc) = path.strip_prefix(PACKAGE) else { return false };
    let service = rpc.split('/').next().unwrap_or_default();
    SERVICES_ANYWHERE.contains(&service) || RPCS_ANYWHERE.contains(&rpc)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use prost::Message as _;

    use super::*;

    #[test]
    fn what_is_answered_anywhere_is_in_the_contracts() {
        let all = prost_types::FileDescriptorSet::decode(observe_proto::FILE_DESCRIPTOR_SET);
        let all = all.expect("it is well formed").file;
        let ours = all.iter().filter(|file| file.package() == "observe.reports.v1");
        let services: Vec<_> = ours.flat_map(|file| &file.service).collect();
        let names: HashSet<_> = services.iter().map(|service| service.name()).collect();
        let rpc = |service: &str, rpc: &str| format!("{service}/{rpc}");
        let rpcs = services.iter().flat_map(|service| {
            service.method.iter().map(move |method| rpc(service.name(), method.name()))
        });
        let rpcs: HashSet<_> = rpcs.collect();
        assert!(SERVICES_ANYWHERE.iter().all(|service| names.contains(service)));
        assert!(RPCS_ANYWHERE.iter().all(|rpc| rpcs.contains(*rpc)), "{rpcs:?}");
    }

    #[test]
    fn tables_are_read_anywhere_and_what_is_not_known_is_the_owners() {
        let anywhere = |rpc: &str| is_answered_anywhere(&format!("{PACKAGE}{rpc}"));
        assert!(anywhere("AnnotationService/ListAnnotations"));
        assert!(anywhere("DashboardService/GetDashboard"));
        assert!(!anywhere("DashboardService/QuerySharedTile"));
        assert!(!anywhere("CohortService/PreviewCohort"));
        assert!(!anywhere("InsightService/QueryFunnel"));
        assert!(!anywhere("LaterService/ListWhatever"));
        assert!(!is_answered_anywhere("/AnnotationService/ListAnnotations"));
    }
}
