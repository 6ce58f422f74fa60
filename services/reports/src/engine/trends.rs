//! Trends on columns.

use std::sync::{Mutex, PoisonError};

use super::EngineError;
use super::breakdown::{Ranking, ValueSource};
use super::distinct::DistinctCounter;
use super::plan::{Reads, Row};
use super::scan::scan;
use super::view::View;
use crate::projection::NOBODY;
use crate::query::{Breakdown, CountedBy, Selector};
use crate::trends::{Line, Math, Series, TrendsAnswer, TrendsQuery};

/// Answers the question.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn run(view: &View<'_>, query: &TrendsQuery) -> Result<TrendsAnswer, EngineError> {
    let series = query.series.iter().map(|series| {
        let scan = Scan::new(view, query, series);
        match &query.breakdown {
            None => Ok(vec![scan.line()?]),
            Some(breakdown) => scan.lines(breakdown),
        }
    });
    Ok(TrendsAnswer { series: series.collect::<Result<_, _>>()? })
}

/// One series over one project's columns.
struct Scan<'a> {
    view: &'a View<'a>,
    query: &'a TrendsQuery,
    math: Math,
    selector: [Selector; 1],
}

impl<'a> Scan<'a> {
    fn new(view: &'a View<'a>, query: &'a TrendsQuery, series: &'a Series) -> Self {
        let selector = Selector { event: series.event.clone(), filter: series.filter.clone() };
        Self { view, query, math: series.math, selector: [selector] }
    }

    fn reads<const V: usize>(&'a self, values: [&'a ValueSource<'a>; V]) -> Reads<'a, V> {
        Reads {
            range: self.query.range,
            counted_by: &CountedBy::Persons,
            filter: &self.query.filter,
            selectors: &self.selector,
            values,
        }
    }

    /// The line without a breakdown.
    fn line(&'a self) -> Result<Line, EngineError> {
        let (points, total) = self.count(self.buckets(), 1, &self.reads([]), |row| {
            Some((self.query.buckets.index_of(row.time_ms), 0))
        })?;
        Ok(Line { value: None, points, total: total[0] })
    }

    /// The lines of a breakdown: one pass to rank the values, one to count them.
    fn lines(&'a self, breakdown: &Breakdown) -> Result<Vec<Line>, EngineError> {
        let source = ValueSource::new(breakdown.scope, &breakdown.property, self.view);
        let reads = self.reads([&source]);
        let (_, totals) = self.count(0, source.value_codes(), &reads, |row| {
            Some((usize::MAX, row.values[0] as usize))
        })?;
        let ranking = Ranking::new(&totals, &source, breakdown.limit);
        let buckets = self.buckets();
        let (points, totals) =
            self.count(ranking.labels.len() * buckets, ranking.labels.len(), &reads, |row| {
                // A value has no slot if nobody but those that count as nobody has it.
                let slot = ranking.slot(row.values[0])?;
                Some((slot * buckets + self.query.buckets.index_of(row.time_ms), slot))
            })?;
        let lines = ranking.labels.into_iter().zip(totals).zip(points.chunks(buckets));
        let lines = lines.map(|((label, total), points)| Line {
            value: Some(label),
            points: points.to_vec(),
            total,
        });
        Ok(lines.collect())
    }

    /// Counts in cells, and again in fewer; `usize::MAX` is no cell.
    fn count<const V: usize>(
        &self,
        cells: usize,
        totals: usize,
        reads: &Reads<'_, V>,
        cell_of: impl Fn(&Row<V>) -> Option<(usize, usize)> + Sync,
    ) -> Result<(Vec<u64>, Vec<u64>), EngineError> {
        let start = || Mutex::new((self.counter(cells), self.counter(totals)));
        let shared = start();
        scan(
            self.view,
            reads,
            || (),
            |(), part| {
                let mut both = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let (counts, totals) = &mut *both;
                part.each(|row| {
                    if let Some((cell, total)) = cell_of(&row) {
                        if cell != usize::MAX {
                            counts.add(cell, row.unit);
                        }
                        totals.add(total, row.unit);
                    }
                });
            },
        )?;
        let (counts, totals) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((counts.finish(), totals.finish()))
    }

    fn buckets(&self) -> usize {
        self.query.buckets.count()
    }

    fn counter(&self, cells: usize) -> Counter {
        match self.math {
            Math::Total => Counter::Events(vec![0; cells]),
            Math::UniquePersons => {
                Counter::Persons(DistinctCounter::new(cells, self.view.columns.persons.len()))
            }
        }
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
