//! Everything one request can meet, and the way it takes: by address first, by content type then.

mod trace;

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::IntoResponse as _;
use axum::routing::{any, get, post};
use futures::FutureExt as _;
use http::{HeaderMap, HeaderValue, Method, Response, Version, header};
use observe_core::error::CommonError;
use observe_core::{Clock, Entropy};
use observe_runtime::Lifecycle;
use tower::{Layer as _, ServiceExt as _};

use crate::auth::Auth;
use crate::body::Budget;
use crate::capture::rpc::CaptureRpc;
use crate::capture::{self, Capture};
use crate::client_address::client_address;
use crate::config::Config;
use crate::cors;
use crate::doorway::Doorway;
use crate::error::Error;
use crate::forward::Forwarder;
use crate::health::{self, Readiness};
use crate::heartbeat::{self, Heartbeats};
use crate::http_error::{HttpError, code_name};
use crate::otlp;
use crate::pages::{self, Pages};
use crate::proxy::Proxy;
use crate::rate::RateLimits;
use crate::rejections::Rejections;
use crate::rejections::attempt::{self, Head};
use crate::routes::Routes;
use crate::rpc;
use crate::server::Peer;
use crate::session;

/// How long a request that does not stream may take, from its first byte to its answer.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Characters of an address that reach the log.
const LOGGED_PATH_CHARS: usize = 200;

/// What requests share.
pub(crate) struct Edge {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) life: Lifecycle,
    pub(crate) routes: Routes,
    pub(crate) auth: Arc<Auth>,
    pub(crate) proxy: Proxy,
    pub(crate) capture: Capture,
    pub(crate) capture_rpc: CaptureRpc,
    pub(crate) spans: Forwarder,
    pub(crate) rejections: Rejections,
    pub(crate) limits: Arc<RateLimits>,
    pub(crate) doorway: Doorway,
    pub(crate) budget: Budget,
    pub(crate) readiness: Readiness,
    pub(crate) heartbeats: Heartbeats,
    pub(crate) pages: Pages,
}

/// What is known of a request before anything is done with it.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// A UUIDv7 made here.
    pub(crate) request_id: String,
    /// Where it comes from.
    pub(crate) client: Option<IpAddr>,
}

/// How a call went, for the log; set on the answer by whoever knows the gRPC code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coded(pub(crate) tonic::Code);

/// Returns the whole edge as one service.
pub(crate) fn router(edge: &Arc<Edge>) -> Router {
    // A POST of events does not come here, see `answer`; other methods are answered by the layer or refused.
    let events = any(wrong_method_post).layer(cors::capture());
    let session_cookie = post(session::open).delete(session::close).fallback(wrong_method_session);
    let finished =
        get(heartbeat::finished).post(heartbeat::finished).fallback(wrong_method_heartbeat);
    let signalled =
        get(heartbeat::signalled).post(heartbeat::signalled).fallback(wrong_method_heartbeat);
    let mut router = Router::new()
        .route("/", get(pages::front).fallback(wrong_method_get))
        .route("/healthz", get(health::healthz).fallback(wrong_method_get))
        .route("/readyz", get(health::readyz).fallback(wrong_method_get))
        .route("/observe.js", get(pages::script).fallback(wrong_method_get))
        .route("/observe-extras.js", get(pages::script).fallback(wrong_method_get))
        .route("/session", session_cookie)
        .route("/v1/traces", post(otlp::http::post_traces).fallback(wrong_method_post))
        .route(otlp::grpc::EXPORT, post(otlp::grpc::export).fallback(wrong_method_post))
        .route("/heartbeat/{token}", finished)
        .route("/heartbeat/{token}/{signal}", signalled)
        .route(capture::http::PATH, events);
    for (path, methods) in capture::sentry::routes() {
        let methods = methods.fallback(wrong_method_post).layer(cors::sentry());
        router = router.route(path, methods);
    }
    for (path, methods) in capture::posthog::routes() {
        router = router.route(&path, methods.layer(cors::posthog()));
    }
    for (path, methods) in capture::segment::routes() {
        router = router.route(&path, methods.layer(cors::segment()));
    }
    for path in rpc::CAPTURE_PATHS {
        router = router.route(path, any(by_content_type).layer(cors::capture()));
    }
    router
        .fallback(by_content_type)
        .layer(from_fn_with_state(edge.clone(), observe_routed))
        .layer(tower_http::catch_panic::CatchPanicLayer::new())
        .with_state(edge.clone())
}

