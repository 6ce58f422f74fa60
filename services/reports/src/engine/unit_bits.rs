//! In which of some cells of time something of each unit happened, as bits: for questions that need no more of a unit.
//!
//! Visitors are taken some at a time, so that their bits stay in a core's own cache and are handed out before the next ones are
//! looked at. Only what is known of units with several visitors is kept until all are through; of groups, which any visitor may
//! be in, everything is.

use std::sync::Arc;

use super::EngineError;
use super::bound::person;
use super::marks::{NEVER, each_part, parts};
use super::plan::{Part, Reads};
use super::scan::scan;
use super::sweep::{AtOnce, Batch, Sweep};
use super::team;
use super::view::{View, group_property, stretches, units};
use crate::bits;
use crate::projection::{First, NOBODY};
use crate::query::CountedBy;
use crate::trends::cells::{Cells, Stretch};

/// How many bytes the bits of the visitors that are looked at together take at most.
const BATCH_BYTES_MAX: usize = 256 << 10;
/// How many bytes the bits of persons with several visitors take at most, on all threads together; in tests so few that it takes
/// several rounds.
const SHARED_BYTES_MAX: usize = if cfg!(test) { 64 } else { 128 << 20 };
/// How many rows are looked at together at most, about; of these, only their values are kept meanwhile.
const BATCH_ROWS_MAX: usize = 262_144;

/// What is found of each unit.
pub(super) struct Wanted<'a> {
    /// Into which cells times are told.
    pub(super) cells: &'a Cells,
    /// How many bits there are.
    pub(super) bits: usize,
    /// Whether it is asked when units had their earliest event of any name, over all time.
    pub(super) first_seen: bool,
}

/// A unit that has a bit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit<'a> {
    /// The code of the person or the group.
    pub(super) code: u32,
    /// Its bits.
    pub(super) words: &'a [u64],
    /// When it had its earliest event, in milliseconds since 1970; [`NEVER`] if that is not asked.
    pub(super) first_seen_ms: i64,
}

/// A row of some unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marking<const V: usize> {
    /// When it happened, in milliseconds since 1970.
    pub(super) time_ms: i64,
    /// In which cell that is.
    pub(super) cell: usize,
    /// The selectors that select it.
    pub(super) selectors: u64,
    /// Its values.
    pub(super) values: [u32; V],
}

/// Hands out each unit that has a bit once, in no order. `mark` sets bits of the unit of a row. Each thread has an accumulator
/// made by `start`; all of them are returned, at least one.
///
/// # Errors
/// `Abandoned` if the asker has gone, `TooLarge` if it takes more memory than a question may.
pub(super) fn each_unit<const V: usize, A: Send>(
    view: &View<'_>,
    reads: &Reads<'_, V>,
    wanted: &Wanted<'_>,
    mark: impl Fn(&mut [u64], Marking<V>) + Sync,
    start: impl Fn() -> A + Sync,
    each: impl Fn(&mut A, Unit<'_>) + Sync,
) -> Result<Vec<A>, EngineError> {
    let look = Look {
        view,
        reads,
        stretches: stretches(view, reads.range, wanted.cells),
        words: bits::words(wanted.bits),
        firsts: wanted.first_seen.then(|| firsts(view, reads.counted_by)).flatten(),
        mark,
    };
    match reads.counted_by {
        CountedBy::Persons => look.persons(&start, &each),
        CountedBy::Groups(_) => look.groups(&start, &each),
    }
}

/// Puts the units that all threads found in the order of their codes.
pub(super) fn in_order(found: &[Vec<u32>]) -> Vec<u32> {
    let mut units = found.concat();
    units.sort_unstable();
    units
}

/// Returns what each segment knows of the earliest events; `None` if no event has such a group.
fn firsts<'a>(view: &View<'a>, counted_by: &CountedBy) -> Option<Vec<(i64, Arc<[First]>)>> {
    let key = match counted_by {
        CountedBy::Persons => None,
        CountedBy::Groups(group_type) => {
            Some(view.columns.properties.find(&group_property(group_type))?.0)
        }
    };
    let segments = view.columns.segments(i64::MIN, i64::MAX).into_iter();
    Some(segments.map(|segment| (segment.min_time_ms, segment.first_seen(key))).collect())
}

