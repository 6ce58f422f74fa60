//! Who may call what: every RPC there is, as every caller there is, compared with one table that people can read
//! (`access/table.txt`); and nothing of a tenant to be had by another one.

mod docs;
mod people;
mod requests;
mod table;
mod things;
mod wire;

use std::collections::BTreeMap;

use futures::future::join_all;
use observe_core::Principal;
use observe_proto::FILE_DESCRIPTOR_SET;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use serde_json::json;
use tonic::Code;

use crate::cluster::{Cluster, SECRET_KEY, WRITE_KEY};
use people::People;
use requests::{Tenant, bare, full};
use table::{Caller, Row, Verdict};
use wire::{Answer, Inside, Wire};

/// RPCs whose service still answers INTERNAL to everybody.
const UNBUILT: &[&str] = &[
    "identity.v1.PersonService/Identify",
    "identity.v1.PersonService/Alias",
    "identity.v1.PersonService/SetProperties",
    "identity.v1.PersonService/MergePersons",
    "identity.v1.PersonService/SplitPerson",
    "identity.v1.PersonService/ListMerges",
    "identity.v1.PersonService/ListRefusedMerges",
    "identity.v1.PersonService/ListPropertyChanges",
    "identity.v1.PersonService/DeletePerson",
    "identity.v1.PersonLogService/ReadErasures",
    "identity.v1.PersonLogService/ConfirmErasure",
    "identity.v1.ErasureService/GetErasure",
    "identity.v1.ErasureService/ListErasures",
    "identity.v1.GroupService/ListGroupTypes",
    "identity.v1.GroupService/ListGroups",
    "identity.v1.GroupService/GetGroup",
    "reports.v1.PersonActivityService/PreviewMerge",
    "reports.v1.PersonActivityService/ListPersonEvents",
    "reports.v1.PersonActivityService/ExportPerson",
];

fn is_unbuilt(rpc: &str) -> bool {
    UNBUILT.contains(&rpc)
}

/// Credentials that nobody knows: none, a key, no key at all, a session.
const STRANGERS: [&str; 4] = [
    "",
    "obs_sec_thisKeyWasNeverMade0000",
    "nonsense",
    "thisSessionWasNeverOpenedByAnybody0000000000",
];

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
        faults.extend(as_everybody(&wire, &people, rpc).await);
    }
    faults.extend(over_json(&wire, &people, &rpcs).await);
    assert_eq!(faults, [""; 0], "callers are answered as the table says");

    every_table_of_a_tenant_is_behind_row_security(&cluster).await;

    let before = things::state(&wire, &people, &things).await;
    faults.extend(things::are_hidden(&wire, &people, &things, &rpcs).await);
    faults.extend(things::page_tokens_are_refused(&wire, &people, &rpcs).await);
    assert_eq!(faults, [""; 0], "a foreign thing is like one that does not exist");
    let after = things::state(&wire, &people, &things).await;
    assert_eq!(before, after, "nobody else changes it");
    only_admins_remove_others(&wire, &people).await;

    faults.extend(as_everybody(&wire, &people, &last[0]).await);
    faults.extend(signed_out_sessions_are_refused(&wire, &people).await);
    assert_eq!(faults, [""; 0], "signing out counts at once");

    cluster.stores.kill_postgres().await;
    cluster.stores.kill_queue().await;
    for rpc in &rpcs {
        faults.extend(without_gateway_and_stores(&inside, &people, rpc).await);
    }
    assert_eq!(faults, [""; 0], "services refuse by themselves, and ask no store for it");
    let list = rpcs.iter().find(|rpc| rpc.row.method == "ListEvents").unwrap();
    let key = Some(people.principal(Caller::SecretKey));
    let answer = inside.call(&list.method, &bare(&list.method, &people.own), key).await;
    assert_eq!(answer.code, Code::Unavailable, "the stores are away: {answer:?}");
}

/// Asks twice as everybody, with and without more in the request than the tenant. Returns what was not as written.
async fn as_everybody(wire: &Wire, people: &People, rpc: &Rpc) -> Vec<String> {
    let mut faults = Vec::new();
    let strangers = STRANGERS.map(|token| (Caller::Stranger, token));
    let known = Caller::ALL.into_iter().skip(1).map(|caller| (caller, people.token(caller)));
    let callers: Vec<_> = strangers.into_iter().chain(known).collect();
    let nobody = Tenant::nobody();
    let [bare, good] =
        [bare, full].map(|shape| (shape(&rpc.method, &people.own), shape(&rpc.method, &nobody)));
    // Where nothing more is to be said, once is enough.
    let requests =
        if bare == good { vec![(good, true)] } else { vec![(bare, false), (good, true)] };
    for ((request, of_nobody), is_good) in requests {
        let answers = callers.iter().map(async |(caller, token)| {
            let answer = wire.grpc_web(&rpc.method, &request, token).await;
            let mut fault = judge(&rpc.row, rpc.row.verdict(*caller), is_good, &answer);
            if rpc.row.verdict(*caller) == Verdict::Hidden {
                let unknown = wire.grpc_web(&rpc.method, &of_nobody, token).await;
                if unknown != answer {
                    fault = fault.or(Some(format!("{answer:?} differs from {unknown:?}")));
                }
            }
            fault.map(|fault| format!("{} as {caller:?}: {fault}", rpc.row.name()))
        });
        faults.extend(join_all(answers).await.into_iter().flatten());
    }
    faults
}

