//! Funnels on columns: gather the rows that match a step, sort them by person, walk each person's.

mod tally;

use std::ops::Range;

use super::EngineError;
use super::breakdown::{Ranking, RowValue, ValueSource};
use super::filter::{CompiledFilter, RowTest};
use super::slots::Asker;
use crate::funnel::attempts::{Attempts, StepEvent};
use crate::funnel::{FunnelAnswer, FunnelQuery, ValueAnswer};
use crate::projection::{NOBODY, Slice, Snapshot};
use crate::query::Attribution;
use tally::{People, Tally};

const FIRST_STEP: u32 = 1;

/// Answers the question.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn run(
    columns: &Snapshot,
    query: &FunnelQuery,
    asker: &Asker,
) -> Result<FunnelAnswer, EngineError> {
    let source = query.breakdown.as_ref().map(|breakdown| ValueSource::new(breakdown, columns));
    let hits = Gather::new(columns, query).hits(source.as_ref(), asker)?;
    let people = walk(query, &by_person(hits, columns.persons.len()), asker)?;
    let mut whole = Tally::new(query.steps.len());
    people.each(|_, times| whole.add(times));
    let mut breakdowns = Vec::new();
    if let (Some(source), Some(breakdown)) = (&source, &query.breakdown) {
        let mut totals = vec![0; source.value_codes()];
        people.each(|value, _| totals[value as usize] += 1);
        let ranking = Ranking::new(&totals, source, breakdown.limit);
        let mut tallies: Vec<_> =
            ranking.labels.iter().map(|_| Tally::new(query.steps.len())).collect();
        people.each(|value, times| {
            let slot = ranking.slot(value).expect("every person's value was ranked");
            tallies[slot].add(times);
        });
        let answers = ranking.labels.into_iter().zip(tallies);
        breakdowns
            .extend(answers.map(|(value, tally)| ValueAnswer { value, steps: tally.finish() }));
    }
    Ok(FunnelAnswer { steps: whole.finish(), breakdowns })
}

/// A row that matches a step.
#[derive(Clone, Copy, Debug, Default)]
struct Hit {
    time_ms: i64,
    arrival: i64,
    person: u32,
    steps: u32,
    /// The value of the breakdown.
    value: u32,
}

impl Hit {
    fn event(&self) -> StepEvent {
        StepEvent { time_ms: self.time_ms, steps: self.steps }
    }
}

/// The question, bound to one slice.
struct Bound<'a> {
    slice: Slice<'a>,
    filter: RowTest<'a>,
    /// By step.
    filters: Vec<RowTest<'a>>,
    value: RowValue<'a>,
}

/// Finds the rows that match steps.
struct Gather<'a> {
    columns: &'a Snapshot,
    query: &'a FunnelQuery,
    /// By step, the name's code; `None` for any name.
    names: Vec<Option<u32>>,
    /// The steps that some event can match: those whose name occurred.
    possible: u32,
    filter: CompiledFilter<'a>,
    filters: Vec<CompiledFilter<'a>>,
}

impl<'a> Gather<'a> {
    fn new(columns: &'a Snapshot, query: &'a FunnelQuery) -> Self {
        let mut names = Vec::with_capacity(query.steps.len());
        let mut possible = 0;
        for (step, wanted) in query.steps.iter().enumerate() {
            let code = wanted.event.as_deref().map(|name| columns.names.code(name));
            if code != Some(None) {
                possible |= 1 << step;
            }
            names.push(code.flatten());
        }
        Self {
            columns,
            query,
            names,
            possible,
            filter: CompiledFilter::new(&query.filter, columns),
            filters: query
                .steps
                .iter()
                .map(|step| CompiledFilter::new(&step.filter, columns))
                .collect(),
        }
    }

    /// Returns the names to read, without doubles; `None` for all.
    fn wanted_names(&self) -> Option<Vec<u32>> {
        let mut wanted = Vec::new();
        for step in bits(self.possible) {
            wanted.push(self.names[step]?);
        }
        wanted.sort_unstable();
        wanted.dedup();
        Some(wanted)
    }

