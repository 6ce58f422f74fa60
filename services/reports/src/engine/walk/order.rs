//! Putting the events of some visitors in order, in time that is about linear in their number.

use std::ops::Range;

use super::{Glance, Hit, code};
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
    visitors: Vec<Visitor>,
    /// By visitor, a key for each hit.
    keys: Keys,
    /// The hits of one visitor.
    own: Vec<Hit<V>>,
}

/// What is known of a visitor.
#[derive(Clone, Copy, Default)]
struct Visitor {
    /// Where its keys end.
    end: u32,
    /// The selectors that select any of its events.
    selectors: u64,
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
            visitors: Vec::new(),
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
        self.visitors.clear();
        self.visitors.resize(batch.visitors.len(), Visitor::default());
        for (number, part) in (0..).zip(&batch.parts) {
            self.add(number, part, first);
        }
        let mut all = 0;
        for visitor in &mut self.visitors {
            all += std::mem::replace(&mut visitor.end, all);
        }
        self.keys.make(&self.hits, batch.times_ms, |hit| {
            let place = &mut self.visitors[(hit.visitor - first) as usize].end;
            *place += 1;
            *place - 1
        });
    }

    fn add(&mut self, number: u32, part: &Part<'_, V>, first: u32) {
        let (base_ms, name, groups) = (part.base_ms(), part.name, part.groups());
        let Self { hits, places, visitors, .. } = self;
        part.each_of_visitors(|place, time, visitor, selectors, values| {
            let time_ms = base_ms + i64::from(time);
            hits.push(Hit { time_ms, selectors, name, visitor, values });
            places.push((number, code(place)));
            let of_visitor = &mut visitors[(visitor - first) as usize];
            of_visitor.end += 1;
            of_visitor.selectors |= selectors;
        });
        if let Some(groups) = groups {
            let added = &places[self.groups.len()..];
            self.groups.extend(added.iter().map(|(_, place)| groups[*place as usize]));
        }
    }

    /// Hands out each visitor that has events.
    pub(super) fn each<'b>(
        &mut self,
        batch: &'b Batch<'b, V>,
        mut each: impl FnMut(u32, Unordered<'_, 'b, V>),
    ) {
        let mut from = 0;
        let visitors = batch.visitors.clone();
        for (at, visitor) in visitors.enumerate() {
            let Visitor { end, selectors } = self.visitors[at];
            let within = from..end as usize;
            from = within.end;
            if !within.is_empty() {
                each(visitor, Unordered { order: self, batch, within, selectors });
            }
        }
    }
}

/// The events of one visitor, as they are gathered.
pub(super) struct Unordered<'o, 'b, const V: usize> {
    order: &'o mut Order<V>,
    batch: &'b Batch<'b, V>,
    /// Which keys are its.
    within: Range<usize>,
    selectors: u64,
}

impl<'o, const V: usize> Unordered<'o, '_, V> {
    /// Returns what is known of them without an order.
    pub(super) fn glance(&self) -> Glance {
        let keys = &self.order.keys;
        let first = keys.all[self.within.clone()].iter().min().copied();
        let first_ms = first.map_or(0, |key| self.order.hits[keys.number(key)].time_ms);
        Glance { selectors: self.selectors, first_ms }
    }

    /// Puts them in order.
    pub(super) fn in_order(self) -> Own<'o, V> {
        let Order { hits, places, groups, keys, own, .. } = self.order;
        let batch = self.batch;
        let arrival = |number: usize| {
            let (part, place) = places[number];
            batch.parts[part as usize].arrival(place as usize)
        };
        keys.order(self.within.clone(), hits, arrival);
        own.clear();
        own.extend(keys.numbers(self.within.clone()).map(|number| hits[number]));
        Own { hits: own, keys, within: self.within, places, groups }
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

    fn numbers(&self, within: Range<usize>) -> impl Iterator<Item = usize> {
        self.all[within].iter().map(|key| self.number(*key))
    }

    /// Puts the keys of one visitor in order. Those of equal time are rare, and when they arrived is not at hand.
    fn order<const V: usize>(
        &mut self,
        within: Range<usize>,
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
    within: Range<usize>,
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

    /// Returns the group of each of them, where groups are counted; [`NOBODY`] for none.
    pub(super) fn groups(&self) -> impl Iterator<Item = u32> {
        let group = |number| self.groups.get(number).copied().unwrap_or(NOBODY);
        self.keys.numbers(self.within.clone()).map(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_whether_they_are_nearly_in_order_or_not() {
        let nearly = (0..500_u64).map(|at| if at % 10 == 9 { at * 8 - 30 } else { at * 8 });
        let backwards = (0..500_u64).rev();
        let mixed = (0..500_u64).map(|at| at.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        for keys in [nearly.collect::<Vec<_>>(), backwards.collect(), mixed.collect(), vec![]] {
            let (mut sorted, mut expected) = (keys.clone(), keys);
            sort(&mut sorted);
            expected.sort_unstable();
            assert_eq!(sorted, expected);
        }
    }

    #[test]
    fn events_that_are_too_far_apart_for_a_key_are_put_in_order_all_the_same() {
        let time_ms = [i64::MAX - 1, 5, i64::MIN / 2, 5, 0];
        let hit = |time_ms| Hit { time_ms, selectors: 1, name: 0, visitor: 0, values: [] };
        let hits = time_ms.map(hit);
        let mut keys = Keys::default();
        let mut next = 0;
        keys.make(&hits, (i64::MIN / 2, i64::MAX - 1), |_| {
            next += 1;
            next - 1
        });
        assert!(keys.is_untimed);
        // Of the two of equal time, the later one arrived first.
        keys.order(0..5, &hits, |number| -i64::try_from(number).expect("small"));
        assert_eq!(keys.numbers(0..5).collect::<Vec<_>>(), [2, 4, 3, 1, 0]);
    }
}
