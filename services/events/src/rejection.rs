//! What the edge did not accept, as it is kept and shown.

use chrono::{DateTime, Utc};
use observe_core::{ProjectId, Violations};
use observe_proto::events::v1 as pb;
use prost_types::Timestamp;

use crate::error::Error;

/// Examples of a project that are kept.
pub const EXAMPLES_MAX: usize = 100;
/// Projects in one report.
const PROJECTS_MAX: usize = 10_000;
/// Different codes of a project in one report.
const CODES_MAX: usize = 100;
/// Characters of a code.
const CODE_CHARS_MAX: usize = 64;
/// Characters of every other text but the excerpt.
const TEXT_CHARS_MAX: usize = 500;
/// Characters of an excerpt.
const EXCERPT_CHARS_MAX: usize = 1_024;

/// How often something was not accepted for one reason.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Count {
    /// The reason.
    pub code: String,
    /// Events; requests, where no event could be told.
    pub count: i64,
    /// When it last happened.
    pub last_seen_at: DateTime<Utc>,
}

/// Something that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RejectedEvent {
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// The reason.
    pub code: String,
    /// What to change.
    pub message: String,
    /// Where it was sent to.
    pub endpoint: String,
    /// The event's name.
    pub name: String,
    /// The event's uuid, as it was sent.
    pub uuid: String,
    /// What sent it.
    pub library: String,
    /// The beginning of what was sent.
    pub excerpt: String,
}

/// What one project's senders were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whose.
    pub project: ProjectId,
    /// By code.
    pub counts: Vec<Count>,
    /// The latest last.
    pub examples: Vec<RejectedEvent>,
}

/// Reads a report. Texts are cut, and NUL, which PostgreSQL refuses, becomes U+FFFD.
///
/// # Errors
/// `Invalid` for what no edge of ours sends.
pub fn reports(request: pb::RecordRejectionsRequest) -> Result<Vec<Report>, Error> {
    let mut violations = Violations::new();
    violations.require(
        request.projects.len() <= PROJECTS_MAX,
        "projects",
        format!("must be at most {PROJECTS_MAX}"),
    );
    violations.finish()?;
    request.projects.into_iter().map(report).collect()
}

fn report(from: pb::ProjectRejections) -> Result<Report, Error> {
    let mut violations = Violations::new();
    let project = ProjectId::from_bytes(&from.project_id);
    violations.require(project.is_some(), "project_id", "must be 16 bytes");
    violations.require(
        from.counts.len() <= CODES_MAX,
        "counts",
        format!("must be at most {CODES_MAX}"),
    );
    let fine = |count: &pb::RejectionCount| count.count >= 0 && !count.code.is_empty();
    violations.require(from.counts.iter().all(fine), "counts", "need a code and a number");
    let times = from.counts.iter().map(|count| count.last_seen_time.as_ref());
    let times = times.chain(from.examples.iter().map(|example| example.received_time.as_ref()));
    violations.require(
        times.into_iter().all(|time| to_time(time).is_some()),
        "counts",
        "need times",
    );
    violations.finish()?;
    let counts = from.counts.into_iter().filter_map(|count| {
        let last_seen_at = to_time(count.last_seen_time.as_ref())?;
        let code = text(&count.code, CODE_CHARS_MAX);
        Some(Count { code, count: count.count, last_seen_at })
    });
    let skipped = from.examples.len().saturating_sub(EXAMPLES_MAX);
    let examples = from.examples.iter().skip(skipped).filter_map(example);
    Ok(Report {
        project: project.unwrap_or(ProjectId::new(uuid::Uuid::nil())),
        counts: counts.collect(),
        examples: examples.collect(),
    })
}

fn example(from: &pb::RejectedEvent) -> Option<RejectedEvent> {
    Some(RejectedEvent {
        received_at: to_time(from.received_time.as_ref())?,
        code: text(&from.code, CODE_CHARS_MAX),
        message: text(&from.message, TEXT_CHARS_MAX),
        endpoint: text(&from.endpoint, TEXT_CHARS_MAX),
        name: text(&from.name, TEXT_CHARS_MAX),
        uuid: text(&from.uuid, TEXT_CHARS_MAX),
        library: text(&from.library, TEXT_CHARS_MAX),
        excerpt: text(&from.excerpt, EXCERPT_CHARS_MAX),
    })
}

fn text(text: &str, max: usize) -> String {
    text.chars().take(max).map(|char| if char == '\0' { '\u{fffd}' } else { char }).collect()
}

fn to_time(time: Option<&Timestamp>) -> Option<DateTime<Utc>> {
    let time = time?;
    DateTime::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?)
}

fn to_timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: time.timestamp(),
        nanos: i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(0),
    }
}

impl From<Count> for pb::RejectionCount {
    fn from(from: Count) -> Self {
        let Count { code, count, last_seen_at } = from;
        Self { code, count, last_seen_time: Some(to_timestamp(last_seen_at)) }
    }
}

impl From<RejectedEvent> for pb::RejectedEvent {
    fn from(from: RejectedEvent) -> Self {
        Self {
            received_time: Some(to_timestamp(from.received_at)),
            code: from.code,
            message: from.message,
            endpoint: from.endpoint,
            name: from.name,
            uuid: from.uuid,
            library: from.library,
            excerpt: from.excerpt,
        }
    }
}
