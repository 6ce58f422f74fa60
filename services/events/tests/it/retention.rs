//! What projects keep no longer goes, and nothing else does.

use observe_core::ProjectId;
use observe_proto::events::v1::{AcceptedEvent, ListHeadsRequest, ReadLogRequest};
use observe_proto::identity::v1::{ProjectRetention, RetentionSettings};
use observe_testkit::eventually;
use sqlx::PgPool;

use crate::support::{DEADLINE, Identity, TestEvents, config, event, project};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// An event of so many days ago.
fn aged(n: u128, days: i64, name: &str) -> AcceptedEvent {
    let mut aged = event(n);
    aged.time_ms = aged.received_us / 1_000 - days * DAY_MS;
    aged.name = name.into();
    aged
}

/// Starts again with these settings: the first look for what is too old is at the start.
async fn restart_keeping(events: TestEvents, keep: &[(ProjectId, i32, i32)]) -> TestEvents {
    let retention = |(id, event_days, exception_days): &(ProjectId, i32, i32)| ProjectRetention {
        project_id: id.to_string(),
        retention: Some(RetentionSettings {
            event_days: *event_days,
            exception_days: *exception_days,
        }),
    };
    let identity = Identity::default();
    identity.retentions.lock().unwrap().extend(keep.iter().map(retention));
    let stores = events.stop().await;
    let config = config(&stores);
    TestEvents::start_beside(stores, config, identity).await
}

/// The numbers of a project's stored events.
async fn stored(sql: &PgPool, project: ProjectId) -> Vec<i64> {
    sqlx::query_scalar(
        "select ('x' || right(uuid::text, 8))::bit(32)::bigint from events.event where project_id = $1 order by 1",
    )
    .bind(project.uuid())
    .fetch_all(sql)
    .await
    .unwrap()
}

