//! Whose fault it is that a target was not reached: the target's, or ours.
//!
//! An answer, even a bad one, proves that the network is fine. Silence does not: a dead name server, a lost route or a cable
//! of ours makes every target silent at once. So silence is held against a target only when our name servers answer and most
//! other targets do, too.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use observe_egress::{FailureKind, Guard};
use uuid::Uuid;

/// Looks older than this say nothing of the network now.
const WINDOW: Duration = Duration::from_secs(60);
/// Fewer monitors than this say nothing of the network.
const MONITORS_MIN: usize = 5;
/// How long silence of most targets counts as ours. If it lasts longer while our name servers answer, it is theirs.
const HOLD_MAX: Duration = Duration::from_secs(120);
/// How long an answer about our name servers counts.
const CANARY_LIFETIME: Duration = Duration::from_secs(2);

/// Remembers who was silent lately.
#[derive(Default)]
pub(crate) struct Faults {
    looks: Mutex<Looks>,
    canary: tokio::sync::Mutex<Option<(Instant, bool)>>,
}

#[derive(Default)]
struct Looks {
    /// The last look at each monitor: when, and whether the target was silent.
    last: HashMap<Uuid, (Instant, bool)>,
    /// Since when most are silent.
    silent_since: Option<Instant>,
}

impl Faults {
    /// Notes a look, and returns why its failure is not held against the target, if it is not.
    pub(crate) async fn excuse(
        &self,
        monitor: Uuid,
        failure: Option<FailureKind>,
        guard: &Guard,
    ) -> Option<&'static str> {
        let silent = failure.is_some_and(is_silence);
        let most_are_silent = {
            let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
            looks.note(monitor, silent, Instant::now())
        };
        match failure? {
            FailureKind::Local => return Some("we could not look: our own network failed"),
            FailureKind::Resolver | FailureKind::Name if !self.names_answer(guard).await => {
                return Some("we could not look: none of our name servers answers");
            }
            _ => {}
        }
        (silent && most_are_silent).then_some(
            "we could not look: most targets are silent at once, which points at our own network",
        )
    }

    /// Asks whether our name servers answer, at most every few seconds.
    async fn names_answer(&self, guard: &Guard) -> bool {
        let mut canary = self.canary.lock().await;
        if let Some((at, alive)) = *canary
            && at.elapsed() < CANARY_LIFETIME
        {
            return alive;
        }
        let alive = guard.resolver_is_alive().await;
        *canary = Some((Instant::now(), alive));
        alive
    }
}

impl Looks {
    /// Notes a look. Returns whether silence is held to be ours.
    fn note(&mut self, monitor: Uuid, silent: bool, now: Instant) -> bool {
        self.last.insert(monitor, (now, silent));
        self.last.retain(|_, (at, _)| now.duration_since(*at) <= WINDOW);
        let silent = self.last.values().filter(|(_, silent)| *silent).count();
        let most = self.last.len() >= MONITORS_MIN && silent * 2 > self.last.len();
        if !most {
            self.silent_since = None;
            return false;
        }
        now.duration_since(*self.silent_since.get_or_insert(now)) < HOLD_MAX
    }
}

fn is_silence(failure: FailureKind) -> bool {
    matches!(
        failure,
        FailureKind::Timeout(_) | FailureKind::Connect | FailureKind::Local | FailureKind::Resolver
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_of_most_is_ours_for_a_while() {
        let mut looks = Looks::default();
        let (began, id) = (Instant::now(), |n: u128| Uuid::from_u128(n));
        for n in 0..2 {
            assert!(!looks.note(id(n), false, began));
        }
        for n in 2..4 {
            assert!(!looks.note(id(n), true, began), "four are too few to tell");
        }
        assert!(looks.note(id(4), true, began), "three of five");
        assert!(!looks.note(id(4), false, began), "two of five");
        looks.note(id(4), true, began);
        let mut now = began;
        while now < began + HOLD_MAX {
            assert!((0..5).map(|n| looks.note(id(n), true, now)).last().unwrap());
            now += Duration::from_secs(30);
        }
        assert!(!looks.note(id(0), true, now), "it has lasted too long to be ours");
    }

    #[test]
    fn a_few_monitors_prove_nothing() {
        let mut looks = Looks::default();
        let now = Instant::now();
        for n in 0..4 {
            assert!(!looks.note(Uuid::from_u128(n), true, now));
        }
    }
}
