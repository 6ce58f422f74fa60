//! Lifecycle on columns: in which buckets each unit was active, as bits by unit, and its earliest event.

use super::EngineError;
use super::hints;
use super::marks::listed_bytes;
use super::plan::Reads;
use super::unit_bits::{Marking, Unit, Wanted, each_unit, in_order};
use super::view::View;
use crate::bits;
use crate::lifecycle::{Cell, Life, LifecycleAnswer, LifecyclePoint, LifecycleQuery, State};
use crate::query::Range;

/// Answers one point for each bucket of the range.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn run(view: &View<'_>, query: &LifecycleQuery) -> Result<LifecycleAnswer, EngineError> {
    let empty = || vec![LifecyclePoint::default(); query.buckets.count()];
    let all = each(view, query, empty, |points, _, bucket, state| points[bucket].add(state))?;
    let mut points = empty();
    for of_thread in all {
        points.iter_mut().zip(of_thread).for_each(|(sum, point)| sum.join(point));
    }
    points.remove(0);
    let hints = hints::unknown(view.columns, &query.names());
    Ok(LifecycleAnswer { points, hints })
}

/// Answers the units behind a number, in the order of their codes.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn behind(
    view: &View<'_>,
    query: &LifecycleQuery,
    cell: Cell,
) -> Result<Vec<u32>, EngineError> {
    view.asker.take(listed_bytes(view, &query.counted_by))?;
    let all = each(view, query, Vec::new, |found, unit, bucket, state| {
        if bucket == cell.bucket && state == cell.state {
            found.push(unit);
        }
    })?;
    Ok(in_order(&all))
}

/// Hands out what each unit is in each bucket, where it is something, in no order.
fn each<A: Send>(
    view: &View<'_>,
    query: &LifecycleQuery,
    start: impl Fn() -> A + Sync,
    each: impl Fn(&mut A, u32, usize, State) + Sync,
) -> Result<Vec<A>, EngineError> {
    let reads = Reads {
        range: Range { start_ms: query.buckets.starts_ms()[0], end_ms: query.range.end_ms },
        counted_by: &query.counted_by,
        filter: &query.filter,
        selectors: std::slice::from_ref(&query.event),
        values: [],
    };
    let cells = query.buckets.cells();
    let wanted = Wanted { cells, bits: cells.count(), first_seen: true };
    let mark = |words: &mut [u64], row: Marking<0>| {
        if query.counts(row.time_ms) {
            bits::set(words, row.cell);
        }
    };
    each_unit(view, &reads, &wanted, mark, start, |sum, unit: Unit<'_>| {
        let life = Life { active: unit.words, first_seen_ms: unit.first_seen_ms };
        life.each(cells.starts_ms(), |bucket, state| each(sum, unit.code, bucket, state));
    })
}
