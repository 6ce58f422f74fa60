//! Monitors: what may be asked for, and what is kept of it.

pub(crate) mod http;

use std::time::Duration;

use observe_core::Violations;
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::monitor::Target as Wire;

use crate::convert::millis;

/// Monitors of a project.
pub(crate) const MONITORS_MAX: i64 = 500;
/// The longest name, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 200;

const SECOND: i64 = 1_000;
/// How often a monitor may be checked, in milliseconds.
const INTERVAL_MS: std::ops::RangeInclusive<i64> = 10 * SECOND..=24 * 3_600 * SECOND;
const INTERVAL_DEFAULT_MS: i64 = 60 * SECOND;
/// How long one check may take, in milliseconds.
const TIMEOUT_MS: std::ops::RangeInclusive<i64> = SECOND..=60 * SECOND;
const TIMEOUT_DEFAULT_MS: i64 = 10 * SECOND;
const RETRIES_MAX: i32 = 10;
/// How late a heartbeat may be, in milliseconds.
const GRACE_MS: std::ops::RangeInclusive<i64> = 0..=24 * 3_600 * SECOND;
const GRACE_DEFAULT_MS: i64 = 60 * SECOND;

/// What a monitor is told to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spec {
    pub(crate) name: String,
    pub(crate) interval_ms: i64,
    pub(crate) timeout_ms: i64,
    pub(crate) retries: i32,
    pub(crate) retry_interval_ms: i64,
    pub(crate) target: Target,
}

/// What is watched.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    /// A URL, with its header values.
    Http(pb::HttpTarget),
    /// A program that calls in.
    Heartbeat {
        /// How late it may be.
        grace_ms: i64,
    },
}

impl Target {
    /// Returns the word of the kind, as the store has it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Heartbeat { .. } => "heartbeat",
        }
    }
}

/// Checks what was asked for; everything wrong with it is noted. `known` are the headers that are there already, from which
/// empty values are filled.
pub(crate) fn checked(
    monitor: &pb::Monitor,
    known: &[pb::HttpHeader],
    violations: &mut Violations,
) -> Spec {
    let interval_ms = duration(
        monitor.interval.as_ref(),
        "monitor.interval",
        (INTERVAL_MS, INTERVAL_DEFAULT_MS),
        "must be whole seconds, 10 s to 1 day",
        violations,
    );
    violations.require(
        interval_ms % SECOND == 0,
        "monitor.interval",
        "must be whole seconds, 10 s to 1 day",
    );
    let target = match &monitor.target {
        Some(Wire::Http(http)) => Target::Http(http::checked(http, known, violations)),
        Some(Wire::Heartbeat(heartbeat)) => {
            let grace_ms = duration(
                heartbeat.grace.as_ref(),
                "monitor.heartbeat.grace",
                (GRACE_MS, GRACE_DEFAULT_MS),
                "must be 0 s to 1 day",
                violations,
            );
            Target::Heartbeat { grace_ms }
        }
        None => {
            violations.add("monitor.target", "is needed: http or heartbeat");
            Target::Heartbeat { grace_ms: 0 }
        }
    };
    let is_http = matches!(target, Target::Http(_));
    let (timeout_ms, retries, retry_interval_ms) =
        if is_http { patience(monitor, interval_ms, violations) } else { (0, 0, interval_ms) };
    if !is_http && monitor.target.is_some() {
        let none = "is for targets that we call; a heartbeat has none";
        violations.require(monitor.timeout.is_none(), "monitor.timeout", none);
        violations.require(monitor.retries == 0, "monitor.retries", none);
        violations.require(monitor.retry_interval.is_none(), "monitor.retry_interval", none);
    }
    Spec {
        name: name(&monitor.name, "monitor.name", violations),
        interval_ms,
        timeout_ms,
        retries,
        retry_interval_ms,
        target,
    }
}

fn patience(
    monitor: &pb::Monitor,
    interval_ms: i64,
    violations: &mut Violations,
) -> (i64, i32, i64) {
    let timeout_ms = duration(
        monitor.timeout.as_ref(),
        "monitor.timeout",
        (TIMEOUT_MS, TIMEOUT_DEFAULT_MS.min(interval_ms * 4 / 5)),
        "must be 1 s to 60 s",
        violations,
    );
    violations.require(
        timeout_ms <= interval_ms,
        "monitor.timeout",
        "must not be longer than the interval",
    );
    violations.require(
        (0..=RETRIES_MAX).contains(&monitor.retries),
        "monitor.retries",
        "must be 0-10",
    );
    let retry_interval_ms = duration(
        monitor.retry_interval.as_ref(),
        "monitor.retry_interval",
        (SECOND..=interval_ms.max(SECOND), interval_ms),
        "must be 1 s to the interval",
        violations,
    );
    (timeout_ms, monitor.retries, retry_interval_ms)
}

/// Returns the name without surrounding space; notes it if it is not of 1-200 characters.
pub(crate) fn name(name: &str, field: &str, violations: &mut Violations) -> String {
    let name = name.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.contains('\0');
    violations.require(fits, field, "must have 1-200 characters");
    name.to_owned()
}

/// Returns a duration in milliseconds, or the default for none; notes one outside of the range.
fn duration(
    given: Option<&prost_types::Duration>,
    field: &str,
    (range, default): (std::ops::RangeInclusive<i64>, i64),
    expected: &str,
    violations: &mut Violations,
) -> i64 {
    let Some(given) = given else { return default };
    match millis(given).filter(|millis| range.contains(millis)) {
        Some(millis) => millis,
        None => {
            violations.add(field, expected);
            default
        }
    }
}

impl Spec {
    /// Returns how long one check may take.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.unsigned_abs())
    }
}

#[cfg(test)]
mod tests;
