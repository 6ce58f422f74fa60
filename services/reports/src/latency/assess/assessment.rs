//! What is said of one endpoint.

use super::moment::POINTS;
use crate::latency::EndpointName;
use crate::latency::judge::Condition;

/// How one endpoint is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointAssessment {
    /// Its name.
    pub name: EndpointName,
    /// How it is.
    pub condition: Condition,
    /// Since when it is failing or slow, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Requests in the last five minutes.
    pub requests: i64,
    /// Failed ones among them.
    pub errors: i64,
    /// The usual share of failed requests, 0-1.
    pub usual_error_rate: f64,
    /// 95 % of the requests in the last five minutes were faster, in microseconds.
    pub p95_us: Option<u64>,
    /// The usual p95, in microseconds; `None` when nothing is usual yet.
    pub usual_p95_us: Option<u64>,
    /// Distinct persons since then whose request failed or, of a slow endpoint, was served.
    pub people: u64,
    /// Requests in the last hour, in 5-minute parts, oldest first; the last one has begun.
    pub points: Vec<i64>,
    /// Failed ones in the same parts.
    pub error_points: Vec<i64>,
    /// Of a slow endpoint, the p95 in the same parts in microseconds, 0 without requests; else empty.
    pub p95_points: Vec<u64>,
}

impl EndpointAssessment {
    /// Returns the share of failed requests in the last five minutes, 0-1.
    #[must_use]
    pub fn error_rate(&self) -> f64 {
        if self.requests > 0 { self.errors as f64 / self.requests as f64 } else { 0.0 }
    }
}

/// Returns what is said of an endpoint without a request in the last hour.
pub(super) fn without_requests(name: &EndpointName) -> EndpointAssessment {
    EndpointAssessment {
        name: name.clone(),
        points: vec![0; POINTS],
        error_points: vec![0; POINTS],
        ..EndpointAssessment::default()
    }
}
