//! What the edge itself refuses. What a service refused passes through as the status it sent.

use std::borrow::Cow;
use std::time::Duration;

use observe_core::Violations;
use observe_core::error::{
    CommonError, DEPENDENCY_RETRY_AFTER, ErrorCode, ErrorReason, ServiceError,
};
use observe_core::status::to_status;
use tonic::{Code, Status};

use crate::rejections::code;

/// A refusal of the edge's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Common(#[from] CommonError),
    #[error("there is no RPC {0} here")]
    UnknownRpc(String),
    #[error("{0} streams; call it by gRPC or gRPC-web")]
    Streams(&'static str),
    #[error(
        "this is a secret key, and it was sent from where the public can see it: revoke it, and use a write key"
    )]
    LeakedKey,
    #[error(
        "this origin is not allowed to send events to this project; add it in the project's settings"
    )]
    ForeignPage,
    #[error("a session's cookie is set and cleared by pages of this address only")]
    ForeignSite,
    #[error("the request is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the body is compressed with a window above {0} bits; compress it with that or less")]
    BrotliWindow(u8),
    #[error("a request may have at most {0} events")]
    TooManyEvents(usize),
    /// A body without anything in it that could be looked at; the first field is the code of its rejection.
    #[error("invalid request: {1}")]
    Unusable(&'static str, Violations),
    #[error("the request is malformed: {0}")]
    Malformed(String),
    #[error("the queue at the edge is full, send again")]
    Busy,
    #[error("too many uploads without a credential from this address at once, send again")]
    Uploads,
    /// What is too much, and when to come back.
    #[error("{0} than is allowed, send again later")]
    RateLimited(&'static str, Duration),
    #[error("there is nothing at this address")]
    NoPage,
    #[error("this address takes {0} only")]
    Method(&'static str),
    #[error(
        "content-type {0:?} is not served here; use application/grpc, application/grpc-web or application/json"
    )]
    ContentType(String),
    #[error(
        "content-type {0:?} is not served here; use application/x-protobuf or application/json"
    )]
    TracesContentType(String),
    #[error("content-encoding {0:?} is not served here; use gzip, deflate, br or none")]
    ContentEncoding(String),
    #[error(
        "application/grpc needs HTTP/2; over HTTP/1.1 use application/grpc-web or application/json"
    )]
    NeedsHttp2,
    #[error("the request took too long to arrive or to be answered")]
    TimedOut,
}

impl ServiceError for Error {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Common(error) => error.code(),
            Self::UnknownRpc(_) | Self::Streams(_) | Self::Method(_) => ErrorCode::Unimplemented,
            Self::LeakedKey | Self::ForeignPage | Self::ForeignSite => ErrorCode::PermissionDenied,
            Self::TooLarge(_) | Self::BrotliWindow(_) => ErrorCode::OutOfRange,
            Self::Malformed(_)
            | Self::TooManyEvents(_)
            | Self::Unusable(..)
            | Self::ContentType(_)
            | Self::TracesContentType(_)
            | Self::ContentEncoding(_)
            | Self::NeedsHttp2 => ErrorCode::InvalidArgument,
            Self::Busy | Self::Uploads | Self::RateLimited(..) => ErrorCode::ResourceExhausted,
            Self::NoPage => ErrorCode::NotFound,
            Self::TimedOut => ErrorCode::Unavailable,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Common(error) => error.reason(),
            Self::UnknownRpc(_) | Self::Streams(_) => ErrorReason::UnknownRpc,
            Self::LeakedKey | Self::ForeignPage | Self::ForeignSite => {
                ErrorReason::PermissionDenied
            }
            Self::Busy => ErrorReason::QueueFull,
            Self::Uploads | Self::RateLimited(..) => ErrorReason::RateLimited,
            Self::NoPage => ErrorReason::NotFound,
            Self::TimedOut => ErrorReason::DependencyUnavailable,
            Self::TooLarge(_)
            | Self::BrotliWindow(_)
            | Self::TooManyEvents(_)
            | Self::Unusable(..)
            | Self::Malformed(_)
            | Self::Method(_)
            | Self::ContentType(_)
            | Self::TracesContentType(_)
            | Self::ContentEncoding(_)
            | Self::NeedsHttp2 => ErrorReason::InvalidRequest,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Common(error) => error.public_message(),
            other => other.to_string().into(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        let mut metadata = match self {
            Self::Common(error) => error.metadata(),
            Self::LeakedKey | Self::ForeignPage => vec![("permission", "capture".to_owned())],
            Self::ForeignSite => vec![("permission", "session".to_owned())],
            _ => Vec::new(),
        };
        metadata.extend(self.rejection().map(|told| (code::METADATA_KEY, told.to_owned())));
        metadata
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Common(error) => error.retry_after(),
            Self::Busy | Self::Uploads | Self::TimedOut => Some(DEPENDENCY_RETRY_AFTER),
            Self::RateLimited(_, retry_after) => Some(*retry_after),
            _ => None,
        }
    }

    fn violations(&self) -> Option<&Violations> {
        match self {
            Self::Common(error) => error.violations(),
            Self::Unusable(_, violations) => Some(violations),
            _ => None,
        }
    }
}

impl Error {
    /// Returns the code under which a project is told of a request that was refused so, where the details of the status do
    /// not tell it.
    fn rejection(&self) -> Option<&'static str> {
        match self {
            Self::LeakedKey => Some(code::SECRET_KEY_EXPOSED),
            Self::ForeignPage => Some(code::ORIGIN_NOT_ALLOWED),
            Self::TooLarge(_) | Self::BrotliWindow(_) => Some(code::BODY_TOO_LARGE),
            Self::TooManyEvents(_) => Some(code::TOO_MANY_EVENTS),
            Self::Unusable(code, _) => Some(code),
            Self::Malformed(_) => Some(code::MALFORMED),
            Self::ContentEncoding(_) => Some(code::UNSUPPORTED_ENCODING),
            Self::ContentType(_) | Self::TracesContentType(_) => {
                Some(code::UNSUPPORTED_CONTENT_TYPE)
            }
            _ => None,
        }
    }
}

/// Corrects a status of the gRPC library's. It calls a message that it cannot read an internal error, as if it were ours;
/// those of ours have details.
pub(crate) fn corrected(status: Status) -> Status {
    if matches!(status.code(), Code::Internal | Code::Unknown) && status.details().is_empty() {
        return Error::Malformed(status.message().to_owned()).into();
    }
    status
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        to_status(&error)
    }
}
