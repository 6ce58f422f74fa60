//! The one error type of the service.

use std::borrow::Cow;
use std::time::Duration;

use observe_core::error::{CommonError, ErrorReason};
use observe_core::{ErrorCode, ServiceError, Violations};

/// What callers see as the name of our store.
const DATABASE: &str = "the monitor store";
/// When a test that was refused may be tried again.
const TEST_RETRY_AFTER: Duration = Duration::from_secs(2);

/// Why a call of this service failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// What every service has.
    #[error(transparent)]
    Common(#[from] CommonError),
    /// The project has as many as it may.
    #[error("the project has {max} {what}, the most there may be; delete one first")]
    TooMany {
        /// How many there may be.
        max: i64,
        /// Of what.
        what: &'static str,
    },
    /// Too many tests are under way.
    #[error("too many tests are under way, try again")]
    Busy,
    /// The incident is over.
    #[error("the incident is closed already")]
    IncidentClosed,
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::Common(violations.into())
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let detail = error.to_string();
        Self::Common(if observe_runtime::postgres::is_outage(&error) {
            CommonError::Unavailable { dependency: DATABASE, detail }
        } else {
            CommonError::Internal(detail)
        })
    }
}

impl ServiceError for Error {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Common(error) => error.code(),
            Self::TooMany { .. } | Self::Busy => ErrorCode::ResourceExhausted,
            Self::IncidentClosed => ErrorCode::FailedPrecondition,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Common(error) => error.reason(),
            Self::Busy => ErrorReason::RateLimited,
            // Waiting does not help, so these are no rate limits: the request breaks a documented rule.
            Self::TooMany { .. } | Self::IncidentClosed => ErrorReason::InvalidRequest,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Common(error) => error.public_message(),
            other => other.to_string().into(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Common(error) => error.metadata(),
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Common(error) => error.retry_after(),
            Self::Busy => Some(TEST_RETRY_AFTER),
            _ => None,
        }
    }

    fn violations(&self) -> Option<&Violations> {
        match self {
            Self::Common(error) => error.violations(),
            _ => None,
        }
    }
}

/// Refuses a request for one field.
pub(crate) fn invalid(field: &str, description: &str) -> Error {
    let mut violations = Violations::new();
    violations.add(field, description);
    violations.into()
}
