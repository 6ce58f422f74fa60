//! The units behind a number of a funnel.

use super::units::{Counted, each_unit};
use crate::engine::EngineError;
use crate::engine::breakdown::ValueSource;
use crate::engine::ranking::Ranking;
use crate::engine::view::View;
use crate::funnel::{FunnelCell, FunnelQuery, Way};

/// A unit, the value code it counts for, and the steps it took.
type Found = (u32, u32, u32);

/// Returns the units behind a number, perhaps some of them more than once.
///
/// # Errors
/// `Abandoned` if the asker has gone, `TooLarge` if it takes too much memory.
pub(in crate::engine) fn behind(
    view: &View<'_>,
    query: &FunnelQuery,
    cell: &FunnelCell,
) -> Result<Vec<u32>, EngineError> {
    let before = query.required_before(cell.step);
    let is_behind = |taken: u32| {
        let took = taken >> cell.step & 1 == 1;
        if cell.dropped_off { !took && taken >> before & 1 == 1 } else { took }
    };
    let (Some(breakdown), Some(value)) = (&query.breakdown, &cell.value) else {
        let add =
            |units: &mut Vec<u32>, counted: Counted, way: Way<'_>| -> Result<(), EngineError> {
                if counted.in_whole && is_behind(way.taken) {
                    view.asker.take(size_of::<u32>())?;
                    units.push(counted.unit);
                }
                Ok(())
            };
        return Ok(each_unit::<0, _>(view, query, [], Vec::new, add)?.concat());
    };
    let source = ValueSource::new(breakdown.scope, &breakdown.property, view);
    let add = |found: &mut Vec<Found>, counted: Counted, way: Way<'_>| -> Result<(), EngineError> {
        if let Some(value) = counted.value {
            view.asker.take(size_of::<Found>())?;
            found.push((counted.unit, value, way.taken));
        }
        Ok(())
    };
    let found = each_unit::<1, _>(view, query, [&source], Vec::new, add)?;
    // Which values are the others is known when all are counted, as in the answer.
    let mut totals = vec![0; source.value_codes()];
    for (_, value, _) in found.iter().flatten() {
        totals[*value as usize] += 1;
    }
    let ranking = Ranking::of_counts(&totals, &source, breakdown.limit);
    let line = ranking.labels.iter().position(|label| label == value);
    let of_value = found.into_iter().flatten().filter(|(_, value, taken)| {
        line.is_some() && ranking.line(*value) == line && is_behind(*taken)
    });
    Ok(of_value.map(|(unit, _, _)| unit).collect())
}
