//! `POST /api/<project>/envelope/` and `/store/`: what Sentry's clients send. An error becomes an `$exception` event and
//! goes the way of all events, a request that a server served a server span; what Observe has no use for is taken, left out
//! and counted.
//!
//! The wire is described in Sentry's developer documentation (develop.sentry.dev, "Envelopes" and "Event Payloads"). The
//! project is told by the key alone; the number in the address may be any.

mod credential;
mod details;
mod envelope;
mod event;
mod exception;
mod fields;
mod transaction;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, post};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Response, StatusCode, header, request};
use observe_core::error::CommonError;
use observe_proto::events::v1::ServerSpan;
use serde::Serialize;

use super::delivery::{Delivery, Visitor};
use super::draft::{Draft, Unreadable};
use super::http::text;
use super::judge::Outcome;
use super::limits::{SENTRY_BODY_BYTES_MAX, SENTRY_ITEMS_MAX, WRITE_KEY_BODY_BYTES_MAX};
use super::reading::{self, Limits};
use super::reject::{Code, Reject};
use super::sender::Sender;
use super::time::{Received, SentTime};
use crate::body::Held;
use crate::edge::{Edge, within_time};
use crate::error::Error;
use crate::http_error::HttpError;
use crate::rejections::sample::Sources;
use envelope::{Envelope, Item};

/// Bytes of an item that are kept until it is judged, from which it is shown if it is rejected.
const SHOWN_BYTES_MAX: usize = 16 * 1024;

