//! The rows of errors: counting them by group in one pass.

use crate::engine::EngineError;
use crate::engine::distinct::DistinctCounter;
use crate::engine::slots::Asker;
use crate::projection::{NOBODY, NOT_SET, PropertySet, Segment, Snapshot};
use crate::query::Range;

/// The most parts that a course has.
pub(crate) const PARTS_MAX: usize = 60;
/// The lengths that parts have, in milliseconds, where the range is a multiple of one: what people count time in.
const PART_MS: [i64; 15] = [
    1_000,
    5_000,
    15_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    10_800_000,
    21_600_000,
    43_200_000,
    86_400_000,
    604_800_000,
];

/// One error.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    /// The value code of its group.
    pub(crate) group: u32,
    /// When it happened, in milliseconds since 1970.
    pub(crate) time_ms: i64,
    /// The visitor's code.
    pub(crate) visitor: u32,
    /// The person's code, or [`NOBODY`].
    pub(crate) person: u32,
    /// Where it stands.
    pub(crate) segment: &'a Segment,
    /// In which block of it.
    pub(crate) block: usize,
    /// Its number there.
    pub(crate) row: usize,
}

impl Row<'_> {
    /// Returns its value code of a property, by the code of the key.
    pub(crate) fn code(&self, key: u32) -> u32 {
        self.segment.codes(key, self.block).map_or(NOT_SET, |codes| codes.get(self.row))
    }
}

/// Hands out every error in the range.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(crate) fn each<'a>(
    columns: &'a Snapshot,
    range: Range,
    asker: &Asker,
    mut hit: impl FnMut(Row<'a>),
) -> Result<(), EngineError> {
    let Some(name) = columns.names.code(super::EVENT) else { return Ok(()) };
    let Some((key, _)) = columns.properties.find(super::GROUP_PROPERTY) else { return Ok(()) };
    let person_of = columns.persons.person_of();
    for segment in columns.segments(range.start_ms, range.end_ms) {
        for part in segment.parts(Some(&[name])) {
            asker.check()?;
            let block = part.block;
            let Some(groups) = segment.codes(key, block) else { continue };
            let (visitors, times) = (segment.visitors(block), segment.times(block));
            for row in part.rows {
                let time_ms = segment.min_time_ms + i64::from(times.as_u32()[row]);
                let group = groups.get(row);
                if group == NOT_SET || !range.contains(time_ms) {
                    continue;
                }
                let visitor = visitors.as_u32()[row];
                let person = person_of[visitor as usize];
                hit(Row { group, time_ms, visitor, person, segment, block, row });
            }
        }
    }
    Ok(())
}

/// Returns the id of a group by its value code.
pub(crate) fn id(columns: &Snapshot, group: u32) -> String {
    id_of(&columns.properties, group)
}

/// Likewise, of the properties of a project.
pub(crate) fn id_of(properties: &PropertySet, group: u32) -> String {
    let found = properties.find(super::GROUP_PROPERTY);
    found.and_then(|(_, ids)| ids.value(group)).map_or_else(String::new, |(id, _)| id.to_owned())
}

/// Returns the value code of a group by its id, if there is such a group.
pub(crate) fn code(columns: &Snapshot, id: &str) -> Option<u32> {
    let (_, ids) = columns.properties.find(super::GROUP_PROPERTY)?;
    ids.code(id).filter(|code| columns.errors.get(*code).is_some())
}

/// How much there is of a group in a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Events.
    pub(crate) events: u64,
    /// Distinct persons with one.
    pub(crate) people: u64,
}

/// Counts all groups; by value code.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(crate) fn counts(
    columns: &Snapshot,
    range: Range,
    asker: &Asker,
) -> Result<Vec<Count>, EngineError> {
    let groups = columns.errors.len() + 1;
    let mut events = vec![0; groups];
    let mut people = DistinctCounter::new(groups, columns.persons.len());
    each(columns, range, asker, |row| {
        events[row.group as usize] += 1;
        if row.person != NOBODY {
            people.add(row.group as usize, row.person);
        }
    })?;
    let both = events.into_iter().zip(people.finish());
    Ok(both.map(|(events, people)| Count { events, people }).collect())
}

