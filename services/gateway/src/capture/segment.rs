//! Segment's wire (its tracking HTTP API), as its published clients speak it: their host is changed, nothing else.

mod answers;
mod event;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Response, header};
use observe_core::error::CommonError;
use serde::Serialize;

use super::delivery::{Delivery, Visitor};
use super::draft;
use super::fields::{fields, said};
use super::http::{text, unusable};
use super::json::Scanner;
use super::judge::Outcome;
use super::limits::{BATCH_BODY_BYTES_MAX, EVENTS_MAX, WRITE_KEY_BODY_BYTES_MAX};
use super::reading::{self, Limits};
use super::sender::{Place, Sender};
use super::split::{SplitError, elements};
use super::time::{Received, SentTime};
use crate::auth::bearer;
use crate::edge::{Edge, within_time};
use crate::error::Error;
use crate::http_error::HttpError;
use crate::rejections::sample::Sources;

/// What an address takes.
#[derive(Clone, Copy)]
struct Endpoint {
    path: &'static str,
    /// The call it is for; each of a batch says its own.
    kind: Option<&'static str>,
    limits: Limits,
    /// Whether it is for imports of the past.
    historical: bool,
}

/// How the server clients call themselves.
const SERVER_CLIENTS: [&str; 9] = [
    "analytics-node",
    "analytics-python",
    "analytics-ruby",
    "analytics-java",
    "analytics-go",
    "analytics-php",
    "analytics-csharp",
    "analytics-.net",
    "Analytics.NET",
];

const ONE: Limits = Limits { known: Sender::body_bytes_max, stranger: WRITE_KEY_BODY_BYTES_MAX };
const MANY: Limits = Limits { known: |_| BATCH_BODY_BYTES_MAX, stranger: BATCH_BODY_BYTES_MAX };

const fn one(path: &'static str, kind: &'static str) -> Endpoint {
    Endpoint { path, kind: Some(kind), limits: ONE, historical: false }
}

const fn many(path: &'static str) -> Endpoint {
    Endpoint { path, kind: None, limits: MANY, historical: false }
}

/// The browser client writes the first letter of a call.
const ENDPOINTS: [Endpoint; 15] = [
    one("/v1/track", "track"),
    one("/v1/t", "track"),
    one("/v1/identify", "identify"),
    one("/v1/i", "identify"),
    one("/v1/page", "page"),
    one("/v1/p", "page"),
    one("/v1/screen", "screen"),
    one("/v1/s", "screen"),
    one("/v1/group", "group"),
    one("/v1/g", "group"),
    one("/v1/alias", "alias"),
    one("/v1/a", "alias"),
    many("/v1/batch"),
    many("/v1/b"),
    Endpoint { historical: true, ..many("/v1/import") },
];

/// Returns the addresses, each with and without a last slash.
pub(crate) fn routes() -> Vec<(String, MethodRouter<Arc<Edge>>)> {
    let mut routes: Vec<(String, MethodRouter<Arc<Edge>>)> = Vec::new();
    let mut add = |path: &str, methods: MethodRouter<Arc<Edge>>| {
        routes.push((path.to_owned(), methods.clone()));
        routes.push((format!("{path}/"), methods));
    };
    for endpoint in ENDPOINTS {
        let take = move |State(edge): State<Arc<Edge>>, request: Request| async move {
            within_time(take(&edge, endpoint, request)).await.unwrap_or_else(Into::into)
        };
        add(endpoint.path, post(take).fallback(wrong_method));
    }
    add("/v1/m", post(answers::left_out).fallback(wrong_method));
    add("/v1/projects/{key}/settings", get(answers::settings));
    routes
}

async fn wrong_method() -> HttpError {
    Error::Method("POST").into()
}

/// The answer: `success` is all that Segment's clients look at.
#[derive(Debug, Serialize)]
struct Answer {
    success: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected: Vec<Rejected>,
}

#[derive(Debug, Serialize)]
struct Rejected {
    index: usize,
    code: &'static str,
    message: String,
}

