//! Activity on columns: one pass over all rows of the range.

use super::EngineError;
use super::distinct::DistinctCounter;
use super::view::View;
use crate::activity::{Activity, ActivityQuery, EXCEPTION, SESSION_ID};
use crate::projection::{NOBODY, NOT_SET};

/// Answers one activity for each bucket.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn run(view: &View<'_>, query: &ActivityQuery) -> Result<Vec<Activity>, EngineError> {
    let columns = view.columns;
    let buckets = query.buckets.count();
    let mut counts = vec![Activity::default(); buckets];
    let mut persons = DistinctCounter::new(buckets, columns.persons.len());
    let session_key = columns.properties.find(SESSION_ID);
    let session_codes = session_key.map_or(0, |(_, values)| values.value_codes());
    let mut sessions = DistinctCounter::new(buckets, session_codes);
    let exception = columns.names.code(EXCEPTION);
    let person_of = columns.persons.person_of();
    for segment in columns.segments(query.range.start_ms, query.range.end_ms) {
        for part in segment.parts(None) {
            view.asker.check()?;
            let is_error = exception == Some(part.name);
            let (visitors, times) = (segment.visitors(part.block), segment.times(part.block));
            let sessions_of = session_key.and_then(|(key, _)| segment.codes(key, part.block));
            for row in part.rows {
                let time_ms = segment.min_time_ms + i64::from(times.as_u32()[row]);
                if !query.range.contains(time_ms) {
                    continue;
                }
                let bucket = query.buckets.index_of(time_ms);
                counts[bucket].events += 1;
                counts[bucket].errors += u64::from(is_error);
                let person = person_of[visitors.as_u32()[row] as usize];
                if person != NOBODY {
                    persons.add(bucket, person);
                }
                let session = sessions_of.as_ref().map_or(NOT_SET, |codes| codes.get(row));
                if session != NOT_SET {
                    sessions.add(bucket, session);
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
