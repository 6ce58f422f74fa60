//! Erasing persons: the rules.
//!
//! What names an erased distinct id and was received at or before its cut is erased, whenever it comes to light: out of the
//! queue, as a dead letter, by the direct way. Ids are told by their hashes, since the ids themselves are not kept.

use std::collections::HashMap;

use observe_core::ProjectId;
use observe_core::distinct_id::{self, Hash};
use observe_proto::events::v1::{AcceptedEvent, LoggedEvents};
use prost::Message as _;

use crate::event::arrival;
use crate::log_row::{compress, unpack_logged};

/// The cuts of erased distinct ids.
#[derive(Clone, Debug, Default)]
pub struct Cuts(HashMap<(ProjectId, Hash), i64>);

impl Cuts {
    /// Takes the latest cut of each.
    pub fn new(cuts: impl IntoIterator<Item = ((ProjectId, Hash), i64)>) -> Self {
        Self(cuts.into_iter().collect())
    }

    /// Returns whether what a distinct id did is erased, if it arrived then.
    #[must_use]
    pub fn is_erased(&self, project: ProjectId, distinct_id: &str, arrival: i64) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let cut_us = self.0.get(&(project, distinct_id::hash(distinct_id)));
        cut_us.is_some_and(|cut_us| arrival <= *cut_us)
    }
}

/// Who did something and when it arrived: all that has to be read of an event that cannot be decoded, or must not be because
/// that ended a reader. The tags are those of `AcceptedEvent`; what else is there is skipped.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Named {
    /// Who.
    #[prost(string, tag = "3")]
    pub distinct_id: String,
    #[prost(int64, tag = "5")]
    received_us: i64,
    #[prost(uint32, tag = "6")]
    index: u32,
}

impl Named {
    /// Reads an encoded event; `None` if not even so much can be read.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        Self::decode(payload).ok()
    }

    /// Returns when it arrived.
    #[must_use]
    pub fn arrival(&self) -> i64 {
        self.received_us.saturating_add(i64::from(self.index))
    }
}

/// What a row of the log holds after an erasure.
#[derive(Debug, PartialEq)]
pub struct Rewritten {
    /// Its payload; empty if none of its events is left.
    pub payload: Vec<u8>,
    /// The identity events that are left, if there are any.
    pub identity_events: Option<Vec<u8>>,
    /// How many events were taken out.
    pub removed: usize,
}

/// Takes what is erased out of a row of the log; `None` if nothing of it is.
///
/// # Errors
/// If the row is damaged.
pub fn rewrite(
    project: ProjectId,
    payload: &[u8],
    identity_events: Option<&[u8]>,
    cuts: &Cuts,
) -> anyhow::Result<Option<Rewritten>> {
    let is_kept =
        |event: &AcceptedEvent| !cuts.is_erased(project, &event.distinct_id, arrival(event));
    let mut logged = unpack_logged(payload)?;
    let before = logged.events.len();
    logged.events.retain(is_kept);
    let removed = before - logged.events.len();
    if removed == 0 {
        return Ok(None);
    }
    logged.erased += u32::try_from(removed).unwrap_or(u32::MAX);
    let identity_events = match identity_events {
        Some(bytes) => {
            let mut identity = LoggedEvents::decode(bytes)?;
            identity.events.retain(is_kept);
            (!identity.events.is_empty()).then(|| identity.encode_to_vec())
        }
        None => None,
    };
    let payload =
        if logged.events.is_empty() { Vec::new() } else { compress(&logged.encode_to_vec()) };
    Ok(Some(Rewritten { payload, identity_events, removed }))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::log_row::{log_rows, unpack};

    fn project(n: u128) -> ProjectId {
        ProjectId::new(Uuid::from_u128(n))
    }

    fn event(id: &str, received_us: i64) -> AcceptedEvent {
        AcceptedEvent {
            uuid: vec![1; 16],
            distinct_id: id.into(),
            received_us,
            index: 1,
            identity: true,
            ..AcceptedEvent::default()
        }
    }

    fn cuts(id: &str, cut_us: i64) -> Cuts {
        Cuts::new([((project(1), distinct_id::hash(id)), cut_us)])
    }

    #[test]
    fn what_arrived_at_the_cut_is_erased_in_its_project_and_what_came_after_is_not() {
        let cuts = cuts("ada", 100);
        assert!(cuts.is_erased(project(1), "ada", 100));
        assert!(!cuts.is_erased(project(1), "ada", 101));
        assert!(!cuts.is_erased(project(2), "ada", 1));
        assert!(!cuts.is_erased(project(1), "bob", 1));
    }

    #[test]
    fn a_row_of_the_log_loses_the_persons_events_and_counts_them_on() {
        let events: Vec<_> = [event("ada", 5), event("bob", 6), event("ada", 500)]
            .map(|event| (project(1), Uuid::nil(), event))
            .into();
        let row = &log_rows(&events, &[0, 1, 2], 1)[0];
        let identity = row.identity_events.as_deref();
        let once = rewrite(project(1), &row.payload, identity, &cuts("ada", 100));
        let once = once.expect("readable").expect("one went");
        assert_eq!(once.removed, 1);
        let left = unpack_logged(&once.payload).expect("readable");
        assert_eq!((left.events.len(), left.erased), (2, 1));
        let identity = LoggedEvents::decode(once.identity_events.as_deref().expect("some"));
        assert_eq!(identity.expect("readable").events.len(), 2);

        let twice = rewrite(
            project(1),
            &once.payload,
            once.identity_events.as_deref(),
            &Cuts::new(["ada", "bob"].map(|id| ((project(1), distinct_id::hash(id)), i64::MAX))),
        );
        let twice = twice.expect("readable").expect("the others went");
        assert_eq!((twice.removed, twice.identity_events), (2, None));
        assert!(unpack(&twice.payload).expect("an emptied row").is_empty());
        let nothing = rewrite(project(1), &[], None, &cuts("ada", 100)).expect("an emptied row");
        assert_eq!(nothing, None);
    }

    #[test]
    fn who_and_when_is_read_of_what_nobody_decodes() {
        let named = Named::read(&event("ada", 5).encode_to_vec()).expect("readable");
        assert_eq!((named.distinct_id.as_str(), named.arrival()), ("ada", 6));
        assert_eq!(Named::read(&[255]), None);
    }
}
