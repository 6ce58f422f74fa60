//! One of everything that a tenant can have, made as anybody would make it.

use std::collections::BTreeMap;

use observe_testkit::eventually;
use serde_json::{Value, json};

use super::people::{People, ok, text};
use super::requests::GROUP;
use super::table::Caller;
use super::wire::Wire;
use crate::cluster::{Cluster, DEADLINE, SECRET_KEY};

/// Is in whatever the first tenant has a say in, and in nothing that the other one says.
pub(crate) const MARK: &str = "quagga";
/// A distinct id of the first tenant's user.
pub(crate) const USER: &str = "user-of-the-first";

/// The ids of what the first tenant has, by what they are.
pub(crate) type Things = BTreeMap<&'static str, String>;

/// Makes one of everything in the first tenant's project.
pub(crate) async fn make(cluster: &Cluster, wire: &Wire, people: &People) -> Things {
    let project = &people.own.project;
    let owner = people.token(Caller::Owner);
    let mut things = Things::from([("member", people.member_id.clone())]);
    let exception = json!([{"type": "TypeError", "value": MARK}]);
    let events = json!([
        {"name": "$identify", "user_id": USER, "anonymous_id": "visitor-of-the-first",
         "properties": {"$set": {"plan": MARK}}},
        {"name": "$exception", "distinct_id": USER, "properties": {"$exception_list": exception}},
        {"name": "$groupidentify", "distinct_id": USER, "properties": {
            "$group_type": "company", "$group_key": GROUP, "$group_set": {"plan": MARK}}},
        {"name": "viewed", "distinct_id": USER, "properties": {"page": MARK}},
        {"name": "$set", "distinct_id": "second-of-the-first", "properties": {"$set": {"plan": MARK}}},
        {"name": "$set", "distinct_id": "third-of-the-first", "properties": {"$set": {"plan": MARK}}},
    ]);
    let http = reqwest::Client::new();
    assert_eq!(cluster.post(&http, events.to_string()).await.unwrap().status(), 202);
    // What answers is well and may not be: a check of it fails, and an incident opens.
    let http =
        json!({"url": format!("{}/healthz", cluster.base), "statuses": [{"from": 500, "to": 599}]});
    let monitor = json!({"name": MARK, "interval": "10s", "http": http});
    let webhook = json!({"url": format!("{}/{MARK}", cluster.base)});
    let channel = json!({"name": MARK, "webhook": webhook});
    let question = json!({"trends": {"series": [{"event": MARK}]}, "last": "86400s"});
    let tenant = json!({"projectId": project, "organizationId": people.own.organization});
    for (what, rpc, mut request, answer) in [
        (
            "monitor",
            "monitor.v1.MonitorService/CreateMonitor",
            json!({"monitor": monitor}),
            "/monitor/id",
        ),
        (
            "alert channel",
            "monitor.v1.AlertChannelService/CreateAlertChannel",
            json!({"alertChannel": channel}),
            "/alertChannel/id",
        ),
        ("key", "identity.v1.KeyService/CreateKey", json!({"name": MARK}), "/key/id"),
        ("cohort", "reports.v1.CohortService/CreateCohort", json!({"name": MARK}), "/cohort/id"),
        (
            "saved insight",
            "reports.v1.SavedInsightService/CreateSavedInsight",
            json!({"savedInsight": {"name": MARK, "query": question}}),
            "/savedInsight/id",
        ),
        (
            "dashboard",
            "reports.v1.DashboardService/CreateDashboard",
            json!({"dashboard": {"name": MARK}}),
            "/dashboard/id",
        ),
        (
            "annotation",
            "reports.v1.AnnotationService/CreateAnnotation",
            json!({"text": MARK, "time": "2026-01-01T00:00:00Z"}),
            "/annotation/id",
        ),
        (
            "invitation",
            "identity.v1.InvitationService/CreateInvitation",
            json!({"role": "ROLE_VIEWER", "email": format!("{MARK}@example.com")}),
            "/invitation/id",
        ),
    ] {
        let of = if what == "invitation" { "organizationId" } else { "projectId" };
        request[of] = tenant[of].clone();
        let made = ok(wire, rpc, &request, owner).await;
        things.insert(what, text(made.pointer(answer).unwrap()));
    }
    let sessions = ok(wire, "identity.v1.AccountService/ListSessions", &json!({}), owner).await;
    things.insert("session", text(&sessions["sessions"][0]["id"]));
    for (what, rpc, request, answer) in [
        (
            "person",
            "identity.v1.PersonService/GetPerson",
            json!({"distinctId": USER}),
            "/person/id",
        ),
        ("error group", "reports.v1.ErrorService/ListErrorGroups", json!({}), "/errorGroups/0/id"),
        ("incident", "monitor.v1.IncidentService/ListIncidents", json!({}), "/incidents/0/id"),
    ] {
        things.insert(what, first(wire, what, rpc, &request, answer).await);
    }
    let request = json!({"personId": things["person"]});
    let rpc = "identity.v1.PersonService/ListMerges";
    things.insert("merge", first(wire, "merge", rpc, &request, "/merges/0/id").await);
    let request = json!({"distinctId": "third-of-the-first"});
    let rpc = "identity.v1.PersonService/DeletePerson";
    let erasure = ok(wire, rpc, &request, SECRET_KEY).await;
    things.insert("erasure", text(&erasure["erasure"]["id"]));
    things
}

