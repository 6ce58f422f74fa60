//! What the edge did not accept is kept for its project: counts for 24 hours and more, examples up to a hundred.

use chrono::{DateTime, TimeDelta, Utc};
use observe_core::{Clock as _, ProjectId, SystemClock};
use observe_proto::common::v1::KeyKind;
use observe_proto::events::v1::pipeline_service_client::PipelineServiceClient;
use observe_proto::events::v1::{
    ListRejectedEventsRequest, ProjectRejections, RecordRejectionsRequest, RejectedEvent,
    RejectionCount,
};
use observe_testkit::eventually;
use prost_types::Timestamp;
use tonic::Code;

use crate::support::{DEADLINE, TestEvents, project};

fn at(time: DateTime<Utc>) -> Option<Timestamp> {
    Some(Timestamp { seconds: time.timestamp(), nanos: 0 })
}

fn count(code: &str, count: i64, time: DateTime<Utc>) -> RejectionCount {
    RejectionCount { code: code.into(), count, last_seen_time: at(time) }
}

fn example(name: &str, time: DateTime<Utc>) -> RejectedEvent {
    RejectedEvent {
        received_time: at(time),
        code: "missing_name".into(),
        message: "an event needs a `name`".into(),
        endpoint: "/v1/events".into(),
        name: name.into(),
        library: "web 1\0".into(),
        ..RejectedEvent::default()
    }
}

async fn record(
    events: &TestEvents,
    project: ProjectId,
    counts: Vec<RejectionCount>,
    examples: Vec<RejectedEvent>,
) {
    let report = ProjectRejections { project_id: project.to_bytes(), counts, examples };
    let request = RecordRejectionsRequest { projects: vec![report] };
    events.ingest().record_rejections(request).await.unwrap();
}

async fn listed(events: &TestEvents, project: ProjectId) -> Vec<RejectedEvent> {
    let mut client = PipelineServiceClient::new(events.as_key(project, KeyKind::Secret));
    let answer = client.list_rejected_events(ListRejectedEventsRequest::default()).await.unwrap();
    answer.into_inner().rejected_events
}

async fn counted(events: &TestEvents, project: ProjectId) -> Vec<(String, i64)> {
    let status = events.status(project).await;
    status.rejections.into_iter().map(|count| (count.code, count.count)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_of_a_day_add_up_over_reports_and_the_most_frequent_comes_first() {
    let events = TestEvents::start().await;
    let (p, now) = (project(1), SystemClock.now());
    let (hour, day) = (TimeDelta::hours(1), TimeDelta::hours(26));
    record(&events, p, vec![count("missing_name", 3, now), count("not_json", 1, now)], vec![])
        .await;
    record(&events, p, vec![count("not_json", 4, now - hour)], vec![]).await;
    record(&events, p, vec![count("not_json", 1_000, now - day)], vec![]).await;
    let expected = [("not_json".to_owned(), 5), ("missing_name".to_owned(), 3)];
    assert_eq!(counted(&events, p).await, expected);
    let status = events.status(p).await;
    assert_eq!(status.rejections[0].last_seen_time.map(|t| t.seconds), Some(now.timestamp()));
    assert_eq!(status.accepted, 0, "a rejection is no part of the ledger");
    assert!(counted(&events, project(2)).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_hundred_examples_are_kept_newest_first() {
    let events = TestEvents::start().await;
    let (p, now) = (project(1), SystemClock.now());
    for first in [0, 60, 120] {
        let examples = (first..first + 60).map(|n| example(&n.to_string(), now)).collect();
        record(&events, p, vec![count("missing_name", 60, now)], examples).await;
    }
    let listed = listed(&events, p).await;
    let names: Vec<_> = listed.iter().map(|example| example.name.clone()).collect();
    let expected: Vec<_> = (80..180).rev().map(|n: i32| n.to_string()).collect();
    assert_eq!(names, expected);
    assert_eq!(listed[0].library, "web 1\u{fffd}", "NUL is no text of PostgreSQL's");
    let rows: i64 = sqlx::query_scalar("select count(*) from events.rejected_event")
        .fetch_one(&events.sql().await)
        .await
        .unwrap();
    assert_eq!(rows, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_projects_rejections_are_not_found_and_only_services_report() {
    let events = TestEvents::start().await;
    let (p, now) = (project(1), SystemClock.now());
    record(&events, p, vec![], vec![example("a", now)]).await;
    let stranger = events.as_key(project(2), KeyKind::Secret);
    let request = ListRejectedEventsRequest { project_id: p.to_string() };
    let refused = PipelineServiceClient::new(stranger.clone()).list_rejected_events(request).await;
    assert_eq!(refused.expect_err("not theirs").code(), Code::NotFound);
    assert!(listed(&events, project(2)).await.is_empty());
    let mut ingest =
        observe_proto::events::v1::ingest_service_client::IngestServiceClient::new(stranger);
    let refused = ingest.record_rejections(RecordRejectionsRequest::default()).await;
    assert_eq!(refused.expect_err("not a service").code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_no_edge_sends_is_refused_whole() {
    let events = TestEvents::start().await;
    let now = SystemClock.now();
    let report = |project_id: Vec<u8>, count: RejectionCount| ProjectRejections {
        project_id,
        counts: vec![count],
        examples: vec![],
    };
    let good = report(project(1).to_bytes(), count("a", 1, now));
    for bad in [
        report(vec![1, 2, 3], count("a", 1, now)),
        report(project(1).to_bytes(), count("a", -1, now)),
        report(
            project(1).to_bytes(),
            RejectionCount { last_seen_time: None, ..count("a", 1, now) },
        ),
    ] {
        let request = RecordRejectionsRequest { projects: vec![good.clone(), bad] };
        let refused = events.ingest().record_rejections(request).await.expect_err("refused");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    assert!(counted(&events, project(1)).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_of_several_edges_at_once_all_count() {
    let events = TestEvents::start().await;
    let now = SystemClock.now();
    let reports = (0..20).map(|edge: usize| {
        let mut projects: Vec<_> = (0..5)
            .map(|n| ProjectRejections {
                project_id: project(n).to_bytes(),
                counts: vec![count("a", 1, now), count("b", 2, now)],
                examples: vec![example("x", now); 30],
            })
            .collect();
        projects.rotate_left(edge % 5);
        let mut client = events.ingest();
        async move { client.record_rejections(RecordRejectionsRequest { projects }).await }
    });
    for reported in futures::future::join_all(reports).await {
        reported.unwrap();
    }
    let expected = [("b".to_owned(), 40), ("a".to_owned(), 20)];
    for n in 0..5 {
        assert_eq!(counted(&events, project(n)).await, expected);
        assert_eq!(listed(&events, project(n)).await.len(), 100);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_a_week_is_removed() {
    let events = TestEvents::start().await;
    let (p, now) = (project(1), SystemClock.now());
    let old = now - TimeDelta::days(8);
    record(
        &events,
        p,
        vec![count("a", 1, old), count("b", 1, now)],
        vec![example("old", old), example("new", now)],
    )
    .await;
    // The keeper looks once an hour, and at its start.
    let stores = events.stop().await;
    let events = TestEvents::start_on(stores).await;
    eventually(DEADLINE, "the old ones to be removed", async || {
        let names: Vec<_> =
            listed(&events, p).await.into_iter().map(|example| example.name).collect();
        (names == ["new"]).then_some(())
    })
    .await;
    let rows: i64 = sqlx::query_scalar("select count(*) from events.rejection_count")
        .fetch_one(&events.sql().await)
        .await
        .unwrap();
    assert_eq!(rows, 1);
}
