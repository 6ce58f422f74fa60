//! Rolls up the days that are over, so that daily usage outlives the events.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, Utc};
use observe_core::ProjectId;
use observe_runtime::Lifecycle;

use crate::error::ReportsError;
use crate::overview::numbers::start_of_day;
use crate::published::Published;
use crate::query::Range;
use crate::usage::ledger::Ledger;
use crate::usage::{Calendar, DAYS_MAX};

/// How long after the start the first round comes: the first seconds belong to people.
const FIRST: Duration = Duration::from_secs(10);
/// How long to wait between rounds.
const INTERVAL: Duration = Duration::from_secs(3_600);
/// Days before the last one rolled up that are rolled up again, because late events may have changed them.
const AGAIN_DAYS: u64 = 3;

/// Rolls up until shutdown begins.
///
/// # Errors
/// None.
pub(crate) async fn run(
    ledger: Ledger,
    published: Arc<Published>,
    life: Lifecycle,
) -> anyhow::Result<()> {
    let mut wait = FIRST;
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = life.stopping() => return Ok(()),
        }
        wait = INTERVAL;
        let Ok(projection) = published.projection() else {
            wait = FIRST;
            continue;
        };
        for (project, _) in projection.change_positions() {
            if !published.is_ready() {
                // Another process has the projection by now, and rolls up.
                wait = FIRST;
                break;
            }
            tokio::select! {
                outcome = roll_up(&ledger, project, ledger.clock.now()) => {
                    if let Err(error) = outcome {
                        tracing::warn!(%project, %error, "days could not be rolled up; they will be tried again");
                    }
                }
                () = life.stopping() => return Ok(()),
            }
        }
    }
}

/// Rolls up the days of one project that are over and not rolled up for good.
///
/// # Errors
/// When the store or a service is away.
pub(crate) async fn roll_up(
    ledger: &Ledger,
    project: ProjectId,
    now: DateTime<Utc>,
) -> Result<(), ReportsError> {
    let zone = ledger.zone(project).await?;
    let today = now.with_timezone(&zone).date_naive();
    let first = first_day(ledger.store.last_day(project).await?, today);
    let (Some(start_ms), Some(end_ms)) = (start_of_day(first, zone), start_of_day(today, zone))
    else {
        return Ok(());
    };
    if start_ms >= end_ms {
        return Ok(());
    }
    let Some(calendar) = Calendar::new(Range { start_ms, end_ms }, zone) else { return Ok(()) };
    // What was rolled up before counts where its events are gone.
    let mut days = ledger.days(project, &calendar).await?;
    days.retain(|day| !day.is_empty());
    if days.is_empty() {
        return Ok(());
    }
    ledger.store.save(project, &days, now).await
}

/// Returns the first day to roll up: some days before the last one done, or as far back as may be asked for.
fn first_day(last: Option<NaiveDate>, today: NaiveDate) -> NaiveDate {
    let back = |day: NaiveDate, days: u64| day.checked_sub_days(Days::new(days)).unwrap_or(day);
    match last {
        Some(last) => back(last.min(today), AGAIN_DAYS),
        None => back(today, DAYS_MAX as u64 - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_days_are_rolled_up_again_and_a_new_project_from_the_beginning() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let today = day("2026-11-23");
        assert_eq!(first_day(Some(day("2026-11-22")), today), day("2026-11-19"));
        assert_eq!(first_day(None, today), day("2025-10-20"));
    }
}
