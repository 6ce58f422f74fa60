//! A transaction of Sentry's form as a server span, where it is a request that a server served. It becomes a span of OTLP
//! first and is judged as those are, so that both have the same rules.

use chrono::{DateTime, Utc};
use observe_proto::events::v1::ServerSpan;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use super::super::json::decode_string;
use super::fields::{fields, text};
use crate::otlp::span::{self, UNKNOWN_SERVICE};

/// The kind of transaction that is a request that was served.
const SERVED: &str = "http.server";
/// Characters of a value that is looked at.
const VALUE_CHARS_MAX: usize = 500;
/// The methods that clients write before a route.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
/// What a transaction says of a request that failed by the server's fault.
const FAILED: [&str; 5] =
    ["internal_error", "unknown_error", "unavailable", "data_loss", "unimplemented"];

/// Reads a transaction, which is known to be JSON; `None` if it is no request that was served.
///
/// # Errors
/// Why it cannot be counted, in words for whoever sent it.
pub(super) fn server_span(json: &str, now: DateTime<Utc>) -> Result<Option<ServerSpan>, String> {
    let transaction = Some(json);
    let [contexts, request, user, tags] =
        fields(transaction, ["contexts", "request", "user", "tags"]);
    let [trace, response] = fields(contexts, ["trace", "response"]);
    let [op, trace_id, span_id, said, data] =
        fields(trace, ["op", "trace_id", "span_id", "status", "data"]);
    if text(op, VALUE_CHARS_MAX) != SERVED {
        return Ok(None);
    }
    let [name, info, release, start, end] = fields(
        transaction,
        ["transaction", "transaction_info", "release", "start_timestamp", "timestamp"],
    );
    let [source] = fields(info, ["source"]);
    let [url, method] = fields(request, ["url", "method"]);
    let [id] = fields(user, ["id"]);
    let name = text(name, VALUE_CHARS_MAX);
    let (named_method, place) = match name.split_once(' ') {
        Some((method, place)) if METHODS.contains(&method) => (method, place),
        _ => ("", name.as_str()),
    };
    let is_route = matches!(text(source, VALUE_CHARS_MAX).as_str(), "route" | "custom");
    let [route, path, target, full, old_url] =
        fields(data, ["http.route", "url.path", "http.target", "url.full", "http.url"]);
    let route = text(route, VALUE_CHARS_MAX);
    let route = if route.is_empty() && is_route { place.to_owned() } else { route };
    let asked = [path, target, full, old_url, url].into_iter().flatten().next();
    let [new_method, old_method] = fields(data, ["http.request.method", "http.method"]);
    let method = [new_method, old_method, method].map(|one| text(one, VALUE_CHARS_MAX));
    let method = method.into_iter().find(|one| !one.is_empty());
    let attributes = [
        ("http.route", route),
        ("url.path", text(asked, VALUE_CHARS_MAX)),
        ("http.request.method", method.unwrap_or_else(|| named_method.to_owned())),
        ("http.response.status_code", status_code(data, response, tags)),
        ("enduser.id", text(id, VALUE_CHARS_MAX)),
    ];
    let has_failed = FAILED.contains(&text(said, VALUE_CHARS_MAX).as_str());
    let span = Span {
        trace_id: bytes(trace_id),
        span_id: bytes(span_id),
        name: place.to_owned(),
        kind: SpanKind::Server.into(),
        start_time_unix_nano: nanos(start),
        end_time_unix_nano: nanos(end),
        attributes: attributes.into_iter().filter_map(attribute).collect(),
        status: has_failed.then(|| Status { code: StatusCode::Error.into(), ..Status::default() }),
        ..Span::default()
    };
    span::read(&span, &service(tags, release), now).map(Some)
}

/// Returns the service: what a tag says, else the package of a release `package@version`, as Sentry advises to write it.
fn service(tags: Option<&str>, release: Option<&str>) -> String {
    let tagged = fields(tags, ["service.name", "service"]).map(|tag| text(tag, VALUE_CHARS_MAX));
    let release = text(release, VALUE_CHARS_MAX);
    let package = release.split_once('@').map_or("", |(package, _)| package).to_owned();
    let named = tagged.into_iter().chain([package]).find(|name| !name.is_empty());
    let named = named.unwrap_or_else(|| UNKNOWN_SERVICE.to_owned());
    named[..named.floor_char_boundary(span::NAME_BYTES_MAX)].to_owned()
}

fn status_code(data: Option<&str>, response: Option<&str>, tags: Option<&str>) -> String {
    let [new, old] = fields(data, ["http.response.status_code", "http.status_code"]);
    let [of_response] = fields(response, ["status_code"]);
    let [tag] = fields(tags, ["http.status_code"]);
    let codes = [new, old, of_response, tag].map(|code| text(code, VALUE_CHARS_MAX));
    codes.into_iter().find(|code| !code.is_empty()).unwrap_or_default()
}

