//! What can be killed.

/// One process, or one store with all of its processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// There may be two, behind a balancer.
    Gateway(usize),
    /// There may be two, which share the shards.
    Events(usize),
    Identity,
    Reports,
    /// It has no part in the way of an event, and is not killed.
    Monitor,
    Queue,
    Cache,
    Postgres,
}

impl Part {
    /// Returns what the table of figures calls it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Gateway(_) => "gateway",
            Self::Events(_) => "events",
            Self::Identity => "identity",
            Self::Reports => "reports",
            Self::Monitor => "monitor",
            Self::Queue => "queue Redis",
            Self::Cache => "cache Redis",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// Returns its bit in the mask of what is down.
    pub(crate) fn bit(self) -> u32 {
        1 << match self {
            Self::Identity => 0,
            Self::Reports => 1,
            Self::Queue => 2,
            Self::Cache => 3,
            Self::Postgres => 4,
            Self::Monitor => 5,
            Self::Gateway(number) => 8 + number,
            Self::Events(number) => 16 + number,
        }
    }
}