/// The events of each row of the log of a project: how many it counts, and whether it was emptied. Reads it as projections
/// do, which refuse a log with a gap.
async fn log_rows(events: &TestEvents, project: ProjectId) -> Vec<(u32, bool)> {
    let mut log = events.log();
    let heads = log.list_heads(ListHeadsRequest {}).await.unwrap().into_inner().heads;
    let mut rows = Vec::new();
    for head in heads {
        let mut next = 1;
        while next <= head.sequence {
            let request = ReadLogRequest { shard: head.shard, from_sequence: next };
            for row in log.read_log(request).await.unwrap().into_inner().rows {
                assert_eq!(row.first_sequence, next, "the log must have no gap");
                next += i64::from(row.count);
                if row.project_id == project.to_bytes() {
                    rows.push((row.count, row.payload.is_empty()));
                }
            }
        }
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_goes_from_the_table_and_the_log_and_counts_stay() {
    let events = TestEvents::start().await;
    let (short, errors, ever) = (project(1), project(2), project(3));
    for p in [short, errors, ever] {
        let batch = (0..40).map(|n| aged(n, i64::try_from(n).unwrap(), "viewed"));
        events.write(p, batch.collect()).await.unwrap();
        let batch = (100..140).map(|n| aged(n, i64::try_from(n - 100).unwrap(), "$exception"));
        events.write(p, batch.collect()).await.unwrap();
        events.at_rest(p, 80).await;
    }
    let events = restart_keeping(events, &[(short, 10, 5), (errors, 0, 20)]).await;
    let sql = events.sql().await;
    eventually(DEADLINE, "the old events to go", async || {
        stored(&sql, short).await.len() <= 17 && stored(&sql, errors).await.len() <= 61
    })
    .await;
    // Today and so many whole days before it.
    let expected: Vec<i64> = (0..=10).chain(100..=105).collect();
    assert_eq!(stored(&sql, short).await, expected);
    let expected: Vec<i64> = (0..40).chain(100..=120).collect();
    assert_eq!(stored(&sql, errors).await, expected);
    assert_eq!(stored(&sql, ever).await.len(), 80);
    for p in [short, errors, ever] {
        let status = events.at_rest(p, 80).await;
        assert_eq!(status.stored, 80, "what was stored once was stored");
    }
    // A copy that comes back late is known on.
    events.write(short, vec![aged(39, 39, "viewed")]).await.unwrap();
    assert_eq!(events.at_rest(short, 81).await.duplicates, 1);
    let rows = log_rows(&events, ever).await;
    assert!(rows.iter().all(|(_, emptied)| !emptied));
    assert_eq!(rows.iter().map(|(count, _)| count).sum::<u32>(), 80);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_the_log_that_are_too_old_as_a_whole_are_emptied_and_counted_on() {
    let events = TestEvents::start().await;
    let p = project(1);
    for days in [30, 3] {
        for name in ["viewed", "$exception"] {
            let n = u128::try_from(days).unwrap() * 1_000 + u128::from(name == "viewed") * 100;
            events.write(p, (n..n + 8).map(|n| aged(n, days, name)).collect()).await.unwrap();
        }
        let written = if days == 30 { 16 } else { 32 };
        events.at_rest(p, written).await;
    }
    let events = restart_keeping(events, &[(p, 20, 2)]).await;
    eventually(DEADLINE, "old rows of the log to be emptied", async || {
        let rows = log_rows(&events, p).await;
        let count = |emptied| rows.iter().filter(|row| row.1 == emptied).map(|row| row.0).sum();
        let (emptied, left): (u32, u32) = (count(true), count(false));
        assert_eq!(emptied + left, 32, "counts stay");
        // All of thirty days ago, and the errors of three days ago.
        emptied == 24
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_is_dropped_only_when_every_project_in_it_lets_it_go() {
    let events = TestEvents::start().await;
    let (short, ever) = (project(1), project(2));
    // Two weeks that are over for the one project; in one of them another has an event that it keeps.
    events.write(short, vec![aged(1, 60, "viewed"), aged(2, 90, "viewed")]).await.unwrap();
    events.write(ever, vec![aged(3, 90, "viewed")]).await.unwrap();
    events.at_rest(short, 2).await;
    events.at_rest(ever, 1).await;
    let sql = events.sql().await;
    let week = async |n: u128| -> String {
        sqlx::query_scalar("select tableoid::regclass::text from events.event where uuid = $1")
            .bind(uuid::Uuid::from_u128(n))
            .fetch_one(&sql)
            .await
            .unwrap()
    };
    let (alone, shared) = (week(1).await, week(3).await);
    assert_eq!(shared, week(2).await);
    let events = restart_keeping(events, &[(short, 10, 0)]).await;
    let sql = events.sql().await;
    let exists = async |name: &str| -> bool {
        sqlx::query_scalar("select to_regclass($1) is not null")
            .bind(name)
            .fetch_one(&sql)
            .await
            .unwrap()
    };
    eventually(DEADLINE, "the week to be dropped", async || !exists(&alone).await).await;
    eventually(DEADLINE, "the other events to go", async || stored(&sql, short).await.is_empty())
        .await;
    assert!(exists(&shared).await);
    assert_eq!(stored(&sql, ever).await, [3]);
    // What comes late finds a week again.
    events.write(short, vec![aged(9, 60, "viewed")]).await.unwrap();
    assert_eq!(events.at_rest(short, 3).await.stored, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn ingest_goes_on_while_much_is_deleted() {
    let events = TestEvents::start().await;
    let p = project(1);
    for n in 0..10 {
        let batch = (n * 1_000..n * 1_000 + 1_000).map(|n| aged(n, 50, "viewed"));
        events.write(p, batch.collect()).await.unwrap();
    }
    // It keeps the week from being dropped.
    events.write(project(2), vec![aged(1, 50, "viewed")]).await.unwrap();
    events.at_rest(p, 10_000).await;
    events.at_rest(project(2), 1).await;
    let events = restart_keeping(events, &[(p, 10, 10)]).await;
    for n in 20_000..20_100 {
        events.write(p, vec![event(n)]).await.unwrap();
    }
    assert_eq!(events.at_rest(p, 10_100).await.stored, 10_100);
    let sql = events.sql().await;
    eventually(DEADLINE, "the old events to go", async || stored(&sql, p).await.len() == 100).await;
    assert_eq!(stored(&sql, project(2)).await, [1]);
}
