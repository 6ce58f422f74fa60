//! Retention on columns: in which periods each unit's start and return events happened, as bits by unit.

mod explain;

use std::ops::Range as Codes;

pub(super) use explain::explain;

use super::EngineError;
use super::first_seen::earliest;
use super::hints;
use super::marks::{Earliest, Marks, NEVER, all_units, each_part, listed_bytes};
use super::person_set::PersonSet;
use super::plan::Reads;
use super::scan::scan;
use super::unit_bits::{self, Marking, Unit, each_unit, in_order};
use super::view::View;
use crate::bits;
use crate::query::{Range, Selector};
use crate::retention::tally::{Member, Tally};
use crate::retention::{Cell, Counting, Kind, RetentionAnswer, RetentionQuery, Wanted, Windows};
use crate::trends::cells::Cells;

/// Answers the question.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn run(view: &View<'_>, query: &RetentionQuery) -> Result<RetentionAnswer, EngineError> {
    let units = all_units(view, &query.counted_by);
    let empty = || Tally::new(query);
    let all = each_member(view, query, units, empty, |tally, _, member| tally.add(&member))?;
    let tally = all.into_iter().fold(empty(), Tally::join);
    let hints = hints::unknown(view.columns, &query.names());
    Ok(RetentionAnswer { cohorts: tally.finish(), hints })
}

/// Answers the units behind a number, in the order of their codes.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn behind(
    view: &View<'_>,
    query: &RetentionQuery,
    cell: Cell,
    wanted: Wanted,
) -> Result<Vec<u32>, EngineError> {
    let units = all_units(view, &query.counted_by);
    view.asker.take(listed_bytes(view, &query.counted_by))?;
    let all = each_member(view, query, units, Vec::new, |found, unit, member| {
        let is_retained = || member.is_retained(query.counting, cell.column);
        if member.cohort == cell.cohort && is_retained() == (wanted == Wanted::Retained) {
            found.push(unit);
        }
    })?;
    Ok(in_order(&all))
}

