//! Brings the projection from what is kept of it to where the event log and identity's change log are, and keeps it there.
//!
//! It does so while this process owns the projection, and begins anew from what is kept each time it comes to own it.
//!
//! A projection that cannot be continued (a gap, a position that is no longer kept) is built anew beside the old one, which
//! answers until the new one has caught up. What cannot be applied three times is parked.

mod erasures;
mod parking;
mod rebuild;
mod upstream;

use std::sync::Arc;
use std::time::{Duration, Instant};

use observe_core::Clock;
use observe_runtime::Lifecycle;

use crate::ownership::{Claim, Ownership};
use crate::projection::{Kept, Projection};
use crate::published::Published;
use crate::rebuild::Rebuilds;
use crate::workers::keep::Keeper;
use rebuild::Building;
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
/// How long keeping everything may take when the process ends.
const KEEP_LAST_TIMEOUT: Duration = Duration::from_secs(10);

/// Follows the logs until shutdown begins.
pub(crate) async fn run(
    upstream: Upstream,
    keeper: Keeper,
    published: Arc<Published>,
    rebuilds: Arc<Rebuilds>,
    ownership: Arc<Ownership>,
    clock: Arc<dyn Clock>,
    lifecycle: Lifecycle,
) -> anyhow::Result<()> {
    let mut follower = Follower {
        upstream,
        keeper,
        published,
        rebuilds,
        building: None,
        ownership,
        fence: 0,
        clock,
        lifecycle,
        failures: 0,
        parked: 0,
        retention_due: None,
    };
    while !follower.lifecycle.is_stopping() {
        tokio::select! {
            fence = follower.ownership.ours() => follower.fence = fence,
            () = follower.lifecycle.stopping() => break,
        }
        follower.rebuilds.forget();
        follower.generations().await;
        // At the end, who is being answered is answered until the lease is handed back.
        if !follower.lifecycle.is_stopping() {
            follower.published.withdraw();
        }
    }
    Ok(())
}

struct Follower {
    upstream: Upstream,
    keeper: Keeper,
    lifecycle: Lifecycle,
    published: Arc<Published>,
    rebuilds: Arc<Rebuilds>,
    /// The project that is made anew, if one is.
    building: Option<Building>,
    ownership: Arc<Ownership>,
    /// The fence under which this process owns the projection.
    fence: i64,
    clock: Arc<dyn Clock>,
    /// When to ask again how long projects keep what; at once if `None`.
    retention_due: Option<Instant>,
    /// In a row.
    failures: u32,
    /// As many as were parked when it was last looked at.
    parked: usize,
}

impl Follower {
    /// Follows the logs from what is kept, and builds anew what cannot be continued; until another process owns the projection, or
    /// shutdown begins.
    async fn generations(&mut self) {
        let mut trouble = None;
        while !self.lifecycle.is_stopping() && self.is_ours() {
            let projection = match &trouble {
                // What another process keeps by now is taken from there.
                None | Some(Trouble::Fenced) => match self.keeper.restore(self.fence).await {
                    Ok(projection) => projection,
                    Err(error) => {
                        self.wait(&error.into()).await;
                        continue;
                    }
                },
                Some(_) => Projection::new(),
            };
            let Some(ended) = self.generation(Arc::new(projection)).await else { return };
            self.give_up_rebuild(&ended.to_string());
            if !self.is_ours() {
                return;
            }
            tracing::error!(trouble = %ended, "the projection cannot be continued and is built anew");
            let pause = self.pause();
            self.lifecycle.sleep(pause).await;
            trouble = Some(ended);
        }
    }

    /// Returns whether nobody else is known to own the projection. The store knows better, at each write.
    fn is_ours(&self) -> bool {
        !self.ownership.is_lost(Claim::Ours(self.fence))
    }

    /// Brings a projection up to date, publishes it, and keeps it up to date; returns why that ended, `None` for shutdown.
    ///
    /// It ends between two looks at the logs alone, so that what is kept at the end is whole.
    async fn generation(&mut self, projection: Arc<Projection>) -> Option<Trouble> {
        self.retention_due = None;
        let mut is_loaded = false;
        loop {
            let caught_up = self.catch_up(&projection).await;
            if self.lifecycle.is_stopping() {
                // What broke off may be half applied.
                if is_loaded && caught_up.is_ok() {
                    self.keep_last(&projection).await;
                }
                return None;
            }
            if !self.is_ours() {
                return Some(Trouble::Fenced);
            }
            // What questions find before is of the projection that this one takes the place of.
            if is_loaded && self.published.is_damaged() {
                return Some(Trouble::Damaged);
            }
            let pause = match caught_up {
                Ok(()) => {
                    self.recovered();
                    self.published.set_caught_up();
                    if !is_loaded {
                        is_loaded = true;
                        self.publish(&projection);
                    }
                    // Only what no answer shows any more, and nothing that is kept, is told to be gone.
                    let kept = self.keeper.keep(&projection, false).await.map_err(Trouble::from);
                    let told = match kept {
                        // What answers show is known to who answers.
                        Ok(()) if !self.ownership.stands(Claim::Ours(self.fence)) => Ok(()),
                        Ok(()) => self.upstream.confirm_erasures(&projection).await,
                        Err(trouble) => Err(trouble),
                    };
                    match told {
                        Ok(()) => self.rebuild(&projection).await,
                        Err(trouble) if trouble.needs_rebuild() => return Some(trouble),
                        Err(trouble) => self.failed(&trouble),
                    }
                }
                Err(trouble) if trouble.needs_rebuild() => return Some(trouble),
                Err(trouble) => self.failed(&trouble),
            };
            self.lifecycle.sleep(pause).await;
        }
    }

    fn publish(&self, projection: &Arc<Projection>) {
        let parked = self.published.parked();
        tracing::info!(parked, "the projection has caught up");
        self.published.publish_under(self.fence, Arc::clone(projection));
        // Other replicas are told at once that there is somebody who answers.
        self.ownership.look_now();
        let published = Arc::clone(&self.published);
        self.lifecycle.spawn(async move {
            if let Err(error) = published.load_all().await {
                tracing::warn!(%error, "the rest of the projection is loaded when it is asked for");
            }
        });
    }

    /// Keeps everything before the process ends, so that the next one starts with it.
    async fn keep_last(&mut self, projection: &Arc<Projection>) {
        let kept =
            tokio::time::timeout(KEEP_LAST_TIMEOUT, self.keeper.keep(projection, true)).await;
        match kept {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last minute is read from the log again"),
            Err(_) => {
                tracing::warn!("no time to keep the last minute, which is read from the log again");
            }
        }
    }

    async fn wait(&mut self, trouble: &Trouble) {
        let pause = self.failed(trouble);
        self.lifecycle.sleep(pause).await;
    }

    /// Reads every shard up to where its log ends now, then all changes of persons. It may end early when shutdown begins.
    async fn catch_up(&mut self, projection: &Arc<Projection>) -> Result<(), Trouble> {
        self.keep(projection).await?;
        let heads = tokio::select! {
            heads = self.upstream.heads(projection) => heads?,
            () = self.lifecycle.stopping() => return Ok(()),
        };
        while !heads.are_passed(projection) {
            // One page of each in turn, so that the shards advance together and time goes on evenly.
            for (shard, head) in heads.iter() {
                if self.lifecycle.is_stopping() {
                    return Ok(());
                }
                if !self.is_ours() {
                    return Err(Trouble::Fenced);
                }
                if projection.cursor(shard) < head {
                    self.upstream.read_page(shard, i64::MAX, projection).await?;
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
