//! What is learned of one request on its way, so that its project hears of it if it is refused.
//!
//! Any request may turn out to be one that sends events, on any wire. The one layer around all of them keeps this beside
//! it, [`Sender::admit`](crate::capture::sender::Sender::admit) says whose it is, and the answer says what became of it: a
//! new endpoint takes part without doing anything.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::net::IpAddr;

use axum::body::Body;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderValue, Request, Response, header};
use observe_core::ProjectId;
use tonic::Status;

use super::sample::Sample;
use super::{Refusal, Rejections, code};
use crate::capture::delivery::Visitor;
use crate::edge::Origin;

tokio::task_local! {
    static ATTEMPT: Attempt;
}

/// What is known so far.
#[derive(Default)]
struct Attempt {
    client: Option<IpAddr>,
    project: Cell<Option<ProjectId>>,
    /// Its body, inflated; a reference and no copy.
    body: RefCell<Bytes>,
    events: Cell<usize>,
    /// Whether its project heard of every event in it already.
    told: Cell<bool>,
}

/// Set on an answer that refuses a request: the code, and what the sender was told.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    code: &'static str,
    message: String,
}

impl Refused {
    /// Describes an answer with this status; `None` if no project needs to hear of it.
    pub(crate) fn of(status: &Status) -> Option<Self> {
        Some(Self { code: code::of(status)?, message: status.message().to_owned() })
    }

    /// Notes so many events that were refused so.
    pub(crate) fn note(
        &self,
        rejections: &Rejections,
        project: ProjectId,
        (endpoint, events): (&str, usize),
        visitor: &Visitor,
        at: DateTime<Utc>,
    ) {
        let mut sample = Sample::default();
        sample.say_library(&visitor.user_agent);
        rejections.note(Refusal {
            project,
            code: self.code,
            message: &self.message,
            endpoint,
            count: events.max(1) as u64,
            at,
            sample,
        });
    }
}

/// Returns where this request comes from; `None` outside of one, as in a stream that goes on after its head was answered.
pub(crate) fn client() -> Option<IpAddr> {
    ATTEMPT.try_with(|attempt| attempt.client).ok().flatten()
}

/// Notes whose request this is.
pub(crate) fn is_of(project: ProjectId) {
    let _ = ATTEMPT.try_with(|attempt| attempt.project.set(Some(project)));
}

/// Notes the body of this request.
pub(crate) fn carries(body: &Bytes) {
    let _ = ATTEMPT.try_with(|attempt| attempt.body.replace(body.clone()));
}

/// Notes how many good events are in this request.
pub(crate) fn holds(events: usize) {
    let _ = ATTEMPT.try_with(|attempt| attempt.events.set(events));
}

/// Notes that the project hears of every event of this request by itself: an answer that refuses them together is no news.
pub(crate) fn is_told() {
    let _ = ATTEMPT.try_with(|attempt| attempt.told.set(true));
}

/// The head of a request, as far as it is told of.
pub(crate) struct Head<'a> {
    route: &'a str,
    user_agent: Option<HeaderValue>,
    client: Option<IpAddr>,
    at: DateTime<Utc>,
}

impl<'a> Head<'a> {
    /// Looks at a request to a route of the table of addresses that came at this time.
    pub(crate) fn of<B>(route: &'a str, request: &Request<B>, at: DateTime<Utc>) -> Self {
        // References, no copies: most requests are not refused.
        let client = request.extensions().get::<Origin>().and_then(|origin| origin.client);
        Self { route, user_agent: request.headers().get(header::USER_AGENT).cloned(), client, at }
    }
}

/// Returns what an address is called where rejections are shown: `Capture` for its RPC, `/api/<number>/store` for Sentry's.
fn endpoint(route: &str) -> String {
    match route.rsplit_once('/') {
        Some((service, method)) if service.contains("v1.") => method.to_owned(),
        _ => route.trim_end_matches('/').replace("{project}", "<number>"),
    }
}

/// Answers a request, and notes the refusal if it was one and its project is known.
pub(crate) async fn watched(
    rejections: &Rejections,
    head: Head<'_>,
    work: impl Future<Output = Response<Body>>,
) -> Response<Body> {
    let attempt = Attempt { client: head.client, ..Attempt::default() };
    let watched = async {
        let response = work.await;
        if let Some(refused) = response.extensions().get::<Refused>() {
            ATTEMPT.with(|attempt| attempt.note(rejections, &head, refused));
        }
        response
    };
    ATTEMPT.scope(attempt, watched).await
}

impl Attempt {
    fn note(&self, rejections: &Rejections, head: &Head<'_>, refused: &Refused) {
        let Some(project) = self.project.get().filter(|_| !self.told.get()) else { return };
        let mut sample = Sample::of_body(&self.body.borrow());
        let agent = head.user_agent.as_ref().and_then(|agent| agent.to_str().ok());
        sample.say_library(agent.unwrap_or(""));
        rejections.note(Refusal {
            project,
            code: refused.code,
            message: &refused.message,
            endpoint: &endpoint(head.route),
            count: self.events.get().max(1) as u64,
            at: head.at,
            sample,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_as_a_developer_knows_them() {
        for (route, shown) in [
            ("/v1/events", "/v1/events"),
            ("/observe.events.v1.CaptureService/Capture", "Capture"),
            ("/api/{project}/envelope/", "/api/<number>/envelope"),
            ("/opentelemetry.proto.collector.trace.v1.TraceService/Export", "Export"),
            ("/v1/traces", "/v1/traces"),
            ("", ""),
        ] {
            assert_eq!(endpoint(route), shown);
        }
    }
}
