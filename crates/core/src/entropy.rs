//! Randomness as a parameter: nothing in the workspace draws random bytes but [`SystemEntropy`].

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Where random bytes and new ids come from.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the buffer with bytes that nobody can guess.
    fn fill(&self, buffer: &mut [u8]);

    /// Returns a new UUIDv7, which sorts by `now`.
    fn uuid(&self, now: DateTime<Utc>) -> Uuid {
        let mut random = [0; 10];
        self.fill(&mut random);
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that draws random bytes")]
    fn fill(&self, buffer: &mut [u8]) {
        rand::Rng::fill_bytes(&mut rand::rng(), buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time() {
        let at = |s| DateTime::from_timestamp(s, 0).expect("a valid time");
        assert!(SystemEntropy.uuid(at(1_000)) < SystemEntropy.uuid(at(1_001)));
        assert_ne!(SystemEntropy.uuid(at(1_000)), SystemEntropy.uuid(at(1_000)));
    }
}
