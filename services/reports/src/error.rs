//! The service's one error type.

use std::borrow::Cow;
use std::time::Duration;

use observe_core::error::{CommonError, ErrorReason};
use observe_core::{ErrorCode, ServiceError, Violations};

use crate::engine::EngineError;

/// How long a caller should wait for the projection to be built.
const LOADING_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ReportsError {
    /// What every service knows.
    #[error(transparent)]
    Common(#[from] CommonError),
    /// The projection is still being built.
    #[error("the projection is being built")]
    Loading {
        /// How much is done, 0-1.
        progress: f64,
    },
}

impl From<Violations> for ReportsError {
    fn from(violations: Violations) -> Self {
        Self::Common(violations.into())
    }
}

impl From<EngineError> for ReportsError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Loading { progress } => Self::Loading { progress },
            broken @ EngineError::Broken(_) => CommonError::Internal(broken.to_string()).into(),
        }
    }
}

impl ServiceError for ReportsError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Common(error) => error.code(),
            Self::Loading { .. } => ErrorCode::Unavailable,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Common(error) => error.reason(),
            Self::Loading { .. } => ErrorReason::ProjectionLoading,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Common(error) => error.public_message(),
            Self::Loading { .. } => "the projection is being built after a start, try again".into(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Common(error) => error.metadata(),
            Self::Loading { progress } => vec![("progress", format!("{progress:.3}"))],
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Common(error) => error.retry_after(),
            Self::Loading { .. } => Some(LOADING_RETRY_AFTER),
        }
    }

    fn violations(&self) -> Option<&Violations> {
        match self {
            Self::Common(error) => error.violations(),
            Self::Loading { .. } => None,
        }
    }
}
