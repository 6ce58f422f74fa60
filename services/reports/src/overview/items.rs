//! The ranked list: one item for each thing that is broken.

use std::cmp::Reverse;

use super::wording::{milliseconds, percent, times, usually};
use crate::signals::{EndpointSignal, EndpointTrouble, ErrorSignal, ErrorTrouble};

/// So many items are shown at most.
pub const ITEMS_MAX: usize = 100;
/// An error or an endpoint is critical from so many persons on.
const CRITICAL_PEOPLE: u64 = 10;
/// An endpoint is critical when this share of its requests fails.
const CRITICAL_ERROR_RATE: f64 = 0.25;
/// A new error that has been quiet for so long is only good to know.
const QUIET_MS: i64 = 60 * 60 * 1000;
/// Accepted events that wait this long are behind.
const LAG_WARNING_MS: i64 = 30_000;
/// Accepted events that wait this long are far behind.
const LAG_CRITICAL_MS: i64 = 120_000;

/// What is broken; in the order in which items of equal rank are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemKind {
    /// A store that Observe needs is away or full.
    StoreTrouble,
    /// Accepted events wait too long to be stored.
    IngestLag,
    /// A monitor found its target down.
    MonitorDown,
    /// An endpoint fails.
    EndpointFailing,
    /// An error happens far more often than it used to.
    ErrorSpike,
    /// An endpoint is slow.
    EndpointSlow,
    /// An error that was not there before.
    ErrorNew,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Look now.
    Critical,
    /// Look today.
    Warning,
    /// Good to know.
    Notice,
}

/// Something that is broken.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What.
    pub kind: ItemKind,
    /// How bad it is.
    pub severity: Severity,
    /// One line: what.
    pub title: String,
    /// A few words of measure.
    pub measure: String,
    /// One sentence of what changed; may be empty.
    pub detail: String,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// Distinct persons since then, as far as known.
    pub people: u64,
    /// A path within the project.
    pub link: String,
    /// What incidents call it.
    pub subject: String,
    /// The last hour in 5-minute parts, oldest first; may be empty.
    pub points: Vec<f64>,
    /// The open incident; empty if there is none.
    pub incident_id: String,
    /// Whether somebody acknowledged the incident.
    pub acknowledged: bool,
}

impl Item {
    /// Describes an error that is new or spikes, as of `now_ms`.
    #[must_use]
    pub fn of_error(signal: &ErrorSignal, now_ms: i64) -> Self {
        let many = signal.people >= CRITICAL_PEOPLE;
        let quiet = signal.last_seen_ms < now_ms - QUIET_MS;
        let (kind, severity, measure) = match signal.trouble {
            ErrorTrouble::Spike => {
                let severity = if many { Severity::Critical } else { Severity::Warning };
                let usual = usually(signal.usual_per_hour);
                (ItemKind::ErrorSpike, severity, format!("{} ({usual})", times(signal.count)))
            }
            ErrorTrouble::New => {
                let severity = match (quiet, many) {
                    (true, _) => Severity::Notice,
                    (false, true) => Severity::Critical,
                    (false, false) => Severity::Warning,
                };
                (ItemKind::ErrorNew, severity, format!("{}, new", times(signal.count)))
            }
        };
        Self {
            kind,
            severity,
            title: signal.title.clone(),
            measure,
            detail: if signal.culprit.is_empty() {
                String::new()
            } else {
                format!("In {}.", signal.culprit)
            },
            since_ms: signal.since_ms,
            people: signal.people,
            link: format!("errors/{}", signal.group_id),
            subject: signal.group_id.clone(),
            points: signal.points.clone(),
            incident_id: String::new(),
            acknowledged: false,
        }
    }

