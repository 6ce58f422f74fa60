//! One project never sees another's events; not even a broken query would.

use observe_proto::common::v1::KeyKind;
use observe_proto::events::v1::event_service_client::EventServiceClient;
use observe_proto::events::v1::pipeline_service_client::PipelineServiceClient;
use observe_proto::events::v1::{
    GetPipelineStatusRequest, ListEventsRequest, ListHeadsRequest, WriteEventsRequest,
};
use observe_testkit::TestStores;
use sqlx::Row as _;
use tonic::Code;

use crate::support::{TestEvents, event, project};

#[tokio::test(flavor = "multi_thread")]
async fn another_projects_key_finds_nothing() {
    let events = TestEvents::start().await;
    events.write(project(1), vec![event(1)]).await.unwrap();
    events.at_rest(project(1), 1).await;
    let stranger = events.as_key(project(2), KeyKind::Secret);
    let project_id = project(1).to_string();
    let list = ListEventsRequest { project_id: project_id.clone(), ..Default::default() };
    let refused =
        EventServiceClient::new(stranger.clone()).list_events(list).await.expect_err("not theirs");
    assert_eq!(refused.code(), Code::NotFound);
    let status = GetPipelineStatusRequest { project_id };
    let refused = PipelineServiceClient::new(stranger.clone()).get_pipeline_status(status).await;
    assert_eq!(refused.expect_err("not theirs").code(), Code::NotFound);
    let own =
        EventServiceClient::new(stranger).list_events(ListEventsRequest::default()).await.unwrap();
    assert!(own.into_inner().events.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn internal_rpcs_are_for_services() {
    let events = TestEvents::start().await;
    let secret = events.as_key(project(1), KeyKind::Secret);
    let mut ingest =
        observe_proto::events::v1::ingest_service_client::IngestServiceClient::new(secret.clone());
    let refused =
        ingest.write_events(WriteEventsRequest::default()).await.expect_err("not a service");
    assert_eq!(refused.code(), Code::PermissionDenied);
    let mut log = observe_proto::events::v1::log_service_client::LogServiceClient::new(secret);
    let refused = log.list_heads(ListHeadsRequest {}).await.expect_err("not a service");
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_level_security_is_forced_on_every_table_of_a_project() {
    let stores = TestStores::start().await;
    observe_events::migrate(&observe_core::Secret::new(&stores.database_url)).await.unwrap();
    let pool = sqlx::PgPool::connect(&stores.database_url).await.unwrap();
    let tables = sqlx::query(
        "select c.relname, c.relrowsecurity and c.relforcerowsecurity as forced
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'project_id'
         where c.relnamespace = 'events'::regnamespace and c.relkind in ('r', 'p')",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(tables.len() >= 5);
    for table in tables {
        assert!(table.get::<bool, _>("forced"), "{} is open", table.get::<String, _>("relname"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_role_sees_one_project_and_no_other_schema() {
    let events = TestEvents::start().await;
    events.write(project(1), vec![event(1)]).await.unwrap();
    events.at_rest(project(1), 1).await;
    let pool = events.sql().await;
    sqlx::raw_sql("create schema other; create table other.thing (id int)")
        .execute(&pool)
        .await
        .unwrap();
    let mut tx = pool.begin().await.unwrap();
    sqlx::raw_sql("set role observe_events_app; set search_path = events")
        .execute(&mut *tx)
        .await
        .unwrap();
    let count = "select count(*) from event";
    let unset: i64 = sqlx::query_scalar(count).fetch_one(&mut *tx).await.unwrap();
    assert_eq!(unset, 0, "no project, no rows");
    for (n, seen) in [(1, 1), (2, 0)] {
        sqlx::query("select set_config('observe.project_id', $1, true)")
            .bind(project(n).to_string())
            .execute(&mut *tx)
            .await
            .unwrap();
        let rows: i64 = sqlx::query_scalar(count).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(rows, seen);
    }
    let refused = sqlx::query("select id from other.thing")
        .execute(&mut *tx)
        .await
        .expect_err("not its schema");
    assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"));
}
