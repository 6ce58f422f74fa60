//! The persons of a project, as far as one batch of operations needs them, held in memory while the rules work on them.

use std::collections::{HashMap, HashSet};

use observe_core::{PersonId, ProjectId};
use uuid::Uuid;

use super::split::{Part, StandingMerge, parts};
use super::{ChangeCause, History, MAX_NAMED_IDS, Mapping, Merge, NotedChange, Own, Person};
use crate::operation::Cause;
use crate::properties::{Effect, KeyChange, Properties, PropertyChanges, Version, differences};

/// The part of a project's persons that a batch of operations touches, and what the batch did to it.
#[derive(Debug)]
pub(crate) struct People {
    project: ProjectId,
    persons: HashMap<PersonId, Person>,
    mappings: HashMap<String, Mapping>,
    /// Whose person changed.
    moved: OrderedSet,
    /// Whose row changed: those that moved, and those of which more is known.
    changed_mappings: OrderedSet,
    changed_histories: OrderedSet,
    changed_persons: Vec<PersonId>,
    merges: Vec<Merge>,
    noted: Vec<NotedChange>,
    skipped_properties: usize,
}

/// Texts in the order in which they came, each once.
#[derive(Debug, Default)]
struct OrderedSet {
    order: Vec<String>,
    known: HashSet<String>,
}

impl OrderedSet {
    fn add(&mut self, text: &str) {
        if !self.known.contains(text) {
            self.known.insert(text.to_owned());
            self.order.push(text.to_owned());
        }
    }
}

/// What changed properties, for those who ask later.
#[derive(Clone, Copy)]
struct Origin {
    cause: ChangeCause,
    time_ms: Option<i64>,
    id: Uuid,
}

