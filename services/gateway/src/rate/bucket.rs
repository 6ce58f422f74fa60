//! One token bucket, as this gateway counts it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

/// The longest that anybody is told to wait.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);
/// What part of a second's worth is used before it is worth telling Redis.
const WORTH_SHARING: f64 = 0.01;

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rate {
    pub(super) per_second: f64,
    pub(super) burst: f64,
}

impl Rate {
    /// Returns a rate with a burst of so many seconds; `None` for 0, which means that there is no limit.
    #[expect(
        clippy::cast_precision_loss,
        reason = "nobody sends as many events as a double counts"
    )]
    pub(super) fn of(per_second: u64, burst_seconds: u64) -> Option<Self> {
        let burst = per_second.saturating_mul(burst_seconds) as f64;
        (per_second > 0).then_some(Self { per_second: per_second as f64, burst })
    }
}

/// What is left for one key or address.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Its name in Redis.
    pub(super) name: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What is left; negative while overdrawn.
    balance: f64,
    /// When that was so.
    at: DateTime<Utc>,
    /// What was used since Redis was told.
    untold: f64,
    /// Whether it waits to be told.
    is_queued: bool,
}

/// What Redis is to be told of a bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Use {
    pub(super) used: f64,
    /// What is left by this gateway's count.
    pub(super) balance: f64,
}

#[expect(clippy::cast_precision_loss, reason = "nobody sends as many events as a double counts")]
impl Bucket {
    pub(super) fn full(name: String, rate: Rate, now: DateTime<Utc>) -> Self {
        let state = State { balance: rate.burst, at: now, untold: 0.0, is_queued: false };
        Self { name, state: Mutex::new(state) }
    }

    /// Returns whether anything is left, else for how long nothing will be.
    pub(super) fn admit(&self, rate: Rate, now: DateTime<Utc>) -> Result<(), Duration> {
        let mut state = self.state();
        state.refill(rate, now);
        if state.balance > 0.0 {
            return Ok(());
        }
        let seconds = (1.0 - state.balance) / rate.per_second;
        Err(Duration::from_secs_f64(seconds).min(RETRY_AFTER_MAX))
    }

    /// Takes so much out, also more than is there. Returns whether Redis should hear of it.
    pub(super) fn charge(&self, rate: Rate, now: DateTime<Utc>, count: u64) -> bool {
        let mut state = self.state();
        state.refill(rate, now);
        state.balance = (state.balance - count as f64).max(-rate.burst);
        state.untold += count as f64;
        !state.is_queued && state.untold >= rate.per_second * WORTH_SHARING
    }

    /// Puts back what was taken out.
    pub(super) fn give_back(&self, rate: Rate, count: u64) {
        let mut state = self.state();
        state.balance = (state.balance + count as f64).min(rate.burst);
        // It may be below zero: then it was told already, and is taken back with the next.
        state.untold -= count as f64;
    }

    /// Notes that it waits to be told. Returns false if it did already.
    pub(super) fn queue(&self) -> bool {
        !std::mem::replace(&mut self.state().is_queued, true)
    }

    /// Takes what is to be told. If that fails, what was used still counts here.
    pub(super) fn take_use(&self, rate: Rate, now: DateTime<Utc>) -> Use {
        let mut state = self.state();
        state.refill(rate, now);
        state.is_queued = false;
        Use { used: std::mem::take(&mut state.untold), balance: state.balance }
    }

    /// Takes over what is left by everybody's count. What was used since is not in it.
    pub(super) fn learn(&self, balance: f64, now: DateTime<Utc>) {
        let mut state = self.state();
        state.balance = balance - state.untold;
        state.at = state.at.max(now);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn refill(&mut self, rate: Rate, now: DateTime<Utc>) {
        // A clock that was set back fills nothing, and takes nothing.
        let elapsed = (now - self.at).to_std().unwrap_or_default();
        self.balance = (self.balance + elapsed.as_secs_f64() * rate.per_second).min(rate.burst);
        self.at = self.at.max(now);
    }
}
