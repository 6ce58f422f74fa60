//! Retention on columns: in which periods each unit's start and return events happened, as bits by unit.

mod explain;

use std::ops::Range as Codes;

pub(super) use explain::explain;

use super::EngineError;
use super::first_seen::{self, earliest};
use super::hints;
use super::marks::{Earliest, Marks, NEVER, all_units, each_part, list};
use super::plan::Reads;
use super::scan::scan;
use super::view::View;
use crate::bits;
use crate::query::{Range, Selector};
use crate::retention::tally::{Member, Tally};
use crate::retention::{Cell, Counting, Kind, RetentionAnswer, RetentionQuery, Wanted, Windows};

/// Answers the question.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn run(view: &View<'_>, query: &RetentionQuery) -> Result<RetentionAnswer, EngineError> {
    let mut tally = Tally::new(query);
    each_member(view, query, all_units(view, &query.counted_by), |_, member| tally.add(&member))?;
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
    let mut found = list(view.asker, &units)?;
    each_member(view, query, units, |unit, member| {
        let is_retained = || member.is_retained(query.counting, cell.column);
        if member.cohort == cell.cohort && is_retained() == (wanted == Wanted::Retained) {
            found.push(unit);
        }
    })?;
    Ok(found)
}

/// Hands out the members of all cohorts among some units, by the order of their codes.
fn each_member(
    view: &View<'_>,
    query: &RetentionQuery,
    units: Codes<u32>,
    member: impl FnMut(u32, Member<'_>),
) -> Result<(), EngineError> {
    match query.windows {
        Windows::Calendar => each_by_calendar(view, query, units, member),
        Windows::Rolling => each_rolling(view, query, units, member),
    }
}

/// Each unit has the periods of its start events, then those of its return events if these are others.
fn each_by_calendar(
    view: &View<'_>,
    query: &RetentionQuery,
    units: Codes<u32>,
    mut member: impl FnMut(u32, Member<'_>),
) -> Result<(), EngineError> {
    let words = bits::words(query.cohorts.count());
    let lanes = 1 + usize::from(query.return_event.is_some());
    each_part(view.asker, units, (lanes * words + 1) * 8, |part| {
        let marks = periods(view, query, part, words, lanes)?;
        let earlier = match query.kind {
            Kind::FirstTime => Some(started_before(view, query, part)?),
            Kind::Recurring => None,
        };
        marks.each(view.asker, |unit, found| {
            let (starts, returns) = (&found[..words], &found[(lanes - 1) * words..]);
            let mut joins = |cohort| member(unit, Member { cohort, base: cohort, returns });
            match &earlier {
                None => bits::ones(starts).for_each(&mut joins),
                Some(earlier) if earlier.of(unit) < query.range.start_ms => {}
                Some(_) => bits::lowest(starts).into_iter().for_each(joins),
            }
        })
    })
}

/// Finds in which periods start and return events happened.
fn periods(
    view: &View<'_>,
    query: &RetentionQuery,
    part: &Codes<u32>,
    words: usize,
    lanes: usize,
) -> Result<Marks, EngineError> {
    let selectors: Vec<_> =
        [&query.start_event].into_iter().chain(&query.return_event).cloned().collect();
    let reads = Reads {
        range: query.range,
        counted_by: &query.counted_by,
        filter: &query.filter,
        selectors: &selectors,
        values: [],
    };
    let empty = || Marks::new(part, lanes * words);
    let all = scan(view, &reads, empty, |marks: &mut Marks, rows| {
        rows.each(|row| {
            let period = query.cohorts.index_of(row.time_ms);
            for lane in 0..lanes {
                if row.selectors >> lane & 1 == 1 {
                    marks.set(row.unit, lane * words * 64 + period);
                }
            }
        });
    })?;
    Ok(Marks::joined(all))
}

/// Finds when units had their first start event, of which those before the range matter.
fn started_before(
    view: &View<'_>,
    query: &RetentionQuery,
    part: &Codes<u32>,
) -> Result<Earliest, EngineError> {
    let Selector { event, filter } = &query.start_event;
    if event.is_none() && filter.is_everything() && query.filter.is_everything() {
        return first_seen::of(view, &query.counted_by, part);
    }
    let range = Range { start_ms: i64::MIN, end_ms: query.range.start_ms };
    starts(view, query, range, part)
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
    let reads = Reads {
        range,
        counted_by: &query.counted_by,
        filter: &query.filter,
        selectors: std::slice::from_ref(&query.start_event),
        values: [],
    };
    earliest(view, &reads, part)
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
    let reads = Reads {
        range: query.range,
        counted_by: &query.counted_by,
        filter: &query.filter,
        selectors: std::slice::from_ref(query.return_event()),
        values: [],
    };
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
