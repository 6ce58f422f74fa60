//! `$request` events: requests that a server tells of by capture, without OpenTelemetry. They stay ordinary events, and are
//! counted like spans as well.

use observe_core::path;
use observe_proto::events::v1::{AcceptedEvent, ServerSpan};
use serde_json::{Map, Value};

use super::{METHOD_BYTES_MAX, NAME_BYTES_MAX, TEXT_BYTES_MAX, UNKNOWN_SERVICE, cut, is_countable};

/// The name of these events.
pub const REQUEST: &str = "$request";
/// The longest duration, a day: what is said to be longer was measured wrongly.
const DURATION_MS_MAX: f64 = 86_400_000.0;

/// Returns the span that a `$request` event tells of. It needs `duration_ms` and `route` or `path`; every property may have a
/// `$` in front. `None` for other events, and for those that lack these or whose time is out of the lane's reach.
#[must_use]
pub fn span_of(event: &AcceptedEvent, now_ms: i64) -> Option<ServerSpan> {
    if event.name != REQUEST || !is_countable(event.time_ms, now_ms) {
        return None;
    }
    let properties: Map<String, Value> = serde_json::from_str(&event.properties_json).ok()?;
    let get = |key: &str| properties.get(key).or_else(|| properties.get(&format!("${key}")));
    let text = |key, max| get(key).and_then(Value::as_str).map_or("", |text| cut(text, max));
    let number = |key: &str| get(key).and_then(number_of);

    let duration_ms = number("duration_ms").filter(|ms| (0.0..=DURATION_MS_MAX).contains(ms))?;
    let asked = text("path", usize::MAX);
    let route = match text("route", NAME_BYTES_MAX) {
        "" if asked.is_empty() => return None,
        "" => path::pattern(asked),
        route => route.to_owned(),
    };
    let service = match text("service", NAME_BYTES_MAX) {
        "" => UNKNOWN_SERVICE,
        service => service,
    };
    let status = number("status").filter(|code| (100.0..600.0).contains(code)).unwrap_or(0.0);
    let status_code = status as i32;
    Some(ServerSpan {
        uuid: event.uuid.clone(),
        service: service.to_owned(),
        method: cut(&text("method", METHOD_BYTES_MAX).to_ascii_uppercase(), METHOD_BYTES_MAX)
            .to_owned(),
        route: cut(&route, NAME_BYTES_MAX).to_owned(),
        status_code,
        is_error: status_code >= 500,
        start_ms: event.time_ms,
        duration_us: (duration_ms * 1_000.0).round() as i64,
        received_us: event.received_us,
        distinct_id: event.distinct_id.clone(),
        trace_id: trace_id(text("trace_id", 32)),
        error_message: text("error_message", TEXT_BYTES_MAX).to_owned(),
        path: if asked.is_empty() {
            String::new()
        } else {
            cut(path::path_of(asked), TEXT_BYTES_MAX).to_owned()
        },
    })
}

/// Numbers come as such or as text.
fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

fn trace_id(text: &str) -> String {
    let is_id = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { text.to_ascii_lowercase() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn event(properties: &str) -> AcceptedEvent {
        AcceptedEvent {
            uuid: vec![7; 16],
            name: REQUEST.into(),
            distinct_id: "ada".into(),
            time_ms: NOW,
            received_us: NOW * 1_000,
            properties_json: properties.into(),
            ..AcceptedEvent::default()
        }
    }

    #[test]
    fn a_request_is_a_span_with_the_uuid_of_the_event() {
        let bare = event(
            r#"{"service":"shop","method":"post","route":"/pay/:id","path":"/pay/7?x=1","status":502,
                "duration_ms":12.5,"error_message":"timeout"}"#,
        );
        let span = span_of(&bare, NOW).expect("a request");
        assert_eq!(
            (span.uuid, span.service.as_str(), span.method.as_str()),
            (vec![7; 16], "shop", "POST")
        );
        assert_eq!((span.route.as_str(), span.path.as_str()), ("/pay/:id", "/pay/7"));
        assert_eq!((span.status_code, span.is_error, span.duration_us), (502, true, 12_500));
        assert_eq!((span.distinct_id.as_str(), span.error_message.as_str()), ("ada", "timeout"));
        let marked = event(r#"{"$path":"/users/42","$status":"200","$duration_ms":"3"}"#);
        let span = span_of(&marked, NOW).expect("a request");
        assert_eq!((span.service.as_str(), span.route.as_str()), (UNKNOWN_SERVICE, "/users/:id"));
        assert_eq!((span.status_code, span.is_error, span.duration_us), (200, false, 3_000));
    }

    #[test]
    fn what_says_too_little_is_an_event_and_no_span() {
        for properties in [
            r#"{"route":"/a"}"#,
            r#"{"duration_ms":5}"#,
            r#"{"route":"/a","duration_ms":-1}"#,
            r#"{"route":"/a","duration_ms":"NaN"}"#,
            r#"{"route":"/a","duration_ms":86400001}"#,
            r#"{"route":7,"path":{},"duration_ms":1}"#,
        ] {
            assert_eq!(span_of(&event(properties), NOW), None, "{properties}");
        }
        let other =
            AcceptedEvent { name: "viewed".into(), ..event(r#"{"route":"/a","duration_ms":1}"#) };
        assert_eq!(span_of(&other, NOW), None);
        let old = AcceptedEvent { time_ms: 0, ..event(r#"{"route":"/a","duration_ms":1}"#) };
        assert_eq!(span_of(&old, NOW), None);
    }

    #[test]
    fn texts_are_cut_and_odd_statuses_left_out() {
        let long = "é".repeat(1_000);
        let properties = format!(
            r#"{{"service":"{long}","method":"{long}","route":"{long}","path":"/{long}","status":1e9,"duration_ms":1,
                "error_message":"{long}","trace_id":"xyz"}}"#
        );
        let span = span_of(&event(&properties), NOW).expect("a request");
        assert!(span.service.len() <= NAME_BYTES_MAX && span.route.len() <= NAME_BYTES_MAX);
        assert!(
            span.method.len() <= METHOD_BYTES_MAX && span.error_message.len() <= TEXT_BYTES_MAX
        );
        assert!(span.path.len() <= TEXT_BYTES_MAX);
        assert_eq!((span.status_code, span.trace_id.as_str()), (0, ""));
    }
}
