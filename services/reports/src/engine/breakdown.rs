//! Breakdowns: which value a row or a person has, and which values are told apart.

use crate::projection::{Column, NOT_SET, ProjectColumns, Slice, ValueDictionary};
use crate::query::{Breakdown, NONE_LABEL, OTHER_LABEL, Scope};

use super::filter::value_of_person;

/// Where the values of a breakdown come from, for one project's columns.
pub(super) struct ValueSource<'a> {
    values: Option<&'a ValueDictionary>,
    kind: SourceKind,
}

enum SourceKind {
    Event(Option<u32>),
    Person(Vec<u32>),
}

impl<'a> ValueSource<'a> {
    /// Finds the property.
    pub(super) fn new(breakdown: &Breakdown, columns: &'a ProjectColumns) -> Self {
        match breakdown.scope {
            Scope::Event => {
                let (key, values) = columns.properties.find(&breakdown.property).unzip();
                Self { values, kind: SourceKind::Event(key) }
            }
            Scope::Person => {
                let (codes, values) = columns.persons.property(&breakdown.property).unzip();
                Self { values, kind: SourceKind::Person(codes.unwrap_or_default()) }
            }
        }
    }

    /// Returns one more than the largest value code.
    pub(super) fn value_codes(&self) -> usize {
        self.values.map_or(1, ValueDictionary::value_codes)
    }

    /// Binds the source to the columns of one slice.
    pub(super) fn bind<'b>(&'b self, slice: Slice<'b>) -> RowValue<'b> {
        match &self.kind {
            SourceKind::Event(key) => match key.and_then(|key| slice.rows().columns.get(&key)) {
                Some(column) => RowValue::Event(column),
                None => RowValue::NotSet,
            },
            SourceKind::Person(by_person) => RowValue::Person(by_person),
        }
    }

    /// Returns the text to show for a value code.
    fn label(&self, code: u32) -> &str {
        self.values.and_then(|values| values.value(code)).map_or(NONE_LABEL, |(text, _)| text)
    }
}

/// The value of each row of one slice.
pub(super) enum RowValue<'a> {
    NotSet,
    Event(&'a Column),
    Person(&'a [u32]),
}

impl RowValue<'_> {
    /// Returns the value code of a row.
    #[inline]
    pub(super) fn get(&self, row: usize, person: u32) -> u32 {
        match self {
            Self::NotSet => NOT_SET,
            Self::Event(column) => column.get(row),
            Self::Person(by_person) => value_of_person(by_person, person),
        }
    }
}

/// The values that are told apart, the largest first, and where the others go.
pub(super) struct Ranking {
    /// The texts of the slots, `$other` last if there is one.
    pub(super) labels: Vec<String>,
    /// By value code.
    slots: Vec<u32>,
}

/// The slot of a value code that did not occur.
const NO_SLOT: u32 = u32::MAX;

impl Ranking {
    /// Ranks the values by their totals, which are given by value code; values with a total of 0 have no place.
    pub(super) fn new(totals: &[u64], source: &ValueSource<'_>, limit: usize) -> Self {
        let mut ranked: Vec<(u32, u64)> =
            (0_u32..).zip(totals.iter().copied()).filter(|(_, total)| *total > 0).collect();
        ranked.sort_by(|(a, a_total), (b, b_total)| {
            b_total.cmp(a_total).then_with(|| source.label(*a).cmp(source.label(*b)))
        });
        let mut labels = Vec::with_capacity(ranked.len().min(limit) + 1);
        let mut slots = vec![NO_SLOT; totals.len()];
        for (place, (code, _)) in ranked.iter().enumerate() {
            if place < limit {
                labels.push(source.label(*code).to_owned());
            } else if place == limit {
                labels.push(OTHER_LABEL.to_owned());
            }
            let slot = u32::try_from(place.min(limit)).expect("the limit is at most 100");
            slots[*code as usize] = slot;
        }
        Self { labels, slots }
    }

    /// Returns the slot of a value code; `None` for one with a total of 0.
    #[inline]
    pub(super) fn slot(&self, code: u32) -> Option<usize> {
        let slot = self.slots[code as usize];
        (slot != NO_SLOT).then_some(slot as usize)
    }
}
