use super::*;

/// Minutes of (requests, errors).
fn minutes(parts: &[(usize, (i64, i64))]) -> Vec<Minute> {
    let minute = |(requests, errors)| Minute { requests, errors, p95_us: None };
    parts.iter().flat_map(|(count, counts)| vec![minute(*counts); *count]).collect()
}

/// Minutes of (requests, p95 in milliseconds).
fn latencies(parts: &[(usize, (i64, u64))]) -> Vec<Minute> {
    let minute = |(requests, ms): (i64, u64)| Minute {
        requests,
        errors: 0,
        p95_us: (requests > 0).then_some(ms * 1_000),
    };
    parts.iter().flat_map(|(count, told)| vec![minute(*told); *count]).collect()
}

/// Returns how often the verdict changes while time goes on.
fn changes(minutes: &[Minute], is_bad: impl Fn(&[Minute]) -> bool) -> usize {
    let verdicts: Vec<bool> = (1..=minutes.len()).map(|end| is_bad(&minutes[..end])).collect();
    verdicts.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

#[test]
fn an_endpoint_that_starts_to_fail_is_failing_since_its_first_error() {
    let past = minutes(&[(30, (60, 0)), (1, (60, 30))]);
    assert_eq!(failing_since(&past, 0.0), Some(30), "within the minute");
    let past = minutes(&[(30, (60, 0)), (20, (60, 30))]);
    assert_eq!(failing_since(&past, 0.0), Some(30));
}

#[test]
fn a_few_errors_are_not_enough() {
    for (requests, errors) in [(4, 4), (100, 2), (100, 4), (1_000, 40)] {
        assert_eq!(failing_since(&minutes(&[(4, (0, 0)), (1, (requests, errors))]), 0.0), None);
    }
    assert_eq!(failing_since(&minutes(&[(1, (5, 3))]), 0.0), Some(0));
}

#[test]
fn what_is_usual_is_not_failing() {
    let past = minutes(&[(60, (100, 10))]);
    assert_eq!(failing_since(&past, 0.10), None);
    assert_eq!(failing_since(&past, 0.001), Some(0));
    let past = minutes(&[(50, (100, 10)), (5, (100, 31))]);
    assert_eq!(failing_since(&past, 0.10), Some(50), "three times as many");
    assert_eq!(failing_since(&minutes(&[(60, (100, 60))]), 0.60), Some(0), "half is too much");
}

#[test]
fn a_repair_is_seen_within_a_minute_when_there_is_traffic() {
    let past = minutes(&[(30, (60, 0)), (10, (60, 30)), (1, (60, 0))]);
    assert_eq!(failing_since(&past, 0.0), None);
    // At half the requests failing, sixteen good ones are proof; fifteen are not.
    let past = |good| minutes(&[(30, (60, 0)), (10, (60, 30)), (1, (good, 0))]);
    assert_eq!(failing_since(&past(15), 0.0), Some(30));
    assert_eq!(failing_since(&past(16), 0.0), None);
}

#[test]
fn with_little_traffic_a_repair_takes_a_few_requests() {
    let past = |good| minutes(&[(20, (1, 1)), (1, (good, 0))]);
    assert_eq!(failing_since(&past(7), 0.0), Some(0));
    assert_eq!(failing_since(&past(8), 0.0), None, "eight good ones where all had failed");
}

#[test]
fn silence_is_no_repair_until_it_lasts() {
    let past = |silent| minutes(&[(10, (60, 60)), (silent, (0, 0))]);
    assert_eq!(failing_since(&past(9), 0.0), Some(0));
    assert_eq!(failing_since(&past(10), 0.0), None);
}

#[test]
fn an_endpoint_at_the_edge_does_not_flap() {
    // One request in ten fails, at random.
    for seed in 0..50_u64 {
        let mut state = seed;
        let mut fails = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % 10 == 0
        };
        let mut minute = || Minute {
            requests: 20,
            errors: (0..20).map(|_| i64::from(fails())).sum(),
            p95_us: None,
        };
        let all: Vec<Minute> = (0..120).map(|_| minute()).collect();
        let changes = changes(&all, |past| failing_since(past, 0.0).is_some());
        assert!(changes <= 3, "{changes} changes in two hours, seed {seed}");
    }
    let steady = minutes(&[(60, (20, 0)), (60, (20, 2))]);
    assert_eq!(changes(&steady, |past| failing_since(past, 0.0).is_some()), 1);
}

#[test]
fn an_endpoint_that_becomes_slow_is_slow_since_its_first_slow_minute() {
    let past = latencies(&[(30, (60, 100)), (3, (60, 900))]);
    assert_eq!(slow_since(&past, 100_000), Some(30));
    let past = latencies(&[(30, (60, 100)), (40, (60, 900))]);
    assert_eq!(slow_since(&past, 100_000), Some(30));
}

#[test]
fn slow_is_twice_as_slow_and_a_fifth_of_a_second_more() {
    assert_eq!(slow_us(1_000), 201_000);
    assert_eq!(slow_us(1_000_000), 2_000_000);
    let past = |ms| latencies(&[(20, (60, ms))]);
    assert_eq!(slow_since(&past(150), 10_000), None, "fifteen times as slow, and nobody feels it");
    assert_eq!(slow_since(&past(1_900), 1_000_000), None);
    assert_eq!(slow_since(&past(2_000), 1_000_000), Some(0));
}

#[test]
fn too_few_requests_are_not_slow() {
    assert_eq!(slow_since(&latencies(&[(5, (3, 9_000))]), 100_000), None);
    assert_eq!(slow_since(&latencies(&[(4, (4, 9_000))]), 100_000), None);
    assert_eq!(slow_since(&latencies(&[(5, (4, 9_000))]), 100_000), Some(0));
}

#[test]
fn two_good_minutes_end_it_and_what_lies_between_changes_nothing() {
    let past = |ms| latencies(&[(10, (60, 900)), (2, (60, ms))]);
    assert_eq!(slow_since(&past(120), 100_000), None);
    assert_eq!(slow_since(&past(250), 100_000), Some(0), "neither slow nor good");
    let one = latencies(&[(10, (60, 900)), (1, (60, 120))]);
    assert_eq!(slow_since(&one, 100_000), Some(0));
    let edge: Vec<Minute> =
        (0..120).map(|n| latencies(&[(1, (60, if n % 2 == 0 { 310 } else { 250 }))])[0]).collect();
    let changes = changes(&edge, |past| slow_since(past, 100_000).is_some());
    assert!(changes <= 1, "{changes} changes");
}

#[test]
fn the_median_is_the_middle_one() {
    assert_eq!(median(vec![3, 1, 2]), Some(2));
    assert_eq!(median(vec![4, 1, 2, 3]), Some(2));
    assert_eq!(median::<u64>(vec![]), None);
}
