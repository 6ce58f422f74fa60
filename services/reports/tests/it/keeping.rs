//! What was read is kept: a start goes on from it, and kills lose and double nothing.

use observe_testkit::{TestStores, eventually};

use crate::stand_in::{StandIn, event};
use crate::{DEADLINE, Fixture, project, start_in};

async fn sees(fixture: &Fixture, events: f64) {
    eventually(DEADLINE, "all events", async || fixture.views().await.ok() == Some(events)).await;
}

#[tokio::test]
async fn a_start_goes_on_from_what_was_kept() {
    let upstream = StandIn::new(2);
    for n in 0..20 {
        upstream.append(n % 2, project(), vec![event("ada", "view", 5), event("bob", "view", 6)]);
    }
    let mut fixture = start_in(&upstream, TestStores::start().await).await;
    sees(&fixture, 40.0).await;
    fixture.lifecycle.stop();
    assert!(fixture.lifecycle.drained().await);
    upstream.append(0, project(), vec![event("cy", "view", 7)]);
    upstream.forget_reads();
    let stores = fixture.take_stores();
    let fixture = start_in(&upstream, stores).await;
    sees(&fixture, 41.0).await;
    assert_eq!(upstream.reads(), [(0, 21)], "nothing that is kept is read again");
}

#[tokio::test]
async fn a_start_after_a_kill_reads_what_was_not_kept() {
    let upstream = StandIn::new(1);
    upstream.append(0, project(), vec![event("ada", "view", 5)]);
    let mut fixture = start_in(&upstream, TestStores::start().await).await;
    sees(&fixture, 1.0).await;
    // The first process is still there when the second takes over; it writes nothing from then on.
    let stores = fixture.take_stores();
    let second = start_in(&upstream, stores).await;
    upstream.append(0, project(), vec![event("bob", "view", 6)]);
    sees(&second, 2.0).await;
    sees(&fixture, 2.0).await;
}