fn attribute((key, value): (&str, String)) -> Option<KeyValue> {
    let value = (!value.is_empty()).then_some(Value::StringValue(value))?;
    Some(KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    })
}

/// Reads hexadecimal digits; what is none is empty, and no id.
fn bytes(hex: Option<&str>) -> Vec<u8> {
    let hex = text(hex, VALUE_CHARS_MAX);
    let pairs = hex.as_bytes().chunks(2);
    let read = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(read).collect::<Option<_>>().unwrap_or_default()
}

/// Reads a time as nanoseconds since 1970; 0 where there is none.
fn nanos(time: Option<&str>) -> u64 {
    let Some(time) = time else { return 0 };
    if time.starts_with('"') {
        let time = decode_string(time);
        let time = DateTime::parse_from_rfc3339(time.trim());
        let nanos = time.ok().and_then(|time| time.timestamp_nanos_opt());
        return nanos.and_then(|nanos| u64::try_from(nanos).ok()).unwrap_or(0);
    }
    // Whole microseconds: more is not in a double of our time.
    let micros = time.parse::<f64>().unwrap_or(0.0) * 1e6;
    (micros.round().clamp(0.0, 9e15) as u64).saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn read(transaction: &Json) -> Result<Option<ServerSpan>, String> {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time");
        server_span(&transaction.to_string(), now)
    }

    fn served() -> Json {
        json!({
            "type": "transaction", "transaction": "POST /pay/:order", "transaction_info": {"source": "route"},
            "release": "shop@1.0", "user": {"id": "ada"},
            "start_timestamp": 1_799_999_999.5, "timestamp": 1_799_999_999.750_5,
            "contexts": {"trace": {
                "op": "http.server", "status": "internal_error",
                "trace_id": "ede5e9fcc1a54d4186b89f2a01b1a90c", "span_id": "9cf95cb17a2a0e77",
                "data": {"http.response.status_code": 500, "url.path": "/pay/4711?card=1"},
            }},
        })
    }

    #[test]
    fn a_request_that_was_served_is_a_server_span() {
        let span = read(&served()).expect("fine").expect("served");
        assert_eq!((span.service.as_str(), span.method.as_str()), ("shop", "POST"));
        assert_eq!((span.route.as_str(), span.path.as_str()), ("/pay/:order", "/pay/4711"));
        assert_eq!((span.status_code, span.is_error), (500, true));
        assert_eq!((span.start_ms, span.duration_us), (1_799_999_999_500, 250_500));
        assert_eq!(span.distinct_id, "ada");
        assert_eq!(span.trace_id, "ede5e9fcc1a54d4186b89f2a01b1a90c");
    }

    #[test]
    fn the_forms_of_other_clients_are_read() {
        let mut python = served();
        python["transaction"] = json!("shop.views.pay");
        python["transaction_info"] = json!({"source": "component"});
        python["request"] = json!({"url": "https://shop.example/pay/4711", "method": "post"});
        python["contexts"]["trace"]["data"] = json!({});
        python["contexts"]["response"] = json!({"status_code": 404});
        python["contexts"]["trace"]["status"] = json!("not_found");
        python["tags"] = json!({"service": "checkout"});
        python["start_timestamp"] = json!("2027-01-15T07:59:59.500Z");
        python["timestamp"] = json!("2027-01-15T07:59:59.750500Z");
        let span = read(&python).expect("fine").expect("served");
        assert_eq!((span.service.as_str(), span.method.as_str()), ("checkout", "POST"));
        assert_eq!(
            (span.route.as_str(), span.status_code, span.is_error),
            ("/pay/:id", 404, false)
        );
        assert_eq!(span.duration_us, 250_500);
        let mut bare = served();
        bare["release"] = json!(null);
        bare["contexts"]["trace"]["data"] = json!(null);
        let span = read(&bare).expect("fine").expect("served");
        assert_eq!((span.service.as_str(), span.status_code, span.is_error), ("unknown", 0, true));
    }

    #[test]
    fn other_work_is_none_and_what_cannot_be_counted_is_told() {
        let mut task = served();
        task["contexts"]["trace"]["op"] = json!("task");
        assert_eq!(read(&task), Ok(None));
        assert_eq!(read(&json!({})), Ok(None));
        for (key, value) in
            [("trace_id", json!("xyz")), ("trace_id", json!(null)), ("span_id", json!("9cf9"))]
        {
            let mut broken = served();
            broken["contexts"]["trace"][key] = value;
            assert!(read(&broken).is_err_and(|told| told.contains("id of")), "{key}");
        }
        let mut backwards = served();
        backwards["timestamp"] = json!(1.0);
        assert!(read(&backwards).is_err_and(|told| told.contains("before it starts")));
    }
}
