//! One person's way through a funnel: its events, found as for the funnel itself.

use super::units::{Bits, selectors};
use crate::engine::EngineError;
use crate::engine::plan::Reads;
use crate::engine::view::View;
use crate::engine::walk::{Hit, walk};
use crate::explained_event::{EVENTS_MAX, ExplainedEvent};
use crate::funnel::FunnelQuery;
use crate::funnel::explain::{self, FunnelExplanation};

/// Explains a funnel to a person; one without a code, `None`, has no events.
///
/// # Errors
/// `Abandoned` if the asker has gone, `TooLarge` if the person has too many events.
pub(in crate::engine) fn explain(
    view: &View<'_>,
    query: &FunnelQuery,
    person: Option<u32>,
) -> Result<FunnelExplanation, EngineError> {
    let selectors = selectors(query);
    let reads = Reads {
        range: query.range,
        counted_by: &query.counted_by,
        filter: &query.filter,
        selectors: &selectors,
        values: [],
    };
    let mut hits: Vec<Hit<0>> = Vec::new();
    if let Some(person) = person {
        let all = walk(view, &reads, Vec::new, |own: &mut Vec<Hit<0>>, unit, hits| {
            if unit == person {
                own.extend_from_slice(hits);
            }
        })?;
        hits = all.concat();
    }
    view.asker.take(size_of_val(hits.as_slice()))?;
    let bits = Bits::new(query);
    let events: Vec<_> = hits.iter().map(|hit| bits.event(hit)).collect();
    let tale = explain::explain(query, &events, EVENTS_MAX);
    let told = hits.iter().zip(tale.events).map(|(hit, told)| ExplainedEvent {
        name: view.columns.names.text(hit.name).to_owned(),
        time_ms: hit.time_ms,
        distinct_id: view.columns.visitors.text(hit.visitor).to_owned(),
        told,
    });
    Ok(FunnelExplanation {
        reached: tale.reached,
        summary: tale.summary,
        events: told.collect(),
        truncated: hits.len() > EVENTS_MAX,
    })
}
