//! What was read is kept: a start goes on from it, and kills lose and double nothing.

use observe_core::PersonId;
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

/// A log of two persons, one of whom has two distinct ids, and of 40 further changes.
fn merged() -> StandIn {
    let upstream = StandIn::new(1);
    upstream.append(0, project(), vec![event("anon", "view", 5), event("bob", "view", 6)]);
    upstream.append(0, project(), vec![event("ada", "buy", 7)]);
    let ada = PersonId::of_distinct_id(project(), "ada");
    upstream.map(project(), "anon", ada);
    for n in 0..40 {
        upstream.person(project(), ada, Some(&format!(r#"{{"n":{n}}}"#)));
    }
    upstream
}

#[tokio::test]
async fn a_start_reads_only_the_changes_that_came_since() {
    let upstream = merged();
    let fixture = start_in(&upstream, TestStores::start().await).await;
    fixture.expect_funnel(&[2, 1]).await;
    upstream.forget_reads();
    let fixture = again(&upstream, fixture, "").await;
    fixture.expect_funnel(&[2, 1]).await;
    let asked = upstream.change_reads();
    assert!(asked.iter().all(|after| *after >= 40), "all but the last are known: {asked:?}");
    // What comes after the start is applied to what was kept.
    upstream.map(project(), "bob", PersonId::of_distinct_id(project(), "ada"));
    fixture.expect_funnel(&[1, 1]).await;
    let fixture = again(&upstream, fixture, "").await;
    fixture.expect_funnel(&[1, 1]).await;
}

#[tokio::test]
async fn persons_that_are_damaged_are_read_from_the_first_change() {
    let upstream = merged();
    let mut fixture = start_in(&upstream, TestStores::start().await).await;
    fixture.expect_funnel(&[2, 1]).await;
    for damage in [
        "update reports.projection_persons set bytes = set_byte(bytes, 30, 99 # get_byte(bytes, 30))",
        "update reports.projection_visitors set persons = set_byte(persons, 12, 99 # get_byte(persons, 12))",
        "delete from reports.projection_persons",
        "update reports.projection set persons_format = 0",
    ] {
        upstream.forget_reads();
        fixture = again(&upstream, fixture, damage).await;
        fixture.expect_funnel(&[2, 1]).await;
        assert!(upstream.change_reads().contains(&0), "after {damage}");
        assert_eq!(upstream.reads(), [], "events are as they were kept, after {damage}");
    }
    upstream.forget_reads();
    let fixture = again(&upstream, fixture, "").await;
    fixture.expect_funnel(&[2, 1]).await;
    assert!(!upstream.change_reads().contains(&0), "they were kept again");
}

#[tokio::test]
async fn a_change_log_that_was_put_back_is_read_anew() {
    let upstream = merged();
    let fixture = start_in(&upstream, TestStores::start().await).await;
    fixture.expect_funnel(&[2, 1]).await;
    upstream.clear_changes();
    upstream.map(project(), "bob", PersonId::of_distinct_id(project(), "anon"));
    let fixture = again(&upstream, fixture, "").await;
    fixture.expect_funnel(&[1, 0]).await;
}
