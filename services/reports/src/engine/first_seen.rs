//! The earliest event of each unit.

use std::ops::Range as Codes;

use super::EngineError;
use super::bound::person;
use super::marks::Earliest;
use super::plan::Reads;
use super::scan::scan;
use super::team;
use super::view::{View, group_property};
use crate::query::CountedBy;

/// Finds each unit's earliest event of any name, over all time, from what segments know of it.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn of(
    view: &View<'_>,
    counted_by: &CountedBy,
    part: &Codes<u32>,
) -> Result<Earliest, EngineError> {
    let key = match counted_by {
        CountedBy::Persons => None,
        CountedBy::Groups(group_type) => {
            let found = view.columns.properties.find(&group_property(group_type));
            let Some((key, _)) = found else { return Ok(Earliest::new(part)) };
            Some(key)
        }
    };
    let person_of = view.columns.persons.person_of();
    let segments = view.columns.segments(i64::MIN, i64::MAX);
    let rows = segments.iter().map(|segment| segment.len()).sum();
    let all = team::work(
        rows,
        segments.len(),
        || Earliest::new(part),
        |times, at| {
            view.asker.check()?;
            let segment = segments[at];
            for first in segment.first_seen(key).iter() {
                let unit = if key.is_some() { first.code } else { person(person_of, first.code) };
                times.see(unit, segment.min_time_ms + i64::from(first.time));
            }
            Ok(())
        },
    )?;
    Ok(Earliest::joined(all))
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
    Ok(Earliest::joined(all))
}
