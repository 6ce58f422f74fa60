//! What a browser asks for: the dashboard, and the script that other sites' pages load. Both are built into the program.

mod bundle;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Uri, header};
use rust_embed::RustEmbed;

use crate::config::Config;
use crate::edge::Edge;
use crate::error::Error;
use crate::http_error::HttpError;
use crate::session::host;
use bundle::{Bundle, Cached};

/// What the dashboard's page may load and talk to: this address and nothing else.
const DASHBOARD_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";
/// The page that all addresses of the dashboard share; its script tells them apart.
const INDEX: &str = "index.html";
/// Where the dashboard's files with a hash in their name are.
const HASHED: &str = "assets/";
/// The scripts for other sites' pages, each at an address of its own name. The second is loaded by the first where a page
/// asks for clicks, outbound links or web vitals.
const SCRIPTS: [&str; 2] = ["observe.js", "observe-extras.js"];
/// Where an address is shown and the request does not name its host.
const FALLBACK_HOST: &str = "127.0.0.1:8080";

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct DashboardFiles;

#[derive(RustEmbed)]
#[folder = "../../sdk/browser/dist"]
struct SdkFiles;

/// The files that are served, and their compressed forms.
pub(crate) struct Pages {
    dashboard: Bundle,
    sdk: Bundle,
}

impl Pages {
    pub(crate) fn new() -> Self {
        Self { dashboard: Bundle::new(DashboardFiles::get), sdk: Bundle::new(SdkFiles::get) }
    }

    /// Answers a GET or HEAD for an address of the dashboard; `None` if there is nothing.
    async fn page(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Option<Response<Body>> {
        let name = path.trim_start_matches('/');
        if name.starts_with(HASHED) {
            return self.dashboard.answer(name, Cached::ForEver, method, headers).await;
        }
        if !name.is_empty()
            && name != INDEX
            && let Some(file) = self.dashboard.answer(name, Cached::Checked, method, headers).await
        {
            return Some(file);
        }
        if !name.is_empty() && name != INDEX && !accepts_html(headers) {
            return None;
        }
        let mut page = self.dashboard.answer(INDEX, Cached::Checked, method, headers).await?;
        let policy = HeaderValue::from_static(DASHBOARD_POLICY);
        page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        Some(page)
    }

    /// Answers a GET or HEAD for one of the scripts; `None` if it is none of them, or has not been built.
    async fn script(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Option<Response<Body>> {
        let name = path.strip_prefix('/').filter(|name| SCRIPTS.contains(name))?;
        let mut script = self.sdk.answer(name, Cached::ForAnHour, method, headers).await?;
        let headers = script.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        let policy = HeaderName::from_static("cross-origin-resource-policy");
        headers.insert(policy, HeaderValue::from_static("cross-origin"));
        Some(script)
    }
}

/// Serves `/`: the dashboard or, where it has not been built, what this is and where to post.
pub(crate) async fn front(State(edge): State<Arc<Edge>>, request: Request) -> Response<Body> {
    let page = edge.pages.page(request.method(), "/", request.headers()).await;
    page.unwrap_or_else(|| plain(&edge.config, request.uri(), request.headers()))
}

/// Serves the scripts for other sites' pages.
pub(crate) async fn script(State(edge): State<Arc<Edge>>, request: Request) -> Response<Body> {
    let path = request.uri().path();
    let script = edge.pages.script(request.method(), path, request.headers()).await;
    script.unwrap_or_else(|| HttpError::from(Error::NoPage).into())
}

/// Serves every other address that a browser may open.
pub(crate) async fn page(
    edge: &Edge,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Response<Body> {
    // Nobody who asks for data at a wrong address is to be given a page.
    let page =
        if path.starts_with("/v1/") { None } else { edge.pages.page(method, path, headers).await };
    page.unwrap_or_else(|| HttpError::from(Error::NoPage).into())
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::ACCEPT).iter();
    values.any(|value| value.to_str().is_ok_and(|value| value.contains("text/html")))
}

fn plain(config: &Config, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
    let named = || format!("http://{}", host(uri, headers).unwrap_or(FALLBACK_HOST));
    let url = config.public_url.clone().unwrap_or_else(named);
    let text = format!(
        "Observe: product analytics and observability on one small machine.\n\n\
         Send events:\n\n\
         \x20 curl {url}/v1/events -H 'authorization: Bearer <write key>' \\\n\
         \x20   -d '{{\"anonymous_id\":\"usr_abc123\",\"name\":\"button_clicked\",\"properties\":{{}}}}'\n\n\
         Every RPC also takes JSON: POST {url}/<package.Service>/<Method>\n\
         Health: {url}/healthz   Readiness: {url}/readyz\n\n\
         The dashboard is not part of this build: `make build` builds it, too.\n"
    );
    let policy = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (policy, text).into_response()
}

#[cfg(test)]
mod tests;
