//! Incidents: a time in which something was broken, and what is told of it.

use chrono::{DateTime, SecondsFormat, Utc};
use observe_core::{ProjectId, UserId};
pub(crate) use observe_proto::monitor::v1::incident::{Kind, Severity};
pub(crate) use observe_proto::monitor::v1::incident_entry::Kind as EntryKind;
use serde_json::json;
use uuid::Uuid;

/// Bytes of a subject.
pub(crate) const SUBJECT_BYTES_MAX: usize = 1_000;
/// Characters of a title and of a detail; longer ones are cut.
pub(crate) const TITLE_CHARS_MAX: usize = 300;
pub(crate) const DETAIL_CHARS_MAX: usize = 1_000;
/// Bytes of a link.
pub(crate) const LINK_BYTES_MAX: usize = 1_000;

/// An incident.
#[derive(Clone, Debug)]
pub(crate) struct Incident {
    pub(crate) id: Uuid,
    pub(crate) project: ProjectId,
    pub(crate) kind: i16,
    pub(crate) severity: i16,
    pub(crate) subject: String,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) link: String,
    pub(crate) opened_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    pub(crate) acknowledged_at: Option<DateTime<Utc>>,
    pub(crate) acknowledged_by: Option<UserId>,
}

/// What is to become an incident, unless it is one already.
#[derive(Clone, Debug)]
pub(crate) struct Signal {
    pub(crate) project: ProjectId,
    pub(crate) kind: Kind,
    pub(crate) severity: Severity,
    pub(crate) subject: String,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) link: String,
    pub(crate) since: DateTime<Utc>,
}

/// How an incident ends.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    /// Closed by what opened it, or resolved by hand.
    pub(crate) kind: EntryKind,
    /// A sentence for the timeline; may be empty.
    pub(crate) text: String,
    /// Who resolved it, if a user did.
    pub(crate) user: Option<UserId>,
    pub(crate) at: DateTime<Utc>,
}

/// Returns a text of at most so many characters, without what PostgreSQL does not take.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    text.chars().filter(|c| *c != '\0').take(chars_max).collect()
}

/// What is told of an incident: the bytes of a webhook.
pub(crate) fn message(incident: &Incident, public_url: Option<&str>, at: DateTime<Utc>) -> String {
    let is_open = incident.closed_at.is_none();
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let kind = Kind::try_from(i32::from(incident.kind)).unwrap_or(Kind::Unspecified);
    let severity =
        Severity::try_from(i32::from(incident.severity)).unwrap_or(Severity::Unspecified);
    let mut data = json!({
        "id": incident.id,
        "projectId": incident.project.to_string(),
        "kind": kind.as_str_name(),
        "severity": severity.as_str_name(),
        "subject": incident.subject,
        "title": incident.title,
        "detail": incident.detail,
        "openedTime": time(incident.opened_at),
        "closedTime": incident.closed_at.map(time),
        "link": incident.link,
    });
    if let Some(base) = public_url {
        data["url"] = json!(format!("{base}/p/{}/{}", incident.project, incident.link));
    }
    json!({
        "type": if is_open { "incident.opened" } else { "incident.closed" },
        "timestamp": time(at),
        "data": data,
    })
    .to_string()
}

/// What a test of a channel tells.
pub(crate) fn test_message(project: ProjectId, channel: &str, at: DateTime<Utc>) -> String {
    json!({
        "type": "test",
        "timestamp": at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "data": {
            "projectId": project.to_string(),
            "title": format!("A test of the alert channel {channel}"),
            "detail": "Nothing is broken. Incidents will be told here.",
        },
    })
    .to_string()
}
