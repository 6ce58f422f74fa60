//! Every rule of `capture/limits.rs` at its limit and one beyond it, with its documented code, on every wire of capture: HTTP,
//! gRPC and the JSON doorway.

mod event;

use event::{Event, WIRES, Wire, event, padded, send};
use prost_types::value::Kind;
use prost_types::{Struct, Value};
use serde_json::json;

use crate::support::{SECRET_KEY, Stage, WRITE_KEY, answer};

/// The limits as `docs/API.md` promises them, written out a second time on purpose.
const EVENTS_MAX: usize = 10_000;
const WRITE_KEY_BODY_BYTES_MAX: usize = 1024 * 1024;
const SECRET_KEY_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// A rule: an event that keeps it just so, one that breaks it, and the code of that.
struct Rule {
    what: &'static str,
    kept: Event,
    broken: Event,
    code: &'static str,
}

fn rule(what: &'static str, code: &'static str, kept: Event, broken: Event) -> Rule {
    Rule { what, kept, broken, code }
}

/// A rule about a text's length in characters, not bytes.
fn length(what: &'static str, max: usize, code: &'static str, put: fn(&mut Event, String)) -> Rule {
    let with = |chars: usize| {
        let mut event = event();
        put(&mut event, "é".repeat(chars));
        event
    };
    rule(what, code, with(max), with(max + 1))
}

fn properties(json: String) -> Event {
    Event { properties: json, ..event() }
}

fn keys(count: usize) -> String {
    let members: Vec<_> = (0..count).map(|n| format!("\"k{n}\":{{\"inner\":1}}")).collect();
    format!("{{{}}}", members.join(","))
}

fn deep(levels: usize) -> String {
    format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
}

fn key_of(bytes: usize) -> String {
    format!("{{\"a\":[{{\"{}\":1}}]}}", "k".repeat(bytes))
}

/// A number beyond what a double holds: JSON says it in digits, a message as what it became on the way.
fn number(json: &str, message: f64) -> Event {
    let value = Value { kind: Some(Kind::NumberValue(message)) };
    let structure = Some(Struct { fields: [("a".to_owned(), value)].into() });
    Event { properties: format!("{{\"a\":{json}}}"), structure, ..event() }
}

fn rules() -> Vec<Rule> {
    let with = |put: fn(&mut Event)| {
        let mut event = event();
        put(&mut event);
        event
    };
    let largest = || number("1.7976931348623157e308", f64::MAX);
    vec![
        length("name", 200, "name_too_long", |event, text| event.name = text),
        length("distinct id", 200, "distinct_id_too_long", |event, text| event.distinct_id = text),
        length("anonymous id", 200, "distinct_id_too_long", |event, text| {
            event.anonymous_id = text;
        }),
        length("session id", 200, "invalid_event", |event, text| event.session_id = text),
        rule("a name", "missing_name", event(), with(|event| event.name = " ".into())),
        rule(
            "an id",
            "missing_distinct_id",
            with(|event| (event.distinct_id, event.anonymous_id) = (String::new(), "a".into())),
            with(|event| event.distinct_id = String::new()),
        ),
        rule(
            "uuid",
            "invalid_uuid",
            with(|event| event.uuid = "0191f3a0-0000-7000-8000-000000000001".into()),
            with(|event| event.uuid = "0191f3a0-0000-7000-8000-00000000000x".into()),
        ),
        rule(
            "uuid of zeros",
            "invalid_uuid",
            with(|event| event.uuid = "00000000-0000-0000-0000-000000000001".into()),
            with(|event| event.uuid = "00000000-0000-0000-0000-000000000000".into()),
        ),
        rule(
            "1970",
            "too_old",
            with(|event| event.time = Some(0)),
            with(|event| event.time = Some(-1)),
        ),
        rule("properties", "too_many_properties", properties(keys(255)), properties(keys(256))),
        rule("depth", "too_deep", properties(deep(32)), properties(deep(33))),
        rule(
            "bytes of a key",
            "property_key_too_long",
            properties(key_of(200)),
            properties(key_of(201)),
        ),
        rule("large numbers", "non_finite_number", largest(), number("1e309", f64::INFINITY)),
        rule(
            "numbers that grow",
            "non_finite_number",
            largest(),
            number("-1e131072", f64::NEG_INFINITY),
        ),
        rule("400 digits", "non_finite_number", largest(), number(&"9".repeat(400), f64::NAN)),
    ]
}

