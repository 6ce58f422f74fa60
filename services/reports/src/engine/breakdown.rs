//! Breakdowns: which value a row or a person has. Which values are told apart says [`super::ranking`].

use std::ops::Range;
use std::sync::Arc;

use super::bound::Bound;
use super::sessions::SessionColumn;
use super::view::View;
use crate::activity::SESSION_ID;
use crate::projection::{NOBODY, NOT_SET, Unpacked, ValueDictionary};
use crate::query::{NONE_LABEL, Scope};

/// Where the values of a property come from, for one project's columns.
pub(super) struct ValueSource<'a> {
    /// Of properties of events and persons.
    values: Option<&'a ValueDictionary>,
    kind: SourceKind,
    /// The code of a value that reads as a missing one does, and counts as one, so that no two lines have one label.
    reads_none: u32,
}

/// A code that no value has.
const NO_CODE: u32 = u32::MAX;

enum SourceKind {
    /// The key's code; `None` for a property that no event ever had.
    Event(Option<u32>),
    /// Value codes by person.
    Person(Vec<u32>),
    /// The key's code of what names the session, likewise; and value codes by session.
    Session(Option<u32>, Arc<SessionColumn>),
}

impl<'a> ValueSource<'a> {
    /// Finds the property.
    pub(super) fn new(scope: Scope, property: &str, view: &View<'a>) -> Self {
        let columns = view.columns;
        let (kind, values) = match scope {
            Scope::Event => {
                let (key, values) = columns.properties.find(property).unzip();
                (SourceKind::Event(key), values)
            }
            // A person may be in several: `cohort_breakdown` asks once for each instead.
            Scope::Cohort => (SourceKind::Event(None), None),
            Scope::Session => {
                let key = columns.properties.find(SESSION_ID).map(|(key, _)| key);
                let column = view.sessions.column(property, view).unwrap_or_default();
                (SourceKind::Session(key, column), None)
            }
            Scope::Person => {
                let (key, values) = columns.persons.property(property).unzip();
                let mut by_person = vec![NOT_SET; key.map_or(0, |_| columns.persons.len())];
                if let Some(key) = key {
                    columns.persons.each_value(key, |person, code| {
                        by_person[person as usize] = code;
                    });
                }
                (SourceKind::Person(by_person), values)
            }
        };
        let mut source = Self { values, kind, reads_none: NO_CODE };
        let reads_none = source.values().and_then(|values| values.code(NONE_LABEL));
        source.reads_none = reads_none.unwrap_or(NO_CODE);
        source
    }

    fn values(&self) -> Option<&ValueDictionary> {
        match &self.kind {
            SourceKind::Session(_, column) => Some(column.values()),
            SourceKind::Event(_) | SourceKind::Person(_) => self.values,
        }
    }

    /// Returns one more than the largest value code.
    pub(super) fn value_codes(&self) -> usize {
        self.values().map_or(1, ValueDictionary::value_codes)
    }

    /// Returns the text to show for a value code.
    pub(super) fn label(&self, code: u32) -> &str {
        self.values().and_then(|values| values.value(code)).map_or(NONE_LABEL, |(text, _)| text)
    }

    /// Returns the number that a value code reads as; NaN if it is none.
    pub(super) fn number(&self, code: u32) -> f64 {
        self.values().and_then(|values| values.value(code)).map_or(f64::NAN, |(_, number)| number)
    }

    /// Returns the code of the event property that is read; `None` for others.
    pub(super) fn key(&self) -> Option<u32> {
        match self.kind {
            SourceKind::Event(key) | SourceKind::Session(key, _) => key,
            SourceKind::Person(_) => None,
        }
    }

    /// Fills in the value codes of rows; `codes` are those of the event property.
    pub(super) fn fill(
        &self,
        codes: Option<&Unpacked>,
        bound: &Bound<'_>,
        rows: Range<usize>,
        to: &mut Vec<u32>,
    ) {
        to.clear();
        match &self.kind {
            SourceKind::Event(_) => match codes {
                None => to.resize(rows.len(), NOT_SET),
                Some(Unpacked::Same(code)) => to.resize(rows.len(), *code),
                Some(Unpacked::U8(codes)) => to.extend(codes[rows].iter().copied().map(u32::from)),
                Some(Unpacked::U16(codes)) => to.extend(codes[rows].iter().copied().map(u32::from)),
                Some(Unpacked::U32(codes)) => to.extend_from_slice(&codes[rows]),
                Some(Unpacked::I64(_)) => unreachable!("a property has codes"),
            },
            SourceKind::Session(_, column) => match codes {
                None => to.resize(rows.len(), NOT_SET),
                Some(codes) => to.extend(rows.map(|row| column.code(codes.get(row)))),
            },
            SourceKind::Person(by_person) => {
                let value = |person| match person {
                    NOBODY => NOT_SET,
                    person => by_person.get(person as usize).copied().unwrap_or(NOT_SET),
                };
                to.extend(bound.persons(rows).map(value));
            }
        }
        if self.reads_none != NO_CODE {
            for code in to.iter_mut().filter(|code| **code == self.reads_none) {
                *code = NOT_SET;
            }
        }
    }
}
