//! Looks after the lease of the projection: takes it when it is free, renews it while it is ours, hands it back at the end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::ownership::{Claim, Holder, Ownership};
use crate::published::Published;
use crate::store::ownership::{Candidate, Looked, OwnershipStore};

/// How long a lease lasts. What a killed process had is nobody's for as long.
const LEASE: Duration = Duration::from_secs(10);
/// How much earlier than it runs out our own lease counts no more: an answer takes a moment to be given.
const MARGIN: Duration = Duration::from_secs(1);
/// How often our own lease is renewed.
const RENEW_INTERVAL: Duration = Duration::from_secs(3);
/// How often the lease of another process is looked at, and how long to wait after a failure.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// The shortest time between two looks, however much they are wanted.
const LOOK_PAUSE: Duration = Duration::from_millis(100);
/// How long one look may take, so that a connection that hangs is given up.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);
/// While the database hangs, the lease of who is alone lasts from one look that is given up until after the next one.
const _: () = assert!(
    2 * LOOK_TIMEOUT.as_millis() + LOOK_INTERVAL.as_millis()
        < LEASE.as_millis() - MARGIN.as_millis()
);
/// How long answers that are being given at the end may take before the lease is handed back.
const ANSWERS_TIMEOUT: Duration = Duration::from_secs(5);

/// Looks after one lease.
pub(crate) struct LeaseKeeper {
    pub(crate) store: OwnershipStore,
    pub(crate) candidate: Candidate,
    pub(crate) ownership: Arc<Ownership>,
    pub(crate) published: Arc<Published>,
}

impl LeaseKeeper {
    /// Looks after the lease while the work is done that is done under it, and hands it back then.
    ///
    /// # Errors
    /// That of the work.
    pub(crate) async fn around(
        self,
        work: impl Future<Output = anyhow::Result<()>> + Send,
    ) -> anyhow::Result<()> {
        let (end, ended) = oneshot::channel();
        let work = async {
            let outcome = work.await;
            drop(end);
            outcome
        };
        tokio::join!(work, self.run(ended)).0
    }

    async fn run(self, mut ended: oneshot::Receiver<()>) {
        // Who had our name before is gone. Later, the same name is a mistake of somebody's, and no reason to take turns.
        let mut is_reborn = true;
        let mut was_well = true;
        loop {
            let asked = Instant::now();
            let step = tokio::time::timeout(LOOK_TIMEOUT, self.step(is_reborn));
            let outcome = step.await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
            self.ownership.set_blind(outcome.is_err());
            if outcome.is_err() {
                self.go_on(asked);
            }
            match &outcome {
                Ok(_) => (is_reborn, was_well) = (false, true),
                // Told once until it is well again.
                Err(error) if was_well => {
                    was_well = false;
                    tracing::warn!(%error, "the lease of the projection cannot be looked at; without it nothing is answered");
                }
                Err(_) => {}
            }
            let pause = outcome.unwrap_or(LOOK_INTERVAL);
            tokio::select! {
                () = self.wait(pause) => {}
                // Dropped or sent: the same.
                _ = &mut ended => break,
            }
        }
        self.hand_back().await;
        // Nobody looks at the lease any more, so no call has to wait for what will not be seen.
        self.ownership.set_blind(true);
    }

    async fn wait(&self, pause: Duration) {
        tokio::time::sleep(LOOK_PAUSE).await;
        tokio::select! {
            () = tokio::time::sleep(pause.saturating_sub(LOOK_PAUSE)) => {}
            () = self.ownership.wanted() => {}
        }
    }

    /// Renews the lease, takes it, or learns who has it. Returns when to look again.
    async fn step(&self, is_reborn: bool) -> sqlx::Result<Duration> {
        // The lease begins when the database says so, which is after this.
        let asked = Instant::now();
        if let Holder::Ours { fence, .. } = self.ownership.holder() {
            if let Some(is_alone) =
                self.store.renew(fence, self.published.is_ready(), LEASE).await?
            {
                self.ownership.set(ours(fence, asked, is_alone));
                return Ok(RENEW_INTERVAL);
            }
            tracing::warn!(fence, "another process has taken the projection");
            self.ownership.set(Holder::Nobody);
        }
        let asked = Instant::now();
        match self.store.look(&self.candidate, is_reborn, LEASE).await? {
            Some(Looked::Taken(fence)) => {
                tracing::info!(fence, "this process has the projection");
                // Whether others are there is seen at the first renewal.
                self.ownership.set(ours(fence, asked, false));
                Ok(LOOK_INTERVAL)
            }
            // A look of ours that was given up had taken it, or somebody has our name. Either way it runs out.
            Some(Looked::Of(owner)) if owner.name == self.candidate.name => {
                self.ownership.set(Holder::Nobody);
                Ok(LOOK_INTERVAL)
            }
            Some(Looked::Of(owner)) => {
                let claim = Claim::Other(owner.fence);
                if !self.ownership.stands(claim) {
                    tracing::info!(
                        owner = owner.name,
                        fence = owner.fence,
                        "another process has the projection"
                    );
                }
                self.ownership.set(Holder::Other(owner));
                Ok(LOOK_INTERVAL)
            }
            None => {
                self.ownership.set(Holder::Nobody);
                Ok(LOOK_PAUSE)
            }
        }
    }

    /// Goes on as the owner although the lease could not be renewed, if nobody is there who could take it: while the database of a
    /// single process is away, questions are answered with what was read so far. Who has not run for as long as its lease lasted
    /// does not: it cannot know what happened meanwhile.
    fn go_on(&self, asked: Instant) {
        if let Holder::Ours { fence, until, is_alone: true } = self.ownership.holder()
            && asked < until
        {
            self.ownership.set(ours(fence, asked, true));
        }
    }

    /// Hands the lease back once what is being answered is answered.
    async fn hand_back(&self) {
        let Holder::Ours { fence, .. } = self.ownership.holder() else { return };
        let until = Instant::now() + ANSWERS_TIMEOUT;
        while self.ownership.answers() > 0 && Instant::now() < until {
            tokio::time::sleep(LOOK_PAUSE).await;
        }
        self.ownership.set(Holder::Nobody);
        if let Err(error) = self.store.release(fence).await {
            tracing::warn!(%error, "the lease of the projection runs out by itself");
        }
    }
}

fn ours(fence: i64, asked: Instant, is_alone: bool) -> Holder {
    Holder::Ours { fence, until: asked + LEASE - MARGIN, is_alone }
}
