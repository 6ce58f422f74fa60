//! Bits and times by unit, for questions that need no more of a unit than in which buckets something happened.
//!
//! They are arrays by unit code, so that a row costs one write and no hashing. Where the arrays would take too much, the
//! units are taken in parts, one after the other.

use std::ops::Range;

use super::EngineError;
use super::slots::Asker;
use super::team;
use super::view::{View, units};
use crate::bits;
use crate::query::CountedBy;

/// How large the arrays by unit of all threads together may become, in bytes.
const ARRAYS_BYTES_MAX: usize = 128 << 20;
/// What a unit takes in a list of units, in bytes.
const LISTED_BYTES: usize = 4;
/// How many units are handed out without a look whether somebody still waits for the answer.
const CHECK_EVERY: usize = 65_536;

/// Returns the codes of all units.
pub(super) fn all_units(view: &View<'_>, counted_by: &CountedBy) -> Range<u32> {
    0..u32::try_from(units(view, counted_by)).expect("units are counted in 32 bits")
}

/// Returns how many bytes a list of all units may take.
pub(super) fn listed_bytes(view: &View<'_>, counted_by: &CountedBy) -> usize {
    units(view, counted_by) * LISTED_BYTES
}

/// Calls `each` with the units in parts whose arrays are small enough, if each unit takes so many bytes on every thread.
///
/// # Errors
/// `TooLarge` if the question takes too much memory already, and those of `each`.
pub(super) fn each_part(
    asker: &Asker,
    units: Range<u32>,
    bytes_per_unit: usize,
    mut each: impl FnMut(&Range<u32>) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let bytes_per_unit = bytes_per_unit * team::size(usize::MAX);
    for part in parts(units, bytes_per_unit, ARRAYS_BYTES_MAX) {
        asker.take(part.len() * bytes_per_unit)?;
        each(&part)?;
        asker.give_back(part.len() * bytes_per_unit);
    }
    Ok(())
}

/// Cuts units into parts whose arrays take at most so many bytes, if each unit takes so many.
pub(super) fn parts(
    units: Range<u32>,
    bytes_per_unit: usize,
    bytes_max: usize,
) -> impl Iterator<Item = Range<u32>> {
    let length = (bytes_max / bytes_per_unit.max(1)).max(1);
    let end = units.end;
    units.step_by(length).map(move |start| {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        start..start.saturating_add(length).min(end)
    })
}

/// Bits by unit.
#[derive(Debug)]
pub(super) struct Marks {
    units: Range<u32>,
    words_per_unit: usize,
    words: Vec<u64>,
}

impl Marks {
    /// Starts without a bit.
    pub(super) fn new(units: &Range<u32>, words_per_unit: usize) -> Self {
        let words = vec![0; units.len() * words_per_unit];
        Self { units: units.clone(), words_per_unit, words }
    }

    /// Sets a bit of a unit; of one outside, which nobody always is, nothing.
    #[inline]
    pub(super) fn set(&mut self, unit: u32, bit: usize) {
        if self.units.contains(&unit) {
            let place = (unit - self.units.start) as usize * self.words_per_unit;
            bits::set(&mut self.words[place..], bit);
        }
    }

    /// Returns the words of a unit that is inside.
    pub(super) fn of(&self, unit: u32) -> &[u64] {
        let place = (unit - self.units.start) as usize * self.words_per_unit;
        &self.words[place..place + self.words_per_unit]
    }

    /// Joins what all threads found, of which there is one at least; there are as many units and words in each.
    pub(super) fn joined(all: Vec<Self>) -> Self {
        let join = |mut sum: Self, other: Self| {
            for (word, more) in sum.words.iter_mut().zip(other.words) {
                *word |= more;
            }
            sum
        };
        all.into_iter().reduce(join).expect("at least one thread looks")
    }
}

/// The earliest time by unit.
#[derive(Debug)]
pub(super) struct Earliest {
    units: Range<u32>,
    times_ms: Vec<i64>,
}

/// The time of a unit of which there is none.
pub(super) const NEVER: i64 = i64::MAX;

