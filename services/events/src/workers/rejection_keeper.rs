//! Removes rejections after seven days.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use observe_core::Clock;
use observe_runtime::Lifecycle;
use observe_runtime::postgres::Database;

use crate::store::rejection;

/// How long counts and examples are kept.
pub const KEPT: TimeDelta = TimeDelta::days(7);
/// How often they are looked after.
const INTERVAL: Duration = Duration::from_secs(3600);
/// How long to wait after a failure, and between two deletions.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks after rejections until shutdown.
///
/// # Errors
/// None.
pub async fn run(database: Database, clock: Arc<dyn Clock>, life: Lifecycle) -> anyhow::Result<()> {
    let mut outage = false;
    loop {
        let removed = rejection::expire(database.worker(), clock.now() - KEPT).await;
        if let Err(error) = &removed
            && !std::mem::replace(&mut outage, true)
        {
            tracing::warn!(%error, "old rejections could not be removed, trying again");
        }
        outage &= removed.is_err();
        let pause = if matches!(removed, Ok(0)) { INTERVAL } else { PAUSE };
        if !life.sleep(pause).await {
            return Ok(());
        }
    }
}
