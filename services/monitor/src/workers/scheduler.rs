//! Takes slots that are due, looks at their targets, and hands what was found to the recorder.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use observe_core::{Clock, Entropy};
use observe_egress::Guard;
use observe_proto::monitor::v1 as pb;
use observe_runtime::Lifecycle;
use observe_runtime::postgres::Database;
use prost::Message as _;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::Instant;

use crate::check::{Outcome, Reason, Record, Verdict};
use crate::fault::Faults;
use crate::probe;
use crate::seal::Sealer;
use crate::store::heartbeat;
use crate::store::incident::Outbox;
use crate::store::schedule::{self, Claim};

/// Checks under way at once in one process.
const CHECKS_MAX: usize = 256;
/// The shortest pause between two looks at what is due: what bounds how late a slot is begun, and how many statements are
/// made.
const PAUSE_MIN: Duration = Duration::from_millis(200);
/// The longest: what another replica or a request changed is found within it.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How long to wait after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How often slots are looked for that were left open.
const STALE_INTERVAL: Duration = Duration::from_secs(5);
/// Slots that one such look closes.
const STALE_MAX: i64 = 1_000;
/// How long no scheduler may have been at work before it counts as a pause in which nobody looked.
const AWAY: Duration = Duration::from_secs(30);

/// What a scheduler works with.
pub(crate) struct Scheduler {
    pub(crate) database: Database,
    pub(crate) guard: Guard,
    pub(crate) sealer: Sealer,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) life: Lifecycle,
    /// Woken when a monitor was made or changed here.
    pub(crate) wake: Arc<Notify>,
    pub(crate) records: mpsc::Sender<Record>,
}

/// What a check works with.
struct Checker {
    guard: Guard,
    sealer: Sealer,
    faults: Faults,
    life: Lifecycle,
    records: mpsc::Sender<Record>,
}

impl Scheduler {
    /// Runs until shutdown. Checks that are under way then are handed back.
    ///
    /// # Errors
    /// None.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let checker = Arc::new(Checker {
            guard: self.guard.clone(),
            sealer: self.sealer.clone(),
            faults: Faults::default(),
            life: self.life.clone(),
            records: self.records.clone(),
        });
        let permits = Arc::new(Semaphore::new(CHECKS_MAX));
        let mut outage = false;
        let mut stale_at = Instant::now();
        while !self.life.is_stopping() {
            let began = Instant::now();
            let pause = match self.turn(&checker, &permits, &mut stale_at).await {
                Ok(pause) => {
                    if std::mem::take(&mut outage) {
                        tracing::info!("slots are taken again");
                    }
                    pause
                }
                Err(error) => {
                    if !std::mem::replace(&mut outage, true) {
                        tracing::warn!(%error, "slots could not be taken, trying again");
                    }
                    RETRY_PAUSE
                }
            };
            tokio::select! {
                () = self.life.stopping() => {}
                () = tokio::time::sleep_until(began + pause) => {}
                () = self.wake.notified() => {}
            }
        }
        Ok(())
    }

    /// Does what is due. Returns when to look again, from when this look began.
    async fn turn(
        &self,
        checker: &Arc<Checker>,
        permits: &Arc<Semaphore>,
        stale_at: &mut Instant,
    ) -> Result<Duration, crate::error::Error> {
        let pool = self.database.worker();
        let away_since = schedule::seen(pool, AWAY).await?;
        self.note_overdue(away_since).await?;
        if stale_at.elapsed() >= STALE_INTERVAL {
            let closed = schedule::close_stale(pool, STALE_MAX).await?;
            if closed > 0 {
                tracing::info!(closed, "slots that nobody finished were closed");
            }
            *stale_at = Instant::now();
        }
        let free = permits.available_permits();
        if free == 0 {
            return Ok(PAUSE_MIN);
        }
        let lease = self.entropy.uuid(self.clock.now());
        let turn = schedule::turn(pool, lease, free).await?;
        for claim in turn.claims {
            // There are as many as there were permits, and nobody else takes any.
            let Ok(permit) = permits.clone().try_acquire_owned() else { break };
            let checker = checker.clone();
            self.life.spawn(async move {
                checker.check(claim, lease).await;
                drop(permit);
            });
        }
        if turn.more {
            return Ok(PAUSE_MIN);
        }
        Ok(turn.next_due.unwrap_or(PAUSE_MAX).clamp(PAUSE_MIN, PAUSE_MAX))
    }

    async fn note_overdue(
        &self,
        away_since: Option<DateTime<Utc>>,
    ) -> Result<(), crate::error::Error> {
        if let Some(since) = away_since {
            tracing::warn!(%since, "no scheduler was at work; slots of that time are missed");
        }
        let pool = self.database.worker();
        while heartbeat::note_overdue(pool, &self.outbox, away_since).await? > 0 {}
        Ok(())
    }
}

impl Checker {
    async fn check(&self, claim: Claim, lease: uuid::Uuid) {
        let verdict = tokio::select! {
            verdict = self.verdict(&claim) => Some(verdict),
            () = self.life.stopping() => None,
        };
        let record = Record {
            monitor: claim.monitor_id,
            slot: claim.slot,
            lease,
            attempt: claim.attempt,
            verdict,
        };
        // The recorder outlives every check; if it crashed, the process ends anyway.
        let _ = self.records.send(record).await;
    }

    async fn verdict(&self, claim: &Claim) -> Verdict {
        let unreadable = |message: &str| Verdict {
            outcome: Outcome::Unknown,
            ..Verdict::down(Reason::BlockedTarget, message)
        };
        let Ok(mut http) = pb::HttpTarget::decode(&claim.target[..]) else {
            return unreadable("we could not look: the target cannot be read");
        };
        let Some(secrets) = self.sealer.open(claim.monitor_id, &claim.sealed) else {
            return unreadable(
                "we could not look: the header values cannot be read since OBSERVE_SECRET has changed; set them again",
            );
        };
        let Ok(secrets) = pb::HttpTarget::decode(&secrets[..]) else {
            return unreadable("we could not look: the header values cannot be read");
        };
        http.headers = secrets.headers;
        let timeout = Duration::from_millis(claim.timeout_ms.unsigned_abs().into());
        let look = probe::look(&self.guard, &http, timeout).await;
        match self.faults.excuse(claim.monitor_id, &http.url, look.failure, &self.guard).await {
            Some(because) => look.verdict.into_unknown(because),
            None => look.verdict,
        }
    }
}
