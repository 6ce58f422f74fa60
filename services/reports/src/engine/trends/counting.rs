//! One series: what is read for it, and how it is counted.

use super::counter::{Counted, Counter, Layout, count};
use super::events::Events;
use super::measures::Measures;
use super::numbers::Numbers;
use super::quantiles::Quantiles;
use super::uniques::Uniques;
use super::units;
use crate::activity::SESSION_ID;
use crate::engine::EngineError;
use crate::engine::breakdown::ValueSource;
use crate::engine::plan::{Reads, Row};
use crate::engine::ranking::Ranking;
use crate::engine::view::{View, stretches, units as all_units};
use crate::projection::{NOBODY, NOT_SET};
use crate::query::{Range, Scope, Selector};
use crate::trends::grid::Grid;
use crate::trends::period::Period;
use crate::trends::{Math, Measure, Series, TrendsQuery};

/// How many counts by value and bucket a thread keeps: 2 MiB.
const COUNTS_BY_VALUE_MAX: usize = 1 << 18;

/// A series over one project's columns.
pub(super) struct Counting<'a> {
    view: &'a View<'a>,
    query: &'a TrendsQuery,
    math: &'a Math,
    selector: [Selector; 1],
    /// Where the breakdown's values come from. A value decides the line; where a person may be on several lines, as in
    /// cohorts, each line is a series of its own with a filter.
    breakdown: Option<&'a ValueSource<'a>>,
    /// Where sessions or numbers come from, for those that count them.
    items: Option<ValueSource<'a>>,
    numbers: Numbers,
}

/// On which line an event counts.
pub(super) enum Lines<'a> {
    /// There is one.
    One,
    /// Each value has its own; there are so many value codes.
    Each(usize),
    /// Those that are told apart have.
    Told(&'a Ranking),
}

impl Lines<'_> {
    fn count(&self) -> usize {
        match self {
            Self::One => 1,
            Self::Each(codes) => *codes,
            Self::Told(ranking) => ranking.labels.len(),
        }
    }

    #[inline]
    fn of(&self, code: u32) -> Option<usize> {
        match self {
            Self::One => Some(0),
            Self::Each(_) => Some(code as usize),
            Self::Told(ranking) => ranking.line(code),
        }
    }
}

impl<'a> Counting<'a> {
    /// Makes a series ready.
    ///
    /// # Errors
    /// `TooLarge` if its property has more values than a question may hold.
    pub(super) fn new(
        view: &'a View<'a>,
        query: &'a TrendsQuery,
        series: &'a Series,
        breakdown: Option<&'a ValueSource<'a>>,
    ) -> Result<Self, EngineError> {
        let selector = Selector { event: series.event.clone(), filter: series.filter.clone() };
        let items = match &series.math {
            Math::UniqueSessions => Some(ValueSource::new(Scope::Event, SESSION_ID, view)),
            Math::Measure(_, property) => Some(ValueSource::new(Scope::Event, property, view)),
            _ => None,
        };
        let numbers = match (&series.math, &items) {
            (Math::Measure(measure, _), Some(source)) => {
                Numbers::new(view, source, matches!(measure, Measure::Percentile(_)))?
            }
            _ => Numbers::default(),
        };
        let (math, selector) = (&series.math, [selector]);
        Ok(Self { view, query, math, selector, breakdown, items, numbers })
    }

    /// Returns which times count in which buckets of a period.
    pub(super) fn grid(&self, period: &Period) -> Grid {
        match self.math.rolling_days() {
            Some(days) => Grid::rolling(period, days),
            None => Grid::of_buckets(period),
        }
    }

    /// Returns the total of each value code of the breakdown; `None` for one of which nothing counted.
    pub(super) fn totals(
        &self,
        period: &Period,
        codes: usize,
    ) -> Result<Vec<Option<f64>>, EngineError> {
        let grid = match self.math.rolling_days() {
            Some(days) => Grid::rolling_total(period, days),
            None => Grid::whole(period.range),
        };
        Ok(self.count(&grid, &Lines::Each(codes))?.known_totals())
    }

    /// Counts each value code of the breakdown by bucket; `None` if there are too many, or lines could not be made of them.
    pub(super) fn by_value(
        &self,
        period: &Period,
        codes: usize,
    ) -> Result<Option<Counted>, EngineError> {
        let grid = self.grid(period);
        let cells = grid.cells.count().saturating_mul(codes);
        let fits = match self.math {
            Math::Total => cells <= COUNTS_BY_VALUE_MAX,
            Math::UniquePersons => cells <= units::BITS_MAX,
            _ => false,
        };
        fits.then(|| self.count(&grid, &Lines::Each(codes))).transpose()
    }

