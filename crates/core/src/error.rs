//! What a service's error must say of itself, so that one function can answer it.

use std::borrow::Cow;
use std::time::Duration;

pub use observe_proto::common::v1::ErrorReason;

use crate::validate::Violations;

/// The kinds of failure a service knows: a strict subset of gRPC's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// Malformed or out of range; names every violation.
    InvalidArgument,
    /// No or bad credential.
    Unauthenticated,
    /// A known caller of a visible thing, without the permission.
    PermissionDenied,
    /// Absent, or another tenant's.
    NotFound,
    /// A unique name is taken.
    AlreadyExists,
    /// A legal request in the wrong state.
    FailedPrecondition,
    /// A conflict; try the whole operation again.
    Aborted,
    /// A rate, quota or capacity is used up.
    ResourceExhausted,
    /// A position beyond what is kept.
    OutOfRange,
    /// A dependency is away, or the process is draining.
    Unavailable,
    /// There is no such RPC.
    Unimplemented,
    /// A fault of ours.
    Internal,
}

/// A service's error type implements this once; [`crate::status`] turns it into a reply.
pub trait ServiceError: std::error::Error {
    /// Returns the kind.
    fn code(&self) -> ErrorCode;

    /// Returns the machine-readable cause.
    fn reason(&self) -> ErrorReason;

    /// Returns what the caller is told. For [`ErrorCode::Internal`] it is not used: the caller is told nothing of our
    /// insides, and the log is.
    fn public_message(&self) -> Cow<'_, str>;

    /// Returns details for programs, by the keys that [`ErrorReason`] documents.
    fn metadata(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Returns when to try again, if trying again makes sense.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// Returns the broken rules, for [`ErrorCode::InvalidArgument`].
    fn violations(&self) -> Option<&Violations> {
        None
    }
}

/// The failures that every service has, to be embedded in its own error type.
#[derive(Debug, thiserror::Error)]
pub enum CommonError {
    /// The request breaks rules.
    #[error("invalid request: {0}")]
    Invalid(Violations),
    /// No call context, or one that is forged or expired.
    #[error("no valid credential: {0}")]
    Unauthenticated(&'static str),
    /// The caller may not do this.
    #[error("{0} is not permitted")]
    PermissionDenied(&'static str),
    /// Absent, or another tenant's: the same words for both.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// A store or service is away.
    #[error("{dependency} is unavailable: {detail}")]
    Unavailable {
        /// Which one, for the caller.
        dependency: &'static str,
        /// Why, for the log.
        detail: String,
    },
    /// A fault of ours.
    #[error("{0}")]
    Internal(String),
}

impl From<Violations> for CommonError {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

/// How long a caller should wait for a dependency that is away.
pub const DEPENDENCY_RETRY_AFTER: Duration = Duration::from_secs(1);

impl ServiceError for CommonError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::InvalidArgument,
            Self::Unauthenticated(_) => ErrorCode::Unauthenticated,
            Self::PermissionDenied(_) => ErrorCode::PermissionDenied,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Unavailable { .. } => ErrorCode::Unavailable,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Invalid(_) => ErrorReason::InvalidRequest,
            Self::Unauthenticated(_) => ErrorReason::InvalidCredential,
            Self::PermissionDenied(_) => ErrorReason::PermissionDenied,
            Self::NotFound(_) => ErrorReason::NotFound,
            Self::Unavailable { .. } => ErrorReason::DependencyUnavailable,
            Self::Internal(_) => ErrorReason::Internal,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Unavailable { dependency, .. } => {
                format!("{dependency} is unavailable, try again").into()
            }
            other => other.to_string().into(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::PermissionDenied(permission) => vec![("permission", (*permission).to_owned())],
            Self::NotFound(resource) => vec![("resource", (*resource).to_owned())],
            Self::Unavailable { dependency, .. } => vec![("dependency", (*dependency).to_owned())],
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::Unavailable { .. }).then_some(DEPENDENCY_RETRY_AFTER)
    }

    fn violations(&self) -> Option<&Violations> {
        match self {
            Self::Invalid(violations) => Some(violations),
            _ => None,
        }
    }
}
