//! What a question reads, made ready for one project's columns.

use std::ops::Range as Rows;

use super::EngineError;
use super::bound::{Bound, person};
use super::breakdown::ValueSource;
use super::filter::CompiledFilter;
use super::selection::Selection;
use super::view::{View, group_property};
use crate::projection::{NOBODY, NOT_SET, Segment, Unpacked};
use crate::query::{CountedBy, Filter, Range, Selector};

/// Which events a question looks at, and what of them.
pub(super) struct Reads<'a, const V: usize> {
    /// Only events inside are handed out.
    pub(super) range: Range,
    /// Whose they are.
    pub(super) counted_by: &'a CountedBy,
    /// Applies to all.
    pub(super) filter: &'a Filter,
    /// 1-64; an event is handed out if at least one of them selects it.
    pub(super) selectors: &'a [Selector],
    /// What comes with each event.
    pub(super) values: [&'a ValueSource<'a>; V],
}

/// The event properties that a question reads, each once, in the order in which bound blocks have them.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<u32>);

impl Keys {
    /// Returns the place of a property's code.
    pub(super) fn place(&mut self, key: u32) -> usize {
        self.0.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.0.push(key);
            self.0.len() - 1
        })
    }
}

/// A selector, made ready.
struct Chosen<'a> {
    /// The name's code; `None` for any name.
    name: Option<u32>,
    filter: CompiledFilter<'a>,
    bit: u64,
}

/// Whose events are.
enum Unit {
    Persons,
    /// The place of the property that names the group; `None` if no event has it.
    Group(Option<usize>),
}

/// [`Reads`], made ready.
pub(super) struct Plan<'a, const V: usize> {
    view: &'a View<'a>,
    range: Range,
    keys: Vec<u32>,
    filter: CompiledFilter<'a>,
    /// Those that some event can match: whose name occurred.
    wanted: Vec<Chosen<'a>>,
    /// With the place of the property, where it is one of events.
    values: [(Option<usize>, &'a ValueSource<'a>); V],
    unit: Unit,
    /// Whether there are no filters.
    is_plain: bool,
    /// The names to read, in the order of their codes; `None` for all.
    names: Option<Vec<u32>>,
}

impl<'a, const V: usize> Plan<'a, V> {
    /// Makes it ready.
    pub(super) fn new(view: &'a View<'a>, reads: &Reads<'a, V>) -> Self {
        let mut keys = Keys::default();
        let filter = CompiledFilter::new(reads.filter, view, &mut keys);
        let mut wanted = Vec::with_capacity(reads.selectors.len());
        for (at, selector) in reads.selectors.iter().enumerate() {
            let name = selector.event.as_deref().map(|name| view.columns.names.code(name));
            if name != Some(None) {
                let filter = CompiledFilter::new(&selector.filter, view, &mut keys);
                wanted.push(Chosen { name: name.flatten(), filter, bit: 1 << at });
            }
        }
        let values = reads.values.map(|source| (source.key().map(|key| keys.place(key)), source));
        let unit = match reads.counted_by {
            CountedBy::Persons => Unit::Persons,
            CountedBy::Groups(group_type) => {
                let found = view.columns.properties.find(&group_property(group_type));
                Unit::Group(found.map(|(key, _)| keys.place(key)))
            }
        };
        let names = wanted.iter().map(|one| one.name).collect::<Option<Vec<_>>>();
        let names = names.map(|mut names| {
            names.sort_unstable();
            names.dedup();
            names
        });
        let range = reads.range;
        let is_plain =
            filter.is_everything() && wanted.iter().all(|one| one.filter.is_everything());
        Self { view, range, keys: keys.0, filter, wanted, values, unit, is_plain, names }
    }

