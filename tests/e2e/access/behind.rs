//! Every RPC at the service that answers it, behind the gateway's back.

use futures::future::join_all;
use observe_core::Principal;

use super::Rpc;
use super::people::People;
use super::requests::full;
use super::sweep::judge;
use super::table::{Caller, Verdict};
use super::wire::Inside;

/// Asks the service itself, as if the gateway let everybody through, while PostgreSQL and the queue are away: whoever is
/// refused is refused by the call context alone, so that the time it takes tells nothing either.
pub(crate) async fn refusals(inside: &Inside, people: &People, rpc: &Rpc) -> Vec<String> {
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
        let fault = judge(row, verdict, &answer)?;
        Some(format!("{} at the service as {principal:?}: {fault}", row.name()))
    });
    join_all(answers).await.into_iter().flatten().collect()
}
