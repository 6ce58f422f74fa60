//! Trends on columns.

use super::EngineError;
use super::breakdown::{Ranking, RowValue, ValueSource};
use super::distinct::DistinctCounter;
use super::filter::CompiledFilter;
use super::slots::Asker;
use crate::projection::{NOBODY, NameRun, Snapshot};
use crate::query::{Breakdown, Filter};
use crate::trends::{Line, Math, Series, TrendsAnswer, TrendsQuery};

/// Answers the question.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn run(
    columns: &Snapshot,
    query: &TrendsQuery,
    asker: &Asker,
) -> Result<TrendsAnswer, EngineError> {
    let series = query.series.iter().map(|series| {
        let scan = Scan::new(columns, query, series, asker);
        match &query.breakdown {
            None => Ok(vec![scan.line()?]),
            Some(breakdown) => scan.lines(breakdown),
        }
    });
    Ok(TrendsAnswer { series: series.collect::<Result<_, _>>()? })
}

/// One series over one project's columns.
struct Scan<'a> {
    columns: &'a Snapshot,
    query: &'a TrendsQuery,
    asker: &'a Asker,
    math: Math,
    /// The name's code; the inner `None` for a name that never occurred, the outer one for any name.
    name: Option<Option<u32>>,
    filters: [CompiledFilter<'a>; 2],
}

/// A row that counts.
struct Hit {
    time_ms: i64,
    person: u32,
    value: u32,
}

impl<'a> Scan<'a> {
    fn new(
        columns: &'a Snapshot,
        query: &'a TrendsQuery,
        series: &'a Series,
        asker: &'a Asker,
    ) -> Self {
        let compile = |filter: &'a Filter| CompiledFilter::new(filter, columns);
        Self {
            columns,
            query,
            asker,
            math: series.math,
            name: series.event.as_deref().map(|name| columns.names.code(name)),
            filters: [compile(&query.filter), compile(&series.filter)],
        }
    }

    /// The line without a breakdown.
    fn line(&self) -> Result<Line, EngineError> {
        let mut counts = self.counter(self.buckets());
        let mut total = self.counter(1);
        self.each(None, |hit| {
            counts.add(self.query.buckets.index_of(hit.time_ms), hit.person);
            total.add(0, hit.person);
        })?;
        Ok(Line { value: None, points: counts.finish(), total: total.finish()[0] })
    }

    /// The lines of a breakdown: one pass to rank the values, one to count them.
    fn lines(&self, breakdown: &Breakdown) -> Result<Vec<Line>, EngineError> {
        let source = ValueSource::new(breakdown, self.columns);
        let mut totals = self.counter(source.value_codes());
        self.each(Some(&source), |hit| totals.add(hit.value as usize, hit.person))?;
        let ranking = Ranking::new(&totals.finish(), &source, breakdown.limit);

        let buckets = self.buckets();
        let mut counts = self.counter(ranking.labels.len() * buckets);
        let mut totals = self.counter(ranking.labels.len());
        self.each(Some(&source), |hit| {
            // A value has no slot if nobody but those that count as nobody has it.
            let Some(slot) = ranking.slot(hit.value) else { return };
            let bucket = self.query.buckets.index_of(hit.time_ms);
            counts.add(slot * buckets + bucket, hit.person);
            totals.add(slot, hit.person);
        })?;
        let points = counts.finish();
        let lines = ranking.labels.into_iter().zip(totals.finish()).zip(points.chunks(buckets));
        let lines = lines.map(|((label, total), points)| Line {
            value: Some(label),
            points: points.to_vec(),
            total,
        });
        Ok(lines.collect())
    }

    fn buckets(&self) -> usize {
        self.query.buckets.count()
    }

    fn counter(&self, cells: usize) -> Counter {
        match self.math {
            Math::Total => Counter::Events(vec![0; cells]),
            Math::UniquePersons => {
                Counter::Persons(DistinctCounter::new(cells, self.columns.persons.len()))
            }
        }
    }

    /// Hands out every row that counts.
    fn each(
        &self,
        source: Option<&ValueSource<'_>>,
        mut hit: impl FnMut(Hit),
    ) -> Result<(), EngineError> {
        let name_code;
        let names = match self.name {
            None => None,
            Some(None) => return Ok(()),
            Some(Some(name)) => {
                name_code = [name];
                Some(&name_code[..])
            }
        };
        let range = self.query.range;
        let person_of = self.columns.persons.person_of();
        for slice in self.columns.slices(range.start_ms, range.end_ms) {
            let [all, own] = &self.filters;
            let (all, own) = (all.bind(slice), own.bind(slice));
            let value = source.map_or(RowValue::NotSet, |source| source.bind(slice));
            let rows = slice.rows();
            for part in slice.runs(names).into_iter().flat_map(NameRun::parts) {
                self.asker.check()?;
                for row in part {
                    let time_ms = rows.time_ms[row];
                    let person = person_of[rows.visitor[row] as usize];
                    if range.contains(time_ms) && all.passes(row, person) && own.passes(row, person)
                    {
                        hit(Hit { time_ms, person, value: value.get(row, person) });
                    }
                }
            }
        }
        Ok(())
    }
}

/// Counts what the math says.
enum Counter {
    Events(Vec<u64>),
    Persons(DistinctCounter),
}

impl Counter {
    #[inline]
    fn add(&mut self, cell: usize, person: u32) {
        match self {
            Self::Events(counts) => counts[cell] += 1,
            Self::Persons(counter) if person != NOBODY => counter.add(cell, person),
            Self::Persons(_) => {}
        }
    }

    fn finish(self) -> Vec<u64> {
        match self {
            Self::Events(counts) => counts,
            Self::Persons(counter) => counter.finish(),
        }
    }
}
