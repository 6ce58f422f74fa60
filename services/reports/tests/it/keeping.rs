//! What was read is kept: a start goes on from it, and kills lose and double nothing.

use observe_testkit::{TestStores, eventually};
use sqlx::{Connection as _, PgConnection};

use crate::stand_in::{StandIn, event};
use crate::{DEADLINE, Fixture, project, start_called, start_in};

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
    let stores = TestStores::start().await;
    let named = Some("killed".to_owned());
    let fixture = start_called(&upstream, &stores, named.clone()).await;
    sees(&fixture, 1.0).await;
    // The first process is still there when the second takes over, as one of its name does that starts after a kill; it writes
    // nothing from then on.
    let second = start_called(&upstream, &stores, named).await;
    upstream.append(0, project(), vec![event("bob", "view", 6)]);
    sees(&second, 2.0).await;
    fixture.end().await;
    upstream.append(0, project(), vec![event("cy", "view", 7)]);
    sees(&second, 3.0).await;
    second.end().await;
    let third = start_in(&upstream, stores).await;
    sees(&third, 3.0).await;
}

/// Ends a service and starts it again on the same stores, after something was done to their database.
async fn again(upstream: &StandIn, mut fixture: Fixture, sql: &str) -> Fixture {
    fixture.lifecycle.stop();
    assert!(fixture.lifecycle.drained().await);
    let stores = fixture.take_stores();
    let mut database = PgConnection::connect(&stores.database_url).await.expect("it answers");
    for statement in sql.split(';').filter(|statement| !statement.is_empty()) {
        sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()))
            .execute(&mut database)
            .await
            .expect(statement);
    }
    start_in(upstream, stores).await
}

#[tokio::test]
async fn what_is_damaged_is_made_anew_from_the_log() {
    let upstream = StandIn::new(1);
    upstream.append(0, project(), vec![event("ada", "view", 5), event("bob", "view", 6)]);
    let fixture = start_in(&upstream, TestStores::start().await).await;
    sees(&fixture, 2.0).await;
    let damage = "update reports.projection_segment_part set bytes = set_byte(bytes, 7, 99 # get_byte(bytes, 7))";
    let fixture = again(&upstream, fixture, damage).await;
    sees(&fixture, 2.0).await;
    let fixture = again(&upstream, fixture, "").await;
    sees(&fixture, 2.0).await;
}

#[tokio::test]
async fn what_is_kept_may_be_deleted() {
    let upstream = StandIn::new(1);
    upstream.append(0, project(), vec![event("ada", "view", 5), event("bob", "view", 6)]);
    let fixture = start_in(&upstream, TestStores::start().await).await;
    sees(&fixture, 2.0).await;
    let all = "delete from reports.projection;delete from reports.projection_floor";
    let fixture = again(&upstream, fixture, all).await;
    sees(&fixture, 2.0).await;
}

#[tokio::test]
async fn a_row_that_was_passed_over_is_read_by_a_version_that_can_read_it() {
    let upstream = StandIn::new(1);
    upstream.append(0, project(), vec![event("ada", "view", 5)]);
    let fixture = start_in(&upstream, TestStores::start().await).await;
    sees(&fixture, 1.0).await;
    let fixture = again(&upstream, fixture, "").await;
    upstream.append_malformed(0, project());
    upstream.append(0, project(), vec![event("bob", "view", 6)]);
    sees(&fixture, 2.0).await;
    upstream.mend(0, 1, event("cy", "view", 7));
    let fixture = again(&upstream, fixture, "").await;
    sees(&fixture, 3.0).await;
}
