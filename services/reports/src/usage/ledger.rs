//! Gathers daily usage: events from the columns, requests from events, checks from monitor, and what was rolled up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use observe_core::error::CommonError;
use observe_core::{Clock, ProjectId};
use observe_proto::events::v1::ReadSpanStatsRequest;
use tonic::Status;

use super::{Calendar, DailyUsage};
use crate::activity::ActivityQuery;
use crate::engine::ReportEngine;
use crate::error::ReportsError;
use crate::neighbours::{Neighbours, time_range};
use crate::query::Range;
use crate::store::usage::UsageStore;

/// Requests are asked for hour by hour, so that days of 23 and 25 hours come out right.
const HOUR: Duration = Duration::from_secs(3_600);
/// Hours in one question.
const HOURS_PER_CALL: i64 = 960;
/// Events keeps hours for so long; before that, what was rolled up counts.
const HOURS_KEPT: TimeDelta = TimeDelta::days(91);

/// Where daily usage comes from.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) engine: Arc<dyn ReportEngine>,
    pub(crate) neighbours: Neighbours,
    pub(crate) store: UsageStore,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Ledger {
    /// Returns the days of a project, oldest first, with what was rolled up.
    ///
    /// # Errors
    /// What the engine answers, `Unavailable` if a service or the store is away.
    pub async fn days(
        &self,
        project: ProjectId,
        calendar: &Calendar,
    ) -> Result<Vec<DailyUsage>, ReportsError> {
        let (Some(first), Some(last)) = (calendar.days.first(), calendar.days.last()) else {
            return Ok(Vec::new());
        };
        let rolled = self.store.days(project, *first, *last).await?;
        let rolled: HashMap<_, _> = rolled.into_iter().map(|day| (day.day, day)).collect();
        let days = self.live_days(project, calendar).await?;
        let joined = days.into_iter().map(|day| match rolled.get(&day.day) {
            Some(rolled) => day.or_rolled(rolled),
            None => day,
        });
        Ok(joined.collect())
    }

    /// Returns the days as what is still there says.
    ///
    /// # Errors
    /// As [`Self::days`].
    pub async fn live_days(
        &self,
        project: ProjectId,
        calendar: &Calendar,
    ) -> Result<Vec<DailyUsage>, ReportsError> {
        if calendar.days.is_empty() {
            return Ok(Vec::new());
        }
        let query = ActivityQuery { range: calendar.range, buckets: calendar.buckets.clone() };
        let (activity, checks, requests) = tokio::join!(
            self.engine.activity(project, query),
            self.neighbours.checks(project, calendar.range),
            self.requests(project, calendar.range),
        );
        let activity = activity?;
        let mut days = calendar.with_activity(&activity);
        for hour in checks.map_err(away("monitor"))? {
            let start_ms = hour.start_time.map_or(i64::MIN, |time| time.seconds * 1_000);
            if let Some(at) = calendar.day_of(start_ms) {
                days[at].checks_up += u64::try_from(hour.up).unwrap_or(0);
                days[at].checks_down += u64::try_from(hour.down).unwrap_or(0);
            }
        }
        for (start_ms, count) in requests.map_err(away("events"))? {
            if let Some(at) = calendar.day_of(start_ms) {
                days[at].requests += count;
            }
        }
        Ok(days)
    }

    /// Returns the project's time zone.
    ///
    /// # Errors
    /// `Unavailable` if identity is away.
    pub async fn zone(&self, project: ProjectId) -> Result<Tz, ReportsError> {
        Ok(self.neighbours.time_zone(project).await.map_err(away("identity"))?)
    }

    /// Returns requests by hour: when each began, in milliseconds since 1970, and how many.
    async fn requests(&self, project: ProjectId, range: Range) -> Result<Vec<(i64, u64)>, Status> {
        let oldest_ms = (self.clock.now() - HOURS_KEPT).timestamp_millis();
        let hour_ms = i64::try_from(HOUR.as_millis()).expect("an hour");
        let mut start_ms = range.start_ms.max(oldest_ms.div_euclid(hour_ms) * hour_ms);
        let mut hours = Vec::new();
        while start_ms < range.end_ms {
            let end_ms = range.end_ms.min(start_ms + HOURS_PER_CALL * hour_ms);
            let request = ReadSpanStatsRequest {
                project_id: project.to_string(),
                range: Some(time_range(Range { start_ms, end_ms })),
                bucket: prost_types::Duration::try_from(HOUR).ok(),
                counts_only: true,
                together: true,
                ..ReadSpanStatsRequest::default()
            };
            let answer = self.neighbours.span_stats(request).await?;
            hours.extend(answer.stats.iter().filter_map(|stats| {
                Some((stats.start_time?.seconds * 1_000, u64::try_from(stats.count).ok()?))
            }));
            start_ms = end_ms;
        }
        Ok(hours)
    }
}

fn away(dependency: &'static str) -> impl Fn(Status) -> CommonError {
    move |status| CommonError::Unavailable { dependency, detail: status.to_string() }
}

/// Returns the last 30 days until now: what is meant when no range is given.
#[must_use]
pub fn default_range(now: DateTime<Utc>) -> Range {
    let end_ms = now.timestamp_millis() + 1;
    Range { start_ms: end_ms - TimeDelta::days(30).num_milliseconds(), end_ms }
}
