//! Answers about endpoints: all of them over a range, and the course of one.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures::future::OptionFuture;
use observe_core::ProjectId;
use observe_proto::events::v1::{
    Endpoint, ListSpansRequest, ReadSpanStatsRequest, ServerSpan, SpanStats,
};
use tonic::Status;

use super::assess::{EndpointAssessment, EndpointAssessor};
use super::judge::Condition;
use super::parts::Parts;
use super::{EndpointName, start_ms};
use crate::neighbours::{Neighbours, time_range};
use crate::query::Range;

/// Parts of the range in a list of endpoints.
const LIST_PARTS_MAX: i64 = 60;
/// Parts of the range in the course of one.
const COURSE_PARTS_MAX: i64 = 200;
/// Examples of each kind.
const EXAMPLES: i32 = 20;

/// An endpoint over a range.
#[derive(Debug)]
pub struct EndpointOverRange {
    /// Over all of it.
    pub stats: SpanStats,
    /// How it is now.
    pub now: EndpointAssessment,
    /// Requests in each part.
    pub points: Vec<i64>,
    /// Failed ones in each part.
    pub error_points: Vec<i64>,
}

/// The course of an endpoint, or of all together.
#[derive(Debug)]
pub struct Course {
    /// Over all of the range; `None` without a request.
    pub whole: Option<EndpointOverRange>,
    /// Each part.
    pub points: Vec<(i64, SpanStats)>,
    /// The slowest requests that were kept.
    pub slowest: Vec<ServerSpan>,
    /// The latest failed requests.
    pub failed: Vec<ServerSpan>,
    /// Persons that were served.
    pub people: u64,
    /// Persons whose request failed.
    pub people_affected: u64,
}

/// Answers them.
#[derive(Clone)]
pub struct LatencyQueries {
    neighbours: Neighbours,
    assessor: EndpointAssessor,
}

impl LatencyQueries {
    /// Asks events.
    #[must_use]
    pub fn new(neighbours: Neighbours, assessor: EndpointAssessor) -> Self {
        Self { neighbours, assessor }
    }

    /// Returns all endpoints with requests in a range: failing ones, slow ones, then those with the most requests.
    ///
    /// # Errors
    /// What events answers.
    pub async fn endpoints(
        &self,
        project: ProjectId,
        range: Range,
        now: DateTime<Utc>,
    ) -> Result<Vec<EndpointOverRange>, Status> {
        let parts = Parts::new(range.start_ms, range.end_ms, LIST_PARTS_MAX);
        let counts = ReadSpanStatsRequest {
            counts_only: true,
            ..ask(project, parts, Some(parts.length_ms))
        };
        let (whole, counts, now) = tokio::try_join!(
            self.neighbours.span_stats(ask(project, parts, None)),
            self.neighbours.span_stats(counts),
            self.assessor.assess(project, now),
        )?;
        let mut now: HashMap<EndpointName, EndpointAssessment> =
            now.into_iter().map(|one| (one.name.clone(), one)).collect();
        let mut by_part: HashMap<EndpointName, Vec<SpanStats>> = HashMap::new();
        for mut stats in counts.stats {
            let name = stats.endpoint.take().unwrap_or_default().into();
            by_part.entry(name).or_default().push(stats);
        }
        let over_range = |stats: SpanStats| {
            let name: EndpointName = stats.endpoint.clone().unwrap_or_default().into();
            let in_parts = by_part.get(&name).map_or(&[][..], Vec::as_slice);
            let (points, error_points) = points(parts, in_parts);
            let now = now.remove(&name).unwrap_or_default();
            EndpointOverRange { stats, now, points, error_points }
        };
        let mut all: Vec<_> = whole.stats.into_iter().map(over_range).collect();
        all.sort_by(|a, b| {
            let rank = |one: &EndpointOverRange| match one.now.condition {
                Condition::Failing => 0,
                Condition::Slow => 1,
                Condition::Ok | Condition::Unknown => 2,
            };
            (rank(a), -a.stats.count).cmp(&(rank(b), -b.stats.count))
        });
        Ok(all)
    }

