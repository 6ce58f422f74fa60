//! The service's one error type.

use std::borrow::Cow;
use std::time::Duration;

use observe_core::error::{CommonError, ErrorReason};
use observe_core::{ErrorCode, ServiceError, Violations};
use tonic::{Code, Status};

use crate::engine::EngineError;
use crate::export::places::{EXPORTS_MAX, EXPORTS_OF_PROJECT_MAX};
use crate::refusal::Refusal;

/// How long a caller should wait when too many questions are being computed.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(2);
/// How long a caller should wait when too many exports run.
const EXPORTS_RETRY_AFTER: Duration = Duration::from_secs(30);
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
    /// Another replica takes the projection over, or has just done so.
    #[error("the projection moves to another replica")]
    Moving,
    /// Too many questions are being computed.
    #[error("too many questions are being computed")]
    Busy,
    /// A question takes more than one may.
    #[error("{0}")]
    TooLarge(EngineError),
    /// Too many people watch.
    #[error("too many viewers")]
    Viewers,
    /// Too many exports run.
    #[error("too many exports run")]
    Exports {
        /// Whether they are all of the project that asks.
        of_project: bool,
    },
    /// An export ended before its file was whole.
    #[error("an export was broken off")]
    ExportBrokenOff,
    /// What people keep here does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<Violations> for ReportsError {
    fn from(violations: Violations) -> Self {
        Self::Common(violations.into())
    }
}

impl From<sqlx::Error> for ReportsError {
    fn from(error: sqlx::Error) -> Self {
        let detail = error.to_string();
        Self::Common(if observe_runtime::postgres::is_outage(&error) {
            CommonError::Unavailable { dependency: "database of reports", detail }
        } else {
            CommonError::Internal(detail)
        })
    }
}

/// Returns what it means that another service did not answer a question that was right.
pub(crate) fn away(dependency: &'static str, status: &Status) -> CommonError {
    // Its message may quote what was asked for, which is not for the log.
    let detail = format!("{:?}", status.code());
    match status.code() {
        Code::InvalidArgument | Code::Internal | Code::PermissionDenied | Code::Unimplemented => {
            CommonError::Internal(format!("{dependency} answered {detail}"))
        }
        _ => CommonError::Unavailable { dependency, detail },
    }
}

impl From<EngineError> for ReportsError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Loading { progress } => Self::Loading { progress },
            EngineError::Busy => Self::Busy,
            EngineError::Store(detail) => {
                CommonError::Unavailable { dependency: "database of reports", detail }.into()
            }
            large @ (EngineError::TooLong | EngineError::TooLarge) => Self::TooLarge(large),
            EngineError::Damaged(_) => Self::Loading { progress: 0.0 },
            broken @ (EngineError::Abandoned | EngineError::Broken(_)) => {
                CommonError::Internal(broken.to_string()).into()
            }
        }
    }
}

impl ServiceError for ReportsError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Common(error) => error.code(),
            Self::Loading { .. } | Self::Moving => ErrorCode::Unavailable,
            Self::Busy | Self::Viewers | Self::TooLarge(_) | Self::Exports { .. } => {
                ErrorCode::ResourceExhausted
            }
            Self::ExportBrokenOff => ErrorCode::Aborted,
            Self::Refused(refusal) => refusal.code(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Common(error) => error.reason(),
            Self::Loading { .. } | Self::Moving => ErrorReason::ProjectionLoading,
            Self::Busy | Self::Viewers | Self::Exports { .. } => ErrorReason::RateLimited,
            Self::ExportBrokenOff => ErrorReason::ExportBrokenOff,
            Self::TooLarge(_) => ErrorReason::QuestionTooLarge,
            Self::Refused(refusal) => refusal.reason(),
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Common(error) => error.public_message(),
            Self::Loading { .. } => "the projection is being built after a start, try again".into(),
            Self::Moving => "another replica takes the projection over, try again".into(),
            Self::Busy => "too many questions are being computed, try again".into(),
            Self::Viewers => "too many viewers watch already, try again later".into(),
            Self::Exports { of_project: true } => format!(
                "{EXPORTS_OF_PROJECT_MAX} exports of this project run already; wait until one has ended, or cancel it"
            )
            .into(),
            Self::Exports { of_project: false } => {
                format!("{EXPORTS_MAX} exports run already, try again when one has ended").into()
            }
            Self::ExportBrokenOff => {
                "the export was broken off: nothing was read of it for a minute; begin it again".into()
            }
            Self::TooLarge(error) => format!(
                "{error}; a shorter range, a narrower filter or fewer values make it smaller"
            )
            .into(),
            Self::Refused(refusal) => refusal.to_string().into(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Common(error) => error.metadata(),
            Self::Loading { progress } => vec![("progress", format!("{progress:.3}"))],
            Self::Refused(refusal) => refusal.metadata(),
            // As while it is being built: nothing of it is there yet.
            Self::Moving => vec![("progress", "0.000".to_owned())],
            Self::Busy
            | Self::Viewers
            | Self::TooLarge(_)
            | Self::Exports { .. }
            | Self::ExportBrokenOff => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Common(error) => error.retry_after(),
            Self::Loading { .. } | Self::Moving => Some(LOADING_RETRY_AFTER),
            Self::Busy | Self::Viewers => Some(BUSY_RETRY_AFTER),
            Self::Refused(refusal) => refusal.retry_after(),
            Self::Exports { .. } => Some(EXPORTS_RETRY_AFTER),
            Self::TooLarge(_) | Self::ExportBrokenOff => None,
        }
    }

    fn violations(&self) -> Option<&Violations> {
        match self {
            Self::Common(error) => error.violations(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_without_a_place_is_told_when_to_come_back() {
        let busy = ReportsError::from(EngineError::Busy);
        assert_eq!(busy.code(), ErrorCode::ResourceExhausted);
        assert_eq!(busy.reason(), ErrorReason::RateLimited);
        assert_eq!(busy.retry_after(), Some(BUSY_RETRY_AFTER));
    }
}
