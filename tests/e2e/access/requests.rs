//! Requests: one that names the tenant and nothing else, and one that a service has nothing to object to.

use observe_core::{Clock as _, SystemClock};
use prost_reflect::{Kind, MethodDescriptor};
use serde_json::{Value, json};

use crate::cluster::{EMAIL, PASSWORD};

/// The id of nothing.
pub(crate) const NOBODY: &str = "0197f7a0-0000-7000-8000-000000000000";
/// The id of nothing else.
const NOBODY_ELSE: &str = "0197f7a0-0000-7000-8000-000000000001";

/// The key of a company that the first tenant has, and the other one has not.
pub(crate) const GROUP: &str = "first-company";

/// A project, and the organization that it is of.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) organization: String,
    pub(crate) project: String,
}

impl Tenant {
    /// A tenant that there is not.
    pub(crate) fn nobody() -> Self {
        Self { organization: NOBODY.to_owned(), project: NOBODY.to_owned() }
    }
}

/// Returns a request that names the tenant, where the RPC takes one, and nothing else.
pub(crate) fn bare(method: &MethodDescriptor, tenant: &Tenant) -> Value {
    let mut request = json!({});
    for (name, key, id) in [
        ("project_id", "projectId", &tenant.project),
        ("organization_id", "organizationId", &tenant.organization),
    ] {
        // Between services a project is bytes.
        let field = method.input().get_field_by_name(name);
        if field.is_some_and(|field| field.kind() == Kind::String) {
            request[key] = json!(id);
        }
    }
    // Who is behind a number of a question is asked with the question, which names the project.
    for field in method.input().fields() {
        if let Kind::Message(question) = field.kind()
            && question.name().starts_with("Query")
            && question.get_field_by_name("project_id").is_some()
        {
            request[field.json_name()] = json!({"projectId": tenant.project});
        }
    }
    request
}

/// Adds what is in one object to another, and so with the objects in it.
fn add(to: &mut Value, more: Value) {
    match (to, more) {
        (Value::Object(to), Value::Object(more)) => {
            for (key, value) in more {
                add(to.entry(key).or_insert(Value::Null), value);
            }
        }
        (to, more) => *to = more,
    }
}

/// Returns a request that is good. The things that it names do not exist, so that it changes little where it is admitted.
pub(crate) fn full(method: &MethodDescriptor, tenant: &Tenant) -> Value {
    let mut request = bare(method, tenant);
    add(&mut request, content(method.parent_service().name(), method.name()));
    request
}

fn content(service: &str, method: &str) -> Value {
    match service {
        "CaptureService" | "EventService" | "PipelineService" => events(method),
        "AccountService" | "InvitationService" | "OrganizationService" => accounts(method),
        "ProjectService" | "KeyService" => projects(method),
        "PersonService" | "ErasureService" | "GroupService" => persons(method),
        "MonitorService" | "IncidentService" | "AlertChannelService" => monitors(method),
        "CohortService" => cohorts(method),
        "SavedInsightService" | "DashboardService" | "AnnotationService" => kept(method),
        _ => reports(method),
    }
}

fn events(method: &str) -> Value {
    let batch = json!({"events": [{"name": "access_tried", "distinctId": "visitor"}]});
    match method {
        "Capture" => batch,
        "CaptureStream" => json!({"batch": batch}),
        "ListPropertyValues" => json!({"property": "plan"}),
        "RedriveDeadLetters" => json!({"uuids": [NOBODY]}),
        _ => json!({}),
    }
}

fn accounts(method: &str) -> Value {
    match method {
        "SignIn" => json!({"email": EMAIL, "password": PASSWORD}),
        "SignUp" => {
            json!({"setupToken": "none", "email": EMAIL, "password": PASSWORD, "name": "Somebody"})
        }
        "AcceptInvitation" => json!({
            "token": "none", "email": "nobody@example.com", "password": PASSWORD, "name": "Nobody",
        }),
        "GetInvitation" | "JoinOrganization" => json!({"token": "none"}),
        "UpdateMe" => json!({"name": "Somebody"}),
        "ChangePassword" => json!({"currentPassword": PASSWORD, "newPassword": PASSWORD}),
        "RevokeSession" => json!({"sessionId": NOBODY}),
        "CreateOrganization" | "UpdateOrganization" => json!({"name": "Example"}),
        "UpdateMember" => json!({"userId": NOBODY, "role": "ROLE_VIEWER"}),
        "RemoveMember" => json!({"userId": NOBODY}),
        "CreateInvitation" => json!({"role": "ROLE_VIEWER"}),
        "RevokeInvitation" => json!({"invitationId": NOBODY}),
        _ => json!({}),
    }
}

