//! Handing out events in no order, block by block, on several threads.

use super::EngineError;
use super::plan::{Part, Plan, Reads, Scratch};
use super::team;
use super::view::View;
use crate::projection;

/// Hands out all events that are read, in parts. Each thread has an accumulator made by `start`; all of them are returned,
/// at least one.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn scan<const V: usize, A: Send>(
    view: &View<'_>,
    reads: &Reads<'_, V>,
    start: impl Fn() -> A + Sync,
    each: impl Fn(&mut A, &Part<'_, V>) + Sync,
) -> Result<Vec<A>, EngineError> {
    let plan = Plan::new(view, reads);
    let segments = plan.segments();
    let mut rows = 0;
    let mut tasks: Vec<(usize, Vec<projection::Part>)> = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        // Names are read in the order of their codes, as they lie, so the parts of a block come one after the other.
        let parts: Vec<_> = segment.parts(plan.names()).collect();
        rows += parts.iter().map(|part| part.rows.len()).sum::<usize>();
        tasks.extend(parts.chunk_by(|a, b| a.block == b.block).map(|parts| (at, parts.to_vec())));
    }
    team::work(
        rows,
        tasks.len(),
        || (start(), Scratch::default()),
        |(sum, scratch), task| {
            plan.check()?;
            let (segment, parts) = &tasks[task];
            let bound = plan.bind((*segment, segments[*segment]), parts[0].block);
            for part in parts {
                if let Some(part) = plan.part(&bound, part.name, part.rows.clone(), scratch) {
                    each(sum, &part);
                }
            }
            Ok(())
        },
    )
    .map(|sums| sums.into_iter().map(|(sum, _)| sum).collect())
}
