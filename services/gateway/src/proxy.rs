//! Forwarding an RPC to the service that answers it: bytes as they are, headers made anew.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use observe_core::CallContext;
use observe_core::context::wire::{ContextSigner, METADATA_KEY, METADATA_PREFIX};
use observe_core::error::CommonError;
use observe_runtime::StartError;
use observe_runtime::client::{Traced, Upstreams};
use tonic::body::Body;
use tonic::transport::Channel;
use tower::{Service as _, ServiceExt as _};

use crate::error::Error;
use crate::routes::{Route, Target};

/// The longest deadline of a call that does not stream, and the one it gets when it names none.
const DEADLINE_MAX: Duration = Duration::from_secs(30);
/// What is taken over from the caller's headers; a service sees nothing else of them.
const FORWARDED: [HeaderName; 5] = [
    HeaderName::from_static("grpc-encoding"),
    HeaderName::from_static("grpc-accept-encoding"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    header::USER_AGENT,
];
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The services behind the edge.
pub(crate) struct Proxy {
    identity: Channel,
    events: Channel,
    monitor: Channel,
    reports: Channel,
    signer: ContextSigner,
}

impl Proxy {
    pub(crate) fn new(upstreams: &Upstreams, signer: ContextSigner) -> Result<Self, StartError> {
        Ok(Self {
            identity: upstreams.channel("identity")?,
            events: upstreams.channel("events")?,
            monitor: upstreams.channel("monitor")?,
            reports: upstreams.channel("reports")?,
            signer,
        })
    }

    /// Forwards a call on behalf of `context` and returns the answer as it streams in.
    ///
    /// # Errors
    /// `Unavailable` if the service cannot be reached, `Internal` if the context cannot be written.
    pub(crate) async fn forward(
        &self,
        route: &Route,
        context: &CallContext,
        now: chrono::DateTime<chrono::Utc>,
        request: Request<Body>,
    ) -> Result<Response<Body>, Error> {
        let (name, channel) = match route.target {
            Target::Identity => ("identity", &self.identity),
            Target::Events => ("events", &self.events),
            Target::Monitor => ("monitor", &self.monitor),
            Target::Reports => ("reports", &self.reports),
            Target::Local => {
                return Err(CommonError::Internal(format!("{} is local", route.path)).into());
            }
        };
        let (parts, body) = request.into_parts();
        let mut forwarded = Request::new(Body::empty());
        *forwarded.method_mut() = http::Method::POST;
        *forwarded.uri_mut() = http::Uri::from_static(route.path);
        *forwarded.headers_mut() = headers(&parts.headers, route.streams);
        let signed = HeaderValue::from_str(&self.signer.sign(context, now))
            .map_err(|error| CommonError::Internal(error.to_string()))?;
        forwarded.headers_mut().insert(METADATA_KEY, signed);
        *forwarded.body_mut() = body;
        let unreachable = |error: tonic::transport::Error| CommonError::Unavailable {
            dependency: name,
            detail: causes(&error),
        };
        let mut channel = Traced::new(channel.clone(), "gateway", name);
        let ready = channel.ready().await.map_err(unreachable)?;
        let mut response = ready.call(forwarded).await.map_err(unreachable)?;
        strip_internal(response.headers_mut());
        Ok(response)
    }
}

fn headers(given: &HeaderMap, streams: bool) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(10);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    for name in FORWARDED {
        if let Some(value) = given.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let asked = given.get(&GRPC_TIMEOUT).and_then(|value| parse_timeout(value.to_str().ok()?));
    let deadline =
        if streams { asked } else { Some(asked.unwrap_or(DEADLINE_MAX).min(DEADLINE_MAX)) };
    if let Some(deadline) = deadline {
        // Eight digits are all the protocol allows; in milliseconds that is 27 hours.
        let millis = deadline.as_millis().min(99_999_999);
        if let Ok(value) = HeaderValue::from_str(&format!("{millis}m")) {
            headers.insert(GRPC_TIMEOUT, value);
        }
    }
    headers
}

/// Reads a `grpc-timeout`: up to eight digits and a unit.
fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3_600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

fn strip_internal(headers: &mut HeaderMap) {
    let internal = headers.keys().filter(|name| name.as_str().starts_with(METADATA_PREFIX));
    for name in internal.cloned().collect::<Vec<_>>() {
        headers.remove(name);
    }
}

fn causes(error: &tonic::transport::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
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

    #[test]
    fn only_listed_headers_are_forwarded() {
        let mut given = HeaderMap::new();
        for name in [
            "authorization",
            "cookie",
            "x-observe-context-bin",
            "x-custom",
            "grpc-encoding",
            "traceparent",
            "user-agent",
        ] {
            given.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        let mut names: Vec<_> = headers(&given, false).keys().map(ToString::to_string).collect();
        names.sort();
        assert_eq!(
            names,
            ["content-type", "grpc-encoding", "grpc-timeout", "te", "traceparent", "user-agent"]
        );
    }

    #[test]
    fn deadlines_are_capped_where_a_call_does_not_stream() {
        let with = |value: &'static str, streams| {
            let given = HeaderMap::from_iter([(GRPC_TIMEOUT, HeaderValue::from_static(value))]);
            headers(&given, streams)
                .get(&GRPC_TIMEOUT)
                .map(|value| value.to_str().expect("text").to_owned())
        };
        assert_eq!(with("5S", false).as_deref(), Some("5000m"));
        assert_eq!(with("1H", false).as_deref(), Some("30000m"));
        assert_eq!(with("nonsense", false).as_deref(), Some("30000m"));
        assert_eq!(with("1H", true).as_deref(), Some("3600000m"));
        assert_eq!(with("nonsense", true), None);
    }

    #[test]
    fn timeouts_have_a_number_and_a_unit() {
        assert_eq!(parse_timeout("100m"), Some(Duration::from_millis(100)));
        assert_eq!(parse_timeout("99999999H"), Some(Duration::from_secs(99_999_999 * 3_600)));
        for text in ["", "S", "1", "123456789S", "1x", "-1S", "1é"] {
            assert_eq!(parse_timeout(text), None, "{text}");
        }
    }
}
