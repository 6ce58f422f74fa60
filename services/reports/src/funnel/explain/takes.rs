//! Which events took the steps of an attempt, of which the times are known.

use crate::funnel::fold::{StepEvent, Way};
use crate::funnel::{FunnelQuery, Order};

/// By event, the step that it took in an attempt. At equal times the first by arrival takes it, if others can take theirs.
pub(super) fn takes(
    query: &FunnelQuery,
    events: &[StepEvent],
    way: Option<Way<'_>>,
) -> Vec<Option<usize>> {
    let mut takes = vec![None; events.len()];
    let Some(way) = way else { return takes };
    let steps: Vec<usize> =
        (0..query.steps.len()).filter(|step| way.taken >> step & 1 == 1).collect();
    for same in steps.iter().zip(way.times_ms).collect::<Vec<_>>().chunk_by(|a, b| a.1 == b.1) {
        let time_ms = *same[0].1;
        let from = events.partition_point(|event| event.time_ms < time_ms);
        let to = events.partition_point(|event| event.time_ms <= time_ms);
        if query.order == Order::Any {
            continue;
        }
        for (step, _) in same {
            let mut tried = 0;
            place(&events[from..to], &mut takes[from..to], **step, &mut tried);
        }
    }
    if query.order == Order::Any {
        take_any(query.steps.len(), events, way, &mut takes);
    }
    takes
}

/// Finds an event for a step among those of one time, moving other steps where that makes room.
fn place(events: &[StepEvent], takes: &mut [Option<usize>], step: usize, tried: &mut u32) -> bool {
    *tried |= 1 << step;
    for at in 0..events.len() {
        let is_free = events[at].steps >> step & 1 == 1
            && takes[at]
                .is_none_or(|other| *tried >> other & 1 == 0 && place(events, takes, other, tried));
        if is_free {
            takes[at] = Some(step);
            return true;
        }
    }
    false
}

/// In any order: the latest events of the attempt's times that can stand for different steps.
fn take_any(steps: usize, events: &[StepEvent], way: Way<'_>, takes: &mut [Option<usize>]) {
    let (Some(first), Some(last)) = (way.times_ms.first(), way.times_ms.last()) else { return };
    let from = events.partition_point(|event| event.time_ms < *first);
    let to = events.partition_point(|event| event.time_ms <= *last);
    let mut owners: Vec<Option<usize>> = vec![None; steps];
    for at in (from..to).rev() {
        make_room(events, at, &mut owners, &mut 0);
    }
    for (step, owner) in owners.into_iter().enumerate() {
        if let Some(at) = owner {
            takes[at] = Some(step);
        }
    }
}

fn make_room(
    events: &[StepEvent],
    at: usize,
    owners: &mut [Option<usize>],
    tried: &mut u32,
) -> bool {
    for step in 0..owners.len() {
        if events[at].steps >> step & 1 == 0 || *tried >> step & 1 == 1 {
            continue;
        }
        *tried |= 1 << step;
        if owners[step].is_none_or(|other| make_room(events, other, owners, tried)) {
            owners[step] = Some(at);
            return true;
        }
    }
    false
}
