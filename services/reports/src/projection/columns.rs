//! All that is known of one project, as columns.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use observe_core::distinct_id::is_illegal;
use observe_core::{PersonId, ProjectId};
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1::{Change, change};

use super::ApplyError;
use super::dictionary::Dictionary;
use super::error_groups::{ErrorGroups, Seen};
use super::persons::{NOBODY, Persons, PersonsSnapshot};
use super::properties::for_each_property;
use super::property_set::PropertySet;
use super::retention::Kept;
use super::segment::Segment;
use super::tail::Tail;
use crate::activity::SESSION_ID;
use crate::errors::{self, Occurrence};
use crate::query::Scope;

/// The property in which an event names its groups, by their types. Each becomes a column of its own, `$groups.<type>`.
pub(crate) const GROUPS: &str = "$groups";
/// How many groups of one event become columns: as many as a project has types.
const GROUPS_MAX: usize = 5;

/// The columns of one project: dictionaries, segments by week, the tail, and the persons.
#[derive(Debug)]
pub(crate) struct ProjectColumns {
    pub(super) names: Dictionary,
    pub(super) properties: PropertySet,
    pub(super) persons: Persons,
    pub(super) visitors: Dictionary,
    pub(super) errors: ErrorGroups,
    pub(super) segments: BTreeMap<i64, Vec<Arc<Segment>>>,
    /// In pieces, of which only the last grows: so much is copied at most when events come during a question.
    pub(super) tail: Vec<Arc<Tail>>,
    pub(super) change_number: i64,
    /// What is older is not taken.
    pub(super) kept: Kept,
}

/// The columns as they were at one moment. It shares all that is large with the columns and holds no lock, so a question
/// may take its time.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// Event names.
    pub(crate) names: Dictionary,
    /// Event properties.
    pub(crate) properties: PropertySet,
    /// Who is who.
    pub(crate) persons: PersonsSnapshot,
    /// Distinct ids, by visitor code.
    pub(crate) visitors: Dictionary,
    /// What is known of groups of errors.
    pub(crate) errors: ErrorGroups,
    segments: BTreeMap<i64, Vec<Arc<Segment>>>,
    tail: Vec<Arc<Tail>>,
}

impl ProjectColumns {
    /// Starts without anything.
    pub(crate) fn new(project: ProjectId, kept: Kept) -> Self {
        Self {
            names: Dictionary::default(),
            properties: PropertySet::with_keys(project, Scope::Event, &ERROR_PROPERTIES),
            persons: Persons::new(project),
            visitors: Dictionary::default(),
            errors: ErrorGroups::new(project),
            segments: BTreeMap::new(),
            tail: Vec::new(),
            change_number: 0,
            kept,
        }
    }

    /// Adds events to the tail.
    pub(crate) fn append(&mut self, events: &[AcceptedEvent]) {
        for event in events {
            if event.time_ms < self.kept.kept_from_ms(&event.name) {
                continue;
            }
            let (name, _) = self.names.intern(&event.name);
            let visitor = self.visitor(&event.distinct_id);
            let arrival = event.received_us.saturating_add(i64::from(event.index));
            let is_error = event.name == errors::EVENT;
            let tail = growing(&mut self.tail);
            let row = tail.push(name, visitor, event.time_ms, arrival);
            let properties = &mut self.properties;
            // The sender gives it beside the properties; as one of them, every question can ask for it.
            if !event.session_id.is_empty()
                && let Some((key, code)) = properties.intern(SESSION_ID, &event.session_id)
            {
                tail.set(row, key, code);
            }
            let read = for_each_property(&event.properties_json, |key, value| {
                if key == errors::GROUP_PROPERTY || (is_error && is_bulky(key)) {
                    return;
                }
                if let Some((key, code)) = properties.intern(key, value) {
                    tail.set(row, key, code);
                }
                if key == GROUPS {
                    for_each_group(value, |key, value| {
                        if let Some((key, code)) = properties.intern(key, value) {
                            tail.set(row, key, code);
                        }
                    });
                }
            });
            if let Err(error) = read {
                // The event is stored, so it counts; what could be read of its properties does too.
                let uuid = uuid::Uuid::from_slice(&event.uuid).unwrap_or_default();
                tracing::error!(%uuid, line = error.line(), "properties of a logged event cannot be read");
            }
            if is_error {
                self.append_error(event, row, (visitor, arrival));
            }
        }
        self.errors.settle();
    }

