//! `observe.monitor.v1.IncidentService`.

use std::sync::Arc;

use chrono::DateTime;
use observe_core::context::Permission;
use observe_core::page::PageTokens;
use observe_core::{CallContext, Clock, Violations, respond};
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::incident_service_server::IncidentService;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::convert;
use crate::error::Error;
use crate::incident::{Ending, EntryKind, Incident};
use crate::service::{id, user};
use crate::store::incident_list::{IncidentStore, Position};

/// Reads and handles incidents.
pub(crate) struct Incidents {
    pub(crate) store: IncidentStore,
    pub(crate) page_tokens: PageTokens,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Incidents {
    async fn list(
        &self,
        context: &CallContext,
        request: pb::ListIncidentsRequest,
    ) -> Result<pb::ListIncidentsResponse, Error> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let monitor = match request.monitor_id.as_str() {
            "" => None,
            text => Some(id(text, "monitor_id", "monitor")?),
        };
        let mut violations = Violations::new();
        let limit = convert::page_size(request.page_size, &mut violations);
        let open_only = if request.open_only { "open" } else { "" };
        let scope = convert::scope("incidents", project, &[&request.monitor_id, open_only]);
        let token =
            convert::page_token(&self.page_tokens, &scope, &request.page_token, &mut violations);
        violations.finish()?;
        let after = token.and_then(|bytes| decode(&bytes));
        let mut found =
            self.store.list(project, request.open_only, monitor, after, limit + 1).await?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let is_full = found.len() > size;
        found.truncate(size);
        let last = found.last().filter(|_| is_full).map(encode);
        let next_page_token =
            last.map(|bytes| self.page_tokens.seal(&scope, &bytes)).unwrap_or_default();
        let incidents = found.into_iter().map(convert::incident).collect();
        Ok(pb::ListIncidentsResponse { incidents, next_page_token })
    }

    async fn get(
        &self,
        context: &CallContext,
        request: pb::GetIncidentRequest,
    ) -> Result<pb::GetIncidentResponse, Error> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let incident = id(&request.incident_id, "incident_id", "incident")?;
        let (incident, entries) = self.store.get(project, incident).await?;
        Ok(pb::GetIncidentResponse {
            incident: Some(convert::incident(incident)),
            timeline: entries.into_iter().map(convert::entry).collect(),
        })
    }

    async fn acknowledge(
        &self,
        context: &CallContext,
        request: pb::AcknowledgeIncidentRequest,
    ) -> Result<pb::AcknowledgeIncidentResponse, Error> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let incident = id(&request.incident_id, "incident_id", "incident")?;
        let now = self.clock.now();
        let incident = self.store.acknowledge(project, incident, user(context), now).await?;
        Ok(pb::AcknowledgeIncidentResponse { incident: Some(convert::incident(incident)) })
    }

    async fn resolve(
        &self,
        context: &CallContext,
        request: pb::ResolveIncidentRequest,
    ) -> Result<pb::ResolveIncidentResponse, Error> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let incident = id(&request.incident_id, "incident_id", "incident")?;
        let ending = Ending {
            kind: EntryKind::Resolved,
            text: String::new(),
            user: user(context),
            at: self.clock.now(),
        };
        let incident = self.store.resolve(project, incident, &ending).await?;
        Ok(pb::ResolveIncidentResponse { incident: Some(convert::incident(incident)) })
    }
}

/// How long an encoded position is.
const POSITION_BYTES: usize = 25;

fn encode(incident: &Incident) -> [u8; POSITION_BYTES] {
    let mut bytes = [0; POSITION_BYTES];
    bytes[0] = u8::from(incident.closed_at.is_none());
    bytes[1..9].copy_from_slice(&incident.opened_at.timestamp_micros().to_be_bytes());
    bytes[9..].copy_from_slice(incident.id.as_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Position> {
    let (is_open, rest) = bytes.split_first()?;
    let (micros, id) = rest.split_first_chunk::<8>()?;
    Some(Position {
        is_open: *is_open == 1,
        opened_at: DateTime::from_timestamp_micros(i64::from_be_bytes(*micros))?,
        id: Uuid::from_slice(id).ok()?,
    })
}

#[tonic::async_trait]
impl IncidentService for Incidents {
    async fn list_incidents(
        &self,
        request: Request<pb::ListIncidentsRequest>,
    ) -> Result<Response<pb::ListIncidentsResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list(&context, request.into_inner()).await)
    }

    async fn get_incident(
        &self,
        request: Request<pb::GetIncidentRequest>,
    ) -> Result<Response<pb::GetIncidentResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.get(&context, request.into_inner()).await)
    }

    async fn acknowledge_incident(
        &self,
        request: Request<pb::AcknowledgeIncidentRequest>,
    ) -> Result<Response<pb::AcknowledgeIncidentResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.acknowledge(&context, request.into_inner()).await)
    }

    async fn resolve_incident(
        &self,
        request: Request<pb::ResolveIncidentRequest>,
    ) -> Result<Response<pb::ResolveIncidentResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.resolve(&context, request.into_inner()).await)
    }
}
