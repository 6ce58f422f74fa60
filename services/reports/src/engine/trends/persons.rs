//! Who is behind a number of trends.

use super::counting::Counting;
use super::source;
use crate::behind::Behind;
use crate::bits;
use crate::engine::EngineError;
use crate::engine::behind;
use crate::engine::breakdown::ValueSource;
use crate::engine::plan::Row;
use crate::engine::ranking::Ranking;
use crate::engine::scan::scan;
use crate::engine::view::{View, units};
use crate::projection::NOBODY;
use crate::query::{OTHER_LABEL, Range};
use crate::trends::TrendPersonsQuery;
use crate::trends::grid::Grid;

/// Answers a page of those of whom at least one event counts in the number.
///
/// # Errors
/// As those of trends.
pub(in crate::engine) fn run(
    view: &View<'_>,
    query: &TrendPersonsQuery,
) -> Result<Behind, EngineError> {
    let trends = &query.trends;
    let view = &view.over(trends.looked_at());
    let source = source(view, trends.breakdown.as_ref());
    let series = &trends.series[query.series];
    let counting = Counting::new(view, trends, series, source.as_ref())?;
    let range = range(query);
    let codes = units(view, &trends.counted_by);
    let is_wanted = wanted(&counting, query)?;
    let wanted = |code: u32| is_wanted.get(code as usize).copied().unwrap_or(false);
    let found = match (counting.breakdown().filter(|_| query.value.is_some()), counting.items()) {
        (None, None) => seen(view, &counting, range, codes, [], |_: &Row<0>| true),
        (Some(breakdown), None) => {
            let is_wanted = |row: &Row<1>| wanted(row.values[0]);
            seen(view, &counting, range, codes, [breakdown], is_wanted)
        }
        (None, Some(items)) => {
            let is_wanted = |row: &Row<1>| counting.counts(row.values[0]);
            seen(view, &counting, range, codes, [items], is_wanted)
        }
        (Some(breakdown), Some(items)) => {
            let is_wanted = |row: &Row<2>| wanted(row.values[0]) && counting.counts(row.values[1]);
            seen(view, &counting, range, codes, [breakdown, items], is_wanted)
        }
    }?;
    let units = bits::ones(&found);
    let units = units.map(|unit| u32::try_from(unit).expect("units are counted in 32 bits"));
    behind::page(view.columns, &trends.counted_by, units, &query.page, view.asker)
}

/// When events count in the number.
fn range(query: &TrendPersonsQuery) -> Range {
    let period = &query.trends.period;
    match (query.trends.series[query.series].math.rolling_days(), query.bucket) {
        (None, None) => period.range,
        (None, Some(bucket)) => period.bounds(bucket),
        // The total is that of the last bucket.
        (Some(days), bucket) => {
            Grid::window(period, days, bucket.unwrap_or(period.buckets.count() - 1))
        }
    }
}

/// Which values of the breakdown are asked for, by code; of no importance where all are.
fn wanted(counting: &Counting<'_>, query: &TrendPersonsQuery) -> Result<Vec<bool>, EngineError> {
    let trends = &query.trends;
    let (Some(value), Some(breakdown), Some(source)) =
        (&query.value, &trends.breakdown, counting.breakdown())
    else {
        return Ok(Vec::new());
    };
    let codes = source.value_codes();
    let all = 0..u32::try_from(codes).expect("codes have 32 bits");
    if value != OTHER_LABEL {
        return Ok(all.map(|code| source.label(code) == value).collect());
    }
    let totals = counting.totals(&trends.period, codes)?;
    let ranking = Ranking::new(&totals, f64::total_cmp, source, breakdown.limit);
    Ok(all.map(|code| ranking.is_other(code)).collect())
}

/// Returns a bit for each unit: whether a wanted event is its.
fn seen<const V: usize>(
    view: &View<'_>,
    counting: &Counting<'_>,
    range: Range,
    units: usize,
    values: [&ValueSource<'_>; V],
    is_wanted: impl Fn(&Row<V>) -> bool + Sync,
) -> Result<Vec<u64>, EngineError> {
    let start = || vec![0_u64; units.div_ceil(64)];
    let all = scan(view, &counting.reads(range, values), start, |found: &mut Vec<u64>, part| {
        part.each(|row| {
            if row.unit != NOBODY && is_wanted(&row) {
                bits::set(found, row.unit as usize);
            }
        });
    })?;
    let joined = all.into_iter().reduce(|mut sum, other| {
        sum.iter_mut().zip(other).for_each(|(word, other)| *word |= other);
        sum
    });
    Ok(joined.unwrap_or_default())
}
