//! Who may send events from a page: anybody. Nothing else here may be called from another site's page.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

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

/// Allows every origin and every header, without credentials; for Segment's clients.
pub(crate) fn segment() -> CorsLayer {
    drop_in().allow_origin(Any)
}

/// Allows every origin and every header, with credentials: PostHog's older browser clients send every request with them, and a
/// browser then keeps an answer to `*` from them. Nothing at these addresses looks at a cookie.
pub(crate) fn posthog() -> CorsLayer {
    drop_in().allow_origin(AllowOrigin::mirror_request()).allow_credentials(true)
}

fn drop_in() -> CorsLayer {
    CorsLayer::new()
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([header::RETRY_AFTER])
        .max_age(MAX_AGE)
}

/// What pages may read of an answer of capture.
const EXPOSED: [HeaderName; 4] = [
    header::RETRY_AFTER,
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
];

/// Adds to an answer what [`capture`] does.
pub(crate) fn expose(headers: &mut HeaderMap) {
    let exposed =
        HeaderValue::from_static("retry-after,grpc-status,grpc-message,grpc-status-details-bin");
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
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
        .expose_headers(EXPOSED)
        .max_age(MAX_AGE)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::{Request, Response};
    use tower::{Layer as _, ServiceExt as _};

    use super::*;

    #[tokio::test]
    async fn answers_of_the_short_way_are_those_of_the_layer() {
        let plain = tower::service_fn(async |_: Request<Body>| {
            Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
        });
        let layered = capture().layer(plain).oneshot(Request::new(Body::empty())).await;
        let mut layered = layered.expect("an answer").into_parts().0.headers;
        // The layer names the headers of a preflight it may depend on; nothing here depends on them.
        layered.remove(header::VARY);
        let mut ours = HeaderMap::new();
        expose(&mut ours);
        assert_eq!(ours, layered);
    }
}
