//! The web overview.

use observe_core::Violations;
use observe_filter::{Expressions, read};
use observe_proto::reports::v1 as pb;

use super::calendar::{interval, period, time_zone};
use super::shared::{SCOPES, count, or_default, range, timestamp};
use crate::trends::buckets::Buckets;
use crate::web_overview::vitals::VitalAnswer;
use crate::web_overview::{
    Dimension, WebNumbers, WebOverviewAnswer, WebOverviewQuery, WebPoint, WebRow, WebTable,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const RANGE_DAYS_MAX: i64 = 400;
const LIMIT: std::ops::RangeInclusive<usize> = 1..=100;
const LIMIT_DEFAULT: usize = 10;

/// Reads the question, asked at this time in milliseconds since 1970.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn web_overview_query(
    wire: &pb::QueryWebOverviewRequest,
    now_ms: i64,
) -> Result<WebOverviewQuery, Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let range = range(wire.range.as_ref(), v);
    let is_short =
        range.is_none_or(|range| range.end_ms - range.start_ms <= RANGE_DAYS_MAX * DAY_MS);
    v.require(is_short, "range", format!("must be at most {RANGE_DAYS_MAX} days"));
    let interval = interval(wire.interval, v);
    let zone = time_zone(&wire.time_zone, v);
    let laid_out = range.filter(|_| is_short).zip(zone);
    let period = laid_out.and_then(|(range, zone)| period(range, interval, zone, v));
    let previous = period.as_ref().filter(|_| wire.compare_previous).and_then(|period| {
        let before = period.previous(interval);
        let message = "must not reach before the calendar begins";
        v.require(before.is_some(), "compare_previous", message);
        before.map(|before| before.range)
    });
    let limit = or_default(wire.limit, LIMIT, LIMIT_DEFAULT, "limit", v);
    let expressions = Expressions::count(wire.filter.iter(), v);
    let filter = read(wire.filter.as_ref(), "filter", &SCOPES, &expressions, v);
    match (period, violations.is_empty()) {
        (Some(period), true) => Ok(WebOverviewQuery { period, previous, filter, limit, now_ms }),
        _ => Err(violations),
    }
}

/// Writes the answer to the question whose buckets are given.
pub(crate) fn web_overview_response(
    buckets: &Buckets,
    answer: WebOverviewAnswer,
) -> pb::QueryWebOverviewResponse {
    let points = buckets.starts_ms().iter().zip(&answer.points);
    let tables = Dimension::ALL.into_iter().zip(answer.tables);
    pb::QueryWebOverviewResponse {
        numbers: Some(numbers(answer.numbers)),
        previous: answer.previous.map(numbers),
        points: points.map(|(start_ms, at)| point(*start_ms, *at)).collect(),
        tables: tables.map(|(dimension, found)| table(dimension, found)).collect(),
        vitals: answer.vitals.into_iter().map(vital).collect(),
        persons_now: count(answer.persons_now),
    }
}

fn numbers(found: WebNumbers) -> pb::WebNumbers {
    pb::WebNumbers {
        visitors: count(found.visitors),
        views: count(found.views),
        sessions: count(found.sessions),
        bounce_rate: share(found.bounces, found.sessions),
        average_duration_seconds: share(found.duration_ms, found.sessions) / 1_000.0,
        views_per_session: share(found.views, found.sessions),
    }
}

fn point(start_ms: i64, found: WebPoint) -> pb::WebPoint {
    pb::WebPoint {
        start_time: Some(timestamp(start_ms)),
        visitors: count(found.visitors),
        views: count(found.views),
        sessions: count(found.sessions),
    }
}

fn table(dimension: Dimension, found: WebTable) -> pb::WebTable {
    use pb::web_table::Dimension as Wire;
    let named = match dimension {
        Dimension::Page => Wire::Page,
        Dimension::EntryPage => Wire::EntryPage,
        Dimension::ExitPage => Wire::ExitPage,
        Dimension::Referrer => Wire::Referrer,
        Dimension::UtmSource => Wire::UtmSource,
        Dimension::UtmMedium => Wire::UtmMedium,
        Dimension::UtmCampaign => Wire::UtmCampaign,
        Dimension::Browser => Wire::Browser,
        Dimension::Os => Wire::Os,
        Dimension::Device => Wire::Device,
        Dimension::Country => Wire::Country,
    };
    let row = |row: WebRow| pb::WebRow {
        value: row.value,
        visitors: count(row.visitors),
        views: count(row.views),
        bounce_rate: row.bounce_rate,
    };
    pb::WebTable {
        dimension: named.into(),
        rows: found.rows.into_iter().map(row).collect(),
        more: count(found.more),
    }
}

fn vital(found: VitalAnswer) -> pb::WebVital {
    pb::WebVital {
        name: found.vital.name.into(),
        p75: found.p75,
        count: count(found.count),
        good_share: share(found.good, found.count),
    }
}

/// Returns a part of a whole; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
