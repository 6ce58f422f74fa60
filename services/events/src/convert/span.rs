//! Spans between the contract and the domain.

use chrono::{DateTime, Utc};
use observe_core::error::CommonError;
use observe_core::{ProjectId, Violations};
use observe_proto::common::v1 as common;
use observe_proto::events::v1 as pb;
use prost_types::{Duration, Timestamp};
use uuid::Uuid;

use super::timestamp;
use crate::spans::buckets::Buckets;
use crate::spans::{HOUR_MS, HOURS_KEPT_MS, MINUTE_MS};
use crate::store::span::read::KeptRow;

/// Buckets in one answer, of each endpoint.
const BUCKETS_MAX: i64 = 1_000;
/// The longest range: what is kept, and an hour that has begun.
const RANGE_MS_MAX: i64 = HOURS_KEPT_MS + HOUR_MS;
const LIMIT_DEFAULT: i32 = 20;
const LIMIT_MAX: i32 = 100;

/// Checks what the edge handed over.
///
/// # Errors
/// `Invalid`: the edge is of another version, or broken.
pub fn accepted_spans(
    request: pb::WriteSpansRequest,
) -> Result<Vec<(ProjectId, pb::ServerSpan)>, CommonError> {
    let mut spans = Vec::new();
    for (at, batch) in request.batches.into_iter().enumerate() {
        let wrong = |field: &str| {
            let mut violations = Violations::new();
            violations.add(format!("batches[{at}].{field}"), "must have 16 bytes");
            CommonError::Invalid(violations)
        };
        let project =
            ProjectId::from_bytes(&batch.project_id).ok_or_else(|| wrong("project_id"))?;
        for span in batch.spans {
            Uuid::from_slice(&span.uuid).map_err(|_| wrong("spans.uuid"))?;
            spans.push((project, span));
        }
    }
    Ok(spans)
}

/// Checks the project of a call between services.
///
/// # Errors
/// `Invalid` for one that is no id.
pub fn project(project_id: &str) -> Result<ProjectId, CommonError> {
    ProjectId::parse(project_id).ok_or_else(|| {
        let mut violations = Violations::new();
        violations.add("project_id", "must be a project's id");
        violations.into()
    })
}

/// Reads the range and the buckets of a question.
///
/// # Errors
/// Every violation.
pub fn buckets(request: &pb::ReadSpanStatsRequest) -> Result<Buckets, Violations> {
    let mut violations = Violations::new();
    let range = range(request.range.as_ref(), &mut violations);
    let (start_ms, end_ms) = range.unwrap_or((0, MINUTE_MS));
    let start_ms = start_ms.div_euclid(MINUTE_MS) * MINUTE_MS;
    let end_ms = (end_ms + MINUTE_MS - 1).div_euclid(MINUTE_MS) * MINUTE_MS;
    let whole = (end_ms - start_ms).max(MINUTE_MS);
    let length_ms = match &request.bucket {
        None => whole,
        Some(bucket) => {
            let ms = bucket.seconds.saturating_mul(1_000);
            let legal = ms > 0 && ms % MINUTE_MS == 0 && bucket.nanos == 0;
            violations.require(legal, "bucket", "must be a whole number of minutes");
            if legal { ms } else { whole }
        }
    };
    let count = (whole - 1) / length_ms + 1;
    violations.require(
        count <= BUCKETS_MAX,
        "bucket",
        format!("makes {count} buckets, and at most {BUCKETS_MAX} are answered"),
    );
    violations.finish()?;
    Ok(Buckets { start_ms, end_ms, length_ms })
}

/// Reads a range, in milliseconds.
pub fn range(range: Option<&common::TimeRange>, violations: &mut Violations) -> Option<(i64, i64)> {
    let ms = |from: Option<&Timestamp>| Some(time(from?)?.timestamp_millis());
    let range = range
        .and_then(|range| Some((ms(range.start_time.as_ref())?, ms(range.end_time.as_ref())?)));
    let Some((start, end)) = range else {
        violations.add("range", "must have a start_time and an end_time");
        return None;
    };
    violations.require(start < end, "range.end_time", "must be later than start_time");
    violations.require(end - start <= RANGE_MS_MAX, "range", "must be at most 91 days long");
    Some((start, end))
}

/// Reads an instant; `None` for one that is none.
#[must_use]
pub fn time(from: &Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(from.seconds, u32::try_from(from.nanos).ok()?)
}

/// Reads how many spans are asked for.
pub fn limit(limit: i32, violations: &mut Violations) -> i32 {
    violations.require((0..=LIMIT_MAX).contains(&limit), "limit", "must be 1-100, or 0 for 20");
    if limit == 0 { LIMIT_DEFAULT } else { limit }
}

/// Returns the contract's form of an instant.
#[must_use]
pub fn instant(ms: i64) -> Timestamp {
    timestamp(DateTime::from_timestamp_millis(ms).unwrap_or_default())
}

/// Returns the contract's form of microseconds.
#[must_use]
pub fn duration(us: u64) -> Duration {
    Duration {
        seconds: i64::try_from(us / 1_000_000).unwrap_or(i64::MAX),
        nanos: i32::try_from(us % 1_000_000 * 1_000).unwrap_or(0),
    }
}

/// Returns the contract's form of a kept span.
#[must_use]
pub fn kept_span(row: KeptRow, endpoint: &pb::Endpoint) -> pb::ServerSpan {
    pb::ServerSpan {
        uuid: row.uuid.as_bytes().to_vec(),
        service: endpoint.service.clone(),
        method: endpoint.method.clone(),
        route: endpoint.route.clone(),
        status_code: row.status_code,
        is_error: row.is_error,
        start_ms: row.start_at.timestamp_millis(),
        duration_us: row.duration_us,
        received_us: row.received_us,
        distinct_id: row.distinct_id,
        trace_id: row.trace_id,
        error_message: row.error_message,
        path: row.path,
    }
}