    /// Describes an endpoint that fails or is slow.
    #[must_use]
    pub fn of_endpoint(signal: &EndpointSignal) -> Self {
        let many = signal.people >= CRITICAL_PEOPLE;
        let (kind, severity, title, measure) = match signal.trouble {
            EndpointTrouble::Failing { now, before } => {
                let critical = many || now >= CRITICAL_ERROR_RATE;
                (
                    ItemKind::EndpointFailing,
                    if critical { Severity::Critical } else { Severity::Warning },
                    format!("{} is failing", signal.name()),
                    format!("{} errors (was {})", percent(now), percent(before)),
                )
            }
            EndpointTrouble::Slow { now_ms, before_ms } => (
                ItemKind::EndpointSlow,
                Severity::Warning,
                format!("{} is slow", signal.name()),
                format!("p95 {} (was {})", milliseconds(now_ms), milliseconds(before_ms)),
            ),
        };
        let detail = match signal.trouble {
            EndpointTrouble::Failing { .. } => format!(
                "{} of {} requests to {} failed in the last minutes.",
                signal.failed, signal.requests, signal.service
            ),
            EndpointTrouble::Slow { .. } => {
                format!("{} requests to {} in the last minutes.", signal.requests, signal.service)
            }
        };
        Self {
            kind,
            severity,
            title,
            measure,
            detail,
            since_ms: signal.since_ms,
            people: signal.people,
            link: endpoint_link(signal),
            subject: signal.subject(),
            points: signal.points.clone(),
            incident_id: String::new(),
            acknowledged: false,
        }
    }

    /// Says that accepted events wait too long, if they do.
    #[must_use]
    pub fn of_lag(oldest_pending_ms: i64, pending: i64, now_ms: i64) -> Option<Self> {
        if oldest_pending_ms < LAG_WARNING_MS {
            return None;
        }
        let critical = oldest_pending_ms >= LAG_CRITICAL_MS;
        let severity = if critical { Severity::Critical } else { Severity::Warning };
        let detail =
            "They are safe in the queue and will be stored; until then, all numbers here are old.";
        Some(Self {
            detail: detail.to_owned(),
            since_ms: now_ms - oldest_pending_ms,
            ..Self::own(
                ItemKind::IngestLag,
                severity,
                "Events wait to be stored",
                format!(
                    "{pending} waiting, the oldest for {}",
                    milliseconds(oldest_pending_ms as f64)
                ),
            )
        })
    }

    /// Says that a store is away.
    #[must_use]
    pub fn of_store(title: &str, detail: &str, now_ms: i64) -> Self {
        let item = Self::own(ItemKind::StoreTrouble, Severity::Critical, title, String::new());
        Self { detail: detail.to_owned(), since_ms: now_ms, ..item }
    }

    /// An item about Observe itself.
    fn own(kind: ItemKind, severity: Severity, title: &str, measure: String) -> Self {
        Self {
            kind,
            severity,
            title: title.to_owned(),
            measure,
            detail: String::new(),
            since_ms: 0,
            people: 0,
            link: "usage".to_owned(),
            subject: String::new(),
            points: Vec::new(),
            incident_id: String::new(),
            acknowledged: false,
        }
    }
}

/// Returns the place that shows an endpoint.
#[must_use]
pub fn endpoint_link(signal: &EndpointSignal) -> String {
    let query =
        [("service", &signal.service), ("method", &signal.method), ("route", &signal.route)];
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query.into_iter().filter(|(_, value)| !value.is_empty()))
        .finish();
    format!("endpoints/one?{query}")
}

/// Ranks items: our own trouble first, because then the rest is old; then by severity, persons, kind and age.
pub fn rank(items: &mut Vec<Item>) {
    items.sort_by(|a, b| {
        let key = |item: &Item| {
            let own = matches!(item.kind, ItemKind::StoreTrouble | ItemKind::IngestLag);
            (!own, item.severity, Reverse(item.people), item.kind, item.since_ms)
        };
        key(a).cmp(&key(b)).then_with(|| a.title.cmp(&b.title))
    });
    items.truncate(ITEMS_MAX);
}

#[cfg(test)]
mod tests;
