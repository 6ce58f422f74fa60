//! Adding paths up to links and places.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::engine::EngineError;
use crate::engine::slots::Asker;
use crate::paths::cut::Path;
use crate::paths::{Link, Node, PathsAnswer};
use crate::percentile::median;
use crate::projection::NOBODY;

/// How many different links paths may have: some 100 MiB of them. Only texts that differ in every event come near.
const LINKS_MAX: usize = 1_000_000;
/// What a link takes in memory, in bytes, and each time that it was taken: in the tally of a thread, and in the one that all are
/// joined in.
const LINK_BYTES: usize = 2 * size_of::<((Place, u32), Went)>();
const WAIT_BYTES: usize = 2 * size_of::<(u32, u32)>();

/// A value at a step, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) step: usize,
    pub(super) value: u32,
}

/// What went one way.
#[derive(Debug)]
struct Went {
    /// Its place in [`Tally::waits`].
    number: u32,
    paths: u64,
    persons: u64,
    /// The person that was counted last: all paths of one come one after the other.
    last: u32,
}

/// What came to one place.
#[derive(Debug, Default)]
struct Came {
    paths: u64,
    dropped_off: u64,
}

/// Links and places of the paths so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    links: FxHashMap<(Place, u32), Went>,
    places: FxHashMap<Place, Came>,
    /// Of each time that a link was taken, its number and how long it took, in milliseconds. It takes longer than these 49 days
    /// only where one page is opened again and again for as long without a pause.
    waits: Vec<(u32, u32)>,
    paths: u64,
    /// There was more than [`LINKS_MAX`] and the memory of a question allow; what is here counts for nothing.
    overflows: bool,
}

impl Tally {
    /// Adds a path of a person, whose other paths come right after it.
    pub(super) fn add(&mut self, asker: &Asker, person: u32, path: Path<'_>) {
        if self.overflows {
            return;
        }
        self.paths += 1;
        for (step, here) in (path.first_step..).zip(path.places) {
            self.places.entry(Place { step, value: here.value }).or_default().paths += 1;
        }
        for (step, pair) in (path.first_step..).zip(path.places.windows(2)) {
            let [source, target] = pair else { continue };
            let known = self.links.len();
            let Some(link) = self.link(Place { step, value: source.value }, target.value) else {
                return;
            };
            link.paths += 1;
            if link.last != person {
                link.persons += 1;
                link.last = person;
            }
            let wait_ms = u32::try_from(target.time_ms - source.time_ms).unwrap_or(u32::MAX);
            let number = link.number;
            let bytes = WAIT_BYTES + (self.links.len() - known) * LINK_BYTES;
            if asker.take(bytes).is_err() {
                self.overflows = true;
                return;
            }
            self.waits.push((number, wait_ms));
        }
        if let (Some(last), true) = (path.places.last(), path.drops_off) {
            let place = Place { step: path.last_step(), value: last.value };
            self.places.entry(place).or_default().dropped_off += 1;
        }
    }

    /// Adds what another one counted of other persons.
    pub(super) fn join(&mut self, other: Self) {
        let mut numbers = vec![0; other.links.len()];
        for ((source, target), theirs) in other.links {
            let Some(link) = self.link(source, target) else { return };
            link.paths += theirs.paths;
            link.persons += theirs.persons;
            numbers[theirs.number as usize] = link.number;
        }
        for (place, theirs) in other.places {
            let came = self.places.entry(place).or_default();
            came.paths += theirs.paths;
            came.dropped_off += theirs.dropped_off;
        }
        let waits = other.waits.into_iter();
        self.waits.extend(waits.map(|(number, wait_ms)| (numbers[number as usize], wait_ms)));
        self.paths += other.paths;
        self.overflows |= other.overflows;
    }

    /// Returns a link, new if it has to be; `None` if there is too much.
    fn link(&mut self, source: Place, target: u32) -> Option<&mut Went> {
        let number = u32::try_from(self.links.len()).expect("they are limited");
        let is_full = self.links.len() >= LINKS_MAX && !self.links.contains_key(&(source, target));
        if is_full {
            self.overflows = true;
            return None;
        }
        let new = Went { number, paths: 0, persons: 0, last: NOBODY };
        Some(self.links.entry((source, target)).or_insert(new))
    }

    /// Answers so many links, and the places that they join.
    ///
    /// # Errors
    /// `TooLarge` if there was too much.
    pub(super) fn finish<'a>(
        self,
        limit: usize,
        label: impl Fn(u32) -> &'a str,
    ) -> Result<PathsAnswer, EngineError> {
        if self.overflows {
            return Err(EngineError::TooLarge);
        }
        let mut links: Vec<_> = self.links.into_iter().collect();
        links.sort_unstable_by_key(|((source, target), went)| {
            (Reverse(went.paths), source.step, label(source.value), label(*target))
        });
        links.truncate(limit);
        let mut waits: FxHashMap<u32, Vec<u32>> =
            links.iter().map(|(_, went)| (went.number, Vec::new())).collect();
        for (number, wait_ms) in self.waits {
            if let Some(of_link) = waits.get_mut(&number) {
                of_link.push(wait_ms);
            }
        }
        let ends = links.iter().flat_map(|((source, target), _)| {
            [*source, Place { step: source.step + 1, value: *target }]
        });
        let mut joined: Vec<_> = ends.collect();
        joined.sort_unstable_by_key(|place| {
            let paths = self.places.get(place).map_or(0, |came| came.paths);
            (place.step, Reverse(paths), label(place.value))
        });
        joined.dedup();
        let link = |((source, target), went): ((Place, u32), Went)| Link {
            source: label(source.value).to_owned(),
            target: label(target).to_owned(),
            step: source.step,
            paths: went.paths,
            persons: went.persons,
            median_ms: waits
                .get_mut(&went.number)
                .and_then(|waits| median(waits, f64::from))
                .unwrap_or_default(),
        };
        let node = |place: Place| {
            let came = self.places.get(&place);
            Node {
                value: label(place.value).to_owned(),
                step: place.step,
                paths: came.map_or(0, |came| came.paths),
                dropped_off: came.map_or(0, |came| came.dropped_off),
            }
        };
        Ok(PathsAnswer {
            nodes: joined.into_iter().map(node).collect(),
            links: links.into_iter().map(link).collect(),
            paths: self.paths,
            hints: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::slots::MEMORY_MAX;
    use crate::paths::cut;

    #[test]
    fn paths_that_take_more_memory_than_a_question_may_are_refused() {
        let places = [1, 2, 1].map(|value| cut::Place { value, time_ms: 0 });
        let path = Path { first_step: 1, places: &places, drops_off: true };
        for (left, links) in [(2 * (LINK_BYTES + WAIT_BYTES), Some(2)), (LINK_BYTES, None)] {
            let (asker, mut tally) = (Asker::default(), Tally::default());
            asker.take(MEMORY_MAX - left).expect("it is not too much yet");
            tally.add(&asker, 7, path);
            let mut all = Tally::default();
            all.join(tally);
            let answer = all.finish(10, |_| "place").map(|answer| answer.links.len());
            assert_eq!(answer, links.ok_or(EngineError::TooLarge));
        }
    }
}
