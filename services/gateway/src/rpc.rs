//! One RPC, whatever wire it came on: find its rule, tell its caller, hand it on.

use std::net::IpAddr;

use http::{HeaderMap, Request, Response};
use observe_core::error::CommonError;
use observe_core::{CallContext, Principal, Secret};
use observe_proto::common::v1::KeyKind;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::auth::{Owner, bearer};
use crate::body::{Budget, Lease, Meter};
use crate::capture::delivery::Visitor;
use crate::capture::limits::WRITE_KEY_BODY_BYTES_MAX;
use crate::capture::rpc::Caller;
use crate::capture::sender::{Place, Sender};
use crate::edge::{Coded, Edge, Origin, REQUEST_TIMEOUT};
use crate::error::{self, Error};
use crate::rejections::attempt::Refused;
use crate::routes::{Access, Route, Target};
use crate::until_stopping::until_stopping;

/// The RPCs that pages of other sites may call.
pub(crate) const CAPTURE_PATHS: [&str; 2] = [
    "/observe.events.v1.CaptureService/Capture",
    "/observe.events.v1.CaptureService/CaptureStream",
];

/// Bytes of a request that anybody may send: an address and a password are all that it is for.
const PUBLIC_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a request with a session or a secret key.
const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A call that its rule allows.
pub(crate) struct Admitted {
    pub(crate) route: &'static Route,
    owner: Owner,
    request_id: String,
    token: Secret,
    client: Option<IpAddr>,
}

impl Admitted {
    /// Returns who calls.
    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Returns how many bytes the request may have, by the class of its caller.
    pub(crate) fn body_bytes_max(&self) -> usize {
        match &self.owner.principal {
            Principal::Anonymous => PUBLIC_BYTES_MAX,
            Principal::Key { kind: KeyKind::Secret, .. }
            | Principal::Session { .. }
            | Principal::Service(_) => REQUEST_BYTES_MAX,
            Principal::Key { .. } => WRITE_KEY_BODY_BYTES_MAX,
        }
    }

    /// Returns the share of memory that its body may take.
    ///
    /// # Errors
    /// `Uploads` for a stranger with too many under way.
    pub(crate) fn lease(&self, budget: &Budget) -> Result<Lease, Error> {
        match &self.owner.principal {
            Principal::Anonymous => budget.stranger(self.client),
            _ => Ok(budget.known()),
        }
    }
}

/// Answers a gRPC request; `cookie` is the session of a page of ours.
pub(crate) async fn call(
    edge: &Edge,
    request: Request<Body>,
    cookie: Option<Secret>,
) -> Response<Body> {
    let (path, headers) = (request.uri().path(), request.headers());
    let answer = match admit(edge, path, headers, request.extensions().get(), cookie).await {
        Ok(admitted) => dispatch(edge, admitted, request).await,
        Err(error) => Err(error),
    };
    let mut response = answer.unwrap_or_else(|error| Status::from(error).into_http());
    // A refusal has its status in the headers; a success has it in the trailers, which nobody has seen yet.
    let mut refused = Status::from_header_map(response.headers());
    if let Some(status) = refused.take_if(|status| status.code() != Code::Ok) {
        let corrected = error::corrected(status.clone());
        if corrected.code() != status.code() {
            response = corrected.clone().into_http();
        }
        refused = Some(corrected);
    }
    let code = refused.as_ref().map_or(Code::Ok, Status::code);
    response.extensions_mut().insert(Coded(code));
    if let Some(refused) = refused.as_ref().and_then(Refused::of) {
        response.extensions_mut().insert(refused);
    }
    response
}

/// Finds the rule of a path and checks the caller against it.
///
/// # Errors
/// `UnknownRpc`, `Unauthenticated`, `PermissionDenied`, `Unavailable` when nobody can tell whose the credential is.
pub(crate) async fn admit(
    edge: &Edge,
    path: &str,
    headers: &HeaderMap,
    origin: Option<&Origin>,
    cookie: Option<Secret>,
) -> Result<Admitted, Error> {
    let route = edge.routes.find(path)?;
    let (owner, token) = if route.is_public() {
        (Owner::new(Principal::Anonymous), Secret::new(""))
    } else {
        // A cookie is a session and nothing else: it does not reach what only keys may call.
        let cookie = cookie.filter(|_| route.access.contains(&Access::Session));
        let is_cookie = cookie.is_some();
        let missing =
            CommonError::Unauthenticated("send `authorization: Bearer <session token or key>`");
        let token = cookie.or_else(|| bearer(headers).map(Secret::new)).ok_or(missing)?;
        let owner = edge.auth.owner(token.expose()).await?;
        if is_cookie && !matches!(owner.principal, Principal::Session { .. }) {
            return Err(CommonError::Unauthenticated("a cookie must hold a session").into());
        }
        (owner, token)
    };
    route.admit(&owner.principal)?;
    let client = origin.and_then(|origin| origin.client);
    let request_id = origin.map(|origin| origin.request_id.clone()).unwrap_or_default();
    Ok(Admitted { route, owner, request_id, token, client })
}

/// Forwards an admitted call to the service that answers it.
///
/// # Errors
/// Those of [`crate::proxy::Proxy::forward`].
pub(crate) async fn forward(
    edge: &Edge,
    admitted: Admitted,
    request: Request<Body>,
) -> Result<Response<Body>, Error> {
    let Admitted { route, owner, request_id, client, .. } = admitted;
    let client_address = client.map(|client| client.to_string()).unwrap_or_default();
    let context = CallContext { request_id, client_address, principal: owner.principal };
    edge.proxy.forward(route, &context, edge.clock.now(), request).await
}

/// Hands an admitted call to whoever answers it, and counts its body on the way.
async fn dispatch(
    edge: &Edge,
    admitted: Admitted,
    request: Request<Body>,
) -> Result<Response<Body>, Error> {
    // Of a stream each message is limited, by whoever decodes it.
    let limit = if admitted.route.streams { usize::MAX } else { admitted.body_bytes_max() };
    let meter = Meter::new(admitted.lease(&edge.budget)?, limit);
    let request = request.map(|body| meter.watch(body));
    let answer = if admitted.route.target == Target::Local {
        capture(edge, admitted, request, &meter).await
    } else {
        let streams = admitted.route.streams;
        let answer = forward(edge, admitted, request).await;
        // What streams has no end of its own, and shutdown waits for every answer to have one.
        answer.map(|answer| if streams { until_stopping(answer, &edge.life) } else { answer })
    };
    // Whatever came of a body that was cut short, the caller needs to know why it was.
    meter.refusal().map_or(answer, Err)
}

async fn capture(
    edge: &Edge,
    admitted: Admitted,
    request: Request<Body>,
    meter: &Meter,
) -> Result<Response<Body>, Error> {
    let Admitted { route, owner, token, .. } = admitted;
    let headers = request.headers().clone();
    let sender = Sender::admit(&owner, Place::Header, &headers)?;
    let visitor = Visitor::of(&headers, request.extensions());
    let caller = Caller { sender, token, headers, visitor };
    if route.streams {
        return Ok(edge.capture_rpc.stream(caller, request, meter.clone()).await);
    }
    let answer = edge.capture_rpc.unary(caller, request);
    tokio::time::timeout(REQUEST_TIMEOUT, answer).await.map_err(|_| Error::TimedOut)
}
