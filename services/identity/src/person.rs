//! The persons of a project, as far as one batch of operations needs them, held in memory while the rules work on them.

use std::collections::{HashMap, HashSet};

use observe_core::{PersonId, ProjectId};
use uuid::Uuid;

use crate::properties::{Properties, PropertyChanges, Version};

/// The most distinct ids a person may have.
pub(crate) const MAX_DISTINCT_IDS: usize = 1_000;

/// A person with a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    /// Whether a legal user id was ever given.
    pub(crate) identified: bool,
    /// The earliest known time, in milliseconds since 1970.
    pub(crate) created_ms: i64,
    /// What is known of the person.
    pub(crate) properties: Properties,
    /// Counts the changes of the row.
    pub(crate) version: i64,
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
    ) -> Self {
        Self { identified, created_ms, properties, version, ..Self::default() }
    }

    /// Returns whether readers must be told of the person.
    pub(crate) fn is_visibly_changed(&self) -> bool {
        self.visible_change
    }
}

/// Whose a distinct id is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// The person now.
    pub(crate) person: PersonId,
    /// The merges through which the distinct id came to the person, in the order of their versions.
    pub(crate) lineage: Vec<Version>,
}

/// A merge, as it is written to the ledger.
#[derive(Clone, Debug)]
pub(crate) struct Merge {
    /// The uuid of the event that merged.
    pub(crate) op_id: Uuid,
    /// Who was merged away.
    pub(crate) source: PersonId,
    /// Who took the source in.
    pub(crate) target: PersonId,
    /// The distinct ids that moved.
    pub(crate) moved_ids: Vec<String>,
    /// Both as they were.
    pub(crate) before: (Person, Person),
}

/// The part of a project's persons that a batch of operations touches, and what the batch did to it.
#[derive(Debug)]
pub(crate) struct People {
    project: ProjectId,
    persons: HashMap<PersonId, Person>,
    mappings: HashMap<String, Mapping>,
    changed_mappings: Vec<String>,
    is_changed_mapping: HashSet<String>,
    changed_persons: Vec<PersonId>,
    merges: Vec<Merge>,
    skipped_properties: usize,
}

impl People {
    /// Starts with nobody.
    pub(crate) fn new(project: ProjectId) -> Self {
        Self {
            project,
            persons: HashMap::new(),
            mappings: HashMap::new(),
            changed_mappings: Vec::new(),
            is_changed_mapping: HashSet::new(),
            changed_persons: Vec::new(),
            merges: Vec::new(),
            skipped_properties: 0,
        }
    }

    /// Adds a person as stored.
    pub(crate) fn load_person(&mut self, id: PersonId, person: Person) {
        self.persons.insert(id, person);
    }

    /// Adds a distinct id as stored. Those of one person come oldest first.
    pub(crate) fn load_mapping(&mut self, distinct_id: String, mapping: Mapping) {
        if let Some(person) = self.persons.get_mut(&mapping.person) {
            person.distinct_ids.push(distinct_id.clone());
        }
        self.mappings.insert(distinct_id, mapping);
    }

    /// Returns the distinct ids whose person changed, in order, each once.
    pub(crate) fn changed_mappings(&self) -> impl Iterator<Item = (&str, &Mapping)> {
        self.changed_mappings.iter().map(|id| (id.as_str(), &self.mappings[id]))
    }

    /// Returns the persons whose row changed, in order, each once.
    pub(crate) fn changed_persons(&self) -> impl Iterator<Item = (PersonId, &Person)> {
        self.changed_persons.iter().map(|id| (*id, &self.persons[id]))
    }

    /// Returns the merges that were done.
    pub(crate) fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// Returns how many property keys were not taken because of limits.
    pub(crate) fn skipped_properties(&self) -> usize {
        self.skipped_properties
    }

    /// Returns the id of the person of a distinct id that has a row.
    pub(crate) fn person_of(&self, distinct_id: &str) -> Option<PersonId> {
        self.mappings.get(distinct_id).map(|mapping| mapping.person)
    }

    /// Returns a person by id.
    pub(crate) fn person(&self, id: PersonId) -> Option<&Person> {
        self.persons.get(&id)
    }