    /// Returns the segments that hold something to look at.
    pub(super) fn segments(&self) -> Vec<&'a Segment> {
        if self.wanted.is_empty() {
            return Vec::new();
        }
        self.view.columns.segments(self.range.start_ms, self.range.end_ms)
    }

    /// Returns the names to read, in the order of their codes; `None` for all.
    pub(super) fn names(&self) -> Option<&[u32]> {
        self.names.as_deref()
    }

    /// Returns whether persons are counted.
    pub(super) fn counts_persons(&self) -> bool {
        matches!(self.unit, Unit::Persons)
    }

    /// Makes a block of a segment ready to be read, which is given with its number in [`Self::segments`].
    pub(super) fn bind(&self, segment: (usize, &'a Segment), block: usize) -> Bound<'_> {
        let person_of = self.view.columns.persons.person_of();
        Bound::new(segment, block, &self.keys, person_of)
    }

    /// Fails if nobody waits for the answer any more.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        self.view.asker.check()
    }

    /// Selects among rows of a block that have one name; `None` if no row is handed out.
    pub(super) fn part<'s>(
        &'s self,
        bound: &'s Bound<'s>,
        name: u32,
        rows: Rows<usize>,
        scratch: &'s mut Scratch<V>,
    ) -> Option<Part<'s, V>> {
        if !self.choose(bound, name, rows.clone(), scratch) {
            return None;
        }
        Some(self.chosen(bound, name, rows, scratch))
    }

    /// Selects among rows of a block that have one name, and notes in the scratch what is handed out of them: whether
    /// anything is.
    pub(super) fn choose(
        &self,
        bound: &Bound<'_>,
        name: u32,
        rows: Rows<usize>,
        scratch: &mut Scratch<V>,
    ) -> bool {
        let Some(selection) = self.select(bound, name, &rows, &mut scratch.selectors) else {
            return false;
        };
        scratch.selection = selection;
        for ((place, source), to) in self.values.iter().zip(&mut scratch.values) {
            let codes = place.and_then(|place| bound.column(place));
            source.fill(codes, bound, rows.clone(), to);
        }
        if let Unit::Group(place) = self.unit {
            let codes = place.and_then(|place| bound.column(place));
            group_units(codes, rows, &mut scratch.units);
        }
        true
    }

    /// Returns the rows that [`Self::choose`] chose with this scratch.
    pub(super) fn chosen<'s>(
        &'s self,
        bound: &'s Bound<'s>,
        name: u32,
        rows: Rows<usize>,
        scratch: &'s Scratch<V>,
    ) -> Part<'s, V> {
        Part {
            name,
            times: &bound.times()[rows.clone()],
            bound,
            first: rows.start,
            person_of: self.view.columns.persons.person_of(),
            groups: (!self.counts_persons()).then_some(&scratch.units),
            selection: &scratch.selection,
            selectors: &scratch.selectors,
            values: std::array::from_fn(|at| scratch.values[at].as_slice()),
        }
    }

    fn select(
        &self,
        bound: &Bound<'_>,
        name: u32,
        rows: &Rows<usize>,
        selectors: &mut Selectors,
    ) -> Option<Selection> {
        let all = self.in_range(bound, rows.clone());
        let chosen = || {
            let chosen = self.wanted.iter();
            chosen.filter(|one| one.name.is_none_or(|wanted| wanted == name))
        };
        if self.is_plain {
            *selectors = Selectors::Same(chosen().fold(0, |bits, one| bits | one.bit));
            return (all != Selection::Nothing).then_some(all);
        }
        let all = if all == Selection::Nothing {
            all
        } else {
            all.and(self.filter.select(bound, rows.clone()))
        };
        if all == Selection::Nothing {
            return None;
        }
        let found =
            chosen().map(|one| (one.bit, all.clone().and(one.filter.select(bound, rows.clone()))));
        let found: Vec<_> = found.filter(|(_, one)| *one != Selection::Nothing).collect();
        let bits = found.iter().fold(0, |bits, (bit, _)| bits | bit);
        let (_, first) = found.first()?;
        if found.iter().all(|(_, one)| one == first) {
            *selectors = Selectors::Same(bits);
            return Some(first.clone());
        }
        let mut each = match std::mem::replace(selectors, Selectors::Same(0)) {
            Selectors::Each(each) => each,
            Selectors::Same(_) => Vec::new(),
        };
        each.clear();
        each.resize(rows.len(), 0);
        let mut any = Selection::Nothing;
        for (bit, one) in found {
            one.each(rows.len(), |row| each[row] |= bit);
            any = any.or(one);
        }
        *selectors = Selectors::Each(each);
        Some(any)
    }

    /// Selects the rows inside the range.
    fn in_range(&self, bound: &Bound<'_>, rows: Rows<usize>) -> Selection {
        if self.range.start_ms <= bound.base_ms && bound.last_ms < self.range.end_ms {
            return Selection::Everything;
        }
        let from = self.range.start_ms.saturating_sub(bound.base_ms);
        let to = self.range.end_ms.saturating_sub(bound.base_ms);
        let Ok(to) = u32::try_from(to) else {
            // Segments that end before the range are not looked at, so the end is beyond all their times.
            let from = u32::try_from(from.max(0)).unwrap_or(u32::MAX);
            return if from == 0 {
                Selection::Everything
            } else {
                Selection::by_value(&bound.times()[rows], |time| time >= from)
            };
        };
        let from = u32::try_from(from.max(0)).unwrap_or(u32::MAX);
        Selection::by_value(&bound.times()[rows], |time| (from..to).contains(&time))
    }
}

/// Fills in the groups of rows.
fn group_units(codes: Option<&Unpacked>, rows: Rows<usize>, to: &mut Vec<u32>) {
    to.clear();
    to.extend(rows.map(|row| match codes.map_or(NOT_SET, |codes| codes.get(row)) {
        NOT_SET => NOBODY,
        code => code,
    }));
}

/// Which selectors select each row.
pub(super) enum Selectors {
    /// The same for all rows that are handed out.
    Same(u64),
    /// By row.
    Each(Vec<u64>),
}

