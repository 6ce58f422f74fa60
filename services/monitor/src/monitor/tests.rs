//! What may be asked for, and how every mistake is told.

use prost_types::Duration;

use super::*;

fn seconds(seconds: i64) -> Option<Duration> {
    Some(Duration { seconds, nanos: 0 })
}

fn http(url: &str) -> pb::Monitor {
    let http = pb::HttpTarget { url: url.into(), ..Default::default() };
    pb::Monitor { name: "Shop".into(), target: Some(Wire::Http(http)), ..Default::default() }
}

fn fields(monitor: &pb::Monitor) -> Vec<String> {
    let mut violations = Violations::new();
    checked(monitor, &[], &mut violations);
    violations.iter().map(|violation| violation.field.clone()).collect()
}

#[test]
fn what_is_left_out_has_good_defaults() {
    let mut violations = Violations::new();
    let spec = checked(&http("https://example.com/"), &[], &mut violations);
    assert!(violations.is_empty(), "{violations}");
    assert_eq!(
        (spec.interval_ms, spec.timeout_ms, spec.retry_interval_ms),
        (60_000, 10_000, 60_000)
    );
    let Target::Http(target) = spec.target else { unreachable!("it was http") };
    assert_eq!(target.method, "GET");
    assert_eq!(target.statuses, [pb::StatusRange { from: 200, to: 299 }]);
    let short = pb::Monitor { interval: seconds(10), ..http("https://example.com/") };
    assert_eq!(checked(&short, &[], &mut Violations::new()).timeout_ms, 8_000);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let header =
        |name: &str, value: &str| pb::HttpHeader { name: name.into(), value: value.into() };
    let target = pb::HttpTarget {
        method: "BREW".into(),
        headers: vec![header("host", "a"), header("a b", "c"), header("ok", "line\nfeed")],
        body: "x".repeat(10_001),
        statuses: vec![pb::StatusRange { from: 300, to: 200 }],
        keyword_absent: true,
        ..Default::default()
    };
    let monitor = pb::Monitor {
        name: " ".into(),
        interval: seconds(5),
        timeout: seconds(61),
        retries: 11,
        retry_interval: seconds(0),
        target: Some(Wire::Http(target)),
        ..Default::default()
    };
    let found = fields(&monitor);
    for field in [
        "monitor.interval",
        "monitor.http.method",
        "monitor.http.headers[0].name",
        "monitor.http.headers[1].name",
        "monitor.http.headers[2].value",
        "monitor.http.body",
        "monitor.http.statuses[0]",
        "monitor.http.keyword_absent",
        "monitor.timeout",
        "monitor.retries",
        "monitor.retry_interval",
        "monitor.name",
    ] {
        assert!(found.iter().any(|found| found == field), "{field} is not in {found:?}");
    }
}

#[test]
fn an_empty_header_value_keeps_the_one_that_is_there() {
    let header = |value: &str| pb::HttpHeader { name: "X-Key".into(), value: value.into() };
    let target = pb::HttpTarget { headers: vec![header("")], ..Default::default() };
    let mut violations = Violations::new();
    let known = [pb::HttpHeader { name: "x-key".into(), value: "secret".into() }];
    let kept = http::checked(&target, &known, &mut violations);
    assert!(violations.is_empty(), "{violations}");
    assert_eq!(kept.headers[0].value, "secret");
    http::checked(&target, &[], &mut violations);
    assert_eq!(violations.iter().count(), 1, "there is nothing to keep");
}

#[test]
fn a_heartbeat_has_no_patience_and_some_grace() {
    let heartbeat = pb::HeartbeatTarget::default();
    let monitor = pb::Monitor {
        name: "Backup".into(),
        target: Some(Wire::Heartbeat(heartbeat)),
        ..Default::default()
    };
    let spec = checked(&monitor, &[], &mut Violations::new());
    assert_eq!(spec.target, Target::Heartbeat { grace_ms: 60_000 });
    assert!(fields(&monitor).is_empty());
    let patient = pb::Monitor { retries: 1, timeout: seconds(5), ..monitor };
    assert_eq!(fields(&patient), ["monitor.timeout", "monitor.retries"]);
    assert_eq!(fields(&pb::Monitor { name: "x".into(), ..Default::default() }), ["monitor.target"]);
}