    /// Returns the person of a distinct id; makes its row if there is none yet.
    pub(crate) fn ensure_person(&mut self, distinct_id: &str, time_ms: i64) -> PersonId {
        if let Some(id) = self.person_of(distinct_id) {
            self.seen_at(id, time_ms);
            return id;
        }
        let id = PersonId::of_distinct_id(self.project, distinct_id);
        self.persons.insert(id, Person { created_ms: time_ms, ..Person::default() });
        self.touch(id);
        self.map(distinct_id, id, Vec::new());
        id
    }

    /// Marks a person as known by a legal user id.
    pub(crate) fn identify(&mut self, id: PersonId) {
        if self.persons.get(&id).is_some_and(|person| !person.identified) {
            self.touch(id).identified = true;
        }
    }

    /// Gives a distinct id without a row to the person of the target.
    pub(crate) fn attach(&mut self, distinct_id: &str, target: &str, at: Version) {
        let Mapping { person, lineage } = self.mappings[target].clone();
        self.map(distinct_id, person, joined_lineage(&[], at, &lineage));
        self.seen_at(person, at.0);
    }

    /// Changes the properties of a distinct id's person; makes its row if there is none yet.
    pub(crate) fn change_properties(
        &mut self,
        distinct_id: &str,
        changes: &PropertyChanges,
        at: Version,
    ) {
        let id = self.ensure_person(distinct_id, at.0);
        let lineage = &self.mappings[distinct_id].lineage;
        let person = self.persons.get_mut(&id).expect("ensured above");
        let effect = person.properties.apply(changes, at, lineage);
        self.note(id, effect.stored, effect.visible, effect.skipped);
    }

    /// Merges the source away: its distinct ids and what is known of it become the target's.
    pub(crate) fn merge(&mut self, source: PersonId, target: &str, at: Version) {
        let Mapping { person: target, lineage } = self.mappings[target].clone();
        let before = (self.persons[&source].clone(), self.persons[&target].clone());
        let moved_ids = before.0.distinct_ids.clone();
        for distinct_id in &moved_ids {
            let joined = joined_lineage(&self.mappings[distinct_id].lineage, at, &lineage);
            self.map(distinct_id, target, joined);
        }
        let gone = self.touch(source);
        gone.merged_into = Some(target);
        gone.distinct_ids.clear();
        let person = self.touch(target);
        person.created_ms = person.created_ms.min(before.0.created_ms).min(at.0);
        person.version = before.0.version.max(before.1.version) + 1;
        let effect = person.properties.absorb(before.0.properties.clone(), at, &lineage);
        self.note(target, effect.stored, effect.visible, effect.skipped);
        self.merges.push(Merge { op_id: at.2, source, target, moved_ids, before });
    }

    /// Lowers the person's created time to a time it is known from.
    fn seen_at(&mut self, id: PersonId, time_ms: i64) {
        if self.persons.get(&id).is_some_and(|person| time_ms < person.created_ms) {
            self.touch(id).created_ms = time_ms;
        }
    }

    fn map(&mut self, distinct_id: &str, person: PersonId, lineage: Vec<Version>) {
        self.mappings.insert(distinct_id.to_owned(), Mapping { person, lineage });
        if let Some(person) = self.persons.get_mut(&person) {
            person.distinct_ids.push(distinct_id.to_owned());
        }
        if self.is_changed_mapping.insert(distinct_id.to_owned()) {
            self.changed_mappings.push(distinct_id.to_owned());
        }
    }

    /// Marks a person as changed in the eyes of readers.
    fn touch(&mut self, id: PersonId) -> &mut Person {
        self.note(id, true, true, 0);
        self.persons.get_mut(&id).expect("noted above")
    }

    fn note(&mut self, id: PersonId, stored: bool, visible: bool, skipped: usize) {
        self.skipped_properties += skipped;
        let person = self.persons.get_mut(&id).expect("every person of the batch is loaded");
        if stored && !person.stored_change {
            person.stored_change = true;
            person.version += 1;
            self.changed_persons.push(id);
        }
        person.visible_change |= visible;
    }
}

/// Returns the merges that a distinct id has gone through when its person joins that of a target: in the order of versions,
/// whatever the order in which they came.
fn joined_lineage(own: &[Version], merge: Version, target: &[Version]) -> Vec<Version> {
    let mut joined = own.to_vec();
    if joined.last().is_none_or(|last| *last < merge) {
        joined.push(merge);
    }
    let last = joined.last().copied().unwrap_or(merge);
    joined.extend(target.iter().filter(|version| **version > last));
    joined
}
