//! Every RPC as everybody, through the gateway.

use futures::future::join_all;
use tonic::Code;

use super::people::People;
use super::requests::{Tenant, bare, full};
use super::table::{Caller, Row, Verdict};
use super::things::MARK;
use super::wire::{Answer, Wire};
use super::{Rpc, docs};

/// Credentials that nobody knows: none, a key, no key at all, a session.
const STRANGERS: [&str; 4] = [
    "",
    "obs_sec_thisKeyWasNeverMade0000",
    "nonsense",
    "thisSessionWasNeverOpenedByAnybody0000000000",
];

/// Asks as everybody. Whoever is refused is refused whatever the request says, so it is asked once more with nothing in it that
/// a service could take or object to. Returns what was not as written.
pub(crate) async fn as_everybody(wire: &Wire, people: &People, rpc: &Rpc) -> Vec<String> {
    let Rpc { row, method } = rpc;
    let nobody = Tenant::nobody();
    let [bare, good] =
        [bare, full].map(|shape| (shape(method, &people.own), shape(method, &nobody)));
    let mut asked = Vec::new();
    for caller in Caller::ALL {
        let own = [people.token(caller)];
        let tokens = if caller == Caller::Stranger { &STRANGERS[..] } else { &own[..] };
        asked.extend(tokens.iter().map(|token| (caller, token.to_owned(), &good)));
        if !row.verdict(caller).admits() && bare != good {
            asked.push((caller, tokens[0], &bare));
        }
    }
    let answers = asked.into_iter().map(async |(caller, token, (request, of_nobody))| {
        let answer = wire.grpc_web(method, request, token).await;
        let verdict = row.verdict(caller);
        let mut fault = judge(row, verdict, &answer);
        if verdict == Verdict::Hidden {
            let unknown = wire.grpc_web(method, of_nobody, token).await;
            if unknown != answer {
                fault = fault.or(Some(format!("{answer:?} differs from {unknown:?}")));
            }
        }
        fault.map(|fault| format!("{} as {caller:?}: {fault}", row.name()))
    });
    join_all(answers).await.into_iter().flatten().collect()
}

/// Returns what is wrong with an answer to a good request.
pub(crate) fn judge(row: &Row, verdict: Verdict, answer: &Answer) -> Option<String> {
    let is_right = match verdict {
        Verdict::Yes | Verdict::Own => is_admitted(row, answer),
        Verdict::Unauthenticated => answer.code == Code::Unauthenticated,
        Verdict::Denied => answer.code == Code::PermissionDenied,
        Verdict::Hidden => answer.hides_tenant(),
        Verdict::Internal => answer.code == Code::Unimplemented,
    };
    if !verdict.admits() && answer.says(MARK) {
        return Some(format!("refused, and told: {answer:?}"));
    }
    (!is_right).then(|| format!("not {verdict:?}: {answer:?}"))
}

/// Returns whether an answer is one to the request, and not to who asked.
fn is_admitted(row: &Row, answer: &Answer) -> bool {
    match answer.code {
        Code::PermissionDenied | Code::Unimplemented => false,
        // The request is good. An objection to it would hide what comes after.
        Code::InvalidArgument => false,
        Code::Internal | Code::Unknown | Code::DeadlineExceeded | Code::Cancelled => false,
        Code::NotFound => !answer.hides_tenant(),
        // A wrong password, a wrong link: of the credential that is in the request.
        Code::Unauthenticated => {
            row.is_public() && !answer.message.starts_with("no valid credential")
        }
        _ => true,
    }
}

/// Asks over JSON as everybody: one RPC of each kind that a service has.
pub(crate) async fn over_json(wire: &Wire, people: &People, rpcs: &[Rpc]) -> Vec<String> {
    let mut faults = Vec::new();
    let rows: Vec<_> = rpcs.iter().map(|rpc| rpc.row.clone()).collect();
    for group in docs::groups(&rows) {
        let found = rpcs.iter().find(|Rpc { row, method }| {
            let streams = method.is_client_streaming() || method.is_server_streaming();
            !streams && group.iter().any(|other| other.path() == row.path())
        });
        let Some(Rpc { row, method }) = found else { continue };
        let request = full(method, &people.own);
        let answers = Caller::ALL.into_iter().map(async |caller| {
            let (status, answer) = wire.json(&row.path(), &request, people.token(caller)).await;
            let message = answer["message"].as_str().unwrap_or_default();
            let hides = ["project not found", "organization not found"].contains(&message);
            let is_right = match row.verdict(caller).http_status() {
                Some(404) => status == 404 && hides,
                Some(wanted) => status == wanted,
                None => ![401, 403, 500, 501].contains(&status) && !hides,
            };
            let name = row.name();
            (!is_right).then(|| format!("{name} over JSON as {caller:?}: {status} {answer}"))
        });
        faults.extend(join_all(answers).await.into_iter().flatten());
    }
    faults
}
