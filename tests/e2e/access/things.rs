//! What one tenant has, asked for by another: each id in each request, and each page token.

use std::collections::BTreeMap;

use observe_testkit::eventually;
use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Value, json};
use tonic::Code;

use super::people::{People, ok, text};
use super::requests::{GROUP, NOBODY, full};
use super::table::{Caller, Row, Verdict};
use super::wire::Wire;
use super::{Rpc, is_unbuilt};
use crate::cluster::{Cluster, DEADLINE, SECRET_KEY};

/// Is in whatever the first tenant has a say in, and in nothing that the other one says.
pub(crate) const MARK: &str = "quagga";
/// A distinct id of the first tenant's user.
const USER: &str = "user-of-the-first";

/// The ids of what the first tenant has, by what they are.
pub(crate) type Things = BTreeMap<&'static str, String>;

/// Returns what an id in a request names; `None` for a name that each project has for itself.
fn what(path: &str) -> Option<&'static str> {
    Some(match path {
        "monitor_id" | "monitor.id" => "monitor",
        "incident_id" => "incident",
        "alert_channel_id" | "alert_channel.id" => "alert channel",
        "key_id" => "key",
        "invitation_id" => "invitation",
        "user_id" => "member",
        "session_id" => "session",
        "merge_id" => "merge",
        "erasure_id" => "erasure",
        "error_group_id" => "error group",
        "person_id" | "filter.person_id" | "source_person_id" | "target_person_id" => "person",
        "distinct_id" | "anonymous_id" | "source_distinct_id" => return None,
        // Ours to tell; not read from requests.
        "monitor.project_id" | "monitor.incident_id" => return None,
        other => unreachable!("decide whose thing `{other}` of a request is"),
    })
}

/// Returns the paths of all ids in a request but the tenant's.
fn ids(message: &MessageDescriptor) -> Vec<String> {
    let mut paths = Vec::new();
    for field in message.fields().filter(|field| !field.is_list() && !field.is_map()) {
        let name = field.name();
        match field.kind() {
            Kind::Message(inner) if inner.full_name().starts_with("observe.") => {
                paths.extend(ids(&inner).into_iter().map(|path| format!("{name}.{path}")));
            }
            Kind::String if name == "project_id" || name == "organization_id" => {}
            Kind::String if name == "id" || name.ends_with("_id") => paths.push(name.to_owned()),
            _ => {}
        }
    }
    paths
}

/// Puts a text into a request.
fn put(request: &mut Value, path: &str, value: &str) {
    let mut place = request;
    for part in path.split('.') {
        let mut key = String::new();
        for (at, word) in part.split('_').enumerate() {
            let (first, rest) = word.split_at(1);
            key += &if at == 0 { first.to_owned() } else { first.to_uppercase() };
            key += rest;
        }
        place = &mut place[key];
    }
    *place = json!(value);
}

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
    let rpc = "identity.v1.PersonService/ListMerges";
    if !is_unbuilt(rpc) {
        let request = json!({"personId": things["person"]});
        things.insert("merge", first(wire, "merge", rpc, &request, "/merges/0/id").await);
    }
    let rpc = "identity.v1.PersonService/DeletePerson";
    if !is_unbuilt(rpc) {
        let request = json!({"distinctId": "third-of-the-first"});
        let erasure = ok(wire, rpc, &request, SECRET_KEY).await;
        things.insert("erasure", text(&erasure["erasure"]["id"]));
    }
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

/// Reads all that the other tenant may read of its own project. Returns where something of the first one was in it.
pub(crate) async fn are_not_mixed_up(wire: &Wire, people: &People, rpcs: &[Rpc]) -> Vec<String> {
    let mut faults = Vec::new();
    for Rpc { row, method } in rpcs.iter().filter(|rpc| reads(&rpc.row)) {
        let own = [Caller::OtherSession, Caller::OtherKey]
            .into_iter()
            .filter(|caller| row.verdict(*caller) == Verdict::Hidden);
        for caller in own {
            let request = full(method, &people.other);
            let answer = wire.grpc_web(method, &request, people.token(caller)).await;
            let is_foreign = answer.says(MARK) || answer.hides_tenant();
            let is_found = row.method == "GetGroup" && answer.code == Code::Ok;
            if is_foreign || is_found {
                faults.push(format!("{} as {caller:?} in its own project: {answer:?}", row.name()));
            }
        }
    }
    faults
}

