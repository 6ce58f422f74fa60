//! What somebody decided of a group, and what came of it.

use chrono::{DateTime, Utc};
use observe_core::UserId;

/// What somebody may decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// To be looked at.
    Open,
    /// Said to be mended.
    Resolved,
    /// Not of interest.
    Ignored,
}

/// What somebody decided last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// What.
    pub(crate) status: Status,
    /// When, by our clock.
    pub(crate) time: DateTime<Utc>,
    /// Who; `None` for a key.
    pub(crate) by: Option<UserId>,
}

/// How a group stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What was decided, but for a regression.
    pub(crate) status: Status,
    /// Whether it was resolved and an event of it was received later.
    pub(crate) regressed: bool,
}

/// Returns how a group stands whose last event was received then, in microseconds since 1970. The time of receipt counts,
/// since an event of before may arrive late, and its sender's clock may be wrong.
pub(crate) fn standing(decision: Option<&Decision>, last_received_us: i64) -> Standing {
    match decision {
        None => Standing { status: Status::Open, regressed: false },
        Some(Decision { status: Status::Resolved, time, .. })
            if last_received_us > time.timestamp_micros() =>
        {
            Standing { status: Status::Open, regressed: true }
        }
        Some(decision) => Standing { status: decision.status, regressed: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_resolved_group_reopens_and_only_by_what_is_received_later() {
        let time = DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time");
        let decided = |status| Decision { status, time, by: None };
        let at = |status, later_us| {
            let standing = standing(Some(&decided(status)), time.timestamp_micros() + later_us);
            (standing.status, standing.regressed)
        };
        assert_eq!(at(Status::Resolved, 0), (Status::Resolved, false));
        assert_eq!(at(Status::Resolved, 1), (Status::Open, true));
        assert_eq!(at(Status::Ignored, 1), (Status::Ignored, false));
        assert_eq!(at(Status::Open, 1), (Status::Open, false));
        assert_eq!(standing(None, 5), Standing { status: Status::Open, regressed: false });
    }
}
