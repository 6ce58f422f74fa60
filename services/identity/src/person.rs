//! What a person is made of: distinct ids, what was said under each of them, and the merges that joined them.
//!
//! A person's row is computed from three things that never depend on each other: what was said under each distinct id alone
//! ([`Own`]), which merges stand ([`Merge`]), and the rules. A batch of operations brings the row up to date step by step
//! ([`People`]); undoing a merge computes it anew without that merge ([`split`]).

mod people;
pub(crate) mod split;

use observe_core::PersonId;
pub(crate) use people::People;

use crate::operation::Cause;
use crate::properties::{KeyChange, Properties, Version};

/// The most distinct ids a person may have.
pub(crate) const MAX_DISTINCT_IDS: usize = 1_000;
/// How many of the distinct ids that moved the ledger names.
pub(crate) const MAX_NAMED_IDS: usize = 20;

/// A person with a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    /// Whether a legal user id was ever given.
    pub(crate) identified: bool,
    /// The earliest known time, in milliseconds since 1970.
    pub(crate) created_ms: i64,
    /// What is known of the person; nothing once it was merged away.
    pub(crate) properties: Properties,
    /// Counts the changes of the row.
    pub(crate) version: i64,
    /// How many changes of single properties were ever noted.
    pub(crate) change_count: i64,
    /// Whom the person became, if it was merged away.
    pub(crate) merged_into: Option<PersonId>,
    /// The person's distinct ids, oldest first. Loaded only where a merge can need them.
    pub(crate) distinct_ids: Vec<String>,
    /// The row differs from the stored one.
    stored_change: bool,
    /// What readers see differs.
    visible_change: bool,
}

impl Person {
    /// Restores a person from its row.
    pub(crate) fn restore(
        identified: bool,
        created_ms: i64,
        properties: Properties,
        version: i64,
        change_count: i64,
    ) -> Self {
        Self { identified, created_ms, properties, version, change_count, ..Self::default() }
    }

    /// Returns whether readers must be told of the person.
    pub(crate) fn is_visibly_changed(&self) -> bool {
        self.visible_change
    }
}

/// Whose a distinct id is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mapping {
    /// The person now.
    pub(crate) person: PersonId,
    /// The merges through which the distinct id came to the person, in the order of their versions. A person has exactly
    /// one distinct id that came through none: its first one, which gave it its id.
    pub(crate) lineage: Vec<Version>,
    /// What is known by the distinct id alone.
    pub(crate) own: Own,
}

impl Mapping {
    /// Returns whether it is that of the person's first distinct id.
    pub(crate) fn is_first(&self) -> bool {
        self.lineage.is_empty()
    }
}

/// What was said under one distinct id, whoever it belonged to then: from it an undone merge gives each side its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Own {
    /// Whether it was given as a user's id.
    pub(crate) identified: bool,
    /// The earliest time of an operation upon it, merges aside, in milliseconds since 1970.
    pub(crate) seen_ms: Option<i64>,
    /// What was said of properties.
    pub(crate) history: History,
}

/// What was said of properties under one distinct id.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum History {
    /// Nothing of its own: that of the person's first distinct id is then `Person::properties`, and that of every other one
    /// is empty. Most persons are written once only thanks to this.
    #[default]
    Implied,
    /// It is stored, and was not needed here.
    Stored,
    /// Here.
    Loaded(Properties),
}

/// A merge, as it is written to the ledger.
#[derive(Clone, Debug)]
pub(crate) struct Merge {
    /// When the operation happened that merged; its uuid is the merge's id.
    pub(crate) version: Version,
    /// What asked for it.
    pub(crate) cause: Cause,
    /// The distinct id that was named as the other one.
    pub(crate) source_id: String,
    /// The distinct id whose person it joined.
    pub(crate) target_id: String,
    /// Who was merged away; of a distinct id without a row, the person that it is by itself.
    pub(crate) source: PersonId,
    /// Who took the source in.
    pub(crate) target: PersonId,
    /// The first of the distinct ids that moved.
    pub(crate) moved_ids: Vec<String>,
    /// How many moved.
    pub(crate) moved_count: usize,
}

/// What changed a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeCause {
    /// An operation.
    Update,
    /// A merge.
    Merge,
    /// A merge that was undone.
    Split,
}

/// A change of one property that could be seen, as it is noted.
#[derive(Clone, Debug)]
pub(crate) struct NotedChange {
    /// Whose property.
    pub(crate) person: PersonId,
    /// The person's changes are numbered from 1.
    pub(crate) number: i64,
    /// What changed.
    pub(crate) change: KeyChange,
    /// What changed it.
    pub(crate) cause: ChangeCause,
    /// When the operation happened or, of merges and splits, nothing: they happen when they are done.
    pub(crate) time_ms: Option<i64>,
    /// The operation.
    pub(crate) origin: uuid::Uuid,
}
