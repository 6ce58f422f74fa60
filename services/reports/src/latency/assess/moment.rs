//! The last hour by minutes, as of one moment.

use observe_core::ProjectId;
use observe_proto::events::v1::{ReadSpanStatsRequest, SpanStats};

use crate::latency::judge::Minute;
use crate::latency::{HOUR_MS, MINUTE_MS, micros, start_ms};
use crate::neighbours::time_range;
use crate::query::Range;

/// Minutes that are looked at: an hour, and as many before it as its first one is judged by.
const MINUTES: i64 = 60 + 5;
/// Parts of the last hour that are drawn, of five minutes each.
pub(super) const POINTS: usize = 12;
/// Minutes of one of them.
const POINT_MINUTES: usize = 5;

/// The time of an assessment.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) project: ProjectId,
    /// The start of the minute that has begun, in milliseconds since 1970.
    pub(super) minute_ms: i64,
}

impl Moment {
    pub(super) fn start_ms(self) -> i64 {
        self.minute_ms - (MINUTES - 1) * MINUTE_MS
    }

    pub(super) fn end_ms(self) -> i64 {
        self.minute_ms + MINUTE_MS
    }

    pub(super) fn hour_ms(self) -> i64 {
        self.minute_ms.div_euclid(HOUR_MS) * HOUR_MS
    }

    pub(super) fn time_of(self, place: usize) -> i64 {
        self.start_ms() + i64::try_from(place).unwrap_or(0) * MINUTE_MS
    }

    pub(super) fn ask(
        self,
        start_ms: i64,
        end_ms: i64,
        bucket_minutes: Option<i64>,
    ) -> ReadSpanStatsRequest {
        let seconds = bucket_minutes.map(|minutes| minutes * 60);
        ReadSpanStatsRequest {
            project_id: self.project.to_string(),
            range: Some(time_range(Range { start_ms, end_ms })),
            bucket: seconds.map(|seconds| prost_types::Duration { seconds, nanos: 0 }),
            ..ReadSpanStatsRequest::default()
        }
    }
}

pub(super) fn empty_hour() -> Vec<Minute> {
    vec![Minute::default(); usize::try_from(MINUTES).unwrap_or(0)]
}

pub(super) fn minutes_of(stats: &[SpanStats], moment: Moment) -> Vec<Minute> {
    let mut minutes = empty_hour();
    for one in stats {
        if let Some(slot) = place_of(one, moment).and_then(|place| minutes.get_mut(place)) {
            let p95_us = micros(one.p95.as_ref());
            *slot = Minute { requests: one.count, errors: one.error_count, p95_us };
        }
    }
    minutes
}

pub(super) fn place_of(stats: &SpanStats, moment: Moment) -> Option<usize> {
    usize::try_from((start_ms(stats) - moment.start_ms()) / MINUTE_MS).ok()
}

/// Returns what is drawn of the last hour, oldest first.
pub(super) fn points<T>(minutes: &[Minute], of: impl Fn(&[Minute]) -> T) -> Vec<T> {
    let hour = &minutes[minutes.len().saturating_sub(POINTS * POINT_MINUTES)..];
    hour.chunks(POINT_MINUTES).map(of).collect()
}