/// What is looked for, made ready.
struct Look<'l, 'a, const V: usize, M> {
    view: &'l View<'a>,
    reads: &'l Reads<'l, V>,
    /// By segment.
    stretches: Vec<Stretch>,
    words: usize,
    /// By segment: what times are counted from, and the earliest events by code.
    firsts: Option<Vec<(i64, Arc<[First]>)>>,
    mark: M,
}

/// Bits of units that lie one after the other, and their earliest events.
#[derive(Default)]
struct Found {
    words: Vec<u64>,
    firsts_ms: Vec<i64>,
}

impl Found {
    /// Starts anew, for so many units.
    fn clear(&mut self, units: usize, words: usize, has_firsts: bool) {
        self.words.clear();
        self.words.resize(units * words, 0);
        self.firsts_ms.clear();
        self.firsts_ms.resize(if has_firsts { units } else { 0 }, NEVER);
    }

    fn first_ms(&self, at: usize) -> i64 {
        self.firsts_ms.get(at).copied().unwrap_or(NEVER)
    }

    /// Adds what is known of a unit.
    fn add(&mut self, at: usize, words: &[u64], first_ms: i64) {
        let own = &mut self.words[at * words.len()..(at + 1) * words.len()];
        own.iter_mut().zip(words).for_each(|(word, more)| *word |= more);
        if let Some(first) = self.firsts_ms.get_mut(at) {
            *first = first_ms.min(*first);
        }
    }

    fn join(mut self, other: Self) -> Self {
        self.words.iter_mut().zip(other.words).for_each(|(word, more)| *word |= more);
        let firsts = self.firsts_ms.iter_mut().zip(other.firsts_ms);
        firsts.for_each(|(first, other)| *first = other.min(*first));
        self
    }
}

/// What one thread has of persons.
struct State<A> {
    sum: A,
    batch: Found,
    /// Of persons with several visitors, by their ranks among those.
    shared: Found,
}

impl<const V: usize, M: Fn(&mut [u64], Marking<V>) + Sync> Look<'_, '_, V, M> {
    fn bytes_per_unit(&self) -> usize {
        (self.words + usize::from(self.firsts.is_some())) * size_of::<u64>()
    }

