//! A person's properties, versioned key by key, so that operations can arrive late, twice or in any order and the person
//! ends the same.
//!
//! What a key holds is what one gets by applying its operations in the order of their [`Version`]. `$set` and `$unset`
//! overwrite, so only the newest of them is kept. `$set_once` and a merge only fill a gap: the oldest one after the newest
//! overwrite counts, and a few younger ones are kept, for an `$unset` that comes late. A merge fills the gap with what the
//! source has, *target wins*; the source's own history is kept inside (`Cell::absorbed`), so that an operation that was
//! meant for the source before the merge still finds its place.
//!
//! All of this is bounded ([`size`]). When the history is full, what nobody sees is forgotten first: only operations that
//! come late, and would have brought it to light, can tell. Then new keys are refused.

mod cell;
mod size;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use cell::{Cell, Write};
use size::{MAX_KEY_BYTES, MAX_VALUE_BYTES, Size, json_bytes};

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

/// The most bytes of JSON of a value that is noted whole when it changes.
const MAX_NOTED_BYTES: usize = 4 * 1024;
/// How many characters are noted of a larger one.
const NOTED_CHARS: usize = 200;

/// A change of one property that could be seen. Of a value above 4 KiB the beginning of its text is noted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeyChange {
    pub(crate) key: String,
    pub(crate) old: Option<Value>,
    pub(crate) new: Option<Value>,
}

/// What applying changes did.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Effect {
    /// The history changed, so the row must be written.
    pub(crate) stored: bool,
    /// The properties changed, so readers must be told.
    pub(crate) visible: bool,
    /// Keys that were not taken, because they are too large or the person has as much as it may.
    pub(crate) skipped: usize,
    /// The changes that could be seen, in order.
    pub(crate) changed: Vec<KeyChange>,
}

/// All properties of a person, with their history.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Properties {
    cells: BTreeMap<String, Cell>,
    /// Counted on first use.
    #[serde(skip)]
    size: Option<Size>,
}

impl PartialEq for Properties {
    fn eq(&self, other: &Self) -> bool {
        self.cells == other.cells
    }
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
        for (key, value) in taken(&changes.set_once, &mut effect) {
            self.update(key, &mut effect, |cell| cell.layer(at, lineage).fill(at, value.clone()));
        }
        for (key, value) in taken(&changes.set, &mut effect) {
            self.update(key, &mut effect, |cell| {
                cell.layer(at, lineage).write(at, Write::Set(value.clone()));
            });
        }
        // A longer key was never taken, so that there is nothing to unset.
        for key in changes.unset.iter().filter(|key| key.len() <= MAX_KEY_BYTES) {
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

    /// Takes in what was said of the same person under another distinct id, which came here through `lineage`.
    pub(crate) fn take_in(&mut self, other: &Self, lineage: &[Version]) {
        let mut effect = Effect::default();
        for (key, cell) in &other.cells {
            self.update(key, &mut effect, |mine| mine.take_in(cell.clone(), lineage));
        }
    }

    /// Returns whether nothing was ever said.
    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Returns the value of a key now.
    pub(crate) fn value(&self, key: &str) -> Option<&Value> {
        self.cells.get(key).and_then(Cell::live)
    }

    /// Returns the properties as they are now.
    pub(crate) fn document(&self) -> Map<String, Value> {
        let live = self.cells.iter().filter_map(|(key, cell)| Some((key, cell.live()?)));
        live.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Returns the values as they are now.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Value> {
        self.cells.values().filter_map(Cell::live)
    }

    /// Changes one key, unless that makes the whole too large.
    fn update(&mut self, key: &str, effect: &mut Effect, change: impl FnOnce(&mut Cell)) {
        let mut size = *self.size.get_or_insert_with(|| Size::of(&self.cells));
        let mut before = self.cells.get(key).cloned();
        let mut after = before.clone().unwrap_or_default();
        change(&mut after);
        after.trim();
        let mut next = size.replaced(key, before.as_ref(), Some(&after));
        if next.is_history_full() {
            after.forget_unseen();
            next = size.replaced(key, before.as_ref(), Some(&after));
        }
        if after == before.clone().unwrap_or_default() {
            return;
        }
        if next.is_history_full() && self.forget_unseen() {
            effect.stored = true;
            size = Size::of(&self.cells);
            self.size = Some(size);
            before = self.cells.get(key).cloned();
            next = size.replaced(key, before.as_ref(), Some(&after));
        }
        let changed = key_change(key, before.as_ref().and_then(Cell::live), after.live());
        let is_tombstone = after.live().is_none();
        if is_tombstone && (after == Cell::default() || next.has_no_room_for_tombstone(&size)) {
            // The key has no value either way; only late operations on it are no longer told from new ones.
            if self.cells.remove(key).is_none() {
                return;
            }
            next = size.replaced(key, before.as_ref(), None);
        } else if next.outgrows(&size) {
            effect.skipped += 1;
            return;
        } else {
            self.cells.insert(key.to_owned(), after);
        }
        effect.stored = true;
        effect.visible |= changed.is_some();
        effect.changed.extend(changed);
        self.size = Some(next);
    }

    /// Forgets the history that nobody sees, of all keys. Returns whether there was any.
    fn forget_unseen(&mut self) -> bool {
        let mut forgot = false;
        self.cells.retain(|_, cell| {
            forgot |= cell.forget_unseen();
            *cell != Cell::default()
        });
        forgot
    }
}

/// Returns the changes between two states, in the order of keys.
pub(crate) fn differences(old: &Properties, new: &Properties) -> Vec<KeyChange> {
    let keys: BTreeSet<&String> = old.cells.keys().chain(new.cells.keys()).collect();
    keys.into_iter().filter_map(|key| key_change(key, old.value(key), new.value(key))).collect()
}

fn key_change(key: &str, old: Option<&Value>, new: Option<&Value>) -> Option<KeyChange> {
    if old == new {
        return None;
    }
    Some(KeyChange { key: key.to_owned(), old: old.map(noted), new: new.map(noted) })
}

fn noted(value: &Value) -> Value {
    if json_bytes(value) <= MAX_NOTED_BYTES {
        return value.clone();
    }
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut beginning: String = text.chars().take(NOTED_CHARS).collect();
    beginning.push('…');
    Value::String(beginning)
}

/// Returns the entries that are not too large by themselves; the others are counted as skipped.
fn taken<'a>(
    given: &'a Map<String, Value>,
    effect: &mut Effect,
) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    let fits = |(key, value): &(&String, &Value)| {
        key.len() <= MAX_KEY_BYTES && json_bytes(*value) <= MAX_VALUE_BYTES
    };
    effect.skipped += given.iter().filter(|entry| !fits(entry)).count();
    given.iter().filter(fits)
}

#[cfg(test)]
#[path = "properties/tests.rs"]
mod tests;
