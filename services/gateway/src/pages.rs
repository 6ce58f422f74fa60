//! What a person sees who opens the address in a browser.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::header;

use crate::edge::Edge;

/// Says what this is and where to post.
pub(crate) async fn front(State(edge): State<Arc<Edge>>) -> impl IntoResponse {
    let url = edge.config.public_url.as_deref().unwrap_or("http://127.0.0.1:8080");
    let text = format!(
        "Observe: product analytics and observability on one small machine.\n\n\
         Send events:\n\n\
         \x20 curl {url}/v1/events -H 'authorization: Bearer <write key>' \\\n\
         \x20   -d '{{\"anonymous_id\":\"usr_abc123\",\"name\":\"button_clicked\",\"properties\":{{}}}}'\n\n\
         Every RPC also takes JSON: POST {url}/<package.Service>/<Method>\n\
         Health: {url}/healthz   Readiness: {url}/readyz\n"
    );
    let policy = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (policy, text)
}
