//! From the codes of units to a page of persons or groups.

use std::collections::BinaryHeap;

use super::EngineError;
use super::slots::Asker;
use super::view::group_property;
use crate::behind::{Behind, BehindPerson, BehindUnits, DISTINCT_IDS_MAX, Page};
use crate::bits;
use crate::projection::{NOBODY, Snapshot, ValueDictionary};
use crate::query::CountedBy;

/// How many codes are looked at between two looks at the asker.
const STRIDE: usize = 1 << 16;

/// Returns the page of these units. They may come in any order and more than once; [`NOBODY`] and codes that are no unit's
/// are passed over.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn page(
    columns: &Snapshot,
    counted_by: &CountedBy,
    units: impl IntoIterator<Item = u32>,
    page: &Page,
    asker: &Asker,
) -> Result<Behind, EngineError> {
    match counted_by {
        CountedBy::Persons => persons(columns, units, page, asker),
        CountedBy::Groups(group_type) => groups(columns, group_type, units, page, asker),
    }
}

fn persons(
    columns: &Snapshot,
    units: impl IntoIterator<Item = u32>,
    page: &Page,
    asker: &Asker,
) -> Result<Behind, EngineError> {
    let persons = &columns.persons;
    let picked = pick(units, persons.len(), page, asker, |person| {
        Some(u128::from_be_bytes(*persons.id(person).uuid().as_bytes()))
    })?;
    let next = picked.next.map(u128::to_be_bytes).map(Vec::from);
    let codes: Vec<u32> = picked.units.iter().map(|(_, code)| *code).collect();
    let ids = distinct_ids(columns, &codes, asker)?;
    let persons = codes
        .into_iter()
        .zip(ids)
        .map(|(person, distinct_ids)| BehindPerson { id: persons.id(person), distinct_ids });
    Ok(Behind { units: BehindUnits::Persons(persons.collect()), total: picked.total, next })
}

fn groups(
    columns: &Snapshot,
    group_type: &str,
    units: impl IntoIterator<Item = u32>,
    page: &Page,
    asker: &Asker,
) -> Result<Behind, EngineError> {
    let values = columns.properties.find(&group_property(group_type)).map(|(_, values)| values);
    let codes = values.map_or(0, ValueDictionary::value_codes);
    let text = |code| values.and_then(|values| values.value(code)).map(|(text, _)| text.as_bytes());
    let picked = pick(units, codes, page, asker, text)?;
    let next = picked.next.map(<[u8]>::to_vec);
    let keys = picked.units.into_iter().map(|(key, _)| String::from_utf8_lossy(key).into_owned());
    Ok(Behind { units: BehindUnits::Groups(keys.collect()), total: picked.total, next })
}

/// The units of a page by their keys, how many there are in all, and the key after which the next page begins.
struct Picked<K> {
    units: Vec<(K, u32)>,
    total: u64,
    next: Option<K>,
}

/// Picks the page, which holds the smallest keys after where the page before ended.
fn pick<K: PageKey>(
    units: impl IntoIterator<Item = u32>,
    codes: usize,
    page: &Page,
    asker: &Asker,
    key: impl Fn(u32) -> Option<K>,
) -> Result<Picked<K>, EngineError> {
    // A bit each, so that nobody is counted twice whatever the units come from.
    let mut seen = vec![0_u64; codes.div_ceil(64)];
    let mut total = 0;
    let mut behind = 0_usize;
    // The largest of those kept is on top, to be given up for a smaller one.
    let mut kept: BinaryHeap<(K, u32)> = BinaryHeap::with_capacity(page.size + 1);
    for (at, code) in units.into_iter().enumerate() {
        if at % STRIDE == 0 {
            asker.check()?;
        }
        if code == NOBODY || code as usize >= codes {
            continue;
        }
        if bits::has(&seen, code as usize) {
            continue;
        }
        bits::set(&mut seen, code as usize);
        let Some(key) = key(code) else { continue };
        total += 1;
        if page.after.as_deref().is_some_and(|after| !key.is_after(after)) {
            continue;
        }
        behind += 1;
        if kept.len() < page.size {
            kept.push((key, code));
        } else if kept.peek().is_some_and(|(largest, _)| key < *largest) {
            kept.pop();
            kept.push((key, code));
        }
    }
    let units = kept.into_sorted_vec();
    let has_more = behind > units.len();
    let next = if has_more { units.last().map(|(key, _)| *key) } else { None };
    Ok(Picked { units, total, next })
}

/// What a page is sorted by.
trait PageKey: Ord + Copy {
    /// Returns whether it comes after the one with these bytes.
    fn is_after(self, bytes: &[u8]) -> bool;
}

impl PageKey for u128 {
    fn is_after(self, bytes: &[u8]) -> bool {
        self.to_be_bytes().as_slice() > bytes
    }
}

impl PageKey for &[u8] {
    fn is_after(self, bytes: &[u8]) -> bool {
        self > bytes
    }
}

/// Finds the distinct ids of some persons, in one look at all visitors.
fn distinct_ids(
    columns: &Snapshot,
    persons: &[u32],
    asker: &Asker,
) -> Result<Vec<Vec<String>>, EngineError> {
    let mut wanted = vec![0_u64; columns.persons.len().div_ceil(64)];
    let mut places: Vec<(u32, usize)> =
        persons.iter().enumerate().map(|(place, person)| (*person, place)).collect();
    places.sort_unstable();
    persons.iter().for_each(|person| bits::set(&mut wanted, *person as usize));
    let mut found = vec![Vec::new(); persons.len()];
    for (visitor, person) in (0_u32..).zip(columns.persons.person_of().iter().copied()) {
        if (visitor as usize).is_multiple_of(STRIDE) {
            asker.check()?;
        }
        if person == NOBODY || !bits::has(&wanted, person as usize) {
            continue;
        }
        let Ok(at) = places.binary_search_by_key(&person, |(person, _)| *person) else { continue };
        let ids: &mut Vec<String> = &mut found[places[at].1];
        if ids.len() < DISTINCT_IDS_MAX {
            ids.push(columns.visitors.text(visitor).to_owned());
        }
    }
    Ok(found)
}
