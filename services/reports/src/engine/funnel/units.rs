//! Each unit's best attempt, and the value of the breakdown that it counts for.

use crate::engine::EngineError;
use crate::engine::breakdown::ValueSource;
use crate::engine::plan::Reads;
use crate::engine::view::View;
use crate::engine::walk::{Glance, Hit, walk_where_needed};
use crate::funnel::fold::{Fold, Outcome, Reach, StepEvent, Way};
use crate::funnel::{FunnelQuery, Order};
use crate::query::{Attribution, Range, Selector};

/// What an attempt counts for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    /// Whose it is.
    pub(super) unit: u32,
    /// Whether it counts in the funnel as a whole.
    pub(super) in_whole: bool,
    /// The value code it counts for.
    pub(super) value: Option<u32>,
}

/// Reads the bits of hits as steps and exclusions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits {
    steps: usize,
    exclusions: usize,
}

impl Bits {
    pub(super) fn new(query: &FunnelQuery) -> Self {
        Self { steps: query.steps.len(), exclusions: query.exclusions.len() }
    }

    fn steps(self, selectors: u64) -> u32 {
        low(selectors, self.steps)
    }

    pub(super) fn event<const V: usize>(self, hit: &Hit<V>) -> StepEvent {
        StepEvent {
            time_ms: hit.time_ms,
            steps: self.steps(hit.selectors),
            exclusions: low(hit.selectors >> self.steps, self.exclusions),
        }
    }
}

fn low(bits: u64, count: usize) -> u32 {
    u32::try_from(bits & ((1 << count) - 1)).expect("a funnel has few steps and exclusions")
}

/// Returns what a funnel looks for: its steps, its exclusions, and where every event matters, any event.
pub(super) fn selectors(query: &FunnelQuery) -> Vec<Selector> {
    let steps = query.steps.iter();
    let steps =
        steps.map(|step| Selector { event: step.event.clone(), filter: step.filter.clone() });
    let exclusions = query.exclusions.iter().map(|one| one.selector.clone());
    let any = (query.order == Order::Strict).then(Selector::any);
    steps.chain(exclusions).chain(any).collect()
}

/// Returns whether nobody can be in the funnel: no event has the name of the first step.
pub(super) fn is_empty(view: &View<'_>, query: &FunnelQuery) -> bool {
    let first = query.steps[0].event.as_deref();
    let is_unknown = first.is_some_and(|name| view.columns.names.code(name).is_none());
    query.order != Order::Any && is_unknown
}

/// What one thread needs.
struct State<A> {
    sum: A,
    walker: Walker,
    failed: Option<EngineError>,
}

