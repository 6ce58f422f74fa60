//! Several replicas: one owns the projection, the others pass on to it, and another one takes over when it is gone.

use std::time::Duration;

use observe_core::{KeyId, Principal};
use observe_proto::common::v1::KeyKind;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::annotation_service_client::AnnotationServiceClient;
use observe_testkit::{TestStores, eventually};
use sqlx::{Connection as _, PgConnection};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::stand_in::{StandIn, event};
use crate::{
    DEADLINE, Fixture, funnel, project, signed, signed_by, start_called, start_on, trends,
};

/// What the row of the lease says: owner, fence, and when the lease ends, in seconds.
async fn lease(database: &mut PgConnection) -> (String, i64, f64) {
    sqlx::query_as(
        "select owner, fence, extract(epoch from lease_until)::float8 from reports.projection_owner",
    )
    .fetch_one(database)
    .await
    .expect("there is a row")
}

async fn connect(stores: &TestStores) -> PgConnection {
    PgConnection::connect(&stores.database_url).await.expect("it answers")
}

/// Lets somebody who is not there own the projection for an hour.
async fn give_away(database: &mut PgConnection, url: Option<&str>) {
    sqlx::query(
        "update reports.projection_owner
         set owner = 'elsewhere', url = $1, fence = fence + 1, is_ready = true, lease_until = now() + interval '1 hour'",
    )
    .bind(url)
    .execute(database)
    .await
    .expect("there is a row");
}

