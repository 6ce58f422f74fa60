//! Judges all endpoints of a project at one moment.
//!
//! Asked every few seconds, it costs two questions: the counts of the last hour by minute, and the latencies of the last
//! minutes. The past is asked for twice a minute. Only of endpoints that look slow, the last hour's latencies are asked for
//! by minute, and only of those in trouble, for whom.

mod assessment;
mod moment;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::{join_all, try_join_all};
use moka::sync::Cache;
use observe_core::ProjectId;
use observe_proto::events::v1::{Endpoint, ReadSpanStatsRequest};
use tonic::Status;

use super::judge::{
    Condition, Minute, SLOW_REQUESTS_MIN, WINDOW, failing_since, good_us, median, slow_since,
};
use super::past::{Past, pasts};
use super::{EndpointName, HOUR_MS, MINUTE_MS, micros};
use crate::neighbours::Neighbours;
use crate::published::Published;
pub use assessment::EndpointAssessment;
use assessment::without_requests;
use moment::{Moment, empty_hour, minutes_of, place_of, points};

/// How long a past is used without asking again. It is made of whole hours, but a young one still fills.
const PAST_LIFETIME: Duration = Duration::from_secs(30);
/// Projects whose past is kept.
const PASTS_MAX: u64 = 200;
/// Days before yesterday whose same hour is looked at.
const SAME_HOUR_DAYS: std::ops::RangeInclusive<i64> = 2..=7;
/// Endpoints whose latencies are asked for by minute, those with the most requests first.
const CANDIDATES_MAX: usize = 50;
/// Endpoints in trouble for which it is asked who is affected.
const AFFECTED_MAX: usize = 50;
/// Minutes before the last ones that an endpoint without a past is compared with, and the requests each must have.
const EARLIER: (usize, i64) = (10, 10);

/// Judges endpoints.
#[derive(Clone)]
pub struct EndpointAssessor {
    neighbours: Neighbours,
    published: Arc<Published>,
    pasts: Cache<(ProjectId, i64), Arc<HashMap<EndpointName, Past>>>,
}

/// The last minutes of an endpoint.
struct Recent {
    minutes: Vec<Minute>,
    p95_us: Option<u64>,
}

impl EndpointAssessor {
    /// Asks events, and counts persons as published there.
    #[must_use]
    pub fn new(neighbours: Neighbours, published: Arc<Published>) -> Self {
        let pasts = Cache::builder().max_capacity(PASTS_MAX).time_to_live(PAST_LIFETIME).build();
        Self { neighbours, published, pasts }
    }

    /// Returns how each endpoint is that had a request in the last 24 hours, by name.
    ///
    /// # Errors
    /// What events answers.
    pub async fn assess(
        &self,
        project: ProjectId,
        now: DateTime<Utc>,
    ) -> Result<Vec<EndpointAssessment>, Status> {
        let minute_ms = now.timestamp_millis().div_euclid(MINUTE_MS) * MINUTE_MS;
        let moment = Moment { project, minute_ms };
        let (pasts, recent) = tokio::try_join!(self.pasts(moment), self.recent(moment))?;
        let mut all: BTreeMap<EndpointName, EndpointAssessment> = BTreeMap::new();
        for (name, _) in pasts.iter().filter(|(_, past)| past.had_requests()) {
            all.insert(name.clone(), without_requests(name));
        }
        for (name, recent) in &recent {
            let past = pasts.get(name).cloned().unwrap_or_default();
            all.insert(name.clone(), by_errors(name, recent, &past, moment));
        }
        self.find_slow(moment, &pasts, &mut all).await?;
        self.count_affected(moment, &mut all).await?;
        Ok(all.into_values().collect())
    }

