//! Whose fault it is that a target was not reached: the target's, or ours.
//!
//! An answer, even a bad one, proves that the network is fine. Silence does not: a dead name server, a lost route or a cable
//! of ours makes every target silent at once. So silence is held against a target only when our name servers answer and
//! other targets do, too.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use observe_egress::{FailureKind, Guard, Target};
use uuid::Uuid;

/// Looks older than this say nothing of the network now.
const WINDOW: Duration = Duration::from_secs(60);
/// Fewer monitors than this say nothing of the network.
const MONITORS_MIN: usize = 5;
/// How long silence of most targets counts as ours. If it lasts longer while our name servers answer, it is theirs.
const HOLD_MAX: Duration = Duration::from_secs(120);
/// How long a silent look waits for others that are being silent at the same time.
const GATHER: Duration = Duration::from_millis(300);
/// How long an answer about our network counts.
const CANARY_LIFETIME: Duration = Duration::from_secs(2);
/// Targets that answered lately and are called as witnesses: fewer prove nothing, more are not needed.
const WITNESSES: std::ops::RangeInclusive<usize> = 2..=3;
/// How long ago a witness may have answered.
const WITNESS_AGE: Duration = Duration::from_secs(600);
/// How long a witness may take.
const WITNESS_TIMEOUT: Duration = Duration::from_secs(2);
/// Monitors that are remembered; beyond, the ones not looked at for longest are forgotten.
const REMEMBERED_MAX: usize = 20_000;

/// Remembers who answered and who was silent lately.
#[derive(Default)]
pub(crate) struct Faults {
    looks: Mutex<Looks>,
    names: Canary,
    witnesses: Canary,
}

/// An answer about our network that counts for a moment.
#[derive(Default)]
struct Canary(tokio::sync::Mutex<Option<(Instant, bool)>>);

impl Canary {
    async fn ask(&self, look: impl Future<Output = bool>) -> bool {
        let mut kept = self.0.lock().await;
        if let Some((at, alive)) = *kept
            && at.elapsed() < CANARY_LIFETIME
        {
            return alive;
        }
        let alive = look.await;
        *kept = Some((Instant::now(), alive));
        alive
    }
}

#[derive(Default)]
struct Looks {
    /// The last look at each monitor.
    last: HashMap<Uuid, Look>,
    /// Since when most are silent.
    silent_since: Option<Instant>,
}

struct Look {
    at: Instant,
    silent: bool,
    /// Where it answered.
    answered: Option<Target>,
}

impl Faults {
    /// Notes a look, and returns why its failure is not held against the target, if it is not.
    pub(crate) async fn excuse(
        &self,
        monitor: Uuid,
        url: &str,
        failure: Option<FailureKind>,
        guard: &Guard,
    ) -> Option<&'static str> {
        let silent = failure.is_some_and(is_silence);
        let target = Target::parse(url).ok();
        self.looks().note(monitor, silent, target.clone(), Instant::now());
        match failure? {
            FailureKind::Local => return Some("we could not look: our own network failed"),
            FailureKind::Resolver | FailureKind::Name
                if !self.names.ask(guard.resolver_is_alive()).await =>
            {
                return Some("we could not look: none of our name servers answers");
            }
            _ if !silent => return None,
            _ => {}
        }
        tokio::time::sleep(GATHER).await;
        let witnesses = self.looks().witnesses(target.as_ref(), Instant::now());
        if witnesses.len() >= *WITNESSES.start() {
            let reached = self.witnesses.ask(any_reached(guard, &witnesses)).await;
            return (!reached).then_some(
                "we could not look: other targets that were up cannot be reached either, which points at our own network",
            );
        }
        self.looks().most_are_silent(Instant::now()).then_some(
            "we could not look: most targets are silent at once, which points at our own network",
        )
    }

    fn looks(&self) -> std::sync::MutexGuard<'_, Looks> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn any_reached(guard: &Guard, witnesses: &[Target]) -> bool {
    let calls = witnesses.iter().map(|target| guard.reaches(target, WITNESS_TIMEOUT));
    futures::future::join_all(calls).await.contains(&true)
}