    /// Makes lines of what was counted by value; `None` if they cannot be told from it: who is behind several of the other values
    /// counts once.
    pub(super) fn lines_of(&self, by_value: &Counted, ranking: &Ranking) -> Option<Counted> {
        if ranking.has_others() && *self.math != Math::Total {
            return None;
        }
        let lines = ranking.labels.len();
        let mut counted = Counted::empty(lines, by_value.points.len() / by_value.totals.len());
        for (code, _) in (0_u32..).zip(&by_value.any).filter(|(_, any)| **any) {
            if let Some(line) = ranking.line(code) {
                counted.add_line(line, by_value, code as usize);
            }
        }
        Some(counted)
    }

    /// Counts over a grid.
    pub(super) fn count(&self, grid: &Grid, lines: &Lines<'_>) -> Result<Counted, EngineError> {
        let lines_count = lines.count();
        let set = |code: u32| if code == NOT_SET { NOBODY } else { code };
        match (self.breakdown, &self.items) {
            (None, None) => {
                let item = |row: &Row<0>| row.unit;
                self.by_math(grid, lines_count, [], &|_: &[u32; 0]| Some(0), &item)
            }
            (Some(breakdown), None) => {
                let item = |row: &Row<1>| row.unit;
                let line = |values: &[u32; 1]| lines.of(values[0]);
                self.by_math(grid, lines_count, [breakdown], &line, &item)
            }
            (None, Some(items)) => {
                let item = |row: &Row<1>| set(row.values[0]);
                self.by_math(grid, lines_count, [items], &|_: &[u32; 1]| Some(0), &item)
            }
            (Some(breakdown), Some(items)) => {
                let item = |row: &Row<2>| set(row.values[1]);
                let line = |values: &[u32; 2]| lines.of(values[0]);
                self.by_math(grid, lines_count, [breakdown, items], &line, &item)
            }
        }
    }

    /// Returns what to read.
    pub(super) fn reads<'r, const V: usize>(
        &'r self,
        range: Range,
        values: [&'r ValueSource<'r>; V],
    ) -> Reads<'r, V> {
        Reads {
            range,
            counted_by: &self.query.counted_by,
            filter: &self.query.filter,
            selectors: &self.selector,
            values,
        }
    }

    /// Where the breakdown's values come from.
    pub(super) fn breakdown(&self) -> Option<&'a ValueSource<'a>> {
        self.breakdown
    }

    /// Where sessions or numbers come from.
    pub(super) fn items(&self) -> Option<&ValueSource<'a>> {
        self.items.as_ref()
    }

    /// Returns whether the event counts whose session or number has this value code.
    #[inline]
    pub(super) fn counts(&self, code: u32) -> bool {
        match self.math {
            Math::Measure(..) => {
                self.numbers.of_code.get(code as usize).is_some_and(|n| !n.is_nan())
            }
            _ => code != NOT_SET,
        }
    }

    fn by_math<const V: usize>(
        &self,
        grid: &Grid,
        lines: usize,
        values: [&ValueSource<'_>; V],
        line: &(impl Fn(&[u32; V]) -> Option<usize> + Sync),
        item: &(impl Fn(&Row<V>) -> u32 + Sync),
    ) -> Result<Counted, EngineError> {
        let measure = match self.math {
            Math::Measure(measure, _) => *measure,
            _ => Measure::Sum,
        };
        let items = match &self.items {
            Some(source) => source.value_codes(),
            None => all_units(self.view, &self.query.counted_by),
        };
        let stretches = &stretches(self.view, grid.range, &grid.cells);
        let layout = Layout { lines, grid, stretches, items, numbers: &self.numbers, measure };
        let reads = self.reads(grid.range, values);
        match self.math {
            Math::Total => self.counted::<Events<'_>, V>(&reads, &layout, line, item),
            Math::UniquePersons | Math::WeeklyActive | Math::MonthlyActive
                if units::fits(&layout) =>
            {
                units::count(self.view, &reads, &layout, line)
            }
            Math::UniquePersons
            | Math::WeeklyActive
            | Math::MonthlyActive
            | Math::UniqueSessions => self.counted::<Uniques<'_>, V>(&reads, &layout, line, item),
            Math::Measure(Measure::Percentile(_), _) => {
                self.counted::<Quantiles<'_>, V>(&reads, &layout, line, item)
            }
            Math::Measure(..) => self.counted::<Measures<'_>, V>(&reads, &layout, line, item),
        }
    }

    fn counted<'l, C: Counter<'l>, const V: usize>(
        &self,
        reads: &Reads<'_, V>,
        layout: &'l Layout<'l>,
        line: &(impl Fn(&[u32; V]) -> Option<usize> + Sync),
        item: &(impl Fn(&Row<V>) -> u32 + Sync),
    ) -> Result<Counted, EngineError> {
        count::<C, V>(self.view, reads, layout, line, item)
    }
}
