//! Makes overviews: asks everybody at once, ranks, and keeps the last one for as long as nobody would see a difference.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use moka::sync::Cache;
use observe_core::{Clock, ProjectId};
use observe_proto::events::v1::{
    GetPipelineStatusResponse, ReadSpanStatsRequest, ReadSpanStatsResponse, SpanStats,
};
use observe_proto::monitor::v1::GetMonitorStateResponse;
use tokio::sync::Mutex;
use tonic::Status;

use super::items::{Item, rank};
use super::numbers::{Comparison, DayNumbers, Questions, last_hours};
use crate::engine::{EngineError, ReportEngine};
use crate::incidents::{down_items, mark_incidents};
use crate::neighbours::{Neighbours, time_range};
use crate::published::Published;
use crate::query::Range;
use crate::signals::{Assessor, Signals};

/// How long an overview is shown again without asking.
const LIFETIME: Duration = Duration::from_secs(1);
/// How long the day's numbers are; they move slowly and cost the most.
const NUMBERS_LIFETIME: Duration = Duration::from_secs(5);
/// Projects whose last overview is kept.
const PROJECTS_MAX: u64 = 1_000;
/// How long one is kept that nobody asks for.
const IDLE: Duration = Duration::from_secs(600);

/// What is broken, and the day's numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overview {
    /// Ranked.
    pub items: Vec<Item>,
    /// Monitors that are up.
    pub monitors_up: u32,
    /// Monitors, paused ones left out.
    pub monitors: u32,
    /// Error groups that are neither new nor a spike.
    pub known_errors: usize,
    /// Endpoints that are as usual.
    pub endpoints_ok: usize,
    /// The day's numbers.
    pub numbers: Numbers,
    /// How long the oldest accepted event waits, in milliseconds.
    pub oldest_pending_ms: i64,
    /// Accepted events that are not stored yet.
    pub pending: i64,
    /// Events that were set aside.
    pub dead_lettered: i64,
    /// How far the projection is behind, in milliseconds.
    pub projection_age_ms: i64,
    /// When it was made.
    pub time: DateTime<Utc>,
    /// When the last incident ended.
    pub last_incident: Option<prost_types::Timestamp>,
    /// Services that could not be asked.
    pub unavailable: Vec<&'static str>,
    /// Whether the project has nothing yet.
    pub is_empty: bool,
}

/// The day's numbers, with those of requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    /// From the events.
    pub day: DayNumbers,
    /// Requests.
    pub requests: Comparison,
    /// 95 % of requests were faster, in milliseconds; `None` without requests.
    pub p95_ms: Option<Comparison>,
    /// The same by hour, the last 24 hours, oldest first.
    pub p95_ms_hours: Vec<f64>,
    /// When a day begins.
    pub zone: Tz,
    /// Whether the project ever had an event in the days that are drawn.
    pub has_events: bool,
}

/// Makes overviews.
pub struct Board {
    engine: Arc<dyn ReportEngine>,
    published: Arc<Published>,
    neighbours: Neighbours,
    assessor: Arc<Assessor>,
    clock: Arc<dyn Clock>,
    last: Cache<ProjectId, Arc<Mutex<Kept>>>,
}

/// The last overview of a project, and its parts.
#[derive(Default)]
struct Kept {
    overview: Option<(Instant, Arc<Overview>)>,
    numbers: Option<(Instant, Numbers)>,
    /// Since when a store is away, in milliseconds since 1970.
    trouble_since_ms: Option<i64>,
}

impl Board {
    /// Prepares to make them.
    #[must_use]
    pub fn new(
        engine: Arc<dyn ReportEngine>,
        published: Arc<Published>,
        neighbours: Neighbours,
        assessor: Arc<Assessor>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let last = Cache::builder().max_capacity(PROJECTS_MAX).time_to_idle(IDLE).build();
        Self { engine, published, neighbours, assessor, clock, last }
    }

