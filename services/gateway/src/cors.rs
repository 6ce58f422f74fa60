//! Who may send events from a page: anybody. Nothing else here may be called from another site's page.

use std::time::Duration;

use http::{HeaderName, Method, header};
use tower_http::cors::{Any, CorsLayer};

/// How long a browser remembers the answer to its preflight.
const MAX_AGE: Duration = Duration::from_secs(7_200);

/// Allows every origin, without credentials; for Sentry's clients, which have a header of their own.
pub(crate) fn sentry() -> CorsLayer {
    let named = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::POST])
        .allow_headers([header::CONTENT_TYPE, header::CONTENT_ENCODING, named("x-sentry-auth")])
        .expose_headers([header::RETRY_AFTER])
        .max_age(MAX_AGE)
}

/// Allows every origin, without credentials.
pub(crate) fn capture() -> CorsLayer {
    let named = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::POST])
        .allow_headers([
            header::CONTENT_TYPE,
            header::AUTHORIZATION,
            header::CONTENT_ENCODING,
            named("x-grpc-web"),
            named("x-user-agent"),
            named("grpc-timeout"),
        ])
        .expose_headers([
            header::RETRY_AFTER,
            named("grpc-status"),
            named("grpc-message"),
            named("grpc-status-details-bin"),
        ])
        .max_age(MAX_AGE)
}
