//! Trends.

use chrono_tz::Tz;
use observe_core::Violations;
use observe_filter::{Expressions, read};
use observe_proto::reports::v1 as pb;

use super::shared::{SCOPES, breakdown, range, timestamp};
use crate::query::Range;
use crate::trends::buckets::{Buckets, Interval, MAX_BUCKETS};
use crate::trends::{Line, Math, Series, TrendsAnswer, TrendsQuery, labels};

const SERIES_MAX: usize = 20;
/// How many points an answer may have: series, times the values of a breakdown with `$other`, times buckets.
const POINTS_MAX: usize = 250_000;

/// Reads the question.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn trends_query(wire: &pb::QueryTrendsRequest) -> Result<TrendsQuery, Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let range = range(wire.range.as_ref(), v);
    let interval = interval(wire.interval, v);
    let zone = time_zone(&wire.time_zone, v);
    let buckets = range.zip(zone).and_then(|(range, zone)| buckets(range, interval, zone, v));
    v.require(
        (1..=SERIES_MAX).contains(&wire.series.len()),
        "series",
        format!("must have 1-{SERIES_MAX} elements"),
    );
    let all = wire.series.iter().take(SERIES_MAX).enumerate();
    let filters = all.clone().filter_map(|(_, one)| one.filter.as_ref()).chain(&wire.filter);
    let expressions = Expressions::count(filters, v);
    let series: Vec<_> = all.map(|(index, one)| series(one, index, &expressions, v)).collect();
    let breakdown = breakdown(wire.breakdown.as_ref(), v);
    let lines = series.len() * (breakdown.as_ref().map_or(0, |breakdown| breakdown.limit) + 1);
    v.require(
        buckets.as_ref().is_none_or(|buckets| lines * buckets.count() <= POINTS_MAX),
        "range",
        format!(
            "must be shorter: series x (breakdown limit + 1) x buckets is at most {POINTS_MAX}"
        ),
    );
    let filter = read(wire.filter.as_ref(), "filter", &SCOPES, &expressions, v);
    match (range, buckets, violations.is_empty()) {
        (Some(range), Some(buckets), true) => {
            Ok(TrendsQuery { range, buckets, series, breakdown, filter })
        }
        _ => Err(violations),
    }
}

pub(super) fn interval(number: i32, violations: &mut Violations) -> Interval {
    match violations.known(number, "interval") {
        pb::Interval::Unspecified | pb::Interval::Day => Interval::Day,
        pb::Interval::Hour => Interval::Hour,
        pb::Interval::Week => Interval::Week,
        pb::Interval::Month => Interval::Month,
    }
}

pub(super) fn time_zone(name: &str, violations: &mut Violations) -> Option<Tz> {
    if name.is_empty() {
        return Some(Tz::UTC);
    }
    let zone = name.parse().ok();
    violations.require(
        zone.is_some(),
        "time_zone",
        "must be an IANA time zone, such as Europe/Berlin",
    );
    zone
}

pub(super) fn buckets(
    range: Range,
    interval: Interval,
    zone: Tz,
    violations: &mut Violations,
) -> Option<Buckets> {
    let buckets = Buckets::new(range, interval, zone);
    violations.require(
        buckets.is_some(),
        "range",
        format!("must be at most {MAX_BUCKETS} times the interval"),
    );
    buckets
}

fn series(
    wire: &pb::TrendsSeries,
    index: usize,
    expressions: &Expressions,
    violations: &mut Violations,
) -> Series {
    use pb::trends_series::Math as Wire;
    let math = match violations.known(wire.math, format!("series[{index}].math")) {
        Wire::Unspecified | Wire::Total => Math::Total,
        Wire::UniquePersons => Math::UniquePersons,
        _ => {
            violations.add(format!("series[{index}].math"), "is not built yet");
            Math::Total
        }
    };
    Series {
        event: (!wire.event.is_empty()).then(|| wire.event.clone()),
        math,
        filter: read(
            wire.filter.as_ref(),
            &format!("series[{index}].filter"),
            &SCOPES,
            expressions,
            violations,
        ),
    }
}

/// Writes the answer to the question whose buckets and series are given.
pub(crate) fn trends_response(
    buckets: &Buckets,
    series: &[Series],
    answer: TrendsAnswer,
) -> pb::QueryTrendsResponse {
    let lines = labels(series).into_iter().zip(answer.series).flat_map(|(label, lines)| {
        lines.into_iter().map(move |line| line_to_proto(label.clone(), line, buckets))
    });
    pb::QueryTrendsResponse { series: lines.collect(), ..Default::default() }
}

fn line_to_proto(label: String, line: Line, buckets: &Buckets) -> pb::TrendsResult {
    let points = buckets.starts_ms().iter().zip(line.points).map(|(start, value)| {
        pb::TrendsPoint { start_time: Some(timestamp(*start)), value: as_double(value) }
    });
    pb::TrendsResult {
        label,
        breakdown_value: line.value.unwrap_or_default(),
        points: points.collect(),
        total: as_double(line.total),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn as_double(count: u64) -> f64 {
    count as f64
}
