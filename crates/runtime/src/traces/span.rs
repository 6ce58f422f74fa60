//! Spans: where they begin, what they say, and how a future runs under one. What they are called and say is what the program
//! calls it, by OpenTelemetry's conventions for RPC and HTTP; nothing of it is taken from a request as it was sent.

use std::future::Future;

use http::HeaderMap;
use opentelemetry::trace::{
    FutureExt as _, SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _, WithContext,
};
use opentelemetry::{Context, KeyValue};
use tonic::Code;

use super::{headers, tracer};

/// What a request from outside is.
#[derive(Clone, Copy, Debug)]
pub enum Request<'a> {
    /// An RPC there is, by its path: `/package.Service/Method`.
    Rpc(&'a str),
    /// Something else.
    Http {
        /// Its method.
        method: &'static str,
        /// The pattern that its path fits, such as `/heartbeat/{token}`.
        route: &'a str,
    },
}

/// A span under way. It ends with the value.
pub struct Span {
    context: Context,
    kind: SpanKind,
}

/// Begins the span of a request from outside, in the trace that its headers name or in a new one. `None` if traces are off.
#[must_use]
pub fn request(service: &'static str, what: Request<'_>, headers: &HeaderMap) -> Option<Span> {
    tracer(service)?;
    let parent = headers::read(headers);
    match what {
        Request::Rpc(path) => begin(service, SpanKind::Server, rpc(path), &parent),
        Request::Http { method, route } => {
            let said = vec![
                KeyValue::new("http.request.method", method),
                KeyValue::new("http.route", route.to_owned()),
            ];
            begin(service, SpanKind::Server, (format!("{method} {route}"), said), &parent)
        }
    }
}

/// Begins the span of a call that another service made. `None` if traces are off or the call is in no trace.
#[must_use]
pub fn served(service: &'static str, path: &str, headers: &HeaderMap) -> Option<Span> {
    tracer(service)?;
    let parent = headers::read(headers);
    if !parent.span().span_context().is_valid() {
        return None;
    }
    begin(service, SpanKind::Server, rpc(path), &parent)
}

/// Begins the span of a call to another service, and names it in the call's headers. `None` if traces are off or what calls is
/// in no trace.
#[must_use]
pub fn call(
    service: &'static str,
    to: &'static str,
    path: &str,
    headers: &mut HeaderMap,
) -> Option<Span> {
    tracer(service)?;
    let parent = Context::current();
    if !parent.span().span_context().is_valid() {
        return None;
    }
    let (name, mut said) = rpc(path);
    said.push(KeyValue::new("peer.service", format!("observe-{to}")));
    let span = begin(service, SpanKind::Client, (name, said), &parent)?;
    headers::write(&span.context, headers);
    Some(span)
}

fn begin(
    service: &'static str,
    kind: SpanKind,
    (name, said): (String, Vec<KeyValue>),
    parent: &Context,
) -> Option<Span> {
    let builder = SpanBuilder::from_name(name).with_kind(kind.clone()).with_attributes(said);
    let span = tracer(service)?.build_with_context(builder, parent);
    Some(Span { context: parent.with_span(span), kind })
}

/// What a span of an RPC is called, and says.
fn rpc(path: &str) -> (String, Vec<KeyValue>) {
    let name = path.trim_start_matches('/');
    let (service, method) = name.split_once('/').unwrap_or((name, ""));
    let said = vec![
        KeyValue::new("rpc.system", "grpc"),
        KeyValue::new("rpc.service", service.to_owned()),
        KeyValue::new("rpc.method", method.to_owned()),
    ];
    (name.to_owned(), said)
}

impl Span {
    /// Runs a future under the span: what it calls belongs to it.
    pub fn cover<F: Future>(&self, future: F) -> WithContext<F> {
        future.with_context(self.context.clone())
    }

    /// Notes how an RPC went. A server is to blame for what is its own fault, a client notes every refusal.
    pub fn coded(&self, code: Code) {
        self.say(KeyValue::new("rpc.grpc.status_code", i64::from(i32::from(code))));
        let own_fault = matches!(
            code,
            Code::Unknown
                | Code::DeadlineExceeded
                | Code::Unimplemented
                | Code::Internal
                | Code::Unavailable
                | Code::DataLoss
        );
        if own_fault || (self.kind == SpanKind::Client && code != Code::Ok) {
            self.failed();
        }
    }

    /// Notes the status of an HTTP answer.
    pub fn answered(&self, status: http::StatusCode) {
        self.say(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        if status.is_server_error() {
            self.failed();
        }
    }

    fn say(&self, said: KeyValue) {
        self.context.span().set_attribute(said);
    }

    fn failed(&self) {
        // No description: an error's text may hold what a user sent.
        self.context.span().set_status(Status::error(""));
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.context.span().end();
    }
}

/// The place in a trace where something was asked for, for work that is done elsewhere.
#[derive(Clone, Default)]
pub struct Here(Option<Context>);

impl Here {
    /// Returns the span that runs now, if traces are on and there is one.
    #[must_use]
    pub fn current() -> Self {
        if super::is_on() && Context::current().span().span_context().is_valid() {
            return Self(Some(Context::current()));
        }
        Self(None)
    }

    /// Returns whether there is one.
    #[must_use]
    pub fn is_traced(&self) -> bool {
        self.0.is_some()
    }

    /// Runs a future as if it were there.
    pub async fn run<F: Future>(self, future: F) -> F::Output {
        match self.0 {
            Some(context) => future.with_context(context).await,
            None => future.await,
        }
    }
}