/// Returns the addresses; clients write them with and without the last slash.
pub(crate) fn routes() -> [(&'static str, MethodRouter<Arc<Edge>>); 4] {
    [
        ("/api/{project}/envelope/", post(post_envelope)),
        ("/api/{project}/envelope", post(post_envelope)),
        ("/api/{project}/store/", post(post_store)),
        ("/api/{project}/store", post(post_store)),
    ]
}

/// The answer. Clients look for the id alone; the rest is for people.
#[derive(Debug, Default, Serialize)]
struct Summary {
    /// The error's id, 32 hexadecimal digits; empty when there was none.
    id: String,
    accepted: usize,
    duplicates: usize,
    /// By kind, how many items Observe has no use for.
    left_out: BTreeMap<String, usize>,
    /// Calls of stacks that were too deep.
    frames_left_out: usize,
    rejected: Vec<Rejected>,
}

#[derive(Debug, Serialize)]
struct Rejected {
    /// Which item, counted from 0.
    index: usize,
    code: &'static str,
    message: String,
}

/// The errors of a request, read.
#[derive(Default)]
struct Batch {
    drafts: Vec<Result<Draft, Unreadable>>,
    /// Which item each draft was.
    items: Vec<usize>,
    /// The beginning of each draft's item.
    texts: Vec<String>,
    sent: SentTime,
    /// The id that the envelope names.
    id: String,
    spans: Vec<ServerSpan>,
    left_out: BTreeMap<String, usize>,
    frames_left_out: usize,
}

async fn post_envelope(State(edge): State<Arc<Edge>>, request: Request) -> Response<Body> {
    within_time(envelope(&edge, request)).await.unwrap_or_else(Into::into)
}

async fn post_store(State(edge): State<Arc<Edge>>, request: Request) -> Response<Body> {
    within_time(store(&edge, request)).await.unwrap_or_else(Into::into)
}

async fn envelope(edge: &Edge, request: Request) -> Result<Response<Body>, HttpError> {
    let received = edge.capture.now();
    let (parts, body) = request.into_parts();
    let (known, mut held) = read(edge, &parts, body).await?;
    let bytes = held.bytes.clone();
    let envelope =
        envelope::split(&bytes).map_err(|message| Error::Malformed(message.to_owned()))?;
    let in_body = envelope.key.as_deref();
    let sender = reading::sender(edge, &parts, known, in_body, &mut held, missing_key()).await?;
    if envelope.items.len() > SENTRY_ITEMS_MAX {
        return Err(HttpError::too_many(SENTRY_ITEMS_MAX));
    }
    accept(
        edge,
        &sender,
        Batch::of(envelope, received),
        received,
        Visitor::of(&parts.headers, &parts.extensions),
    )
    .await
}

async fn store(edge: &Edge, request: Request) -> Result<Response<Body>, HttpError> {
    let received = edge.capture.now();
    let (parts, body) = request.into_parts();
    let (known, held) = read(edge, &parts, body).await?;
    let sender = known.ok_or_else(missing_key)?;
    let mut batch = Batch::default();
    batch.event(0, &held.bytes);
    accept(edge, &sender, batch, received, Visitor::of(&parts.headers, &parts.extensions)).await
}

/// Tells who sends, if the head of the request says so, and reads the body.
async fn read(
    edge: &Edge,
    parts: &request::Parts,
    body: Body,
) -> Result<(Option<Sender>, Held), HttpError> {
    let shown = credential::of(&parts.headers, parts.uri.query());
    let shown = shown.as_ref().map(|(token, place)| (token.as_str(), *place));
    let limits = Limits { known: |_| SENTRY_BODY_BYTES_MAX, stranger: WRITE_KEY_BODY_BYTES_MAX };
    reading::read(edge, parts, body, shown, limits).await
}

fn missing_key() -> Error {
    let missing = "a DSN is http://<write key>@<host>/1; its key comes in x-sentry-auth, as ?sentry_key= or as dsn in the envelope";
    CommonError::Unauthenticated(missing).into()
}

impl Batch {
    fn of(envelope: Envelope<'_>, received: DateTime<Utc>) -> Self {
        let mut batch = Self { sent: envelope.sent, id: envelope.event_id, ..Self::default() };
        for (index, item) in envelope.items.into_iter().enumerate() {
            match item {
                Item::Event(payload) => batch.event(index, payload),
                Item::Transaction(payload) => batch.transaction(index, payload, received),
                Item::Other(kind) => *batch.left_out.entry(kind).or_default() += 1,
                Item::Malformed(message) => {
                    batch.push(index, Err(Reject::new(Code::InvalidEvent, message).into()), "");
                }
            }
        }
        batch
    }

    fn event(&mut self, index: usize, payload: &[u8]) {
        let json = text(payload);
        let read = event::draft(&json, &self.id);
        let draft = read.map(|(draft, frames_left_out)| {
            self.frames_left_out += frames_left_out;
            draft
        });
        self.push(index, draft, &json);
    }

    fn transaction(&mut self, index: usize, payload: &[u8], received: DateTime<Utc>) {
        let json = text(payload);
        let read = event::checked(&json).map_err(|refused| refused.reject.message);
        match read.and_then(|json| transaction::server_span(json, received)) {
            Ok(Some(span)) => self.spans.push(span),
            Ok(None) => *self.left_out.entry("transaction".to_owned()).or_default() += 1,
            Err(reason) => {
                self.push(index, Err(Reject::new(Code::InvalidEvent, reason).into()), &json);
            }
        }
    }

    fn push(&mut self, index: usize, draft: Result<Draft, Unreadable>, json: &str) {
        self.drafts.push(draft);
        self.items.push(index);
        self.texts.push(json[..json.floor_char_boundary(SHOWN_BYTES_MAX)].to_owned());
    }
}

async fn accept(
    edge: &Edge,
    sender: &Sender,
    batch: Batch,
    received: DateTime<Utc>,
    visitor: Visitor,
) -> Result<Response<Body>, HttpError> {
    let Batch { drafts, items, texts, sent, id, spans, left_out, frames_left_out } = batch;
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let delivery = Delivery::new("/api/<number>/envelope", Received::new(received, sent), visitor)
        .of(Sources::Texts(&texts));
    let outcomes = edge.capture.accept(sender, drafts, &delivery).await?;
    let accepted = spans.len();
    if !spans.is_empty() {
        edge.spans.write_spans(sender.project, spans).await?;
    }
    let mut summary = Summary { id, accepted, left_out, frames_left_out, ..Summary::default() };
    for (index, outcome) in items.into_iter().zip(outcomes) {
        match outcome {
            Outcome::Accepted(uuid) => {
                summary.accepted += 1;
                summary.id = uuid.simple().to_string();
            }
            Outcome::Duplicate(_) => summary.duplicates += 1,
            Outcome::Rejected(refused) => summary.rejected.push(Rejected {
                index,
                code: refused.reject.code.as_str(),
                message: refused.reject.message,
            }),
        }
    }
    // Nothing in it was of use, and something was wrong with it: the sender should hear that.
    if summary.accepted == 0
        && let Some(first) = summary.rejected.first()
    {
        let told = format!("item {}: {}: {}", first.index, first.code, first.message);
        return Err(Error::Malformed(told).into());
    }
    let body = serde_json::to_vec(&summary).map_err(|error| {
        Error::from(CommonError::Internal(format!("the answer cannot be written: {error}")))
    })?;
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok((StatusCode::OK, json, Bytes::from(body)).into_response())
}
