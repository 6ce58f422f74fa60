//! Incidents and signals: which open incident belongs to which item, who is affected by a monitor that is down, and what
//! monitor is told of a signal.

use std::collections::{HashMap, HashSet};

use observe_core::ProjectId;
use observe_proto::monitor::v1::incident::{Kind, Severity as IncidentSeverity};
use observe_proto::monitor::v1::{
    CloseIncidentRequest, Incident, OpenIncident, OpenIncidentRequest,
};

use crate::convert::timestamp;
use crate::engine::{EngineError, ReportEngine};
use crate::overview::{Item, ItemKind, Severity};
use crate::query::{Condition, CountedBy, Filter, Range, Scope, ValueTest};
use crate::trends::buckets::Interval;
use crate::trends::period::Period;
use crate::trends::{Math, Series, TrendsQuery};

/// People who were on a site so long before it went down are counted as affected.
const BEFORE_DOWN_MS: i64 = 30 * 60 * 1000;
/// The property that names the host of the page an event happened on.
const HOST: &str = "$host";

/// Returns what an incident about such an item is, if there is one.
fn incident_kind(kind: ItemKind) -> Option<Kind> {
    match kind {
        ItemKind::ErrorSpike => Some(Kind::ErrorSpike),
        ItemKind::EndpointFailing => Some(Kind::EndpointFailing),
        ItemKind::EndpointSlow => Some(Kind::EndpointSlow),
        // Monitor opens its own; a new error is told here alone; and who cannot store events cannot be told of it.
        ItemKind::MonitorDown
        | ItemKind::ErrorNew
        | ItemKind::IngestLag
        | ItemKind::StoreTrouble => None,
    }
}

/// Tells items which open incident is about them.
pub(crate) fn mark_incidents(items: &mut [Item], open: &[OpenIncident]) {
    let by_subject: HashMap<(i32, &str), &Incident> = open
        .iter()
        .filter_map(|one| one.incident.as_ref())
        .map(|incident| ((incident.kind, incident.subject.as_str()), incident))
        .collect();
    for item in items {
        let Some(kind) = incident_kind(item.kind) else { continue };
        if let Some(incident) = by_subject.get(&(kind as i32, item.subject.as_str())) {
            item.incident_id.clone_from(&incident.id);
            item.acknowledged = incident.acknowledged_time.is_some();
        }
    }
}

/// Describes the monitors that are down, with the persons that were on the site.
///
/// # Errors
/// What the engine answers.
pub(crate) async fn down_items(
    engine: &dyn ReportEngine,
    project: ProjectId,
    open: &[OpenIncident],
    now_ms: i64,
) -> Result<Vec<Item>, EngineError> {
    let mut items = Vec::new();
    for one in open {
        let Some(incident) = &one.incident else { continue };
        if incident.kind() != Kind::MonitorDown {
            continue;
        }
        let since_ms = incident.opened_time.map_or(now_ms, |time| {
            time.seconds.saturating_mul(1_000).saturating_add(i64::from(time.nanos) / 1_000_000)
        });
        let people = persons_on(engine, project, &one.target_host, since_ms, now_ms).await?;
        items.push(Item {
            kind: ItemKind::MonitorDown,
            severity: Severity::Critical,
            title: incident.title.clone(),
            measure: String::new(),
            detail: incident.detail.clone(),
            since_ms,
            people,
            link: incident.link.clone(),
            subject: incident.subject.clone(),
            points: Vec::new(),
            incident_id: incident.id.clone(),
            acknowledged: incident.acknowledged_time.is_some(),
        });
    }
    Ok(items)
}

/// Counts the persons with an event on a host since shortly before a time.
async fn persons_on(
    engine: &dyn ReportEngine,
    project: ProjectId,
    host: &str,
    since_ms: i64,
    now_ms: i64,
) -> Result<u64, EngineError> {
    let range = Range { start_ms: since_ms - BEFORE_DOWN_MS, end_ms: now_ms + 1 };
    let period = Period::new(range, Interval::Month, chrono_tz::Tz::UTC);
    let (false, Some(period)) = (host.is_empty() || range.start_ms >= range.end_ms, period) else {
        return Ok(0);
    };
    let test = ValueTest::In(HashSet::from([host.to_owned()]));
    let filter = Filter::Condition(Condition { property: HOST.into(), scope: Scope::Event, test });
    let query = TrendsQuery {
        period,
        previous: None,
        series: vec![Series {
            event: None,
            math: Math::UniquePersons,
            filter: Filter::everything(),
        }],
        formula: None,
        breakdown: None,
        filter,
        counted_by: CountedBy::Persons,
    };
    let answer = engine.trends(project, query).await?;
    let persons: f64 = answer.series.iter().flatten().map(|line| line.total).sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a count")]
    Ok(persons as u64)
}

