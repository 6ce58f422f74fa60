//! Who is who: the person of each visitor, and what is known of persons.
//!
//! A visitor is a distinct id. Its rows never change; whose they are is decided here, at the time of the question, so that
//! a merge holds for all history at once.

use std::collections::HashMap;

use observe_core::distinct_id::is_illegal;
use observe_core::{PersonId, ProjectId};
use rustc_hash::FxHashMap;

use super::dictionary::{NOT_SET, ValueDictionary};
use super::properties::for_each_property;
use super::property_set::PropertySet;

/// The person of a visitor whose distinct id is illegal: it counts in totals, never as a person.
pub(crate) const NOBODY: u32 = u32::MAX;

/// The persons of one project, as dense codes.
#[derive(Debug)]
pub(crate) struct Persons {
    project: ProjectId,
    codes: HashMap<PersonId, u32>,
    person_of: Vec<u32>,
    profiles: Profiles,
}

impl Persons {
    /// Starts without any.
    pub(crate) fn new(project: ProjectId) -> Self {
        Self {
            project,
            codes: HashMap::new(),
            person_of: Vec::new(),
            profiles: Profiles::default(),
        }
    }

    /// Takes in the next visitor code, which starts as the person its distinct id makes. That may be a known one: a person
    /// made by `$identify` has the id that its user id alone would have.
    pub(crate) fn add_visitor(&mut self, distinct_id: &str) {
        let person = if is_illegal(distinct_id) {
            NOBODY
        } else {
            self.code(PersonId::of_distinct_id(self.project, distinct_id))
        };
        self.person_of.push(person);
    }

    /// Gives a visitor to a person.
    pub(crate) fn map(&mut self, visitor: u32, person: PersonId) {
        let person = self.code(person);
        let slot = &mut self.person_of[visitor as usize];
        if *slot != NOBODY {
            *slot = person;
        }
    }

    /// Replaces all that is known of a person.
    ///
    /// # Errors
    /// The parser's, if the text is no JSON object.
    pub(crate) fn set_properties(
        &mut self,
        person: PersonId,
        json: &str,
    ) -> Result<(), serde_json::Error> {
        let person = self.code(person);
        self.profiles.replace(person, json)
    }

    /// Forgets what is known of a person that was merged away. Its visitors are mapped to the other one by changes of their
    /// own.
    pub(crate) fn drop_person(&mut self, person: PersonId) {
        let person = self.code(person);
        self.profiles.clear(person);
    }

    /// Returns the person of each visitor code, [`NOBODY`] for illegal ones.
    pub(crate) fn person_of(&self) -> &[u32] {
        &self.person_of
    }

    /// Returns one more than the largest person code.
    pub(crate) fn len(&self) -> usize {
        self.codes.len()
    }

    /// Returns the values of a property and the value code of each person, if the property ever occurred.
    pub(crate) fn property(&self, key: &str) -> Option<(Vec<u32>, &ValueDictionary)> {
        self.profiles.property(key, self.len())
    }

    fn code(&mut self, person: PersonId) -> u32 {
        let next = u32::try_from(self.codes.len()).expect("fewer than 2^32 persons");
        *self.codes.entry(person).or_insert(next)
    }
}

/// Person properties as columns. Only persons with a row of identity's have a place here: most visitors have none.
#[derive(Debug, Default)]
struct Profiles {
    properties: PropertySet,
    row_of: FxHashMap<u32, u32>,
    /// By key code, then by row; shorter than the rows where the last ones have no value.
    columns: Vec<Vec<u32>>,
}

impl Profiles {
    fn replace(&mut self, person: u32, json: &str) -> Result<(), serde_json::Error> {
        self.clear(person);
        let next = u32::try_from(self.row_of.len()).expect("no more rows than persons");
        let row = *self.row_of.entry(person).or_insert(next) as usize;
        let (properties, columns) = (&mut self.properties, &mut self.columns);
        for_each_property(json, |key, value| {
            let (key, code) = properties.intern(key, value);
            if columns.len() <= key as usize {
                columns.resize_with(key as usize + 1, Vec::new);
            }
            let column = &mut columns[key as usize];
            if column.len() <= row {
                column.resize(row + 1, NOT_SET);
            }
            column[row] = code;
        })
    }

    fn clear(&mut self, person: u32) {
        let Some(row) = self.row_of.get(&person) else { return };
        for column in &mut self.columns {
            if let Some(code) = column.get_mut(*row as usize) {
                *code = NOT_SET;
            }
        }
    }

    fn property(&self, key: &str, persons: usize) -> Option<(Vec<u32>, &ValueDictionary)> {
        let (key, values) = self.properties.find(key)?;
        let column = &self.columns[key as usize];
        let mut by_person = vec![NOT_SET; persons];
        for (person, row) in &self.row_of {
            if let Some(code) = column.get(*row as usize) {
                by_person[*person as usize] = *code;
            }
        }
        Some((by_person, values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn project() -> ProjectId {
        ProjectId::new(Uuid::from_u128(9))
    }

    #[test]
    fn a_person_made_by_identify_is_the_person_of_its_user_id() {
        let mut persons = Persons::new(project());
        persons.add_visitor("anon");
        persons.map(0, PersonId::of_distinct_id(project(), "user-1"));
        persons.add_visitor("user-1");
        assert_eq!(persons.person_of()[0], persons.person_of()[1]);
    }

    #[test]
    fn illegal_ids_stay_nobody_whatever_is_said_of_them() {
        let mut persons = Persons::new(project());
        persons.add_visitor("null");
        persons.map(0, PersonId::new(Uuid::from_u128(1)));
        assert_eq!(persons.person_of(), [NOBODY]);
    }

    #[test]
    fn a_profile_is_replaced_whole_and_a_merged_person_has_none() {
        let mut persons = Persons::new(project());
        let ada = PersonId::new(Uuid::from_u128(1));
        persons.set_properties(ada, r#"{"plan":"free","seats":3}"#).expect("an object");
        persons.set_properties(ada, r#"{"plan":"pro"}"#).expect("an object");
        let text = |persons: &Persons, key| {
            let (codes, values) = persons.property(key).expect("it occurred");
            values.value(codes[0]).map(|(text, _)| text.to_owned())
        };
        assert_eq!(text(&persons, "plan").as_deref(), Some("pro"));
        assert_eq!(text(&persons, "seats"), None);
        persons.drop_person(ada);
        assert_eq!(text(&persons, "plan"), None);
    }
}
