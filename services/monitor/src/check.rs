//! What came of one look at a target.

use std::time::Duration;

use chrono::{DateTime, Utc};
use observe_egress::Phases;
pub(crate) use observe_proto::monitor::v1::check::Outcome;

/// Why a check was not good, in a word for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Timeout,
    ConnectFailed,
    DnsFailed,
    TlsFailed,
    Status,
    Keyword,
    BodyTooLarge,
    Redirects,
    BlockedTarget,
    Overdue,
    Reported,
    LateStart,
}

impl Reason {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::ConnectFailed => "connect_failed",
            Self::DnsFailed => "dns_failed",
            Self::TlsFailed => "tls_failed",
            Self::Status => "status",
            Self::Keyword => "keyword",
            Self::BodyTooLarge => "body_too_large",
            Self::Redirects => "redirects",
            Self::BlockedTarget => "blocked_target",
            Self::Overdue => "overdue",
            Self::Reported => "reported",
            Self::LateStart => "late_start",
        }
    }
}

/// What came of one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Up, down or unknown.
    pub(crate) outcome: Outcome,
    /// Why it was not good: the word and the sentence. It holds nothing of the target's body.
    pub(crate) why: Option<(Reason, String)>,
    pub(crate) status_code: i16,
    /// When there was an answer.
    pub(crate) total: Option<Duration>,
    pub(crate) phases: Phases,
}

impl Verdict {
    /// A good look that measured nothing.
    pub(crate) fn up() -> Self {
        Self {
            outcome: Outcome::Up,
            why: None,
            status_code: 0,
            total: None,
            phases: Phases::default(),
        }
    }

    /// A bad one that measured nothing.
    pub(crate) fn down(reason: Reason, message: impl Into<String>) -> Self {
        Self { outcome: Outcome::Down, why: Some((reason, message.into())), ..Self::up() }
    }

    /// Says that the fault may be ours, and so nothing of the target.
    pub(crate) fn into_unknown(mut self, because: &str) -> Self {
        self.outcome = Outcome::Unknown;
        if let Some((_, message)) = &mut self.why {
            *message = format!("{because} ({message})");
        }
        self
    }
}

/// A verdict on a slot that somebody holds the lease of.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) monitor: uuid::Uuid,
    pub(crate) slot: DateTime<Utc>,
    /// The lease under which it was looked at: what another has taken over since is not written.
    pub(crate) lease: uuid::Uuid,
    pub(crate) attempt: i16,
    /// `None` hands the slot back: we stop.
    pub(crate) verdict: Option<Verdict>,
}

/// A duration in whole microseconds.
pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