fn projects(method: &str) -> Value {
    match method {
        "CreateProject" | "UpdateProject" => json!({"name": "Example", "timeZone": "UTC"}),
        "CreateKey" => json!({"name": "Example", "kind": "KIND_WRITE"}),
        "RevokeKey" => json!({"keyId": NOBODY}),
        _ => json!({}),
    }
}

fn persons(method: &str) -> Value {
    match method {
        "GetPerson" | "DeletePerson" | "ListPropertyChanges" | "ListMerges" => {
            json!({"personId": NOBODY})
        }
        "SetProperties" => {
            json!({"personId": NOBODY, "properties": {"set": {"plan": "free"}}})
        }
        "Identify" => json!({"distinctId": "tried", "anonymousId": "tried-before"}),
        "Alias" => json!({"distinctId": "tried", "alias": "tried-elsewhere"}),
        "MergePersons" => json!({"sourcePersonId": NOBODY, "targetPersonId": NOBODY_ELSE}),
        "SplitPerson" => json!({"mergeId": NOBODY}),
        "GetErasure" => json!({"erasureId": NOBODY}),
        "ListGroups" => json!({"type": "company"}),
        "GetGroup" => json!({"type": "company", "key": GROUP}),
        _ => json!({}),
    }
}

fn monitors(method: &str) -> Value {
    let monitor = |id: &str| json!({"monitor": {"id": id, "name": "job", "heartbeat": {}}});
    let channel = |id: &str| {
        let webhook = json!({"url": "http://127.0.0.1:8080/hook"});
        json!({"alertChannel": {"id": id, "name": "hook", "webhook": webhook}})
    };
    match method {
        "CreateMonitor" => monitor(""),
        "UpdateMonitor" | "TestMonitor" => monitor(NOBODY),
        "ImportChecks" => {
            let now = SystemClock.now().to_rfc3339();
            json!({"monitorId": NOBODY, "checks": [{"slotTime": now, "outcome": "OUTCOME_UP"}]})
        }
        "GetIncident" | "AcknowledgeIncident" | "ResolveIncident" => json!({"incidentId": NOBODY}),
        "CreateAlertChannel" => channel(""),
        "UpdateAlertChannel" => channel(NOBODY),
        "DeleteAlertChannel" | "TestAlertChannel" => json!({"alertChannelId": NOBODY}),
        "ListMonitors" | "ListIncidents" | "ListAlertChannels" => json!({}),
        _ => json!({"monitorId": NOBODY}),
    }
}

fn cohorts(method: &str) -> Value {
    let persons = json!({"cohortId": NOBODY, "distinctIds": ["nobody-of-either"]});
    match method {
        "CreateCohort" => json!({"name": "Example"}),
        "UpdateCohort" => json!({"cohortId": NOBODY, "name": "Example"}),
        "PreviewCohort" => {
            let property = json!({"property": "plan", "values": ["pro"]});
            json!({"rule": {"conditions": [{"property": property}]}})
        }
        "AddCohortPersons" | "RemoveCohortPersons" => persons,
        "ListCohorts" => json!({}),
        _ => json!({"cohortId": NOBODY}),
    }
}

