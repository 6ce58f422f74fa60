//! Who is whom: the rules by which identity events join distinct ids into persons.
//!
//! Events keep their distinct id for ever; only the mapping from distinct id to person changes. The source is always the
//! other id (the anonymous id, the alias), the target the event's distinct id.

use observe_proto::identity::v1::apply_events_response::Outcome;

use crate::operation::{Kind, Operation, is_illegal};
use crate::person::{MAX_DISTINCT_IDS, People};

/// Applies one operation. A refused one joins nobody; the target, if it is legal, still gets its properties.
pub(crate) fn apply(people: &mut People, operation: &Operation) -> Outcome {
    let (target, at) = (operation.target.as_str(), operation.version);
    if is_illegal(target) {
        return Outcome::RefusedIllegalId;
    }
    let outcome = match &operation.kind {
        Kind::Group(_) | Kind::Properties => Outcome::Applied,
        Kind::Identify { anonymous } => {
            // Whatever becomes of the anonymous id, a legal user id makes its person a known one.
            people.ensure_person(target, at.0);
            people.see(target, at.0);
            let outcome = match anonymous {
                Some(source) => join(people, source, operation, KnownSource::Refuse),
                None => Outcome::Applied,
            };
            people.identify_by(target);
            outcome
        }
        Kind::Alias(source) => join(people, source, operation, KnownSource::Refuse),
        Kind::Merge { trusted: false, .. } => Outcome::RefusedUntrusted,
        Kind::Merge { alias: source, trusted: true } | Kind::Persons { source } => {
            join(people, source, operation, KnownSource::Merge)
        }
    };
    if !operation.properties.is_empty() {
        people.change_properties(target, &operation.properties, at);
    }
    outcome
}

/// What to do when the source is a known person of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KnownSource {
    Refuse,
    Merge,
}

/// Makes the source the same person as the target, which is marked as known.
fn join(people: &mut People, source: &str, operation: &Operation, known: KnownSource) -> Outcome {
    let (target, at) = (operation.target.as_str(), operation.version);
    if is_illegal(source) {
        return Outcome::RefusedIllegalId;
    }
    if source == target {
        return Outcome::Applied;
    }
    let source_person = people.person_of(source);
    let target_person = people.person_of(target);
    if source_person.is_some() && source_person == target_person {
        people.ensure_person(target, at.0);
        people.see(target, at.0);
        return Outcome::Applied;
    }
    let source_row = source_person.and_then(|id| people.person(id));
    if known == KnownSource::Refuse && source_row.is_some_and(|person| person.identified) {
        return Outcome::RefusedIdentified;
    }
    let ids_of = |person| people.person(person).map_or(0, |person| person.distinct_ids.len());
    if source_person.map_or(1, ids_of) + target_person.map_or(1, ids_of) > MAX_DISTINCT_IDS {
        return Outcome::RefusedTooManyIds;
    }
    people.ensure_person(target, at.0);
    people.merge(source, target, at, operation.cause());
    Outcome::Applied
}

#[cfg(test)]
#[path = "merge/tests.rs"]
mod tests;
