//! Requests as server spans of OTLP, with the attributes of OpenTelemetry's semantic conventions for HTTP and users.

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span, Status, span::SpanKind, status::StatusCode,
};

use prost::Message as _;

use super::request::Request;

/// Nanoseconds in a millisecond.
const NANOS_PER_MILLI: i64 = 1_000_000;
/// Nanoseconds in a microsecond.
const NANOS_PER_MICRO: i64 = 1_000;

/// Writes requests as exporters do: by service.
pub(super) fn export(requests: &[Request]) -> ExportTraceServiceRequest {
    let mut by_service: Vec<(&str, Vec<Span>)> = Vec::new();
    for request in requests {
        let service = request.endpoint.service;
        match by_service.iter_mut().find(|(name, _)| *name == service) {
            Some((_, spans)) => spans.push(span(request)),
            None => by_service.push((service, vec![span(request)])),
        }
    }
    let resource_spans = by_service.into_iter().map(|(service, spans)| ResourceSpans {
        resource: Some(Resource {
            attributes: vec![text("service.name", service)],
            ..Resource::default()
        }),
        scope_spans: vec![ScopeSpans { spans, ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    });
    ExportTraceServiceRequest { resource_spans: resource_spans.collect() }
}

/// Reads the answer to an export.
///
/// # Errors
/// What was rejected, and why.
pub(super) fn exported(body: &[u8]) -> Result<(), String> {
    let answer = ExportTraceServiceResponse::decode(body);
    let answer = answer.map_err(|_| "its answer cannot be read".to_owned())?;
    match answer.partial_success {
        Some(partial) if partial.rejected_spans > 0 => {
            Err(format!("it rejected {} spans: {}", partial.rejected_spans, partial.error_message))
        }
        _ => Ok(()),
    }
}

fn span(request: &Request) -> Span {
    let endpoint = request.endpoint;
    let trace = request.trace.to_be_bytes();
    let start = request.start * NANOS_PER_MILLI;
    let failed = request.status >= 500;
    Span {
        trace_id: trace.to_vec(),
        span_id: trace[8..].to_vec(),
        name: format!("{} {}", endpoint.method, endpoint.route),
        kind: SpanKind::Server.into(),
        start_time_unix_nano: start.unsigned_abs(),
        end_time_unix_nano: (start + request.duration * NANOS_PER_MICRO).unsigned_abs(),
        attributes: vec![
            text("http.request.method", endpoint.method),
            text("http.route", endpoint.route),
            text("url.path", &request.path),
            number("http.response.status_code", i64::from(request.status)),
            text("user.id", &request.distinct_id),
        ],
        status: failed
            .then(|| Status { code: StatusCode::Error.into(), message: request.error.to_owned() }),
        ..Span::default()
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::request::{CREATE_PAYMENT, GET_CART};

    #[test]
    fn spans_are_grouped_by_service_and_failures_are_said() {
        let ok = Request {
            trace: 7 << 64 | 9,
            endpoint: &GET_CART,
            start: 1_000,
            duration: 2_500,
            status: 200,
            error: "",
            path: "/api/cart".into(),
            distinct_id: "customer-1".into(),
        };
        let failed = Request {
            endpoint: &CREATE_PAYMENT,
            status: 503,
            error: "upstream timed out after 3000 ms",
            ..ok.clone()
        };
        let export = export(&[ok, failed]);
        assert_eq!(export.resource_spans.len(), 2);
        let span = |at: usize| &export.resource_spans[at].scope_spans[0].spans[0];
        assert_eq!(span(0).end_time_unix_nano - span(0).start_time_unix_nano, 2_500_000);
        assert_eq!((span(0).trace_id.len(), span(0).span_id.len()), (16, 8));
        assert_eq!(span(0).status, None);
        assert_eq!(span(1).status.as_ref().map(|status| status.code), Some(2));
    }
}
