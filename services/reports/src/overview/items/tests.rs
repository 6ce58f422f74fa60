use super::*;

const NOW: i64 = 100_000_000;

fn error(trouble: ErrorTrouble, people: u64, last_seen_ms: i64) -> ErrorSignal {
    ErrorSignal {
        group_id: "ab12".into(),
        title: "TypeError: cart is undefined".into(),
        culprit: "pay (checkout.js)".into(),
        trouble,
        since_ms: NOW - 60_000,
        last_seen_ms,
        count: 124,
        people,
        usual_per_hour: 3.0,
        points: vec![0.0, 124.0],
    }
}

fn endpoint(trouble: EndpointTrouble, people: u64) -> EndpointSignal {
    EndpointSignal {
        service: "shop".into(),
        method: "POST".into(),
        route: "/pay/:id".into(),
        trouble,
        since_ms: NOW - 120_000,
        requests: 50,
        failed: 19,
        people,
        points: Vec::new(),
    }
}

#[test]
fn an_endpoint_says_how_much_fails_and_where_to_look() {
    let item =
        Item::of_endpoint(&endpoint(EndpointTrouble::Failing { now: 0.38, before: 0.004 }, 3));
    assert_eq!(item.title, "POST /pay/:id is failing");
    assert_eq!(item.measure, "38 % errors (was 0.4 %)");
    assert_eq!(item.severity, Severity::Critical);
    assert_eq!(item.link, "endpoints/one?service=shop&method=POST&route=%2Fpay%2F%3Aid");
    assert_eq!(item.subject, "shop POST /pay/:id");
    let few = Item::of_endpoint(&endpoint(EndpointTrouble::Failing { now: 0.1, before: 0.0 }, 3));
    assert_eq!(few.severity, Severity::Warning);
    let slow = EndpointTrouble::Slow { now_ms: 1_900.0, before_ms: 240.0 };
    assert_eq!(Item::of_endpoint(&endpoint(slow, 3)).measure, "p95 1.9 s (was 240 ms)");
}

#[test]
fn a_new_error_that_went_quiet_is_only_good_to_know() {
    let severity = |people, last_seen| {
        Item::of_error(&error(ErrorTrouble::New, people, last_seen), NOW).severity
    };
    assert_eq!(severity(3, NOW), Severity::Warning);
    assert_eq!(severity(10, NOW), Severity::Critical);
    assert_eq!(severity(10, NOW - QUIET_MS - 1), Severity::Notice);
    let spike = Item::of_error(&error(ErrorTrouble::Spike, 2, NOW), NOW);
    assert_eq!(spike.measure, "124 times (usually 3 an hour)");
    assert_eq!(spike.detail, "In pay (checkout.js).");
}

#[test]
fn our_own_trouble_comes_first_then_severity_then_people() {
    let failing = EndpointTrouble::Failing { now: 0.5, before: 0.0 };
    let mut items = vec![
        Item::of_error(&error(ErrorTrouble::New, 9, NOW), NOW),
        Item::of_endpoint(&endpoint(failing, 37)),
        Item::of_error(&error(ErrorTrouble::Spike, 40, NOW), NOW),
        Item::of_lag(31_000, 7, NOW).expect("it is behind"),
    ];
    rank(&mut items);
    let kinds: Vec<_> = items.iter().map(|item| item.kind).collect();
    assert_eq!(
        kinds,
        [ItemKind::IngestLag, ItemKind::ErrorSpike, ItemKind::EndpointFailing, ItemKind::ErrorNew]
    );
    assert_eq!(items[0].measure, "7 waiting, the oldest for 31 s");
    assert_eq!(Item::of_lag(29_999, 7, NOW), None);
}

#[test]
fn an_endpoint_ranks_before_an_error_of_the_same_people() {
    let failing = EndpointTrouble::Failing { now: 0.5, before: 0.0 };
    let mut items = vec![
        Item::of_error(&error(ErrorTrouble::Spike, 12, NOW), NOW),
        Item::of_endpoint(&endpoint(failing, 12)),
    ];
    rank(&mut items);
    assert_eq!(items[0].kind, ItemKind::EndpointFailing);
}
