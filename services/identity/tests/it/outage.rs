use std::time::Duration;

use observe_proto::identity::v1::apply_events_response::Outcome;
use observe_testkit::eventually;
use tonic::Code;

use crate::harness::{Identity, identify, refusal, set};

#[tokio::test]
async fn a_database_that_is_away_is_unavailable_and_nothing_is_lost_by_sending_again() {
    let identity = Identity::start().await;
    let event = identify(1, "anon", "usr");
    identity.stores.stop_postgres().await;
    let refused = refusal(identity.try_apply(std::slice::from_ref(&event)).await);
    assert_eq!(refused, (Code::Unavailable, "DEPENDENCY_UNAVAILABLE".into()));
    assert_eq!(
        refusal(identity.authenticate("obs_pub_0123456789abcdef").await).0,
        Code::Unavailable
    );
    identity.stores.start_postgres().await;
    let outcomes = eventually(Duration::from_secs(20), "the database serves again", || async {
        identity.try_apply(std::slice::from_ref(&event)).await.ok()
    })
    .await;
    assert_eq!(outcomes, [Outcome::Applied]);
    assert_eq!(identity.person("anon").await.distinct_ids.len(), 2);
}

#[tokio::test]
async fn a_batch_is_applied_whole_or_not_at_all_when_the_database_is_killed() {
    const EVENTS: i64 = 50;
    let identity = Identity::start().await;
    for round in 0..4 {
        let events: Vec<_> = (0..EVENTS)
            .flat_map(|n| {
                let anonymous = format!("anon {round} {n}");
                let user = format!("usr {round} {n}");
                [
                    set(n, &anonymous, &serde_json::json!({"n": n})),
                    identify(n + 1, &anonymous, &user),
                ]
            })
            .collect();
        // Not a wait for something: the kill falls into a different moment of the batch each round.
        let kill = async {
            tokio::time::sleep(Duration::from_millis(5 * round)).await;
            identity.stores.kill_postgres().await;
        };
        let _ = tokio::join!(identity.try_apply(&events), kill);
        identity.stores.start_postgres().await;
        let outcomes = eventually(Duration::from_secs(20), "the database serves again", || async {
            identity.try_apply(&events).await.ok()
        })
        .await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Applied));
        let mut number = 0;
        loop {
            let changes = identity.changes(number).await;
            let Some(last) = changes.last() else { break };
            assert_eq!(
                last.number - number,
                i64::try_from(changes.len()).expect("small"),
                "no gap"
            );
            number = last.number;
        }
        // A mapping for both ids, and a change of both persons.
        let changes = identity.changes(0).await.len();
        assert_eq!(changes, usize::try_from((round + 1) * 4).expect("small") * 50, "nothing twice");
    }
}
