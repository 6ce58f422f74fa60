//! Finding the person that an explanation is for.

use super::view::View;
use crate::explained_person::ExplainedPerson;
use crate::projection::NOBODY;

/// Returns the person's code; `None` if the columns do not know it.
pub(super) fn find(view: &View<'_>, person: &ExplainedPerson) -> Option<u32> {
    let persons = &view.columns.persons;
    match person {
        ExplainedPerson::WithDistinctIds(ids) => {
            let visitors = ids.iter().filter_map(|id| view.columns.visitors.code(id));
            visitors
                .map(|visitor| persons.person_of()[visitor as usize])
                .find(|person| *person != NOBODY)
        }
        ExplainedPerson::WithId(id) => {
            let codes = 0..u32::try_from(persons.len()).expect("persons are counted in 32 bits");
            codes.into_iter().find(|code| persons.id(*code) == *id)
        }
    }
}