/// Returns what monitor has to be told: what to open or renew, and what to close.
pub(crate) fn changes(
    project: ProjectId,
    items: &[Item],
    open: &[OpenIncident],
) -> (Vec<OpenIncidentRequest>, Vec<CloseIncidentRequest>) {
    let wanted: Vec<(Kind, &Item)> =
        items.iter().filter_map(|item| Some((incident_kind(item.kind)?, item))).collect();
    let current: HashSet<(i32, &str)> =
        wanted.iter().map(|(kind, item)| (*kind as i32, item.subject.as_str())).collect();
    let ours = [Kind::ErrorSpike, Kind::EndpointFailing, Kind::EndpointSlow];
    let over = open.iter().filter_map(|one| one.incident.as_ref()).filter(|incident| {
        ours.contains(&incident.kind())
            && !current.contains(&(incident.kind, incident.subject.as_str()))
    });
    let close = over.map(|incident| CloseIncidentRequest {
        project_id: project.to_string(),
        kind: incident.kind,
        subject: incident.subject.clone(),
    });
    let is_news = |kind: Kind, item: &Item| {
        let known = open.iter().filter_map(|one| one.incident.as_ref());
        let mut same = known.filter(|one| one.kind() == kind && one.subject == item.subject);
        // While it stays as bad as it was told, its measure may move without a word.
        same.all(|one| one.severity() != severity(item.severity))
    };
    let opened = wanted.iter().filter(|(kind, item)| is_news(*kind, item));
    let opened = opened.map(|(kind, item)| OpenIncidentRequest {
        project_id: project.to_string(),
        kind: (*kind).into(),
        subject: item.subject.clone(),
        severity: severity(item.severity).into(),
        title: item.title.clone(),
        detail: detail(item),
        since_time: Some(timestamp(item.since_ms)),
        link: item.link.clone(),
    });
    (opened.collect(), close.collect())
}

fn severity(severity: Severity) -> IncidentSeverity {
    match severity {
        Severity::Critical => IncidentSeverity::Critical,
        Severity::Warning => IncidentSeverity::Warning,
        Severity::Notice => IncidentSeverity::Notice,
    }
}

fn detail(item: &Item) -> String {
    let people = match item.people {
        0 => String::new(),
        1 => "; 1 person affected".to_owned(),
        many => format!("; {many} people affected"),
    };
    format!("{}{people}. {}", item.measure, item.detail).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::signals::{EndpointSignal, EndpointTrouble};

    fn failing() -> Item {
        Item::of_endpoint(&EndpointSignal {
            service: "shop".into(),
            method: "POST".into(),
            route: "/pay".into(),
            trouble: EndpointTrouble::Failing { now: 0.5, before: 0.0 },
            since_ms: 5_000,
            requests: 10,
            failed: 5,
            people: 3,
            points: Vec::new(),
        })
    }

    fn open(kind: Kind, subject: &str, severity: IncidentSeverity) -> OpenIncident {
        let incident = Incident {
            id: "i".into(),
            kind: kind.into(),
            subject: subject.into(),
            severity: severity.into(),
            ..Incident::default()
        };
        OpenIncident { incident: Some(incident), target_host: String::new() }
    }

    #[test]
    fn a_signal_opens_once_and_closes_when_it_is_over() {
        let project = ProjectId::new(Uuid::from_u128(1));
        let (opened, closed) = changes(project, &[failing()], &[]);
        assert_eq!((opened.len(), closed.len()), (1, 0));
        assert_eq!(opened[0].subject, "shop POST /pay");
        assert_eq!(
            opened[0].detail,
            "50 % errors (was 0 %); 3 people affected. 5 of 10 requests to shop failed in the last minutes."
        );
        let known = [open(Kind::EndpointFailing, "shop POST /pay", IncidentSeverity::Critical)];
        assert_eq!(changes(project, &[failing()], &known), (Vec::new(), Vec::new()));
        let milder = [open(Kind::EndpointFailing, "shop POST /pay", IncidentSeverity::Warning)];
        assert_eq!(changes(project, &[failing()], &milder).0.len(), 1, "it got worse");
        let (opened, closed) = changes(project, &[], &known);
        assert_eq!((opened.len(), closed[0].subject.as_str()), (0, "shop POST /pay"));
    }

    #[test]
    fn monitors_are_left_to_monitor() {
        let project = ProjectId::new(Uuid::from_u128(1));
        let down = [open(Kind::MonitorDown, "m", IncidentSeverity::Critical)];
        assert_eq!(changes(project, &[], &down), (Vec::new(), Vec::new()));
    }

    #[test]
    fn an_item_knows_its_incident() {
        let mut items = [failing()];
        mark_incidents(
            &mut items,
            &[open(Kind::EndpointSlow, "shop POST /pay", IncidentSeverity::Warning)],
        );
        assert_eq!(items[0].incident_id, "");
        mark_incidents(
            &mut items,
            &[open(Kind::EndpointFailing, "shop POST /pay", IncidentSeverity::Warning)],
        );
        assert_eq!(items[0].incident_id, "i");
    }
}
