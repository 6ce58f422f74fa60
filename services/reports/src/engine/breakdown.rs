//! Breakdowns: which value a row or a person has, and which values are told apart.

use crate::projection::{Column, NOBODY, NOT_SET, Slice, Snapshot, ValueDictionary};
use crate::query::{Breakdown, NONE_LABEL, OTHER_LABEL, Scope};

/// Where the values of a breakdown come from, for one project's columns.
pub(super) struct ValueSource<'a> {
    values: Option<&'a ValueDictionary>,
    kind: SourceKind,
    /// The code of a value that reads as a missing one does, and counts as one, so that no two lines have one label.
    reads_none: u32,
}

/// A code that no value has.
const NO_CODE: u32 = u32::MAX;

enum SourceKind {
    Event(Option<u32>),
    Person(Vec<u32>),
}

impl<'a> ValueSource<'a> {
    /// Finds the property.
    pub(super) fn new(breakdown: &Breakdown, columns: &'a Snapshot) -> Self {
        let (kind, values) = match breakdown.scope {
            Scope::Event => {
                let (key, values) = columns.properties.find(&breakdown.property).unzip();
                (SourceKind::Event(key), values)
            }
            // Not read by `convert` yet.
            Scope::Session | Scope::Cohort => (SourceKind::Event(None), None),
            Scope::Person => {
                let (key, values) = columns.persons.property(&breakdown.property).unzip();
                let mut by_person = vec![NOT_SET; key.map_or(0, |_| columns.persons.len())];
                if let Some(key) = key {
                    columns.persons.each_value(key, |person, code| {
                        by_person[person as usize] = code;
                    });
                }
                (SourceKind::Person(by_person), values)
            }
        };
        let reads_none = values.and_then(|values| values.code(NONE_LABEL)).unwrap_or(NO_CODE);
        Self { values, kind, reads_none }
    }

    /// Returns one more than the largest value code.
    pub(super) fn value_codes(&self) -> usize {
        self.values.map_or(1, ValueDictionary::value_codes)
    }

    /// Binds the source to the columns of one slice.
    pub(super) fn bind<'b>(&'b self, slice: Slice<'b>) -> RowValue<'b> {
        match &self.kind {
            SourceKind::Event(key) => match key.and_then(|key| slice.rows().columns.get(&key)) {
                Some(column) => RowValue::Event(column, self.reads_none),
                None => RowValue::NotSet,
            },
            SourceKind::Person(by_person) => RowValue::Person(by_person, self.reads_none),
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
    /// With the code that counts as missing.
    Event(&'a Column, u32),
    /// By person; with the code that counts as missing.
    Person(&'a [u32], u32),
}

impl RowValue<'_> {
    /// Returns the value code of a row.
    #[inline]
    pub(super) fn get(&self, row: usize, person: u32) -> u32 {
        let (code, reads_none) = match self {
            Self::NotSet => return NOT_SET,
            Self::Event(column, reads_none) => (column.get(row), reads_none),
            Self::Person(..) if person == NOBODY => return NOT_SET,
            Self::Person(by_person, reads_none) => {
                (by_person.get(person as usize).copied().unwrap_or(NOT_SET), reads_none)
            }
        };
        if code == *reads_none { NOT_SET } else { code }
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
    /// Ranks the values by their totals, which are given by value code; values with a total of 0 have no place. A value that
    /// reads `$other` is one of the others, so that no two lines have one label.
    pub(super) fn new(totals: &[u64], source: &ValueSource<'_>, limit: usize) -> Self {
        let occurred = (0_u32..).zip(totals.iter().copied()).filter(|(_, total)| *total > 0);
        let (mut others, mut ranked): (Vec<_>, Vec<_>) =
            occurred.partition(|(code, _)| source.label(*code) == OTHER_LABEL);
        ranked.sort_by(|(a, a_total), (b, b_total)| {
            b_total.cmp(a_total).then_with(|| source.label(*a).cmp(source.label(*b)))
        });
        others.extend(ranked.drain(limit.min(ranked.len())..));
        let mut labels: Vec<_> =
            ranked.iter().map(|(code, _)| source.label(*code).to_owned()).collect();
        let mut slots = vec![NO_SLOT; totals.len()];
        for (slot, (code, _)) in (0_u32..).zip(&ranked) {
            slots[*code as usize] = slot;
        }
        let last = u32::try_from(labels.len()).expect("the limit is at most 100");
        if !others.is_empty() {
            labels.push(OTHER_LABEL.to_owned());
        }
        for (code, _) in others {
            slots[code as usize] = last;
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