/// What parts are computed in; used again for each.
pub(super) struct Scratch<const V: usize> {
    selection: Selection,
    selectors: Selectors,
    units: Vec<u32>,
    values: [Vec<u32>; V],
}

impl<const V: usize> Default for Scratch<V> {
    fn default() -> Self {
        Self {
            selection: Selection::Nothing,
            selectors: Selectors::Same(0),
            units: Vec::new(),
            values: std::array::from_fn(|_| Vec::new()),
        }
    }
}

/// Rows of one name in one block, of which some are handed out.
pub(super) struct Part<'a, const V: usize> {
    /// The name's code.
    pub(super) name: u32,
    times: &'a [u32],
    bound: &'a Bound<'a>,
    /// Which row of the block the first one is.
    first: usize,
    person_of: &'a [u32],
    /// By row, where groups are counted.
    groups: Option<&'a Vec<u32>>,
    selection: &'a Selection,
    selectors: &'a Selectors,
    values: [&'a [u32]; V],
}

/// An event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<const V: usize> {
    /// When it happened, in milliseconds since 1970.
    pub(super) time_ms: i64,
    /// Whose it is: a person's code or a group's; [`NOBODY`] for nobody's.
    pub(super) unit: u32,
    /// The selectors that select it, the first as the lowest bit.
    pub(super) selectors: u64,
    /// The value codes that were asked for; [`NOT_SET`] where there is no value.
    pub(super) values: [u32; V],
}

impl<const V: usize> Part<'_, V> {
    /// Returns the number of its segment among those that are read.
    pub(super) fn segment_at(&self) -> usize {
        self.bound.segment_at
    }

    /// Returns what its times are counted from, in milliseconds since 1970.
    pub(super) fn base_ms(&self) -> i64 {
        self.bound.base_ms
    }

    /// Returns how many rows there are, whether they are handed out or not.
    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    /// Returns how many rows are handed out.
    pub(super) fn count(&self) -> usize {
        self.selection.count(self.len())
    }

    /// Returns which row of its block a place is.
    pub(super) fn row_of_block(&self, place: usize) -> usize {
        self.first + place
    }

    /// Returns whose the events are where groups are counted, by place: a group's code, [`NOBODY`] for none.
    pub(super) fn groups(&self) -> Option<&[u32]> {
        self.groups.map(Vec::as_slice)
    }

    /// Hands out the rows. Within one visitor, they are in the order of time and arrival.
    #[inline]
    pub(super) fn each(&self, mut each: impl FnMut(Row<V>)) {
        self.each_with_place(|_, row| each(row));
    }

    /// Returns when a row arrived, by its place in [`Self::each_with_place`].
    #[inline]
    pub(super) fn arrival(&self, place: usize) -> i64 {
        self.bound.arrivals()[self.row_of_block(place)]
    }

    /// Hands out the rows, each with its place in the part.
    #[inline]
    pub(super) fn each_with_place(&self, mut each: impl FnMut(usize, Row<V>)) {
        let (base_ms, groups, person_of) = (self.base_ms(), self.groups(), self.person_of);
        let visitors = if groups.is_none() { self.visitors() } else { &[] };
        self.each_time(|at, time, selectors, values| {
            let unit = match groups {
                Some(groups) => groups[at],
                None => person(person_of, visitors[at]),
            };
            each(at, Row { time_ms: base_ms + i64::from(time), unit, selectors, values });
        });
    }

    /// Hands out the rows without whose they are: the place, the time in milliseconds from [`Self::base_ms`], the selectors and
    /// the values. Nothing is unpacked that says whose they are.
    #[inline]
    pub(super) fn each_time(&self, mut each: impl FnMut(usize, u32, u64, [u32; V])) {
        let count = self.len();
        let (times, values) = (self.times, self.values.map(|values| &values[..count]));
        let (same, by_row): (u64, &[u64]) = match self.selectors {
            Selectors::Same(bits) => (*bits, &[]),
            Selectors::Each(bits) => (0, bits),
        };
        self.selection.each(count, |at| {
            let selectors = by_row.get(at).copied().unwrap_or(same);
            each(at, times[at], selectors, std::array::from_fn(|value| values[value][at]));
        });
    }

    /// Hands out the rows, whose distinct ids are told instead of persons: the place, the time in milliseconds from
    /// [`Self::base_ms`], the visitor, the selectors and the values.
    #[inline]
    pub(super) fn each_of_visitors(&self, mut each: impl FnMut(usize, u32, u32, u64, [u32; V])) {
        let visitors = self.visitors();
        self.each_time(|at, time, selectors, values| {
            each(at, time, visitors[at], selectors, values);
        });
    }

    /// Returns the visitor of a row.
    pub(super) fn visitor(&self, place: usize) -> u32 {
        self.visitors()[place]
    }

    /// Returns the visitor of each row.
    fn visitors(&self) -> &[u32] {
        &self.bound.visitors()[self.first..self.first + self.len()]
    }
}
