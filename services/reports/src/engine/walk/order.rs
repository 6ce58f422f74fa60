//! Putting the events of some visitors in order, in time that is about linear in their number.

use super::{Hit, code};
use crate::engine::plan::Part;
use crate::engine::sweep::Batch;
use crate::projection::NOBODY;

/// How many places keys may move in all, for each of them.
const MOVES_PER_KEY: usize = 8;

/// Where an event is: the number of its part, and the place in it.
type Place = (u32, u32);

/// The events of a batch. Its memory is used again and again.
pub(super) struct Order<const V: usize> {
    /// As they are gathered.
    hits: Vec<Hit<V>>,
    /// By hit.
    places: Vec<Place>,
    /// By hit, whose it is, where groups are counted.
    groups: Vec<u32>,
    /// By visitor, where its keys end.
    ends: Vec<u32>,
    /// By visitor, a key for each hit.
    keys: Keys,
    /// The hits of one visitor.
    own: Vec<Hit<V>>,
}

/// Keys that are in order as their hits are: the time from the first one, and below it the number of the hit.
#[derive(Default)]
struct Keys {
    all: Vec<u64>,
    number_bits: u32,
    /// Whether times do not fit, so that a key is a number alone.
    is_untimed: bool,
}

impl<const V: usize> Default for Order<V> {
    fn default() -> Self {
        Self {
            hits: Vec::new(),
            places: Vec::new(),
            groups: Vec::new(),
            ends: Vec::new(),
            keys: Keys::default(),
            own: Vec::new(),
        }
    }
}

impl<const V: usize> Order<V> {
    /// Takes the events of a batch, and puts the key of each beside those of its visitor.
    pub(super) fn take(&mut self, batch: &Batch<'_, V>) {
        let first = batch.visitors.start;
        self.hits.clear();
        self.places.clear();
        self.groups.clear();
        self.ends.clear();
        self.ends.resize(batch.visitors.len(), 0);
        for (number, part) in (0..).zip(&batch.parts) {
            self.add(number, part, first);
        }
        let mut all = 0;
        for end in &mut self.ends {
            all += std::mem::replace(end, all);
        }
        self.keys.make(&self.hits, batch.times_ms, |hit| {
            let place = &mut self.ends[(hit.visitor - first) as usize];
            *place += 1;
            *place - 1
        });
    }

    fn add(&mut self, number: u32, part: &Part<'_, V>, first: u32) {
        let (base_ms, name, groups) = (part.base_ms(), part.name, part.groups());
        let Self { hits, places, ends, .. } = self;
        part.each_of_visitors(|place, time, visitor, selectors, values| {
            let time_ms = base_ms + i64::from(time);
            hits.push(Hit { time_ms, selectors, name, visitor, values });
            places.push((number, code(place)));
            ends[(visitor - first) as usize] += 1;
        });
        if let Some(groups) = groups {
            let added = &places[self.groups.len()..];
            self.groups.extend(added.iter().map(|(_, place)| groups[*place as usize]));
        }
    }

    /// Hands out each visitor that has events.
    pub(super) fn each(&mut self, batch: &Batch<'_, V>, mut each: impl FnMut(u32, &Own<'_, V>)) {
        let Self { hits, places, groups, ends, keys, own } = self;
        let arrival = |number: usize| {
            let (part, place) = places[number];
            batch.parts[part as usize].arrival(place as usize)
        };
        let mut from = 0;
        for (visitor, end) in batch.visitors.clone().zip(ends) {
            let within = from..*end as usize;
            from = within.end;
            if within.is_empty() {
                continue;
            }
            keys.order(within.clone(), hits, arrival);
            let numbers = || keys.numbers(within.clone());
            own.clear();
            own.extend(numbers().map(|number| hits[number]));
            each(visitor, &Own { hits: own, keys, within: within.clone(), places, groups });
        }
    }
}