/// Waits for something to be there. Returns its id.
async fn first(wire: &Wire, what: &str, rpc: &str, request: &Value, answer: &str) -> String {
    eventually(DEADLINE, what, async || {
        let (status, found) = wire.json(rpc, request, SECRET_KEY).await;
        let is_there = status == 200 && found.pointer("/person/identified") != Some(&json!(false));
        found.pointer(answer).and_then(Value::as_str).filter(|_| is_there).map(str::to_owned)
    })
    .await
}

/// Returns what the first tenant has, as far as only a caller would change it.
pub(crate) async fn state(wire: &Wire, people: &People, things: &Things) -> Vec<Value> {
    let owner = people.token(Caller::Owner);
    let mut state = Vec::new();
    for (rpc, id, parts) in [
        ("identity.v1.KeyService/ListKeys", None, vec!["/keys"]),
        ("identity.v1.InvitationService/ListInvitations", None, vec!["/invitations"]),
        ("identity.v1.OrganizationService/ListMembers", None, vec!["/members"]),
        ("identity.v1.PersonService/GetPerson", Some(("personId", "person")), vec!["/person"]),
        (
            "monitor.v1.MonitorService/GetMonitor",
            Some(("monitorId", "monitor")),
            vec!["/monitor/name", "/monitor/http", "/monitor/state"],
        ),
        (
            "monitor.v1.IncidentService/GetIncident",
            Some(("incidentId", "incident")),
            vec!["/incident/acknowledgedTime", "/incident/closedTime"],
        ),
        (
            "reports.v1.ErrorService/GetErrorGroup",
            Some(("errorGroupId", "error group")),
            vec!["/errorGroup/status"],
        ),
        ("reports.v1.CohortService/GetCohort", Some(("cohortId", "cohort")), vec!["/cohort/name"]),
        (
            "reports.v1.SavedInsightService/GetSavedInsight",
            Some(("savedInsightId", "saved insight")),
            vec!["/savedInsight"],
        ),
        (
            "reports.v1.DashboardService/GetDashboard",
            Some(("dashboardId", "dashboard")),
            vec!["/dashboard"],
        ),
        (
            "monitor.v1.AlertChannelService/ListAlertChannels",
            None,
            vec!["/alertChannels/0/webhook"],
        ),
    ] {
        let of = ["InvitationService", "OrganizationService"].iter().any(|of| rpc.contains(of));
        let mut request = if of {
            json!({"organizationId": people.own.organization})
        } else {
            json!({"projectId": people.own.project})
        };
        if let Some((field, thing)) = id {
            request[field] = json!(things[thing]);
        }
        let answer = ok(wire, rpc, &request, owner).await;
        state.extend(
            parts.into_iter().map(|part| answer.pointer(part).cloned().unwrap_or_default()),
        );
    }
    state
}
