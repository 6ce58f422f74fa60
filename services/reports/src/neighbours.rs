//! What reports asks of the other services to complete an answer: time zones of identity, monitors of monitor, queue and
//! spans of events. Each question has a short deadline, so that a service that is away costs only what it knows.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use moka::sync::Cache;
use observe_core::ProjectId;
use observe_proto::common::v1::TimeRange;
use observe_proto::events::v1::pipeline_service_client::PipelineServiceClient;
use observe_proto::events::v1::span_service_client::SpanServiceClient;
use observe_proto::events::v1::{
    GetPipelineStatusRequest, GetPipelineStatusResponse, ListSpanProjectsRequest, ListSpansRequest,
    ReadSpanStatsRequest, ReadSpanStatsResponse, ServerSpan,
};
use observe_proto::identity::v1::GetProjectRequest;
use observe_proto::identity::v1::project_service_client::ProjectServiceClient;
use observe_proto::monitor::v1::incident_signal_service_client::IncidentSignalServiceClient;
use observe_proto::monitor::v1::{
    CheckCount, CloseIncidentRequest, CountChecksRequest, GetMonitorStateRequest,
    GetMonitorStateResponse, OpenIncidentRequest,
};
use observe_runtime::client::ServiceChannel;
use observe_runtime::{Deps, StartError};
use tonic::{Request, Status};

use crate::convert::timestamp;
use crate::query::Range;

/// How long another service may take.
const DEADLINE: Duration = Duration::from_secs(3);
/// How long a project's time zone is used without asking again.
const ZONE_LIFETIME: Duration = Duration::from_secs(60);
/// Time zones kept.
const ZONES_MAX: u64 = 10_000;
/// The largest answer taken, in bytes.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// The other services.
#[derive(Clone)]
pub struct Neighbours {
    pipeline: PipelineServiceClient<ServiceChannel>,
    spans: SpanServiceClient<ServiceChannel>,
    projects: ProjectServiceClient<ServiceChannel>,
    incidents: IncidentSignalServiceClient<ServiceChannel>,
    zones: Cache<ProjectId, Tz>,
}

impl Neighbours {
    /// Knows where they are.
    ///
    /// # Errors
    /// A sentence if this process does not.
    pub fn new(deps: &Deps) -> Result<Self, StartError> {
        let events = deps.service_channel("events")?;
        let spans = SpanServiceClient::new(events.clone());
        Ok(Self {
            pipeline: PipelineServiceClient::new(events),
            spans: spans.max_decoding_message_size(ANSWER_BYTES_MAX),
            projects: ProjectServiceClient::new(deps.service_channel("identity")?),
            incidents: IncidentSignalServiceClient::new(deps.service_channel("monitor")?)
                .max_decoding_message_size(ANSWER_BYTES_MAX),
            zones: Cache::builder().max_capacity(ZONES_MAX).time_to_live(ZONE_LIFETIME).build(),
        })
    }

    /// Returns the project's time zone.
    ///
    /// # Errors
    /// What identity answers.
    pub async fn time_zone(&self, project: ProjectId) -> Result<Tz, Status> {
        if let Some(zone) = self.zones.get(&project) {
            return Ok(zone);
        }
        let request = GetProjectRequest { project_id: project.to_string() };
        let answer = self.projects.clone().get_project(timed(request)).await?.into_inner();
        let name = answer.project.unwrap_or_default().time_zone;
        // Identity knows the same zones; an older one of ours that lacks one counts days in UTC.
        let zone = name.parse().unwrap_or(Tz::UTC);
        self.zones.insert(project, zone);
        Ok(zone)
    }

    /// Returns where the project's accepted events are.
    ///
    /// # Errors
    /// What events answers.
    pub async fn pipeline(&self, project: ProjectId) -> Result<GetPipelineStatusResponse, Status> {
        let request = GetPipelineStatusRequest { project_id: project.to_string() };
        Ok(self.pipeline.clone().get_pipeline_status(timed(request)).await?.into_inner())
    }

    /// Returns span stats.
    ///
    /// # Errors
    /// What events answers.
    pub async fn span_stats(
        &self,
        request: ReadSpanStatsRequest,
    ) -> Result<ReadSpanStatsResponse, Status> {
        Ok(self.spans.clone().read_span_stats(timed(request)).await?.into_inner())
    }

    /// Returns single spans that were kept.
    ///
    /// # Errors
    /// What events answers.
    pub async fn spans(&self, request: ListSpansRequest) -> Result<Vec<ServerSpan>, Status> {
        Ok(self.spans.clone().list_spans(timed(request)).await?.into_inner().spans)
    }

    /// Returns the projects with spans that began since a time.
    ///
    /// # Errors
    /// What events answers.
    pub async fn span_projects(&self, since: DateTime<Utc>) -> Result<Vec<ProjectId>, Status> {
        let request =
            ListSpanProjectsRequest { since_time: Some(timestamp(since.timestamp_millis())) };
        let answer = self.spans.clone().list_span_projects(timed(request)).await?.into_inner();
        Ok(answer.project_ids.iter().filter_map(|id| ProjectId::parse(id)).collect())
    }

    /// Returns how the project's monitors are, and its open incidents.
    ///
    /// # Errors
    /// What monitor answers.
    pub async fn monitor_state(
        &self,
        project: ProjectId,
    ) -> Result<GetMonitorStateResponse, Status> {
        let request = GetMonitorStateRequest { project_id: project.to_string() };
        Ok(self.incidents.clone().get_monitor_state(timed(request)).await?.into_inner())
    }

    /// Returns the checks of all the project's monitors by hour.
    ///
    /// # Errors
    /// What monitor answers.
    pub async fn checks(
        &self,
        project: ProjectId,
        range: Range,
    ) -> Result<Vec<CheckCount>, Status> {
        let request =
            CountChecksRequest { project_id: project.to_string(), range: Some(time_range(range)) };
        Ok(self.incidents.clone().count_checks(timed(request)).await?.into_inner().hours)
    }

    /// Opens an incident, or renews the open one.
    ///
    /// # Errors
    /// What monitor answers.
    pub async fn open_incident(&self, request: OpenIncidentRequest) -> Result<(), Status> {
        self.incidents.clone().open_incident(timed(request)).await.map(drop)
    }

    /// Closes an incident, if it is open.
    ///
    /// # Errors
    /// What monitor answers.
    pub async fn close_incident(&self, request: CloseIncidentRequest) -> Result<(), Status> {
        self.incidents.clone().close_incident(timed(request)).await.map(drop)
    }
}

/// Says a range as the contracts do.
pub(crate) fn time_range(range: Range) -> TimeRange {
    TimeRange {
        start_time: Some(timestamp(range.start_ms)),
        end_time: Some(timestamp(range.end_ms)),
    }
}

fn timed<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}
