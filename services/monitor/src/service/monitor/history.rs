//! What was recorded: single checks, bars, uptime.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::{CallContext, ProjectId, Violations};
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::monitor::State;
use observe_sketch::Sketch;
use uuid::Uuid;

use super::{Monitors, may_change};
use crate::convert;
use crate::error::Error;
use crate::service::id;
use crate::store::bucket::{self, BucketRow, Width};
use crate::store::check::{self, Wanted};

/// The bars of a list.
const LISTED_DAYS: i32 = 90;
const LISTED_HOURS: i32 = 24;
/// The longest range of buckets, and the longest of hours.
const RANGE_MAX: TimeDelta = TimeDelta::days(400);
const HOURS_RANGE_MAX: TimeDelta = TimeDelta::days(8);
/// The windows of uptime, and what they are counted from.
const WINDOWS: [(TimeDelta, Width); 4] = [
    (TimeDelta::hours(24), Width::Hour),
    (TimeDelta::days(7), Width::Hour),
    (TimeDelta::days(30), Width::Day),
    (TimeDelta::days(90), Width::Day),
];

type Span = (DateTime<Utc>, DateTime<Utc>);
type Buckets = HashMap<(Uuid, DateTime<Utc>), BucketRow>;

impl Monitors {
    pub(super) async fn list(
        &self,
        context: &CallContext,
        request: pb::ListMonitorsRequest,
    ) -> Result<pb::ListMonitorsResponse, Error> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let found = self.store.list(project).await?;
        let now = self.clock.now();
        let days = latest(Width::Day, LISTED_DAYS, now);
        let hours = latest(Width::Hour, LISTED_HOURS, now);
        let of_days = self.buckets(project, None, Width::Day, days).await?;
        let of_hours = self.buckets(project, None, Width::Hour, hours).await?;
        let may_change = may_change(context, project);
        let mut monitors: Vec<pb::MonitorSummary> = found
            .into_iter()
            .map(|found| {
                let monitor = found.0.id;
                let days = bars(&of_days, monitor, Width::Day, days);
                let hours = bars(&of_hours, monitor, Width::Hour, hours);
                pb::MonitorSummary {
                    uptime_24h: ratio(&hours),
                    uptime_90d: ratio(&days),
                    monitor: Some(convert::monitor(found, &self.sealer, may_change)),
                    days,
                    hours,
                }
            })
            .collect();
        monitors.sort_by_cached_key(rank);
        Ok(pb::ListMonitorsResponse { monitors })
    }

    pub(super) async fn list_checks(
        &self,
        context: &CallContext,
        request: pb::ListChecksRequest,
    ) -> Result<pb::ListChecksResponse, Error> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let monitor = id(&request.monitor_id, "monitor_id", "monitor")?;
        let mut violations = Violations::new();
        let range = request.range.as_ref().and_then(|range| convert::range(range, &mut violations));
        let limit = convert::page_size(request.page_size, &mut violations);
        let range_text = request.range.map(|range| format!("{range:?}")).unwrap_or_default();
        let failed_only = if request.failed_only { "failed" } else { "" };
        let scope =
            convert::scope("checks", project, &[&monitor.to_string(), &range_text, failed_only]);
        let token =
            convert::page_token(&self.page_tokens, &scope, &request.page_token, &mut violations);
        violations.finish()?;
        self.store.get(project, monitor).await?;
        let before = token.and_then(|bytes| {
            DateTime::from_timestamp_micros(i64::from_be_bytes(bytes.try_into().ok()?))
        });
        let wanted = Wanted {
            monitor,
            from: range.map(|(from, _)| from),
            before: before.or(range.map(|(_, to)| to)),
            failed_only: request.failed_only,
            // One more than there is room for tells whether there is a next page.
            limit: limit + 1,
        };
        let mut rows = check::list(&self.store.database, project, wanted).await?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let is_full = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| is_full).map(|row| row.slot.timestamp_micros());
        let next_page_token =
            last.map(|slot| self.page_tokens.seal(&scope, &slot.to_be_bytes())).unwrap_or_default();
        let checks = rows.into_iter().map(convert::check).collect();
        Ok(pb::ListChecksResponse { checks, next_page_token })
    }

    pub(super) async fn uptime(
        &self,
        context: &CallContext,
        request: pb::GetUptimeRequest,
    ) -> Result<pb::GetUptimeResponse, Error> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let monitor = id(&request.monitor_id, "monitor_id", "monitor")?;
        let now = self.clock.now();
        let mut violations = Violations::new();
        let range = match &request.range {
            Some(range) => convert::range(range, &mut violations),
            None => Some(latest(Width::Hour, LISTED_HOURS, now)),
        };
        if let Some((from, to)) = range {
            violations.require(to - from <= RANGE_MAX, "range", "must be at most 400 days");
        }
        violations.finish()?;
        self.store.get(project, monitor).await?;
        let (from, to) = range.ok_or_else(|| {
            CommonError::Internal("a range without violations can be read".to_owned())
        })?;
        let width = if to - from <= HOURS_RANGE_MAX { Width::Hour } else { Width::Day };
        let span = (width.start(from), to);
        let rows = self.buckets(project, Some(monitor), width, span).await?;
        let buckets = bars(&rows, monitor, width, span);
        let total = self.total(project, monitor, width, span, &buckets).await?;
        let mut uptimes = Vec::with_capacity(WINDOWS.len());
        for (window, width) in WINDOWS {
            uptimes.push(self.window(project, monitor, window, width, now).await?);
        }
        Ok(pb::GetUptimeResponse { uptimes, buckets, total: Some(total) })
    }

    async fn buckets(
        &self,
        project: ProjectId,
        monitor: Option<Uuid>,
        width: Width,
        span: Span,
    ) -> Result<Buckets, Error> {
        let rows = bucket::list(&self.store.database, project, monitor, width, span).await?;
        Ok(rows.into_iter().map(|row| ((row.monitor_id, row.start_at), row)).collect())
    }

    async fn window(
        &self,
        project: ProjectId,
        monitor: Uuid,
        window: TimeDelta,
        width: Width,
        now: DateTime<Utc>,
    ) -> Result<pb::Uptime, Error> {
        let since = now - window;
        let count = i32::try_from(window.num_seconds() / width.length().num_seconds()).unwrap_or(1);
        let span = latest(width, count, now);
        let rows = self.buckets(project, Some(monitor), width, span).await?;
        let (down, incidents) =
            bucket::downtime(&self.store.database, project, monitor, since).await?;
        Ok(pb::Uptime {
            window: Some(convert::duration_millis(window.num_milliseconds())),
            ratio: ratio(&bars(&rows, monitor, width, span)),
            // Seconds of at most 90 days, to the millisecond.
            down: Some(convert::duration_millis((down * 1_000.0).round() as i64)),
            incidents: i32::try_from(incidents).unwrap_or(i32::MAX),
        })
    }

    async fn total(
        &self,
        project: ProjectId,
        monitor: Uuid,
        width: Width,
        span: Span,
        buckets: &[pb::UptimeBucket],
    ) -> Result<pb::UptimeBucket, Error> {
        let mut sketch = Sketch::new();
        for bytes in bucket::sketches(&self.store.database, project, monitor, width, span).await? {
            match Sketch::decode(&bytes) {
                Ok(part) => sketch.merge(&part),
                Err(error) => tracing::warn!(%monitor, %error, "a sketch cannot be read"),
            }
        }
        let sum = |part: fn(&pb::UptimeBucket) -> i64| buckets.iter().map(part).sum();
        Ok(pb::UptimeBucket {
            start_time: Some(convert::timestamp(span.0)),
            up: sum(|bucket| bucket.up),
            down: sum(|bucket| bucket.down),
            missed: sum(|bucket| bucket.missed),
            p50: convert::quantile(&sketch, 0.5),
            p95: convert::quantile(&sketch, 0.95),
            p99: convert::quantile(&sketch, 0.99),
        })
    }
}

