//! The codes of what befalls whole requests. Those of single events are in `capture/reject.rs`.

use observe_core::error::ErrorReason;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The key of `google.rpc.ErrorInfo.metadata` under which a sender is told the code, too.
pub(crate) const METADATA_KEY: &str = "rejection";

pub(crate) const NOT_JSON: &str = "not_json";
pub(crate) const NO_EVENTS: &str = "no_events";
pub(crate) const MALFORMED: &str = "malformed";
pub(crate) const INVALID_REQUEST: &str = "invalid_request";
pub(crate) const BODY_TOO_LARGE: &str = "body_too_large";
pub(crate) const TOO_MANY_EVENTS: &str = "too_many_events";
pub(crate) const UNSUPPORTED_ENCODING: &str = "unsupported_encoding";
pub(crate) const UNSUPPORTED_CONTENT_TYPE: &str = "unsupported_content_type";
pub(crate) const RATE_LIMITED: &str = "rate_limited";
pub(crate) const QUEUE_FULL: &str = "queue_full";
pub(crate) const UNAVAILABLE: &str = "unavailable";
pub(crate) const ORIGIN_NOT_ALLOWED: &str = "origin_not_allowed";
pub(crate) const SECRET_KEY_EXPOSED: &str = "secret_key_exposed";
/// Spans of OTLP that cannot be counted.
pub(crate) const INVALID_SPAN: &str = "invalid_span";
const INTERNAL_ERROR: &str = "internal_error";

/// All of them.
const ALL: [&str; 15] = [
    NOT_JSON,
    NO_EVENTS,
    MALFORMED,
    INVALID_REQUEST,
    BODY_TOO_LARGE,
    TOO_MANY_EVENTS,
    UNSUPPORTED_ENCODING,
    UNSUPPORTED_CONTENT_TYPE,
    RATE_LIMITED,
    QUEUE_FULL,
    UNAVAILABLE,
    ORIGIN_NOT_ALLOWED,
    SECRET_KEY_EXPOSED,
    INVALID_SPAN,
    INTERNAL_ERROR,
];

/// Returns what befell a request that was answered so. The edge's own refusals say it in their details; of those of a
/// service the reason tells, and of those of the gRPC library, which have no details, the gRPC code.
pub(crate) fn of(status: &Status) -> Option<&'static str> {
    let details = status.get_error_details();
    if let Some(info) = details.error_info() {
        let told = info.metadata.get(METADATA_KEY);
        if let Some(told) = told.and_then(|told| ALL.iter().find(|code| *code == told)) {
            return Some(told);
        }
        let is = |reason: ErrorReason| reason.as_str_name().ends_with(&info.reason);
        if is(ErrorReason::QueueFull) {
            return Some(QUEUE_FULL);
        }
        if is(ErrorReason::RateLimited) {
            return Some(RATE_LIMITED);
        }
    }
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => Some(BODY_TOO_LARGE),
        Code::InvalidArgument => Some(INVALID_REQUEST),
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Some(UNAVAILABLE),
        Code::Internal | Code::Unknown => Some(INTERNAL_ERROR),
        _ => None,
    }
}
