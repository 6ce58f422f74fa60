//! Whose a distinct id was at one moment, without the events: what an export asks for a long time, so that it holds no segment.

use observe_core::distinct_id::is_illegal;
use observe_core::{PersonId, ProjectId};

use super::columns::Snapshot;
use super::dictionary::Dictionary;
use super::persons::{NOBODY, PersonsSnapshot};

/// Who was who at one moment.
#[derive(Clone, Debug)]
pub(crate) struct People {
    project: ProjectId,
    visitors: Dictionary,
    persons: PersonsSnapshot,
}

impl People {
    /// Keeps who is who in a snapshot of the project.
    pub(crate) fn of(project: ProjectId, now: &Snapshot) -> Self {
        Self { project, visitors: now.visitors.clone(), persons: now.persons.clone() }
    }

    /// Returns the person of a distinct id; `None` for an illegal one, which is nobody. One that was not known at that moment is the
    /// person that it makes by itself.
    pub(crate) fn person(&self, distinct_id: &str) -> Option<PersonId> {
        match self.visitors.code(distinct_id) {
            Some(visitor) => {
                let person = self.persons.person_of()[visitor as usize];
                (person != NOBODY).then(|| self.persons.id(person))
            }
            None if is_illegal(distinct_id) => None,
            None => Some(PersonId::of_distinct_id(self.project, distinct_id)),
        }
    }
}
