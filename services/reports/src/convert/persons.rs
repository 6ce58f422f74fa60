//! The persons behind a number: what every list of them has in common.

use observe_core::PersonId;
use observe_core::Violations;
use observe_proto::identity::v1::Person;
use prost_types::Struct;

use super::shared::or_default;
use crate::behind::BehindPerson;

const PAGE_SIZE_DEFAULT: usize = 100;
/// How many persons a page may have; identity answers no more at once.
const PAGE_SIZE: std::ops::RangeInclusive<usize> = 1..=200;

/// Reads how many persons a page has.
pub(crate) fn page_size(number: i32, violations: &mut Violations) -> usize {
    or_default(number, PAGE_SIZE, PAGE_SIZE_DEFAULT, "page_size", violations)
}

/// Writes persons in the order of the page: those with a row as identity keeps them, the others as `GetPerson` answers a
/// distinct id without a row.
pub(crate) fn persons(page: Vec<BehindPerson>, stored: Vec<Person>) -> Vec<Person> {
    let mut stored: Vec<(Option<PersonId>, Person)> =
        stored.into_iter().map(|person| (PersonId::parse(&person.id), person)).collect();
    let person = |unit: BehindPerson| match stored.iter().position(|(id, _)| *id == Some(unit.id)) {
        Some(at) => stored.swap_remove(at).1,
        None => Person {
            id: unit.id.to_string(),
            distinct_ids: unit.distinct_ids,
            properties: Some(Struct::default()),
            created_time: None,
            identified: false,
        },
    };
    page.into_iter().map(person).collect()
}
