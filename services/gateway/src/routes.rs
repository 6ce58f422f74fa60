//! Who may call which RPC, and who answers it: every RPC there is, in one table. What is not in it does not exist.

use std::collections::HashMap;

use observe_core::Principal;
use observe_core::error::CommonError;
use observe_proto::common::v1::KeyKind;

use crate::error::Error;

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Identity,
    Events,
    Monitor,
    Reports,
    /// The edge itself.
    Local,
}

/// A class of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody; a credential is not looked at.
    Public,
    /// A signed-in user.
    Session,
    /// A project's write key.
    WriteKey,
    /// A project's secret key.
    SecretKey,
    /// Other services, which do not come this way.
    Internal,
}

/// One RPC.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) target: Target,
    pub(crate) access: &'static [Access],
    /// Whether either side sends more than one message.
    pub(crate) streams: bool,
}

const PUBLIC: &[Access] = &[Access::Public];
const SESSION: &[Access] = &[Access::Session];
const READERS: &[Access] = &[Access::Session, Access::SecretKey];
const SENDERS: &[Access] = &[Access::WriteKey, Access::SecretKey];
const INTERNAL: &[Access] = &[Access::Internal];

const fn route(target: Target, access: &'static [Access], path: &'static str) -> Route {
    Route { path, target, access, streams: false }
}

const fn stream(target: Target, access: &'static [Access], path: &'static str) -> Route {
    Route { path, target, access, streams: true }
}

