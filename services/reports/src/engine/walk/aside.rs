//! Events that cannot be handed out with those of their visitor, because their unit has others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::order::Own;
use super::{Hit, code};
use crate::engine::sweep::{Batch, Run};
use crate::projection::{BLOCK_ROWS, NOBODY, Unpacked};

/// Of how many blocks it is known when their events arrived, 128 KiB each.
const ARRIVALS_KEPT: usize = 256;

/// The number of a run, and a row of its segment.
type At = (u32, u32);

/// What one thread put aside.
pub(super) struct Aside<const V: usize> {
    hits: Vec<Hit<V>>,
    /// By hit.
    at: Vec<At>,
    stretches: Vec<Stretch>,
}

/// Hits of one visitor, in their order, that are of one unit.
struct Stretch {
    unit: u32,
    start: u32,
    end: u32,
}

impl<const V: usize> Default for Aside<V> {
    fn default() -> Self {
        Self { hits: Vec::new(), at: Vec::new(), stretches: Vec::new() }
    }
}

impl<const V: usize> Aside<V> {
    /// Returns whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// Returns how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let hits = self.hits.len() * (size_of::<Hit<V>>() + size_of::<At>());
        hits + self.stretches.len() * size_of::<Stretch>()
    }

    /// Takes the hits of a visitor, which are all of one unit.
    pub(super) fn add(&mut self, unit: u32, batch: &Batch<'_, V>, own: &Own<'_, V>) {
        let start = code(self.hits.len());
        self.hits.extend_from_slice(own.hits());
        self.at.extend(own.places().map(|(part, place)| batch.row(part as usize, place as usize)));
        self.stretches.push(Stretch { unit, start, end: code(self.hits.len()) });
    }

    /// Takes the hits of a visitor that are of groups.
    pub(super) fn add_of_groups(&mut self, batch: &Batch<'_, V>, own: &Own<'_, V>) {
        let mut last = NOBODY;
        for ((hit, (part, place)), unit) in own.hits().iter().zip(own.places()).zip(own.groups()) {
            if unit != NOBODY {
                let start = code(self.hits.len());
                self.hits.push(*hit);
                self.at.push(batch.row(part as usize, place as usize));
                match self.stretches.last_mut() {
                    Some(stretch) if unit == last => stretch.end += 1,
                    _ => self.stretches.push(Stretch { unit, start, end: start + 1 }),
                }
            }
            last = unit;
        }
    }
}

/// What all threads put aside, to be found by unit.
pub(super) struct ByUnit<'s, const V: usize> {
    asides: &'s [Aside<V>],
    /// By unit, where its stretches end among all; those of the first unit begin at 0.
    ends: Vec<u32>,
    /// The number of the thread and of its stretch, by unit.
    stretches: Vec<(u32, u32)>,
}

/// One unit's hits. Its memory is used again and again.
pub(super) struct Gathered<const V: usize> {
    /// When each happened, the thread, and its number there.
    order: Vec<(i64, u32, u32)>,
    hits: Vec<Hit<V>>,
}

impl<const V: usize> Default for Gathered<V> {
    fn default() -> Self {
        Self { order: Vec::new(), hits: Vec::new() }
    }
}

impl<'s, const V: usize> ByUnit<'s, V> {
    /// Returns how many bytes it takes for so many units.
    pub(super) fn bytes(asides: &[Aside<V>], units: usize) -> usize {
        let stretches: usize = asides.iter().map(|aside| aside.stretches.len()).sum();
        units * size_of::<u32>() + stretches * size_of::<(u32, u32)>()
    }

    /// Takes what there is, of so many units.
    pub(super) fn new(asides: &'s [Aside<V>], units: usize) -> Self {
        let all = || {
            let numbered = (0_u32..).zip(asides);
            numbered.flat_map(|(thread, aside)| {
                let stretches = (0_u32..).zip(&aside.stretches);
                stretches.map(move |(number, stretch)| (stretch.unit as usize, (thread, number)))
            })
        };
        let mut ends = vec![0_u32; units];
        all().for_each(|(unit, _)| ends[unit] += 1);
        let mut before = 0;
        for end in &mut ends {
            before += std::mem::replace(end, before);
        }
        let mut stretches = vec![(0, 0); before as usize];
        for (unit, stretch) in all() {
            stretches[ends[unit] as usize] = stretch;
            ends[unit] += 1;
        }
        Self { asides, ends, stretches }
    }

    /// Returns the hits of a unit, in their order; none if nothing of it was put aside.
    pub(super) fn gather<'g>(
        &self,
        unit: usize,
        arrivals: &Arrivals<'_, '_>,
        gathered: &'g mut Gathered<V>,
    ) -> &'g [Hit<V>]
    where
        's: 'g,
    {
        let from = unit.checked_sub(1).map_or(0, |before| self.ends[before]);
        let own = &self.stretches[from as usize..self.ends[unit] as usize];
        let within = |(thread, number): &(u32, u32)| {
            let aside = &self.asides[*thread as usize];
            let Stretch { start, end, .. } = aside.stretches[*number as usize];
            (*thread, aside, start as usize..end as usize)
        };
        if let [only] = own {
            let (_, aside, within) = within(only);
            return &aside.hits[within];
        }
        let Gathered { order, hits } = gathered;
        order.clear();
        for (thread, aside, within) in own.iter().map(within) {
            let numbers = within.clone().map(code);
            let timed = aside.hits[within].iter().zip(numbers);
            order.extend(timed.map(|(hit, number)| (hit.time_ms, thread, number)));
        }
        let at = |thread: u32, number: u32| self.asides[thread as usize].at[number as usize];
        let arrival = |one: &(i64, u32, u32)| arrivals.of(at(one.1, one.2));
        // The stable sort is the merging one: it is fast on stretches that are in order already, as these are.
        order.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| arrival(a).cmp(&arrival(b))));
        hits.clear();
        let hit = |(_, thread, number): &(i64, u32, u32)| {
            self.asides[*thread as usize].hits[*number as usize]
        };
        hits.extend(order.iter().map(hit));
        hits
    }
}

/// When events that were put aside arrived. Only those of equal time are asked for.
pub(super) struct Arrivals<'r, 'a> {
    runs: &'r [Run<'a>],
    /// By run and block.
    unpacked: Mutex<HashMap<(u32, u32), Arc<Unpacked>>>,
}

impl<'r, 'a> Arrivals<'r, 'a> {
    pub(super) fn new(runs: &'r [Run<'a>]) -> Self {
        Self { runs, unpacked: Mutex::default() }
    }

    /// Returns when the event of a row of a run arrived.
    fn of(&self, (run, row): At) -> i64 {
        let (block, row) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
        let mut unpacked = self.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        if unpacked.len() >= ARRIVALS_KEPT {
            unpacked.clear();
        }
        let run_of = &self.runs[run as usize];
        let arrivals = unpacked.entry((run, code(block))).or_insert_with(|| run_of.arrivals(block));
        arrivals.as_i64()[row]
    }
}