impl Keys {
    /// Makes the key of each hit, whose times are in a range, and puts it where `place` says.
    fn make<const V: usize>(
        &mut self,
        hits: &[Hit<V>],
        (base_ms, last_ms): (i64, i64),
        mut place: impl FnMut(&Hit<V>) -> u32,
    ) {
        let length = last_ms.wrapping_sub(base_ms).cast_unsigned();
        self.number_bits = usize::BITS - hits.len().leading_zeros();
        self.is_untimed = u64::BITS - length.leading_zeros() + self.number_bits > u64::BITS;
        // What is left of before is written over.
        self.all.resize(hits.len(), 0);
        for (number, hit) in (0_u64..).zip(hits) {
            let time = if self.is_untimed { 0 } else { (hit.time_ms - base_ms).cast_unsigned() };
            self.all[place(hit) as usize] = time << self.number_bits | number;
        }
    }

    fn number(&self, key: u64) -> usize {
        usize::try_from(key & ((1 << self.number_bits) - 1)).expect("a number of a hit")
    }

    fn numbers(&self, within: std::ops::Range<usize>) -> impl Iterator<Item = usize> {
        self.all[within].iter().map(|key| self.number(*key))
    }

    /// Puts the keys of one visitor in order. Those of equal time are rare, and when they arrived is not at hand.
    fn order<const V: usize>(
        &mut self,
        within: std::ops::Range<usize>,
        hits: &[Hit<V>],
        arrival: impl Fn(usize) -> i64,
    ) {
        let mask = (1 << self.number_bits) - 1;
        let number = |key: u64| usize::try_from(key & mask).expect("a number of a hit");
        let time_ms = |key: u64| hits[number(key)].time_ms;
        let (is_untimed, bits) = (self.is_untimed, self.number_bits);
        let keys = &mut self.all[within];
        if is_untimed {
            keys.sort_by_key(|key| time_ms(*key));
        } else {
            sort(keys);
        }
        let is_same = |a: u64, b: u64| {
            if is_untimed { time_ms(a) == time_ms(b) } else { a >> bits == b >> bits }
        };
        if keys.windows(2).any(|two| is_same(two[0], two[1])) {
            for same in keys.chunk_by_mut(|a, b| is_same(*a, *b)) {
                same.sort_by_key(|key| arrival(number(*key)));
            }
        }
    }
}

/// Sorts keys that are nearly in order, as those of a visitor are: weeks come one after the other, and within a week the events
/// of each name are in order. So few have to move far; where it is otherwise, others sort better.
fn sort(keys: &mut [u64]) {
    let mut moves_left = keys.len() * MOVES_PER_KEY;
    for at in 1..keys.len() {
        let key = keys[at];
        let mut to = at;
        while to > 0 && keys[to - 1] > key {
            keys[to] = keys[to - 1];
            to -= 1;
        }
        keys[to] = key;
        match moves_left.checked_sub(at - to) {
            Some(left) => moves_left = left,
            None => {
                keys.sort_unstable();
                return;
            }
        }
    }
}

/// The events of one visitor, in the order of time and arrival.
pub(super) struct Own<'o, const V: usize> {
    hits: &'o [Hit<V>],
    keys: &'o Keys,
    within: std::ops::Range<usize>,
    places: &'o [Place],
    groups: &'o [u32],
}

impl<const V: usize> Own<'_, V> {
    /// Returns them.
    pub(super) fn hits(&self) -> &[Hit<V>] {
        self.hits
    }

    /// Returns where each of them is.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        self.keys.numbers(self.within.clone()).map(|number| self.places[number])
    }

    /// Returns whether groups are counted.
    pub(super) fn has_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Returns the group of each of them, where groups are counted; [`NOBODY`] for none.
    pub(super) fn groups(&self) -> impl Iterator<Item = u32> {
        let group = |number| self.groups.get(number).copied().unwrap_or(NOBODY);
        self.keys.numbers(self.within.clone()).map(group)
    }
}
