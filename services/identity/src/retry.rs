//! Tries what was put aside again.

use std::sync::Arc;
use std::time::Duration;

use observe_core::Clock;
use observe_proto::identity::v1::apply_events_response::Outcome;
use observe_runtime::Lifecycle;

use crate::apply::{Applier, Given};
use crate::error::IdentityError;
use crate::store::parked::{Parked, ParkedStore};

/// How long to wait before looking again.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many operations are looked at together. Each is tried by itself.
const MAX_OPERATIONS: i64 = 100;

/// The worker that tries.
pub(crate) struct Retry {
    pub(crate) parked: ParkedStore,
    pub(crate) applier: Arc<Applier>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) life: Lifecycle,
}

impl Retry {
    /// Tries until shutdown; a failure is logged once an outage.
    ///
    /// # Errors
    /// None.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let mut outage = false;
        while self.life.sleep(INTERVAL).await {
            match self.retry_due().await {
                Ok(()) => outage = false,
                Err(error) => {
                    if !std::mem::replace(&mut outage, true) {
                        tracing::warn!(%error, "identity operations that were put aside wait");
                    }
                }
            }
        }
        Ok(())
    }

    async fn retry_due(&self) -> Result<(), IdentityError> {
        for Parked { project, event } in self.parked.due(self.clock.now(), MAX_OPERATIONS).await? {
            // What was put aside had a uuid, or it had been refused.
            let Some(given) = Given::read(&event) else { continue };
            let uuid = given.operation.uuid();
            let outcomes = self.applier.apply(project, &[given]).await?;
            if outcomes.get(&uuid) != Some(&Outcome::Parked) {
                self.parked.remove(project, uuid).await?;
                tracing::info!(%project, event = %uuid, "an identity operation that was put aside is applied");
            }
        }
        Ok(())
    }
}
