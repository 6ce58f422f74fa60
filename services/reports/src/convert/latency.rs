//! Questions about endpoints, and their answers.

use chrono::{DateTime, Utc};
use observe_core::Violations;
use observe_proto::common::v1 as common;
use observe_proto::events::v1::{ServerSpan, SpanStats};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::endpoint::Condition as Wire;
use prost_types::Duration;

use super::shared::{range, timestamp};
use crate::latency::judge::Condition;
use crate::latency::query::{Course, EndpointOverRange};
use crate::latency::{EndpointName, HOUR_MS};
use crate::query::Range;

/// The longest range.
const RANGE_MS_MAX: i64 = 90 * 24 * HOUR_MS;
/// Bytes of a service, method or route.
const NAME_BYTES_MAX: usize = 200;
/// Parts of an endpoint's course in a list.
const LIST_POINTS_MAX: usize = 60;

/// Reads the range of a question: the last 24 hours when there is none.
///
/// # Errors
/// Every violation.
pub(crate) fn latency_range(
    wire: Option<&common::TimeRange>,
    now: DateTime<Utc>,
) -> Result<Range, Violations> {
    let Some(wire) = wire else {
        let end_ms = now.timestamp_millis();
        return Ok(Range { start_ms: end_ms - 24 * HOUR_MS, end_ms });
    };
    let mut violations = Violations::new();
    let range = range(Some(wire), &mut violations).unwrap_or(Range { start_ms: 0, end_ms: 1 });
    let length = range.end_ms - range.start_ms;
    violations.require(length <= RANGE_MS_MAX, "range", "must be at most 90 days long");
    violations.finish()?;
    Ok(range)
}

/// Reads which endpoint is asked for.
///
/// # Errors
/// Every violation.
pub(crate) fn endpoint_name(
    wire: Option<pb::EndpointName>,
) -> Result<Option<EndpointName>, Violations> {
    let Some(pb::EndpointName { service, method, route }) = wire else { return Ok(None) };
    let mut violations = Violations::new();
    for (field, text, may_be_empty) in
        [("service", &service, false), ("method", &method, true), ("route", &route, false)]
    {
        let legal = text.len() <= NAME_BYTES_MAX && (may_be_empty || !text.is_empty());
        let legal = legal && !text.contains('\0');
        violations.require(
            legal,
            format!("endpoint.{field}"),
            format!("must be at most {NAME_BYTES_MAX} bytes, and service and route not empty"),
        );
    }
    violations.finish()?;
    Ok(Some(EndpointName { service, method, route }))
}

/// Writes all endpoints.
pub(crate) fn endpoints_response(all: Vec<EndpointOverRange>) -> pb::ListEndpointsResponse {
    let endpoints = all.into_iter().map(|one| endpoint(one, true)).collect();
    pb::ListEndpointsResponse { endpoints }
}

/// Writes a course.
pub(crate) fn latency_response(course: Course) -> pb::QueryLatencyResponse {
    let classes = course.whole.as_ref().map(|whole| whole.stats.status_classes.clone());
    pb::QueryLatencyResponse {
        endpoint: course.whole.map(|whole| endpoint(whole, false)),
        points: course.points.into_iter().map(|(at, stats)| point(at, &stats)).collect(),
        slowest: course.slowest.into_iter().map(example).collect(),
        failed: course.failed.into_iter().map(example).collect(),
        people: i64::try_from(course.people).unwrap_or(i64::MAX),
        people_affected: i64::try_from(course.people_affected).unwrap_or(i64::MAX),
        status_classes: classes.unwrap_or_else(|| vec![0; 6]),
    }
}

fn endpoint(one: EndpointOverRange, with_points: bool) -> pb::Endpoint {
    let EndpointOverRange { stats, now, points, error_points } = one;
    let name = stats.endpoint.map(|endpoint| pb::EndpointName {
        service: endpoint.service,
        method: endpoint.method,
        route: endpoint.route,
    });
    let condition = match now.condition {
        Condition::Unknown => Wire::Unspecified,
        Condition::Ok => Wire::Ok,
        Condition::Slow => Wire::Slow,
        Condition::Failing => Wire::Failing,
    };
    let drawn = |points: Vec<i64>| {
        let fits = with_points && points.len() <= LIST_POINTS_MAX;
        if fits { points } else { Vec::new() }
    };
    pb::Endpoint {
        name,
        request_count: stats.count,
        error_count: stats.error_count,
        p50: stats.p50,
        p95: stats.p95,
        p99: stats.p99,
        condition: condition.into(),
        points: drawn(points),
        error_points: drawn(error_points),
        since_time: now.since_ms.map(timestamp),
    }
}

fn point(at: i64, stats: &SpanStats) -> pb::LatencyPoint {
    pb::LatencyPoint {
        start_time: Some(timestamp(at)),
        request_count: stats.count,
        error_count: stats.error_count,
        p50: stats.p50,
        p95: stats.p95,
        p99: stats.p99,
    }
}

fn example(span: ServerSpan) -> pb::RequestExample {
    let us = span.duration_us.max(0);
    let nanos = i32::try_from(us % 1_000_000 * 1_000).unwrap_or(0);
    pb::RequestExample {
        start_time: Some(timestamp(span.start_ms)),
        duration: Some(Duration { seconds: us / 1_000_000, nanos }),
        status_code: span.status_code,
        is_error: span.is_error,
        distinct_id: span.distinct_id,
        trace_id: span.trace_id,
        error_message: span.error_message,
        path: span.path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
    }

    fn days(count: i64) -> common::TimeRange {
        let end_ms = now().timestamp_millis();
        common::TimeRange {
            start_time: Some(timestamp(end_ms - count * 24 * HOUR_MS)),
            end_time: Some(timestamp(end_ms)),
        }
    }

    #[test]
    fn the_last_day_is_meant_when_no_range_is_given() {
        let range = latency_range(None, now()).expect("a range");
        assert_eq!(range.end_ms, now().timestamp_millis());
        assert_eq!(range.end_ms - range.start_ms, 24 * HOUR_MS);
    }

    #[test]
    fn a_range_has_at_most_ninety_days() {
        assert!(latency_range(Some(&days(90)), now()).is_ok());
        for wrong in [days(91), days(0), common::TimeRange::default()] {
            assert!(latency_range(Some(&wrong), now()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_endpoint_needs_a_service_and_a_route() {
        let name = |service: &str, route: &str| pb::EndpointName {
            service: service.into(),
            method: String::new(),
            route: route.into(),
        };
        assert_eq!(endpoint_name(None), Ok(None));
        assert!(endpoint_name(Some(name("shop", "/cart"))).is_ok());
        for wrong in
            [name("", "/cart"), name("shop", ""), name("shop", "a\0b"), name("x", &"y".repeat(201))]
        {
            assert!(endpoint_name(Some(wrong.clone())).is_err(), "{wrong:?}");
        }
    }
}