/// Returns the span of the latest buckets, the one under way included.
fn latest(width: Width, count: i32, now: DateTime<Utc>) -> Span {
    let end = width.start(now) + width.length();
    (end - width.length() * count, end)
}

/// Returns a bar for each bucket of a span, also for those without checks.
fn bars(rows: &Buckets, monitor: Uuid, width: Width, (from, to): Span) -> Vec<pb::UptimeBucket> {
    let starts = std::iter::successors(Some(from), |start| Some(*start + width.length()));
    starts
        .take_while(|start| *start < to)
        .map(|start| convert::bucket(start, rows.get(&(monitor, start))))
        .collect()
}

/// Returns good checks of all that say something.
fn ratio(buckets: &[pb::UptimeBucket]) -> Option<f64> {
    let up: i64 = buckets.iter().map(|bucket| bucket.up).sum();
    let down: i64 = buckets.iter().map(|bucket| bucket.down).sum();
    (up + down > 0).then(|| up as f64 / (up + down) as f64)
}

/// Down, unknown, pending, up, paused; by name within each.
fn rank(summary: &pb::MonitorSummary) -> (u8, String) {
    let Some(monitor) = &summary.monitor else { return (u8::MAX, String::new()) };
    let rank = match monitor.state() {
        State::Down => 0,
        State::Unknown => 1,
        State::Pending => 2,
        State::Up => 3,
        State::Paused => 4,
        State::Unspecified => 5,
    };
    (rank, monitor.name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_is_of_checks_that_say_something() {
        let bucket = |up, down, missed| pb::UptimeBucket { up, down, missed, ..Default::default() };
        assert_eq!(ratio(&[bucket(3, 1, 100), bucket(0, 0, 5)]), Some(0.75));
        assert_eq!(ratio(&[bucket(0, 0, 5)]), None);
    }

    #[test]
    fn every_bucket_of_a_span_has_a_bar() {
        let now = DateTime::from_timestamp(1_800_000_123, 0).unwrap();
        let span = latest(Width::Hour, 24, now);
        let bars = bars(&HashMap::new(), Uuid::nil(), Width::Hour, span);
        assert_eq!(bars.len(), 24);
        let last = bars[23].start_time.as_ref().and_then(convert::instant).unwrap();
        assert!(last <= now && now < last + TimeDelta::hours(1));
    }
}
