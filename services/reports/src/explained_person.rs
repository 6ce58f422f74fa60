//! Whom an explanation is for.

use observe_core::PersonId;

/// A person, named so that the columns can find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExplainedPerson {
    /// Who has these distinct ids; the first one that the columns know decides. Without one, a person without events.
    WithDistinctIds(Vec<String>),
    /// Who has this id, though identity keeps no row of it: a visitor that was never identified.
    WithId(PersonId),
}
