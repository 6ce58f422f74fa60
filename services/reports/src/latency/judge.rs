//! When an endpoint is failing, and when it is slow. Pure: minutes in, a verdict out.
//!
//! The minutes are gone through from the oldest, and each moves the endpoint into trouble or out of it. To get in, the last
//! five minutes must be bad beyond doubt; to get out, there must be as many good requests as make it unlikely that the
//! trouble goes on unseen. So the verdict follows an outage and its repair within a minute or two when there is traffic, does
//! not change to and fro at the edge, and is the same for everybody who asks, since nothing is remembered between two
//! questions.

/// Minutes that are judged together, the one that has begun among them.
pub const WINDOW: usize = 5;
/// Requests in them from which on an endpoint can be failing.
pub const FAILING_REQUESTS_MIN: i64 = 5;
/// Failed ones among them.
pub const FAILING_ERRORS_MIN: i64 = 3;
/// The least share of failed requests that is failing.
pub const FAILING_RATE_MIN: f64 = 0.05;
/// How many times the usual share of failed requests is failing.
pub const FAILING_TIMES: f64 = 3.0;
/// The usual share of an endpoint that is said to fail more seldom, or that has no past.
pub const USUAL_RATE_MIN: f64 = 0.005;
/// The share that is failing whatever was usual.
pub const FAILING_RATE_ALWAYS: f64 = 0.5;
/// Requests in the window from which on an endpoint can be slow.
pub const SLOW_REQUESTS_MIN: i64 = 20;
/// How many times the usual p95 is slow.
pub const SLOW_TIMES: f64 = 2.0;
/// How much longer than the usual p95 is slow, in microseconds: from 1 to 3 ms is nothing anybody feels.
pub const SLOW_MORE_US: u64 = 200_000;
/// Up to how many times the usual p95 a minute is good again.
pub const GOOD_TIMES: f64 = 1.5;
/// Minutes without any request after which nothing is said of an endpoint any more.
const SILENT_MINUTES: usize = 10;
/// Minutes from which good requests are taken together as proof.
const PROOF_MINUTES: usize = 15;
/// So many good requests for each that would have failed on average are proof: with a share of r failing, (1 - r)^(8 / r) is
/// below 0.04 %. Three would make it 95 % sure ("rule of three"), but it is looked at every minute, and at 95 % an endpoint at the
/// edge would change to and fro.
const PROOF_TIMES: f64 = 8.0;
/// Requests in a minute without which its p95 says nothing.
const MINUTE_REQUESTS_MIN: i64 = 4;
/// Good minutes in a row after which an endpoint is slow no more.
const GOOD_MINUTES: usize = 2;

/// How an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Condition {
    /// Too few requests to tell.
    #[default]
    Unknown,
    /// As usual.
    Ok,
    /// Far slower than usual.
    Slow,
    /// Far more errors than usual.
    Failing,
}

/// One minute of an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// Requests.
    pub requests: i64,
    /// Failed ones among them.
    pub errors: i64,
    /// 95 % of them were faster, in microseconds; `None` when it is not known.
    pub p95_us: Option<u64>,
}

/// Returns the share of failed requests from which on an endpoint is failing.
#[must_use]
pub fn failing_rate(usual: f64) -> f64 {
    (usual.max(USUAL_RATE_MIN) * FAILING_TIMES).clamp(FAILING_RATE_MIN, FAILING_RATE_ALWAYS)
}

/// Returns the p95 from which on an endpoint is slow, in microseconds.
#[must_use]
pub fn slow_us(usual_us: u64) -> u64 {
    let times = (usual_us as f64 * SLOW_TIMES) as u64;
    times.max(usual_us.saturating_add(SLOW_MORE_US))
}

/// Returns the p95 up to which a minute is good again, in microseconds: between it and [`slow_us`] nothing changes.
#[must_use]
pub fn good_us(usual_us: u64) -> u64 {
    let times = (usual_us as f64 * GOOD_TIMES) as u64;
    times.max(usual_us.saturating_add(SLOW_MORE_US / 2))
}

