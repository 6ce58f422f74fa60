//! Breakdowns by cohort: the question again for each cohort, of its members alone. A person may be in several cohorts, so no
//! event has one value, and executors need not know of it.

use std::collections::HashSet;

use uuid::Uuid;

use super::view::View;
use super::{EngineError, funnel, trends};
use crate::behind::Behind;
use crate::funnel::{FunnelAnswer, FunnelCell, FunnelQuery, ValueAnswer};
use crate::query::{Breakdown, Condition, Filter, Scope, ValueTest};
use crate::trends::{Line, TrendPersonsQuery, TrendsAnswer, TrendsQuery};

/// Answers trends with whatever breakdown.
///
/// # Errors
/// Those of the executor.
pub(super) fn trends(view: &View<'_>, query: &TrendsQuery) -> Result<TrendsAnswer, EngineError> {
    let Some(cohorts) = cohorts(view, query.breakdown.as_ref()) else {
        return trends::run(view, query);
    };
    let mut hints = Vec::new();
    // By series, each line with the one for the time before.
    let mut series: Vec<Vec<(Line, Option<Line>)>> = Vec::new();
    for cohort in cohorts {
        let filter = cohort.members_of(&query.filter);
        let own = TrendsQuery { breakdown: None, filter, ..query.clone() };
        let answer = trends::run(view, &own)?;
        hints = answer.hints;
        series.resize_with(answer.series.len(), Vec::new);
        let named = |line: Line| Line { value: Some(cohort.name.clone()), ..line };
        for (at, lines) in answer.series.into_iter().enumerate() {
            let before = answer.previous.as_ref().map_or(&[][..], |previous| &previous[at]);
            let before = before.iter().cloned().map(Some).chain(std::iter::repeat(None));
            let both = lines.into_iter().zip(before);
            series[at].extend(both.map(|(line, before)| (named(line), before.map(named))));
        }
    }
    for lines in &mut series {
        lines.sort_by(|(a, _), (b, _)| {
            b.total.total_cmp(&a.total).then_with(|| a.value.cmp(&b.value))
        });
    }
    let (series, previous): (Vec<_>, Vec<Vec<_>>) =
        series.into_iter().map(|lines| lines.into_iter().unzip::<_, _, Vec<_>, Vec<_>>()).unzip();
    let previous = query
        .previous
        .is_some()
        .then(|| previous.into_iter().map(|lines| lines.into_iter().flatten().collect()).collect());
    Ok(TrendsAnswer { series, previous, hints })
}

/// Answers a funnel with whatever breakdown.
///
/// # Errors
/// Those of the executor.
pub(super) fn funnel(view: &View<'_>, query: &FunnelQuery) -> Result<FunnelAnswer, EngineError> {
    let Some(cohorts) = cohorts(view, query.breakdown.as_ref()) else {
        return funnel::run(view, query);
    };
    let mut answer = funnel::run(view, &FunnelQuery { breakdown: None, ..query.clone() })?;
    for cohort in cohorts {
        let filter = cohort.members_of(&query.filter);
        let own = FunnelQuery { breakdown: None, filter, ..query.clone() };
        let steps = funnel::run(view, &own)?.steps;
        answer.breakdowns.push(ValueAnswer { value: cohort.name, steps });
    }
    let entered = |one: &ValueAnswer| one.steps.first().map_or(0, |step| step.persons);
    answer
        .breakdowns
        .sort_by(|a, b| entered(b).cmp(&entered(a)).then_with(|| a.value.cmp(&b.value)));
    Ok(answer)
}

/// Says who is behind a number of trends with whatever breakdown.
///
/// # Errors
/// Those of the executor.
pub(super) fn trend_persons(
    view: &View<'_>,
    mut query: TrendPersonsQuery,
) -> Result<Behind, EngineError> {
    let trends = &mut query.trends;
    split(view, &mut trends.breakdown, &mut trends.filter, &mut query.value);
    trends::persons(view, &query)
}

/// Returns a funnel without a breakdown by cohort, and the number in it that is asked for.
pub(super) fn funnel_cell(
    view: &View<'_>,
    mut query: FunnelQuery,
    mut cell: FunnelCell,
) -> (FunnelQuery, FunnelCell) {
    split(view, &mut query.breakdown, &mut query.filter, &mut cell.value);
    (query, cell)
}

/// Puts a filter in the place of a breakdown by cohort and of the value that is asked for.
fn split(
    view: &View<'_>,
    breakdown: &mut Option<Breakdown>,
    filter: &mut Filter,
    value: &mut Option<String>,
) {
    let Some(cohorts) = cohorts(view, breakdown.as_ref()) else { return };
    *breakdown = None;
    if let Some(name) = value.take() {
        let named = cohorts.into_iter().find(|cohort| cohort.name == name);
        // Nobody is in a cohort that the question does not have.
        let named = named.unwrap_or(Cohort { name, filter: in_cohort(Uuid::nil()) });
        *filter = named.members_of(filter);
    }
}

/// A cohort that is one value of a breakdown.
struct Cohort {
    name: String,
    filter: Filter,
}

impl Cohort {
    /// Returns the filter of a question about its members alone.
    fn members_of(&self, filter: &Filter) -> Filter {
        Filter::All(vec![filter.clone(), self.filter.clone()])
    }
}

/// Returns the cohorts of a breakdown; `None` if it is none by cohort.
fn cohorts(view: &View<'_>, breakdown: Option<&Breakdown>) -> Option<Vec<Cohort>> {
    let breakdown = breakdown.filter(|breakdown| breakdown.scope == Scope::Cohort)?;
    let known = breakdown.cohorts.iter().filter_map(|id| Some((*id, view.cohorts?.get(*id)?)));
    let cohort = |(id, member): (Uuid, &super::cohort::Member)| Cohort {
        name: member.name.clone(),
        filter: in_cohort(id),
    };
    Some(known.map(cohort).collect())
}

fn in_cohort(id: Uuid) -> Filter {
    let test = ValueTest::In(HashSet::from([id.to_string()]));
    Filter::Condition(Condition { property: String::new(), scope: Scope::Cohort, test })
}
