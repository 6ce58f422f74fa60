//! PostHog's wire, as its published clients speak it: their host is changed, nothing else.
//!
//! The rules are those of PostHog's own capture service (its routes, encodings and places of a key), except that a batch is
//! not judged as a unit: one bad event spares its neighbours, here as everywhere.

mod answers;
mod event;
mod lz;
mod payload;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, any, get};
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use observe_core::error::CommonError;
use observe_core::token;
use serde::Serialize;

use super::delivery::{Delivery, Visitor};
use super::draft;
use super::http::unusable;
use super::judge::Outcome;
use super::limits::{BATCH_BODY_BYTES_MAX, EVENTS_MAX, WRITE_KEY_BODY_BYTES_MAX};
use super::reading::{self, Limits};
use super::sender::{Place, Sender};
use super::time::{Received, SentTime};
use crate::auth::bearer;
use crate::edge::{Edge, within_time};
use crate::error::Error;
use crate::http_error::HttpError;
use crate::rejections::sample::Sources;
use payload::Query;

/// What an address takes.
#[derive(Clone, Copy)]
struct Endpoint {
    /// The address as a developer knows it.
    path: &'static str,
    /// What an event without a name is called.
    name: Option<&'static str>,
    limits: Limits,
}

const EVENT_LIMITS: Limits =
    Limits { known: Sender::body_bytes_max, stranger: WRITE_KEY_BODY_BYTES_MAX };
const BATCH_LIMITS: Limits =
    Limits { known: |_| BATCH_BODY_BYTES_MAX, stranger: BATCH_BODY_BYTES_MAX };

const fn events(path: &'static str) -> Endpoint {
    Endpoint { path, name: None, limits: EVENT_LIMITS }
}

const fn batches(path: &'static str) -> Endpoint {
    Endpoint { path, name: None, limits: BATCH_LIMITS }
}

const ENDPOINTS: [Endpoint; 7] = [
    events("/e"),
    events("/i/v0/e"),
    events("/capture"),
    events("/track"),
    Endpoint { path: "/engage", name: Some("$identify"), limits: EVENT_LIMITS },
    batches("/batch"),
    // Where the server clients send what they say of calls of language models: events like any other.
    batches("/i/v0/ai/batch"),
];

/// Returns the addresses; clients write them with and without the last slash.
pub(crate) fn routes() -> Vec<(String, MethodRouter<Arc<Edge>>)> {
    let mut routes: Vec<(String, MethodRouter<Arc<Edge>>)> = Vec::new();
    let mut add = |path: &str, methods: MethodRouter<Arc<Edge>>| {
        routes.push((path.to_owned(), methods.clone()));
        routes.push((format!("{path}/"), methods));
    };
    for endpoint in ENDPOINTS {
        let take = move |State(edge): State<Arc<Edge>>, request: Request| async move {
            let answer = within_time(take(&edge, endpoint, request)).await;
            worth_another_try(answer.unwrap_or_else(Into::into))
        };
        add(endpoint.path, any(take));
    }
    for path in ["/flags", "/decide"] {
        add(path, any(answers::flags));
    }
    for path in ["/s", "/i/v0/ai"] {
        add(path, any(answers::left_out));
    }
    for (path, list) in answers::LISTS {
        add(path, get(move || answers::nothing_of(list)));
    }
    add("/array/{token}/config", get(answers::config));
    add("/array/{token}/config.js", get(answers::config_script));
    routes.push(("/static/{*file}".to_owned(), get(answers::script)));
    routes
}

