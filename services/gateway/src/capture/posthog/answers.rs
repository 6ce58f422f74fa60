//! What PostHog's clients ask for besides sending events. Observe has no feature flags, no session replay and no surveys, and
//! says so in the form that makes each client go on without them.

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::response::IntoResponse as _;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::body;
use crate::error::Error;
use crate::http_error::HttpError;

/// How long a client may keep a configuration that does not change.
const CACHE: &str = "public, max-age=300";
/// Characters of a key in an address.
const TOKEN_CHARS_MAX: usize = 128;
/// What takes the place of the browser client where a page loads it from here.
const NO_CLIENT: &str = "console.warn(\"Observe serves no scripts of posthog-js: see 'PostHog clients' in its docs/API.md\");\n";
/// What takes the place of the parts that the client loads by itself: it looks whether they are there, and goes on without.
const NO_PART: &str = "// Observe serves no scripts of posthog-js.\n";

/// What clients ask for lists of, and what their answer calls the list.
pub(super) const LISTS: [(&str, &str); 4] = [
    ("/api/early_access_features", "earlyAccessFeatures"),
    ("/api/product_tours", "product_tours"),
    ("/api/surveys", "surveys"),
    ("/api/web_experiments", "experiments"),
];

/// Answers `/flags` and `/decide`: none are set.
pub(super) async fn flags(request: Request) -> Response<Body> {
    body::discard(request.into_body()).await;
    let mut answer = settings();
    answer["flags"] = json!({});
    answer["featureFlags"] = json!({});
    answer["featureFlagPayloads"] = json!({});
    answer["errorsWhileComputingFlags"] = json!(false);
    answer["quotaLimited"] = json!([]);
    axum::Json(answer).into_response()
}

/// Answers `/array/<key>/config`: what the browser client may do.
pub(super) async fn config(Path(token): Path<String>) -> Response<Body> {
    match with_token(&token) {
        Some(config) => cached("application/json", config.to_string()),
        None => HttpError::from(Error::NoPage).into(),
    }
}

/// Answers `/array/<key>/config.js`: the same as a script.
pub(super) async fn config_script(Path(token): Path<String>) -> Response<Body> {
    let Some(config) = with_token(&token) else { return HttpError::from(Error::NoPage).into() };
    let script = format!(
        "(function(){{var all=window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{{}};\
         all[\"{token}\"]={{config:{config},siteApps:[]}};}})();\n"
    );
    cached("text/javascript; charset=utf-8", script)
}

/// Answers for the browser client's scripts. Only who loads the client itself has to be told.
pub(super) async fn script(Path(file): Path<String>) -> Response<Body> {
    let name = file.rsplit('/').next().unwrap_or("");
    let script = if name.starts_with("array.") { NO_CLIENT } else { NO_PART };
    cached("text/javascript; charset=utf-8", script.to_owned())
}

/// Takes in what Observe has no use for, session recordings above all, and leaves it out: clients are told not to record, and
/// one that does is not to try again for ever.
pub(super) async fn left_out(request: Request) -> Response<Body> {
    body::discard(request.into_body()).await;
    axum::Json(json!({ "status": "Ok", "left_out": "Observe keeps nothing of this kind" }))
        .into_response()
}

/// Answers a question for one of [`LISTS`]: there are none.
pub(super) async fn nothing_of(list: &'static str) -> Response<Body> {
    axum::Json(json!({ list: [] })).into_response()
}

fn with_token(token: &str) -> Option<Value> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if token.len() > TOKEN_CHARS_MAX || !token.bytes().all(is_token) {
        return None;
    }
    let mut config = settings();
    config["token"] = json!(token);
    config["hasFeatureFlags"] = json!(false);
    config["analytics"] = json!({ "endpoint": "/i/v0/e/" });
    Some(config)
}

fn settings() -> Value {
    json!({
        "supportedCompression": ["gzip", "gzip-js"],
        "autocapture_opt_out": false,
        "autocaptureExceptions": false,
        "captureDeadClicks": false,
        "capturePerformance": false,
        "defaultIdentifiedOnly": true,
        "elementsChainAsString": true,
        "heatmaps": false,
        "isAuthenticated": false,
        "sessionRecording": false,
        "siteApps": [],
        "surveys": false,
        "toolbarParams": {},
    })
}

fn cached(content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    response
}
