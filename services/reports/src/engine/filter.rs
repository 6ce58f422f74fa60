//! Filters on columns: each condition is decided once for each different value, and rows then compare codes, block by block.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use uuid::Uuid;

use super::bound::Bound;
use super::person_set::PersonSet;
use super::plan::Keys;
use super::selection::Selection;
use super::sessions::SessionTable;
use super::view::View;
use crate::activity::SESSION_ID;
use crate::projection::{NOBODY, NOT_SET, Snapshot, Unpacked, ValueDictionary};
use crate::query::{Condition, Filter, Scope, ValueTest};

/// A filter, made ready for one project's columns.
pub(super) enum CompiledFilter<'a> {
    All(Vec<CompiledFilter<'a>>),
    Any(Vec<CompiledFilter<'a>>),
    /// The property's place among the keys that are read; `None` for one that no event of the project ever had.
    Event(Option<usize>, ValueTable<'a>),
    /// The persons that pass.
    Person(PersonTable),
    /// The place of what names the session, likewise; and the sessions that pass.
    Session(Option<usize>, SessionTable),
}

impl<'a> CompiledFilter<'a> {
    /// Makes a filter ready, and notes which properties it reads.
    pub(super) fn new(filter: &'a Filter, view: &View<'a>, keys: &mut Keys) -> Self {
        match filter {
            Filter::All(all) => Self::All(Self::parts(all, view, keys)),
            // Without parts it selects everything, as an empty filter does.
            Filter::Any(any) if any.is_empty() => Self::All(Vec::new()),
            Filter::Any(any) => Self::Any(Self::parts(any, view, keys)),
            Filter::Condition(condition) => Self::condition(condition, view, keys),
        }
    }

    fn parts(parts: &'a [Filter], view: &View<'a>, keys: &mut Keys) -> Vec<Self> {
        parts.iter().map(|part| Self::new(part, view, keys)).collect()
    }

    fn condition(condition: &'a Condition, view: &View<'a>, keys: &mut Keys) -> Self {
        let columns = view.columns;
        match condition.scope {
            Scope::Event => {
                let (key, values) = columns.properties.find(&condition.property).unzip();
                let place = key.map(|key| keys.place(key));
                Self::Event(place, ValueTable::new(&condition.test, values))
            }
            Scope::Cohort => Self::Person(PersonTable::of_cohorts(&condition.test, view)),
            Scope::Session => {
                let column = view.sessions.column(&condition.property, view).unwrap_or_default();
                let place = columns.properties.find(SESSION_ID).map(|(key, _)| keys.place(key));
                let table = ValueTable::new(&condition.test, Some(column.values()));
                let sessions = SessionTable::new(Arc::clone(&column), |code| table.passes(code));
                Self::Session(place, sessions)
            }
            Scope::Person => {
                let (key, values) = columns.persons.property(&condition.property).unzip();
                let table = ValueTable::new(&condition.test, values);
                Self::Person(PersonTable::new(key, &table, columns))
            }
        }
    }

    /// Returns whether it selects every row, whatever there is.
    pub(super) fn is_everything(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    /// Selects among the rows of a block.
    pub(super) fn select(&self, block: &Bound<'_>, rows: std::ops::Range<usize>) -> Selection {
        match self {
            Self::All(parts) => {
                let mut all = Selection::Everything;
                for part in parts {
                    all = all.and(part.select(block, rows.clone()));
                    if matches!(all, Selection::Nothing) {
                        break;
                    }
                }
                all
            }
            Self::Any(parts) => {
                let mut any = Selection::Nothing;
                for part in parts {
                    any = any.or(part.select(block, rows.clone()));
                    if matches!(any, Selection::Everything) {
                        break;
                    }
                }
                any
            }
            Self::Event(place, table) => match place.and_then(|place| block.column(place)) {
                Some(codes) => table.select(codes, rows),
                None => Selection::of(table.passes(NOT_SET)),
            },
            Self::Session(place, table) => match place.and_then(|place| block.column(place)) {
                Some(codes) => Selection::by_row(rows.map(|row| codes.get(row)), |session| {
                    table.passes(session)
                }),
                None => Selection::of(table.passes(NOT_SET)),
            },
            Self::Person(table) => {
                let persons = block.persons(rows);
                Selection::by_row(persons, |person| table.passes(person))
            }
        }
    }
}

/// Returns the persons whose property passes, and whether those without it do.
pub(super) fn persons_that_pass(condition: &Condition, columns: &Snapshot) -> (PersonSet, bool) {
    let (key, values) = columns.persons.property(&condition.property).unzip();
    let table = ValueTable::new(&condition.test, values);
    let PersonTable { bits, nobody } = PersonTable::new(key, &table, columns);
    (PersonSet::of_bits(bits), nobody)
}

/// Which persons pass: a bit each, since a question may have many conditions and a project many persons.
pub(super) struct PersonTable {
    bits: Vec<u64>,
    /// What holds for nobody, who has no properties.
    nobody: bool,
}

impl PersonTable {
    fn new(key: Option<u32>, table: &ValueTable<'_>, columns: &Snapshot) -> Self {
        let nobody = table.passes(NOT_SET);
        let start = if nobody { u64::MAX } else { 0 };
        let mut bits = vec![start; columns.persons.len().div_ceil(64)];
        if let Some(key) = key {
            columns.persons.each_value(key, |person, code| {
                if table.passes(code) != nobody {
                    bits[person as usize / 64] ^= 1 << (person % 64);
                }
            });
        }
        Self { bits, nobody }
    }

    /// Tells who is in one of the cohorts whose ids the test names, or in none of them. Nobody is in none.
    fn of_cohorts(test: &ValueTest, view: &View<'_>) -> Self {
        let (ids, nobody) = match test {
            ValueTest::NotIn(ids) => (Some(ids), true),
            ValueTest::In(ids) => (Some(ids), false),
            _ => (None, false),
        };
        let persons = view.columns.persons.len();
        let start = if nobody { u64::MAX } else { 0 };
        let mut bits = vec![start; persons.div_ceil(64)];
        let cohorts = ids.into_iter().flatten().filter_map(|id| Uuid::parse_str(id).ok());
        for cohort in cohorts.filter_map(|id| view.cohorts?.get(id)) {
            for (word, members) in bits.iter_mut().zip(cohort.persons.words(persons)) {
                *word = if nobody { *word & !members } else { *word | members };
            }
        }
        Self { bits, nobody }
    }

    #[inline]
    fn passes(&self, person: u32) -> bool {
        if person == NOBODY {
            return self.nobody;
        }
        self.bits[person as usize / 64] >> (person % 64) & 1 == 1
    }
}

const UNKNOWN: u8 = 0;
const FAILS: u8 = 1;
const PASSES: u8 = 2;

/// What is known of each value of a property: whether it passes. Found out when first asked, since most questions meet
/// only some of the values.
pub(super) struct ValueTable<'a> {
    test: &'a ValueTest,
    values: Option<&'a ValueDictionary>,
    /// By value code.
    known: Vec<AtomicU8>,
    /// The one value that passes, or the one that fails, where there is no more than one of either.
    odd_one: Option<(u32, bool)>,
}

impl<'a> ValueTable<'a> {
    fn new(test: &'a ValueTest, values: Option<&'a ValueDictionary>) -> Self {
        let codes = values.map_or(1, ValueDictionary::value_codes);
        // Sets name their values, so the dictionary tells which codes are in them without a look at the others.
        let (start, listed) = match test {
            ValueTest::In(texts) => (FAILS, Some((texts, PASSES))),
            ValueTest::NotIn(texts) => (PASSES, Some((texts, FAILS))),
            _ => (UNKNOWN, None),
        };
        let known = std::iter::repeat_with(|| AtomicU8::new(start)).take(codes).collect();
        let mut table = Self { test, values, known, odd_one: None };
        if let (Some((texts, verdict)), Some(values)) = (listed, values) {
            let listed: Vec<_> = texts.iter().filter_map(|text| values.code(text)).collect();
            for code in &listed {
                table.known[*code as usize].store(verdict, Ordering::Relaxed);
            }
            if let [code] = listed.as_slice() {
                table.odd_one = Some((*code, verdict == PASSES));
            }
        }
        table
    }

    /// Returns whether a value passes.
    #[inline]
    pub(super) fn passes(&self, code: u32) -> bool {
        match self.known[code as usize].load(Ordering::Relaxed) {
            UNKNOWN => self.find_out(code),
            verdict => verdict == PASSES,
        }
    }

    #[cold]
    fn find_out(&self, code: u32) -> bool {
        let passes = self.test.passes(self.values.and_then(|values| values.value(code)));
        self.known[code as usize].store(if passes { PASSES } else { FAILS }, Ordering::Relaxed);
        passes
    }

    /// Selects the rows whose values pass.
    fn select(&self, codes: &Unpacked, rows: std::ops::Range<usize>) -> Selection {
        match codes {
            Unpacked::Same(code) => Selection::of(self.passes(*code)),
            Unpacked::U8(codes) => self.select_of(&codes[rows]),
            Unpacked::U16(codes) => self.select_of(&codes[rows]),
            Unpacked::U32(codes) => self.select_of(&codes[rows]),
            Unpacked::I64(_) => unreachable!("a property has codes"),
        }
    }

    fn select_of<T: Copy + Into<u32>>(&self, codes: &[T]) -> Selection {
        match self.odd_one {
            Some((odd, passes)) => {
                Selection::by_value(codes, |code| (code.into() == odd) == passes)
            }
            None => Selection::by_value(codes, |code| self.passes(code.into())),
        }
    }
}
