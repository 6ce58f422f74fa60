//! Keeps partitions: weeks ahead of time, and keys no longer than their window.

use std::time::Duration;

use observe_runtime::Lifecycle;
use observe_runtime::postgres::Database;

use crate::store::partition;

/// How often partitions are looked after.
const INTERVAL: Duration = Duration::from_secs(3600);
/// How long to wait after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(5);
/// Weeks of events to have ready, beyond the current one.
const WEEKS_AHEAD: i64 = 2;
/// Weeks for which keys are kept besides the current one: dedupe reaches back at least 28 days.
const KEY_WEEKS_KEPT: i64 = 5;

/// Looks after partitions until shutdown.
///
/// # Errors
/// None.
pub async fn run(database: Database, life: Lifecycle) -> anyhow::Result<()> {
    let mut outage = false;
    loop {
        let kept = keep(&database).await;
        if let Err(error) = &kept
            && !std::mem::replace(&mut outage, true)
        {
            tracing::warn!(%error, "partitions could not be looked after, trying again");
        }
        let pause = if kept.is_ok() { INTERVAL } else { RETRY_PAUSE };
        outage &= kept.is_err();
        if !life.sleep(pause).await {
            return Ok(());
        }
    }
}

async fn keep(database: &Database) -> sqlx::Result<()> {
    let pool = database.worker();
    // By the database's clock, which all replicas share: one host whose clock is ahead must not drop keys.
    let this_week = partition::this_week(pool).await?;
    for ahead in 0..=WEEKS_AHEAD {
        let week = this_week + chrono::TimeDelta::weeks(ahead);
        partition::ensure_event_week(pool, week).await?;
        partition::ensure_key_week(pool, week).await?;
    }
    partition::advance_key_clock(pool, this_week).await?;
    let oldest_kept = this_week - chrono::TimeDelta::weeks(KEY_WEEKS_KEPT);
    partition::drop_key_weeks_before(pool, oldest_kept).await?;
    partition::forget_consumed(pool, oldest_kept).await
}
