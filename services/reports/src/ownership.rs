//! Who has the projection, as far as this process knows.
//!
//! The lease is a row by the database's clock (`store/ownership.rs`), kept by a worker (`workers/lease.rs`). What is told here is
//! told without asking the database: a lease counts from before it was asked for, and for a little less than it lasts, so that
//! this process stops answering before another one may begin, whatever kept it from running.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use tokio::sync::{Notify, watch};

/// Another process that has the projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) name: String,
    /// Where it is reached; `None` if it cannot be.
    pub(crate) url: Option<String>,
    pub(crate) fence: i64,
    /// Whether it has read the logs and answers.
    pub(crate) is_ready: bool,
}

/// Who has the projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Nobody that is known.
    Nobody,
    /// This process, until the lease runs out; `is_alone` if no other one was there when it was last renewed.
    Ours { fence: i64, until: Instant, is_alone: bool },
    /// Another one.
    Other(Owner),
}

/// What an answer stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// This process has the projection, with this fence.
    Ours(i64),
    /// Another one has.
    Other(i64),
}

/// What is known of the owner; shared by whoever answers and whoever works in the background.
#[derive(Debug)]
pub(crate) struct Ownership {
    holder: watch::Sender<Holder>,
    /// Whether the lease cannot be looked at now.
    is_blind: AtomicBool,
    /// Wakes the worker that looks after the lease.
    nudge: Notify,
    /// How many answers are given from our own projection now.
    under_way: AtomicUsize,
}

impl Default for Ownership {
    fn default() -> Self {
        Self {
            holder: watch::Sender::new(Holder::Nobody),
            is_blind: AtomicBool::new(false),
            nudge: Notify::new(),
            under_way: AtomicUsize::new(0),
        }
    }
}

impl Ownership {
    /// Returns who has the projection. What is ours may have run out.
    pub(crate) fn holder(&self) -> Holder {
        self.holder.borrow().clone()
    }

    /// Says who has the projection.
    pub(crate) fn set(&self, holder: Holder) {
        self.holder.send_if_modified(|known| {
            let is_new = *known != holder;
            *known = holder;
            is_new
        });
    }

    /// Returns the fence if this process has the projection and the lease has not run out.
    pub(crate) fn lease(&self) -> Option<i64> {
        match *self.holder.borrow() {
            Holder::Ours { fence, until, .. } if Instant::now() < until => Some(fence),
            _ => None,
        }
    }

    /// Returns whether another process has the projection, and answers.
    pub(crate) fn is_other_ready(&self) -> bool {
        matches!(&*self.holder.borrow(), Holder::Other(owner) if owner.is_ready)
    }

    /// Returns whether a claim holds at this moment.
    pub(crate) fn stands(&self, claim: Claim) -> bool {
        match claim {
            Claim::Ours(fence) => self.lease() == Some(fence),
            Claim::Other(_) => claim.is_of(&self.holder.borrow()),
        }
    }

    /// Returns whether what a claim says is known to be over. A lease of ours that has run out is still ours for this: it may be
    /// renewed.
    pub(crate) fn is_lost(&self, claim: Claim) -> bool {
        !claim.is_of(&self.holder.borrow())
    }

    /// Waits until a claim is lost.
    pub(crate) async fn lost(&self, claim: Claim) {
        let mut watched = self.holder.subscribe();
        // The sender lives as long as this value.
        let _ = watched.wait_for(|holder| !claim.is_of(holder)).await;
    }

    /// Waits until this process has the projection, and returns the fence.
    pub(crate) async fn ours(&self) -> i64 {
        let mut watched = self.holder.subscribe();
        loop {
            if let Holder::Ours { fence, .. } = *watched.borrow_and_update() {
                return fence;
            }
            let _ = watched.changed().await;
        }
    }

    /// Waits until something is known that was not.
    pub(crate) async fn changed(&self) {
        let _ = self.holder.subscribe().changed().await;
    }

    /// Says whether the lease cannot be looked at now.
    pub(crate) fn set_blind(&self, is_blind: bool) {
        self.is_blind.store(is_blind, Ordering::Relaxed);
    }

    /// Returns whether the lease cannot be looked at now, so that nobody is seen taking it.
    pub(crate) fn is_blind(&self) -> bool {
        self.is_blind.load(Ordering::Relaxed)
    }

    /// Has the lease looked at now.
    pub(crate) fn look_now(&self) {
        self.nudge.notify_one();
    }

    /// Waits until somebody wants the lease to be looked at.
    pub(crate) async fn wanted(&self) {
        self.nudge.notified().await;
    }

    /// Counts an answer that is being given.
    pub(crate) fn begin_answer(&self) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes an answer out of the count.
    pub(crate) fn end_answer(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns how many answers are being given.
    pub(crate) fn answers(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }
}

impl Claim {
    fn is_of(self, holder: &Holder) -> bool {
        match (self, holder) {
            (Self::Ours(claimed), Holder::Ours { fence, .. }) => claimed == *fence,
            (Self::Other(claimed), Holder::Other(owner)) => claimed == owner.fence,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ours(fence: i64, until: Instant) -> Holder {
        Holder::Ours { fence, until, is_alone: false }
    }

    #[test]
    fn a_lease_that_ran_out_is_no_ground_for_an_answer() {
        let ownership = Ownership::default();
        assert_eq!(ownership.lease(), None);
        let now = Instant::now();
        ownership.set(ours(3, now + Duration::from_secs(60)));
        assert_eq!(ownership.lease(), Some(3));
        assert!(ownership.stands(Claim::Ours(3)) && !ownership.stands(Claim::Ours(2)));
        ownership.set(ours(3, now));
        assert_eq!(ownership.lease(), None);
        assert!(!ownership.stands(Claim::Ours(3)));
    }

    #[tokio::test]
    async fn a_claim_is_lost_to_a_later_fence_alone() {
        let ownership = Ownership::default();
        let until = Instant::now();
        ownership.set(ours(3, until));
        let lost = ownership.lost(Claim::Ours(3));
        tokio::pin!(lost);
        assert!(futures::poll!(&mut lost).is_pending(), "it may be renewed");
        ownership.set(ours(3, until + Duration::from_secs(9)));
        assert!(futures::poll!(&mut lost).is_pending());
        ownership.set(ours(5, until));
        lost.await;
        assert_eq!(ownership.ours().await, 5);
    }
}
