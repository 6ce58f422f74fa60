//! Who may see dead letters, and page by page.

use observe_core::{OrganizationId, Principal, SessionId, UserId};
use observe_proto::common::v1::{KeyKind, Role};
use observe_proto::events::v1::pipeline_service_client::PipelineServiceClient;
use observe_proto::events::v1::{AcceptedEvent, ListDeadLettersRequest, RedriveDeadLettersRequest};
use tonic::Code;
use uuid::Uuid;

use crate::support::{TestEvents, event, project};

fn spoiled(n: u128) -> AcceptedEvent {
    AcceptedEvent { properties_json: "{".into(), ..event(n) }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_each_letter_once_newest_first() {
    let events = TestEvents::start().await;
    let p = project(1);
    for first in [0, 4, 8] {
        events.write(p, (first..first + 4).map(spoiled).collect()).await.unwrap();
        events.at_rest(p, i64::try_from(first).unwrap() + 4).await;
    }
    let mut request = ListDeadLettersRequest { page_size: 5, ..Default::default() };
    let (mut seen, mut times) = (Vec::new(), Vec::new());
    loop {
        let answer = events.pipeline(p).list_dead_letters(request.clone()).await.unwrap();
        let page = answer.into_inner();
        assert!(page.dead_letters.len() <= 5);
        for letter in page.dead_letters {
            let time = letter.created_time.unwrap();
            times.push((time.seconds, time.nanos));
            seen.push(letter.uuid);
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert!(times.is_sorted_by(|a, b| a >= b));
    seen.sort();
    let expected: Vec<String> = (0..12).map(|n| Uuid::from_u128(n).to_string()).collect();
    assert_eq!(seen, expected);
    assert!(!request.page_token.is_empty());
    let foreign = events.pipeline(project(2)).list_dead_letters(request).await;
    assert_eq!(foreign.expect_err("another project's token").code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_letters_make_short_pages_and_are_cut() {
    let events = TestEvents::start().await;
    let p = project(1);
    let large = (0..40).map(|n| AcceptedEvent {
        properties_json: format!("{{\"a\": \"{}", "x".repeat(100_000)),
        ..event(n)
    });
    events.write(p, large.collect()).await.unwrap();
    events.at_rest(p, 40).await;
    let mut request = ListDeadLettersRequest { page_size: 1_000, ..Default::default() };
    let mut seen = 0;
    loop {
        let answer = events.pipeline(p).list_dead_letters(request.clone()).await.unwrap();
        let page = answer.into_inner();
        assert!(page.dead_letters.iter().all(|letter| letter.payload.len() == 64 * 1024));
        seen += page.dead_letters.len();
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(seen, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_its_projects_alone() {
    let events = TestEvents::start().await;
    events.write(project(1), vec![spoiled(1)]).await.unwrap();
    events.at_rest(project(1), 1).await;
    assert!(events.dead_letters(project(2)).await.is_empty());
    let done = events.redrive(project(2), &[1]).await;
    assert_eq!((done.stored, done.duplicates, done.refused), (0, 0, 0));
    assert_eq!(events.dead_letters(project(1)).await[0].redrives, 0, "nobody else tried it");
    let project_id = project(1).to_string();
    let list = ListDeadLettersRequest { project_id: project_id.clone(), ..Default::default() };
    let redrive = RedriveDeadLettersRequest { project_id, uuids: vec![] };
    let mut stranger = events.pipeline(project(2));
    let refused = stranger.list_dead_letters(list.clone()).await.expect_err("not theirs");
    assert_eq!(refused.code(), Code::NotFound);
    let refused = stranger.redrive_dead_letters(redrive.clone()).await.expect_err("not theirs");
    assert_eq!(refused.code(), Code::NotFound);
    let mut writer = PipelineServiceClient::new(events.as_key(project(1), KeyKind::Write));
    let refused = writer.list_dead_letters(list.clone()).await.expect_err("a write key");
    assert_eq!(refused.code(), Code::PermissionDenied);
    let session = |role| Principal::Session {
        user: UserId::new(Uuid::from_u128(1)),
        session: SessionId::new(Uuid::from_u128(2)),
        projects: vec![(project(1), role)],
        organizations: vec![(OrganizationId::new(Uuid::from_u128(3)), role)],
    };
    let mut viewer = events.pipeline_as(session(Role::Viewer));
    assert_eq!(viewer.list_dead_letters(list).await.unwrap().into_inner().dead_letters.len(), 1);
    let refused = viewer.redrive_dead_letters(redrive.clone()).await.expect_err("only looks");
    assert_eq!(refused.code(), Code::PermissionDenied);
    let mut member = events.pipeline_as(session(Role::Member));
    let done = member.redrive_dead_letters(redrive).await.unwrap().into_inner();
    assert_eq!(done.refused, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_told_what_is_wrong() {
    let events = TestEvents::start().await;
    let mut pipeline = events.pipeline(project(1));
    for page_size in [-1, 1_001] {
        let request = ListDeadLettersRequest { page_size, ..Default::default() };
        let refused = pipeline.list_dead_letters(request).await.expect_err("no page size");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    let request = ListDeadLettersRequest { page_token: "x".into(), ..Default::default() };
    let refused = pipeline.list_dead_letters(request).await.expect_err("no token");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let too_many = vec![Uuid::nil().to_string(); 1_001];
    for uuids in [vec!["x".to_owned()], too_many] {
        let request = RedriveDeadLettersRequest { project_id: String::new(), uuids };
        let refused = pipeline.redrive_dead_letters(request).await.expect_err("no ids");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_role_sees_letters_of_one_project_and_no_entries() {
    let events = TestEvents::start().await;
    events.write(project(1), vec![spoiled(1)]).await.unwrap();
    events.at_rest(project(1), 1).await;
    events.redrive(project(1), &[]).await;
    let mut tx = events.sql().await.begin().await.unwrap();
    sqlx::raw_sql("set role observe_events_app; set search_path = events")
        .execute(&mut *tx)
        .await
        .unwrap();
    for (n, seen) in [(1, (1, 1)), (2, (0, 0))] {
        sqlx::query("select set_config('observe.project_id', $1, true)")
            .bind(project(n).to_string())
            .execute(&mut *tx)
            .await
            .unwrap();
        let rows: (i64, i64) = sqlx::query_as(
            "select (select count(*) from dead_letter), (select count(*) from redrive)",
        )
        .fetch_one(&mut *tx)
        .await
        .unwrap();
        assert_eq!(rows, seen);
    }
    let refused = sqlx::query("select payload from unreadable_entry")
        .execute(&mut *tx)
        .await
        .expect_err("it holds several projects' events");
    assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"));
}
