//! The span of a request from outside.

use std::future::Future;

use axum::body::Body;
use axum::extract::Request;
use http::{Method, Response};
use observe_runtime::traces;

use super::{Coded, Edge};

/// What is not traced: probes, and what brings traces. Else an Observe that receives its own would make new ones of them.
const UNTRACED: [&str; 3] = ["/healthz", "/readyz", "/v1/traces"];
/// The packages of OpenTelemetry's own RPCs.
const OPEN_TELEMETRY: &str = "/opentelemetry.";
/// What a request is called that fits no pattern: its address may be anything.
pub(super) const NO_ROUTE: &str = "*";

/// Begins the span of a request to a route of the table of addresses. `None` if traces are off or it is none to trace.
pub(super) fn begin(edge: &Edge, route: &str, request: &Request) -> Option<traces::Span> {
    let path = request.uri().path();
    if !traces::is_on() || UNTRACED.contains(&path) || path.starts_with(OPEN_TELEMETRY) {
        return None;
    }
    let what = match edge.routes.find(path) {
        Ok(rpc) => traces::Request::Rpc(rpc.path),
        Err(_) => traces::Request::Http { method: method(request.method()), route },
    };
    traces::request("gateway", what, request.headers())
}

/// Answers a request under its span, and notes how it went.
pub(super) async fn under(
    span: Option<traces::Span>,
    answer: impl Future<Output = Response<Body>>,
) -> Response<Body> {
    let Some(span) = span else { return answer.await };
    let response = span.cover(answer).await;
    span.answered(response.status());
    if let Some(coded) = response.extensions().get::<Coded>() {
        span.coded(coded.0);
    }
    response
}

/// A method by its name: a request may bring any text.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}
