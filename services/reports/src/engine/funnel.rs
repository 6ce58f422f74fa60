//! Funnels on columns: gather the rows that match a step, sort them by person, walk each person's.

mod tally;

use super::EngineError;
use super::breakdown::{Ranking, ValueSource};
use super::plan::Reads;
use super::view::View;
use super::walk::{Hit, walk};
use crate::funnel::attempts::{Attempts, StepEvent};
use crate::funnel::{FunnelAnswer, FunnelQuery, ValueAnswer};
use crate::query::{Attribution, CountedBy, Scope, Selector};
use tally::{People, Tally};

/// Answers the question.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn run(view: &View<'_>, query: &FunnelQuery) -> Result<FunnelAnswer, EngineError> {
    let source = match &query.breakdown {
        Some(breakdown) => ValueSource::new(breakdown.scope, &breakdown.property, view),
        None => ValueSource::new(Scope::Event, "", view),
    };
    let selectors = query.steps.iter();
    let selectors =
        selectors.map(|step| Selector { event: step.event.clone(), filter: step.filter.clone() });
    let selectors: Vec<_> = selectors.collect();
    let reads = Reads {
        range: query.range,
        counted_by: &CountedBy::Persons,
        filter: &query.filter,
        selectors: &selectors,
        values: [&source],
    };
    let attribution = query.breakdown.as_ref().map(|breakdown| breakdown.attribution);
    let start = || (Attempts::new(query.steps.len(), query.window_ms), People::new());
    let all = walk(view, &reads, start, |(attempts, people), _, hits: &[Hit<1>]| {
        let touched = |hit: &&Hit<1>| (hit.time_ms, hit.arrival);
        let deciding = match attribution {
            None => None,
            Some(Attribution::FirstTouch) => hits.iter().min_by_key(touched),
            Some(Attribution::LastTouch) => hits.iter().max_by_key(touched),
        };
        let events = hits.iter().map(|hit| StepEvent {
            time_ms: hit.time_ms,
            steps: u32::try_from(hit.selectors).expect("at most 20 steps"),
        });
        let times = attempts.best(events);
        if !times.is_empty() {
            people.add(deciding.map_or(0, |hit| hit.values[0]), times);
        }
    })?;
    let people: Vec<_> = all.into_iter().map(|(_, people)| people).collect();
    let each = |each: &mut dyn FnMut(u32, &[i64])| {
        for people in &people {
            people.each(|value, times| each(value, times));
        }
    };
    let mut whole = Tally::new(query.steps.len());
    each(&mut |_, times| whole.add(times));
    let mut breakdowns = Vec::new();
    if let Some(breakdown) = &query.breakdown {
        let mut totals = vec![0; source.value_codes()];
        each(&mut |value, _| totals[value as usize] += 1);
        let ranking = Ranking::new(&totals, &source, breakdown.limit);
        let mut tallies: Vec<_> =
            ranking.labels.iter().map(|_| Tally::new(query.steps.len())).collect();
        each(&mut |value, times| {
            let slot = ranking.slot(value).expect("every person's value was ranked");
            tallies[slot].add(times);
        });
        let answers = ranking.labels.into_iter().zip(tallies);
        breakdowns
            .extend(answers.map(|(value, tally)| ValueAnswer { value, steps: tally.finish() }));
    }
    Ok(FunnelAnswer { steps: whole.finish(), breakdowns })
}
