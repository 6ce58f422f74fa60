//! What an explanation tells of an event.

use observe_proto::reports::v1 as pb;
use pb::explained_event::Verdict as WireVerdict;

use super::shared::timestamp;
use crate::explained_event::{ExplainedEvent, Verdict};

/// Writes it.
pub(super) fn explained_event(event: ExplainedEvent) -> pb::ExplainedEvent {
    let number = |step: usize| i32::try_from(step + 1).expect("a funnel has few steps");
    pb::ExplainedEvent {
        name: event.name,
        time: Some(timestamp(event.time_ms)),
        distinct_id: event.distinct_id,
        verdict: match event.told.verdict {
            Verdict::Counted => WireVerdict::Counted,
            Verdict::NotCounted => WireVerdict::NotCounted,
            Verdict::Excluded => WireVerdict::Excluded,
        }
        .into(),
        step: event.told.step.map_or(0, number),
        reason: event.told.reason,
    }
}