    /// Gives the row that was added last what is derived of an error, and notes that its group was seen.
    fn append_error(&mut self, event: &AcceptedEvent, row: u32, (visitor, arrival): (u32, i64)) {
        let properties = serde_json::from_str(&event.properties_json).unwrap_or_default();
        let occurrence = Occurrence::read(&properties);
        let group = errors::fingerprint::group_id(&occurrence);
        let message = occurrence.message();
        let derived = [
            (errors::TYPE_PROPERTY, occurrence.kind()),
            (errors::MESSAGE_PROPERTY, message.as_str()),
            (errors::HANDLED_PROPERTY, if occurrence.handled { "true" } else { "false" }),
            (errors::GROUP_PROPERTY, group.as_str()),
        ];
        let tail = Arc::make_mut(self.tail.last_mut().expect("it has the row"));
        let mut group = None;
        for (key, value) in derived {
            if value.is_empty() {
                continue;
            }
            if let Some((key, code)) = self.properties.intern(key, value) {
                tail.set(row, key, code);
                group = Some(code);
            }
        }
        let uuid = uuid::Uuid::from_slice(&event.uuid).unwrap_or_default();
        let (time_ms, received_us) = (event.time_ms, event.received_us);
        let seen = Seen { uuid, visitor, arrival, time_ms, received_us };
        self.errors.see(group.expect("its key is a column from the start"), seen, occurrence);
    }

    /// Returns the number of the last change applied; 0 at the start.
    pub(crate) fn change_number(&self) -> i64 {
        self.change_number
    }

    /// Passes over the next change as if it were applied.
    pub(super) fn skip_change(&mut self) {
        self.change_number += 1;
    }

    /// Applies the next change of identity's.
    ///
    /// # Errors
    /// `Gap` if it is not the next one, `Malformed` if it cannot be read.
    pub(crate) fn apply_change(&mut self, change: &Change) -> Result<(), ApplyError> {
        if change.number != self.change_number + 1 {
            return Err(ApplyError::Gap { expected: self.change_number + 1, found: change.number });
        }
        let malformed = || ApplyError::Malformed("a change names no person");
        match &change.kind {
            Some(change::Kind::Mapping(mapping)) => {
                let person = PersonId::from_bytes(&mapping.person_id).ok_or_else(malformed)?;
                // The mapping may come before the first event; the visitor is then known ahead of it.
                let visitor = self.visitor(&mapping.distinct_id);
                self.persons.map(visitor, person);
            }
            Some(change::Kind::Person(row)) => {
                let person = PersonId::from_bytes(&row.person_id).ok_or_else(malformed)?;
                if row.merged_away {
                    self.persons.drop_person(person);
                } else if self.persons.set_properties(person, &row.properties_json).is_err() {
                    tracing::error!(
                        number = change.number,
                        "properties of a person cannot be read"
                    );
                }
            }
            // What was there was of a person that was erased since, or is of a kind that this version does not know and so
            // changes nothing that it can answer. Erasures themselves are applied by the project.
            Some(change::Kind::Erasure(_)) | None => {}
        }
        self.change_number = change.number;
        Ok(())
    }

