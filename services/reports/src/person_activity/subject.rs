//! Whose events are meant, on the first page and on those after it.

use observe_core::PersonId;
use observe_proto::events::v1::EventFilter;
use observe_proto::identity::v1::Person;

/// By which id a request names a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// The person's id, or that of one that became the person.
    Person(PersonId),
    /// One of the person's distinct ids.
    DistinctId(String),
}

impl Named {
    /// Returns what a page token is bound to.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Person(id) => [&[0], &id.to_bytes()[..]].concat(),
            Self::DistinctId(id) => [&[1], id.as_bytes()].concat(),
        }
    }
}

/// Whose events are listed, from the first page to the last. A person stays who it is by its id: of one that is merged
/// meanwhile, the pages that are left are those of the person it became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// All distinct ids of a person with a row.
    Person(PersonId),
    /// The one distinct id that has no row.
    DistinctId(String),
}

impl Subject {
    /// Decides it by the person that identity answered for the name; `None` if that has no id, which it always has.
    pub(crate) fn new(named: &Named, person: &Person) -> Option<Self> {
        Some(match named {
            Named::Person(id) => Self::Person(*id),
            Named::DistinctId(_) if has_row(person) => Self::Person(PersonId::parse(&person.id)?),
            Named::DistinctId(id) => Self::DistinctId(id.clone()),
        })
    }

    /// Returns which events are meant.
    pub(crate) fn filter(&self) -> EventFilter {
        match self {
            Self::Person(id) => EventFilter { person_id: id.to_string(), ..Default::default() },
            Self::DistinctId(id) => {
                EventFilter { distinct_ids: vec![id.clone()], ..Default::default() }
            }
        }
    }
}

/// Whether identity keeps the person: only then it knows since when.
pub(crate) fn has_row(person: &Person) -> bool {
    person.created_time.is_some()
}

/// Where a list of a person's events goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Whose events they are.
    pub(crate) subject: Subject,
    /// The page token of the list that events keeps.
    pub(crate) events_token: String,
}

impl Place {
    /// Returns the bytes that go into a page token of a list that was asked for by this name.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let id = match &self.subject {
            Subject::Person(id) => id.to_bytes(),
            Subject::DistinctId(_) => vec![0; 16],
        };
        [&id[..], self.events_token.as_bytes()].concat()
    }

    /// Reads them back.
    pub(crate) fn from_bytes(named: &Named, bytes: &[u8]) -> Option<Self> {
        let (id, token) = bytes.split_at_checked(16)?;
        let subject = match named {
            Named::DistinctId(distinct_id) if id == [0; 16] => {
                Subject::DistinctId(distinct_id.clone())
            }
            _ => Subject::Person(PersonId::from_bytes(id)?),
        };
        Some(Self { subject, events_token: String::from_utf8(token.to_vec()).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_place_survives_a_page_token() {
        let person = PersonId::new(Uuid::from_u128(7));
        let by_id = Named::Person(person);
        let by_distinct_id = Named::DistinctId("ada".into());
        let cases = [
            (&by_id, Subject::Person(person)),
            (&by_distinct_id, Subject::Person(person)),
            (&by_distinct_id, Subject::DistinctId("ada".into())),
        ];
        for (named, subject) in cases {
            let place = Place { subject, events_token: "token".into() };
            assert_eq!(Place::from_bytes(named, &place.to_bytes()), Some(place));
        }
        assert_eq!(Place::from_bytes(&by_id, &[1, 2]), None);
    }
}
