//! Lifecycle on columns: in which buckets each unit was active, as bits by unit, and its earliest event.

use std::ops::Range as Codes;

use super::EngineError;
use super::first_seen;
use super::hints;
use super::marks::{Marks, all_units, each_part, list};
use super::plan::Reads;
use super::scan::scan;
use super::view::View;
use crate::bits;
use crate::lifecycle::{Cell, Life, LifecycleAnswer, LifecyclePoint, LifecycleQuery, State};
use crate::query::Range;

/// Answers one point for each bucket of the range.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn run(view: &View<'_>, query: &LifecycleQuery) -> Result<LifecycleAnswer, EngineError> {
    let mut points = vec![LifecyclePoint::default(); query.buckets.count()];
    each(view, query, |_, bucket, state| points[bucket].add(state))?;
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
    let mut found = list(view.asker, &all_units(view, &query.counted_by))?;
    each(view, query, |unit, bucket, state| {
        if bucket == cell.bucket && state == cell.state {
            found.push(unit);
        }
    })?;
    Ok(found)
}

/// Hands out what each unit is in each bucket, where it is something, by the order of unit codes.
fn each(
    view: &View<'_>,
    query: &LifecycleQuery,
    mut each: impl FnMut(u32, usize, State),
) -> Result<(), EngineError> {
    let words = bits::words(query.buckets.count());
    let units = all_units(view, &query.counted_by);
    each_part(view.asker, units, (words + 1) * 8, |part| {
        let marks = active(view, query, part, words)?;
        let first_seen = first_seen::of(view, &query.counted_by, part)?;
        marks.each(view.asker, |unit, active| {
            let life = Life { active, first_seen_ms: first_seen.of(unit) };
            life.each(query.buckets.starts_ms(), |bucket, state| each(unit, bucket, state));
        })
    })
}

/// Finds in which buckets units were active.
fn active(
    view: &View<'_>,
    query: &LifecycleQuery,
    part: &Codes<u32>,
    words: usize,
) -> Result<Marks, EngineError> {
    let reads = Reads {
        range: Range { start_ms: query.buckets.starts_ms()[0], end_ms: query.range.end_ms },
        counted_by: &query.counted_by,
        filter: &query.filter,
        selectors: std::slice::from_ref(&query.event),
        values: [],
    };
    let empty = || Marks::new(part, words);
    let all = scan(view, &reads, empty, |marks: &mut Marks, rows| {
        rows.each(|row| {
            if query.counts(row.time_ms) {
                marks.set(row.unit, query.buckets.index_of(row.time_ms));
            }
        });
    })?;
    Ok(Marks::joined(all))
}
