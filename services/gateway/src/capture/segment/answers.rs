//! What Segment's browser client asks for besides sending calls.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::IntoResponse as _;
use http::{HeaderMap, Response, header};
use serde_json::json;

use crate::body;
use crate::edge::Edge;
use crate::error::Error;
use crate::http_error::HttpError;

/// Characters of a key in an address.
const KEY_CHARS_MAX: usize = 128;

/// Answers `/v1/projects/<key>/settings`, where the client with Observe as its `cdnURL` learns where to send to: here, and to
/// no other destination.
pub(super) async fn settings(
    State(edge): State<Arc<Edge>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let is_key = key.len() <= KEY_CHARS_MAX
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let Some((protocol, host)) = here(&edge, &headers).filter(|_| is_key) else {
        return HttpError::from(Error::NoPage).into();
    };
    let segment = json!({
        "apiKey": key,
        "apiHost": format!("{host}/v1"),
        "protocol": protocol,
        "unbundledIntegrations": [],
    });
    axum::Json(json!({
        "integrations": { "Segment.io": segment },
        "plan": { "track": { "__default": { "enabled": true, "integrations": {} } } },
        "edgeFunction": {},
        "analyticsNextEnabled": true,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": { "sampleRate": 0 },
        "legacyVideoPluginsEnabled": false,
        "remotePlugins": [],
    }))
    .into_response()
}

/// Returns how this server is reached: as its settings say, else as the request says.
fn here(edge: &Edge, headers: &HeaderMap) -> Option<(String, String)> {
    if let Some(url) = &edge.config.public_url {
        let (protocol, host) = url.split_once("://")?;
        return Some((protocol.to_owned(), host.to_owned()));
    }
    let host = headers.get(header::HOST)?.to_str().ok()?;
    Some(("http".to_owned(), host.to_owned()))
}

/// Takes the client's measurements of itself in and leaves them out.
pub(super) async fn left_out(request: Request) -> Response<Body> {
    body::discard(request.into_body()).await;
    axum::Json(json!({ "success": true })).into_response()
}