/// Equal parts of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    range: Range,
    count: usize,
}

impl Parts {
    /// Cuts a range, which is not empty, into at most [`PARTS_MAX`] parts, of a length that people count in where that goes.
    pub(crate) fn of(range: Range) -> Self {
        let length = range.end_ms - range.start_ms;
        let max = i64::try_from(PARTS_MAX).expect("a small number");
        let round = PART_MS.iter().find(|part| length % **part == 0 && length / **part <= max);
        let count = round.map_or(max.min(length), |part| length / part);
        Self { range, count: usize::try_from(count).expect("1-60") }
    }

    /// Returns how many there are.
    pub(crate) fn count(self) -> usize {
        self.count
    }

    /// Returns when each begins, in milliseconds since 1970.
    pub(crate) fn starts_ms(self) -> impl Iterator<Item = i64> {
        (0..self.count).map(move |at| self.range.start_ms + self.scaled(at))
    }

    /// Returns the part that holds a time inside the range.
    pub(crate) fn index_of(self, time_ms: i64) -> usize {
        let into = i128::from(time_ms - self.range.start_ms) * self.count as i128;
        let length = i128::from(self.range.end_ms - self.range.start_ms);
        let guess = usize::try_from(into / length).expect("inside the range");
        // Starts are rounded down, so the part may begin a moment earlier than the quotient says.
        let next = guess + 1;
        let is_next = next < self.count && self.range.start_ms + self.scaled(next) <= time_ms;
        if is_next { next } else { guess }
    }

    fn scaled(self, at: usize) -> i64 {
        let length = i128::from(self.range.end_ms - self.range.start_ms);
        i64::try_from(length * at as i128 / self.count as i128).expect("inside the range")
    }
}

/// Counts the events of each part for the wanted groups, given by their value codes; in their order.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(crate) fn courses(
    columns: &Snapshot,
    range: Range,
    wanted: &[u32],
    asker: &Asker,
) -> Result<Vec<Vec<i64>>, EngineError> {
    const UNWANTED: u32 = u32::MAX;
    let parts = Parts::of(range);
    let mut place = vec![UNWANTED; columns.errors.len() + 1];
    for (at, group) in (0..).zip(wanted) {
        place[*group as usize] = at;
    }
    let mut courses = vec![vec![0; parts.count()]; wanted.len()];
    if wanted.is_empty() {
        return Ok(courses);
    }
    each(columns, range, asker, |row| {
        let at = place[row.group as usize];
        if at != UNWANTED {
            courses[at as usize][parts.index_of(row.time_ms)] += 1;
        }
    })?;
    Ok(courses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_lengths_that_people_count_in() {
        let hour = 3_600_000;
        let count = |length: i64| Parts::of(Range { start_ms: 7, end_ms: 7 + length }).count();
        assert_eq!(count(hour), 60);
        assert_eq!(count(24 * hour), 48);
        assert_eq!(count(7 * 24 * hour), 56);
        assert_eq!(count(30 * 24 * hour), 60);
        assert_eq!(count(90 * 24 * hour), 60, "a day and a half each");
        assert_eq!((count(1), count(59), count(60_000)), (1, 59, 60));
        assert_eq!(count(24 * hour + 1), 60);
    }

    #[test]
    fn every_moment_is_in_the_part_that_begins_before_it() {
        for length in [1, 59, 61, 1_000, 86_400_001] {
            let parts = Parts::of(Range { start_ms: -5, end_ms: length - 5 });
            let starts: Vec<_> = parts.starts_ms().collect();
            assert_eq!((starts.len(), starts[0]), (parts.count(), -5));
            for (at, start) in starts.iter().enumerate() {
                assert_eq!(parts.index_of(*start), at, "{length}");
                let last = starts.get(at + 1).map_or(length - 6, |next| next - 1);
                assert_eq!(parts.index_of(last), at, "{length}");
            }
        }
    }
}
