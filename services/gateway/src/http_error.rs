//! Statuses as HTTP: the usual code for each, and a JSON body with the gRPC code, the message and the details.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use prost::Message as _;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::error::Error;
use crate::rejections::attempt::Refused;

/// `google.rpc.Status` without details.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// A refusal on its way out over HTTP.
#[derive(Debug)]
pub(crate) struct HttpError {
    http: StatusCode,
    status: Status,
}

impl HttpError {
    /// Refuses a request with more events than it may have.
    pub(crate) fn too_many(events_max: usize) -> Self {
        Error::TooManyEvents(events_max).into()
    }

    /// Returns the refusal with a `google.rpc.Status` as its body.
    pub(crate) fn into_protobuf(self, content_type: &'static str) -> Response<Body> {
        let encoded = match self.status.details() {
            [] => Bytes::from(
                RpcStatus {
                    code: i32::from(self.status.code()),
                    message: self.status.message().to_owned(),
                }
                .encode_to_vec(),
            ),
            // A status with details carries the whole message.
            details => Bytes::copy_from_slice(details),
        };
        let mut response = Response::<Body>::from(self);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        *response.body_mut() = Body::from(encoded);
        response
    }

    /// Returns the gRPC code.
    pub(crate) fn code(&self) -> Code {
        self.status.code()
    }
}

impl From<Status> for HttpError {
    fn from(status: Status) -> Self {
        Self { http: http_code(status.code()), status }
    }
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        let http = match &error {
            Error::TooLarge(_) | Error::BrotliWindow(_) | Error::TooManyEvents(_) => {
                Some(StatusCode::PAYLOAD_TOO_LARGE)
            }
            Error::Method(_) => Some(StatusCode::METHOD_NOT_ALLOWED),
            Error::ContentType(_) | Error::TracesContentType(_) | Error::ContentEncoding(_) => {
                Some(StatusCode::UNSUPPORTED_MEDIA_TYPE)
            }
            Error::NeedsHttp2 => Some(StatusCode::HTTP_VERSION_NOT_SUPPORTED),
            // As good as no credential: the sender must get another one.
            Error::LeakedKey => Some(StatusCode::UNAUTHORIZED),
            _ => None,
        };
        let method = if let Error::Method(method) = &error { Some(*method) } else { None };
        let mut answer = Self::from(Status::from(error));
        answer.http = http.unwrap_or(answer.http);
        if let Some(method) = method.and_then(|method| method.parse().ok()) {
            answer.status.metadata_mut().insert("allow", method);
        }
        answer
    }
}

impl From<HttpError> for Response<Body> {
    fn from(error: HttpError) -> Self {
        let HttpError { http, status } = error;
        let details = status.get_error_details();
        let body = json!({
            "code": code_name(status.code()),
            "message": status.message(),
            "details": details_json(&details),
        });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = http;
        if let Some(refused) = Refused::of(&status) {
            response.extensions_mut().insert(refused);
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(delay) = details.retry_info().and_then(|info| info.retry_delay) {
            // Whole seconds, never less than asked for.
            let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if let Some(allow) = status
            .metadata()
            .get("allow")
            .and_then(|allow| HeaderValue::from_bytes(allow.as_bytes()).ok())
        {
            headers.insert(header::ALLOW, allow);
        }
        if http == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl axum::response::IntoResponse for HttpError {
    fn into_response(self) -> Response<Body> {
        self.into()
    }
}

fn details_json(details: &ErrorDetails) -> Vec<Value> {
    let mut list = Vec::new();
    if let Some(info) = details.error_info() {
        list.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": info.reason, "domain": info.domain, "metadata": info.metadata,
        }));
    }
    if let Some(bad) = details.bad_request() {
        let violations = bad.field_violations.iter();
        let violations: Vec<_> = violations
            .map(
                |violation| json!({"field": violation.field, "description": violation.description}),
            )
            .collect();
        list.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations,
        }));
    }
    if let Some(delay) = details.retry_info().and_then(|info| info.retry_delay) {
        list.push(json!({
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": format!("{}s", delay.as_secs_f64()),
        }));
    }
    list
}

fn http_code(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => {
            StatusCode::BAD_REQUEST
        }
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Returns the code's name in the contracts, such as `NOT_FOUND`.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_body_util::BodyExt as _;
    use observe_core::error::CommonError;
    use observe_core::{ServiceError, Violations};

    use super::*;

    async fn answer(error: Error) -> (StatusCode, http::HeaderMap, Value) {
        let (parts, body) = Response::<Body>::from(HttpError::from(error)).into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        (parts.status, parts.headers, serde_json::from_slice(&bytes).expect("JSON"))
    }

    #[tokio::test]
    async fn a_refusal_carries_its_details() {
        let mut violations = Violations::new();
        violations.add("name", "must not be empty");
        let (status, _, body) = answer(CommonError::from(violations).into()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(body["code"], "INVALID_ARGUMENT");
        assert_eq!(body["details"][0]["reason"], "INVALID_REQUEST");
        assert_eq!(body["details"][1]["fieldViolations"][0]["field"], "name");
    }

    #[tokio::test]
    async fn a_caller_learns_when_to_come_back() {
        assert_eq!(Error::Busy.retry_after(), Some(Duration::from_secs(1)));
        let (status, headers, body) = answer(Error::Busy).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(headers[header::RETRY_AFTER], "1");
        assert_eq!(body["details"][1]["retryDelay"], "1s");
    }

    #[tokio::test]
    async fn a_wrong_method_names_the_right_one() {
        let (status, headers, _) = answer(Error::Method("POST")).await;
        assert_eq!(
            (status, &headers[header::ALLOW]),
            (StatusCode::METHOD_NOT_ALLOWED, &HeaderValue::from_static("POST"))
        );
    }
}