/// Hands out the members of all cohorts among some units, in no order. Each thread has an accumulator made by `start`; all of
/// them are returned, at least one.
fn each_member<A: Send>(
    view: &View<'_>,
    query: &RetentionQuery,
    units: Codes<u32>,
    start: impl Fn() -> A + Sync,
    member: impl Fn(&mut A, u32, Member<'_>) + Sync,
) -> Result<Vec<A>, EngineError> {
    match query.windows {
        Windows::Calendar => each_by_calendar(view, query, units, start, member),
        Windows::Rolling => {
            let mut sum = start();
            each_rolling(view, query, units, |unit, of| member(&mut sum, unit, of))?;
            Ok(vec![sum])
        }
    }
}

/// Each unit has the periods of its start events, then those of its return events if these are others.
fn each_by_calendar<A: Send>(
    view: &View<'_>,
    query: &RetentionQuery,
    units: Codes<u32>,
    start: impl Fn() -> A + Sync,
    member: impl Fn(&mut A, u32, Member<'_>) + Sync,
) -> Result<Vec<A>, EngineError> {
    let selectors: Vec<_> =
        [&query.start_event].into_iter().chain(&query.return_event).cloned().collect();
    let reads = reads(query, query.range, &selectors);
    let earlier = Earlier::new(view, query)?;
    let words = bits::words(query.cohorts.count());
    let lanes = selectors.len();
    let wanted = unit_bits::Wanted {
        cells: query.cohorts.cells(),
        bits: lanes * words * 64,
        first_seen: matches!(earlier, Earlier::OfAnyName),
    };
    let mark = |found: &mut [u64], row: Marking<0>| {
        if row.selectors & 1 == 1 {
            bits::set(found, row.cell);
        }
        if row.selectors & 2 == 2 {
            bits::set(found, words * 64 + row.cell);
        }
    };
    each_unit(view, &reads, &wanted, mark, start, |sum, unit: Unit<'_>| {
        if !units.contains(&unit.code) {
            return;
        }
        let (starts, returns) = (&unit.words[..words], &unit.words[(lanes - 1) * words..]);
        let joins = |cohort| member(sum, unit.code, Member { cohort, base: cohort, returns });
        match &earlier {
            Earlier::DoesNotMatter => bits::ones(starts).for_each(joins),
            Earlier::OfAnyName if unit.first_seen_ms < query.range.start_ms => {}
            Earlier::Of(units) if units.has(unit.code) => {}
            Earlier::OfAnyName | Earlier::Of(_) => bits::lowest(starts).into_iter().for_each(joins),
        }
    })
}

/// Which units had a start event before the range, and so are in no cohort.
enum Earlier {
    /// Each start event counts.
    DoesNotMatter,
    /// Those whose earliest event of any name is before it.
    OfAnyName,
    /// These.
    Of(PersonSet),
}

impl Earlier {
    fn new(view: &View<'_>, query: &RetentionQuery) -> Result<Self, EngineError> {
        if query.kind == Kind::Recurring {
            return Ok(Self::DoesNotMatter);
        }
        let Selector { event, filter } = &query.start_event;
        if event.is_none() && filter.is_everything() && query.filter.is_everything() {
            return Ok(Self::OfAnyName);
        }
        let range = Range { start_ms: i64::MIN, end_ms: query.range.start_ms };
        let reads = reads(query, range, std::slice::from_ref(&query.start_event));
        view.asker.take(listed_bytes(view, &query.counted_by))?;
        let whole = Cells::new(vec![range.start_ms], range.end_ms);
        let wanted = unit_bits::Wanted { cells: &whole, bits: 1, first_seen: false };
        let mark = |found: &mut [u64], _: Marking<0>| bits::set(found, 0);
        let add = |units: &mut Vec<u32>, unit: Unit<'_>| units.push(unit.code);
        let found = each_unit(view, &reads, &wanted, mark, Vec::new, add)?;
        let mut units = PersonSet::nobody(all_units(view, &query.counted_by).len());
        found.concat().into_iter().for_each(|unit| units.insert(unit));
        Ok(Self::Of(units))
    }
}

/// Returns what is read for a question.
fn reads<'a>(query: &'a RetentionQuery, range: Range, selectors: &'a [Selector]) -> Reads<'a, 0> {
    Reads { range, counted_by: &query.counted_by, filter: &query.filter, selectors, values: [] }
}

/// Returns where the start event that decides about a unit may lie.
fn start_range(query: &RetentionQuery) -> Range {
    let start_ms = match query.kind {
        Kind::FirstTime => i64::MIN,
        Kind::Recurring => query.range.start_ms,
    };
    Range { start_ms, end_ms: query.range.end_ms }
}

/// Finds the first start event inside a range.
fn starts(
    view: &View<'_>,
    query: &RetentionQuery,
    range: Range,
    part: &Codes<u32>,
) -> Result<Earliest, EngineError> {
    earliest(view, &reads(query, range, std::slice::from_ref(&query.start_event)), part)
}

/// Each unit has one start event, and windows of its own that begin with it.
fn each_rolling(
    view: &View<'_>,
    query: &RetentionQuery,
    units: Codes<u32>,
    mut member: impl FnMut(u32, Member<'_>),
) -> Result<(), EngineError> {
    let words = bits::words(query.columns);
    each_part(view.asker, units, (words + 1) * 8, |part| {
        let starts = starts(view, query, start_range(query), part)?;
        let returns = windows(view, query, &starts, part, words)?;
        starts.each(view.asker, |unit, start_ms| {
            if start_ms >= query.range.start_ms {
                let cohort = query.cohorts.index_of(start_ms);
                member(unit, Member { cohort, base: 0, returns: returns.of(unit) });
            }
        })
    })
}

/// Finds in which of its unit's windows each return event happened.
fn windows(
    view: &View<'_>,
    query: &RetentionQuery,
    starts: &Earliest,
    part: &Codes<u32>,
    words: usize,
) -> Result<Marks, EngineError> {
    let reads = reads(query, query.range, std::slice::from_ref(query.return_event()));
    let length_ms = query.period.rolling_ms();
    let last = query.columns - 1;
    let empty = || Marks::new(part, words);
    let all = scan(view, &reads, empty, |marks: &mut Marks, rows| {
        rows.each(|row| {
            let start_ms = starts.of(row.unit);
            if start_ms == NEVER || start_ms < query.range.start_ms || row.time_ms < start_ms {
                return;
            }
            let window = usize::try_from((row.time_ms - start_ms) / length_ms);
            let window = window.expect("it is not before the start");
            match query.counting {
                Counting::On if window > last => {}
                // A later one retains in all columns there are.
                _ => marks.set(row.unit, window.min(last)),
            }
        });
    })?;
    Ok(Marks::joined(all))
}