    /// Returns what is usual, a few minutes old at most.
    async fn pasts(&self, moment: Moment) -> Result<Arc<HashMap<EndpointName, Past>>, Status> {
        let hour_ms = moment.hour_ms();
        let key = (moment.project, hour_ms);
        if let Some(known) = self.pasts.get(&key) {
            return Ok(known);
        }
        let day = moment.ask(hour_ms - 24 * HOUR_MS, hour_ms, Some(60));
        let same_hours = SAME_HOUR_DAYS.map(|days| {
            let start = hour_ms - days * 24 * HOUR_MS;
            self.neighbours.span_stats(moment.ask(start, start + HOUR_MS, None))
        });
        let (day, same_hours) =
            tokio::try_join!(self.neighbours.span_stats(day), try_join_all(same_hours))?;
        let same_hours = same_hours.into_iter().flat_map(|answer| answer.stats).collect();
        let made = Arc::new(pasts(day.stats, same_hours));
        self.pasts.insert(key, Arc::clone(&made));
        Ok(made)
    }

    /// Returns the last minutes of each endpoint that had a request in them.
    async fn recent(&self, moment: Moment) -> Result<HashMap<EndpointName, Recent>, Status> {
        let counts = ReadSpanStatsRequest {
            counts_only: true,
            ..moment.ask(moment.start_ms(), moment.end_ms(), Some(1))
        };
        let window = i64::try_from(WINDOW).unwrap_or(0);
        let last = moment.ask(moment.end_ms() - window * MINUTE_MS, moment.end_ms(), None);
        let (counts, last) =
            tokio::try_join!(self.neighbours.span_stats(counts), self.neighbours.span_stats(last))?;
        let mut recent: HashMap<EndpointName, Recent> = HashMap::new();
        for stats in counts.stats {
            let place = place_of(&stats, moment);
            let minute = Minute { requests: stats.count, errors: stats.error_count, p95_us: None };
            let entry = recent.entry(stats.endpoint.unwrap_or_default().into());
            let recent = entry.or_insert_with(|| Recent { minutes: empty_hour(), p95_us: None });
            if let Some(slot) = place.and_then(|place| recent.minutes.get_mut(place)) {
                *slot = minute;
            }
        }
        for stats in last.stats {
            let p95_us = micros(stats.p95.as_ref());
            if let Some(recent) = recent.get_mut(&stats.endpoint.unwrap_or_default().into()) {
                recent.p95_us = p95_us;
            }
        }
        Ok(recent)
    }

    /// Looks closer at endpoints that may be slow.
    async fn find_slow(
        &self,
        moment: Moment,
        pasts: &HashMap<EndpointName, Past>,
        all: &mut BTreeMap<EndpointName, EndpointAssessment>,
    ) -> Result<(), Status> {
        let mut candidates: Vec<(i64, EndpointName)> = all
            .values()
            .filter(|one| one.condition == Condition::Ok && may_be_slow(one))
            .map(|one| (one.requests, one.name.clone()))
            .collect();
        candidates.sort_unstable_by(|a, b| b.cmp(a));
        candidates.truncate(CANDIDATES_MAX);
        let asked = candidates.iter().map(|(_, name)| async move {
            let request = ReadSpanStatsRequest {
                endpoint: Some(Endpoint::from(name)),
                ..moment.ask(moment.start_ms(), moment.end_ms(), Some(1))
            };
            self.neighbours.span_stats(request).await
        });
        for ((_, name), answer) in candidates.iter().zip(join_all(asked).await) {
            let minutes = minutes_of(&answer?.stats, moment);
            let Some(one) = all.get_mut(name) else { continue };
            let usual = one.usual_p95_us.or_else(|| earlier(&minutes));
            let Some((usual, place)) =
                usual.and_then(|usual| Some((usual, slow_since(&minutes, usual)?)))
            else {
                continue;
            };
            let mut since_ms = moment.time_of(place);
            if place == 0
                && let Some(past) = pasts.get(name)
            {
                since_ms = since_ms.min(past.slow_since_ms(moment.hour_ms(), usual));
            }
            one.condition = Condition::Slow;
            one.since_ms = Some(since_ms);
            one.usual_p95_us = Some(usual);
            one.p95_points = points(&minutes, |part| {
                let told = part.iter().filter_map(|minute| minute.p95_us).collect();
                median(told).unwrap_or(0)
            });
        }
        Ok(())
    }

