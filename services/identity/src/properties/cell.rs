//! The history of one key.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Version;

/// How many fills of a key are kept: the one in force and those that a late `$unset` can bring to light.
const MAX_FILLS: usize = 6;
/// How deep merges are kept inside each other. Each is three levels of JSON, of which a reader takes 128.
const MAX_LAYERS: usize = 8;

/// The history of one key. JSON names are short because there are many of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Cell {
    /// The newest `$set` or `$unset`.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    written: Option<(Version, Write)>,
    /// `$set_once` after that, oldest first.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    once: Vec<(Version, Value)>,
    /// What merged persons had, by the version of the merge, oldest first, likewise after that.
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    absorbed: Vec<(Version, Cell)>,
}

/// An overwrite. Within one event `$unset` comes after `$set`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Write {
    #[serde(rename = "s")]
    Set(Value),
    #[serde(rename = "u")]
    Unset,
}

impl Cell {
    /// Returns the value now, if there is one.
    pub(super) fn live(&self) -> Option<&Value> {
        if let Some((_, Write::Set(value))) = &self.written {
            return Some(value);
        }
        // What is older than the overwrite was trimmed away.
        let once = self.once.first().map(|(at, value)| (at, value));
        let absorbed = self.absorbed.iter().find_map(|(at, cell)| Some((at, cell.live()?)));
        match (once, absorbed) {
            // A merge's own `$set_once` comes after the merge.
            (Some((filled, value)), Some((merged, inner))) => {
                Some(if merged <= filled { inner } else { value })
            }
            (once, absorbed) => once.or(absorbed).map(|(_, value)| value),
        }
    }

    /// Finds where an operation belongs: to the person itself, or to one it absorbed when the operation is older than the
    /// merge that brought its distinct id here.
    pub(super) fn layer(&mut self, at: Version, lineage: &[Version]) -> &mut Self {
        let mut cell = self;
        for merge in lineage.iter().rev() {
            if at >= *merge {
                break;
            }
            let index = match cell.absorbed.binary_search_by_key(merge, |(version, _)| *version) {
                Ok(index) => index,
                Err(index) => {
                    cell.absorbed.insert(index, (*merge, Self::default()));
                    index
                }
            };
            cell = &mut cell.absorbed[index].1;
        }
        cell
    }

    pub(super) fn write(&mut self, at: Version, write: Write) {
        let rank = |write: &Write| matches!(write, Write::Unset);
        let newer = self
            .written
            .as_ref()
            .is_none_or(|(old_at, old)| (*old_at, rank(old)) < (at, rank(&write)));
        if newer {
            self.written = Some((at, write));
        }
    }

    pub(super) fn fill(&mut self, at: Version, value: Value) {
        if let Err(index) = self.once.binary_search_by_key(&at, |(version, _)| *version) {
            self.once.insert(index, (at, value));
        }
    }

    /// Takes in the source's history of this key. What the source did after the merge (the merge came late) it did as this
    /// person.
    pub(super) fn absorb(&mut self, mut source: Self, merge: Version, lineage: &[Version]) {
        if source.written.as_ref().is_some_and(|(at, _)| *at > merge)
            && let Some((at, write)) = source.written.take()
        {
            self.layer(at, lineage).write(at, write);
        }
        for (at, value) in source.once.extract_if(.., |(at, _)| *at > merge) {
            self.layer(at, lineage).fill(at, value);
        }
        for (at, cell) in source.absorbed.extract_if(.., |(at, _)| *at > merge) {
            self.layer(at, lineage).absorb_at(at, cell);
        }
        self.layer(merge, lineage).absorb_at(merge, source);
    }

    /// Takes in what was said of this key under another distinct id of the same person.
    pub(super) fn take_in(&mut self, other: Self, lineage: &[Version]) {
        if let Some((at, write)) = other.written {
            self.layer(at, lineage).write(at, write);
        }
        for (at, value) in other.once {
            self.layer(at, lineage).fill(at, value);
        }
        for (at, cell) in other.absorbed {
            self.layer(at, lineage).absorb_at(at, cell);
        }
    }

    fn absorb_at(&mut self, merge: Version, cell: Self) {
        match self.absorbed.binary_search_by_key(&merge, |(version, _)| *version) {
            // The source had taken in part of the same merge's history before.
            Ok(index) => self.absorbed[index].1.unite(cell),
            Err(index) => self.absorbed.insert(index, (merge, cell)),
        }
    }

    /// Joins two parts of the same person's history.
    fn unite(&mut self, other: Self) {
        if let Some((at, write)) = other.written {
            self.write(at, write);
        }
        for (at, value) in other.once {
            self.fill(at, value);
        }
        for (at, cell) in other.absorbed {
            self.absorb_at(at, cell);
        }
    }

    /// Forgets what can never matter again: fills older than the newest overwrite, empty histories, and what is beyond the
    /// fills and layers that are kept.
    pub(super) fn trim(&mut self) {
        self.trim_layers(MAX_LAYERS);
    }

    fn trim_layers(&mut self, layers: usize) {
        if layers == 0 {
            // What the source of a merge had is a fill at the time of the merge; only its history is lost.
            for (merge, cell) in std::mem::take(&mut self.absorbed) {
                if let Some(value) = cell.live() {
                    self.fill(merge, value.clone());
                }
            }
        }
        if let Some((floor, _)) = self.written {
            self.once.retain(|(at, _)| *at > floor);
            self.absorbed.retain(|(at, _)| *at > floor);
        }
        for (_, cell) in &mut self.absorbed {
            cell.trim_layers(layers - 1);
        }
        self.absorbed.retain(|(_, cell)| *cell != Self::default());
        self.once.truncate(MAX_FILLS);
        self.absorbed.truncate(MAX_FILLS);
    }

    /// Forgets all but the newest overwrite and the value now, which stays: only operations that come late could have
    /// brought the rest to light. Returns whether there was any.
    pub(super) fn forget_unseen(&mut self) -> bool {
        let count = |cell: &Self| cell.once.len() + cell.absorbed.len();
        let before = count(self);
        if matches!(self.written, Some((_, Write::Set(_)))) {
            self.once.clear();
            self.absorbed.clear();
        }
        self.once.truncate(1);
        self.absorbed.retain(|(_, cell)| cell.live().is_some());
        self.absorbed.truncate(1);
        if let (Some((filled, _)), Some((merged, _))) = (self.once.first(), self.absorbed.first()) {
            if merged <= filled {
                self.once.clear();
            } else {
                self.absorbed.clear();
            }
        }
        let mut forgot = count(self) < before;
        for (_, cell) in &mut self.absorbed {
            forgot |= cell.forget_unseen();
        }
        forgot
    }
}
