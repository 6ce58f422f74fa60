//! What was read is kept: a start goes on from it, and kills lose and double nothing.

use observe_core::Secret;
use observe_core::context::wire::ContextSigner;
use observe_runtime::Lifecycle;
use observe_testkit::{TestStores, eventually};

use crate::stand_in::{StandIn, event};
use crate::{DEADLINE, Fixture, SECRET, project, signed, start_with, trends};

async fn total(fixture: &Fixture) -> Option<f64> {
    let answer = fixture.client.clone().query_trends(signed(trends(), project())).await.ok()?;
    Some(answer.into_inner().series[0].total)
}

async fn start(upstream: &StandIn, stores: TestStores) -> Fixture {
    let lifecycle = Lifecycle::new();
    let url = upstream.serve(&lifecycle, ContextSigner::new(&Secret::new(SECRET))).await;
    start_with(lifecycle, &url, stores).await
}

async fn sees(fixture: &Fixture, events: f64) {
    eventually(DEADLINE, "all events", async || total(fixture).await == Some(events)).await;
}

#[tokio::test]
async fn a_start_goes_on_from_what_was_kept() {
    let upstream = StandIn::new(2);
    for n in 0..20 {
        upstream.append(n % 2, project(), vec![event("ada", "view", 5), event("bob", "view", 6)]);
    }
    let mut fixture = start(&upstream, TestStores::start().await).await;
    sees(&fixture, 40.0).await;
    fixture.lifecycle.stop();
    assert!(fixture.lifecycle.drained().await);
    upstream.append(0, project(), vec![event("cy", "view", 7)]);
    upstream.forget_reads();
    let stores = fixture.take_stores();
    let fixture = start(&upstream, stores).await;
    sees(&fixture, 41.0).await;
    assert_eq!(upstream.reads(), [(0, 21)], "nothing that is kept is read again");
}

#[tokio::test]
async fn a_start_after_a_kill_reads_what_was_not_kept() {
    let upstream = StandIn::new(1);
    upstream.append(0, project(), vec![event("ada", "view", 5)]);
    let mut fixture = start(&upstream, TestStores::start().await).await;
    sees(&fixture, 1.0).await;
    // The first process is still there when the second takes over; it writes nothing from then on.
    let stores = fixture.take_stores();
    let second = start(&upstream, stores).await;
    upstream.append(0, project(), vec![event("bob", "view", 6)]);
    sees(&second, 2.0).await;
    sees(&fixture, 2.0).await;
}
