//! The earliest event of each visitor, or of each group, in one segment.
//!
//! A segment never changes, so what was found stays true as long as there is the segment: late events come in segments of
//! their own, and what is erased or expires leaves a segment anew. So a question for the earliest event of all time looks at
//! one entry for each visitor of a segment instead of all rows.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::dictionary::NOT_SET;
use super::pack::BLOCK_ROWS;
use super::segment::Segment;

/// The earliest event of one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct First {
    /// The visitor's code, or the value code of the group.
    pub(crate) code: u32,
    /// When it happened, in milliseconds from the segment's first time.
    pub(crate) time: u32,
}

/// What was found of a segment: by the key of the property that names the group, `None` for visitors.
#[derive(Debug, Default)]
pub(super) struct FirstSeen(Mutex<FxHashMap<Option<u32>, Arc<[First]>>>);

impl Segment {
    /// Returns the earliest event of each visitor, or of each value of a property, by the order of codes. It is found the
    /// first time that it is asked for.
    pub(crate) fn first_seen(&self, key: Option<u32>) -> Arc<[First]> {
        let known = || self.columns().first_seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(&key) {
            return Arc::clone(found);
        }
        // Two questions at once may both look; they find the same.
        let found: Arc<[First]> = self.find_first(key).into();
        // A key that the segment does not have takes no room.
        if !found.is_empty() {
            known().insert(key, Arc::clone(&found));
        }
        found
    }

    /// Returns how many bytes of memory is what was found.
    pub(super) fn first_seen_bytes(&self) -> usize {
        let known = self.columns().first_seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().map(|found| size_of_val(&**found)).sum()
    }

    fn find_first(&self, key: Option<u32>) -> Vec<First> {
        let mut found: Vec<First> = Vec::new();
        for block in 0..self.len().div_ceil(BLOCK_ROWS) {
            let codes = match key {
                None => self.visitors(block),
                Some(key) => match self.codes(key, block) {
                    Some(codes) => codes,
                    None => return found,
                },
            };
            let times = self.times(block);
            for (row, time) in times.as_u32().iter().copied().enumerate() {
                let code = codes.get(row);
                match found.last_mut() {
                    _ if key.is_some() && code == NOT_SET => {}
                    // Rows of one visitor lie together within each name.
                    Some(last) if last.code == code => last.time = last.time.min(time),
                    _ => found.push(First { code, time }),
                }
            }
        }
        found.sort_unstable();
        found.dedup_by_key(|first| first.code);
        found.shrink_to_fit();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::block::Room;
    use super::super::sealing::{merge, seal};
    use super::super::tail::Tail;
    use super::*;

    fn pairs(found: &[First]) -> Vec<(u32, u32)> {
        found.iter().map(|first| (first.code, first.time)).collect()
    }

    #[test]
    fn the_earliest_event_of_any_name_is_found_for_visitors_and_values() {
        let mut tail = Tail::new();
        for (name, visitor, time, value) in
            [(1, 7, 50, 0), (2, 7, 20, 3), (2, 9, 10, 4), (1, 9, 30, 3), (2, 9, 40, 0)]
        {
            let row = tail.push(name, visitor, time, 0);
            if value > 0 {
                tail.set(row, 5, value);
            }
        }
        let room = Room::default();
        let sealed: Vec<_> = seal(&tail, &room).into_iter().map(Arc::new).collect();
        for segment in [&*sealed[0], &merge(&sealed, &room)] {
            for _ in 0..2 {
                assert_eq!(pairs(&segment.first_seen(None)), [(7, 10), (9, 0)]);
                assert_eq!(pairs(&segment.first_seen(Some(5))), [(3, 10), (4, 0)]);
                assert_eq!(pairs(&segment.first_seen(Some(6))), []);
            }
        }
    }
}
