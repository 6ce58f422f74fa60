//! Capture: where events come in. Every wire ends in [`Capture::accept`].

pub(crate) mod delivery;
pub(crate) mod draft;
pub(crate) mod http;
mod json;
pub(crate) mod json_rpc;
pub(crate) mod judge;
pub(crate) mod limits;
mod properties;
mod reject;
pub(crate) mod rpc;
pub(crate) mod sender;
pub(crate) mod sentry;
mod split;
pub(crate) mod text;
mod time;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use observe_core::{Clock, Entropy};
use tonic::Status;

use crate::forward::Forwarder;
use delivery::Delivery;
use draft::{Draft, Unreadable};
use judge::{Outcome, judge};
use sender::Sender;

/// What capture works with.
#[derive(Clone)]
pub(crate) struct Capture {
    forward: Forwarder,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Capture {
    pub(crate) fn new(
        forward: Forwarder,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { forward, clock, entropy }
    }

    /// Returns the time of receipt for a request that has just begun.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Judges the events of one request and returns, once the good ones are durable, what became of each.
    ///
    /// # Errors
    /// Those of [`Forwarder::write`]: nothing is known to be kept.
    pub(crate) async fn accept(
        &self,
        sender: &Sender,
        drafts: impl IntoIterator<Item = Result<Draft, Unreadable>>,
        delivery: &Delivery,
    ) -> Result<Vec<Outcome>, Status> {
        let judged = judge(drafts, delivery, sender.trusted, self.entropy.as_ref());
        if !judged.accepted.is_empty() {
            self.forward.write(sender.project, judged.accepted).await?;
        }
        Ok(judged.outcomes)
    }
}
