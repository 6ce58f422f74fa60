//! How a monitor's state follows from what its checks find.

use std::time::Duration;

use chrono::{DateTime, Utc};
pub(crate) use observe_proto::monitor::v1::monitor::State;

use crate::check::Outcome;

/// A monitor's state and how it came to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) state: State,
    pub(crate) since: DateTime<Utc>,
    /// Failed attempts in a row, of whichever slots.
    pub(crate) failures: i32,
    /// When the first of them was due.
    pub(crate) failing_since: Option<DateTime<Utc>>,
}

/// How patient a monitor is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How many more attempts must fail.
    pub(crate) retries: i32,
    /// How long after a failed attempt the next one is due.
    pub(crate) retry_interval: Duration,
    pub(crate) interval: Duration,
}

/// What a transition does to incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    /// It is confirmed down since then.
    Open(DateTime<Utc>),
    /// It is up again.
    Close,
}

/// What follows from an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Consequence {
    pub(crate) status: Status,
    /// When the slot is tried again; `None` closes it with the attempt's outcome.
    pub(crate) retry_at: Option<DateTime<Utc>>,
    pub(crate) transition: Option<Transition>,
}

/// Decides what an attempt means that was made for a slot and ended now.
///
/// Every failed attempt counts, whether it is a retry inside its slot or the first of the next one; so a retry interval as
/// long as the interval simply waits for the next slot.
pub(crate) fn judge(
    status: &Status,
    patience: Patience,
    outcome: Outcome,
    slot: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Consequence {
    let stay = |status: Status| Consequence { status, retry_at: None, transition: None };
    match outcome {
        // Nothing was learnt.
        Outcome::Missed | Outcome::Unspecified => stay(status.clone()),
        _ if status.state == State::Paused => stay(status.clone()),
        Outcome::Up => Consequence {
            status: Status { failures: 0, failing_since: None, ..become_(status, State::Up, now) },
            retry_at: None,
            transition: (status.state == State::Down).then_some(Transition::Close),
        },
        // Whoever was down stays so until somebody sees it up.
        Outcome::Unknown if status.state == State::Down => stay(status.clone()),
        Outcome::Unknown => stay(become_(status, State::Unknown, now)),
        Outcome::Down => fail(status, patience, slot, now),
    }
}

fn fail(
    status: &Status,
    patience: Patience,
    slot: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Consequence {
    let failures = status.failures.saturating_add(1);
    let failing_since = status.failing_since.unwrap_or(slot);
    let failed = |state| Status {
        failures,
        failing_since: Some(failing_since),
        ..become_(status, state, now)
    };
    if status.state == State::Down {
        return Consequence { status: failed(State::Down), retry_at: None, transition: None };
    }
    if failures > patience.retries {
        let transition = Some(Transition::Open(failing_since));
        return Consequence { status: failed(State::Down), retry_at: None, transition };
    }
    let retry_at = now + patience.retry_interval;
    // The next slot comes first: it is the retry.
    let retry_at = (retry_at < slot + patience.interval).then_some(retry_at);
    Consequence { status: failed(State::Pending), retry_at, transition: None }
}

fn become_(status: &Status, state: State, now: DateTime<Utc>) -> Status {
    let since = if status.state == state { status.since } else { now };
    Status { state, since, ..status.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a valid time")
    }

    fn patience(retries: i32, retry: u64) -> Patience {
        let [retry_interval, interval] = [retry, 60].map(Duration::from_secs);
        Patience { retries, retry_interval, interval }
    }

    fn up() -> Status {
        Status { state: State::Up, since: at(0), failures: 0, failing_since: None }
    }

    #[test]
    fn retries_stay_inside_the_slot_and_the_last_one_confirms() {
        let first = judge(&up(), patience(2, 5), Outcome::Down, at(60), at(61));
        assert_eq!((first.status.state, first.retry_at), (State::Pending, Some(at(66))));
        let second = judge(&first.status, patience(2, 5), Outcome::Down, at(60), at(67));
        assert_eq!((second.status.since, second.retry_at), (at(61), Some(at(72))));
        let third = judge(&second.status, patience(2, 5), Outcome::Down, at(60), at(73));
        assert_eq!((third.status.state, third.retry_at), (State::Down, None));
        assert_eq!(third.transition, Some(Transition::Open(at(60))));
        let again = judge(&third.status, patience(2, 5), Outcome::Down, at(120), at(121));
        assert_eq!((again.transition, again.retry_at), (None, None));
        let back = judge(&again.status, patience(2, 5), Outcome::Up, at(180), at(181));
        assert_eq!((back.status.state, back.transition), (State::Up, Some(Transition::Close)));
        assert_eq!((back.status.failures, back.status.failing_since), (0, None));
    }

    #[test]
    fn a_retry_interval_as_long_as_the_interval_waits_for_the_next_slot() {
        let first = judge(&up(), patience(1, 60), Outcome::Down, at(60), at(61));
        assert_eq!((first.status.state, first.retry_at), (State::Pending, None));
        let next = judge(&first.status, patience(1, 60), Outcome::Down, at(120), at(121));
        assert_eq!(next.transition, Some(Transition::Open(at(60))));
    }

    #[test]
    fn one_bad_attempt_between_good_ones_opens_nothing() {
        let bad = judge(&up(), patience(1, 5), Outcome::Down, at(60), at(61));
        let good = judge(&bad.status, patience(1, 5), Outcome::Up, at(60), at(66));
        assert_eq!((good.status.state, good.transition), (State::Up, None));
        let bad = judge(&good.status, patience(1, 5), Outcome::Down, at(120), at(121));
        assert_eq!(bad.status.state, State::Pending, "counting begins anew");
    }

    #[test]
    fn our_own_fault_neither_opens_nor_closes() {
        let unknown = judge(&up(), patience(0, 5), Outcome::Unknown, at(60), at(61));
        assert_eq!((unknown.status.state, unknown.transition), (State::Unknown, None));
        let down = Status { state: State::Down, failures: 1, ..up() };
        assert_eq!(judge(&down, patience(0, 5), Outcome::Unknown, at(60), at(61)).status, down);
        assert_eq!(judge(&up(), patience(0, 5), Outcome::Missed, at(60), at(61)).status, up());
    }

    #[test]
    fn a_paused_monitor_stays_paused() {
        let paused = Status { state: State::Paused, ..up() };
        assert_eq!(judge(&paused, patience(0, 5), Outcome::Down, at(60), at(61)).status, paused);
    }
}