/// Hands out the best attempt of each unit that is in the funnel; with [`Attribution::AllSteps`] also that of each value.
///
/// # Errors
/// `Abandoned` if the asker has gone, and those of `add`.
pub(super) fn each_unit<const V: usize, A: Send>(
    view: &View<'_>,
    query: &FunnelQuery,
    values: [&ValueSource<'_>; V],
    start: impl Fn() -> A + Sync,
    add: impl Fn(&mut A, Counted, Way<'_>) -> Result<(), EngineError> + Sync,
) -> Result<Vec<A>, EngineError> {
    if is_empty(view, query) {
        return Ok(vec![start()]);
    }
    let selectors = selectors(query);
    let reads = Reads {
        range: query.range,
        counted_by: &query.counted_by,
        filter: &query.filter,
        selectors: &selectors,
        values,
    };
    let attribution = query.breakdown.as_ref().map(|breakdown| breakdown.attribution);
    let attribution = attribution.filter(|_| V > 0);
    let state = || State { sum: start(), walker: Walker::new(query), failed: None };
    // Without a breakdown, who did nothing but the first step needs no order. A step in any order may be another one.
    let first_alone = (V == 0 && query.order != Order::Any).then_some(1);
    let glance = |state: &mut State<A>, unit, of: Glance| {
        if Some(of.selectors) != first_alone {
            return false;
        }
        let way = Way { taken: 1, times_ms: &[of.first_ms] };
        let State { sum, failed, .. } = state;
        if failed.is_none() {
            *failed = add(sum, Counted { unit, in_whole: true, value: None }, way).err();
        }
        true
    };
    let states = walk_where_needed(view, &reads, state, glance, |state, unit, hits: &[Hit<V>]| {
        if state.failed.is_some() {
            return;
        }
        let State { sum, walker, failed } = state;
        let bits = walker.bits;
        let mut told = |counted: Counted, way: Way<'_>| {
            if let Err(error) = add(sum, counted, way) {
                *failed = Some(error);
            }
        };
        let is_split = attribution == Some(Attribution::AllSteps);
        walker.whole(hits, |way| {
            let value = attribution.filter(|_| !is_split);
            let value = value.and_then(|by| decide(query.order, bits, by, hits, way));
            told(Counted { unit, in_whole: true, value }, way);
        });
        if is_split {
            walker.by_value(hits, |value, way| {
                told(Counted { unit, in_whole: false, value: Some(value) }, way);
            });
        }
    })?;
    let sums = states.into_iter().map(|state| state.failed.map_or(Ok(state.sum), Err));
    sums.collect()
}

/// Returns the value code that an attempt counts for.
fn decide<const V: usize>(
    order: Order,
    bits: Bits,
    attribution: Attribution,
    hits: &[Hit<V>],
    way: Way<'_>,
) -> Option<u32> {
    let touches = |hit: &&Hit<V>| bits.steps(hit.selectors) != 0;
    let hit = match attribution {
        Attribution::FirstTouch => hits.iter().find(touches),
        Attribution::LastTouch => hits.iter().rfind(touches),
        Attribution::Step(step) => {
            let time_ms = way.time_of(step)?;
            let wanted = if order == Order::Any { u32::MAX } else { 1 << step };
            let from = hits.partition_point(|hit| hit.time_ms < time_ms);
            // Of events of equal time that match the step, the first by arrival.
            hits[from..].iter().find(|hit| bits.steps(hit.selectors) & wanted != 0)
        }
        Attribution::AllSteps => None,
    };
    hit.and_then(|hit| hit.values.first().copied())
}

/// Finds best attempts.
struct Walker {
    bits: Bits,
    reach: Reach,
    fold: Fold,
    events: Vec<StepEvent>,
    by_value: Vec<(u32, StepEvent)>,
}

impl Walker {
    fn new(query: &FunnelQuery) -> Self {
        Self {
            bits: Bits::new(query),
            reach: Reach::new(query),
            fold: Fold::new(query),
            events: Vec::new(),
            by_value: Vec::new(),
        }
    }

    /// Finds the best attempt of a unit.
    fn whole<const V: usize>(&mut self, hits: &[Hit<V>], mut way: impl FnMut(Way<'_>)) {
        let matched = hits.iter().fold(0, |set, hit| set | hit.selectors);
        match self.reach.of(self.bits.steps(matched)) {
            0 => {}
            1 if low(matched >> self.bits.steps, self.bits.exclusions) == 0 => {
                // It took it with the first event that matches it.
                let first = self.reach.first();
                let mut found = hits.iter();
                let found = found.find(|hit| self.bits.steps(hit.selectors) & first != 0);
                if let Some(hit) = found {
                    way(Way { taken: 1, times_ms: &[hit.time_ms] });
                }
            }
            _ => {
                self.events.clear();
                let bits = self.bits;
                self.events.extend(hits.iter().map(|hit| bits.event(hit)));
                tell(&mut self.fold, &self.events, way);
            }
        }
    }

    /// Finds the best attempt of a unit for each value that an event of a step has, from the events with that value alone.
    fn by_value<const V: usize>(&mut self, hits: &[Hit<V>], mut way: impl FnMut(u32, Way<'_>)) {
        self.by_value.clear();
        let bits = self.bits;
        let value = |hit: &Hit<V>| hit.values.first().copied().unwrap_or(0);
        self.by_value.extend(hits.iter().map(|hit| (value(hit), bits.event(hit))));
        // Stable, so that each value's events stay in their order.
        self.by_value.sort_by_key(|(value, _)| *value);
        for one in self.by_value.chunk_by(|a, b| a.0 == b.0) {
            let matched = one.iter().fold(0, |set, (_, event)| set | event.steps);
            if self.reach.of(matched) > 0 {
                self.events.clear();
                self.events.extend(one.iter().map(|(_, event)| *event));
                tell(&mut self.fold, &self.events, |found| way(one[0].0, found));
            }
        }
    }
}

fn tell(fold: &mut Fold, events: &[StepEvent], mut way: impl FnMut(Way<'_>)) {
    if let Outcome::Way(found) = fold.best(events, Range::ALWAYS) {
        way(found);
    }
}
