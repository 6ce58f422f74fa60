//! The W3C trace context (`traceparent`, `tracestate`) in headers.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;

struct Read<'a>(&'a HeaderMap);

impl Extractor for Read<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct Write<'a>(&'a mut HeaderMap);

impl Injector for Write<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

/// Returns the trace that the headers name; none of it if they name none that can be read.
pub(super) fn read(headers: &HeaderMap) -> Context {
    TraceContextPropagator::new().extract_with_context(&Context::new(), &Read(headers))
}

/// Names the trace in the headers, in place of what they named.
pub(super) fn write(context: &Context, headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(context, &mut Write(headers));
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TraceContextExt as _;

    use super::*;

    fn of(traceparent: &str) -> HeaderMap {
        let value = HeaderValue::from_bytes(traceparent.as_bytes()).expect("a header");
        HeaderMap::from_iter([(HeaderName::from_static("traceparent"), value)])
    }

    #[test]
    fn a_trace_is_passed_on_as_it_came() {
        let sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context = read(&of(sent));
        assert!(context.span().span_context().is_valid());
        let mut headers = of("00-11111111111111111111111111111111-1111111111111111-01");
        write(&context, &mut headers);
        assert_eq!(headers.get("traceparent").map(HeaderValue::as_bytes), Some(sent.as_bytes()));
        assert_eq!(headers.len(), 1 + usize::from(headers.contains_key("tracestate")));
    }

    #[test]
    fn what_names_no_trace_is_left_out() {
        let long = format!("00-{}-00f067aa0ba902b7-01", "a".repeat(10_000));
        for text in [
            "",
            "nonsense",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "\u{fc}",
            &long,
        ] {
            let context = read(&of(text));
            assert!(!context.span().span_context().is_valid(), "{text:.80}");
        }
    }
}
