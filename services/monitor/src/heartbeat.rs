//! Programs that call in: their tokens, and what a call or its absence means.

use chrono::{DateTime, TimeDelta, Utc};
use observe_core::{Entropy, token};

use crate::check::{Reason, Verdict};

/// What the path of a heartbeat begins with.
pub(crate) const PATH_PREFIX: &str = "/heartbeat/";
/// The longest text that may be a token.
pub(crate) const TOKEN_BYTES_MAX: usize = 64;

/// Makes a token: 256 random bits, as letters and digits.
pub(crate) fn generate_token(entropy: &dyn Entropy) -> String {
    token::generate_session(entropy)
}

/// Returns whether a text may be a token; only such texts are looked up.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=TOKEN_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Returns until when the next call must come.
pub(crate) fn deadline(from: DateTime<Utc>, interval_s: i32, grace_s: i32) -> DateTime<Utc> {
    from + TimeDelta::seconds(i64::from(interval_s) + i64::from(grace_s))
}

/// What it means that no call came by the deadline.
pub(crate) fn overdue(begun_at: Option<DateTime<Utc>>) -> Verdict {
    match begun_at {
        Some(_) => Verdict::down(Reason::LateStart, "it began and did not finish in time"),
        None => Verdict::down(Reason::Overdue, "no call came in time"),
    }
}

/// What it means that the program calls its failure in.
pub(crate) fn reported() -> Verdict {
    Verdict::down(Reason::Reported, "the program reported that it failed")
}

/// Returns the deadline after one that passed: whole intervals later, and not in the past, so that an absence is noted once an
/// interval.
pub(crate) fn next_deadline(
    deadline: DateTime<Utc>,
    interval_s: i32,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let interval = i64::from(interval_s.max(1));
    let passed = (now - deadline).num_seconds().max(0) / interval;
    deadline + TimeDelta::seconds((passed + 1) * interval)
}

#[cfg(test)]
mod tests {
    use observe_core::SystemEntropy;

    use super::*;

    #[test]
    fn an_absence_is_noted_once_an_interval() {
        let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        assert_eq!(next_deadline(at(0), 60, at(1)), at(60));
        assert_eq!(next_deadline(at(0), 60, at(60)), at(120));
        assert_eq!(next_deadline(at(0), 60, at(3_601)), at(3_660));
        assert_eq!(deadline(at(0), 60, 30), at(90));
    }

    #[test]
    fn only_what_may_be_a_token_is_looked_up() {
        let token = generate_token(&SystemEntropy);
        assert!(is_token(&token) && token.len() == 43);
        for text in ["", "a/b", "ä", &"a".repeat(65)] {
            assert!(!is_token(text), "{text:?}");
        }
    }
}
