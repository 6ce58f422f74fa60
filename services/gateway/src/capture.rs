//! Capture: where events come in. Every wire ends in [`Capture::accept`].

pub(crate) mod delivery;
pub(crate) mod draft;
mod fields;
pub(crate) mod http;
pub(crate) mod json;
pub(crate) mod json_rpc;
pub(crate) mod judge;
pub(crate) mod limits;
pub(crate) mod posthog;
mod properties;
mod reading;
pub(crate) mod reject;
pub(crate) mod rpc;
pub(crate) mod segment;
pub(crate) mod sender;
pub(crate) mod sentry;
mod split;
pub(crate) mod text;
pub(crate) mod time;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use observe_core::{Clock, Entropy};
use tonic::Status;

use crate::enrich::{self, Enricher};
use crate::error::Error;
use crate::forward::Forwarder;
use crate::rate::RateLimits;
use crate::rejections::attempt::Refused;
use crate::rejections::{Rejections, attempt};
use delivery::{Delivery, Visitor};
use draft::{Draft, Unreadable};
use judge::{Judged, Outcome, judge};
use sender::Sender;

/// What capture works with.
#[derive(Clone)]
pub(crate) struct Capture {
    forward: Forwarder,
    rejections: Rejections,
    limits: Arc<RateLimits>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    enricher: Enricher,
}

impl Capture {
    pub(crate) fn new(
        forward: Forwarder,
        rejections: Rejections,
        limits: Arc<RateLimits>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        enricher: Enricher,
    ) -> Self {
        Self { forward, rejections, limits, clock, entropy, enricher }
    }

    /// Returns the time of receipt for a request that has just begun.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Judges the events of one request and returns, once the good ones are durable, what became of each.
    ///
    /// # Errors
    /// `RateLimited` for a key that sends too much; those of [`Forwarder::write`]: nothing is known to be kept.
    pub(crate) async fn accept(
        &self,
        sender: &Sender,
        drafts: impl IntoIterator<Item = Result<Draft, Unreadable>>,
        delivery: &Delivery<'_>,
    ) -> Result<Vec<Outcome>, Status> {
        let mut judged = self.judge(sender, drafts, delivery)?;
        if judged.accepted.is_empty() {
            attempt::is_told();
        } else {
            attempt::holds(judged.accepted.len());
            enrich::ready().await;
            self.enricher.enrich(sender, delivery, &mut judged.accepted);
            let written = self.forward.write(sender.project, judged.accepted).await;
            written.inspect_err(|_| {
                self.limits.give_back_events(sender.key, judged.outcomes.len());
            })?;
        }
        // Only now: a request that is refused whole will come again with the same events.
        self.rejections.note_outcomes(sender.project, &judged.outcomes, delivery);
        Ok(judged.outcomes)
    }

    fn judge(
        &self,
        sender: &Sender,
        drafts: impl IntoIterator<Item = Result<Draft, Unreadable>>,
        delivery: &Delivery<'_>,
    ) -> Result<Judged, Error> {
        let drafts = drafts.into_iter();
        attempt::holds(drafts.size_hint().0);
        // Before the events are read, so that a flood costs little.
        self.limits.admit_events(sender.key)?;
        let judged = judge(drafts, delivery, sender, self.entropy.as_ref());
        self.limits.charge_events(sender.key, judged.outcomes.len());
        Ok(judged)
    }

    /// Tells a sender's project of a batch that was refused where no head of an answer shows it: within a stream.
    pub(crate) fn note_refused(
        &self,
        sender: &Sender,
        (endpoint, events): (&'static str, usize),
        visitor: &Visitor,
        status: &Status,
    ) {
        if let Some(refused) = Refused::of(status) {
            let at = self.clock.now();
            refused.note(&self.rejections, sender.project, (endpoint, events), visitor, at);
        }
    }
}
