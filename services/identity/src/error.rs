//! The one error type of the service.

use std::borrow::Cow;
use std::time::Duration;

use observe_core::error::{CommonError, ErrorReason};
use observe_core::{ErrorCode, ServiceError, Violations};

/// What callers see as the name of our store.
const DATABASE: &str = "database";

/// A transaction that could not be put in a row with others, a deadlock, a row that was referred to and is gone, a row that
/// somebody else made at the same moment.
const CONFLICTS: [&str; 4] = ["40001", "40P01", "23503", "23505"];

/// Why a call of this service failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    /// What every service has.
    #[error(transparent)]
    Common(#[from] CommonError),
    /// A statement met that of somebody else, in a way that trying again can mend.
    #[error(transparent)]
    Conflict(CommonError),
    /// Two ids or persons cannot be joined: the code of it.
    #[error("{}", crate::refusal::message(.0))]
    MergeRefused(&'static str),
    /// A merge cannot be undone: the reason.
    #[error("the merge cannot be undone: {0}")]
    SplitRefused(&'static str),
    /// The same for an unknown e-mail and a wrong password.
    #[error("e-mail or password is wrong")]
    WrongPassword,
    /// The token is unknown, expired or revoked: the same for all three.
    #[error("the credential is not known, has expired or was revoked")]
    UnknownCredential,
    /// Too many failures, or too many password checks under way.
    #[error("too many attempts to sign in; try again later")]
    SignInThrottled {
        /// When the next attempt can succeed.
        retry_after: Duration,
    },
    /// The setup token is wrong, or there is an account.
    #[error("the setup link is not valid, or was used already")]
    SetupRefused,
    /// An account with the e-mail exists.
    #[error("an account with this e-mail exists already; sign in, then join")]
    EmailTaken,
    /// The user belongs to the organization.
    #[error("the user is a member of the organization already")]
    AlreadyMember,
    /// The change would leave an organization without an owner.
    #[error("an organization keeps at least one owner; make another member an owner first")]
    LastOwner,
    /// The organization has as many open invitations as it may.
    #[error("the organization has 100 open invitations, the most there may be; revoke one first")]
    TooManyInvitations,
    /// A unique name is taken.
    #[error("a {0} of this name exists already")]
    NameTaken(&'static str),
    /// The project has as many keys as it may.
    #[error("the project has 100 keys in force, the most there may be; revoke one first")]
    TooManyKeys,
}

impl From<Violations> for IdentityError {
    fn from(violations: Violations) -> Self {
        Self::Common(violations.into())
    }
}

impl From<sqlx::Error> for IdentityError {
    fn from(error: sqlx::Error) -> Self {
        let detail = error.to_string();
        let is_conflict = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| CONFLICTS.contains(&code.as_ref()));
        let common = if observe_runtime::postgres::is_outage(&error) {
            CommonError::Unavailable { dependency: DATABASE, detail }
        } else {
            CommonError::Internal(detail)
        };
        if is_conflict { Self::Conflict(common) } else { Self::Common(common) }
    }
}

/// Returns whether a statement broke the constraint of this name.
pub(crate) fn breaks(error: &sqlx::Error, constraint: &str) -> bool {
    error.as_database_error().and_then(|error| error.constraint()) == Some(constraint)
}

impl ServiceError for IdentityError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Common(error) | Self::Conflict(error) => error.code(),
            Self::WrongPassword | Self::UnknownCredential | Self::SetupRefused => {
                ErrorCode::Unauthenticated
            }
            Self::SignInThrottled { .. } | Self::TooManyKeys | Self::TooManyInvitations => {
                ErrorCode::ResourceExhausted
            }
            Self::NameTaken(_) | Self::EmailTaken | Self::AlreadyMember => ErrorCode::AlreadyExists,
            Self::LastOwner | Self::MergeRefused(_) | Self::SplitRefused(_) => {
                ErrorCode::FailedPrecondition
            }
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Common(error) | Self::Conflict(error) => error.reason(),
            Self::WrongPassword | Self::UnknownCredential | Self::SetupRefused => {
                ErrorReason::InvalidCredential
            }
            Self::SignInThrottled { .. } => ErrorReason::RateLimited,
            // Waiting does not help, so it is no rate limit: the request breaks a documented rule.
            Self::TooManyKeys | Self::TooManyInvitations => ErrorReason::InvalidRequest,
            Self::NameTaken(_) | Self::EmailTaken | Self::AlreadyMember => {
                ErrorReason::AlreadyExists
            }
            Self::LastOwner => ErrorReason::LastOwner,
            Self::MergeRefused(_) => ErrorReason::MergeRefused,
            Self::SplitRefused(_) => ErrorReason::SplitRefused,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Common(error) | Self::Conflict(error) => error.public_message(),
            other => other.to_string().into(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Common(error) | Self::Conflict(error) => error.metadata(),
            Self::NameTaken(resource) => vec![("resource", (*resource).to_owned())],
            Self::EmailTaken => vec![("resource", "account".to_owned())],
            Self::AlreadyMember => vec![("resource", "member".to_owned())],
            Self::MergeRefused(code) => vec![("code", (*code).to_owned())],
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Common(error) | Self::Conflict(error) => error.retry_after(),
            Self::SignInThrottled { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    fn violations(&self) -> Option<&Violations> {
        match self {
            Self::Common(error) | Self::Conflict(error) => error.violations(),
            _ => None,
        }
    }
}
