//! Stickiness.

use observe_core::Violations;
use observe_filter::{Expressions, read};
use observe_proto::reports::v1 as pb;

use super::calendar::{buckets, interval, time_zone};
use super::hints::hints;
use super::persons::page_size;
use super::shared::{SCOPES, count, counted_by, range, selector, within};
use crate::query::Selector;
use crate::stickiness::{Cell, StickinessAnswer, StickinessQuery};

const SERIES_MAX: usize = 20;
const BUCKETS_MAX: usize = 1_000;

/// Reads the question.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn stickiness_query(
    wire: &pb::QueryStickinessRequest,
) -> Result<StickinessQuery, Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let range = range(wire.range.as_ref(), v);
    let interval = interval(wire.interval, v);
    let zone = time_zone(&wire.time_zone, v);
    let buckets =
        range.zip(zone).and_then(|(range, zone)| buckets(range, interval, zone, BUCKETS_MAX, v));
    v.require(
        (1..=SERIES_MAX).contains(&wire.series.len()),
        "series",
        format!("must have 1-{SERIES_MAX} elements"),
    );
    let all = wire.series.iter().take(SERIES_MAX).enumerate();
    let filters = all.clone().filter_map(|(_, one)| one.filter.as_ref()).chain(&wire.filter);
    let expressions = Expressions::count(filters, v);
    let series = all
        .map(|(index, one)| {
            let field = format!("series[{index}].filter");
            selector(&one.event, one.filter.as_ref(), &field, &expressions, v)
        })
        .collect();
    let filter = read(wire.filter.as_ref(), "filter", &SCOPES, &expressions, v);
    let counted_by = counted_by(&wire.group_type, v);
    match (range, buckets, violations.is_empty()) {
        (Some(range), Some(buckets), true) => {
            Ok(StickinessQuery { range, buckets, series, filter, counted_by })
        }
        _ => Err(violations),
    }
}

/// Writes the answer to the question whose series are given.
pub(crate) fn stickiness_response(
    series: &[Selector],
    answer: StickinessAnswer,
) -> pb::QueryStickinessResponse {
    let results = series.iter().zip(answer.series);
    let results = results.map(|(series, persons)| pb::StickinessResult {
        label: series.event.clone().unwrap_or_else(|| "any event".to_owned()),
        persons: persons.into_iter().map(count).collect(),
    });
    pb::QueryStickinessResponse { series: results.collect(), hints: hints(answer.hints) }
}

/// Reads which number's persons are meant, and how many on a page.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn stickiness_persons_query(
    wire: &pb::ListStickinessPersonsRequest,
) -> Result<(StickinessQuery, Cell, usize), Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let query = within("stickiness", wire.stickiness.as_ref().map(stickiness_query), v);
    let inside = |number: i32, count: usize| {
        usize::try_from(number).ok().filter(|number| (1..=count).contains(number))
    };
    let cell = query.as_ref().and_then(|query| {
        let (series_count, bucket_count) = (query.series.len(), query.buckets.count());
        let series = inside(wire.series, series_count);
        v.require(series.is_some(), "series", format!("must be 1-{series_count}"));
        let buckets = inside(wire.buckets, bucket_count);
        v.require(buckets.is_some(), "buckets", format!("must be 1-{bucket_count}"));
        Some(Cell { series: series? - 1, buckets: buckets? })
    });
    let size = page_size(wire.page_size, v);
    match (query, cell, violations.is_empty()) {
        (Some(query), Some(cell), true) => Ok((query, cell, size)),
        _ => Err(violations),
    }
}