/// Ends a request that takes too long.
pub(crate) async fn within_time<T>(
    work: impl Future<Output = Result<T, HttpError>>,
) -> Result<T, HttpError> {
    tokio::time::timeout(REQUEST_TIMEOUT, work)
        .await
        .unwrap_or_else(|_| Err(Error::TimedOut.into()))
}

async fn wrong_method_post() -> HttpError {
    Error::Method("POST").into()
}

async fn wrong_method_session() -> HttpError {
    Error::Method("POST, DELETE").into()
}

async fn wrong_method_heartbeat() -> HttpError {
    Error::Method("GET, POST").into()
}

async fn wrong_method_get() -> HttpError {
    Error::Method("GET").into()
}

/// Answers one request.
///
/// Events, which are most of what comes, take a short way past the table of addresses, whose layers cost more than all that
/// is done with an event here. What the table does around an answer is done around theirs, too.
pub(crate) async fn answer(edge: &Arc<Edge>, router: &Router, request: Request) -> Response<Body> {
    if request.method() == Method::POST && request.uri().path() == capture::http::PATH {
        let events = async |request| {
            // Boxed, because what wraps it moves it: it is some kilobytes, and a fifth of the edge's time went into that.
            let mut answer = Box::pin(capture::http::post_events(edge, request)).await;
            cors::expose(answer.headers_mut());
            answer
        };
        return unpanicked(observe(edge, capture::http::PATH, request, events)).await;
    }
    let Ok(response) = router.clone().oneshot(request).await;
    response
}

/// Turns a panic into an answer: it is a fault of ours, and it must not take the connection's other requests with it.
async fn unpanicked(answer: impl Future<Output = Response<Body>>) -> Response<Body> {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|_| {
        let panicked = CommonError::Internal("a request panicked".to_owned());
        HttpError::from(Error::from(panicked)).into()
    })
}

/// The layer of the table of addresses.
async fn observe_routed(
    State(edge): State<Arc<Edge>>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let route = route.as_ref().map_or(trace::NO_ROUTE, MatchedPath::as_str);
    observe(&edge, route, request, async |request| next.run(request).await).await
}

/// Gives the request its origin and its span, the answer its safety headers, and the log its line.
async fn observe(
    edge: &Edge,
    route: &str,
    mut request: Request,
    answer: impl AsyncFnOnce(Request) -> Response<Body>,
) -> Response<Body> {
    let started = Instant::now();
    let origin = edge.origin(&request);
    let request_id = origin.request_id.clone();
    let path = logged(request.uri().path());
    let is_rpc = is_rpc_path(&path);
    let method = request.method().clone();
    request.extensions_mut().insert(origin);
    let span = trace::begin(edge, route, &request);
    let head = Head::of(route, &request, edge.clock.now());
    let answer = attempt::watched(&edge.rejections, head, answer(request));
    let mut response = trace::under(span, answer).await;
    let millis = started.elapsed().as_millis();
    let http = response.status().as_u16();
    if is_rpc && !rpc::CAPTURE_PATHS.contains(&path.as_str()) {
        let code = response.extensions().get::<Coded>().map(|coded| code_name(coded.0));
        tracing::info!(rpc = path.trim_start_matches('/'), code, http, millis, request_id, "call");
    } else {
        tracing::debug!(%method, path, http, millis, request_id, "request");
    }
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        headers.insert("x-request-id", id);
    }
    response
}

/// Returns what the log may show of a path.
fn logged(path: &str) -> String {
    if path.starts_with(heartbeat::PREFIX) {
        return heartbeat::PREFIX.to_owned();
    }
    path.chars().take(LOGGED_PATH_CHARS).collect()
}

