//! Who may call what: every RPC there is, as every caller there is, compared with one table that people can read
//! (`access/table.txt`); and nothing of a tenant to be had by another one.

mod behind;
mod docs;
mod hidden;
mod people;
mod requests;
mod sweep;
mod table;
mod things;
mod wire;

use std::collections::BTreeMap;

use observe_proto::FILE_DESCRIPTOR_SET;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use serde_json::json;
use tonic::Code;

use crate::cluster::{Cluster, SECRET_KEY, WRITE_KEY};
use people::People;
use requests::bare;
use table::{Caller, Row};
use wire::{Inside, Wire};

/// An RPC of the contracts, with what is written of it.
struct Rpc {
    row: Row,
    method: MethodDescriptor,
}

/// Returns all RPCs, in the order of the table.
fn rpcs() -> Vec<Rpc> {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    let ours = pool.services().filter(|service| service.full_name().starts_with("observe."));
    let methods = ours.flat_map(|service| service.methods().collect::<Vec<_>>());
    let mut methods: BTreeMap<String, MethodDescriptor> = methods
        .map(|method| {
            (format!("{}/{}", method.parent_service().full_name(), method.name()), method)
        })
        .collect();
    let mut rpcs = Vec::new();
    for row in table::read() {
        let name = format!("{}/{}", row.service, row.method);
        let method = methods.remove(&name);
        let method = method.unwrap_or_else(|| unreachable!("{name} is no RPC, or stands twice"));
        rpcs.push(Rpc { row, method });
    }
    let left: Vec<_> = methods.keys().collect();
    assert!(left.is_empty(), "decide in access/table.txt who may call {left:?}");
    rpcs
}

#[test]
fn the_table_has_a_line_for_every_rpc_and_no_other() {
    assert!(rpcs().len() >= 100);
}

/// One cluster for all of it: starting one costs more than asking it a thousand times.
#[tokio::test(flavor = "multi_thread")]
async fn every_rpc_answers_every_caller_as_the_table_says_and_nothing_of_another_tenant() {
    let cluster = Cluster::start().await;
    let (wire, inside) = (Wire::new(&cluster), Inside::new(&cluster));
    let people = People::gather(&wire).await;
    let things = things::make(&cluster, &wire, &people).await;
    let (last, rpcs): (Vec<_>, Vec<_>) =
        rpcs().into_iter().partition(|rpc| rpc.row.method == "SignOut");

    let mut faults = Vec::new();
    for rpc in &rpcs {
        faults.extend(sweep::as_everybody(&wire, &people, rpc).await);
    }
    faults.extend(sweep::over_json(&wire, &people, &rpcs).await);
    assert_eq!(faults, [""; 0], "callers are answered as the table says");

    every_table_of_a_tenant_is_behind_row_security(&cluster).await;

    let before = things::state(&wire, &people, &things).await;
    faults.extend(hidden::are_not_mixed_up(&wire, &people, &rpcs).await);
    faults.extend(hidden::are_hidden(&wire, &people, &things, &rpcs).await);
    faults.extend(hidden::page_tokens_are_refused(&wire, &people, &rpcs).await);
    assert_eq!(faults, [""; 0], "a foreign thing is like one that does not exist");
    let after = things::state(&wire, &people, &things).await;
    assert_eq!(before, after, "nobody else changes it");
    only_admins_remove_others(&wire, &people).await;

    faults.extend(sweep::as_everybody(&wire, &people, &last[0]).await);
    faults.extend(signed_out_sessions_are_refused(&wire, &people).await);
    assert_eq!(faults, [""; 0], "signing out counts at once");

    cluster.stores.kill_postgres().await;
    cluster.stores.kill_queue().await;
    for rpc in &rpcs {
        faults.extend(behind::refusals(&inside, &people, rpc).await);
    }
    assert_eq!(faults, [""; 0], "services refuse by themselves, and ask no store for it");
    let list = rpcs.iter().find(|rpc| rpc.row.method == "ListEvents").unwrap();
    let key = Some(people.principal(Caller::SecretKey));
    let answer = inside.call(&list.method, &bare(&list.method, &people.own), key).await;
    assert_eq!(answer.code, Code::Unavailable, "the stores are away: {answer:?}");
}

