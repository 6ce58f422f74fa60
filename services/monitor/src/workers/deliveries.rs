//! Tells alert channels what is in the outbox.

use std::sync::Arc;
use std::time::Duration;

use observe_core::{Clock, Entropy, Secret};
use observe_egress::Guard;
use observe_runtime::Lifecycle;
use observe_runtime::postgres::Database;
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

use crate::seal::Sealer;
use crate::store::delivery::{self, Claim};
use crate::webhook;

/// Messages that are being sent at once in one process.
const DELIVERIES_MAX: usize = 16;
/// How often the outbox is looked at when nobody wakes us.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// What deliveries work with.
pub(crate) struct Deliveries {
    pub(crate) database: Database,
    pub(crate) guard: Guard,
    pub(crate) sealer: Sealer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) life: Lifecycle,
    pub(crate) wake: Arc<Notify>,
}

impl Deliveries {
    /// Runs until shutdown. Messages that are being sent then are sent again by whoever comes after.
    ///
    /// # Errors
    /// None.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let this = Arc::new(self);
        let permits = Arc::new(Semaphore::new(DELIVERIES_MAX));
        let mut outage = false;
        while !this.life.is_stopping() {
            let pause = match turn(&this, &permits).await {
                Ok(()) => {
                    outage = false;
                    INTERVAL
                }
                Err(error) => {
                    if !std::mem::replace(&mut outage, true) {
                        tracing::warn!(%error, "the outbox could not be read, trying again");
                    }
                    RETRY_PAUSE
                }
            };
            tokio::select! {
                () = this.life.stopping() => {}
                () = tokio::time::sleep(pause) => {}
                () = this.wake.notified() => {}
            }
        }
        Ok(())
    }

    async fn send(&self, claim: &Claim, lease: Uuid) {
        let secret = self.sealer.open(claim.channel_id, &claim.secret);
        let secret = secret.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let secret = Secret::new(secret);
        let send = webhook::send(
            &self.guard,
            &claim.url,
            &secret,
            claim.id,
            &claim.body,
            self.clock.now(),
        );
        let attempt = tokio::select! {
            attempt = send => attempt,
            () = self.life.stopping() => return,
        };
        if !attempt.delivered {
            tracing::info!(channel = %claim.channel_id, status = attempt.status_code, "an alert was not delivered");
        }
        let finish =
            delivery::finish(self.database.worker(), claim, lease, &attempt, self.entropy.as_ref());
        match finish.await {
            // Another message may have waited for this one.
            Ok(()) => self.wake.notify_one(),
            // Its lease runs out, and it is sent again: at least once.
            Err(error) => tracing::warn!(%error, "what came of an alert could not be noted"),
        }
    }
}

async fn turn(this: &Arc<Deliveries>, permits: &Arc<Semaphore>) -> Result<(), crate::error::Error> {
    let free = i64::try_from(permits.available_permits()).unwrap_or(0);
    if free == 0 {
        return Ok(());
    }
    let lease = this.entropy.uuid(this.clock.now());
    for claim in delivery::claim(this.database.worker(), lease, free).await? {
        let Ok(permit) = permits.clone().try_acquire_owned() else { break };
        let deliveries = this.clone();
        this.life.spawn(async move {
            deliveries.send(&claim, lease).await;
            drop(permit);
        });
    }
    Ok(())
}