fn kept(method: &str) -> Value {
    let query = json!({"trends": {"series": [{}]}, "last": "86400s"});
    let insight = |id: &str| json!({"savedInsight": {"id": id, "name": "Example", "query": query}});
    let dashboard = |id: &str| json!({"dashboard": {"id": id, "name": "Example"}});
    let note = || json!({"time": SystemClock.now().to_rfc3339(), "text": "Release"});
    match method {
        "CreateSavedInsight" => insight(""),
        "UpdateSavedInsight" => insight(NOBODY),
        "GetSavedInsight" | "DeleteSavedInsight" => json!({"savedInsightId": NOBODY}),
        "CreateDashboard" => dashboard(""),
        "UpdateDashboard" => dashboard(NOBODY),
        "GetDashboard" | "DeleteDashboard" | "ShareDashboard" | "UnshareDashboard" => {
            json!({"dashboardId": NOBODY})
        }
        "GetSharedDashboard" => json!({"shareToken": "none"}),
        "QuerySharedTile" => json!({"shareToken": "none", "tileId": NOBODY}),
        "CreateAnnotation" => note(),
        "UpdateAnnotation" => {
            let mut request = note();
            request["annotationId"] = json!(NOBODY);
            request
        }
        "DeleteAnnotation" => json!({"annotationId": NOBODY}),
        "ListAnnotations" => json!({"range": last_hour()}),
        _ => json!({}),
    }
}

fn last_hour() -> Value {
    let now = SystemClock.now();
    let hour_ago = now - chrono::TimeDelta::hours(1);
    json!({"startTime": hour_ago.to_rfc3339(), "endTime": now.to_rfc3339()})
}

fn reports(method: &str) -> Value {
    let now = SystemClock.now();
    let hour_ago = now - chrono::TimeDelta::hours(1);
    let range = json!({"startTime": hour_ago.to_rfc3339(), "endTime": now.to_rfc3339()});
    match method {
        "QueryTrends" => json!({"range": range, "series": [{}]}),
        "QueryFunnel" => json!({"range": range, "steps": [{"event": "a"}, {"event": "b"}]}),
        "ListTrendPersons" => json!({"trends": {"range": range, "series": [{}]}, "series": 1}),
        "QueryFunnelTrend" | "ListFunnelPersons" | "ExplainFunnelPerson" => {
            let steps = json!([{"event": "a"}, {"event": "b"}]);
            let mut request = json!({"funnel": {"range": range, "steps": steps}});
            match method {
                "ListFunnelPersons" => add(&mut request, json!({"step": 1})),
                "ExplainFunnelPerson" => {
                    add(&mut request, json!({"distinctId": "nobody-of-either"}));
                }
                _ => {}
            }
            request
        }
        "QueryRetention" | "QueryLifecycle" => json!({"range": range}),
        "QueryStickiness" => json!({"range": range, "series": [{}]}),
        "ListRetentionPersons" | "ExplainRetentionPerson" => {
            let cohort = day_of(hour_ago);
            let mut request = json!({"retention": {"range": range}, "cohortStartTime": cohort});
            if method == "ExplainRetentionPerson" {
                add(&mut request, json!({"distinctId": "nobody-of-either"}));
            }
            request
        }
        "ListLifecyclePersons" => json!({
            "lifecycle": {"range": range}, "bucketStartTime": day_of(hour_ago), "state": "STATE_NEW"
        }),
        "ListStickinessPersons" => {
            json!({"stickiness": {"range": range, "series": [{}]}, "series": 1, "buckets": 1})
        }
        "GetErrorGroup" => json!({"errorGroupId": NOBODY}),
        "UpdateErrorGroup" => json!({"errorGroupId": NOBODY, "status": "STATUS_OPEN"}),
        "ListEndpoints" => json!({"range": range}),
        "QueryLatency" => {
            let endpoint = json!({"service": "shop", "method": "GET", "route": "/"});
            json!({"range": range, "endpoint": endpoint})
        }
        "QueryPaths" | "QueryWebOverview" => json!({"range": range}),
        "ListPathPersons" => json!({"paths": {"range": range}, "step": 1, "source": "/"}),
        "ExportEvents" | "ExportPersons" => json!({"format": "EXPORT_FORMAT_NDJSON"}),
        "PreviewMerge" => json!({"sourcePersonId": NOBODY, "targetPersonId": NOBODY_ELSE}),
        "ListPersonEvents" | "ExportPerson" => json!({"personId": NOBODY}),
        _ => json!({}),
    }
}

/// When the day of a time begins in UTC.
fn day_of(time: chrono::DateTime<chrono::Utc>) -> String {
    time.date_naive().and_time(chrono::NaiveTime::MIN).and_utc().to_rfc3339()
}