    /// Counts the persons that endpoints in trouble concern.
    async fn count_affected(
        &self,
        moment: Moment,
        all: &mut BTreeMap<EndpointName, EndpointAssessment>,
    ) -> Result<(), Status> {
        let mut troubled: Vec<&mut EndpointAssessment> =
            all.values_mut().filter(|one| one.since_ms.is_some()).collect();
        troubled.sort_unstable_by_key(|one| std::cmp::Reverse((one.errors, one.requests)));
        troubled.truncate(AFFECTED_MAX);
        let asked = troubled.iter().map(|one| {
            let request = ReadSpanStatsRequest {
                endpoint: Some(Endpoint::from(&one.name)),
                with_people: true,
                counts_only: true,
                ..moment.ask(one.since_ms.unwrap_or_default(), moment.end_ms(), None)
            };
            self.neighbours.span_stats(request)
        });
        let answers = join_all(asked).await;
        for (one, answer) in troubled.into_iter().zip(answers) {
            let Some(stats) = answer?.stats.into_iter().next() else { continue };
            let failing = one.condition == Condition::Failing;
            let ids = if failing { stats.failed_distinct_ids } else { stats.distinct_ids };
            one.people = self.persons(moment.project, &ids);
        }
        Ok(())
    }

    /// Returns how many persons some different distinct ids are; while the projection is built, each counts as one.
    #[must_use]
    pub fn persons(&self, project: ProjectId, distinct_ids: &[String]) -> u64 {
        let count = match self.published.projection() {
            Ok(projection) => projection.project(project).count_persons(distinct_ids),
            Err(_) => distinct_ids.len(),
        };
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

/// Judges an endpoint by its errors.
fn by_errors(
    name: &EndpointName,
    recent: &Recent,
    past: &Past,
    moment: Moment,
) -> EndpointAssessment {
    let minutes = &recent.minutes;
    let last = &minutes[minutes.len().saturating_sub(WINDOW)..];
    let requests: i64 = last.iter().map(|minute| minute.requests).sum();
    let usual_error_rate = past.error_rate();
    let mut one = EndpointAssessment {
        name: name.clone(),
        condition: if requests > 0 { Condition::Ok } else { Condition::Unknown },
        requests,
        errors: last.iter().map(|minute| minute.errors).sum(),
        usual_error_rate,
        p95_us: recent.p95_us,
        usual_p95_us: past.p95_us(),
        points: points(minutes, |part| part.iter().map(|minute| minute.requests).sum()),
        error_points: points(minutes, |part| part.iter().map(|minute| minute.errors).sum()),
        ..EndpointAssessment::default()
    };
    if let Some(place) = failing_since(minutes, usual_error_rate) {
        one.condition = Condition::Failing;
        let mut since_ms = moment.time_of(place);
        if place == 0 {
            since_ms = since_ms.min(past.failing_since_ms(moment.hour_ms()));
        }
        one.since_ms = Some(since_ms);
    }
    one
}

/// Returns whether a closer look at latencies is worth it.
fn may_be_slow(one: &EndpointAssessment) -> bool {
    let limit = good_us(one.usual_p95_us.unwrap_or(0));
    one.requests >= SLOW_REQUESTS_MIN && one.p95_us.is_some_and(|p95| p95 > limit)
}

/// Returns what was usual before the last minutes, for an endpoint that has no past of hours.
fn earlier(minutes: &[Minute]) -> Option<u64> {
    let before = &minutes[..minutes.len().saturating_sub(EARLIER.0)];
    let told = before.iter().filter(|minute| minute.requests >= EARLIER.1);
    median(told.filter_map(|minute| minute.p95_us).collect())
}
