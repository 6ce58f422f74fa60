//! Buckets by a clock of the test's own.

use chrono::{DateTime, TimeDelta};
use observe_core::clock::ManualClock;
use uuid::Uuid;

use super::*;

fn limit(per_second: u64) -> (Limit<KeyId>, Arc<ManualClock>) {
    let start = DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time");
    let clock = Arc::new(ManualClock::new(start));
    let shared: Arc<dyn Clock> = clock.clone();
    (Limit::new("key", per_second, false, &shared), clock)
}

fn key(n: u128) -> KeyId {
    KeyId::new(Uuid::from_u128(n))
}

/// Sends a batch; returns how many were taken in.
fn send(limit: &Limit<KeyId>, n: u128, events: u64) -> u64 {
    match limit.admit(key(n)) {
        Ok(()) => {
            limit.charge(key(n), events);
            events
        }
        Err(_) => 0,
    }
}

#[test]
fn one_of_ten_keys_is_abusive_and_is_capped_while_the_others_are_not() {
    let (limit, clock) = limit(1_000);
    let (mut abusive, mut honest, seconds) = (0, 0, 600);
    for _ in 0..seconds {
        for _ in 0..100 {
            clock.advance(TimeDelta::milliseconds(10));
            abusive += send(&limit, 0, 77);
            for n in 1..10 {
                honest += send(&limit, n, 9);
            }
        }
    }
    assert_eq!(honest, seconds * 100 * 9 * 9, "all of it");
    let allowed = 1_000 * (seconds + BURST_SECONDS);
    assert!(abusive >= allowed * 95 / 100 && abusive <= allowed * 105 / 100, "{abusive}");
}

#[test]
fn a_batch_larger_than_the_bucket_is_taken_and_paid_for() {
    let (limit, clock) = limit(10);
    assert_eq!(send(&limit, 1, 10_000), 10_000);
    let wait = limit.admit(key(1)).expect_err("overdrawn");
    // The debt is bounded by what the bucket holds.
    assert_eq!(wait, Duration::from_millis(10_100));
    clock.advance(TimeDelta::milliseconds(9_999));
    assert!(limit.admit(key(1)).is_err());
    clock.advance(TimeDelta::milliseconds(2));
    assert!(limit.admit(key(1)).is_ok());
}

#[test]
fn what_was_given_back_may_be_sent_again() {
    let (limit, _) = limit(10);
    send(&limit, 1, 150);
    assert!(limit.admit(key(1)).is_err());
    limit.give_back(key(1), 150);
    assert!(limit.admit(key(1)).is_ok());
}

#[test]
fn a_clock_that_is_set_back_does_no_harm() {
    let (limit, clock) = limit(10);
    send(&limit, 1, 100);
    clock.advance(TimeDelta::seconds(-3_600));
    assert!(limit.admit(key(1)).is_err());
    clock.advance(TimeDelta::seconds(3_601));
    assert!(limit.admit(key(1)).is_ok());
}

#[test]
fn without_a_rate_there_is_no_limit() {
    let (limit, _) = limit(0);
    assert_eq!(send(&limit, 1, u64::MAX / 2), u64::MAX / 2);
    assert_eq!(send(&limit, 1, 1), 1);
    assert_eq!(limit.buckets.entry_count(), 0);
}