/// Every RPC of the contracts; a test compares.
const TABLE: &[Route] = &[
    route(Target::Local, SENDERS, "/observe.events.v1.CaptureService/Capture"),
    stream(Target::Local, SENDERS, "/observe.events.v1.CaptureService/CaptureStream"),
    route(Target::Events, READERS, "/observe.events.v1.EventService/ListEventDefinitions"),
    route(Target::Events, READERS, "/observe.events.v1.EventService/ListEvents"),
    route(Target::Events, READERS, "/observe.events.v1.EventService/ListPropertyDefinitions"),
    route(Target::Events, READERS, "/observe.events.v1.EventService/ListPropertyValues"),
    stream(Target::Events, READERS, "/observe.events.v1.EventService/WatchEvents"),
    route(Target::Events, INTERNAL, "/observe.events.v1.IngestService/RecordRejections"),
    route(Target::Events, INTERNAL, "/observe.events.v1.IngestService/WriteEvents"),
    route(Target::Events, INTERNAL, "/observe.events.v1.LogService/ListHeads"),
    route(Target::Events, INTERNAL, "/observe.events.v1.LogService/ReadLog"),
    route(Target::Events, READERS, "/observe.events.v1.PipelineService/GetPipelineStatus"),
    route(Target::Events, READERS, "/observe.events.v1.PipelineService/ListDeadLetters"),
    route(Target::Events, READERS, "/observe.events.v1.PipelineService/ListRejectedEvents"),
    route(Target::Events, READERS, "/observe.events.v1.PipelineService/RedriveDeadLetters"),
    route(Target::Events, INTERNAL, "/observe.events.v1.SpanIngestService/WriteSpans"),
    route(Target::Events, INTERNAL, "/observe.events.v1.SpanService/GetSpanStatus"),
    route(Target::Events, INTERNAL, "/observe.events.v1.SpanService/ListSpanProjects"),
    route(Target::Events, INTERNAL, "/observe.events.v1.SpanService/ListSpans"),
    route(Target::Events, INTERNAL, "/observe.events.v1.SpanService/ReadSpanStats"),
    route(Target::Events, INTERNAL, "/observe.events.v1.StoredEventService/ReadStoredEvents"),
    route(Target::Identity, SESSION, "/observe.identity.v1.AccountService/ChangePassword"),
    route(Target::Identity, SESSION, "/observe.identity.v1.AccountService/GetMe"),
    route(Target::Identity, PUBLIC, "/observe.identity.v1.AccountService/GetSetup"),
    route(Target::Identity, SESSION, "/observe.identity.v1.AccountService/ListSessions"),
    route(Target::Identity, SESSION, "/observe.identity.v1.AccountService/RevokeSession"),
    route(Target::Identity, PUBLIC, "/observe.identity.v1.AccountService/SignIn"),
    route(Target::Identity, SESSION, "/observe.identity.v1.AccountService/SignOut"),
    route(Target::Identity, PUBLIC, "/observe.identity.v1.AccountService/SignUp"),
    route(Target::Identity, SESSION, "/observe.identity.v1.AccountService/UpdateMe"),
    route(Target::Identity, INTERNAL, "/observe.identity.v1.AuthenticationService/Authenticate"),
    route(Target::Identity, INTERNAL, "/observe.identity.v1.AuthenticationService/ListRetentions"),
    route(
        Target::Identity,
        INTERNAL,
        "/observe.identity.v1.AuthenticationService/ReportExposedKey",
    ),
    route(Target::Identity, READERS, "/observe.identity.v1.ErasureService/GetErasure"),
    route(Target::Identity, READERS, "/observe.identity.v1.ErasureService/ListErasures"),
    route(Target::Identity, READERS, "/observe.identity.v1.GroupService/GetGroup"),
    route(Target::Identity, READERS, "/observe.identity.v1.GroupService/ListGroupTypes"),
    route(Target::Identity, READERS, "/observe.identity.v1.GroupService/ListGroups"),
    route(Target::Identity, PUBLIC, "/observe.identity.v1.InvitationService/AcceptInvitation"),
    route(Target::Identity, SESSION, "/observe.identity.v1.InvitationService/CreateInvitation"),
    route(Target::Identity, PUBLIC, "/observe.identity.v1.InvitationService/GetInvitation"),
    route(Target::Identity, SESSION, "/observe.identity.v1.InvitationService/JoinOrganization"),
    route(Target::Identity, SESSION, "/observe.identity.v1.InvitationService/ListInvitations"),
    route(Target::Identity, SESSION, "/observe.identity.v1.InvitationService/RevokeInvitation"),
    route(Target::Identity, SESSION, "/observe.identity.v1.KeyService/CreateKey"),
    route(Target::Identity, SESSION, "/observe.identity.v1.KeyService/ListKeys"),
    route(Target::Identity, SESSION, "/observe.identity.v1.KeyService/RevokeKey"),
    route(Target::Identity, SESSION, "/observe.identity.v1.OrganizationService/CreateOrganization"),
    route(Target::Identity, SESSION, "/observe.identity.v1.OrganizationService/ListMembers"),
    route(Target::Identity, SESSION, "/observe.identity.v1.OrganizationService/RemoveMember"),
    route(Target::Identity, SESSION, "/observe.identity.v1.OrganizationService/UpdateMember"),
    route(Target::Identity, SESSION, "/observe.identity.v1.OrganizationService/UpdateOrganization"),
    route(Target::Identity, INTERNAL, "/observe.identity.v1.PersonLogService/ApplyEvents"),
    route(Target::Identity, INTERNAL, "/observe.identity.v1.PersonLogService/ConfirmErasure"),
    route(Target::Identity, INTERNAL, "/observe.identity.v1.PersonLogService/ListDistinctIds"),
    route(Target::Identity, INTERNAL, "/observe.identity.v1.PersonLogService/ReadChanges"),
    route(Target::Identity, INTERNAL, "/observe.identity.v1.PersonLogService/ReadErasures"),
    route(Target::Identity, INTERNAL, "/observe.identity.v1.PersonLogService/ReadPersons"),
    route(Target::Identity, READERS, "/observe.identity.v1.PersonService/Alias"),
    route(Target::Identity, READERS, "/observe.identity.v1.PersonService/DeletePerson"),
    route(Target::Identity, READERS, "/observe.identity.v1.PersonService/GetPerson"),
    route(Target::Identity, READERS, "/observe.identity.v1.PersonService/Identify"),
    route(Target::Identity, READERS, "/observe.identity.v1.PersonService/ListMerges"),
    route(Target::Identity, READERS, "/observe.identity.v1.PersonService/ListPersons"),
    route(Target::Identity, READERS, "/observe.identity.v1.PersonService/ListPropertyChanges"),
    route(Target::Identity, READERS, "/observe.identity.v1.PersonService/ListRefusedMerges"),
    route(Target::Identity, READERS, "/observe.identity.v1.PersonService/MergePersons"),
    route(Target::Identity, READERS, "/observe.identity.v1.PersonService/SetProperties"),
    route(Target::Identity, READERS, "/observe.identity.v1.PersonService/SplitPerson"),
    route(Target::Identity, SESSION, "/observe.identity.v1.ProjectService/CreateProject"),
    route(Target::Identity, READERS, "/observe.identity.v1.ProjectService/GetProject"),
    route(Target::Identity, SESSION, "/observe.identity.v1.ProjectService/UpdateProject"),
    route(Target::Identity, INTERNAL, "/observe.identity.v1.StoredPersonService/ReadStoredPersons"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.AlertChannelService/CreateAlertChannel"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.AlertChannelService/DeleteAlertChannel"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.AlertChannelService/ListAlertChannels"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.AlertChannelService/TestAlertChannel"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.AlertChannelService/UpdateAlertChannel"),
    route(Target::Monitor, INTERNAL, "/observe.monitor.v1.HeartbeatService/RecordHeartbeat"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.IncidentService/AcknowledgeIncident"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.IncidentService/GetIncident"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.IncidentService/ListIncidents"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.IncidentService/ResolveIncident"),
    route(Target::Monitor, INTERNAL, "/observe.monitor.v1.IncidentSignalService/CloseIncident"),
    route(Target::Monitor, INTERNAL, "/observe.monitor.v1.IncidentSignalService/CountChecks"),
    route(Target::Monitor, INTERNAL, "/observe.monitor.v1.IncidentSignalService/GetMonitorState"),
    route(Target::Monitor, INTERNAL, "/observe.monitor.v1.IncidentSignalService/OpenIncident"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.MonitorService/CreateMonitor"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.MonitorService/DeleteMonitor"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.MonitorService/GetMonitor"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.MonitorService/GetUptime"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.MonitorService/ImportChecks"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.MonitorService/ListChecks"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.MonitorService/ListMonitors"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.MonitorService/PauseMonitor"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.MonitorService/ResumeMonitor"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.MonitorService/TestMonitor"),
    route(Target::Monitor, READERS, "/observe.monitor.v1.MonitorService/UpdateMonitor"),
    route(Target::Reports, READERS, "/observe.reports.v1.AnnotationService/CreateAnnotation"),
    route(Target::Reports, READERS, "/observe.reports.v1.AnnotationService/DeleteAnnotation"),
    route(Target::Reports, READERS, "/observe.reports.v1.AnnotationService/ListAnnotations"),
    route(Target::Reports, READERS, "/observe.reports.v1.AnnotationService/UpdateAnnotation"),
    route(Target::Reports, READERS, "/observe.reports.v1.CohortService/AddCohortPersons"),
    route(Target::Reports, READERS, "/observe.reports.v1.CohortService/CreateCohort"),
    route(Target::Reports, READERS, "/observe.reports.v1.CohortService/DeleteCohort"),
    route(Target::Reports, READERS, "/observe.reports.v1.CohortService/GetCohort"),
    route(Target::Reports, READERS, "/observe.reports.v1.CohortService/ListCohortPersons"),
    route(Target::Reports, READERS, "/observe.reports.v1.CohortService/ListCohorts"),
    route(Target::Reports, READERS, "/observe.reports.v1.CohortService/PreviewCohort"),
    route(Target::Reports, READERS, "/observe.reports.v1.CohortService/RemoveCohortPersons"),
    route(Target::Reports, READERS, "/observe.reports.v1.CohortService/UpdateCohort"),
    route(Target::Reports, READERS, "/observe.reports.v1.DashboardService/CreateDashboard"),
    route(Target::Reports, READERS, "/observe.reports.v1.DashboardService/DeleteDashboard"),
    route(Target::Reports, READERS, "/observe.reports.v1.DashboardService/GetDashboard"),
    route(Target::Reports, PUBLIC, "/observe.reports.v1.DashboardService/GetSharedDashboard"),
    route(Target::Reports, READERS, "/observe.reports.v1.DashboardService/ListDashboards"),
    route(Target::Reports, PUBLIC, "/observe.reports.v1.DashboardService/QuerySharedTile"),
    route(Target::Reports, READERS, "/observe.reports.v1.DashboardService/ShareDashboard"),
    route(Target::Reports, READERS, "/observe.reports.v1.DashboardService/UnshareDashboard"),
    route(Target::Reports, READERS, "/observe.reports.v1.DashboardService/UpdateDashboard"),
    route(Target::Reports, READERS, "/observe.reports.v1.ErrorService/GetErrorGroup"),
    route(Target::Reports, READERS, "/observe.reports.v1.ErrorService/ListErrorGroups"),
    route(Target::Reports, READERS, "/observe.reports.v1.ErrorService/UpdateErrorGroup"),
    stream(Target::Reports, READERS, "/observe.reports.v1.ExportService/ExportEvents"),
    stream(Target::Reports, READERS, "/observe.reports.v1.ExportService/ExportPersons"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/ExplainFunnelPerson"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/ExplainRetentionPerson"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/ListFunnelPersons"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/ListLifecyclePersons"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/ListPathPersons"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/ListRetentionPersons"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/ListStickinessPersons"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/ListTrendPersons"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/QueryFunnel"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/QueryFunnelTrend"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/QueryLifecycle"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/QueryPaths"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/QueryRetention"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/QueryStickiness"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/QueryTrends"),
    route(Target::Reports, READERS, "/observe.reports.v1.InsightService/QueryWebOverview"),
    route(Target::Reports, READERS, "/observe.reports.v1.LatencyService/ListEndpoints"),
    route(Target::Reports, READERS, "/observe.reports.v1.LatencyService/QueryLatency"),
    route(Target::Reports, READERS, "/observe.reports.v1.OverviewService/GetOverview"),
    stream(Target::Reports, READERS, "/observe.reports.v1.OverviewService/WatchOverview"),
    route(Target::Reports, READERS, "/observe.reports.v1.PersonActivityService/ExportPerson"),
    route(Target::Reports, READERS, "/observe.reports.v1.PersonActivityService/ListPersonEvents"),
    route(Target::Reports, READERS, "/observe.reports.v1.PersonActivityService/PreviewMerge"),
    route(Target::Reports, READERS, "/observe.reports.v1.ProjectionService/GetProjectionRebuild"),
    route(Target::Reports, READERS, "/observe.reports.v1.ProjectionService/RebuildProjection"),
    route(Target::Reports, READERS, "/observe.reports.v1.SavedInsightService/CreateSavedInsight"),
    route(Target::Reports, READERS, "/observe.reports.v1.SavedInsightService/DeleteSavedInsight"),
    route(Target::Reports, READERS, "/observe.reports.v1.SavedInsightService/GetSavedInsight"),
    route(Target::Reports, READERS, "/observe.reports.v1.SavedInsightService/ListSavedInsights"),
    route(Target::Reports, READERS, "/observe.reports.v1.SavedInsightService/UpdateSavedInsight"),
    route(Target::Reports, READERS, "/observe.reports.v1.UsageService/GetDailyUsage"),
];

/// The table, by path.
#[derive(Debug)]
pub(crate) struct Routes(HashMap<&'static str, &'static Route>);

impl Routes {
    pub(crate) fn new() -> Self {
        Self(TABLE.iter().map(|route| (route.path, route)).collect())
    }

    /// Returns the route of a path.
    ///
    /// # Errors
    /// `UnknownRpc`, for internal RPCs too: from outside there is no difference.
    pub(crate) fn find(&self, path: &str) -> Result<&'static Route, Error> {
        let found =
            self.0.get(path).copied().filter(|route| !route.access.contains(&Access::Internal));
        found.ok_or_else(|| {
            // Paths come from anybody; what is echoed stays short.
            Error::UnknownRpc(path.trim_start_matches('/').chars().take(200).collect())
        })
    }
}

impl Route {
    /// Returns whether callers need no credential.
    pub(crate) fn is_public(&self) -> bool {
        self.access.contains(&Access::Public)
    }

    /// Checks that the caller is of a class that may call this.
    ///
    /// # Errors
    /// `PermissionDenied`.
    pub(crate) fn admit(&self, caller: &Principal) -> Result<(), Error> {
        let (class, missing) = match caller {
            Principal::Anonymous | Principal::Service(_) => (Access::Public, "anonymous"),
            Principal::Session { .. } => (Access::Session, "capture"),
            Principal::Key { kind: KeyKind::Secret, .. } => (Access::SecretKey, "session"),
            Principal::Key { .. } => (Access::WriteKey, "read"),
        };
        if self.access.contains(&class) {
            Ok(())
        } else {
            Err(CommonError::PermissionDenied(missing).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use prost_reflect::DescriptorPool;

    use super::*;

    /// Services that only other services call.
    const INTERNAL_SERVICES: [&str; 10] = [
        "IngestService",
        "SpanIngestService",
        "SpanService",
        "LogService",
        "AuthenticationService",
        "PersonLogService",
        "StoredEventService",
        "StoredPersonService",
        "HeartbeatService",
        "IncidentSignalService",
    ];

    #[test]
    fn every_rpc_has_one_rule_and_every_rule_an_rpc() {
        let pool =
            DescriptorPool::decode(observe_proto::FILE_DESCRIPTOR_SET).expect("our contracts");
        let mut rpcs = BTreeMap::new();
        for service in pool.services() {
            for method in service.methods() {
                let path = format!("/{}/{}", service.full_name(), method.name());
                rpcs.insert(path, method.is_client_streaming() || method.is_server_streaming());
            }
        }
        let rules: BTreeMap<_, _> =
            TABLE.iter().map(|route| (route.path.to_owned(), route.streams)).collect();
        assert_eq!(rules.len(), TABLE.len(), "an RPC has two rules");
        assert_eq!(rules, rpcs);
    }

    #[test]
    fn access_is_what_it_was_decided_to_be() {
        for route in TABLE {
            let (service, method) =
                route.path.rsplit('.').next().and_then(|end| end.split_once('/')).expect("a path");
            let expected = match (service, method) {
                (service, _) if INTERNAL_SERVICES.contains(&service) => INTERNAL,
                ("AccountService", "SignIn" | "SignUp" | "GetSetup")
                | ("InvitationService", "GetInvitation" | "AcceptInvitation")
                | ("DashboardService", "GetSharedDashboard" | "QuerySharedTile") => PUBLIC,
                ("CaptureService", "Capture" | "CaptureStream") => SENDERS,
                (
                    "AccountService",
                    "SignOut" | "GetMe" | "UpdateMe" | "ChangePassword" | "ListSessions"
                    | "RevokeSession",
                )
                | (
                    "InvitationService",
                    "CreateInvitation" | "ListInvitations" | "RevokeInvitation"
                    | "JoinOrganization",
                )
                | (
                    "OrganizationService",
                    "CreateOrganization" | "UpdateOrganization" | "ListMembers" | "UpdateMember"
                    | "RemoveMember",
                )
                | ("ProjectService", "CreateProject" | "UpdateProject")
                | ("KeyService", "CreateKey" | "ListKeys" | "RevokeKey") => SESSION,
                ("ProjectService", "GetProject")
                | (
                    "PersonService",
                    "GetPerson"
                    | "ListPersons"
                    | "Identify"
                    | "Alias"
                    | "SetProperties"
                    | "MergePersons"
                    | "SplitPerson"
                    | "ListMerges"
                    | "ListRefusedMerges"
                    | "ListPropertyChanges"
                    | "DeletePerson",
                )
                | ("ErasureService", "GetErasure" | "ListErasures")
                | ("GroupService", "ListGroupTypes" | "ListGroups" | "GetGroup")
                | ("PersonActivityService", "PreviewMerge" | "ListPersonEvents" | "ExportPerson")
                | (
                    "EventService",
                    "ListEvents"
                    | "WatchEvents"
                    | "ListEventDefinitions"
                    | "ListPropertyDefinitions"
                    | "ListPropertyValues",
                )
                | (
                    "PipelineService",
                    "GetPipelineStatus" | "ListDeadLetters" | "ListRejectedEvents"
                    | "RedriveDeadLetters",
                )
                | (
                    "InsightService",
                    "QueryTrends"
                    | "ListTrendPersons"
                    | "QueryFunnel"
                    | "QueryFunnelTrend"
                    | "ListFunnelPersons"
                    | "ExplainFunnelPerson"
                    | "QueryRetention"
                    | "ListRetentionPersons"
                    | "ExplainRetentionPerson"
                    | "QueryLifecycle"
                    | "ListLifecyclePersons"
                    | "QueryStickiness"
                    | "ListStickinessPersons"
                    | "QueryPaths"
                    | "ListPathPersons"
                    | "QueryWebOverview",
                )
                | (
                    "CohortService",
                    "CreateCohort"
                    | "GetCohort"
                    | "ListCohorts"
                    | "UpdateCohort"
                    | "DeleteCohort"
                    | "PreviewCohort"
                    | "ListCohortPersons"
                    | "AddCohortPersons"
                    | "RemoveCohortPersons",
                )
                | (
                    "SavedInsightService",
                    "CreateSavedInsight" | "GetSavedInsight" | "ListSavedInsights"
                    | "UpdateSavedInsight" | "DeleteSavedInsight",
                )
                | (
                    "DashboardService",
                    "CreateDashboard" | "GetDashboard" | "ListDashboards" | "UpdateDashboard"
                    | "DeleteDashboard" | "ShareDashboard" | "UnshareDashboard",
                )
                | (
                    "AnnotationService",
                    "CreateAnnotation" | "ListAnnotations" | "UpdateAnnotation"
                    | "DeleteAnnotation",
                )
                | ("ErrorService", "ListErrorGroups" | "GetErrorGroup" | "UpdateErrorGroup")
                | ("ExportService", "ExportEvents" | "ExportPersons")
                | ("LatencyService", "ListEndpoints" | "QueryLatency")
                | ("OverviewService", "GetOverview" | "WatchOverview")
                | ("ProjectionService", "GetProjectionRebuild" | "RebuildProjection")
                | ("UsageService", "GetDailyUsage")
                | (
                    "MonitorService",
                    "CreateMonitor" | "GetMonitor" | "ListMonitors" | "UpdateMonitor"
                    | "DeleteMonitor" | "PauseMonitor" | "ResumeMonitor" | "TestMonitor"
                    | "ListChecks" | "GetUptime" | "ImportChecks",
                )
                | (
                    "IncidentService",
                    "ListIncidents" | "GetIncident" | "AcknowledgeIncident" | "ResolveIncident",
                )
                | (
                    "AlertChannelService",
                    "CreateAlertChannel" | "ListAlertChannels" | "UpdateAlertChannel"
                    | "DeleteAlertChannel" | "TestAlertChannel",
                ) => READERS,
                other => panic!("decide who may call {other:?}"),
            };
            assert_eq!(route.access, expected, "{}", route.path);
        }
    }

    #[test]
    fn internal_and_unknown_rpcs_look_the_same() {
        let routes = Routes::new();
        assert!(routes.find("/observe.events.v1.EventService/ListEvents").is_ok());
        for path in [
            "/observe.events.v1.IngestService/WriteEvents",
            "/observe.events.v1.EventService/Nope",
            "/",
            "",
        ] {
            assert!(matches!(routes.find(path), Err(Error::UnknownRpc(_))), "{path}");
        }
    }
}