    /// Returns the course of an endpoint, or of all together.
    ///
    /// # Errors
    /// What events answers.
    pub async fn course(
        &self,
        project: ProjectId,
        endpoint: Option<EndpointName>,
        range: Range,
        now: DateTime<Utc>,
    ) -> Result<Course, Status> {
        let parts = Parts::new(range.start_ms, range.end_ms, COURSE_PARTS_MAX);
        let wire = endpoint.as_ref().map(Endpoint::from);
        let of = |request: ReadSpanStatsRequest| ReadSpanStatsRequest {
            endpoint: wire.clone(),
            together: wire.is_none(),
            ..request
        };
        let whole = ReadSpanStatsRequest { with_people: true, ..of(ask(project, parts, None)) };
        let examples = |failed_only| {
            let kept = wire.clone().map(|endpoint| ListSpansRequest {
                project_id: project.to_string(),
                endpoint: Some(endpoint),
                range: Some(time_range(Range { start_ms: parts.start_ms, end_ms: parts.end_ms })),
                failed_only,
                limit: EXAMPLES,
            });
            OptionFuture::from(kept.map(|request| self.neighbours.spans(request)))
        };
        let current =
            OptionFuture::from(endpoint.is_some().then(|| self.assessor.assess(project, now)));
        let (whole, course, slowest, failed, current) = tokio::join!(
            self.neighbours.span_stats(whole),
            self.neighbours.span_stats(of(ask(project, parts, Some(parts.length_ms)))),
            examples(false),
            examples(true),
            current,
        );
        let course = course?.stats;
        let (counts, error_counts) = points(parts, &course);
        let mut by_start: HashMap<i64, SpanStats> =
            course.into_iter().map(|stats| (start_ms(&stats), stats)).collect();
        let points =
            parts.starts().map(|start| (start, by_start.remove(&start).unwrap_or_default()));
        let points = points.collect();
        let mut whole = whole?.stats.into_iter().next();
        let ids = whole.as_mut().map(|stats| {
            let served = std::mem::take(&mut stats.distinct_ids);
            (served, std::mem::take(&mut stats.failed_distinct_ids))
        });
        let (served, affected) = ids.unwrap_or_default();
        let mut now = current.transpose()?.unwrap_or_default().into_iter();
        let now = now.find(|one| Some(&one.name) == endpoint.as_ref());
        let whole = whole.map(|stats| EndpointOverRange {
            stats,
            now: now.unwrap_or_default(),
            points: counts,
            error_points: error_counts,
        });
        Ok(Course {
            whole,
            points,
            slowest: slowest.transpose()?.unwrap_or_default(),
            failed: failed.transpose()?.unwrap_or_default(),
            people: self.assessor.persons(project, &served),
            people_affected: self.assessor.persons(project, &affected),
        })
    }
}

fn ask(project: ProjectId, parts: Parts, bucket_ms: Option<i64>) -> ReadSpanStatsRequest {
    let range = Range { start_ms: parts.start_ms, end_ms: parts.end_ms };
    let duration = |ms| prost_types::Duration { seconds: ms / 1_000, nanos: 0 };
    ReadSpanStatsRequest {
        project_id: project.to_string(),
        range: Some(time_range(range)),
        bucket: bucket_ms.map(duration),
        ..ReadSpanStatsRequest::default()
    }
}

/// Returns requests and failed ones in each part.
fn points(parts: Parts, stats: &[SpanStats]) -> (Vec<i64>, Vec<i64>) {
    let count = usize::try_from(parts.count()).unwrap_or(0);
    let (mut requests, mut errors) = (vec![0; count], vec![0; count]);
    for one in stats {
        if let Some(place) = parts.place(start_ms(one)) {
            requests[place] += one.count;
            errors[place] += one.error_count;
        }
    }
    (requests, errors)
}
