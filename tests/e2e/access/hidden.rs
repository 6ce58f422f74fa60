//! What one tenant has, asked for by another: each id in each request, each page token, and all that it may read itself.

use std::collections::BTreeMap;

use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Value, json};
use tonic::Code;

use super::Rpc;
use super::people::People;
use super::requests::{NOBODY, full};
use super::table::{Caller, Row, Verdict};
use super::things::{MARK, Things, USER};
use super::wire::Wire;

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
        "cohort_id" => "cohort",
        "saved_insight_id" | "saved_insight.id" => "saved insight",
        "dashboard_id" | "dashboard.id" => "dashboard",
        "annotation_id" => "annotation",
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
            let thing = kind.map_or(USER, |kind| things[kind].as_str());
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
                if answer.code != Code::Ok {
                    faults.push(format!("{} does not find its own {kind}: {answer:?}", row.name()));
                }
                *found.entry(kind).or_insert(0) += 1;
            }
        }
    }
    assert!(found.len() >= 5, "things are found by whom they are of: {found:?}");
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
        if pages != [true, true] || row.is_internal() {
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
