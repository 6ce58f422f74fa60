//! A process that stands still for longer than its lease and then goes on (D-10): the other one has its shards, and what the
//! zombie still does changes nothing.

use observe_testkit::eventually;

use super::LIGHT;
use crate::part::Part;
use crate::run::Run;
use crate::world::{DEADLINE, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn a_zombie_stores_nothing_twice() {
    let setup = Setup { events: 2, ..Setup::default() };
    let run = Run::start("an events process stands still beyond its lease", &setup, &LIGHT).await;
    let pool = run.world.sql().await;
    run.calm(2.0).await;
    for zombie in [0, 1] {
        run.world.timeline.goes_down(Part::Events(zombie));
        run.world.signal(Part::Events(zombie), "STOP").await;
        eventually(DEADLINE, "the other one to have all shards", async || {
            let owners: (i64, bool) = sqlx::query_as(
                "select count(distinct owner), bool_and(lease_until > now() + interval '2 seconds') from events.shard",
            )
            .fetch_one(&pool)
            .await
            .unwrap();
            owners == (1, true)
        })
        .await;
        run.calm(2.0).await;
        run.world.signal(Part::Events(zombie), "CONT").await;
        run.world.timeline.is_up(Part::Events(zombie));
        run.calm(2.0).await;
    }
    let (tally, _) = run.finish().await;
    assert!(tally.acknowledged > 100, "{tally:?}");
}