    /// Returns the overview of a project, at most a second old.
    ///
    /// # Errors
    /// `Loading` while the projection is built, `Busy`.
    pub async fn overview(&self, project: ProjectId) -> Result<Arc<Overview>, EngineError> {
        let kept = self.last.get_with(project, Arc::default);
        // Whoever comes while one is made waits for it.
        let mut kept = kept.lock().await;
        if let Some((at, overview)) = &kept.overview
            && at.elapsed() < LIFETIME
        {
            return Ok(Arc::clone(overview));
        }
        let overview = Arc::new(self.make(project, &mut kept).await?);
        kept.overview = Some((Instant::now(), Arc::clone(&overview)));
        Ok(overview)
    }

    async fn make(&self, project: ProjectId, kept: &mut Kept) -> Result<Overview, EngineError> {
        let now = self.clock.now();
        let fresh = kept.numbers.take().filter(|(at, _)| at.elapsed() < NUMBERS_LIFETIME);
        let numbers = async {
            match fresh {
                Some(kept) => Ok((kept, None)),
                None => self.numbers(project, now).await,
            }
        };
        let (signals, monitors, pipeline, numbers) = tokio::join!(
            self.assessor.assess(project, now),
            self.neighbours.monitor_state(project),
            self.neighbours.pipeline(project),
            numbers,
        );
        let (signals, (numbers, away)) = (signals?, numbers?);
        kept.numbers = Some(numbers.clone());
        let mut overview =
            Overview { time: now, numbers: numbers.1, ..self.with_signals(&signals, now) };
        overview.unavailable.extend(away);
        self.add_monitors(&mut overview, project, monitors, now).await?;
        add_pipeline(&mut overview, kept, pipeline, now.timestamp_millis());
        overview.unavailable.sort_unstable();
        overview.unavailable.dedup();
        let endpoints = signals.endpoints.len() + signals.endpoints_ok;
        overview.is_empty = !overview.numbers.has_events
            && overview.monitors == 0
            && endpoints == 0
            && overview.unavailable.is_empty();
        rank(&mut overview.items);
        Ok(overview)
    }

    fn with_signals(&self, signals: &Signals, now: DateTime<Utc>) -> Overview {
        let age = self.published.age().unwrap_or_default();
        Overview {
            items: signals.items(now.timestamp_millis()),
            known_errors: signals.known_errors,
            endpoints_ok: signals.endpoints_ok,
            projection_age_ms: i64::try_from(age.as_millis()).unwrap_or(i64::MAX),
            unavailable: if signals.endpoints_unknown { vec!["events"] } else { Vec::new() },
            ..Overview::default()
        }
    }

    /// Adds what monitor knows: the monitors that are down, and which incidents are open for what.
    async fn add_monitors(
        &self,
        overview: &mut Overview,
        project: ProjectId,
        state: Result<GetMonitorStateResponse, Status>,
        now: DateTime<Utc>,
    ) -> Result<(), EngineError> {
        let state = match state {
            Ok(state) => state,
            Err(status) => {
                tracing::debug!(%status, "monitor could not be asked");
                overview.unavailable.push("monitor");
                return Ok(());
            }
        };
        overview.monitors = u32::try_from(state.monitors).unwrap_or(0);
        overview.monitors_up = u32::try_from(state.monitors_up).unwrap_or(0);
        overview.last_incident = state.last_closed_time;
        mark_incidents(&mut overview.items, &state.open_incidents);
        let down =
            down_items(&*self.engine, project, &state.open_incidents, now.timestamp_millis());
        overview.items.extend(down.await?);
        Ok(())
    }