async fn take(edge: &Edge, to: Endpoint, request: Request) -> Result<Response<Body>, HttpError> {
    let received = edge.capture.now();
    let (parts, body) = request.into_parts();
    let basic = basic_user(&parts.headers);
    let shown = bearer(&parts.headers).or(basic.as_deref()).map(|token| (token, Place::Header));
    let (known, mut held) = reading::read(edge, &parts, body, shown, to.limits).await?;
    let bytes = held.bytes.clone();
    let json = text(&bytes);
    let batch = split(&json, to).map_err(|error| unusable(&error, &json))?;
    let missing = "send a write key as the user of basic authorization, or as writeKey";
    let missing = Error::from(CommonError::Unauthenticated(missing));
    let token = batch.token.as_deref();
    let sender = reading::sender(edge, &parts, known, token, &mut held, missing).await?;
    if batch.calls.len() > EVENTS_MAX {
        return Err(HttpError::too_many(EVENTS_MAX));
    }
    let mut visitor = Visitor::of(&parts.headers, &parts.extensions);
    if is_of_server(&visitor.user_agent) {
        visitor = Visitor::default();
    }
    let received = Received::new(received, batch.sent);
    let mut delivery = Delivery::new(to.path, received, visitor).of(Sources::Texts(&batch.calls));
    delivery.historical = to.historical;
    // One by one: all of them at once would be the body once more.
    let drafts = batch.calls.iter().map(|call| draft::from_json(&event::rewrite(call, to.kind)));
    let outcomes = edge.capture.accept(&sender, drafts, &delivery).await?;
    answer(outcomes)
}

/// A body, cut into its calls.
struct Batch<'a> {
    calls: Vec<&'a str>,
    token: Option<String>,
    sent: SentTime,
}

fn split(json: &str, to: Endpoint) -> Result<Batch<'_>, SplitError> {
    let mut scanner = Scanner::new(json);
    scanner.peek();
    let whole = scanner.value()?;
    scanner.end()?;
    if !whole.starts_with('{') {
        return Err(SplitError::NoObject);
    }
    let [list, sent, key] = fields(Some(whole), ["batch", "sentAt", "writeKey"]);
    let calls = match (to.kind, list.filter(|list| list.starts_with('['))) {
        (Some(_), _) => vec![whole],
        (None, Some(list)) => elements(&mut Scanner::new(list))?,
        (None, None) => Vec::new(),
    };
    if calls.is_empty() {
        return Err(SplitError::Empty);
    }
    let sent = sent.map_or(SentTime::Absent, SentTime::from_json);
    Ok(Batch { calls, token: said(key).map(Into::into), sent })
}

/// Returns whether one of Segment's server clients sent it, for somebody else: what the connection shows is then the server's.
fn is_of_server(user_agent: &str) -> bool {
    let name = user_agent.split('/').next().unwrap_or("");
    SERVER_CLIENTS.iter().any(|known| name.starts_with(known))
}

fn answer(outcomes: Vec<Outcome>) -> Result<Response<Body>, HttpError> {
    let sent = outcomes.len();
    let mut answer = Answer { success: true, rejected: Vec::new() };
    for (index, outcome) in outcomes.into_iter().enumerate() {
        if let Outcome::Rejected(refused) = outcome {
            let (code, message) = (refused.reject.code.as_str(), refused.reject.message);
            answer.rejected.push(Rejected { index, code, message });
        }
    }
    // Nothing in it was of use: the sender should hear that, and not send it again.
    if answer.rejected.len() == sent
        && let Some(first) = answer.rejected.first()
    {
        let told = format!("event {}: {}: {}", first.index, first.code, first.message);
        return Err(Error::Malformed(told).into());
    }
    Ok(axum::Json(answer).into_response())
}

/// Returns the user of basic authorization.
fn basic_user(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let user = decoded.split_once(':').map_or(decoded.as_str(), |(user, _)| user);
    Some(user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_clients_are_known_by_their_names() {
        assert!(
            is_of_server("analytics-node-next/latest") && is_of_server("analytics-python/2.4.0")
        );
        assert!(
            !is_of_server("analytics-android/4.0")
                && !is_of_server("Mozilla/5.0")
                && !is_of_server("")
        );
    }

    #[test]
    fn the_user_of_basic_authorization_is_the_key() {
        let with = |value: &'static str| {
            HeaderMap::from_iter([(header::AUTHORIZATION, http::HeaderValue::from_static(value))])
        };
        assert_eq!(basic_user(&with("Basic b2JzX3B1Yl94Og==")).as_deref(), Some("obs_pub_x"));
        assert_eq!(basic_user(&with("basic b2JzX3B1Yl94")).as_deref(), Some("obs_pub_x"));
        for value in ["Bearer x", "Basic", "Basic ***"] {
            assert_eq!(basic_user(&with(value)), None, "{value}");
        }
    }
}
