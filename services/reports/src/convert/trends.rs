//! Trends.

use observe_core::Violations;
use observe_filter::{Expressions, read, read_property};
use observe_proto::reports::v1 as pb;

use super::calendar::{bucket_at, interval, period, time_zone};
use super::hints::hints;
use super::persons::page_size;
use super::shared::{SCOPES, breakdown, counted_by, range, selector, step_from, timestamp, within};
use crate::behind::Page;
use crate::query::Selector;
use crate::trends::buckets::Buckets;
use crate::trends::formula::Formula;
use crate::trends::{
    Line, Math, Measure, Series, TrendPersonsQuery, TrendsAnswer, TrendsQuery, labels,
};

const SERIES_MAX: usize = 20;
/// How many points an answer may have: series, times the values of a breakdown with `$other`, times buckets, twice with a
/// comparison.
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
    let period = range.zip(zone).and_then(|(range, zone)| period(range, interval, zone, v));
    let previous =
        period.as_ref().filter(|_| wire.compare_previous).map(|one| one.previous(interval));
    v.require(
        previous != Some(None),
        "compare_previous",
        "must not reach before the calendar begins",
    );
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
    let lines = series.len() * breakdown.as_ref().map_or(1, |breakdown| breakdown.limit + 1);
    let lines = if wire.compare_previous { lines * 2 } else { lines };
    v.require(
        period.as_ref().is_none_or(|period| lines * period.buckets.count() <= POINTS_MAX),
        "range",
        format!(
            "must be shorter: series x (breakdown limit + 1) x buckets is at most {POINTS_MAX}, twice with compare_previous"
        ),
    );
    let filter = read(wire.filter.as_ref(), "filter", &SCOPES, &expressions, v);
    let formula = formula(&wire.formula, series.len(), v);
    let counted_by = counted_by(&wire.group_type, v);
    match (period, violations.is_empty()) {
        (Some(period), true) => Ok(TrendsQuery {
            period,
            previous: previous.flatten(),
            series,
            formula,
            breakdown,
            filter,
            counted_by,
        }),
        _ => Err(violations),
    }
}

/// Reads who is asked for behind which number; the page is the first one.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn trend_persons_query(
    wire: &pb::ListTrendPersonsRequest,
) -> Result<TrendPersonsQuery, Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let trends = within("trends", wire.trends.as_ref().map(trends_query), v);
    let asked = wire.trends.as_ref().map_or(0, |trends| trends.series.len()).max(1);
    let series = step_from(wire.series).filter(|series| *series < asked);
    v.require(series.is_some(), "series", format!("must be 1-{asked}"));
    let bucket = wire.bucket_start_time.as_ref().zip(trends.as_ref());
    let bucket = bucket.and_then(|(start, trends)| {
        bucket_at(Some(start), trends.period.buckets.starts_ms(), "bucket_start_time", v)
    });
    let has_breakdown = trends.as_ref().is_none_or(|trends| trends.breakdown.is_some());
    v.require(
        has_breakdown || wire.breakdown_value.is_empty(),
        "breakdown_value",
        "must be empty without a breakdown",
    );
    let size = page_size(wire.page_size, v);
    match (trends, series, violations.is_empty()) {
        (Some(trends), Some(series), true) => Ok(TrendPersonsQuery {
            trends,
            series,
            bucket,
            value: (!wire.breakdown_value.is_empty()).then(|| wire.breakdown_value.clone()),
            page: Page { after: None, size },
        }),
        _ => Err(violations),
    }
}

/// Reads a formula; every fault is a violation.
fn formula(text: &str, series: usize, violations: &mut Violations) -> Option<Formula> {
    if text.is_empty() {
        return None;
    }
    match Formula::parse(text, series) {
        Ok(formula) => Some(formula),
        Err(faults) => {
            for fault in faults {
                let place = format!("at character {}, {}", fault.position, fault.message);
                violations.add("formula", place);
            }
            None
        }
    }
}

fn series(
    wire: &pb::TrendsSeries,
    index: usize,
    expressions: &Expressions,
    violations: &mut Violations,
) -> Series {
    let math = math(wire, index, violations);
    let field = format!("series[{index}].filter");
    let Selector { event, filter } =
        selector(&wire.event, wire.filter.as_ref(), &field, expressions, violations);
    Series { event, math, filter }
}

fn math(wire: &pb::TrendsSeries, index: usize, violations: &mut Violations) -> Math {
    use pb::trends_series::Math as Wire;
    let property = format!("series[{index}].math_property");
    let measure = match violations.known(wire.math, format!("series[{index}].math")) {
        Wire::Unspecified | Wire::Total => Err(Math::Total),
        Wire::UniquePersons => Err(Math::UniquePersons),
        Wire::WeeklyActive => Err(Math::WeeklyActive),
        Wire::MonthlyActive => Err(Math::MonthlyActive),
        Wire::UniqueSessions => Err(Math::UniqueSessions),
        Wire::Sum => Ok(Measure::Sum),
        Wire::Average => Ok(Measure::Average),
        Wire::Minimum => Ok(Measure::Minimum),
        Wire::Maximum => Ok(Measure::Maximum),
        Wire::Median => Ok(Measure::Percentile(50)),
        Wire::P90 => Ok(Measure::Percentile(90)),
        Wire::P95 => Ok(Measure::Percentile(95)),
        Wire::P99 => Ok(Measure::Percentile(99)),
    };
    match measure {
        Ok(measure) => {
            Math::Measure(measure, read_property(&wire.math_property, &property, violations))
        }
        Err(math) => {
            violations.require(
                wire.math_property.is_empty(),
                property,
                "must be empty: only SUM to P99 are of a property",
            );
            math
        }
    }
}

/// Writes the answer to a question.
pub(crate) fn trends_response(
    query: &TrendsQuery,
    answer: TrendsAnswer,
) -> pb::QueryTrendsResponse {
    let labels = labels(&query.series, query.formula.as_ref());
    let lines = |of_series: Vec<Vec<Line>>, buckets: &Buckets| {
        let lines = labels.iter().zip(of_series).flat_map(|(label, lines)| {
            lines.into_iter().map(move |line| line_to_proto(label.clone(), line, buckets))
        });
        lines.collect()
    };
    let previous = answer.previous.zip(query.previous.as_ref());
    pb::QueryTrendsResponse {
        series: lines(answer.series, &query.period.buckets),
        previous: previous
            .map(|(of_series, period)| lines(of_series, &period.buckets))
            .unwrap_or_default(),
        hints: hints(answer.hints),
    }
}

fn line_to_proto(label: String, line: Line, buckets: &Buckets) -> pb::TrendsResult {
    let points = buckets.starts_ms().iter().zip(line.points);
    let points =
        points.map(|(start, value)| pb::TrendsPoint { start_time: Some(timestamp(*start)), value });
    pb::TrendsResult {
        label,
        breakdown_value: line.value.unwrap_or_default(),
        points: points.collect(),
        total: line.total,
    }
}
