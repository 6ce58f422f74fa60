//! HTTP targets: what may be asked for. Whether the URL may be dialled is the guard's to say.

use http::{HeaderName, HeaderValue, Method};
use observe_core::Violations;
use observe_proto::monitor::v1 as pb;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const HEADERS_MAX: usize = 20;
/// Bytes of a header's name and of its value.
const HEADER_NAME_BYTES_MAX: usize = 100;
const HEADER_VALUE_BYTES_MAX: usize = 4_000;
const BODY_BYTES_MAX: usize = 10_000;
const STATUSES_MAX: usize = 10;
const KEYWORD_CHARS_MAX: usize = 500;
/// Headers that belong to the connection, not to the question: we set them ourselves.
const RESERVED: [&str; 12] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Checks a target; everything wrong with it is noted. Empty header values are filled from those that are known.
pub(crate) fn checked(
    target: &pb::HttpTarget,
    known: &[pb::HttpHeader],
    violations: &mut Violations,
) -> pb::HttpTarget {
    let mut target = target.clone();
    if target.method.is_empty() {
        target.method = Method::GET.as_str().to_owned();
    }
    violations.require(
        METHODS.contains(&target.method.as_str()),
        "monitor.http.method",
        "must be GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
    );
    violations.require(
        target.headers.len() <= HEADERS_MAX,
        "monitor.http.headers",
        "must be at most 20",
    );
    for (at, header) in target.headers.iter_mut().enumerate() {
        check_header(header, known, &format!("monitor.http.headers[{at}]"), violations);
    }
    violations.require(
        target.body.len() <= BODY_BYTES_MAX,
        "monitor.http.body",
        "must have at most 10,000 bytes",
    );
    check_statuses(&mut target, violations);
    violations.require(
        target.keyword.chars().count() <= KEYWORD_CHARS_MAX,
        "monitor.http.keyword",
        "must have at most 500 characters",
    );
    violations.require(
        !target.keyword_absent || !target.keyword.is_empty(),
        "monitor.http.keyword_absent",
        "needs a keyword",
    );
    target
}

fn check_header(
    header: &mut pb::HttpHeader,
    known: &[pb::HttpHeader],
    field: &str,
    violations: &mut Violations,
) {
    let name = format!("{field}.name");
    let is_name = header.name.len() <= HEADER_NAME_BYTES_MAX
        && HeaderName::from_bytes(header.name.as_bytes()).is_ok();
    violations.require(is_name, name.clone(), "must be a header name of at most 100 bytes");
    let lower = header.name.to_ascii_lowercase();
    violations.require(
        !RESERVED.contains(&lower.as_str()),
        name,
        "is set by the connection itself and cannot be chosen",
    );
    if header.value.is_empty()
        && let Some(kept) = known.iter().find(|known| known.name.eq_ignore_ascii_case(&header.name))
    {
        header.value.clone_from(&kept.value);
    }
    let fits = (1..=HEADER_VALUE_BYTES_MAX).contains(&header.value.len())
        && HeaderValue::from_str(&header.value).is_ok();
    // The value may be a secret: it is not repeated.
    violations.require(
        fits,
        format!("{field}.value"),
        "must be a header value of 1-4,000 bytes; an empty one keeps the value of a header that is there",
    );
}

fn check_statuses(target: &mut pb::HttpTarget, violations: &mut Violations) {
    if target.statuses.is_empty() {
        target.statuses = vec![pb::StatusRange { from: 200, to: 299 }];
    }
    violations.require(
        target.statuses.len() <= STATUSES_MAX,
        "monitor.http.statuses",
        "must be at most 10 ranges",
    );
    for (at, range) in target.statuses.iter().enumerate() {
        let fits = (100..=599).contains(&range.from) && (range.from..=599).contains(&range.to);
        violations.require(
            fits,
            format!("monitor.http.statuses[{at}]"),
            "must be two statuses of 100-599, the first not above the last",
        );
    }
}
