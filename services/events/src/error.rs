//! What can go wrong in events.

use std::borrow::Cow;
use std::time::Duration;

use observe_core::error::{CommonError, ErrorCode, ErrorReason, ServiceError};
use observe_core::validate::Violations;

use crate::queue::AppendError;
use crate::store::consume::ConsumeError;

/// How long a sender should wait when the queue is full: long enough for readers to make room.
const FULL_RETRY_AFTER: Duration = Duration::from_secs(5);

/// Any failure of an RPC of events.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One that every service has.
    #[error(transparent)]
    Common(#[from] CommonError),
    /// The queue is at its capacity.
    #[error("the event queue is full, send again later with the same uuids")]
    QueueFull,
    /// All places to watch from are taken.
    #[error("too many viewers watch events, close one and try again")]
    TooManyViewers,
    /// A log position that is no longer kept.
    #[error("the log of shard {shard} begins at {first_sequence}")]
    PositionExpired {
        /// Which shard.
        shard: u32,
        /// What can still be read.
        first_sequence: i64,
    },
}

impl ServiceError for Error {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Common(error) => error.code(),
            Self::QueueFull | Self::TooManyViewers => ErrorCode::ResourceExhausted,
            Self::PositionExpired { .. } => ErrorCode::OutOfRange,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Common(error) => error.reason(),
            Self::QueueFull => ErrorReason::QueueFull,
            Self::TooManyViewers => ErrorReason::RateLimited,
            Self::PositionExpired { .. } => ErrorReason::PositionExpired,
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
            Self::PositionExpired { first_sequence, .. } => {
                vec![("first_sequence", first_sequence.to_string())]
            }
            Self::QueueFull | Self::TooManyViewers => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Common(error) => error.retry_after(),
            Self::QueueFull | Self::TooManyViewers => Some(FULL_RETRY_AFTER),
            Self::PositionExpired { .. } => None,
        }
    }

    fn violations(&self) -> Option<&Violations> {
        match self {
            Self::Common(error) => error.violations(),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let detail = error.to_string();
        if observe_runtime::postgres::is_outage(&error) {
            unavailable("the event store", detail)
        } else {
            CommonError::Internal(detail).into()
        }
    }
}

impl From<ConsumeError> for Error {
    fn from(error: ConsumeError) -> Self {
        match error {
            ConsumeError::Database(error) => error.into(),
            other => CommonError::Internal(other.to_string()).into(),
        }
    }
}

impl From<AppendError> for Error {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Full => Self::QueueFull,
            AppendError::Unavailable(detail) => unavailable("the event queue", detail),
        }
    }
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        CommonError::from(violations).into()
    }
}

/// A store or service that this one needs is away.
pub fn unavailable(dependency: &'static str, detail: String) -> Error {
    CommonError::Unavailable { dependency, detail }.into()
}
