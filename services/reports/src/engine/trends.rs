//! Trends on columns: each series is counted in one scan of its events, and in one more before it where values have to be
//! ranked.

mod counter;
mod counting;
mod events;
mod measures;
mod numbers;
mod persons;
mod quantiles;
mod uniques;
mod units;

use super::EngineError;
use super::breakdown::ValueSource;
use super::hints;
use super::ranking::Ranking;
use super::view::View;
use crate::query::Breakdown;
use crate::trends::formula::Formula;
use crate::trends::period::Period;
use crate::trends::{Line, TrendsAnswer, TrendsQuery};
use counter::Counted;
use counting::{Counting, Lines};
pub(super) use persons::run as persons;

/// Answers the question.
///
/// # Errors
/// `Abandoned` if the asker has gone, `TooLarge` if it takes more memory than a question may.
pub(super) fn run(view: &View<'_>, query: &TrendsQuery) -> Result<TrendsAnswer, EngineError> {
    let view = &view.over(query.looked_at());
    let source = source(view, query.breakdown.as_ref());
    let series: Vec<_> = query
        .series
        .iter()
        .map(|series| Counting::new(view, query, series, source.as_ref()))
        .collect::<Result<_, _>>()?;
    let by_value = by_value(&series, query, source.as_ref())?;
    let rankings = rank(&series, &by_value, query, source.as_ref())?;
    let previous = query.previous.as_ref();
    Ok(TrendsAnswer {
        series: lines(&series, &by_value, query, &rankings, &query.period)?,
        previous: previous
            .map(|period| lines(&series, &[], query, &rankings, period))
            .transpose()?,
        hints: hints::unknown(view.columns, &query.names()),
    })
}

/// Where the values of the breakdown come from.
fn source<'a>(view: &View<'a>, breakdown: Option<&Breakdown>) -> Option<ValueSource<'a>> {
    breakdown.map(|breakdown| ValueSource::new(breakdown.scope, &breakdown.property, view))
}

/// Counts each value of the breakdown by bucket, for each series where there are few enough: values are then ranked, and most
/// lines drawn, without another look at the events.
fn by_value(
    series: &[Counting<'_>],
    query: &TrendsQuery,
    source: Option<&ValueSource<'_>>,
) -> Result<Vec<Option<Counted>>, EngineError> {
    let Some(source) = source else { return Ok(Vec::new()) };
    series.iter().map(|one| one.by_value(&query.period, source.value_codes())).collect()
}

/// Ranks the values of the breakdown, for each series by itself; with a formula for all together, by what it comes to.
/// Without a breakdown there are none.
fn rank(
    series: &[Counting<'_>],
    by_value: &[Option<Counted>],
    query: &TrendsQuery,
    source: Option<&ValueSource<'_>>,
) -> Result<Vec<Ranking>, EngineError> {
    let (Some(breakdown), Some(source)) = (&query.breakdown, source) else {
        return Ok(Vec::new());
    };
    let totals = series.iter().zip(by_value).map(|(one, by_value)| match by_value {
        Some(counted) => Ok(counted.known_totals()),
        None => one.totals(&query.period, source.value_codes()),
    });
    let totals = totals.collect::<Result<Vec<_>, _>>()?;
    let ranked =
        |totals: &[Option<f64>]| Ranking::new(totals, f64::total_cmp, source, breakdown.limit);
    let Some(formula) = &query.formula else {
        return Ok(totals.iter().map(|totals| ranked(totals)).collect());
    };
    let of_value = |code: usize| {
        let values: Vec<_> = totals.iter().map(|totals| totals[code]).collect();
        values.iter().any(Option::is_some).then(|| {
            let values: Vec<_> = values.into_iter().map(Option::unwrap_or_default).collect();
            formula.compute(&values)
        })
    };
    let together: Vec<_> = (0..source.value_codes()).map(of_value).collect();
    Ok(vec![ranked(&together)])
}

/// Counts the lines of all series in one period. `by_value` is what is known of it already.
fn lines(
    series: &[Counting<'_>],
    by_value: &[Option<Counted>],
    query: &TrendsQuery,
    rankings: &[Ranking],
    period: &Period,
) -> Result<Vec<Vec<Line>>, EngineError> {
    let buckets = period.buckets.count();
    let ranking = |at: usize| rankings.get(at.min(rankings.len().saturating_sub(1)));
    let counted = series.iter().enumerate().map(|(at, one)| {
        let Some(ranking) = ranking(at) else { return one.count(&one.grid(period), &Lines::One) };
        let known = by_value.get(at).and_then(Option::as_ref);
        match known.and_then(|counted| one.lines_of(counted, ranking)) {
            Some(lines) => Ok(lines),
            None => one.count(&one.grid(period), &Lines::Told(ranking)),
        }
    });
    let counted = counted.collect::<Result<Vec<_>, _>>()?;
    let values = |at: usize| match ranking(at) {
        None => vec![None],
        Some(ranking) => ranking.labels.iter().cloned().map(Some).collect(),
    };
    if let Some(formula) = &query.formula {
        return Ok(vec![combined(formula, &counted, values(0), buckets)]);
    }
    let line = |counted: &Counted, at: usize, value| Line {
        value,
        points: counted.points[at * buckets..(at + 1) * buckets].to_vec(),
        total: counted.totals[at],
    };
    let of_series = counted.iter().enumerate().map(|(series, counted)| {
        let values = values(series).into_iter().enumerate();
        values.map(|(at, value)| line(counted, at, value)).collect()
    });
    Ok(of_series.collect())
}

/// Computes a formula's lines.
fn combined(
    formula: &Formula,
    series: &[Counted],
    values: Vec<Option<String>>,
    buckets: usize,
) -> Vec<Line> {
    let mut of_series = vec![0.0; series.len()];
    let mut compute = |value_of: &dyn Fn(&Counted) -> f64| {
        for (value, counted) in of_series.iter_mut().zip(series) {
            *value = value_of(counted);
        }
        formula.compute(&of_series)
    };
    let mut line = |(at, value)| Line {
        value,
        points: (at * buckets..(at + 1) * buckets)
            .map(|point| compute(&|counted| counted.points[point]))
            .collect(),
        total: compute(&|counted| counted.totals[at]),
    };
    let mut lines = Vec::with_capacity(values.len());
    for numbered in values.into_iter().enumerate() {
        lines.push(line(numbered));
    }
    lines
}
