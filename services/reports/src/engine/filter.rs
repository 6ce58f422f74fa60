//! Filters on columns: each condition is decided once for each different value, and rows then compare codes.

use std::cell::Cell;

use crate::projection::{Column, NOBODY, NOT_SET, Slice, Snapshot, ValueDictionary};
use crate::query::{Condition, Filter, Scope, ValueTest};

/// A filter, made ready for one project's columns.
pub(super) enum CompiledFilter<'a> {
    All(Vec<CompiledFilter<'a>>),
    Any(Vec<CompiledFilter<'a>>),
    /// The key's code; `None` for a property that no event of the project ever had.
    Event(Option<u32>, ValueTable<'a>),
    /// The persons that pass.
    Person(PersonTable),
}

impl<'a> CompiledFilter<'a> {
    /// Makes a filter ready.
    pub(super) fn new(filter: &'a Filter, columns: &'a Snapshot) -> Self {
        let parts =
            |parts: &'a [Filter]| parts.iter().map(|part| Self::new(part, columns)).collect();
        match filter {
            Filter::All(all) => Self::All(parts(all)),
            // Without parts it selects everything, as an empty filter does.
            Filter::Any(any) if any.is_empty() => Self::All(Vec::new()),
            Filter::Any(any) => Self::Any(parts(any)),
            Filter::Condition(condition) => Self::condition(condition, columns),
        }
    }

    fn condition(condition: &'a Condition, columns: &'a Snapshot) -> Self {
        match condition.scope {
            Scope::Event => {
                let found = columns.properties.find(&condition.property);
                let (key, values) = found.unzip();
                Self::Event(key, ValueTable::new(&condition.test, values))
            }
            // Not read by `convert` yet.
            Scope::Session | Scope::Cohort => Self::All(Vec::new()),
            Scope::Person => {
                let found = columns.persons.property(&condition.property);
                let (key, values) = found.unzip();
                let table = ValueTable::new(&condition.test, values);
                Self::Person(PersonTable::new(key, &table, columns))
            }
        }
    }

    /// Binds the filter to the columns of one slice.
    pub(super) fn bind<'b>(&'b self, slice: Slice<'b>) -> RowTest<'b> {
        match self {
            Self::All(parts) => {
                let mut tests = Vec::with_capacity(parts.len());
                for part in parts {
                    match part.bind(slice) {
                        RowTest::Constant(true) => {}
                        RowTest::Constant(false) => return RowTest::Constant(false),
                        test => tests.push(test),
                    }
                }
                match tests.len() {
                    0 => RowTest::Constant(true),
                    1 => tests.remove(0),
                    _ => RowTest::All(tests),
                }
            }
            Self::Any(parts) => {
                let mut tests = Vec::with_capacity(parts.len());
                for part in parts {
                    match part.bind(slice) {
                        RowTest::Constant(false) => {}
                        RowTest::Constant(true) => return RowTest::Constant(true),
                        test => tests.push(test),
                    }
                }
                if tests.is_empty() { RowTest::Constant(false) } else { RowTest::Any(tests) }
            }
            Self::Event(key, table) => match key.and_then(|key| slice.rows().columns.get(&key)) {
                Some(column) => RowTest::Event(column, table),
                None => RowTest::Constant(table.passes(NOT_SET)),
            },
            Self::Person(table) => RowTest::Person(table),
        }
    }
}

/// A filter, bound to the columns of one slice.
pub(super) enum RowTest<'a> {
    Constant(bool),
    All(Vec<RowTest<'a>>),
    Any(Vec<RowTest<'a>>),
    Event(&'a Column, &'a ValueTable<'a>),
    Person(&'a PersonTable),
}

impl RowTest<'_> {
    /// Returns whether a row passes.
    #[inline]
    pub(super) fn passes(&self, row: usize, person: u32) -> bool {
        match self {
            Self::Constant(passes) => *passes,
            Self::All(tests) => tests.iter().all(|test| test.passes(row, person)),
            Self::Any(tests) => tests.iter().any(|test| test.passes(row, person)),
            Self::Event(column, table) => table.passes(column.get(row)),
            Self::Person(table) => table.passes(person),
        }
    }
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
    known: Vec<Cell<u8>>,
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
        let table = Self { test, values, known: vec![Cell::new(start); codes] };
        if let (Some((texts, verdict)), Some(values)) = (listed, values) {
            for code in texts.iter().filter_map(|text| values.code(text)) {
                table.known[code as usize].set(verdict);
            }
        }
        table
    }

    /// Returns whether a value passes.
    #[inline]
    pub(super) fn passes(&self, code: u32) -> bool {
        match self.known[code as usize].get() {
            UNKNOWN => self.find_out(code),
            verdict => verdict == PASSES,
        }
    }

    #[cold]
    fn find_out(&self, code: u32) -> bool {
        let passes = self.test.passes(self.values.and_then(|values| values.value(code)));
        self.known[code as usize].set(if passes { PASSES } else { FAILS });
        passes
    }
}
