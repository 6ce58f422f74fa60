//! The history of persons on columns: their rows alone where rows are sorted, one look at each row where they are not.

use super::EngineError;
use super::slots::Asker;
use crate::history::{History, HistoryQuery};
use crate::projection::{NameRun, Rows, Slice, Snapshot};

/// A visitor's code, and whose it is, by the place in the question.
type Wanted = (u32, usize);

/// Answers one history for each person asked for.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn run(
    columns: &Snapshot,
    query: &HistoryQuery,
    asker: &Asker,
) -> Result<Vec<History>, EngineError> {
    let mut histories = vec![History::default(); query.persons.len()];
    let wanted = wanted(columns, query);
    if wanted.is_empty() {
        return Ok(histories);
    }
    for slice in columns.slices(i64::MIN, i64::MAX) {
        for run in slice.runs(None) {
            asker.check()?;
            let length = (run.end - run.start) as usize;
            // Looking for each of many visitors in a few rows would take longer than looking at the rows.
            if matches!(slice, Slice::Segment(_)) && wanted.len() < length {
                find(slice.rows(), run, &wanted, &mut histories);
            } else {
                scan(slice.rows(), run, &wanted, &mut histories, asker)?;
            }
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

/// Finds the visitors in rows of one name that are sorted by visitor, then by time.
fn find(rows: &Rows, run: NameRun, wanted: &[Wanted], histories: &mut [History]) {
    let end = run.end as usize;
    let mut from = run.start as usize;
    for (visitor, place) in wanted {
        from += rows.visitor[from..end].partition_point(|code| code < visitor);
        let count = rows.visitor[from..end].partition_point(|code| code == visitor);
        if count > 0 {
            let times = &rows.time_ms[from..from + count];
            histories[*place].add(count as u64, times[0], times[count - 1]);
        }
    }
}

/// Looks at each row.
fn scan(
    rows: &Rows,
    run: NameRun,
    wanted: &[Wanted],
    histories: &mut [History],
    asker: &Asker,
) -> Result<(), EngineError> {
    for part in run.parts() {
        asker.check()?;
        for row in part {
            let visitor = rows.visitor[row];
            let start = wanted.partition_point(|(code, _)| *code < visitor);
            for (_, place) in wanted[start..].iter().take_while(|(code, _)| *code == visitor) {
                histories[*place].add(1, rows.time_ms[row], rows.time_ms[row]);
            }
        }
    }
    Ok(())
}