#[tokio::test]
async fn each_limit_holds_to_the_last_unit_and_spares_the_neighbours() {
    let stage = Stage::start().await;
    for wire in WIRES {
        for Rule { what, kept, broken, code } in rules() {
            let batch = [event(), kept, broken, event()];
            let codes = send(&stage, wire, WRITE_KEY, &batch).await;
            assert_eq!(
                codes.as_deref(),
                Ok(&["", "", code, ""].map(str::to_owned)[..]),
                "{wire:?}: {what}"
            );
        }
    }
}

#[tokio::test]
async fn a_time_beyond_a_day_ahead_becomes_the_time_of_receipt() {
    let stage = Stage::start().await;
    let now = 1_800_000_000;
    let ahead = |seconds| Event { time: Some(now + seconds), ..event() };
    for wire in WIRES {
        let before = stage.events.written().len();
        let batch = [ahead(86_400), ahead(86_401), ahead(200_000_000_000)];
        let codes = send(&stage, wire, WRITE_KEY, &batch).await;
        assert_eq!(codes, Ok(vec![String::new(); 3]), "{wire:?}");
        let written = stage.events.written().split_off(before);
        let kept: Vec<_> =
            written.iter().map(|event| (event.time_ms, event.properties_json.as_str())).collect();
        let clamped = (now * 1_000, r#"{"$time_clamped":true}"#);
        assert_eq!(kept, [((now + 86_400) * 1_000, "{}"), clamped, clamped], "{wire:?}");
    }
}

#[tokio::test]
async fn what_no_store_holds_is_replaced_in_keys_and_values_and_counted() {
    let stage = Stage::start().await;
    let json = r#"{"a\u0000":"x\u0000\u0000","b":[{"\u0000":"\u0000"}],"k\u0000":1,"k\ufffd":2}"#;
    let hostile = Event {
        name: "n\0".into(),
        anonymous_id: "\0a".into(),
        session_id: "s\0".into(),
        properties: json.into(),
        ..event()
    };
    for wire in WIRES {
        let codes = send(&stage, wire, WRITE_KEY, std::slice::from_ref(&hostile)).await;
        assert_eq!(codes, Ok(vec![String::new()]), "{wire:?}");
        let written = stage.events.written().pop().expect("an event");
        assert_eq!(
            (written.name.as_str(), written.session_id.as_str()),
            ("n\u{fffd}", "s\u{fffd}")
        );
        let kept: serde_json::Value = serde_json::from_str(&written.properties_json).expect("JSON");
        let expected = json!({
            "a\u{fffd}": "x\u{fffd}\u{fffd}", "b": [{"\u{fffd}": "\u{fffd}"}],
            // Two keys that became one: the last one counts, as everywhere in JSON.
            "k\u{fffd}": 2,
            "$anonymous_id": "\u{fffd}a",
            "$sanitized": 9,
        });
        assert_eq!(kept, expected, "{wire:?}");
    }
    // Halves of surrogate pairs: JSON alone can say them.
    let halves =
        r#"[{"name":"\ud800","user_id":"u","properties":{"\udc00":"\ud83d\ude00\ud83d"}}]"#;
    assert_eq!(stage.capture(halves).await.1["accepted"], 1);
    let written = stage.events.written().pop().expect("an event");
    assert_eq!(written.name, "\u{fffd}");
    assert_eq!(written.properties_json, "{\"\u{fffd}\":\"\u{1f600}\u{fffd}\",\"$sanitized\":3}");
}

#[tokio::test]
async fn of_equal_keys_the_last_one_counts() {
    let stage = Stage::start().await;
    for wire in [Wire::Http, Wire::Doorway] {
        let twice = properties(r#"{"a":1,"b":{"c":1,"c":2},"a":"last"}"#.into());
        assert!(send(&stage, wire, WRITE_KEY, &[twice]).await.is_ok());
        let written = stage.events.written().pop().expect("an event");
        let kept: serde_json::Value = serde_json::from_str(&written.properties_json).expect("JSON");
        assert_eq!(kept, json!({"a": "last", "b": {"c": 2}}), "{wire:?}");
    }
}

#[tokio::test]
async fn a_batch_has_a_number_of_events() {
    let stage = Stage::start().await;
    for wire in WIRES {
        let kept = send(&stage, wire, SECRET_KEY, &vec![event(); EVENTS_MAX]).await;
        assert_eq!(kept.map(|codes| codes.len()), Ok(EVENTS_MAX), "{wire:?}");
        let refused = send(&stage, wire, SECRET_KEY, &vec![event(); EVENTS_MAX + 1]).await;
        let told = match wire {
            Wire::Http => "413 INVALID_ARGUMENT",
            Wire::Doorway => "400 INVALID_ARGUMENT",
            Wire::Grpc => "InvalidArgument",
        };
        assert_eq!(refused, Err(told.to_owned()), "{wire:?}");
    }
}

#[tokio::test]
async fn a_body_has_a_size_by_the_class_of_its_key() {
    let stage = Stage::start().await;
    for (key, max) in
        [(WRITE_KEY, WRITE_KEY_BODY_BYTES_MAX), (SECRET_KEY, SECRET_KEY_BODY_BYTES_MAX)]
    {
        for wire in WIRES {
            let kept = padded(&stage, wire, key, max).await;
            assert!(
                kept.as_ref().is_ok_and(|codes| codes.iter().all(String::is_empty)),
                "{wire:?} {kept:?}"
            );
            let refused = padded(&stage, wire, key, max + 1).await;
            let told = if wire == Wire::Grpc { "OutOfRange" } else { "413 OUT_OF_RANGE" };
            assert_eq!(refused, Err(told.to_owned()), "{wire:?}");
        }
    }
}

#[tokio::test]
async fn an_event_has_a_size() {
    let stage = Stage::start().await;
    for wire in WIRES {
        let batch = [
            event(),
            event::sized(wire, EVENT_BYTES_MAX),
            event::sized(wire, EVENT_BYTES_MAX + 1),
            event(),
        ];
        let codes = send(&stage, wire, SECRET_KEY, &batch).await;
        assert_eq!(
            codes.as_deref(),
            Ok(&["", "", "event_too_large", ""].map(str::to_owned)[..]),
            "{wire:?}"
        );
    }
}

#[tokio::test]
async fn a_content_type_that_is_not_served_reaches_nothing() {
    let stage = Stage::start().await;
    let capture = "/observe.events.v1.CaptureService/Capture";
    let me = "/observe.identity.v1.AccountService/GetMe";
    let otlp = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    for path in [capture, me, otlp, "/v1/traces"] {
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/grpc+json",
            "application/xml",
        ] {
            let post = stage.post(path).bearer_auth(WRITE_KEY).header("content-type", content_type);
            let (status, _) = answer(post.body("{}")).await;
            assert_eq!(status, 415, "{path} {content_type}");
        }
    }
    assert!(stage.identity.calls.lock().unwrap().is_empty());
    // Capture over HTTP takes whatever a page can send without asking first.
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
        let post = stage.post("/v1/events").bearer_auth(WRITE_KEY);
        let post = post.header("content-type", content_type);
        assert_eq!(answer(post.body(r#"{"name":"n","user_id":"u"}"#)).await.0, 202);
    }
    let zstd = stage.post("/v1/events").bearer_auth(WRITE_KEY).header("content-encoding", "zstd");
    assert_eq!(answer(zstd.body("{}")).await.0, 415);
    let twice = stage.post("/v1/events").bearer_auth(WRITE_KEY);
    let twice = twice.header("content-encoding", "gzip, gzip");
    assert_eq!(answer(twice.body("{}")).await.0, 415, "nothing is inflated twice");
}