impl Looks {
    fn note(&mut self, monitor: Uuid, silent: bool, target: Option<Target>, now: Instant) {
        let answered = if silent { None } else { target };
        self.last.insert(monitor, Look { at: now, silent, answered });
        if self.last.len() > REMEMBERED_MAX {
            self.last.retain(|_, look| now.duration_since(look.at) <= WINDOW);
        }
    }

    /// Returns targets on other hosts that answered when they were last looked at, the latest first.
    fn witnesses(&self, silent: Option<&Target>, now: Instant) -> Vec<Target> {
        let mut fresh: Vec<_> = self
            .last
            .values()
            .filter(|look| now.duration_since(look.at) <= WITNESS_AGE)
            .filter_map(|look| Some((look.at, look.answered.as_ref()?)))
            .filter(|(_, target)| silent.is_none_or(|silent| silent.host() != target.host()))
            .collect();
        fresh.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let mut witnesses: Vec<Target> = Vec::new();
        for (_, target) in fresh {
            if witnesses.len() < *WITNESSES.end()
                && witnesses.iter().all(|known| known.host() != target.host())
            {
                witnesses.push(target.clone());
            }
        }
        witnesses
    }

    /// Returns whether silence is held to be ours.
    fn most_are_silent(&mut self, now: Instant) -> bool {
        let fresh = self.last.values().filter(|look| now.duration_since(look.at) <= WINDOW);
        let (mut all, mut silent) = (0, 0);
        for look in fresh {
            all += 1;
            silent += usize::from(look.silent);
        }
        if all < MONITORS_MIN || silent * 2 <= all {
            self.silent_since = None;
            return false;
        }
        now.duration_since(*self.silent_since.get_or_insert(now)) < HOLD_MAX
    }
}

fn is_silence(failure: FailureKind) -> bool {
    matches!(failure, FailureKind::Timeout(_) | FailureKind::Connect | FailureKind::Resolver)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(looks: &mut Looks, n: u128, silent: bool, now: Instant) {
        let target = Target::parse(&format!("http://host-{n}.test/")).unwrap();
        looks.note(Uuid::from_u128(n), silent, Some(target), now);
    }

    #[test]
    fn silence_of_most_is_ours_for_a_while() {
        let (mut looks, began) = (Looks::default(), Instant::now());
        for n in 0..4 {
            note(&mut looks, n, n >= 2, began);
        }
        assert!(!looks.most_are_silent(began), "four are too few to tell");
        note(&mut looks, 4, true, began);
        assert!(looks.most_are_silent(began), "three of five");
        note(&mut looks, 4, false, began);
        assert!(!looks.most_are_silent(began), "two of five");
        let mut now = began;
        while now < began + HOLD_MAX {
            (0..5).for_each(|n| note(&mut looks, n, true, now));
            assert!(looks.most_are_silent(now));
            now += Duration::from_secs(30);
        }
        (0..5).for_each(|n| note(&mut looks, n, true, now));
        assert!(!looks.most_are_silent(now), "it has lasted too long to be ours");
    }

    #[test]
    fn witnesses_are_other_hosts_that_answered_lately() {
        let (mut looks, began) = (Looks::default(), Instant::now());
        note(&mut looks, 1, false, began);
        let now = began + WITNESS_AGE + Duration::from_secs(1);
        for n in 2..7 {
            note(&mut looks, n, n == 6, now);
        }
        let silent = Target::parse("http://host-5.test/other").unwrap();
        let found = looks.witnesses(Some(&silent), now);
        assert_eq!(found.len(), *WITNESSES.end());
        assert!(found.iter().all(|target| target.host() != silent.host()));
    }
}
