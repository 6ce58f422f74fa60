//! OTLP traces: server spans come in by gRPC and HTTP, and go on to events. What else is in a request is left out: Observe
//! keeps no traces, it counts how requests were served.

mod attributes;
pub(crate) mod grpc;
pub(crate) mod http;
mod limits;
pub(crate) mod span;

use ::http::HeaderMap;
use chrono::{DateTime, Utc};
use observe_core::error::CommonError;
use observe_proto::events::v1::ServerSpan;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tonic::Status;

use crate::auth::bearer;
use crate::capture::sender::{Place, Sender};
use crate::edge::Edge;
use crate::error::Error;
use crate::rejections::sample::Sample;
use crate::rejections::{Refusal, code};
use limits::{REASONS_TOLD_MAX, SPANS_MAX};

/// The header that OpenTelemetry's exporters are often given a key in.
const API_KEY: &str = "x-api-key";
/// What both ways in are called where rejections are shown.
const ENDPOINT: &str = "/v1/traces";

/// Admits whoever sent the headers.
///
/// # Errors
/// `Unauthenticated`, `PermissionDenied` for a session, `LeakedKey` for a secret key from a browser, `Unavailable`.
async fn admit(edge: &Edge, headers: &HeaderMap) -> Result<Sender, Error> {
    let api_key = || headers.get(API_KEY)?.to_str().ok().map(str::trim);
    let missing = CommonError::Unauthenticated(
        "send a key of the project as `authorization: Bearer` or as `x-api-key`",
    );
    let token = bearer(headers).or_else(api_key).ok_or(missing)?;
    Sender::admit(&edge.auth.owner(token).await?, Place::Header, headers)
}

/// Takes the server spans of a request in and answers once they are durable.
///
/// # Errors
/// `RateLimited` for a key that sends too much; those of the forwarder: nothing is known to be kept.
async fn accept(
    edge: &Edge,
    sender: &Sender,
    request: ExportTraceServiceRequest,
) -> Result<ExportTraceServiceResponse, Status> {
    let now = edge.clock.now();
    edge.limits.admit_events(sender.key)?;
    let judged = judge(&request, now);
    edge.limits.charge_events(sender.key, judged.spans.len());
    // What was decoded is many times what is passed on.
    drop(request);
    if !judged.spans.is_empty() {
        edge.spans.write_spans(sender.project, judged.spans).await?;
    }
    let partial_success = judged.refused.into_partial_success();
    if let Some(partial) = &partial_success {
        edge.rejections.note(Refusal {
            project: sender.project,
            code: code::INVALID_SPAN,
            message: &partial.error_message,
            endpoint: ENDPOINT,
            count: u64::try_from(partial.rejected_spans).unwrap_or(0),
            at: now,
            sample: Sample::default(),
        });
    }
    Ok(ExportTraceServiceResponse { partial_success })
}

/// The spans of a request that go on, and those that cannot.
#[derive(Debug, Default)]
struct Judged {
    spans: Vec<ServerSpan>,
    refused: Refused,
}

/// Server spans that cannot be counted.
#[derive(Debug, Default)]
struct Refused {
    count: i64,
    /// Why, each reason once.
    reasons: Vec<String>,
}

impl Refused {
    fn add(&mut self, reason: String) {
        self.count += 1;
        if self.reasons.len() < REASONS_TOLD_MAX && !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn into_partial_success(self) -> Option<ExportTracePartialSuccess> {
        (self.count > 0).then(|| ExportTracePartialSuccess {
            rejected_spans: self.count,
            error_message: self.reasons.join("; "),
        })
    }
}

fn judge(request: &ExportTraceServiceRequest, now: DateTime<Utc>) -> Judged {
    let mut judged = Judged::default();
    for resource in &request.resource_spans {
        let service = span::service_of(resource.resource.as_ref());
        for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
            if !span::is_server(span) {
                continue;
            }
            if judged.spans.len() >= SPANS_MAX {
                judged.refused.add(format!("a request may have at most {SPANS_MAX} server spans"));
                continue;
            }
            match span::read(span, &service, now) {
                Ok(span) => judged.spans.push(span),
                Err(reason) => judged.refused.add(reason),
            }
        }
    }
    judged
}

#[cfg(test)]
mod tests;