async fn sees(fixture: &Fixture, events: f64) {
    eventually(DEADLINE, "all events", async || fixture.views().await.ok() == Some(events)).await;
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

#[tokio::test]
async fn every_replica_gives_the_owners_answers_and_the_fence_stays_while_nothing_happens() {
    let (upstream, stores) = (StandIn::new(2), TestStores::start().await);
    upstream.append(0, project(), vec![event("ada", "view", 5), event("bob", "view", 6)]);
    upstream.append(1, project(), vec![event("ada", "buy", 7)]);
    let owner = start_on(&upstream, &stores).await;
    sees(&owner, 2.0).await;
    upstream.forget_reads();
    let standby = start_on(&upstream, &stores).await;
    sees(&standby, 2.0).await;
    assert_eq!(
        standby.funnel().await.expect("an answer"),
        owner.funnel().await.expect("an answer")
    );
    let mut database = connect(&stores).await;
    let (name, fence, first) = lease(&mut database).await;
    eventually(DEADLINE, "some renewals", async || lease(&mut database).await.2 > first + 7.0)
        .await;
    let (same, still, _) = lease(&mut database).await;
    assert_eq!((same, still), (name, fence));
    assert_eq!(fence, 1, "nobody else has ever had it");
    assert!(upstream.reads().is_empty(), "who does not own it reads nothing");
    upstream.append(0, project(), vec![event("cy", "view", 8)]);
    sees(&standby, 3.0).await;
    assert_eq!(upstream.reads().len(), 1, "the new row is read once");
}

#[tokio::test]
async fn what_is_refused_and_who_asks_come_through_as_they_are() {
    let (upstream, stores) = (StandIn::new(1), TestStores::start().await);
    upstream.append(0, project(), vec![event("ada", "view", 5)]);
    let owner = start_on(&upstream, &stores).await;
    sees(&owner, 1.0).await;
    let standby = start_on(&upstream, &stores).await;
    sees(&standby, 1.0).await;
    let broken = pb::QueryTrendsRequest { range: None, ..trends() };
    for fixture in [&owner, &standby] {
        let refused = fixture.client.clone().query_trends(signed(broken.clone(), project())).await;
        let refused = refused.expect_err("it has no range");
        assert_eq!(refused.code(), Code::InvalidArgument);
        let details = refused.get_error_details();
        assert_eq!(
            details.bad_request().expect("a bad request").field_violations[0].field,
            "range"
        );
        let writer = Principal::Key {
            key: KeyId::new(Uuid::nil()),
            project: project(),
            kind: KeyKind::Write,
        };
        let refused = fixture.client.clone().query_trends(signed_by(trends(), writer)).await;
        assert_eq!(refused.expect_err("it may not").code(), Code::PermissionDenied);
        let unsigned = fixture.client.clone().query_trends(trends()).await;
        assert_eq!(unsigned.expect_err("no context").code(), Code::Unauthenticated);
    }
    let large = pb::QueryTrendsRequest { formula: "x".repeat(5 << 20), ..trends() };
    let refused = standby.client.clone().query_trends(signed(large, project())).await;
    assert_eq!(refused.expect_err("it is too large").code(), Code::InvalidArgument);
}

#[tokio::test]
async fn another_one_takes_over_when_the_owner_ends_and_reads_nothing_twice() {
    let (upstream, stores) = (StandIn::new(1), TestStores::start().await);
    upstream.append(0, project(), vec![event("ada", "view", 5)]);
    let first = start_on(&upstream, &stores).await;
    sees(&first, 1.0).await;
    let second = start_on(&upstream, &stores).await;
    sees(&second, 1.0).await;
    first.end().await;
    upstream.append(0, project(), vec![event("bob", "view", 6)]);
    upstream.forget_reads();
    sees(&second, 2.0).await;
    assert_eq!(upstream.reads(), [(0, 2)], "what the first one kept is not read again");
    assert_eq!(lease(&mut connect(&stores).await).await.1, 2);
}

#[tokio::test]
async fn an_owner_that_lost_the_lease_writes_nothing_and_answers_no_more() {
    let (upstream, stores) = (StandIn::new(1), TestStores::start().await);
    upstream.append(0, project(), vec![event("ada", "view", 5)]);
    let first = start_on(&upstream, &stores).await;
    sees(&first, 1.0).await;
    let mut database = connect(&stores).await;
    give_away(&mut database, None).await;
    eventually(DEADLINE, "the first one to notice", async || first.views().await.is_err()).await;
    first.end().await;
    let kept: i64 = sqlx::query_scalar("select count(*) from reports.projection")
        .fetch_one(&mut database)
        .await
        .expect("a number");
    assert_eq!(kept, 0, "what it read is not its own to keep any more");
}

#[tokio::test]
async fn a_call_is_passed_on_once() {
    let (upstream, stores) = (StandIn::new(1), TestStores::start().await);
    let owner = start_on(&upstream, &stores).await;
    owner.expect_funnel(&[0, 0]).await;
    let standby = start_on(&upstream, &stores).await;
    standby.expect_funnel(&[0, 0]).await;
    let mut passed_on: Request<_> = signed(funnel(), project());
    passed_on.metadata_mut().insert("x-observe-forwarded", "1".parse().expect("a value"));
    let refused = standby.client.clone().query_funnel(passed_on).await;
    let refused = refused.expect_err("it does not own it");
    assert_eq!(
        (refused.code(), reason(&refused)),
        (Code::Unavailable, "PROJECTION_LOADING".into())
    );
    assert!(
        refused.get_error_details().retry_info().is_some_and(|info| info.retry_delay.is_some())
    );
}

#[tokio::test]
async fn tables_are_answered_by_who_cannot_reach_the_owner() {
    let (upstream, stores) = (StandIn::new(1), TestStores::start().await);
    crate::config(&stores).await;
    let mut database = connect(&stores).await;
    give_away(&mut database, None).await;
    let fixture = start_on(&upstream, &stores).await;
    let mut annotations =
        AnnotationServiceClient::connect(fixture.url.clone()).await.expect("it listens");
    let time = Some(prost_types::Timestamp { seconds: 5, nanos: 0 });
    let request = pb::CreateAnnotationRequest {
        text: "a release".into(),
        time,
        ..pb::CreateAnnotationRequest::default()
    };
    annotations.create_annotation(signed(request, project())).await.expect("it is kept");
    let told = eventually(DEADLINE, "to be told what is wrong", async || {
        let refused = fixture.funnel().await.expect_err("nobody can be asked");
        (reason(&refused) == "DEPENDENCY_UNAVAILABLE").then_some(refused)
    })
    .await;
    assert!(told.message().contains("owns the projection"), "{told}");
}

#[tokio::test]
async fn calls_wait_for_a_new_owner_while_the_old_one_does_not_answer() {
    let (upstream, stores) = (StandIn::new(1), TestStores::start().await);
    upstream.append(0, project(), vec![event("ada", "view", 5)]);
    crate::config(&stores).await;
    let mut database = connect(&stores).await;
    // It takes connections and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    give_away(&mut database, Some(&url)).await;
    let fixture = start_on(&upstream, &stores).await;
    let asked = async {
        // Until the lease is looked at nobody is known to own it, and what asks then waits, too.
        fixture.views().await
    };
    let taken = async {
        tokio::task::yield_now().await;
        let (connection, _) = silent.accept().await.expect("it is called");
        let ended = "update reports.projection_owner set lease_until = '-infinity'";
        sqlx::query(ended).execute(&mut database).await.expect("there is a row");
        connection
    };
    let (answer, _connection) =
        tokio::time::timeout(DEADLINE, async { tokio::join!(asked, taken) })
            .await
            .expect("in time");
    assert_eq!(answer.expect("an answer of the new owner"), 1.0);
}

#[tokio::test]
async fn who_starts_with_the_name_of_the_owner_does_not_wait_for_the_lease_to_run_out() {
    let (upstream, stores) = (StandIn::new(1), TestStores::start().await);
    crate::config(&stores).await;
    give_away(&mut connect(&stores).await, None).await;
    let fixture = start_called(&upstream, &stores, Some("elsewhere".to_owned())).await;
    let asked = tokio::time::timeout(Duration::from_secs(60), fixture.expect_funnel(&[0, 0])).await;
    asked.expect("the lease would last an hour");
}

/// Longer than a lease lasts.
const LONGER_THAN_A_LEASE: Duration = Duration::from_secs(14);

#[tokio::test]
async fn while_the_database_is_away_a_single_replica_answers_and_one_of_several_does_not() {
    let (upstream, stores) = (StandIn::new(1), TestStores::start().await);
    upstream.append(0, project(), vec![event("ada", "view", 5)]);
    let fixture = start_on(&upstream, &stores).await;
    sees(&fixture, 1.0).await;
    let mut database = connect(&stores).await;
    let (_, _, first) = lease(&mut database).await;
    eventually(DEADLINE, "two renewals", async || lease(&mut database).await.2 > first + 4.0).await;
    drop(database);
    stores.stop_postgres().await;
    let mut looks = tokio::time::interval(Duration::from_millis(500));
    let until = tokio::time::Instant::now() + LONGER_THAN_A_LEASE;
    while looks.tick().await < until {
        assert_eq!(fixture.views().await.expect("an answer"), 1.0);
    }
    stores.start_postgres().await;
    upstream.append(0, project(), vec![event("bob", "view", 6)]);
    sees(&fixture, 2.0).await;

    let standby = start_on(&upstream, &stores).await;
    sees(&standby, 2.0).await;
    let mut database = connect(&stores).await;
    let (_, fence, first) = lease(&mut database).await;
    eventually(DEADLINE, "a renewal", async || lease(&mut database).await.2 > first + 4.0).await;
    drop(database);
    stores.stop_postgres().await;
    for replica in [&fixture, &standby] {
        let refused =
            eventually(DEADLINE, "to be told to come back", async || replica.views().await.err())
                .await;
        assert_eq!(
            (refused.code(), reason(&refused)),
            (Code::Unavailable, "PROJECTION_LOADING".into())
        );
    }
    stores.start_postgres().await;
    upstream.append(0, project(), vec![event("cy", "view", 7)]);
    sees(&fixture, 3.0).await;
    sees(&standby, 3.0).await;
    let (_, after, _) = lease(&mut connect(&stores).await).await;
    assert!(after <= fence + 1, "one of them has it");
}