/// Returns what is wrong with an answer.
fn judge(row: &Row, verdict: Verdict, is_good: bool, answer: &Answer) -> Option<String> {
    let is_right = match verdict {
        Verdict::Yes | Verdict::Own => is_admitted(row, is_good, answer),
        Verdict::Unauthenticated => answer.code == Code::Unauthenticated,
        Verdict::Denied => answer.code == Code::PermissionDenied,
        Verdict::Hidden => answer.hides_tenant(),
        Verdict::Internal => answer.code == Code::Unimplemented,
    };
    if !verdict.admits() && answer.says(things::MARK) {
        return Some(format!("refused, and told: {answer:?}"));
    }
    let is_excused = answer.code == Code::Internal && is_unbuilt(&row.path());
    (!is_right && !is_excused).then(|| format!("not {verdict:?}: {answer:?}"))
}

/// Returns whether an answer is about the request. `is_good` says that there is nothing wrong with it.
fn is_admitted(row: &Row, is_good: bool, answer: &Answer) -> bool {
    match answer.code {
        Code::PermissionDenied | Code::Unimplemented => false,
        Code::Internal | Code::Unknown | Code::DeadlineExceeded | Code::Cancelled => false,
        Code::InvalidArgument => !is_good,
        Code::NotFound => !answer.hides_tenant(),
        // A wrong password, a wrong link: of the credential that is in the request.
        Code::Unauthenticated => {
            row.is_public() && !answer.message.starts_with("no valid credential")
        }
        _ => true,
    }
}

/// Asks over JSON as everybody: one RPC of each kind that a service has.
async fn over_json(wire: &Wire, people: &People, rpcs: &[Rpc]) -> Vec<String> {
    let mut faults = Vec::new();
    let rows: Vec<_> = rpcs.iter().map(|rpc| rpc.row.clone()).collect();
    for group in docs::groups(&rows) {
        let found = rpcs.iter().find(|Rpc { row, method }| {
            let streams = method.is_client_streaming() || method.is_server_streaming();
            !streams && group.iter().any(|other| other.name() == row.name())
        });
        let Some(Rpc { row, method }) = found else { continue };
        let request = full(method, &people.own);
        for caller in Caller::ALL {
            let (status, answer) = wire.json(&row.path(), &request, people.token(caller)).await;
            let verdict = row.verdict(caller);
            let message = answer["message"].as_str().unwrap_or_default();
            let hides = ["project not found", "organization not found"].contains(&message);
            let is_right = match verdict.http_status() {
                Some(404) => status == 404 && hides,
                Some(wanted) => status == wanted,
                None => ![401, 403, 501].contains(&status) && !hides,
            };
            let is_excused = status == 500 && is_unbuilt(&row.path());
            if (!is_right || status == 500) && !is_excused {
                let name = row.name();
                faults.push(format!("{name} over JSON as {caller:?}: {status} {answer}"));
            }
        }
    }
    faults
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

/// Asks the service itself, as if the gateway let everybody through, while PostgreSQL and the queue are away: whoever is
/// refused is refused by the call context alone, so that the time it takes tells nothing either.
async fn without_gateway_and_stores(inside: &Inside, people: &People, rpc: &Rpc) -> Vec<String> {
    let Rpc { row, method } = rpc;
    if row.service.ends_with(".CaptureService") {
        // Of the gateway itself.
        return Vec::new();
    }
    let request = full(method, &people.own);
    let mut wanted = vec![(None, Verdict::Unauthenticated)];
    for caller in Caller::ALL {
        let verdict = match row.verdict(caller) {
            Verdict::Internal => Verdict::Denied,
            verdict => verdict,
        };
        wanted.push((Some(people.principal(caller)), verdict));
    }
    // A service reads for whom it has checked itself, and changes nothing.
    let reads = row.verdict(Caller::Viewer).admits() && row.verdict(Caller::SecretKey).admits();
    if !reads && !row.is_internal() {
        wanted.push((Some(Principal::Service("reports".to_owned())), Verdict::Denied));
    }
    let refused = wanted.into_iter().filter(|(_, verdict)| !verdict.admits());
    let answers = refused.map(async |(principal, verdict)| {
        let answer = inside.call(method, &request, principal.clone()).await;
        let fault = judge(row, verdict, true, &answer)?;
        Some(format!("{} at the service as {principal:?}: {fault}", row.name()))
    });
    join_all(answers).await.into_iter().flatten().collect()
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
