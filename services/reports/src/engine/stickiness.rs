//! Stickiness on columns: in which buckets each unit was active, as bits by unit. Series are taken one after the other, so
//! that there is one array at a time.

use super::EngineError;
use super::hints;
use super::marks::{Marks, all_units, each_part, list};
use super::plan::Reads;
use super::scan::scan;
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
        let mut counts = vec![0; query.buckets.count()];
        each(view, query, series, |_, buckets| counts[buckets - 1] += 1)?;
        Ok(counts)
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
    let mut found = list(view.asker, &all_units(view, &query.counted_by))?;
    each(view, query, &query.series[cell.series], |unit, buckets| {
        if buckets == cell.buckets {
            found.push(unit);
        }
    })?;
    Ok(found)
}

/// Hands out in how many buckets each unit was active, of those that were in any.
fn each(
    view: &View<'_>,
    query: &StickinessQuery,
    series: &Selector,
    mut each: impl FnMut(u32, usize),
) -> Result<(), EngineError> {
    let words = bits::words(query.buckets.count());
    let units = all_units(view, &query.counted_by);
    let reads = Reads {
        range: query.range,
        counted_by: &query.counted_by,
        filter: &query.filter,
        selectors: std::slice::from_ref(series),
        values: [],
    };
    each_part(view.asker, units, words * 8, |part| {
        let empty = || Marks::new(part, words);
        let all = scan(view, &reads, empty, |marks: &mut Marks, rows| {
            rows.each(|row| marks.set(row.unit, query.buckets.index_of(row.time_ms)));
        })?;
        Marks::joined(all).each(view.asker, |unit, words| each(unit, bits::count(words)))
    })
}
