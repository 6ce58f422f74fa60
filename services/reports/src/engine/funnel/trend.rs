//! A funnel by the time it was entered: of each unit and bucket, the best attempt that began in it.

use super::units::{Bits, is_empty, selectors};
use crate::engine::EngineError;
use crate::engine::hints;
use crate::engine::plan::Reads;
use crate::engine::view::View;
use crate::engine::walk::{Hit, walk};
use crate::funnel::fold::{Fold, Outcome, Reach, StepEvent};
use crate::funnel::{FunnelTrendAnswer, FunnelTrendPoint, FunnelTrendQuery};
use crate::query::Range;

/// What one thread needs.
struct State {
    points: Vec<FunnelTrendPoint>,
    fold: Fold,
    events: Vec<StepEvent>,
}

/// Answers the question, a point for each bucket.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(in crate::engine) fn run(
    view: &View<'_>,
    query: &FunnelTrendQuery,
) -> Result<FunnelTrendAnswer, EngineError> {
    let funnel = &query.funnel;
    let hints = hints::unknown(view.columns, &funnel.names());
    let mut points = vec![FunnelTrendPoint::default(); query.buckets.count()];
    if is_empty(view, funnel) {
        return Ok(FunnelTrendAnswer { points, hints });
    }
    let selectors = selectors(funnel);
    let reads = Reads {
        range: funnel.range,
        counted_by: &funnel.counted_by,
        filter: &funnel.filter,
        selectors: &selectors,
        values: [],
    };
    let bits = Bits::new(funnel);
    let reach = Reach::new(funnel);
    let start = || State { points: points.clone(), fold: Fold::new(funnel), events: Vec::new() };
    let states = walk(view, &reads, start, |state, _, hits: &[Hit<0>]| {
        state.events.clear();
        state.events.extend(hits.iter().map(|hit| bits.event(hit)));
        let matched = state.events.iter().fold((0, 0), |(steps, exclusions), event| {
            (steps | event.steps, exclusions | event.exclusions)
        });
        let deepest = reach.of(matched.0);
        if deepest > 0 {
            let is_sure = matched.1 == 0 && deepest < funnel.steps.len();
            // What is left of a question that nobody waits for is skipped; `walk` tells so.
            each_bucket(state, query, reach.first(), is_sure, || view.asker.check().is_err());
        }
    })?;
    for state in states {
        for (sum, point) in points.iter_mut().zip(state.points) {
            sum.entered += point.entered;
            sum.converted += point.converted;
        }
    }
    Ok(FunnelTrendAnswer { points, hints })
}

/// Counts a unit in each bucket in which an attempt of its begins. `is_sure` if nobody can convert, and nothing interrupts.
fn each_bucket(
    state: &mut State,
    query: &FunnelTrendQuery,
    first: u32,
    is_sure: bool,
    has_gone: impl Fn() -> bool,
) {
    let State { points, fold, events } = state;
    let starts_ms = query.buckets.starts_ms();
    let mut at = 0;
    while let Some(next) = events[at..].iter().position(|event| event.steps & first != 0) {
        at += next;
        let bucket = query.buckets.index_of(events[at].time_ms);
        let end_ms = starts_ms.get(bucket + 1).copied().unwrap_or(i64::MAX);
        let starts = Range { start_ms: starts_ms[bucket], end_ms };
        let later = events[at..].partition_point(|event| event.time_ms < end_ms);
        if is_sure {
            points[bucket].entered += 1;
        } else {
            let last_ms = end_ms.saturating_add(query.funnel.window_ms);
            let within = events[at..].partition_point(|event| event.time_ms < last_ms);
            // Events that share the time of the first one come before it in the list, but not in time.
            let from = events[..at].partition_point(|event| event.time_ms < events[at].time_ms);
            if let Outcome::Way(way) = fold.best(&events[from..at + within], starts) {
                points[bucket].entered += 1;
                points[bucket].converted += u64::from(way.depth() == query.funnel.steps.len());
            }
        }
        at += later;
        if has_gone() {
            return;
        }
    }
}