/// The wall behind this one, for the tables of all services at once.
async fn every_table_of_a_tenant_is_behind_row_security(cluster: &Cluster) {
    let database = cluster.sql().await;
    let open: Vec<String> = sqlx::query_scalar(
        "select distinct c.oid::regclass::text from pg_class c
         join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
         where n.nspname in ('events', 'identity', 'monitor', 'reports') and c.relkind in ('r', 'p')
           and a.attname in ('project_id', 'organization_id', 'user_id')
           and not (c.relrowsecurity and c.relforcerowsecurity)",
    )
    .fetch_all(&database)
    .await
    .unwrap();
    assert_eq!(open, [""; 0], "tables without forced row security");
    let mighty: Vec<String> = sqlx::query_scalar(
        "select rolname::text from pg_roles
         where rolname like 'observe%' and (rolbypassrls or rolsuper or rolcanlogin)
           and rolname ~ '_(owner|app|worker)$'",
    )
    .fetch_all(&database)
    .await
    .unwrap();
    assert_eq!(mighty, [""; 0], "roles that pass by it");
}

/// Who is no admin removes nobody else, whatever the table must leave open.
async fn only_admins_remove_others(wire: &Wire, people: &People) {
    let request = json!({"organizationId": people.own.organization, "userId": people.member_id});
    let rpc = "identity.v1.OrganizationService/RemoveMember";
    let (status, answer) = wire.json(rpc, &request, people.token(Caller::Member)).await;
    assert_eq!(status, 403, "{answer}");
}

async fn signed_out_sessions_are_refused(wire: &Wire, people: &People) -> Vec<String> {
    let mut faults = Vec::new();
    for caller in [Caller::OtherSession, Caller::Viewer, Caller::Owner] {
        for (rpc, request) in [
            ("identity.v1.AccountService/GetMe", json!({})),
            ("identity.v1.ProjectService/GetProject", json!({"projectId": people.own.project})),
        ] {
            let (status, answer) = wire.json(rpc, &request, people.token(caller)).await;
            if status != 401 {
                faults.push(format!("{rpc} as {caller:?}, who signed out: {status} {answer}"));
            }
        }
    }
    faults
}

#[tokio::test(flavor = "multi_thread")]
async fn capture_over_http_says_what_is_wrong() {
    let cluster = Cluster::start().await;
    let http = reqwest::Client::new();
    let url = format!("{}/v1/events", cluster.base);
    let post = async |key: &str, body: Vec<u8>| {
        let mut post = http.post(&url).body(body);
        if !key.is_empty() {
            post = post.bearer_auth(key);
        }
        let answer = post.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let event = br#"{"name":"a","distinct_id":"u"}"#.to_vec();
    assert_eq!(post("", event.clone()).await.0, 401);
    assert_eq!(post("obs_pub_thisKeyWasNeverMade0000", event.clone()).await.0, 401);
    let (status, text) = post(WRITE_KEY, br#"{"name": "a", "#.to_vec()).await;
    assert_eq!(status, 400);
    assert!(text.contains("line 1"), "the place is named: {text}");
    assert_eq!(post(WRITE_KEY, b"[]".to_vec()).await.0, 400);
    let mut large = br#"{"name":"a","distinct_id":"u","properties":{"x":""#.to_vec();
    large.extend(vec![b'x'; 1024 * 1024]);
    large.extend(br#""}}"#);
    assert_eq!(post(WRITE_KEY, large).await.0, 413);
    let forged =
        http.post(&url).bearer_auth(SECRET_KEY).header("origin", "https://example.com").body(event);
    assert_eq!(forged.send().await.unwrap().status(), 401, "a secret key in a browser has leaked");
}
