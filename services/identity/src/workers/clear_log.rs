//! Clears the change log of persons that were erased, which takes a pass through the project's log and so does not belong into
//! the call that erases.

use std::sync::Arc;
use std::time::Duration;

use observe_core::Clock;
use observe_runtime::Lifecycle;
use tokio::sync::Notify;

use crate::error::IdentityError;
use crate::store::erasure::ErasureStore;

/// How often it is looked for what another process left behind.
const INTERVAL: Duration = Duration::from_secs(5);

/// Clears until shutdown; every failure is logged once an outage and tried again.
///
/// # Errors
/// None.
pub(crate) async fn run(
    store: ErasureStore,
    begun: Arc<Notify>,
    clock: Arc<dyn Clock>,
    life: Lifecycle,
) -> anyhow::Result<()> {
    let mut outage = false;
    while !life.is_stopping() {
        let cleared = clear_all(&store, &*clock, &life).await;
        match cleared {
            Ok(()) => outage = false,
            Err(error) if !std::mem::replace(&mut outage, true) => {
                tracing::warn!(%error, "the change log waits to be cleared of erased persons");
            }
            Err(_) => {}
        }
        tokio::select! {
            () = begun.notified() => {}
            () = tokio::time::sleep(INTERVAL) => {}
            () = life.stopping() => {}
        }
    }
    Ok(())
}

async fn clear_all(
    store: &ErasureStore,
    clock: &dyn Clock,
    life: &Lifecycle,
) -> Result<(), IdentityError> {
    while !life.is_stopping() && store.clear_some(clock.now()).await? {}
    Ok(())
}
