//! Lifecycle.

use observe_core::Violations;
use observe_filter::{Expressions, read};
use observe_proto::reports::v1 as pb;

use super::calendar::{bucket_at, buckets, interval, time_zone};
use super::hints::hints;
use super::persons::page_size;
use super::shared::{SCOPES, count, counted_by, range, selector, timestamp, within};
use crate::lifecycle::{Cell, LifecycleAnswer, LifecycleQuery, State};
use crate::query::Range;
use crate::trends::buckets::Buckets;

const BUCKETS_MAX: usize = 1_000;

/// Reads the question.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn lifecycle_query(
    wire: &pb::QueryLifecycleRequest,
) -> Result<LifecycleQuery, Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let range = range(wire.range.as_ref(), v);
    let interval = interval(wire.interval, v);
    let zone = time_zone(&wire.time_zone, v);
    let all = range.zip(zone).and_then(|(range, zone)| {
        let asked = buckets(range, interval, zone, BUCKETS_MAX, v)?;
        // The millisecond before the first bucket is in the one before it.
        let before = Range { start_ms: asked.starts_ms()[0] - 1, ..range };
        let all = Buckets::new(before, interval, zone);
        v.require(all.is_some(), "range.start_time", "must have a bucket before it");
        all
    });
    let expressions = Expressions::count(wire.filter.iter(), v);
    // The one filter is the question's, so that the event has none of its own.
    let event = selector(&wire.event, None, "event", &expressions, v);
    let filter = read(wire.filter.as_ref(), "filter", &SCOPES, &expressions, v);
    let counted_by = counted_by(&wire.group_type, v);
    match (range, all, violations.is_empty()) {
        (Some(range), Some(buckets), true) => {
            Ok(LifecycleQuery { range, buckets, event, filter, counted_by })
        }
        _ => Err(violations),
    }
}

/// Writes the answer to the question whose buckets are given.
pub(crate) fn lifecycle_response(
    buckets: &Buckets,
    answer: LifecycleAnswer,
) -> pb::QueryLifecycleResponse {
    let points = buckets.starts_ms().iter().skip(1).zip(answer.points);
    let points = points.map(|(start_ms, point)| pb::LifecyclePoint {
        start_time: Some(timestamp(*start_ms)),
        new_persons: count(point.new),
        returning: count(point.returning),
        resurrecting: count(point.resurrecting),
        dormant: count(point.dormant),
    });
    pb::QueryLifecycleResponse { points: points.collect(), hints: hints(answer.hints) }
}

/// Reads which number's persons are meant, and how many on a page.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn lifecycle_persons_query(
    wire: &pb::ListLifecyclePersonsRequest,
) -> Result<(LifecycleQuery, Cell, usize), Violations> {
    use pb::list_lifecycle_persons_request::State as Wire;
    let mut violations = Violations::new();
    let v = &mut violations;
    let query = within("lifecycle", wire.lifecycle.as_ref().map(lifecycle_query), v);
    let bucket = query.as_ref().and_then(|query| {
        let starts_ms = &query.buckets.starts_ms()[1..];
        let bucket = bucket_at(wire.bucket_start_time.as_ref(), starts_ms, "bucket_start_time", v);
        bucket.map(|bucket| bucket + 1)
    });
    let state = match Wire::try_from(wire.state) {
        Ok(Wire::New) => Some(State::New),
        Ok(Wire::Returning) => Some(State::Returning),
        Ok(Wire::Resurrecting) => Some(State::Resurrecting),
        Ok(Wire::Dormant) => Some(State::Dormant),
        Ok(Wire::Unspecified) | Err(_) => {
            v.add("state", "must be NEW, RETURNING, RESURRECTING or DORMANT");
            None
        }
    };
    let size = page_size(wire.page_size, v);
    match (query, bucket, state, violations.is_empty()) {
        (Some(query), Some(bucket), Some(state), true) => Ok((query, Cell { bucket, state }, size)),
        _ => Err(violations),
    }
}
