//! Judges a project: all its errors and all its endpoints, at one moment.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use observe_core::ProjectId;

use super::{EndpointSignal, EndpointTrouble, ErrorSignal, ErrorTrouble, Signals};
use crate::engine::slots::Asker;
use crate::engine::{EngineError, Slots};
use crate::errors::assess::{self, ErrorAssessment, NEW_MS};
use crate::errors::list::Decisions;
use crate::errors::status::{Status, standing};
use crate::latency::judge::Condition;
use crate::latency::{EndpointAssessment, EndpointAssessor};
use crate::projection::Snapshot;
use crate::published::Published;
use crate::query::Range;
use crate::store::error_group::ErrorGroupStore;

/// Judges projects.
pub struct Assessor {
    pub(crate) published: Arc<Published>,
    pub(crate) slots: Slots,
    /// What people decided of error groups.
    pub(crate) decisions: ErrorGroupStore,
    pub(crate) endpoints: EndpointAssessor,
}

/// What the columns say of a project's errors.
struct Errors {
    assessed: Vec<ErrorAssessment>,
    /// By group that had an event in the last 24 hours: its id, and when the last event was received.
    recent: Vec<(String, i64)>,
}

impl Assessor {
    /// Returns what is wrong in a project, as of `now`.
    ///
    /// # Errors
    /// `Loading` while the projection is built, `Busy`.
    pub async fn assess(
        &self,
        project: ProjectId,
        now: DateTime<Utc>,
    ) -> Result<Signals, EngineError> {
        let (errors, endpoints) =
            tokio::join!(self.errors(project, now), self.endpoints.assess(project, now));
        let (errors, known_errors) = errors?;
        let signals = Signals { errors, known_errors, ..Signals::default() };
        Ok(match endpoints {
            Ok(endpoints) => Signals {
                endpoints_ok: endpoints.iter().filter(|one| one.condition == Condition::Ok).count(),
                endpoints: endpoints.into_iter().filter_map(endpoint).collect(),
                ..signals
            },
            Err(status) => {
                tracing::debug!(%status, "endpoints cannot be judged");
                Signals { endpoints_unknown: true, ..signals }
            }
        })
    }

    /// Returns the errors that are new or spike, and how many others are open.
    async fn errors(
        &self,
        project: ProjectId,
        now: DateTime<Utc>,
    ) -> Result<(Vec<ErrorSignal>, usize), EngineError> {
        let now_ms = now.timestamp_millis();
        self.published.load(project, Range::ALWAYS).await?;
        let published = Arc::clone(&self.published);
        let work = move |asker: &Asker| {
            let columns = published.projection()?.project(project).snapshot();
            judge(&columns, now_ms, asker)
        };
        let found = self.slots.compute(project, work).await?;
        if found.recent.is_empty() && found.assessed.is_empty() {
            return Ok((Vec::new(), 0));
        }
        // Without them, what somebody ignored would be told; that is better than telling nothing.
        let decisions = self.decisions.decisions(project).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what was decided of errors cannot be read");
            Decisions::new()
        });
        let is_open = |id: &str, received_us: i64| {
            standing(decisions.get(id), received_us).status == Status::Open
        };
        let open =
            found.recent.iter().filter(|(id, received_us)| is_open(id, *received_us)).count();
        let assessed = found.assessed.into_iter();
        let signals: Vec<ErrorSignal> =
            assessed.filter(|one| is_open(&one.id, one.last_received_us)).map(error).collect();
        let known = open.saturating_sub(signals.len());
        Ok((signals, known))
    }
}

fn judge(columns: &Snapshot, now_ms: i64, asker: &Asker) -> Result<Errors, EngineError> {
    let assessed = assess::assess(columns, now_ms, asker)?;
    let recent = columns
        .errors
        .iter()
        .enumerate()
        .filter(|(_, group)| group.last_seen_ms > now_ms - NEW_MS)
        .map(|(at, group)| {
            let code = u32::try_from(at + 1).expect("groups have codes of 32 bits");
            (crate::errors::rows::id(columns, code), group.last_received_us)
        });
    Ok(Errors { assessed, recent: recent.collect() })
}

fn error(one: ErrorAssessment) -> ErrorSignal {
    let (trouble, since_ms) = match one.spike_since_ms {
        Some(since_ms) => (ErrorTrouble::Spike, since_ms),
        None => (ErrorTrouble::New, one.first_seen_ms),
    };
    ErrorSignal {
        group_id: one.id,
        title: one.title,
        culprit: one.culprit,
        trouble,
        since_ms,
        last_seen_ms: one.last_seen_ms,
        count: one.count_since,
        people: one.people_since,
        usual_per_hour: one.usual_per_hour,
        points: one.points.iter().map(|count| *count as f64).collect(),
    }
}

fn endpoint(one: EndpointAssessment) -> Option<EndpointSignal> {
    let ms = |us: u64| us as f64 / 1_000.0;
    let (trouble, points) = match one.condition {
        Condition::Failing => (
            EndpointTrouble::Failing { now: one.error_rate(), before: one.usual_error_rate },
            one.error_points.iter().map(|count| *count as f64).collect(),
        ),
        Condition::Slow => (
            EndpointTrouble::Slow {
                now_ms: ms(one.p95_us.unwrap_or_default()),
                before_ms: ms(one.usual_p95_us.unwrap_or_default()),
            },
            one.p95_points.iter().map(|us| ms(*us)).collect(),
        ),
        Condition::Unknown | Condition::Ok => return None,
    };
    Some(EndpointSignal {
        service: one.name.service,
        method: one.name.method,
        route: one.name.route,
        trouble,
        since_ms: one.since_ms.unwrap_or_default(),
        requests: u64::try_from(one.requests).unwrap_or(0),
        failed: u64::try_from(one.errors).unwrap_or(0),
        people: one.people,
        points,
    })
}
