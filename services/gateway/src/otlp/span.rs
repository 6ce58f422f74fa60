//! One server span of OTLP: what it says of the request that was served, by the semantic conventions of HTTP and RPC, the
//! stable ones and those before.

use chrono::{DateTime, TimeDelta, Utc};
use observe_core::path;
use observe_proto::events::v1::ServerSpan;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use uuid::Uuid;

use super::attributes::{Attributes, cut};
pub(crate) use super::limits::NAME_BYTES_MAX;
use super::limits::{
    AGE_MAX, DURATION_MAX, EVENTS_MAX, FUTURE_MAX, METHOD_BYTES_MAX, TEXT_BYTES_MAX,
};
use crate::capture::limits::DISTINCT_ID_CHARS_MAX;
use crate::capture::text::{is_longer, without_nul};

/// What a service is called that does not say its name.
pub(crate) const UNKNOWN_SERVICE: &str = "unknown";
/// The namespace of our UUIDv5 of spans: made once, at random.
const NAMESPACE: Uuid = Uuid::from_u128(0x2c0a_51d9_7f4e_4b3b_9d7a_60b5_11e2_c8f4);
/// The event that records an exception.
const EXCEPTION: &str = "exception";

/// Returns whether a span is a request that was served.
pub(super) fn is_server(span: &Span) -> bool {
    span.kind == i32::from(SpanKind::Server)
}

/// Returns the name of the service whose spans these are.
pub(super) fn service_of(resource: Option<&Resource>) -> String {
    let attributes = resource.map(|resource| Attributes::new(&resource.attributes));
    let name = attributes.map(|attributes| attributes.text(&["service.name"])).unwrap_or_default();
    if name.is_empty() { UNKNOWN_SERVICE.to_owned() } else { cut(&name, NAME_BYTES_MAX) }
}

/// Reads a server span.
///
/// # Errors
/// Why it cannot be counted, in words for whoever sent it.
pub(crate) fn read(span: &Span, service: &str, now: DateTime<Utc>) -> Result<ServerSpan, String> {
    let uuid = uuid_of(span)?;
    let (start, duration) = times_of(span, now)?;
    let attributes = Attributes::new(&span.attributes);
    let status_code = status_of(attributes);
    let said = span.status.as_ref();
    let failed = said.is_some_and(|status| status.code == i32::from(StatusCode::Error));
    let is_error = failed || status_code >= 500;
    let asked = attributes.text(&["url.path", "http.target", "url.full", "http.url"]);
    let said = said.map_or("", |status| status.message.as_str());
    let distinct_id = attributes.text(&["enduser.id", "user.id"]);
    let distinct_id = if is_longer(&distinct_id, DISTINCT_ID_CHARS_MAX) {
        // An id that is cut is another one: nobody is better than somebody else.
        String::new()
    } else {
        distinct_id.into_owned()
    };
    Ok(ServerSpan {
        uuid: uuid.as_bytes().to_vec(),
        service: service.to_owned(),
        method: method_of(attributes),
        route: route_of(attributes, &asked, &span.name),
        status_code,
        is_error,
        start_ms: start.timestamp_millis(),
        duration_us: duration.num_microseconds().unwrap_or(i64::MAX),
        received_us: now.timestamp_micros(),
        distinct_id,
        trace_id: hex(&span.trace_id),
        error_message: if is_error { error_message(span, said) } else { String::new() },
        path: if asked.is_empty() {
            String::new()
        } else {
            cut(path::path_of(&asked), TEXT_BYTES_MAX)
        },
    })
}

/// Returns an id that the same span always has.
fn uuid_of(span: &Span) -> Result<Uuid, String> {
    let legal = |id: &[u8], length| id.len() == length && id.iter().any(|byte| *byte != 0);
    if !legal(&span.trace_id, 16) {
        return Err("a span needs a trace id of 16 bytes".to_owned());
    }
    if !legal(&span.span_id, 8) {
        return Err("a span needs a span id of 8 bytes".to_owned());
    }
    Ok(Uuid::new_v5(&NAMESPACE, &[span.trace_id.as_slice(), &span.span_id].concat()))
}

/// Returns when it began, to the millisecond, and how long it took.
fn times_of(span: &Span, now: DateTime<Utc>) -> Result<(DateTime<Utc>, TimeDelta), String> {
    let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
    if start == 0 || end == 0 {
        return Err("a span needs a start and an end".to_owned());
    }
    let nanos = end.checked_sub(start).ok_or("a span ends before it starts")?;
    let duration = TimeDelta::nanoseconds(i64::try_from(nanos).unwrap_or(i64::MAX));
    if duration > DURATION_MAX {
        return Err(format!("a span lasts longer than {} hours", DURATION_MAX.num_hours()));
    }
    let millis = i64::try_from(start / 1_000_000).ok();
    let start = millis.and_then(DateTime::from_timestamp_millis);
    let start = start.filter(|start| *start <= now + FUTURE_MAX);
    let start = start
        .ok_or_else(|| format!("a span starts more than {} hour ahead", FUTURE_MAX.num_hours()))?;
    if start < now - AGE_MAX {
        return Err(format!("a span started more than {} days ago", AGE_MAX.num_days()));
    }
    Ok((start, duration))
}

fn status_of(attributes: Attributes<'_>) -> i32 {
    let code = attributes.number(&["http.response.status_code", "http.status_code"]);
    code.and_then(|code| i32::try_from(code).ok())
        .filter(|code| (100..600).contains(code))
        .unwrap_or(0)
}

fn method_of(attributes: Attributes<'_>) -> String {
    let method = attributes.text(&["http.request.method", "http.method", "rpc.system"]);
    cut(&method.to_ascii_uppercase(), METHOD_BYTES_MAX)
}

/// Returns what was asked for: the route as the framework names it, else the RPC, else the pattern of the path, else the
/// span's name, which then is all there is.
fn route_of(attributes: Attributes<'_>, asked: &str, name: &str) -> String {
    let route = attributes.text(&["http.route"]);
    if !route.is_empty() {
        return cut(&route, NAME_BYTES_MAX);
    }
    let (service, method) = (attributes.text(&["rpc.service"]), attributes.text(&["rpc.method"]));
    if !method.is_empty() {
        // Newer conventions have the service within the method.
        let rpc =
            if service.is_empty() { method.into_owned() } else { format!("{service}/{method}") };
        return cut(&rpc, NAME_BYTES_MAX);
    }
    if !asked.is_empty() {
        return cut(&path::pattern(asked), NAME_BYTES_MAX);
    }
    let name = without_nul(name.trim());
    if name.contains('/') && name.starts_with('/') {
        return cut(&path::pattern(&name), NAME_BYTES_MAX);
    }
    if name.is_empty() { "/".to_owned() } else { cut(&name, NAME_BYTES_MAX) }
}

/// Returns what is said of the error: the last exception, else the status.
fn error_message(span: &Span, said: &str) -> String {
    let events = &span.events[..span.events.len().min(EVENTS_MAX)];
    let exception = events.iter().rfind(|event| event.name == EXCEPTION).map(|event| {
        let attributes = Attributes::new(&event.attributes);
        let (kind, message) =
            (attributes.text(&["exception.type"]), attributes.text(&["exception.message"]));
        match (kind.is_empty(), message.is_empty()) {
            (false, false) => format!("{kind}: {message}"),
            _ => format!("{kind}{message}"),
        }
    });
    let message = exception.filter(|text| !text.is_empty());
    cut(&message.unwrap_or_else(|| without_nul(said.trim()).into_owned()), TEXT_BYTES_MAX)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