/// Returns the place of the minute since which an endpoint is failing, if it is at the end. Minutes are in order, without a
/// gap, the last one is the one that has begun.
#[must_use]
pub fn failing_since(minutes: &[Minute], usual_rate: f64) -> Option<usize> {
    let threshold = failing_rate(usual_rate);
    let mut since: Option<usize> = None;
    for now in 0..minutes.len() {
        since = match since {
            None => begins_to_fail(minutes, now, threshold),
            Some(start) => (!is_over(&minutes[start..=now], threshold)).then_some(start),
        };
    }
    since
}

/// Returns since when, if the window that ends with `now` is failing: since its first minute with an error.
fn begins_to_fail(minutes: &[Minute], now: usize, threshold: f64) -> Option<usize> {
    let first = (now + 1).saturating_sub(WINDOW);
    let (requests, errors) = sum(&minutes[first..=now]);
    let fails = requests >= FAILING_REQUESTS_MIN
        && errors >= FAILING_ERRORS_MIN
        && errors as f64 >= threshold * requests as f64;
    // A window whose last requests all went well is one whose trouble is past.
    let since = (first..=now).find(|at| minutes[*at].errors > 0)?;
    (fails && !is_over(&minutes[since..=now], threshold)).then_some(since)
}

/// Returns whether trouble that began with the first of the minutes is over with the last.
fn is_over(minutes: &[Minute], threshold: f64) -> bool {
    let silent = minutes.iter().rev().take_while(|minute| minute.requests == 0).count();
    if silent >= SILENT_MINUTES.min(minutes.len()) {
        return true;
    }
    // The longest end of it that went well, and how bad it was before.
    let longest = PROOF_MINUTES.min(minutes.len() - 1);
    let good = (1..=longest).rev().find(|length| {
        let (requests, errors) = sum(&minutes[minutes.len() - length..]);
        requests > 0 && (errors as f64) < threshold / 2.0 * requests as f64
    });
    let Some(good) = good else { return false };
    let (before, end) = minutes.split_at(minutes.len() - good);
    let (requests, errors) = sum(before);
    let rate = if requests > 0 { errors as f64 / requests as f64 } else { 1.0 };
    sum(end).0 as f64 >= PROOF_TIMES / rate.clamp(threshold / 2.0, 1.0)
}

fn sum(minutes: &[Minute]) -> (i64, i64) {
    let add =
        |(requests, errors), minute: &Minute| (requests + minute.requests, errors + minute.errors);
    minutes.iter().fold((0, 0), add)
}

/// Returns the place of the minute since which an endpoint is slow, if it is at the end.
#[must_use]
pub fn slow_since(minutes: &[Minute], usual_us: u64) -> Option<usize> {
    let (slow, good) = (slow_us(usual_us), good_us(usual_us));
    let told = |minute: &Minute| minute.p95_us.filter(|_| minute.requests >= MINUTE_REQUESTS_MIN);
    let mut since: Option<usize> = None;
    for now in 0..minutes.len() {
        let past = &minutes[..=now];
        since = match since {
            None => {
                let first = (now + 1).saturating_sub(WINDOW);
                let window = &minutes[first..=now];
                let is_bad = |minute: &Minute| told(minute).is_some_and(|p95| p95 >= slow);
                let bad: i64 = window
                    .iter()
                    .filter(|minute| is_bad(minute))
                    .map(|minute| minute.requests)
                    .sum();
                let requests = sum(window).0;
                let latest = window.iter().rev().find(|minute| told(minute).is_some());
                let begins = requests >= SLOW_REQUESTS_MIN
                    && bad * 2 >= requests
                    && latest.is_some_and(is_bad);
                let place = window.iter().position(is_bad).map(|at| first + at);
                place.filter(|_| begins)
            }
            Some(start) => {
                let silent = past.iter().rev().take_while(|minute| minute.requests == 0).count();
                let latest = past[start..].iter().rev().filter_map(told).take(GOOD_MINUTES);
                let good_ones = latest.filter(|p95| *p95 <= good).count();
                (silent < SILENT_MINUTES && good_ones < GOOD_MINUTES).then_some(start)
            }
        };
    }
    since
}

/// Returns the middle one of some numbers, the lower of two.
#[must_use]
pub fn median<T: PartialOrd + Copy>(mut numbers: Vec<T>) -> Option<T> {
    numbers.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    numbers.get(numbers.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests;