impl People {
    /// Starts with nobody.
    pub(crate) fn new(project: ProjectId) -> Self {
        Self {
            project,
            persons: HashMap::new(),
            mappings: HashMap::new(),
            moved: OrderedSet::default(),
            changed_mappings: OrderedSet::default(),
            changed_histories: OrderedSet::default(),
            changed_persons: Vec::new(),
            merges: Vec::new(),
            noted: Vec::new(),
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

    /// Returns whether anything is to be written.
    pub(crate) fn is_changed(&self) -> bool {
        // Whatever else changes is noted with one of these.
        !(self.changed_mappings.order.is_empty()
            && self.changed_histories.order.is_empty()
            && self.changed_persons.is_empty())
    }

    /// Returns the distinct ids whose person changed, in order, each once.
    pub(crate) fn moved(&self) -> impl Iterator<Item = (&str, &Mapping)> {
        self.moved.order.iter().map(|id| (id.as_str(), &self.mappings[id]))
    }

    /// Returns the distinct ids whose row changed, in order, each once.
    pub(crate) fn changed_mappings(&self) -> impl Iterator<Item = (&str, &Mapping)> {
        self.changed_mappings.order.iter().map(|id| (id.as_str(), &self.mappings[id]))
    }

    /// Returns the distinct ids whose own history changed, each once; `None` for one that is implied again.
    pub(crate) fn changed_histories(&self) -> impl Iterator<Item = (&str, Option<&Properties>)> {
        self.changed_histories.order.iter().map(|id| {
            let history = match &self.mappings[id].own.history {
                History::Loaded(history) => Some(history),
                History::Implied | History::Stored => None,
            };
            (id.as_str(), history)
        })
    }

    /// Returns the persons whose row changed, in order, each once.
    pub(crate) fn changed_persons(&self) -> impl Iterator<Item = (PersonId, &Person)> {
        self.changed_persons.iter().map(|id| (*id, &self.persons[id]))
    }

    /// Returns the merges that were done.
    pub(crate) fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// Returns the changes of single properties that could be seen, in order.
    pub(crate) fn noted(&self) -> &[NotedChange] {
        &self.noted
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

    /// Returns the first distinct id of a person that is loaded whole.
    pub(crate) fn first_id(&self, id: PersonId) -> Option<&str> {
        let ids = self.persons.get(&id)?.distinct_ids.iter();
        ids.map(String::as_str).find(|id| self.mappings[*id].is_first())
    }

    /// Returns the person of a distinct id; makes its row if there is none yet.
    pub(crate) fn ensure_person(&mut self, distinct_id: &str, time_ms: i64) -> PersonId {
        if let Some(id) = self.person_of(distinct_id) {
            self.lower_created(id, time_ms);
            return id;
        }
        let id = PersonId::of_distinct_id(self.project, distinct_id);
        self.persons.insert(id, Person { created_ms: time_ms, ..Person::default() });
        self.touch(id);
        self.map(distinct_id, id, Vec::new());
        id
    }

    /// Notes that something was said under a distinct id that has a row.
    pub(crate) fn see(&mut self, distinct_id: &str, time_ms: i64) {
        let Some(mapping) = self.mappings.get_mut(distinct_id) else { return };
        if mapping.own.seen_ms.is_none_or(|seen| time_ms < seen) {
            mapping.own.seen_ms = Some(time_ms);
            self.changed_mappings.add(distinct_id);
        }
    }

    /// Notes that a distinct id that has a row is a user's; its person is a known one from then on.
    pub(crate) fn identify_by(&mut self, distinct_id: &str) {
        let Some(mapping) = self.mappings.get_mut(distinct_id) else { return };
        let person = mapping.person;
        if !mapping.own.identified {
            mapping.own.identified = true;
            self.changed_mappings.add(distinct_id);
        }
        self.identify(person);
    }

    /// Marks a person as known.
    fn identify(&mut self, id: PersonId) {
        if self.persons.get(&id).is_some_and(|person| !person.identified) {
            self.touch(id).identified = true;
        }
    }

    /// Changes the properties of a distinct id's person; makes its row if there is none yet.
    pub(crate) fn change_properties(
        &mut self,
        distinct_id: &str,
        changes: &PropertyChanges,
        at: Version,
    ) {
        let id = self.ensure_person(distinct_id, at.0);
        self.see(distinct_id, at.0);
        let mapping = &self.mappings[distinct_id];
        if !mapping.is_first() && mapping.own.history == History::Implied {
            self.keep_histories(id);
            self.set_history(distinct_id, Properties::default());
        }
        let mapping = self.mappings.get_mut(distinct_id).expect("ensured above");
        if let History::Loaded(history) = &mut mapping.own.history
            && history.apply(changes, at, &[]).stored
        {
            self.changed_histories.add(distinct_id);
        }
        let person = self.persons.get_mut(&id).expect("ensured above");
        let effect = person.properties.apply(changes, at, &mapping.lineage);
        let origin = Origin { cause: ChangeCause::Update, time_ms: Some(at.0), id: at.2 };
        self.note(id, effect, origin);
    }

    /// Makes the source's person part of the target's, which has a row, and known: its distinct ids and what is known of it
    /// become the target's. A source without a row is a person of which nothing is known.
    pub(crate) fn merge(&mut self, source: &str, target: &str, at: Version, cause: Cause) {
        let (into, lineage) = (self.mappings[target].person, self.mappings[target].lineage.clone());
        let (from, moved_ids) = match self.person_of(source) {
            Some(from) => (from, self.persons[&from].distinct_ids.clone()),
            None => (PersonId::of_distinct_id(self.project, source), vec![source.to_owned()]),
        };
        if self.person_of(source).is_some() {
            self.absorb(from, into, at, &lineage);
        }
        for distinct_id in &moved_ids {
            let own = self.mappings.get(distinct_id).map_or(&[][..], |own| &own.lineage);
            let joined = joined_lineage(own, at, &lineage);
            self.map(distinct_id, into, joined);
        }
        self.lower_created(into, at.0);
        self.identify(into);
        self.merges.push(Merge {
            version: at,
            cause,
            source_id: source.to_owned(),
            target_id: target.to_owned(),
            source: from,
            target: into,
            moved_count: moved_ids.len(),
            moved_ids: moved_ids.into_iter().take(MAX_NAMED_IDS).collect(),
        });
    }

    /// Takes what is known of one person over into another; the first one's row says that it is gone.
    fn absorb(&mut self, from: PersonId, into: PersonId, at: Version, lineage: &[Version]) {
        let says_something = !self.persons[&from].properties.is_empty()
            || self
                .first_id(from)
                .is_some_and(|id| self.mappings[id].own.history != History::Implied);
        if says_something {
            self.keep_histories(from);
            self.keep_histories(into);
        }
        let gone = self.touch(from);
        gone.merged_into = Some(into);
        gone.distinct_ids.clear();
        let properties = std::mem::take(&mut gone.properties);
        let (created_ms, version) = (gone.created_ms, gone.version);
        self.lower_created(into, created_ms);
        let person = self.touch(into);
        person.version = person.version.max(version);
        let effect = person.properties.absorb(properties, at, lineage);
        self.note(into, effect, Origin { cause: ChangeCause::Merge, time_ms: None, id: at.2 });
    }

    /// Undoes a merge of a person that is loaded whole, with the histories of all its distinct ids: both sides get what they
    /// had been without it. `merges` are all that stand within the person, in the order in which they were done. Returns the
    /// persons of the merge's target and of its source.
    pub(crate) fn split(
        &mut self,
        person: PersonId,
        merges: &[StandingMerge],
        undone: &StandingMerge,
    ) -> Option<[Part; 2]> {
        let whole = self.persons.get(&person)?;
        let mappings = whole.distinct_ids.iter();
        let mappings = mappings.map(|id| (id.as_str(), &self.mappings[id]));
        let sides = parts(self.project, mappings.collect(), &whole.properties, merges, undone)?;
        for part in &sides {
            self.become_part(person, part, undone.version.2);
        }
        Some(sides)
    }

    fn become_part(&mut self, before: PersonId, part: &Part, merge: Uuid) {
        self.persons.entry(part.id).or_default();
        let person = self.touch(part.id);
        let old = std::mem::replace(&mut person.properties, part.properties.clone());
        person.identified = part.identified;
        person.created_ms = part.created_ms;
        person.merged_into = None;
        person.distinct_ids.clear();
        let changed = differences(&old, &part.properties);
        let effect = Effect { changed, ..Effect::default() };
        self.note(part.id, effect, Origin { cause: ChangeCause::Split, time_ms: None, id: merge });
        for (distinct_id, mapping) in &part.mappings {
            let old = self.mappings.insert(distinct_id.clone(), mapping.clone());
            let person = self.persons.get_mut(&part.id).expect("made above");
            person.distinct_ids.push(distinct_id.clone());
            self.changed_mappings.add(distinct_id);
            if part.id != before {
                self.moved.add(distinct_id);
            }
            if old.is_none_or(|old| old.own.history != mapping.own.history) {
                self.changed_histories.add(distinct_id);
            }
        }
    }

    /// Gives the first distinct id of a person a history of its own, before another one of the person gets one.
    fn keep_histories(&mut self, person: PersonId) {
        let Some(first) = self.first_id(person).map(str::to_owned) else { return };
        if self.mappings[&first].own.history == History::Implied {
            let properties = self.persons[&person].properties.clone();
            self.set_history(&first, properties);
        }
    }

    fn set_history(&mut self, distinct_id: &str, history: Properties) {
        if let Some(mapping) = self.mappings.get_mut(distinct_id) {
            mapping.own.history = History::Loaded(history);
            self.changed_histories.add(distinct_id);
        }
    }

    /// Lowers the person's created time to a time it is known from.
    fn lower_created(&mut self, id: PersonId, time_ms: i64) {
        if self.persons.get(&id).is_some_and(|person| time_ms < person.created_ms) {
            self.touch(id).created_ms = time_ms;
        }
    }

    fn map(&mut self, distinct_id: &str, person: PersonId, lineage: Vec<Version>) {
        match self.mappings.get_mut(distinct_id) {
            Some(mapping) => (mapping.person, mapping.lineage) = (person, lineage),
            None => {
                let mapping = Mapping { person, lineage, own: Own::default() };
                self.mappings.insert(distinct_id.to_owned(), mapping);
            }
        }
        if let Some(person) = self.persons.get_mut(&person) {
            person.distinct_ids.push(distinct_id.to_owned());
        }
        self.moved.add(distinct_id);
        self.changed_mappings.add(distinct_id);
    }

    /// Marks a person as changed in the eyes of readers.
    fn touch(&mut self, id: PersonId) -> &mut Person {
        self.mark(id, true, true);
        self.persons.get_mut(&id).expect("marked above")
    }

    fn mark(&mut self, id: PersonId, stored: bool, visible: bool) {
        let person = self.persons.get_mut(&id).expect("every person of the batch is loaded");
        if stored && !person.stored_change {
            person.stored_change = true;
            person.version += 1;
            self.changed_persons.push(id);
        }
        person.visible_change |= visible;
    }

    fn note(&mut self, id: PersonId, effect: Effect, origin: Origin) {
        self.skipped_properties += effect.skipped;
        self.mark(id, effect.stored, effect.visible);
        let person = self.persons.get_mut(&id).expect("marked above");
        for change in effect.changed {
            person.change_count += 1;
            self.noted.push(noted(id, person.change_count, change, origin));
        }
    }
}

fn noted(person: PersonId, number: i64, change: KeyChange, origin: Origin) -> NotedChange {
    NotedChange {
        person,
        number,
        change,
        cause: origin.cause,
        time_ms: origin.time_ms,
        origin: origin.id,
    }
}

/// Returns the merges that a distinct id has gone through when its person joins that of a target: in the order of versions,
/// whatever the order in which they came.
pub(super) fn joined_lineage(own: &[Version], merge: Version, target: &[Version]) -> Vec<Version> {
    let mut joined = own.to_vec();
    if joined.last().is_none_or(|last| *last < merge) {
        joined.push(merge);
    }
    let last = joined.last().copied().unwrap_or(merge);
    joined.extend(target.iter().filter(|version| **version > last));
    joined
}
