//! Builds the projection from the event log and identity's change log, and keeps it up to date.
//!
//! A projection that cannot be continued (a gap, a position that is no longer kept) is built anew beside the old one, which
//! answers until the new one has caught up. What cannot be applied three times is parked.

mod erasures;
mod parking;
mod upstream;

use std::sync::Arc;
use std::time::{Duration, Instant};

use observe_core::Clock;
use observe_runtime::Lifecycle;

use crate::projection::{Kept, Projection};
use crate::published::Published;
pub(crate) use upstream::Upstream;
use upstream::{Heads, Trouble};

/// How long to wait between looks at the logs.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How often it is asked how long projects keep what, and what became too old goes.
const RETENTION_INTERVAL: Duration = Duration::from_secs(60);
/// How long to wait after the first failure in a row; doubled after each further one.
const BACKOFF_FIRST: Duration = Duration::from_millis(250);
/// The longest wait after a failure.
const BACKOFF_MAX: Duration = Duration::from_secs(4);

/// Follows the logs until shutdown begins.
pub(crate) async fn run(
    upstream: Upstream,
    published: Arc<Published>,
    clock: Arc<dyn Clock>,
    lifecycle: Lifecycle,
) -> anyhow::Result<()> {
    let mut follower =
        Follower { upstream, published, clock, failures: 0, parked: 0, retention_due: None };
    tokio::select! {
        () = lifecycle.stopping() => Ok(()),
        never = follower.generations() => match never {},
    }
}

/// A task that does not end by itself.
enum Never {}

struct Follower {
    upstream: Upstream,
    published: Arc<Published>,
    clock: Arc<dyn Clock>,
    /// When to ask again how long projects keep what; at once if `None`.
    retention_due: Option<Instant>,
    /// In a row.
    failures: u32,
    /// As many as were parked when it was last looked at.
    parked: usize,
}

impl Follower {
    async fn generations(&mut self) -> Never {
        loop {
            let trouble = self.generation().await;
            tracing::error!(%trouble, "the projection cannot be continued and is built anew");
            let pause = self.pause();
            tokio::time::sleep(pause).await;
        }
    }

    /// Builds a projection, publishes it when it has caught up, and keeps it up to date; returns why that ended.
    async fn generation(&mut self) -> Trouble {
        let projection = Arc::new(Projection::new());
        self.retention_due = None;
        let mut is_loaded = false;
        loop {
            let pause = match self.catch_up(&projection).await {
                Ok(()) => {
                    self.recovered();
                    self.published.set_caught_up();
                    if !is_loaded {
                        is_loaded = true;
                        let parked = self.published.parked();
                        tracing::info!(parked, "the projection has caught up");
                        self.published.publish(Arc::clone(&projection));
                    }
                    // Only what no answer shows any more is told to be gone.
                    match self.upstream.confirm_erasures(&projection).await {
                        Ok(()) => POLL_INTERVAL,
                        Err(trouble) => self.failed(&trouble),
                    }
                }
                Err(trouble) if trouble.needs_rebuild() => return trouble,
                Err(trouble) => self.failed(&trouble),
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Reads every shard up to where its log ends now, then all changes of persons.
    async fn catch_up(&mut self, projection: &Arc<Projection>) -> Result<(), Trouble> {
        self.keep(projection).await?;
        let heads = self.upstream.heads(projection).await?;
        while !heads.are_passed(projection) {
            // One page of each in turn, so that the shards advance together and time goes on evenly.
            for (shard, head) in heads.iter() {
                if projection.cursor(shard) < head {
                    self.upstream.read_page(shard, projection).await?;
                }
            }
            self.tell_progress(&heads, projection);
        }
        self.upstream.read_erasures(projection).await?;
        self.upstream.read_changes(projection).await
    }

    /// Drops, now and then, what is older than its project keeps. While that is not known, what was known holds.
    async fn keep(&mut self, projection: &Arc<Projection>) -> Result<(), Trouble> {
        if self.retention_due.is_some_and(|due| Instant::now() < due) {
            return Ok(());
        }
        self.retention_due = Some(Instant::now() + RETENTION_INTERVAL);
        let retentions = match self.upstream.retentions().await {
            Ok(retentions) => retentions,
            Err(trouble) => {
                tracing::warn!(%trouble, "how long projects keep events is not known");
                return Ok(());
            }
        };
        let now_ms = self.clock.now().timestamp_millis();
        let kept = retentions.into_iter().map(|(id, settings)| (id, Kept::at(now_ms, settings)));
        let kept = kept.collect();
        let projection = Arc::clone(projection);
        // Sorting a week anew takes computation, which must not hold up those that serve requests.
        tokio::task::spawn_blocking(move || projection.keep(kept)).await?;
        Ok(())
    }

    fn tell_progress(&self, heads: &Heads, projection: &Projection) {
        if !self.published.is_ready() {
            self.published.set_progress(heads.progress(projection));
        }
    }

    /// Notes a failure, which is logged once until there is success again, and returns how long to wait.
    fn failed(&mut self, trouble: &Trouble) -> Duration {
        if self.failures == 0 {
            tracing::warn!(%trouble, "the logs cannot be followed, answers become stale");
        }
        self.pause()
    }

    /// Counts a failure and returns how long to wait.
    fn pause(&mut self) -> Duration {
        let parked = std::mem::replace(&mut self.parked, self.published.parked());
        // What failed so far is out of the way, so what fails next starts with the first wait.
        self.failures = if self.parked == parked { self.failures + 1 } else { 1 };
        self.backoff()
    }

    fn recovered(&mut self) {
        if self.failures > 0 {
            tracing::info!(failures = self.failures, "the logs are followed again");
            self.failures = 0;
        }
    }

    fn backoff(&self) -> Duration {
        let doubled = BACKOFF_FIRST.saturating_mul(1 << self.failures.saturating_sub(1).min(10));
        doubled.min(BACKOFF_MAX)
    }
}
