//! A lane as its reader reads it: always from the head, as much as one transaction may hold.

use crate::entry::Entry;
use crate::queue::Lane;
use crate::shard::Shard;
use crate::workers::group_commit::HISTORICAL_EVENTS_MAX;

/// Events in one transaction.
pub(super) const BATCH_EVENTS_MAX: usize = 5_000;
/// Bytes of entries in one transaction.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Entries read at first, at most 4 MiB; more when they turn out small.
const READ_COUNT_MIN: usize = 8;
/// Entries read at most.
pub(super) const READ_COUNT_MAX: usize = 1_024;

/// The head of one lane.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// Which lane.
    pub(super) lane: Lane,
    /// Events of it in one transaction.
    pub(super) events_max: usize,
    /// How many entries are read at a time.
    pub(super) count: usize,
    /// The last entry that was stored: what is waited for comes after it.
    pub(super) last_id: String,
}

impl Head {
    /// Reads a shard's events that happen now.
    pub(super) fn live(shard: Shard) -> Self {
        Self::new(Lane::Shard(shard), BATCH_EVENTS_MAX)
    }

    /// Reads a shard's events of the past, few at a time: what happens now waits for no more than these.
    pub(super) fn historical(shard: Shard) -> Self {
        Self::new(Lane::Historical(shard), HISTORICAL_EVENTS_MAX)
    }

    fn new(lane: Lane, events_max: usize) -> Self {
        Self { lane, events_max, count: READ_COUNT_MIN, last_id: "0".to_owned() }
    }
}

/// Takes as many entries from the front as one transaction may hold; at least one.
pub(super) fn take_batch(entries: Vec<Entry>, events_max: usize) -> (Vec<Entry>, usize) {
    let (mut events, mut bytes) = (0, 0);
    let mut batch = Vec::new();
    for entry in entries {
        events += entry.events.len();
        bytes += entry.bytes;
        if !batch.is_empty() && (events > events_max || bytes > BATCH_BYTES_MAX) {
            break;
        }
        batch.push(entry);
    }
    (batch, bytes)
}

/// Reads more entries at a time while all that was read fits into one transaction, so that a backlog of tiny entries drains
/// in full ones; no more than twice what fitted otherwise, so that nothing large is read only to be thrown away.
pub(super) fn next_count(count: usize, read: usize, taken: usize, bytes: usize) -> usize {
    if taken < read || bytes > BATCH_BYTES_MAX / 2 {
        (taken * 2).clamp(READ_COUNT_MIN, READ_COUNT_MAX)
    } else if read < count {
        count
    } else {
        (count * 2).min(READ_COUNT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use observe_core::ProjectId;
    use observe_proto::events::v1::AcceptedEvent;
    use uuid::Uuid;

    fn entry(events: usize, bytes: usize) -> Entry {
        let event = (ProjectId::new(Uuid::nil()), Uuid::nil(), AcceptedEvent::default());
        Entry {
            stream_id: String::new(),
            entry_id: Uuid::nil(),
            events: vec![event; events],
            bytes,
        }
    }

    #[test]
    fn a_transaction_stays_within_its_limits() {
        let entries = || vec![entry(3_000, 1), entry(2_000, 1), entry(1, 1)];
        assert_eq!(take_batch(entries(), BATCH_EVENTS_MAX).0.len(), 2);
        assert_eq!(take_batch(entries(), 1_000).0.len(), 1);
        let large = vec![entry(1, BATCH_BYTES_MAX), entry(1, 1)];
        assert_eq!(take_batch(large, BATCH_EVENTS_MAX).0.len(), 1);
    }

    #[test]
    fn no_more_is_read_than_a_transaction_can_hold() {
        assert_eq!(next_count(8, 8, 8, 1_000), 16, "all fitted, and there may be more");
        assert_eq!(next_count(16, 5, 5, 1_000), 16, "that was all there is");
        assert_eq!(
            next_count(1_024, 1_024, 12, 1_000),
            24,
            "twelve full entries are a transaction"
        );
        assert_eq!(next_count(64, 64, 64, BATCH_BYTES_MAX), 128);
    }

    #[test]
    fn an_entry_beyond_the_limits_still_goes_alone() {
        let (batch, _) = take_batch(vec![entry(9_000, 1), entry(1, 1)], BATCH_EVENTS_MAX);
        assert_eq!(batch.len(), 1);
    }
}
