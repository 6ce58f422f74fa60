//! Funnels on columns: the events of each unit in their order, folded to its best attempt, and added up.

mod behind;
mod explain;
mod people;
mod trend;
mod units;

pub(super) use behind::behind;
pub(super) use explain::explain;
pub(super) use trend::run as trend;

use super::EngineError;
use super::breakdown::ValueSource;
use super::hints;
use super::ranking::Ranking;
use super::view::View;
use crate::funnel::ValueAnswer;
use crate::funnel::tally::Tally;
use crate::funnel::{FunnelAnswer, FunnelQuery, Way};
use people::People;
use units::{Counted, each_unit};

/// So many bytes are accounted for at once.
const TAKEN_AT_ONCE: usize = 64 << 10;

/// What one thread adds up.
struct Sum {
    whole: Tally,
    /// What its times take that is not accounted for yet, in bytes.
    untaken: usize,
    people: People,
}

/// Answers the question.
///
/// # Errors
/// `Abandoned` if the asker has gone, `TooLarge` if it takes too much memory.
pub(super) fn run(view: &View<'_>, query: &FunnelQuery) -> Result<FunnelAnswer, EngineError> {
    let steps = query.steps.len();
    let start = || Sum { whole: Tally::new(steps), untaken: 0, people: People::default() };
    let add = |sum: &mut Sum, counted: Counted, way: Way<'_>| -> Result<(), EngineError> {
        if counted.in_whole {
            sum.untaken += size_of_val(way.times_ms);
            // Threads would wait for each other if each unit were accounted for by itself.
            if sum.untaken >= TAKEN_AT_ONCE {
                view.asker.take(std::mem::take(&mut sum.untaken))?;
            }
            sum.whole.add(way);
        }
        counted.value.map_or(Ok(()), |value| sum.people.add(view.asker, value, way))
    };
    let Some(breakdown) = &query.breakdown else {
        let sums = each_unit::<0, _>(view, query, [], start, add)?;
        return Ok(finish(view, query, sums, Vec::new()));
    };
    let source = ValueSource::new(breakdown.scope, &breakdown.property, view);
    let sums = each_unit::<1, _>(view, query, [&source], start, add)?;
    let mut totals = vec![0; source.value_codes()];
    for sum in &sums {
        sum.people.totals(&mut totals);
    }
    let ranking = Ranking::of_counts(&totals, &source, breakdown.limit);
    let mut tallies = vec![Tally::new(steps); ranking.labels.len()];
    for sum in &sums {
        view.asker.check()?;
        sum.people.tally(&ranking, &mut tallies);
    }
    let answers = ranking.labels.into_iter().zip(tallies);
    let answers = answers.map(|(value, tally)| ValueAnswer { value, steps: tally.finish().0 });
    let breakdowns = answers.collect();
    Ok(finish(view, query, sums, breakdowns))
}

fn finish(
    view: &View<'_>,
    query: &FunnelQuery,
    sums: Vec<Sum>,
    breakdowns: Vec<ValueAnswer>,
) -> FunnelAnswer {
    let mut whole = Tally::new(query.steps.len());
    for sum in sums {
        whole.join(sum.whole);
    }
    let (steps, time_to_convert) = whole.finish();
    let hints = hints::unknown(view.columns, &query.names());
    FunnelAnswer { steps, breakdowns, time_to_convert, hints }
}