/// The browser client throws away what was answered with 429, as it does with every 4xx. 503 makes all clients come again.
fn worth_another_try(mut answer: Response<Body>) -> Response<Body> {
    if answer.status() == StatusCode::TOO_MANY_REQUESTS {
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    answer
}

/// The answer: `status` is all that PostHog's clients look at.
#[derive(Debug, Serialize)]
struct Answer {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected: Vec<Rejected>,
}

#[derive(Debug, Serialize)]
struct Rejected {
    index: usize,
    uuid: String,
    code: &'static str,
    message: String,
}

async fn take(edge: &Edge, to: Endpoint, request: Request) -> Result<Response<Body>, HttpError> {
    let received = edge.capture.now();
    let (parts, body) = request.into_parts();
    if ![Method::GET, Method::POST].contains(&parts.method) {
        return Err(Error::Method("GET, POST").into());
    }
    let mut query = Query::read(parts.uri.query().unwrap_or("").as_bytes());
    let in_head = bearer(&parts.headers).map(|token| (token, Place::Header));
    // Another one is told what to put there once the body has been read, as it is when it stands there.
    let in_query = query.token.as_deref().filter(|token| is_ours(token));
    let in_query = in_query.map(|token| (token, Place::Open));
    let (known, mut held) =
        reading::read(edge, &parts, body, in_head.or(in_query), to.limits).await?;
    let limit = known.as_ref().map_or(to.limits.stranger, to.limits.known);
    let data = query.data.take().map(payload::with_plus).filter(|_| held.bytes.is_empty());
    let wire = data.map_or_else(|| held.bytes.clone(), Bytes::from);
    let lease = &mut held.lease;
    let json = payload::unwrap(&wire, &mut query, limit, |more| lease.grow(wire.len() + more))?;
    let batch = payload::split(&json).map_err(|error| unusable(&error, &json))?;
    if batch.mixed {
        let mixed =
            "the events of one request name different keys; send those of one project together";
        return Err(Error::from(CommonError::Unauthenticated(mixed)).into());
    }
    let token = batch.token.as_deref().or(query.token.as_deref()).filter(|token| !token.is_empty());
    if known.is_none() && token.is_some_and(|token| !is_ours(token)) {
        let ours = "this is no key of Observe's; put the write key of a project, obs_pub_..., where PostHog's project key was";
        return Err(Error::from(CommonError::Unauthenticated(ours)).into());
    }
    let missing = "send a write key as api_key, where PostHog's project key was";
    let missing = Error::from(CommonError::Unauthenticated(missing));
    let sender = reading::sender(edge, &parts, known, token, &mut held, missing).await?;
    if batch.events.len() > EVENTS_MAX {
        return Err(HttpError::too_many(EVENTS_MAX));
    }
    let sent = if batch.sent == SentTime::Absent { query.sent } else { batch.sent };
    let received = Received::new(received, sent);
    let mut visitor = Visitor::of(&parts.headers, &parts.extensions);
    if batch.events.iter().any(|event| event::is_of_server(event)) {
        visitor = Visitor::default();
    }
    let mut delivery = Delivery::new(to.path, received, visitor).of(Sources::Texts(&batch.events));
    delivery.historical = batch.historical;
    // One by one: all of them at once would be the body once more.
    let drafts = batch.events.iter().map(|event| {
        let ours = event::rewrite(event, to.name, received);
        draft::from_json(&ours)
    });
    let outcomes = edge.capture.accept(&sender, drafts, &delivery).await?;
    answer(outcomes, query.beacon)
}

/// Returns whether it is a key that could be ours. Keys of PostHog's have had several forms.
fn is_ours(token: &str) -> bool {
    [token::WRITE_PREFIX, token::SECRET_PREFIX].iter().any(|prefix| token.starts_with(prefix))
}

fn answer(outcomes: Vec<Outcome>, beacon: bool) -> Result<Response<Body>, HttpError> {
    let sent = outcomes.len();
    let mut answer = Answer { status: "Ok", rejected: Vec::new() };
    for (index, outcome) in outcomes.into_iter().enumerate() {
        if let Outcome::Rejected(refused) = outcome {
            answer.rejected.push(Rejected {
                index,
                uuid: refused.uuid.map(|uuid| uuid.to_string()).unwrap_or_default(),
                code: refused.reject.code.as_str(),
                message: refused.reject.message,
            });
        }
    }
    // Nothing in it was of use: the sender should hear that, and not send it again.
    if answer.rejected.len() == sent
        && let Some(first) = answer.rejected.first()
    {
        let told = format!("event {}: {}: {}", first.index, first.code, first.message);
        return Err(Error::Malformed(told).into());
    }
    if beacon {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(axum::Json(answer).into_response())
}