/// Sends a request on to gRPC, gRPC-web, the JSON doorway or the dashboard.
async fn by_content_type(State(edge): State<Arc<Edge>>, request: Request) -> Response<Body> {
    let wire = Wire::of(request.headers());
    if wire == Wire::Other && !is_rpc_path(request.uri().path()) {
        return match *request.method() {
            Method::GET | Method::HEAD => {
                let path = request.uri().path();
                pages::page(&edge, request.method(), path, request.headers()).await
            }
            _ => HttpError::from(Error::NoPage).into(),
        };
    }
    if request.method() != Method::POST {
        return HttpError::from(Error::Method("POST")).into();
    }
    match wire {
        Wire::Grpc if request.version() != Version::HTTP_2 => {
            HttpError::from(Error::NeedsHttp2).into()
        }
        Wire::Grpc => {
            rpc::call(&edge, request.map(tonic::body::Body::new), None).await.map(Body::new)
        }
        Wire::GrpcWeb => {
            let cookie = session::cookie(&edge.config, request.uri(), request.headers());
            let inner = tower::service_fn(move |request| {
                let (edge, cookie) = (edge.clone(), cookie.clone());
                async move { Ok::<_, Infallible>(rpc::call(&edge, request, cookie).await) }
            });
            let service = tonic_web::GrpcWebLayer::new().layer(inner);
            let Ok(response) = service.oneshot(request).await;
            response.map(Body::new)
        }
        Wire::Json => within_time(edge.doorway.call(&edge, request)).await.into_response(),
        Wire::Other => {
            let named =
                request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let named = named.unwrap_or("").chars().take(100).collect();
            HttpError::from(Error::ContentType(named)).into()
        }
    }
}

/// What a content type asks for. Nothing else reaches an RPC, so that no page can make a browser call one by a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Grpc,
    GrpcWeb,
    Json,
    Other,
}

impl Wire {
    fn of(headers: &HeaderMap) -> Self {
        let value =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        match value {
            "application/grpc" | "application/grpc+proto" => Self::Grpc,
            "application/grpc-web"
            | "application/grpc-web+proto"
            | "application/grpc-web-text"
            | "application/grpc-web-text+proto" => Self::GrpcWeb,
            _ => {
                let essence = value.split(';').next().unwrap_or("").trim();
                if essence.eq_ignore_ascii_case("application/json") {
                    Self::Json
                } else {
                    Self::Other
                }
            }
        }
    }
}

/// RPCs have addresses of the form `/<package.Service>/<Method>`.
fn is_rpc_path(path: &str) -> bool {
    let mut parts = path.trim_start_matches('/').split('/');
    let service = parts.next().unwrap_or("");
    service.contains('.')
        && parts.next().is_some_and(|method| !method.is_empty())
        && parts.next().is_none()
}

impl Edge {
    fn origin(&self, request: &Request) -> Origin {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
        let trusted = &self.config.trusted_proxies;
        let client = peer.map(|peer| client_address(peer, request.headers(), trusted));
        Origin { request_id: self.entropy.uuid(self.clock.now()).to_string(), client }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_told_apart() {
        let of = |value: &'static str| {
            Wire::of(&HeaderMap::from_iter([(
                header::CONTENT_TYPE,
                HeaderValue::from_static(value),
            )]))
        };
        assert_eq!(of("application/grpc"), Wire::Grpc);
        assert_eq!(of("application/grpc-web-text"), Wire::GrpcWeb);
        assert_eq!(of("application/json; charset=utf-8"), Wire::Json);
        for value in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/grpc+json",
            "application/jsonp",
        ] {
            assert_eq!(of(value), Wire::Other, "{value}");
        }
        assert_eq!(Wire::of(&HeaderMap::new()), Wire::Other);
    }

    #[test]
    fn rpc_addresses_are_known_by_their_form() {
        assert!(is_rpc_path("/observe.events.v1.EventService/ListEvents"));
        for path in [
            "/",
            "/v1/events",
            "/observe.js",
            "/observe-extras.js",
            "/favicon.ico",
            "/a.b/",
            "/a.b/c/d",
        ] {
            assert!(!is_rpc_path(path), "{path}");
        }
    }
}
