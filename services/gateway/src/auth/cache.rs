//! Keys we have asked about: refreshed each minute, and good for a day while identity is away.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;
use observe_core::Clock;
use observe_core::error::CommonError;

use super::Owner;

/// Keys remembered, known and unknown ones.
const KEYS_MAX: u64 = 100_000;
/// How long an answer counts without asking again.
const FRESH: TimeDelta = TimeDelta::seconds(60);
/// How long a known key counts while identity cannot be asked.
const STALE_MAX: TimeDelta = TimeDelta::hours(24);
/// How long an unknown key stays unknown without asking again.
const UNKNOWN: TimeDelta = TimeDelta::seconds(10);
/// How long identity is left alone about a key after a failure.
const RETRY: TimeDelta = TimeDelta::seconds(2);

/// The cache, by the SHA-256 of the token.
pub(crate) struct KeyCache(Cache<[u8; 32], Arc<Entry>>);

#[derive(Default)]
struct Entry {
    answer: Mutex<Answer>,
    /// Held by the one request that asks, while others of the same key wait for what it learns.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Answer {
    /// The owner, or that there is none, and when we heard it.
    heard: Option<(Option<Owner>, DateTime<Utc>)>,
    /// When asking failed last.
    failed: Option<DateTime<Utc>>,
}

impl KeyCache {
    pub(crate) fn new() -> Self {
        Self(Cache::new(KEYS_MAX))
    }

    /// Returns whether anything was ever heard of a key.
    pub(crate) fn has(&self, hash: &[u8; 32]) -> bool {
        self.0.get(hash).is_some_and(|entry| entry.get().heard.is_some())
    }

    /// Returns the owner of a key, asking by `look_up` if what is known is too old.
    ///
    /// # Errors
    /// `Unauthenticated` for a key that has no owner; the failure of `look_up` when nothing else is known.
    pub(crate) async fn get<F>(
        &self,
        hash: [u8; 32],
        clock: &dyn Clock,
        look_up: impl FnOnce() -> F,
    ) -> Result<Owner, CommonError>
    where
        F: Future<Output = Result<Option<Owner>, CommonError>>,
    {
        let entry = self.0.get_with(hash, Arc::default);
        if let Some(owner) = entry.settled(clock.now()) {
            return owner;
        }
        let _turn = entry.turn.lock().await;
        // Whoever had the turn before may have learned it.
        if let Some(owner) = entry.settled(clock.now()) {
            return owner;
        }
        match look_up().await {
            Ok(owner) => {
                let heard = Some((owner.clone(), clock.now()));
                entry.set(Answer { heard, failed: None });
                found(owner)
            }
            Err(error) => {
                let now = clock.now();
                let known = entry.get();
                let stale = known.stale(now);
                entry.set(Answer { failed: Some(now), ..known });
                stale.ok_or(error)
            }
        }
    }
}

impl Entry {
    fn get(&self) -> Answer {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, answer: Answer) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }

    /// Returns what is to be answered without asking; `None` means: ask.
    fn settled(&self, now: DateTime<Utc>) -> Option<Result<Owner, CommonError>> {
        let answer = self.get();
        if let Some((owner, heard)) = &answer.heard {
            let lifetime = if owner.is_some() { FRESH } else { UNKNOWN };
            if now < *heard + lifetime {
                return Some(found(owner.clone()));
            }
        }
        if answer.failed.is_some_and(|failed| now < failed + RETRY) {
            let detail = "it did not answer a moment ago".to_owned();
            let away = CommonError::Unavailable { dependency: "identity", detail };
            return Some(answer.stale(now).ok_or(away));
        }
        None
    }
}

impl Answer {
    /// Returns the owner last heard of, if that is good enough while identity is away.
    fn stale(&self, now: DateTime<Utc>) -> Option<Owner> {
        let (owner, heard) = self.heard.as_ref()?;
        owner.clone().filter(|_| now < *heard + STALE_MAX)
    }
}

fn found(owner: Option<Owner>) -> Result<Owner, CommonError> {
    owner.ok_or(CommonError::Unauthenticated("the key is unknown or was revoked"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use observe_core::Principal;
    use observe_core::clock::ManualClock;

    use super::*;

    struct Identity {
        cache: KeyCache,
        clock: ManualClock,
        asked: AtomicUsize,
    }

    impl Identity {
        fn new() -> Self {
            let start = DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time");
            Self {
                cache: KeyCache::new(),
                clock: ManualClock::new(start),
                asked: AtomicUsize::new(0),
            }
        }

        async fn get(&self, answer: Result<Option<&str>, ()>) -> Result<Owner, CommonError> {
            let look_up = || async {
                self.asked.fetch_add(1, Ordering::Relaxed);
                let away =
                    |()| CommonError::Unavailable { dependency: "identity", detail: String::new() };
                let owner = |name: &str| Owner::new(Principal::Service(name.to_owned()));
                answer.map(|name| name.map(owner)).map_err(away)
            };
            self.cache.get([7; 32], &self.clock, look_up).await
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn an_answer_counts_for_a_minute() {
        let identity = Identity::new();
        identity.get(Ok(Some("a"))).await.expect("known");
        identity.clock.advance(TimeDelta::seconds(59));
        identity.get(Ok(None)).await.expect("still known");
        assert_eq!(identity.asked(), 1);
        identity.clock.advance(TimeDelta::seconds(1));
        assert!(matches!(identity.get(Ok(None)).await, Err(CommonError::Unauthenticated(_))));
        assert_eq!(identity.asked(), 2);
    }

    #[tokio::test]
    async fn a_known_key_counts_for_a_day_while_identity_is_away() {
        let identity = Identity::new();
        identity.get(Ok(Some("a"))).await.expect("known");
        identity.clock.advance(STALE_MAX - TimeDelta::seconds(1));
        identity.get(Err(())).await.expect("stale, but good");
        identity.get(Err(())).await.expect("stale, but good");
        assert_eq!(identity.asked(), 2, "identity is left alone for a moment");
        identity.clock.advance(TimeDelta::seconds(2));
        assert!(matches!(identity.get(Err(())).await, Err(CommonError::Unavailable { .. })));
    }

    #[tokio::test]
    async fn an_unknown_key_is_asked_about_again_after_ten_seconds() {
        let identity = Identity::new();
        assert!(matches!(identity.get(Ok(None)).await, Err(CommonError::Unauthenticated(_))));
        identity.clock.advance(TimeDelta::seconds(9));
        assert!(identity.get(Ok(Some("a"))).await.is_err());
        identity.clock.advance(TimeDelta::seconds(1));
        identity.get(Ok(Some("a"))).await.expect("known now");
        assert_eq!(identity.asked(), 2);
    }

    #[tokio::test]
    async fn a_key_never_heard_of_is_unavailable_while_identity_is_away() {
        let identity = Identity::new();
        assert!(matches!(identity.get(Err(())).await, Err(CommonError::Unavailable { .. })));
        identity.clock.advance(RETRY);
        identity.get(Ok(Some("a"))).await.expect("identity is back");
    }

    #[tokio::test]
    async fn requests_with_one_key_share_a_look_up() {
        let identity = Identity::new();
        let both = tokio::join!(identity.get(Ok(Some("a"))), identity.get(Ok(Some("a"))));
        assert!(both.0.is_ok() && both.1.is_ok());
        assert_eq!(identity.asked(), 1);
    }
}
