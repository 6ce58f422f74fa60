//! The lanes of the queue, and the keys they have in Redis.

use crate::sealed::Label;
use crate::shard::Shard;

/// How long before its receipt an event must have happened to belong to the past.
const HISTORICAL_AGE_MS: i64 = 24 * 60 * 60 * 1000;

/// One stream of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Events of one shard.
    Shard(Shard),
    /// Events of one shard that belong to the past: never read before those that happen now.
    Historical(Shard),
    /// Spans.
    Spans,
}

impl Lane {
    /// Returns the lane of an event of a shard: the historical one if its sender says that it belongs to an import, or if it
    /// happened more than a day before it came. Identity events that are not said to be imported stay together, so that
    /// their order holds.
    #[must_use]
    pub fn of(shard: Shard, event: &Label) -> Self {
        let age_ms = (event.received_us / 1_000).saturating_sub(event.time_ms);
        if event.historical || (age_ms > HISTORICAL_AGE_MS && !event.identity) {
            Self::Historical(shard)
        } else {
            Self::Shard(shard)
        }
    }

    /// Returns the shard whose events these are.
    #[must_use]
    pub fn shard(self) -> Option<Shard> {
        match self {
            Self::Shard(shard) | Self::Historical(shard) => Some(shard),
            Self::Spans => None,
        }
    }
}

impl std::fmt::Display for Lane {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Shard(shard) => shard.fmt(formatter),
            Self::Historical(shard) => write!(formatter, "{shard} (historical)"),
            Self::Spans => formatter.write_str("spans"),
        }
    }
}

/// The keys of one shard share a hash tag, so that a cluster keeps them on one node. Its two lanes share the counters of
/// accepted events and the queue's id.
pub(super) fn key(lane: Lane, what: &str) -> String {
    match lane {
        Lane::Shard(shard) | Lane::Historical(shard) => format!("observe:{{{shard}}}:{what}"),
        Lane::Spans => format!("observe:{{spans}}:{what}"),
    }
}

/// The key of a lane's stream.
pub(super) fn stream_key(lane: Lane) -> String {
    match lane {
        Lane::Shard(_) | Lane::Spans => key(lane, "stream"),
        Lane::Historical(_) => key(lane, "historical"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_has_a_lane_of_its_own() {
        let now_ms = 1_763_855_999_000;
        let event = |age_ms: i64| Label {
            time_ms: now_ms - age_ms,
            received_us: now_ms * 1_000,
            ..Label::default()
        };
        assert_eq!(Lane::of(1, &event(HISTORICAL_AGE_MS)), Lane::Shard(1));
        assert_eq!(Lane::of(1, &event(HISTORICAL_AGE_MS + 1)), Lane::Historical(1));
        let identity = Label { identity: true, ..event(2 * HISTORICAL_AGE_MS) };
        assert_eq!(Lane::of(1, &identity), Lane::Shard(1), "its order with others must hold");
        let imported = Label { historical: true, ..event(0) };
        assert_eq!(Lane::of(1, &imported), Lane::Historical(1));
        let imported = Label { historical: true, ..identity };
        assert_eq!(Lane::of(1, &imported), Lane::Historical(1));
    }
}
