//! Which events took the steps of an attempt, of which the times are known.

use crate::funnel::fold::{StepEvent, Way};
use crate::funnel::matching::{find_event, find_step};
use crate::funnel::{FunnelQuery, Order};

/// By event, the step that it took in an attempt. At equal times the first by arrival takes it, if others can take theirs.
pub(super) fn takes(
    query: &FunnelQuery,
    events: &[StepEvent],
    way: Option<Way<'_>>,
) -> Vec<Option<usize>> {
    let mut takes = vec![None; events.len()];
    match way {
        Some(way) if query.order == Order::Any => {
            take_any(query.steps.len(), events, way, &mut takes);
        }
        Some(way) => take_in_order(events, way, &mut takes),
        None => {}
    }
    takes
}

/// In order: each step by an event of its time that matches it.
fn take_in_order(events: &[StepEvent], way: Way<'_>, takes: &mut [Option<usize>]) {
    for (step, time_ms) in (0..way.depth()).filter_map(|step| Some((step, way.time_of(step)?))) {
        let from = events.partition_point(|event| event.time_ms < time_ms);
        let to = events.partition_point(|event| event.time_ms <= time_ms);
        let same = &events[from..to];
        find_event(step, &|event| same[event].steps, &mut takes[from..to], &mut 0);
    }
}

/// In any order: the latest events of the attempt's times that can stand for different steps.
fn take_any(steps: usize, events: &[StepEvent], way: Way<'_>, takes: &mut [Option<usize>]) {
    let (Some(first), Some(last)) = (way.times_ms.first(), way.times_ms.last()) else { return };
    let from = events.partition_point(|event| event.time_ms < *first);
    let to = events.partition_point(|event| event.time_ms <= *last);
    let mut owners = vec![None; steps];
    for event in (from..to).rev() {
        find_step(event, &|event| events[event].steps, &mut owners, &mut 0);
    }
    for (step, owner) in owners.into_iter().enumerate() {
        if let Some(event) = owner {
            takes[event] = Some(step);
        }
    }
}