impl Earliest {
    /// Starts with [`NEVER`].
    pub(super) fn new(units: &Range<u32>) -> Self {
        Self { units: units.clone(), times_ms: vec![NEVER; units.len()] }
    }

    /// Takes in a time of a unit; of one outside, which nobody always is, none.
    #[inline]
    pub(super) fn see(&mut self, unit: u32, time_ms: i64) {
        if self.units.contains(&unit) {
            let earliest = &mut self.times_ms[(unit - self.units.start) as usize];
            *earliest = time_ms.min(*earliest);
        }
    }

    /// Returns the earliest time of a unit; [`NEVER`] of one outside.
    #[inline]
    pub(super) fn of(&self, unit: u32) -> i64 {
        let place = unit.wrapping_sub(self.units.start) as usize;
        self.times_ms.get(place).copied().unwrap_or(NEVER)
    }

    /// Joins what all threads found, of which there is one at least; there are as many units in each.
    pub(super) fn joined(all: Vec<Self>) -> Self {
        let join = |mut sum: Self, other: Self| {
            for (earliest, time_ms) in sum.times_ms.iter_mut().zip(other.times_ms) {
                *earliest = time_ms.min(*earliest);
            }
            sum
        };
        all.into_iter().reduce(join).expect("at least one thread looks")
    }

    /// Hands out every unit that has a time.
    ///
    /// # Errors
    /// `Abandoned` if the asker has gone.
    pub(super) fn each(
        &self,
        asker: &Asker,
        mut each: impl FnMut(u32, i64),
    ) -> Result<(), EngineError> {
        let mut units = self.units.clone();
        for some in self.times_ms.chunks(CHECK_EVERY) {
            asker.check()?;
            for time_ms in some {
                let unit = units.next().expect("each unit has its time");
                if *time_ms != NEVER {
                    each(unit, *time_ms);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::NOBODY;

    #[test]
    fn parts_cover_all_units_and_none_is_too_large() {
        let all: Vec<_> = parts(0..1_000_000, 1_024, ARRAYS_BYTES_MAX).collect();
        assert_eq!((all[0].start, all[all.len() - 1].end), (0, 1_000_000));
        assert!(all.windows(2).all(|two| two[0].end == two[1].start));
        assert!(all.iter().all(|part| part.len() * 1_024 <= ARRAYS_BYTES_MAX));
        assert_eq!(parts(0..0, 8, 64).count(), 0);
        assert_eq!(parts(7..9, 128, 64).collect::<Vec<_>>(), [7..8, 8..9]);
    }

    #[test]
    fn the_memory_of_each_part_is_given_back() {
        let asker = Asker::default();
        let (mut parts, mut units) = (0, 0);
        let all = each_part(&asker, 0..100_000_000, 1_024, |part| {
            (parts, units) = (parts + 1, units + part.len());
            Ok(())
        });
        assert_eq!((all, units), (Ok(()), 100_000_000));
        assert!(parts > 100, "{parts}");
        assert_eq!(asker.take(crate::engine::slots::MEMORY_MAX), Ok(()));
        assert_eq!(each_part(&asker, 0..1, 8, |_| Ok(())), Err(EngineError::TooLarge));
    }

    #[test]
    fn units_outside_and_nobody_leave_no_mark() {
        let mut marks = Marks::new(&(10..12), 2);
        let mut other = Marks::new(&(10..12), 2);
        for unit in [9, 12, NOBODY] {
            marks.set(unit, 0);
        }
        marks.set(11, 1);
        other.set(11, 70);
        let marks = Marks::joined(vec![marks, other]);
        assert_eq!(marks.of(11), [2, 1 << 6]);
        assert_eq!(marks.of(10), [0, 0]);
    }

    #[test]
    fn the_earliest_time_stays() {
        let mut times = Earliest::new(&(10..12));
        let mut other = Earliest::new(&(10..12));
        for (unit, time_ms) in [(10, 5), (10, 3), (10, 4), (12, 1), (NOBODY, 1)] {
            times.see(unit, time_ms);
        }
        other.see(10, 2);
        let times = Earliest::joined(vec![times, other]);
        assert_eq!((times.of(10), times.of(11), times.of(NOBODY)), (2, NEVER, NEVER));
    }
}
