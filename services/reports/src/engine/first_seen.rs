//! The earliest event of each unit.

use std::ops::Range as Codes;

use super::EngineError;
use super::marks::Earliest;
use super::plan::Reads;
use super::scan::scan;
use super::view::View;

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
    Ok(Earliest::joined(all))
}
