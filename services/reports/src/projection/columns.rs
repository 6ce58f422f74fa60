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
use super::gathered::Gathered;
use super::persons::{NOBODY, Persons, PersonsSnapshot};
use super::property_set::PropertySet;
use super::retention::Kept;
use super::segment::Segment;
use super::tail::Tail;
use crate::errors::{self, Occurrence};
use crate::query::Scope;

/// The property in which an event names its groups, by their types. Each becomes a column of its own, `$groups.<type>`.
pub(crate) const GROUPS: &str = "$groups";

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
        let is_kept = |event: &&AcceptedEvent| event.time_ms >= self.kept.kept_from_ms(&event.name);
        let events: Vec<_> = events.iter().filter(is_kept).collect();
        let names = self.names.intern_all(events.iter().map(|event| event.name.as_str()), |_| ());
        let distinct_ids = events.iter().map(|event| event.distinct_id.as_str());
        let visitors = self.visitors.intern_all(distinct_ids, |new| self.persons.add_visitor(new));
        let mut gathered = Gathered::default();
        for (event, (name, visitor)) in events.into_iter().zip(names.into_iter().zip(visitors)) {
            if self.tail.last().is_none_or(|last| last.is_full()) {
                self.write(&mut gathered);
                self.tail.push(Arc::new(Tail::new()));
            }
            let arrival = event.received_us.saturating_add(i64::from(event.index));
            let row = self.growing().push(name, visitor, event.time_ms, arrival);
            gathered.add_event(&mut self.properties, event, row);
            // What is derived of errors is written at once, in the order of rows.
            let is_error = event.name == errors::EVENT;
            if is_error || gathered.is_full() {
                self.write(&mut gathered);
            }
            if is_error {
                self.append_error(event, row, (visitor, arrival));
            }
        }
        self.write(&mut gathered);
        self.errors.settle();
    }

    /// Returns the piece of the tail that takes the next row.
    fn growing(&mut self) -> &mut Tail {
        Arc::make_mut(self.tail.last_mut().expect("it has a piece"))
    }

    fn write(&mut self, gathered: &mut Gathered<'_>) {
        if let Some(last) = self.tail.last_mut() {
            gathered.write_to(Arc::make_mut(last), &mut self.properties);
        }
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

/// The properties that are derived of errors. They are columns however many other keys a project has.
pub(super) const ERROR_PROPERTIES: [&str; 4] = [
    errors::GROUP_PROPERTY,
    errors::TYPE_PROPERTY,
    errors::MESSAGE_PROPERTY,
    errors::HANDLED_PROPERTY,
];

/// How much a tail holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct TailSize {
    pub(super) rows: usize,
    /// Of properties.
    pub(super) values: usize,
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
