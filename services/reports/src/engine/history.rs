//! The history of persons on columns: their rows are found where they lie.

use super::EngineError;
use super::view::View;
use crate::history::{History, HistoryQuery};
use crate::projection::{Part, Segment, Snapshot};

/// A visitor's code, and whose it is, by the place in the question.
type Wanted = (u32, usize);

/// Answers one history for each person asked for.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn run(view: &View<'_>, query: &HistoryQuery) -> Result<Vec<History>, EngineError> {
    let columns = view.columns;
    let mut histories = vec![History::default(); query.persons.len()];
    let wanted = wanted(columns, query);
    if wanted.is_empty() {
        return Ok(histories);
    }
    for segment in columns.segments(i64::MIN, i64::MAX) {
        for part in segment.parts(None) {
            view.asker.check()?;
            find(segment, &part, &wanted, &mut histories);
        }
    }
    Ok(histories)
}

/// The visitors of the persons, in the order of their codes. An id without a code has no events.
fn wanted(columns: &Snapshot, query: &HistoryQuery) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for (place, ids) in query.persons.iter().enumerate() {
        wanted.extend(ids.iter().filter_map(|id| Some((columns.visitors.code(id)?, place))));
    }
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// Finds the visitors in rows of one name, which are sorted by visitor, then by time.
fn find(segment: &Segment, part: &Part, wanted: &[Wanted], histories: &mut [History]) {
    let visitors = segment.visitors(part.block);
    let visitors = &visitors.as_u32()[part.rows.clone()];
    let (Some(first), Some(last)) = (visitors.first(), visitors.last()) else { return };
    let start = wanted.partition_point(|(visitor, _)| visitor < first);
    let mut times = None;
    let mut from = 0;
    for (visitor, place) in wanted[start..].iter().take_while(|(visitor, _)| visitor <= last) {
        from += visitors[from..].partition_point(|code| code < visitor);
        let count = visitors[from..].partition_point(|code| code == visitor);
        if count > 0 {
            let times = times.get_or_insert_with(|| segment.times(part.block)).as_u32();
            let at = |row: usize| segment.min_time_ms + i64::from(times[part.rows.start + row]);
            histories[*place].add(count as u64, at(from), at(from + count - 1));
        }
    }
}
