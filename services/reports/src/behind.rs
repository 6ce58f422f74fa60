//! Who is behind a number: the persons, or the groups, that an answer counted, page by page.

use observe_core::PersonId;

/// The most distinct ids that are told of each person.
pub const DISTINCT_IDS_MAX: usize = 100;

/// Which page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Where the page before ended, as [`Behind::next`] said; `None` for the first page.
    pub after: Option<Vec<u8>>,
    /// How many there are on a page at most, 1-200.
    pub size: usize,
}

/// One page of who is behind a number. The order is that of the ids or keys themselves, which stay what they are while
/// events come, so no page repeats what another had, and none leaves out who was there from the first to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Who is on the page.
    pub units: BehindUnits,
    /// How many there are on all pages together.
    pub total: u64,
    /// Where the next page goes on; `None` on the last.
    pub next: Option<Vec<u8>>,
}

/// Those on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BehindUnits {
    /// Persons, by id.
    Persons(Vec<BehindPerson>),
    /// The keys of groups, by text.
    Groups(Vec<String>),
}

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BehindPerson {
    /// Its id.
    pub id: PersonId,
    /// Its distinct ids, in the order they became known; at most [`DISTINCT_IDS_MAX`].
    pub distinct_ids: Vec<String>,
}
