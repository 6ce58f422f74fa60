//! A person's properties, versioned key by key, so that operations can arrive late, twice or in any order and the person
//! ends the same.
//!
//! What a key holds is what one gets by applying its operations in the order of their [`Version`]. `$set` and `$unset`
//! overwrite, so only the newest of them is kept. `$set_once` and a merge only fill a gap: the oldest one after the newest
//! overwrite counts, and a few younger ones are kept, for an `$unset` that comes late. A merge fills the gap with what the
//! source has, *target wins*; the source's own history is kept inside (`Cell::absorbed`), so that an operation that was
//! meant for the source before the merge still finds its place.

mod cell;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use cell::{Cell, Write};

/// The most properties a person may have.
pub(crate) const MAX_PROPERTIES: usize = 1_000;
/// The most bytes of JSON a person's properties may have.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;
/// The most keys without a value whose history is kept.
const MAX_TOMBSTONES: usize = 1_000;

/// When an operation happened. Ordered by time, then arrival, then uuid; no two operations are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Version(
    /// The event's time in milliseconds since 1970.
    pub(crate) i64,
    /// The event's arrival: microseconds since 1970, plus its index in the request.
    pub(crate) i64,
    /// The event's uuid.
    pub(crate) Uuid,
);

/// What one event does to properties: `$set_once` first, then `$set`, then `$unset`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PropertyChanges {
    pub(crate) set_once: Map<String, Value>,
    pub(crate) set: Map<String, Value>,
    pub(crate) unset: Vec<String>,
}

impl PropertyChanges {
    /// Returns whether nothing is changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.set_once.is_empty() && self.set.is_empty() && self.unset.is_empty()
    }
}

/// What applying changes did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effect {
    /// The history changed, so the row must be written.
    pub(crate) stored: bool,
    /// The properties changed, so readers must be told.
    pub(crate) visible: bool,
    /// Keys that were not taken, because the person has as much as it may.
    pub(crate) skipped: usize,
}

/// All properties of a person, with their history.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Properties {
    cells: BTreeMap<String, Cell>,
    #[serde(skip)]
    totals: Option<Totals>,
}

/// The size of the properties, counted on first use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    keys: usize,
    bytes: usize,
    tombstones: usize,
}

impl Properties {
    /// Applies one event's changes. `lineage` are the merges through which the event's distinct id came to this person.
    pub(crate) fn apply(
        &mut self,
        changes: &PropertyChanges,
        at: Version,
        lineage: &[Version],
    ) -> Effect {
        let mut effect = Effect::default();
        for (key, value) in &changes.set_once {
            self.update(key, &mut effect, |cell| cell.layer(at, lineage).fill(at, value.clone()));
        }
        for (key, value) in &changes.set {
            self.update(key, &mut effect, |cell| {
                cell.layer(at, lineage).write(at, Write::Set(value.clone()));
            });
        }
        for key in &changes.unset {
            self.update(key, &mut effect, |cell| cell.layer(at, lineage).write(at, Write::Unset));
        }
        effect
    }

    /// Takes in the properties of a person that is merged into this one: they fill gaps. `lineage` is that of the distinct
    /// id the merge named as its target.
    pub(crate) fn absorb(&mut self, source: Self, merge: Version, lineage: &[Version]) -> Effect {
        let mut effect = Effect::default();
        for (key, cell) in source.cells {
            self.update(&key, &mut effect, |mine| mine.absorb(cell, merge, lineage));
        }
        effect
    }

    /// Returns the properties as they are now.
    pub(crate) fn document(&self) -> Map<String, Value> {
        let live = self.cells.iter().filter_map(|(key, cell)| Some((key, cell.live()?)));
        live.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Changes one key, unless that makes the whole too large.
    fn update(&mut self, key: &str, effect: &mut Effect, change: impl FnOnce(&mut Cell)) {
        let totals = *self.totals.get_or_insert_with(|| Totals::of(&self.cells));
        let before = self.cells.get(key).cloned();
        let mut after = before.clone().unwrap_or_default();
        change(&mut after);
        after.trim();
        if before.as_ref() == Some(&after) || (before.is_none() && after == Cell::default()) {
            return;
        }
        let old = before.as_ref().and_then(Cell::live);
        let new = after.live();
        let mut next = totals;
        next.remove(key, before.as_ref());
        next.add(key, &after);
        let grows = next.keys > totals.keys || next.bytes > totals.bytes;
        if grows && (next.keys > MAX_PROPERTIES || next.bytes > MAX_DOCUMENT_BYTES) {
            effect.skipped += 1;
            return;
        }
        effect.stored = true;
        effect.visible |= old != new;
        if next.tombstones > totals.tombstones && next.tombstones > MAX_TOMBSTONES {
            // The key has no value either way; only late operations on it are no longer told from new ones.
            next.tombstones -= 1;
            self.cells.remove(key);
        } else {
            self.cells.insert(key.to_owned(), after);
        }
        self.totals = Some(next);
    }
}

impl Totals {
    fn of(cells: &BTreeMap<String, Cell>) -> Self {
        let mut totals = Self::default();
        for (key, cell) in cells {
            totals.add(key, cell);
        }
        totals
    }

    fn add(&mut self, key: &str, cell: &Cell) {
        match cell.live() {
            Some(value) => {
                self.keys += 1;
                self.bytes += json_bytes(key, value);
            }
            None => self.tombstones += 1,
        }
    }

    fn remove(&mut self, key: &str, cell: Option<&Cell>) {
        let Some(cell) = cell else { return };
        match cell.live() {
            Some(value) => {
                self.keys -= 1;
                self.bytes -= json_bytes(key, value);
            }
            None => self.tombstones -= 1,
        }
    }
}

/// Returns the bytes of `"key":value,`, escapes of the key left out.
fn json_bytes(key: &str, value: &Value) -> usize {
    key.len() + 4 + value.to_string().len()
}

#[cfg(test)]
#[path = "properties/tests.rs"]
mod tests;
