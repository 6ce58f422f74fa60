//! Why what people keep here (cohorts, saved insights, dashboards, annotations) cannot be made, changed or asked, and a projection
//! not be made anew.

use std::time::Duration;

use observe_core::ErrorCode;
use observe_core::error::ErrorReason;

/// How long a viewer of a shared dashboard who asked too often should wait.
const VIEWER_RETRY_AFTER: Duration = Duration::from_secs(10);

/// A request that is well formed and cannot be done as things are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The project, or the list, has as many as it may.
    #[error("there are {max} {what} already, the most there may be")]
    TooMany {
        /// How many there may be.
        max: i64,
        /// Of what.
        what: &'static str,
    },
    /// The name is taken.
    #[error("another {0} of the project has this name")]
    NameTaken(&'static str),
    /// The rule of another cohort names this one.
    #[error("the rule of the cohort \"{0}\" names this one; change that first")]
    CohortInUse(String),
    /// The cohort has a rule, and who is in it follows from that.
    #[error("the cohort has a rule; persons are put on fixed lists alone")]
    NoList,
    /// It is not as the caller saw it last.
    #[error("the {0} was changed meanwhile; read it again")]
    Changed(&'static str),
    /// What was kept cannot be read or asked any more: another version wrote it, or it names what is gone.
    #[error("the {0} cannot be read as it was saved; change it and save it anew")]
    Unreadable(&'static str),
    /// A project is being made anew, this one or another.
    #[error("a projection is being made anew already; begin when that is done")]
    Rebuilding,
    /// Too many requests for a shared dashboard.
    #[error("this dashboard is asked for too often from this address")]
    TooOften,
}

impl Refusal {
    /// Returns the kind.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::TooMany { .. } | Self::TooOften => ErrorCode::ResourceExhausted,
            Self::NameTaken(_) => ErrorCode::AlreadyExists,
            Self::CohortInUse(_) | Self::NoList | Self::Unreadable(_) | Self::Rebuilding => {
                ErrorCode::FailedPrecondition
            }
            Self::Changed(_) => ErrorCode::Aborted,
        }
    }

    /// Returns the machine-readable cause.
    #[must_use]
    pub fn reason(&self) -> ErrorReason {
        match self {
            Self::NameTaken(_) => ErrorReason::AlreadyExists,
            Self::TooOften => ErrorReason::RateLimited,
            // Waiting does not help, so these are no rate limits: the request breaks a documented rule.
            _ => ErrorReason::InvalidRequest,
        }
    }

    /// Returns details for programs.
    #[must_use]
    pub fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NameTaken(what) => vec![("resource", (*what).to_owned())],
            _ => Vec::new(),
        }
    }

    /// Returns when to try again, if that makes sense.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::TooOften).then_some(VIEWER_RETRY_AFTER)
    }
}
