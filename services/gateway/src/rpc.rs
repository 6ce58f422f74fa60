//! One RPC, whatever wire it came on: find its rule, tell its caller, hand it on.

use http::{HeaderMap, Request, Response};
use observe_core::error::CommonError;
use observe_core::{CallContext, Principal, Secret};
use tonic::body::Body;
use tonic::{Code, Status};

use crate::auth::bearer;
use crate::capture::rpc::Caller;
use crate::capture::sender::{Place, Sender};
use crate::edge::{Coded, Edge, Origin, REQUEST_TIMEOUT};
use crate::error::Error;
use crate::routes::{Route, Target};

/// The RPCs that pages of other sites may call.
pub(crate) const CAPTURE_PATHS: [&str; 2] = [
    "/observe.events.v1.CaptureService/Capture",
    "/observe.events.v1.CaptureService/CaptureStream",
];

/// A call that its rule allows.
pub(crate) struct Admitted {
    pub(crate) route: &'static Route,
    context: CallContext,
    token: Secret,
}

impl Admitted {
    /// Returns who calls.
    pub(crate) fn principal(&self) -> &Principal {
        &self.context.principal
    }
}

/// Answers a gRPC request.
pub(crate) async fn call(edge: &Edge, request: Request<Body>) -> Response<Body> {
    let answer = match admit(
        edge,
        request.uri().path(),
        request.headers(),
        request.extensions().get(),
    )
    .await
    {
        Ok(admitted) => dispatch(edge, admitted, request).await,
        Err(error) => Err(error),
    };
    let mut response = answer.unwrap_or_else(|error| Status::from(error).into_http());
    // A refusal has its status in the headers; a success has it in the trailers, which nobody has seen yet.
    let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code());
    response.extensions_mut().insert(Coded(code));
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
) -> Result<Admitted, Error> {
    let route = edge.routes.find(path)?;
    let (principal, token) = if route.is_public() {
        (Principal::Anonymous, "")
    } else {
        let missing =
            CommonError::Unauthenticated("send `authorization: Bearer <session token or key>`");
        let token = bearer(headers).ok_or(missing)?;
        (edge.auth.principal(token).await?, token)
    };
    route.admit(&principal)?;
    let origin = origin.cloned();
    let context = CallContext {
        request_id: origin.as_ref().map(|origin| origin.request_id.clone()).unwrap_or_default(),
        client_address: origin.map(|origin| origin.client_address).unwrap_or_default(),
        principal,
    };
    Ok(Admitted { route, context, token: Secret::new(token) })
}

/// Hands an admitted call to whoever answers it.
///
/// # Errors
/// Those of [`crate::proxy::Proxy::forward`]; `LeakedKey`.
pub(crate) async fn dispatch(
    edge: &Edge,
    admitted: Admitted,
    request: Request<Body>,
) -> Result<Response<Body>, Error> {
    let Admitted { route, context, token } = admitted;
    if route.target != Target::Local {
        return edge.proxy.forward(route, &context, edge.clock.now(), request).await;
    }
    let headers = request.headers().clone();
    let sender = Sender::admit(&context.principal, Place::Header, &headers)?;
    let caller = Caller { sender, token, headers };
    if route.streams {
        return Ok(edge.capture_rpc.stream(caller, request).await);
    }
    let answer = edge.capture_rpc.unary(caller, request);
    tokio::time::timeout(REQUEST_TIMEOUT, answer).await.map_err(|_| Error::TimedOut)
}