    /// Returns all as it is now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            names: self.names.clone(),
            properties: self.properties.clone(),
            persons: self.persons.snapshot(),
            visitors: self.visitors.clone(),
            errors: self.errors.clone(),
            segments: self.segments.clone(),
            tail: self.tail.clone(),
        }
    }

    /// Returns how many persons some different distinct ids are. One that no event and no change named yet is a person of its own;
    /// an illegal one is nobody.
    pub(crate) fn count_persons(&self, distinct_ids: &[String]) -> usize {
        let now = self.persons.snapshot();
        let mut persons = HashSet::new();
        let mut unseen = 0;
        for id in distinct_ids {
            match self.visitors.code(id) {
                Some(visitor) => {
                    persons.insert(now.person_of()[visitor as usize]);
                }
                None => unseen += usize::from(!is_illegal(id)),
            }
        }
        persons.remove(&NOBODY);
        persons.len() + unseen
    }

    /// Returns the code of the name of errors, if there are any.
    pub(super) fn error_name(&self) -> Option<u32> {
        self.names.code(errors::EVENT)
    }

    /// Forgets what errors before a time looked like.
    pub(super) fn forget_errors(&mut self, before_ms: i64) {
        self.errors.forget(before_ms);
    }

    /// Returns how much the tail holds.
    pub(super) fn tail_size(&self) -> TailSize {
        TailSize {
            rows: self.tail.iter().map(|piece| piece.len()).sum(),
            values: self.tail.iter().map(|piece| piece.values()).sum(),
        }
    }

    fn visitor(&mut self, distinct_id: &str) -> u32 {
        let (visitor, is_new) = self.visitors.intern(distinct_id);
        if is_new {
            self.persons.add_visitor(distinct_id);
        }
        visitor
    }
}

/// Hands out the groups that an event names, with the properties that they become. What is no object names none.
fn for_each_group(json: &str, mut each: impl FnMut(&str, &str)) {
    let mut groups = 0;
    // The text is what a parser wrote, so only that it is no object can be wrong with it.
    let _ = for_each_property(json, |group_type, group| {
        groups += 1;
        if groups <= GROUPS_MAX && !group.is_empty() {
            each(&format!("{GROUPS}.{group_type}"), group);
        }
    });
}

/// The properties that are derived of errors. They are columns however many other keys a project has.
const ERROR_PROPERTIES: [&str; 4] = [
    errors::GROUP_PROPERTY,
    errors::TYPE_PROPERTY,
    errors::MESSAGE_PROPERTY,
    errors::HANDLED_PROPERTY,
];

/// Returns whether a property of errors is no column as it was sent: stacks are large and different each time, and what is
/// derived of them stands in the place of what was sent.
fn is_bulky(key: &str) -> bool {
    key == errors::LIST_PROPERTY || key == errors::STACK_PROPERTY || ERROR_PROPERTIES.contains(&key)
}

/// How much a tail holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct TailSize {
    pub(super) rows: usize,
    /// Of properties.
    pub(super) values: usize,
}

/// Returns the piece of the tail that takes the next row.
fn growing(tail: &mut Vec<Arc<Tail>>) -> &mut Tail {
    if tail.last().is_none_or(|last| last.is_full()) {
        tail.push(Arc::new(Tail::new()));
    }
    Arc::make_mut(tail.last_mut().expect("it has a piece"))
}

impl Snapshot {
    /// Returns whether everything is loaded, so that all keys of properties are known.
    pub(crate) fn is_loaded(&self) -> bool {
        self.segments.values().flatten().all(|segment| segment.is_loaded())
    }

    /// Returns all rows: the sealed ones week by week, then the tail; those with a time in `start_ms..end_ms` at least.
    pub(crate) fn segments(&self, start_ms: i64, end_ms: i64) -> Vec<&Segment> {
        let sealed = self.segments.values().flatten().map(Arc::as_ref);
        let touched = |piece: &&Arc<Tail>| {
            piece.rows.min_time_ms < end_ms && piece.rows.max_time_ms >= start_ms
        };
        let tail = self.tail.iter().filter(touched).flat_map(|piece| piece.sorted());
        sealed
            .chain(tail)
            .filter(|one| one.min_time_ms < end_ms && one.max_time_ms >= start_ms)
            .collect()
    }
}