    /// Computes the day's numbers; the second part names a service that could not be asked.
    async fn numbers(
        &self,
        project: ProjectId,
        now: DateTime<Utc>,
    ) -> Result<((Instant, Numbers), Option<&'static str>), EngineError> {
        let (zone, mut away) = match self.neighbours.time_zone(project).await {
            Ok(zone) => (zone, None),
            Err(_) => (Tz::UTC, Some("identity")),
        };
        let Some(questions) = Questions::new(now, zone) else {
            return Ok(((Instant::now(), Numbers { zone, ..Numbers::default() }), away));
        };
        let (today, yesterday) = (questions.today, questions.yesterday.range);
        let hours = last_hours(now);
        let (days, before, requests_today, requests_yesterday, by_hour) = tokio::join!(
            self.engine.activity(project, questions.days),
            self.engine.activity(project, questions.yesterday),
            self.requests(project, today, None),
            self.requests(project, yesterday, None),
            self.requests(project, hours, Some(Duration::from_secs(3_600))),
        );
        let (days, before) = (days?, before?);
        let mut numbers = Numbers {
            day: DayNumbers::new(&days, &before),
            has_events: days.iter().any(|day| day.events > 0),
            zone,
            ..Numbers::default()
        };
        match (requests_today, requests_yesterday, by_hour) {
            (Ok(today), Ok(yesterday), Ok(by_hour)) => {
                numbers.add_requests(&today, &yesterday, &by_hour, hours);
            }
            _ => away = Some("events"),
        }
        Ok(((Instant::now(), numbers), away))
    }

    async fn requests(
        &self,
        project: ProjectId,
        range: Range,
        bucket: Option<Duration>,
    ) -> Result<ReadSpanStatsResponse, Status> {
        let bucket = bucket.and_then(|bucket| prost_types::Duration::try_from(bucket).ok());
        let request = ReadSpanStatsRequest {
            project_id: project.to_string(),
            range: Some(time_range(range)),
            bucket,
            together: true,
            ..ReadSpanStatsRequest::default()
        };
        self.neighbours.span_stats(request).await
    }
}

impl Numbers {
    fn add_requests(
        &mut self,
        today: &ReadSpanStatsResponse,
        yesterday: &ReadSpanStatsResponse,
        by_hour: &ReadSpanStatsResponse,
        hours: Range,
    ) {
        let (today, yesterday) = (today.stats.first(), yesterday.stats.first());
        let count = |stats: Option<&SpanStats>| stats.map_or(0.0, |stats| stats.count as f64);
        self.requests = Comparison { value: count(today), previous: count(yesterday) };
        let p95 = |stats: Option<&SpanStats>| stats.map_or(0.0, p95_ms);
        if self.requests != Comparison::default() {
            self.p95_ms = Some(Comparison { value: p95(today), previous: p95(yesterday) });
        }
        let hour_ms = TimeDelta::hours(1).num_milliseconds();
        let at: HashMap<i64, f64> = by_hour
            .stats
            .iter()
            .filter_map(|stats| Some((stats.start_time?.seconds * 1_000, p95_ms(stats))))
            .collect();
        let starts = (0..24).map(|hour| hours.start_ms + hour * hour_ms);
        self.p95_ms_hours =
            starts.map(|start| at.get(&start).copied().unwrap_or_default()).collect();
    }
}

fn p95_ms(stats: &SpanStats) -> f64 {
    let length = stats.p95.unwrap_or_default();
    length.seconds as f64 * 1_000.0 + f64::from(length.nanos) / 1_000_000.0
}

/// Adds what events knows: how far ingest is behind, and whether its stores are there.
fn add_pipeline(
    overview: &mut Overview,
    kept: &mut Kept,
    status: Result<GetPipelineStatusResponse, Status>,
    now_ms: i64,
) {
    let status = match status {
        Ok(status) => status,
        Err(error) => {
            let since_ms = *kept.trouble_since_ms.get_or_insert(now_ms);
            // Its message is made for callers and holds nothing of theirs.
            let item = Item::of_store("Events cannot be read", error.message(), since_ms);
            overview.items.push(item);
            overview.unavailable.push("events");
            return;
        }
    };
    kept.trouble_since_ms = None;
    let oldest = status.oldest_pending_age.unwrap_or_default();
    overview.oldest_pending_ms = oldest.seconds * 1_000 + i64::from(oldest.nanos) / 1_000_000;
    overview.pending = status.pending;
    overview.dead_lettered = status.dead_lettered;
    overview.items.extend(Item::of_lag(overview.oldest_pending_ms, overview.pending, now_ms));
}
