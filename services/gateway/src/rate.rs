//! How much a key and an address may send: token buckets that all gateways share through the cache Redis.
//!
//! No request waits for Redis. Each gateway counts by itself, and tells Redis ten times a second what was used and learns
//! what is left ([`shared`]). While Redis is away, each goes on by its own count.
//!
//! A bucket may be overdrawn: whoever has anything left may send a whole batch, and then waits until the debt is paid. So a
//! batch that is larger than the bucket is possible, and what is sent over time still is what the rate allows.

mod bucket;
mod shared;

use std::fmt::Display;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use observe_core::source::{public_source, source};
use observe_core::{Clock, KeyId, ProjectId};

use crate::config::Config;
use crate::error::Error;
use crate::rejections::attempt;
use bucket::{Bucket, Rate};

pub(crate) use shared::{Sharing, share};

/// Seconds of a rate that may be sent at once after a pause.
const BURST_SECONDS: u64 = 10;
/// Look-ups a second of keys that nobody knows, for one address. A sender with a wrong key needs one every ten seconds.
const UNKNOWN_KEYS_PER_SECOND: u64 = 10;
/// Keys, and addresses, whose use is remembered. The one that was not seen for longest is forgotten first.
const BUCKETS_MAX: u64 = 100_000;
/// Buckets that wait to be shared; further ones are counted here alone until the next time.
const WAITING_MAX: usize = 10_000;

/// All limits of rate.
pub(crate) struct RateLimits {
    events: Limit<KeyId>,
    requests: Limit<IpAddr>,
    unknown_keys: Limit<IpAddr>,
}

/// One bucket for each `K`, all of one rate.
struct Limit<K> {
    /// `None` means: no limit.
    rate: Option<Rate>,
    buckets: Cache<K, Arc<Bucket>>,
    /// The name of the buckets in Redis.
    name: &'static str,
    /// Where buckets wait to be shared; `None` if they are not.
    waiting: Option<Waiting>,
    clock: Arc<dyn Clock>,
}

/// Buckets with use that Redis has not heard of.
type Waiting = Arc<Mutex<Vec<Arc<Bucket>>>>;

impl RateLimits {
    /// Returns the limits, and what shares them if there is a cache Redis.
    pub(crate) fn new(config: &Config, clock: &Arc<dyn Clock>) -> (Self, Vec<Sharing>) {
        let is_shared = config.cache_redis_url.is_some();
        let events = Limit::new("key", config.key_events_per_second, is_shared, clock);
        let requests = Limit::new("address", config.address_requests_per_second, is_shared, clock);
        let unknown_keys = Limit::new("unknown", UNKNOWN_KEYS_PER_SECOND, false, clock);
        let shared = [events.sharing(), requests.sharing()].into_iter().flatten().collect();
        (Self { events, requests, unknown_keys }, shared)
    }

    /// Returns whether a key may send events now, however many.
    ///
    /// # Errors
    /// `RateLimited` with when it may again.
    pub(crate) fn admit_events(&self, key: KeyId) -> Result<(), Error> {
        let limited = |retry_after| Error::RateLimited("this key sends more events", retry_after);
        self.events.admit(key).map_err(limited)
    }

    /// Notes that a key sent so many.
    pub(crate) fn charge_events(&self, key: KeyId, events: usize) {
        self.events.charge(key, events as u64);
    }

    /// Notes that so many of them could not be taken in after all, and will be sent again.
    pub(crate) fn give_back_events(&self, key: KeyId, events: usize) {
        self.events.give_back(key, events as u64);
    }

    /// Counts a request of a project's write key. Requests of loopback and private addresses are not counted: behind a proxy
    /// that is not named as trusted, everybody would be one address.
    ///
    /// # Errors
    /// `RateLimited` for an address that sends too many.
    pub(crate) fn admit_request(&self, project: ProjectId) -> Result<(), Error> {
        let Some(source) = attempt::client().and_then(public_source) else { return Ok(()) };
        if let Err(retry_after) = self.requests.admit(source) {
            attempt::is_of(project);
            return Err(Error::RateLimited("this address sends more requests", retry_after));
        }
        self.requests.charge(source, 1);
        Ok(())
    }

    /// Returns whether identity may be asked about a key that is not known here.
    ///
    /// # Errors
    /// `RateLimited` for an address that came with too many keys that nobody knows.
    pub(crate) fn admit_unknown_key(&self) -> Result<(), Error> {
        let Some(client) = attempt::client() else { return Ok(()) };
        let limited = |retry_after| {
            Error::RateLimited("this address sends more keys that nobody knows", retry_after)
        };
        self.unknown_keys.admit(source(client)).map_err(limited)
    }

    /// Notes that nobody knew a key.
    pub(crate) fn charge_unknown_key(&self) {
        if let Some(client) = attempt::client() {
            self.unknown_keys.charge(source(client), 1);
        }
    }
}

impl<K: Hash + Eq + Copy + Display + Send + Sync + 'static> Limit<K> {
    fn new(name: &'static str, per_second: u64, is_shared: bool, clock: &Arc<dyn Clock>) -> Self {
        let rate = Rate::of(per_second, BURST_SECONDS);
        Self {
            rate,
            buckets: Cache::new(BUCKETS_MAX),
            name,
            waiting: (is_shared && rate.is_some()).then(Waiting::default),
            clock: clock.clone(),
        }
    }

    fn sharing(&self) -> Option<Sharing> {
        Some(Sharing::new(self.rate?, self.waiting.clone()?))
    }

    fn admit(&self, of: K) -> Result<(), Duration> {
        let Some(rate) = self.rate else { return Ok(()) };
        self.bucket(of, rate).admit(rate, self.clock.now())
    }

    fn charge(&self, of: K, count: u64) {
        let Some(rate) = self.rate else { return };
        let bucket = self.bucket(of, rate);
        let is_due = bucket.charge(rate, self.clock.now(), count);
        if let Some(waiting) = self.waiting.as_ref().filter(|_| is_due) {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() < WAITING_MAX && bucket.queue() {
                waiting.push(bucket);
            }
        }
    }

    fn give_back(&self, of: K, count: u64) {
        let Some(rate) = self.rate else { return };
        self.bucket(of, rate).give_back(rate, count);
    }

    fn bucket(&self, of: K, rate: Rate) -> Arc<Bucket> {
        self.buckets.get_with(of, || {
            let name = format!("observe:limit:{}:{of}", self.name);
            Arc::new(Bucket::full(name, rate, self.clock.now()))
        })
    }
}

#[cfg(test)]
mod tests;
