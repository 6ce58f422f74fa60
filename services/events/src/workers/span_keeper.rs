//! Keeps the span lane small: days of keys ahead of time, and nothing longer than it is kept for.

use std::time::Duration;

use observe_runtime::Lifecycle;
use observe_runtime::postgres::Database;

use crate::store::span::keep;

/// How often it is looked after.
const INTERVAL: Duration = Duration::from_secs(600);
/// How long to wait after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(5);
/// How long to wait between two deletions.
const DELETE_PAUSE: Duration = Duration::from_millis(100);
/// Days of keys to have ready, beyond the current one.
const DAYS_AHEAD: i64 = 2;
/// Days for which keys are kept besides the current one: a span is known again for at least two days.
const KEY_DAYS_KEPT: i64 = 2;

/// Looks after the lane until shutdown.
///
/// # Errors
/// None.
pub async fn run(database: Database, life: Lifecycle) -> anyhow::Result<()> {
    let mut outage = false;
    loop {
        let kept = keep(&database, &life).await;
        if let Err(error) = &kept
            && !std::mem::replace(&mut outage, true)
        {
            tracing::warn!(%error, "the span lane could not be looked after, trying again");
        }
        let pause = if kept.is_ok() { INTERVAL } else { RETRY_PAUSE };
        outage &= kept.is_err();
        if !life.sleep(pause).await {
            return Ok(());
        }
    }
}

async fn keep(database: &Database, life: &Lifecycle) -> sqlx::Result<()> {
    let pool = database.worker();
    // By the database's clock, which all replicas share: one host whose clock is ahead must not drop anything.
    let (today, now) = keep::today(pool).await?;
    for ahead in 0..=DAYS_AHEAD {
        keep::ensure_key_day(pool, today + chrono::TimeDelta::days(ahead)).await?;
    }
    keep::advance_key_day(pool, today).await?;
    keep::drop_keys_before(pool, today - chrono::TimeDelta::days(KEY_DAYS_KEPT)).await?;
    while keep::expire(pool, now).await? > 0 {
        if !life.sleep(DELETE_PAUSE).await {
            break;
        }
    }
    Ok(())
}
