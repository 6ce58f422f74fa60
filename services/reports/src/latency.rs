//! How a project's endpoints serve requests, and which of them are failing or slow against their own recent past.

pub mod assess;
pub mod judge;
pub mod parts;
mod past;
pub mod query;

use observe_proto::events::v1 as events;

pub use assess::{EndpointAssessment, EndpointAssessor};

/// An endpoint's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointName {
    /// The service.
    pub service: String,
    /// The method; may be empty.
    pub method: String,
    /// The route.
    pub route: String,
}

impl From<events::Endpoint> for EndpointName {
    fn from(endpoint: events::Endpoint) -> Self {
        let events::Endpoint { service, method, route } = endpoint;
        Self { service, method, route }
    }
}

impl From<&EndpointName> for events::Endpoint {
    fn from(name: &EndpointName) -> Self {
        let EndpointName { service, method, route } = name.clone();
        Self { service, method, route }
    }
}

/// A minute in milliseconds.
pub const MINUTE_MS: i64 = 60_000;
/// An hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Returns a length of time of the contracts in microseconds.
fn micros(duration: Option<&prost_types::Duration>) -> Option<u64> {
    let duration = duration?;
    let seconds = u64::try_from(duration.seconds).ok()?;
    Some(seconds * 1_000_000 + u64::try_from(duration.nanos / 1_000).unwrap_or(0))
}

/// Returns the start of stats, in milliseconds since 1970.
fn start_ms(stats: &events::SpanStats) -> i64 {
    stats.start_time.as_ref().map_or(0, |time| time.seconds * 1_000)
}
