//! Why one unit is, or is not, in a cell: what decides is found as for the number itself, for this one unit alone.

use super::{all_units, each_member, reads, start_range, starts};
use crate::engine::EngineError;
use crate::engine::marks::NEVER;
use crate::engine::scan::scan;
use crate::engine::view::View;
use crate::explained_event::{EVENTS_MAX, ExplainedEvent, Told};
use crate::query::Range;
use crate::retention::explain::{Case, Explanation, Facts, Moment};
use crate::retention::{Cell, RetentionQuery};

/// A start or return event, in the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    time_ms: i64,
    name: u32,
    visitor: u32,
    /// Bit 0: it is a start event; bit 1: it is a return event.
    selectors: u64,
}

/// Explains a cell to a unit; one without a code, `None`, has no events.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(in crate::engine) fn explain(
    view: &View<'_>,
    query: &RetentionQuery,
    cell: Cell,
    unit: Option<u32>,
) -> Result<Explanation, EngineError> {
    let unit = unit.filter(|unit| all_units(view, &query.counted_by).contains(unit));
    let (facts, found) = match unit {
        Some(unit) => {
            let facts = facts(view, query, cell, unit)?;
            (facts, events(view, query, facts, unit)?)
        }
        None => (Facts { in_cohort: false, retained: false, start_ms: None }, Vec::new()),
    };
    let case = Case::new(query, cell, facts);
    let told = found.iter().take(EVENTS_MAX).map(|event| {
        let (is_start, is_return) = (event.selectors & 1 == 1, event.selectors & 2 == 2);
        let (verdict, reason) = case.event(&Moment { time_ms: event.time_ms, is_start, is_return });
        ExplainedEvent {
            name: view.columns.names.text(event.name).to_owned(),
            time_ms: event.time_ms,
            distinct_id: view.columns.visitors.text(event.visitor).to_owned(),
            told: Told { verdict, step: None, reason },
        }
    });
    Ok(Explanation {
        in_cohort: facts.in_cohort,
        retained: facts.retained,
        summary: case.summary(),
        events: told.collect(),
        truncated: found.len() > EVENTS_MAX,
    })
}

fn facts(
    view: &View<'_>,
    query: &RetentionQuery,
    cell: Cell,
    unit: u32,
) -> Result<Facts, EngineError> {
    // Whether it is retained, if it is in the cohort.
    let found = each_member(
        view,
        query,
        unit..unit + 1,
        || None,
        |found, _, member| {
            if member.cohort == cell.cohort {
                *found = Some(member.is_retained(query.counting, cell.column));
            }
        },
    )?;
    let found = found.into_iter().flatten().next();
    let (in_cohort, retained) = (found.is_some(), found == Some(true));
    let start_ms = starts(view, query, start_range(query), &(unit..unit + 1))?.of(unit);
    Ok(Facts { in_cohort, retained, start_ms: (start_ms != NEVER).then_some(start_ms) })
}

/// Finds the unit's events in the range, and its first start event if that is before; the first ones, and one more if there
/// are more.
fn events(
    view: &View<'_>,
    query: &RetentionQuery,
    facts: Facts,
    unit: u32,
) -> Result<Vec<Found>, EngineError> {
    let selectors = [query.start_event.clone(), query.return_event().clone()];
    let first_ms = facts.start_ms.unwrap_or(query.range.start_ms);
    let range = Range { start_ms: first_ms.min(query.range.start_ms), ..query.range };
    let reads = reads(query, range, &selectors);
    let all = scan(view, &reads, Vec::new, |found: &mut Vec<Found>, rows| {
        rows.each_with_place(|place, row| {
            let is_first = row.selectors & 1 == 1 && row.time_ms == first_ms;
            if row.unit == unit && (query.range.contains(row.time_ms) || is_first) {
                let (time_ms, selectors) = (row.time_ms, row.selectors);
                let visitor = rows.visitor(place);
                found.push(Found { time_ms, name: rows.name, visitor, selectors });
                if found.len() > 4 * EVENTS_MAX {
                    first_ones(found);
                }
            }
        });
    })?;
    let mut found = all.concat();
    first_ones(&mut found);
    Ok(found)
}

fn first_ones(found: &mut Vec<Found>) {
    found.sort_unstable();
    found.truncate(EVENTS_MAX + 1);
}
