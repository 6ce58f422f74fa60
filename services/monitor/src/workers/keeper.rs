//! Keeps history: percentiles up to date, single checks and told alerts no longer than they are of use.

use std::time::Duration;

use observe_runtime::Lifecycle;
use observe_runtime::postgres::Database;
use tokio::time::Instant;

use crate::error::Error;
use crate::store::{delivery, fold};

/// How often percentiles are brought up to date.
const FOLD_INTERVAL: Duration = Duration::from_secs(15);
/// How often it is looked for what has grown old.
const EXPIRE_INTERVAL: Duration = Duration::from_secs(600);
/// How long single checks are kept, in days.
pub(crate) const CHECK_DAYS: i32 = 30;
/// How long told and given up alerts are kept, in days.
const DELIVERY_DAYS: i32 = 30;
/// Hours that are closed, and alerts that are removed, in one statement.
const HOURS_MAX: i64 = 500;
const DELIVERIES_MAX: i64 = 1_000;

/// Runs until shutdown.
///
/// # Errors
/// None.
pub(crate) async fn run(database: Database, life: Lifecycle) -> anyhow::Result<()> {
    let mut outage = false;
    let mut expired_at: Option<Instant> = None;
    while life.sleep(FOLD_INTERVAL).await {
        let is_due = expired_at.is_none_or(|at| at.elapsed() >= EXPIRE_INTERVAL);
        match keep(&database, &life, is_due).await {
            Ok(()) => {
                outage = false;
                if is_due {
                    expired_at = Some(Instant::now());
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut outage, true) {
                    tracing::warn!(%error, "history could not be looked after, trying again");
                }
            }
        }
    }
    Ok(())
}

async fn keep(database: &Database, life: &Lifecycle, expire: bool) -> Result<(), Error> {
    let pool = database.worker();
    while fold::fold(pool).await? && !life.is_stopping() {}
    if expire {
        while fold::expire(pool, CHECK_DAYS, HOURS_MAX).await? > 0 && !life.is_stopping() {}
        while delivery::expire(pool, DELIVERY_DAYS, DELIVERIES_MAX).await? > 0
            && !life.is_stopping()
        {}
    }
    Ok(())
}
