//! Activity on columns: one pass over all rows of the range.

use super::EngineError;
use super::distinct::DistinctCounter;
use super::slots::Asker;
use crate::activity::{Activity, ActivityQuery, EXCEPTION, SESSION_ID};
use crate::projection::{NOBODY, NOT_SET, Snapshot};

/// Answers one activity for each bucket.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn run(
    columns: &Snapshot,
    query: &ActivityQuery,
    asker: &Asker,
) -> Result<Vec<Activity>, EngineError> {
    let buckets = query.buckets.count();
    let mut counts = vec![Activity::default(); buckets];
    let mut persons = DistinctCounter::new(buckets, columns.persons.len());
    let session_key = columns.properties.find(SESSION_ID);
    let session_codes = session_key.map_or(0, |(_, values)| values.value_codes());
    let mut sessions = DistinctCounter::new(buckets, session_codes);
    let exception = columns.names.code(EXCEPTION);
    let person_of = columns.persons.person_of();
    for slice in columns.slices(query.range.start_ms, query.range.end_ms) {
        let rows = slice.rows();
        let session_of = session_key.and_then(|(key, _)| rows.columns.get(&key));
        for run in slice.runs(None) {
            let is_error = exception == Some(run.name);
            for part in run.parts() {
                asker.check()?;
                for row in part {
                    let time_ms = rows.time_ms[row];
                    if !query.range.contains(time_ms) {
                        continue;
                    }
                    let bucket = query.buckets.index_of(time_ms);
                    counts[bucket].events += 1;
                    counts[bucket].errors += u64::from(is_error);
                    let person = person_of[rows.visitor[row] as usize];
                    if person != NOBODY {
                        persons.add(bucket, person);
                    }
                    let session = session_of.map_or(NOT_SET, |column| column.get(row));
                    if session != NOT_SET {
                        sessions.add(bucket, session);
                    }
                }
            }
        }
    }
    let distinct = persons.finish().into_iter().zip(sessions.finish());
    for (count, (persons, sessions)) in counts.iter_mut().zip(distinct) {
        (count.persons, count.sessions) = (persons, sessions);
    }
    Ok(counts)
}