    /// Persons with several visitors are taken in parts, as many at once as there is memory for; the others with the first.
    fn persons<A: Send>(
        &self,
        start: &(impl Fn() -> A + Sync),
        each: &(impl Fn(&mut A, Unit<'_>) + Sync),
    ) -> Result<Vec<A>, EngineError> {
        let visitors = BATCH_BYTES_MAX / self.bytes_per_unit();
        let at_once = AtOnce { visitors, rows: BATCH_ROWS_MAX };
        let sweep = Sweep::new(self.view, self.reads, at_once);
        let persons = &self.view.columns.persons;
        let (person_of, shared) = (persons.person_of(), persons.shared());
        let mut sums = Vec::new();
        let on_all_threads = self.bytes_per_unit() * team::size(usize::MAX);
        let mut ranks: Vec<_> =
            parts(0..shared.count(), on_all_threads, SHARED_BYTES_MAX).collect();
        if ranks.is_empty() {
            ranks.push(0..0);
        }
        for ranks in ranks {
            let is_first = ranks.start == 0;
            self.view.asker.take(ranks.len() * on_all_threads)?;
            let state = || {
                let mut shared = Found::default();
                shared.clear(ranks.len(), self.words, self.firsts.is_some());
                State { sum: start(), batch: Found::default(), shared }
            };
            let states = sweep.run(state, |state, batch| {
                let State { sum, batch: found, shared: kept } = state;
                self.find(batch, found);
                let found_of = batch.visitors.clone().zip(found.words.chunks_exact(self.words));
                for (at, (visitor, words)) in found_of.enumerate() {
                    let first_seen_ms = found.first_ms(at);
                    let has_bits = words.iter().any(|word| *word != 0);
                    if !has_bits && first_seen_ms == NEVER {
                        continue;
                    }
                    match person(person_of, visitor) {
                        NOBODY => {}
                        code if shared.has(code) => {
                            let rank = shared.rank(code);
                            if ranks.contains(&rank) {
                                kept.add((rank - ranks.start) as usize, words, first_seen_ms);
                            }
                        }
                        code if has_bits && is_first => {
                            each(sum, Unit { code, words, first_seen_ms });
                        }
                        _ => {}
                    }
                }
                Ok(())
            })?;
            let (mut of_threads, kept): (Vec<_>, Vec<_>) =
                states.into_iter().map(|state| (state.sum, state.shared)).unzip();
            let kept = kept.into_iter().reduce(Found::join).unwrap_or_default();
            let codes = shared.iter().skip(ranks.start as usize);
            self.hand_out(&kept, codes, &mut of_threads[0], each)?;
            sums.extend(of_threads);
            self.view.asker.give_back(ranks.len() * on_all_threads);
        }
        Ok(sums)
    }

    /// Finds the bits of the visitors of a batch.
    fn find(&self, batch: &Batch<'_, V>, found: &mut Found) {
        found.clear(batch.visitors.len(), self.words, self.firsts.is_some());
        let first = batch.visitors.start;
        for part in &batch.parts {
            self.mark_part(part, |visitor, _| (visitor - first) as usize, &mut found.words);
        }
        for (base_ms, firsts) in self.firsts.iter().flatten() {
            let start = firsts.partition_point(|one| one.code < first);
            let own = firsts[start..].iter().take_while(|one| one.code < batch.visitors.end);
            for one in own {
                let known = &mut found.firsts_ms[(one.code - first) as usize];
                *known = (*known).min(base_ms + i64::from(one.time));
            }
        }
    }

    /// Sets the bits of the rows of a part. `unit` says where its unit's bits are, given the visitor and the place of a row; a
    /// place beyond all is nobody's.
    #[inline]
    fn mark_part(&self, part: &Part<'_, V>, unit: impl Fn(u32, usize) -> usize, words: &mut [u64]) {
        let (base_ms, stretch) = (part.base_ms(), &self.stretches[part.segment_at()]);
        let (only, per_unit) = (stretch.only(), self.words);
        let units = words.len() / per_unit;
        part.each_of_visitors(|at, time, visitor, selectors, values| {
            let unit = unit(visitor, at);
            if unit < units {
                let cell = only.unwrap_or_else(|| stretch.index_of(time));
                let row = Marking { time_ms: base_ms + i64::from(time), cell, selectors, values };
                (self.mark)(&mut words[unit * per_unit..][..per_unit], row);
            }
        });
    }

    fn groups<A: Send>(
        &self,
        start: &(impl Fn() -> A + Sync),
        each: &(impl Fn(&mut A, Unit<'_>) + Sync),
    ) -> Result<Vec<A>, EngineError> {
        let units = units(self.view, self.reads.counted_by);
        let mut sum = start();
        let codes = 0..u32::try_from(units).expect("units are counted in 32 bits");
        each_part(self.view.asker, codes, self.bytes_per_unit(), |codes| {
            let state = || {
                let mut found = Found::default();
                found.clear(codes.len(), self.words, self.firsts.is_some());
                found
            };
            let all = scan(self.view, self.reads, state, |found, part| {
                let groups = part.groups().unwrap_or_default();
                let unit = |_, at: usize| groups[at].wrapping_sub(codes.start) as usize;
                self.mark_part(part, unit, &mut found.words);
            })?;
            let mut found = all.into_iter().reduce(Found::join).unwrap_or_default();
            for (base_ms, firsts) in self.firsts.iter().flatten() {
                for one in firsts.iter().filter(|one| codes.contains(&one.code)) {
                    let known = &mut found.firsts_ms[(one.code - codes.start) as usize];
                    *known = (*known).min(base_ms + i64::from(one.time));
                }
            }
            self.hand_out(&found, codes.clone(), &mut sum, each)
        })?;
        Ok(vec![sum])
    }

    fn hand_out<A>(
        &self,
        found: &Found,
        codes: impl Iterator<Item = u32>,
        sum: &mut A,
        each: &impl Fn(&mut A, Unit<'_>),
    ) -> Result<(), EngineError> {
        self.view.asker.check()?;
        for (at, (words, code)) in found.words.chunks_exact(self.words).zip(codes).enumerate() {
            if words.iter().any(|word| *word != 0) {
                each(sum, Unit { code, words, first_seen_ms: found.first_ms(at) });
            }
        }
        Ok(())
    }
}
