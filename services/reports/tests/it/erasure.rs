//! An erased person is in no answer, and identity is told so once nobody is shown it any more.

use observe_core::{PersonId, ProjectId};
use observe_proto::events::v1::AcceptedEvent;
use observe_testkit::{TestStores, eventually};
use uuid::Uuid;

use crate::stand_in::{StandIn, event};
use crate::{DEADLINE, project, start_on};

/// An event that was received at a moment.
fn received(who: &str, name: &str, received_us: i64) -> AcceptedEvent {
    AcceptedEvent { received_us, ..event(who, name, received_us) }
}

/// Waits until an erasure was confirmed, and returns the rows that went.
async fn confirmed(upstream: &StandIn, id: &[u8]) -> i64 {
    eventually(DEADLINE, "the erasure to be confirmed", async || {
        upstream.confirmed(id).first().copied()
    })
    .await
}

#[tokio::test]
async fn an_erased_person_goes_from_answers_and_late_copies_do_not_bring_it_back() {
    let stores = TestStores::start().await;
    let upstream = StandIn::new(2);
    upstream.append(0, project(), vec![received("anon", "view", 1), received("ben", "view", 2)]);
    upstream.append(1, project(), vec![received("ada", "buy", 3)]);
    upstream.map(project(), "anon", PersonId::of_distinct_id(project(), "ada"));
    let fixture = start_on(&upstream, &stores).await;
    fixture.expect_funnel(&[2, 1]).await;
    let id = upstream.erase(project(), &["ada", "anon"], 10);
    fixture.expect_funnel(&[1, 0]).await;
    assert_eq!(confirmed(&upstream, &id).await, 2);
    // A copy that was read late, beside what came later: two persons of their own.
    upstream.append(0, project(), vec![received("anon", "view", 9), received("anon", "view", 11)]);
    upstream.append(1, project(), vec![received("ada", "buy", 12), received("ben", "buy", 13)]);
    fixture.expect_funnel(&[2, 1]).await;
    assert_eq!(upstream.confirmed(&id).len(), 1, "it is told once");
}

#[tokio::test]
async fn a_restart_reads_both_logs_anew_and_does_not_bring_anybody_back() {
    let stores = TestStores::start().await;
    let upstream = StandIn::new(1);
    upstream.append(0, project(), vec![received("ada", "view", 1), received("ben", "view", 2)]);
    let id = upstream.erase(project(), &["ada"], 10);
    // The log still has the event: events has not written it anew yet.
    let fixture = start_on(&upstream, &stores).await;
    fixture.expect_funnel(&[1, 0]).await;
    assert_eq!(confirmed(&upstream, &id).await, 1);
    upstream.end_erasure(&id);
    fixture.end().await;
    let another = upstream.erase(project(), &["ben"], 10);
    let fixture = start_on(&upstream, &stores).await;
    fixture.expect_funnel(&[0, 0]).await;
    confirmed(&upstream, &another).await;
    assert_eq!(upstream.confirmed(&id).len(), 1, "what is done is not told again");
}

#[tokio::test]
async fn an_erasure_in_a_project_without_events_is_confirmed_and_other_projects_keep_the_id() {
    let stores = TestStores::start().await;
    let upstream = StandIn::new(1);
    let other = ProjectId::new(Uuid::from_u128(78));
    upstream.append(0, project(), vec![received("ada", "view", 1)]);
    let fixture = start_on(&upstream, &stores).await;
    fixture.expect_funnel(&[1, 0]).await;
    let id = upstream.erase(other, &["ada"], 10);
    assert_eq!(confirmed(&upstream, &id).await, 0);
    fixture.expect_funnel(&[1, 0]).await;
}
