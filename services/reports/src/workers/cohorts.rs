//! Counts cohorts again and again, so that their numbers are fresh.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use observe_runtime::Lifecycle;
use tokio::time::Instant;

use crate::cohort::counter::Counter;
use crate::error::ReportsError;
use crate::published::Published;

/// How long to wait between rounds.
const INTERVAL: Duration = Duration::from_secs(60);
/// A number this old is counted anew: a little less than a round, so that none is passed over.
const STALE: TimeDelta = TimeDelta::seconds(50);
/// Cohorts in one round, the longest not counted first.
const COUNTED_MAX: i64 = 2_000;
/// How long a round may take; the rest waits for the next one.
const ROUND_MAX: Duration = Duration::from_secs(30);

/// Counts until shutdown begins.
///
/// # Errors
/// None.
pub(crate) async fn run(
    counter: Counter,
    published: Arc<Published>,
    life: Lifecycle,
) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = life.stopping() => return Ok(()),
        }
        if !published.is_ready() {
            continue;
        }
        tokio::select! {
            () = round(&counter) => {}
            () = life.stopping() => return Ok(()),
        }
    }
}

/// Counts what was not counted lately.
async fn round(counter: &Counter) {
    let began = Instant::now();
    let since = counter.clock.now() - STALE;
    let due = match counter.loader.store.uncounted(since, COUNTED_MAX).await {
        Ok(due) => due,
        Err(error) => {
            tracing::warn!(%error, "cohorts could not be counted; they will be tried again");
            return;
        }
    };
    for (project, cohort) in due {
        if began.elapsed() > ROUND_MAX {
            return;
        }
        match counter.count(project, cohort).await {
            Ok(_) => {}
            // Questions of people come first, and another process counts if the projection is its own by now.
            Err(ReportsError::Busy | ReportsError::Loading { .. }) => return,
            Err(error) => {
                tracing::warn!(%project, %cohort, %error, "a cohort could not be counted; it will be tried again");
            }
        }
    }
}