    fn hits(
        &self,
        source: Option<&ValueSource<'_>>,
        asker: &Asker,
    ) -> Result<Vec<Hit>, EngineError> {
        let mut hits = Vec::new();
        if self.possible & FIRST_STEP == 0 {
            return Ok(hits);
        }
        let range = self.query.range;
        let wanted = self.wanted_names();
        for slice in self.columns.slices(range.start_ms, range.end_ms) {
            let filter = self.filter.bind(slice);
            if matches!(filter, RowTest::Constant(false)) {
                continue;
            }
            let bound = Bound {
                slice,
                filter,
                filters: self.filters.iter().map(|filter| filter.bind(slice)).collect(),
                value: source.map_or(RowValue::NotSet, |source| source.bind(slice)),
            };
            for run in slice.runs(wanted.as_deref()) {
                for part in run.parts() {
                    asker.check()?;
                    self.hits_of(run.name, part, &bound, &mut hits);
                }
            }
        }
        Ok(hits)
    }

    fn hits_of(&self, name: u32, part: Range<usize>, bound: &Bound<'_>, hits: &mut Vec<Hit>) {
        let range = self.query.range;
        let person_of = self.columns.persons.person_of();
        let rows = bound.slice.rows();
        let steps = self.steps_of(name);
        for row in part {
            let time_ms = rows.time_ms[row];
            let person = person_of[rows.visitor[row] as usize];
            if person == NOBODY || !range.contains(time_ms) || !bound.filter.passes(row, person) {
                continue;
            }
            let mut matched = 0;
            for step in bits(steps) {
                matched |= u32::from(bound.filters[step].passes(row, person)) << step;
            }
            if matched != 0 {
                let value = bound.value.get(row, person);
                hits.push(Hit {
                    time_ms,
                    arrival: rows.arrival[row],
                    person,
                    steps: matched,
                    value,
                });
            }
        }
    }

    /// Returns the steps that events of a name can match.
    fn steps_of(&self, name: u32) -> u32 {
        bits(self.possible)
            .filter(|step| self.names[*step].is_none_or(|wanted| wanted == name))
            .fold(0, |steps, step| steps | 1 << step)
    }
}

fn bits(mut set: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(lowest)
    })
}

/// Sorts hits by person, in time linear in hits and persons, and leaves out persons without a first step.
fn by_person(hits: Vec<Hit>, persons: usize) -> Vec<Hit> {
    // By person: 0 without a first step; else where the next hit of the person goes.
    let mut next = vec![0_u32; persons];
    for hit in hits.iter().filter(|hit| hit.steps & FIRST_STEP != 0) {
        next[hit.person as usize] = 1;
    }
    let mut counts = vec![0_u32; persons];
    let mut kept = 0;
    for hit in &hits {
        let has_first = next[hit.person as usize];
        counts[hit.person as usize] += has_first;
        kept += has_first as usize;
    }
    let mut place = 0;
    for (next, count) in next.iter_mut().zip(&counts) {
        *next = place;
        place += count;
    }
    let mut sorted = vec![Hit::default(); kept];
    for hit in hits {
        let person = hit.person as usize;
        if counts[person] > 0 {
            sorted[next[person] as usize] = hit;
            next[person] += 1;
        }
    }
    for one in sorted.chunk_by_mut(|a, b| a.person == b.person) {
        one.sort_unstable_by_key(|hit| hit.time_ms);
    }
    sorted
}

/// How many persons are walked without a look whether somebody still waits for the answer.
const PERSONS_PER_CHECK: usize = 1_024;

/// Walks every person through the funnel.
fn walk(query: &FunnelQuery, sorted: &[Hit], asker: &Asker) -> Result<People, EngineError> {
    let mut attempts = Attempts::new(query.steps.len(), query.window_ms);
    let attribution = query.breakdown.as_ref().map(|breakdown| breakdown.attribution);
    let mut people = People::new();
    for (walked, one) in sorted.chunk_by(|a, b| a.person == b.person).enumerate() {
        if walked % PERSONS_PER_CHECK == 0 {
            asker.check()?;
        }
        let touched = |hit: &&Hit| (hit.time_ms, hit.arrival);
        let deciding = match attribution {
            None => None,
            Some(Attribution::FirstTouch) => one.iter().min_by_key(touched),
            Some(Attribution::LastTouch) => one.iter().max_by_key(touched),
        };
        let times = attempts.best(one.iter().map(Hit::event));
        people.add(deciding.map_or(0, |hit| hit.value), times);
    }
    Ok(people)
}
