//! `observe.monitor.v1.IncidentSignalService`: for other services.

use std::sync::Arc;

use chrono::TimeDelta;
use observe_core::{CallContext, Clock, ProjectId, Violations, respond};
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::incident_signal_service_server::IncidentSignalService;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::{Error, invalid};
use crate::incident::{
    DETAIL_CHARS_MAX, Ending, EntryKind, Kind, LINK_BYTES_MAX, SUBJECT_BYTES_MAX, Severity, Signal,
    TITLE_CHARS_MAX, cut,
};
use crate::store::signal::SignalStore;

/// The longest range of counts.
const RANGE_MAX: TimeDelta = TimeDelta::days(400);

/// Serves other services.
pub(crate) struct IncidentSignals {
    pub(crate) store: SignalStore,
    pub(crate) clock: Arc<dyn Clock>,
}

impl IncidentSignals {
    async fn open(
        &self,
        context: &CallContext,
        request: pb::OpenIncidentRequest,
    ) -> Result<pb::OpenIncidentResponse, Error> {
        context.require_service()?;
        let mut violations = Violations::new();
        let project = project(&request.project_id, &mut violations);
        let kind = kind(request.kind(), &mut violations);
        let severity = request.severity();
        violations.require(severity != Severity::Unspecified, "severity", "is needed");
        subject(&request.subject, &mut violations);
        let title = cut(request.title.trim(), TITLE_CHARS_MAX);
        violations.require(!title.is_empty(), "title", "is needed");
        let fits = request.link.len() <= LINK_BYTES_MAX && !request.link.contains('\0');
        violations.require(fits, "link", "must have at most 1,000 bytes");
        let since = request.since_time.as_ref().and_then(convert::instant);
        violations.require(since.is_some(), "since_time", "is needed");
        violations.finish()?;
        let (Some(project), Some(since)) = (project, since) else {
            return Err(invalid("project_id", "is needed"));
        };
        let signal = Signal {
            project,
            kind,
            severity,
            title,
            detail: cut(&request.detail, DETAIL_CHARS_MAX),
            subject: request.subject,
            link: request.link,
            since,
        };
        let incident = self.store.open(&signal, self.clock.now()).await?;
        Ok(pb::OpenIncidentResponse { incident: Some(convert::incident(incident)) })
    }

    async fn close(
        &self,
        context: &CallContext,
        request: pb::CloseIncidentRequest,
    ) -> Result<pb::CloseIncidentResponse, Error> {
        context.require_service()?;
        let mut violations = Violations::new();
        let project = project(&request.project_id, &mut violations);
        let kind = kind(request.kind(), &mut violations);
        subject(&request.subject, &mut violations);
        violations.finish()?;
        let Some(project) = project else { return Err(invalid("project_id", "is needed")) };
        let ending = Ending {
            kind: EntryKind::Closed,
            text: String::new(),
            user: None,
            at: self.clock.now(),
        };
        self.store.close(project, kind, &request.subject, &ending).await?;
        Ok(pb::CloseIncidentResponse {})
    }

    async fn state(
        &self,
        context: &CallContext,
        request: pb::GetMonitorStateRequest,
    ) -> Result<pb::GetMonitorStateResponse, Error> {
        context.require_service()?;
        let mut violations = Violations::new();
        let project = project(&request.project_id, &mut violations);
        violations.finish()?;
        let Some(project) = project else { return Err(invalid("project_id", "is needed")) };
        let found = self.store.overview(project).await?;
        let count = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
        let open = found.open.into_iter().map(|(incident, target_host)| pb::OpenIncident {
            incident: Some(convert::incident(incident)),
            target_host,
        });
        Ok(pb::GetMonitorStateResponse {
            monitors: count(found.monitors),
            monitors_up: count(found.up),
            open_incidents: open.collect(),
            last_closed_time: found.last_closed_at.map(convert::timestamp),
        })
    }

    async fn counts(
        &self,
        context: &CallContext,
        request: pb::CountChecksRequest,
    ) -> Result<pb::CountChecksResponse, Error> {
        context.require_service()?;
        let mut violations = Violations::new();
        let project = project(&request.project_id, &mut violations);
        let range = convert::range(&request.range.unwrap_or_default(), &mut violations);
        if let Some((from, to)) = range {
            violations.require(to - from <= RANGE_MAX, "range", "must be at most 400 days");
        }
        violations.finish()?;
        let (Some(project), Some((from, to))) = (project, range) else {
            return Err(invalid("project_id", "is needed"));
        };
        let hours = self.store.counts(project, from, to).await?;
        let hour = |(start, up, down)| pb::CheckCount {
            start_time: Some(convert::timestamp(start)),
            up,
            down,
        };
        Ok(pb::CountChecksResponse { hours: hours.into_iter().map(hour).collect() })
    }
}

fn project(text: &str, violations: &mut Violations) -> Option<ProjectId> {
    let project = ProjectId::parse(text);
    violations.require(project.is_some(), "project_id", "must be a UUID");
    project
}

fn kind(kind: Kind, violations: &mut Violations) -> Kind {
    let known = matches!(kind, Kind::ErrorSpike | Kind::EndpointFailing | Kind::EndpointSlow);
    violations.require(known, "kind", "must be ERROR_SPIKE, ENDPOINT_FAILING or ENDPOINT_SLOW");
    kind
}

fn subject(subject: &str, violations: &mut Violations) {
    let fits = (1..=SUBJECT_BYTES_MAX).contains(&subject.len()) && !subject.contains('\0');
    violations.require(fits, "subject", "must have 1-1,000 bytes");
}

#[tonic::async_trait]
impl IncidentSignalService for IncidentSignals {
    async fn open_incident(
        &self,
        request: Request<pb::OpenIncidentRequest>,
    ) -> Result<Response<pb::OpenIncidentResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.open(&context, request.into_inner()).await)
    }

    async fn close_incident(
        &self,
        request: Request<pb::CloseIncidentRequest>,
    ) -> Result<Response<pb::CloseIncidentResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.close(&context, request.into_inner()).await)
    }

    async fn get_monitor_state(
        &self,
        request: Request<pb::GetMonitorStateRequest>,
    ) -> Result<Response<pb::GetMonitorStateResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.state(&context, request.into_inner()).await)
    }

    async fn count_checks(
        &self,
        request: Request<pb::CountChecksRequest>,
    ) -> Result<Response<pb::CountChecksResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.counts(&context, request.into_inner()).await)
    }
}
