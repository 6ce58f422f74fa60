//! How much a person's properties take, and how much they may.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use super::cell::Cell;

/// The most properties a person may have.
pub(crate) const MAX_PROPERTIES: usize = 1_000;
/// The most bytes of JSON a person's properties may have.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;
/// The most bytes of JSON that properties may have with all their history: the row, which every change of the person
/// reads and writes.
pub(crate) const MAX_HISTORY_BYTES: usize = 2 * 1024 * 1024;
/// The most bytes of JSON that one value may have.
pub(crate) const MAX_VALUE_BYTES: usize = 64 * 1024;
/// The most bytes of a key: what the edge lets through, if all of it was NUL, which takes three bytes once replaced.
pub(crate) const MAX_KEY_BYTES: usize = 600;
/// The most keys without a value whose history is kept.
pub(crate) const MAX_TOMBSTONES: usize = 1_000;

/// The size of all properties of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Keys that have a value.
    keys: usize,
    /// Bytes of these and their values.
    document: usize,
    /// Keys that have only a history.
    tombstones: usize,
    /// Bytes of everything as it is stored.
    history: usize,
}

impl Size {
    pub(super) fn of(cells: &BTreeMap<String, Cell>) -> Self {
        let mut size = Self::default();
        for (key, cell) in cells {
            size.add(key, cell);
        }
        size
    }

    /// Returns the size once a key's history has become another.
    pub(super) fn replaced(mut self, key: &str, old: Option<&Cell>, new: Option<&Cell>) -> Self {
        if let Some(cell) = new {
            self.add(key, cell);
        }
        if let Some(cell) = old {
            self.remove(key, cell);
        }
        self
    }

    /// Returns whether the history is larger than it may be.
    pub(super) fn is_history_full(&self) -> bool {
        self.history > MAX_HISTORY_BYTES
    }

    /// Returns whether a change from the size `before` to this one must be refused. What was too large before may shrink.
    pub(super) fn outgrows(&self, before: &Self) -> bool {
        let grows = self.keys > before.keys || self.document > before.document;
        let is_full = self.keys > MAX_PROPERTIES || self.document > MAX_DOCUMENT_BYTES;
        (grows && is_full) || (self.history > before.history && self.is_history_full())
    }

    /// Returns whether a key that lost its value between `before` and this must be forgotten altogether.
    pub(super) fn has_no_room_for_tombstone(&self, before: &Self) -> bool {
        let is_full = self.tombstones > before.tombstones && self.tombstones > MAX_TOMBSTONES;
        is_full || self.is_history_full()
    }

    fn add(&mut self, key: &str, cell: &Cell) {
        self.history += entry_bytes(key, cell);
        match cell.live() {
            Some(value) => {
                self.keys += 1;
                self.document += entry_bytes(key, value);
            }
            None => self.tombstones += 1,
        }
    }

    fn remove(&mut self, key: &str, cell: &Cell) {
        self.history -= entry_bytes(key, cell);
        match cell.live() {
            Some(value) => {
                self.keys -= 1;
                self.document -= entry_bytes(key, value);
            }
            None => self.tombstones -= 1,
        }
    }
}

/// Returns the bytes of `"key":value,`.
fn entry_bytes(key: &str, value: &impl Serialize) -> usize {
    json_bytes(key) + json_bytes(value) + 2
}

/// Returns the bytes of a value as JSON, without writing it anywhere.
pub(super) fn json_bytes(value: &(impl Serialize + ?Sized)) -> usize {
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value)
        .expect("all keys are text, and counting does not fail");
    count.0
}

struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
