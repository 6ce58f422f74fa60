//! What is wrong in a project, as its own data says: errors that are new or spike, endpoints that fail or are slow.
//!
//! The overview shows signals, and a worker opens and closes incidents for them; both see the same ones.

mod assessor;

pub use assessor::Assessor;

use crate::overview::Item;

/// What a project's own data says is wrong, and what it says is fine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals {
    /// Errors that are new or spike, in no order.
    pub errors: Vec<ErrorSignal>,
    /// Open error groups with events in the last 24 hours that are neither new nor a spike.
    pub known_errors: usize,
    /// Endpoints that fail or are slow, in no order.
    pub endpoints: Vec<EndpointSignal>,
    /// Endpoints with requests in the last 24 hours that are as usual.
    pub endpoints_ok: usize,
    /// Whether events could not say how endpoints are.
    pub endpoints_unknown: bool,
}

impl Signals {
    /// Describes them as items, as of `now_ms`, in no order.
    #[must_use]
    pub fn items(&self, now_ms: i64) -> Vec<Item> {
        let errors = self.errors.iter().map(|signal| Item::of_error(signal, now_ms));
        errors.chain(self.endpoints.iter().map(Item::of_endpoint)).collect()
    }
}

/// Why an error is worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorTrouble {
    /// It was not there before.
    New,
    /// It happens far more often than it used to.
    Spike,
}

/// An error that is new or spikes.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorSignal {
    /// The error group's id.
    pub group_id: String,
    /// Type and message.
    pub title: String,
    /// Where; may be empty.
    pub culprit: String,
    /// Why it is here.
    pub trouble: ErrorTrouble,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// When it last happened, in milliseconds since 1970.
    pub last_seen_ms: i64,
    /// Events since then.
    pub count: u64,
    /// Distinct persons since then.
    pub people: u64,
    /// How many events an hour there were in the day before.
    pub usual_per_hour: f64,
    /// Events in the last hour, in 5-minute parts, oldest first.
    pub points: Vec<f64>,
}

/// What is wrong with an endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EndpointTrouble {
    /// Far more errors than usual: the share of failed requests now and before, 0-1.
    Failing {
        /// In the last minutes.
        now: f64,
        /// In the day before.
        before: f64,
    },
    /// Far slower than usual: the 95th percentile now and before, in milliseconds.
    Slow {
        /// In the last minutes.
        now_ms: f64,
        /// In the same hours of the days before.
        before_ms: f64,
    },
}

/// An endpoint that fails or is slow.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointSignal {
    /// The service.
    pub service: String,
    /// The method; may be empty.
    pub method: String,
    /// The route.
    pub route: String,
    /// What is wrong.
    pub trouble: EndpointTrouble,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// Requests in the last minutes.
    pub requests: u64,
    /// Failed ones among them.
    pub failed: u64,
    /// Distinct persons since then whose request failed, or was slow.
    pub people: u64,
    /// In the last hour, in 5-minute parts, oldest first: failed requests, or the 95th percentile in milliseconds.
    pub points: Vec<f64>,
}

impl EndpointSignal {
    /// Returns what incidents call it.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("{} {} {}", self.service, self.method, self.route)
    }

    /// Returns what people call it.
    #[must_use]
    pub fn name(&self) -> String {
        if self.method.is_empty() {
            return self.route.clone();
        }
        format!("{} {}", self.method, self.route)
    }
}