/// Asks for each thing of the first tenant as the other one. Returns where the answer was not that of a thing that is not there.
pub(crate) async fn are_hidden(
    wire: &Wire,
    people: &People,
    things: &Things,
    rpcs: &[Rpc],
) -> Vec<String> {
    let mut faults = Vec::new();
    let mut found = BTreeMap::new();
    for Rpc { row, method } in rpcs {
        let verdict = row.verdict(Caller::OtherSession);
        if !matches!(verdict, Verdict::Hidden | Verdict::Own) {
            continue;
        }
        for path in ids(&method.input()) {
            let kind = what(&path);
            let Some(thing) = kind.map_or(Some(USER), |kind| things.get(kind).map(String::as_str))
            else {
                assert!(is_unbuilt_kind(kind), "there is no {kind:?} to ask for");
                continue;
            };
            for caller in [Caller::OtherSession, Caller::OtherKey] {
                if row.verdict(caller) == Verdict::Denied {
                    continue;
                }
                let ask = async |id: &str| {
                    let mut request = full(method, &people.other);
                    clear_other_ids(&mut request, &path);
                    put(&mut request, &path, id);
                    wire.grpc_web(method, &request, people.token(caller)).await
                };
                let theirs = ask(thing).await;
                let is_hidden = if row.method.starts_with("Create") {
                    // What is new has a new id, whatever the request says.
                    !theirs.says(thing)
                } else {
                    // A distinct id means something in each project, and may become somebody there.
                    kind.is_none() || theirs == ask(NOBODY).await
                };
                if !is_hidden || theirs.says(MARK) {
                    faults.push(format!("{} as {caller:?} with {path}: {theirs:?}", row.name()));
                }
            }
            if let Some(kind) = kind
                && reads(row)
            {
                let mut request = full(method, &people.own);
                clear_other_ids(&mut request, &path);
                put(&mut request, &path, thing);
                let answer = wire.grpc_web(method, &request, people.token(Caller::Owner)).await;
                if answer.code != Code::Ok && !is_unbuilt(&row.path()) {
                    faults.push(format!("{} does not find its own {kind}: {answer:?}", row.name()));
                }
                *found.entry(kind).or_insert(0) += 1;
            }
        }
    }
    assert!(found.len() >= 4, "things are found by whom they are of: {found:?}");
    faults
}

/// Lets a request name its thing one way where there are two.
fn clear_other_ids(request: &mut Value, path: &str) {
    if let Some(request) = request.as_object_mut()
        && (path == "distinct_id" || path == "person_id")
    {
        request.remove("personId");
        request.remove("distinctId");
    }
}

fn reads(row: &Row) -> bool {
    ["Get", "List", "Export", "Query"].iter().any(|verb| row.method.starts_with(verb))
}

fn is_unbuilt_kind(kind: Option<&str>) -> bool {
    match kind {
        Some("merge") => is_unbuilt("identity.v1.PersonService/ListMerges"),
        Some("erasure") => is_unbuilt("identity.v1.PersonService/DeletePerson"),
        _ => false,
    }
}

/// Turns the first tenant's pages as the other one. Returns where its token was not like any text.
pub(crate) async fn page_tokens_are_refused(
    wire: &Wire,
    people: &People,
    rpcs: &[Rpc],
) -> Vec<String> {
    let (mut faults, mut tokens) = (Vec::new(), 0);
    for Rpc { row, method } in rpcs {
        let input = method.input();
        let pages = ["page_size", "page_token"].map(|name| input.get_field_by_name(name).is_some());
        if pages != [true, true] || row.is_internal() || is_unbuilt(&row.path()) {
            continue;
        }
        let mut request = full(method, &people.own);
        request["pageSize"] = json!(1);
        let (_, page) = wire.json(&row.path(), &request, people.token(Caller::Owner)).await;
        let Some(token) = page["nextPageToken"].as_str().filter(|token| !token.is_empty()) else {
            continue;
        };
        tokens += 1;
        let ask = async |token: &str| {
            let mut request = full(method, &people.other);
            request["pageSize"] = json!(1);
            request["pageToken"] = json!(token);
            wire.grpc_web(method, &request, people.token(Caller::OtherSession)).await
        };
        let (theirs, any) = (ask(token).await, ask("nonsense").await);
        if theirs != any || theirs.code != Code::InvalidArgument {
            faults.push(format!("{} turned a page of another tenant: {theirs:?}", row.name()));
        }
    }
    assert!(tokens >= 2, "some lists have pages: {tokens}");
    faults
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
