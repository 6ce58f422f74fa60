//! Stickiness on columns: in which buckets each unit was active, as bits by unit, for one series after the other.

use super::EngineError;
use super::hints;
use super::marks::listed_bytes;
use super::plan::Reads;
use super::unit_bits::{Marking, Unit, Wanted, each_unit, in_order};
use super::view::View;
use crate::bits;
use crate::query::Selector;
use crate::stickiness::{Cell, StickinessAnswer, StickinessQuery};

/// Answers the question.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn run(
    view: &View<'_>,
    query: &StickinessQuery,
) -> Result<StickinessAnswer, EngineError> {
    let series = query.series.iter().map(|series| {
        let empty = || vec![0_u64; query.buckets.count()];
        let all = each(view, query, series, empty, |counts, _, buckets| counts[buckets - 1] += 1)?;
        Ok(all.into_iter().fold(empty(), |mut sum, counts| {
            sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            sum
        }))
    });
    let series = series.collect::<Result<_, EngineError>>()?;
    Ok(StickinessAnswer { series, hints: hints::unknown(view.columns, &query.names()) })
}

/// Answers the units behind a number, in the order of their codes.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn behind(
    view: &View<'_>,
    query: &StickinessQuery,
    cell: Cell,
) -> Result<Vec<u32>, EngineError> {
    view.asker.take(listed_bytes(view, &query.counted_by))?;
    let series = &query.series[cell.series];
    let all = each(view, query, series, Vec::new, |found, unit, buckets| {
        if buckets == cell.buckets {
            found.push(unit);
        }
    })?;
    Ok(in_order(&all))
}

/// Hands out in how many buckets each unit was active, of those that were in any, in no order.
fn each<A: Send>(
    view: &View<'_>,
    query: &StickinessQuery,
    series: &Selector,
    start: impl Fn() -> A + Sync,
    each: impl Fn(&mut A, u32, usize) + Sync,
) -> Result<Vec<A>, EngineError> {
    let reads = Reads {
        range: query.range,
        counted_by: &query.counted_by,
        filter: &query.filter,
        selectors: std::slice::from_ref(series),
        values: [],
    };
    let cells = query.buckets.cells();
    let wanted = Wanted { cells, bits: cells.count(), first_seen: false };
    let mark = |words: &mut [u64], row: Marking<0>| bits::set(words, row.cell);
    each_unit(view, &reads, &wanted, mark, start, |sum, unit: Unit<'_>| {
        each(sum, unit.code, bits::count(unit.words));
    })
}
