//! The one place that turns errors into [`tonic::Status`], with `ErrorInfo`, `BadRequest` and `RetryInfo` details.

use std::collections::HashMap;

use tonic::{Code, Response, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::error::{ErrorCode, ServiceError};

/// The `domain` of every `google.rpc.ErrorInfo` we send.
pub const ERROR_DOMAIN: &str = "observe";

/// Ends an RPC: the way out of every handler.
///
/// # Errors
/// The status of the error, if there is one.
pub fn respond<T, E: ServiceError>(result: Result<T, E>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(|error| to_status(&error))
}

/// Builds the status of an error. Internal errors are logged here, with all their causes, and the caller learns nothing
/// of them.
#[expect(clippy::disallowed_methods, reason = "the one place that builds a status")]
pub fn to_status(error: &(impl ServiceError + ?Sized)) -> Status {
    let code = grpc_code(error.code());
    let message = if code == Code::Internal {
        tracing::error!(error = %causes(error), "internal error");
        "internal error; the server's log has the details".to_owned()
    } else {
        if code == Code::Unavailable {
            tracing::warn!(error = %causes(error), "dependency unavailable");
        }
        error.public_message().into_owned()
    };
    let metadata: HashMap<String, String> =
        error.metadata().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let reason = error.reason().as_str_name().trim_start_matches("ERROR_REASON_");
    let mut details = ErrorDetails::with_error_info(reason, ERROR_DOMAIN, metadata);
    if let Some(delay) = error.retry_after() {
        details.set_retry_info(Some(delay));
    }
    if let Some(violations) = error.violations() {
        for violation in violations.iter() {
            details.add_bad_request_violation(&violation.field, &violation.description);
        }
    }
    Status::with_error_details(code, message, details)
}

fn grpc_code(code: ErrorCode) -> Code {
    match code {
        ErrorCode::InvalidArgument => Code::InvalidArgument,
        ErrorCode::Unauthenticated => Code::Unauthenticated,
        ErrorCode::PermissionDenied => Code::PermissionDenied,
        ErrorCode::NotFound => Code::NotFound,
        ErrorCode::AlreadyExists => Code::AlreadyExists,
        ErrorCode::FailedPrecondition => Code::FailedPrecondition,
        ErrorCode::Aborted => Code::Aborted,
        ErrorCode::ResourceExhausted => Code::ResourceExhausted,
        ErrorCode::OutOfRange => Code::OutOfRange,
        ErrorCode::Unavailable => Code::Unavailable,
        ErrorCode::Unimplemented => Code::Unimplemented,
        ErrorCode::Internal => Code::Internal,
    }
}

fn causes(error: &(impl ServiceError + ?Sized)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::CommonError;
    use crate::validate::Violations;

    #[test]
    fn every_violation_reaches_the_caller() {
        let mut violations = Violations::new();
        violations.add("name", "must not be empty");
        violations.add("range", "is required");
        let status = to_status(&CommonError::from(violations));
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        let fields: Vec<_> = details
            .bad_request()
            .expect("a bad request")
            .field_violations
            .iter()
            .map(|violation| violation.field.as_str())
            .collect();
        assert_eq!(fields, ["name", "range"]);
        assert_eq!(details.error_info().expect("an error info").reason, "INVALID_REQUEST");
    }

    #[test]
    fn internal_errors_keep_our_insides_to_us() {
        let status = to_status(&CommonError::Internal("password=hunter2".into()));
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("hunter2"));
    }
}
