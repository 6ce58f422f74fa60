//! The earliest event of each unit.

use std::ops::Range as Codes;

use super::EngineError;
use super::marks::Earliest;
use super::reads::Reads;
use super::view::View;
use super::walk::scan;
use crate::query::{CountedBy, Filter, Range, Selector};

/// Finds each unit's earliest event of any name, over all time.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn of(
    view: &View<'_>,
    counted_by: &CountedBy,
    part: &Codes<u32>,
) -> Result<Earliest, EngineError> {
    let everything = Filter::everything();
    let any = [Selector { event: None, filter: Filter::everything() }];
    let reads = Reads {
        range: Range { start_ms: i64::MIN, end_ms: i64::MAX },
        counted_by,
        filter: &everything,
        selectors: &any,
        values: [],
    };
    earliest(view, &reads, part)
}

/// Finds the earliest of the rows that are read, by unit.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn earliest(
    view: &View<'_>,
    reads: &Reads<'_, 0>,
    part: &Codes<u32>,
) -> Result<Earliest, EngineError> {
    let empty = || Earliest::new(part);
    let all = scan(view, reads, empty, |times: &mut Earliest, rows| {
        rows.each(|row| times.see(row.unit, row.time_ms));
    })?;
    Ok(empty().joined(all))
}
