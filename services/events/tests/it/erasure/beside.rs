//! What is kept of a person beside its events goes with it.

use observe_proto::events::v1::{
    ProjectRejections, RecordRejectionsRequest, RejectedEvent, ServerSpan,
};
use observe_testkit::eventually;
use prost_types::Timestamp;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use super::{confirmed, erase, now_us};
use crate::support::{DEADLINE, TestEvents, project};

/// Columns of the schema that hold a text, in clear or in bytes.
async fn columns_with(sql: &PgPool, text: &str) -> Vec<String> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select c.table_name::text, c.column_name::text from information_schema.columns c
         join information_schema.tables t using (table_schema, table_name)
         where c.table_schema = 'events' and t.table_type = 'BASE TABLE' order by 1, 2",
    )
    .fetch_all(sql)
    .await
    .unwrap();
    let mut found = Vec::new();
    for (table, column) in columns {
        let statement = format!(
            "select exists (select from events.{table} where position($1 in {column}::text) > 0
                 or position(encode(convert_to($1, 'UTF8'), 'hex') in {column}::text) > 0)"
        );
        let is_in: bool =
            sqlx::query_scalar(AssertSqlSafe(statement)).bind(text).fetch_one(sql).await.unwrap();
        if is_in {
            found.push(format!("{table}.{column}"));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_on_and_tell_nobody() {
    let events = TestEvents::start().await;
    let (p, sql) = (project(1), events.sql().await);
    let span = |n: u128, received_us: i64| ServerSpan {
        uuid: Uuid::from_u128(n).as_bytes().to_vec(),
        service: "shop".into(),
        method: "GET".into(),
        route: "/orders/:id".into(),
        status_code: 500,
        is_error: true,
        start_ms: received_us / 1_000,
        duration_us: 1_000,
        received_us,
        distinct_id: "Zyxomma usr".into(),
        trace_id: "0".repeat(32),
        error_message: "no order of Zyxomma usr".into(),
        path: "/orders/Zyxomma".into(),
    };
    let early = now_us();
    events.write_spans(p, vec![span(1, early)]).await.unwrap();
    let counted = async |n: i64| {
        eventually(DEADLINE, "the spans to be counted", async || {
            let counted: Option<i64> =
                sqlx::query_scalar("select counted from events.span_counter where project_id = $1")
                    .bind(p.uuid())
                    .fetch_optional(&sql)
                    .await
                    .unwrap();
            counted == Some(n)
        })
        .await;
    };
    counted(1).await;
    let id = erase(&events.identity, p, &["Zyxomma usr"], now_us());
    assert_eq!(confirmed(&events, id).await["requests"], 1);
    assert_eq!(columns_with(&sql, "Zyxomma").await, Vec::<String>::new());
    // A copy that waited in the queue.
    events.write_spans(p, vec![span(2, early)]).await.unwrap();
    counted(2).await;
    assert_eq!(columns_with(&sql, "Zyxomma").await, Vec::<String>::new());
    let kept: i64 =
        sqlx::query_scalar("select count(*) from events.span_kept").fetch_one(&sql).await.unwrap();
    assert_eq!(kept, 2, "they failed all the same");
    events.write_spans(p, vec![span(3, now_us())]).await.unwrap();
    counted(3).await;
    assert!(!columns_with(&sql, "Zyxomma").await.is_empty(), "what comes later starts afresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_of_what_was_not_accepted_go_also_those_that_are_told_late() {
    let events = TestEvents::start().await;
    let (p, sql) = (project(1), events.sql().await);
    let record = async |excerpt: &str, received_us: i64| {
        let nanos = i32::try_from(received_us.rem_euclid(1_000_000)).unwrap() * 1_000;
        let seconds = received_us.div_euclid(1_000_000);
        let example = RejectedEvent {
            received_time: Some(Timestamp { seconds, nanos }),
            code: "missing_name".into(),
            excerpt: excerpt.into(),
            ..RejectedEvent::default()
        };
        let of_project = ProjectRejections {
            project_id: p.to_bytes(),
            examples: vec![example],
            ..ProjectRejections::default()
        };
        let request = RecordRejectionsRequest { projects: vec![of_project] };
        events.ingest().record_rejections(request).await.unwrap();
    };
    let left = async || -> Vec<String> {
        sqlx::query_scalar("select excerpt from events.rejected_event order by id")
            .fetch_all(&sql)
            .await
            .unwrap()
    };
    let before = now_us();
    record(r#"{"distinct_id":"a\"da"}"#, before).await;
    record(r#"{"distinct_id":"bob"}"#, before).await;
    let id = erase(&events.identity, p, &["a\"da"], now_us());
    assert_eq!(confirmed(&events, id).await["rejected_events"], 1);
    assert_eq!(left().await, [r#"{"distinct_id":"bob"}"#]);
    record(r#"{"distinct_id":"a\"da","late":true}"#, before).await;
    record(r#"{"distinct_id":"a\"da","new":true}"#, now_us()).await;
    assert_eq!(left().await, [r#"{"distinct_id":"bob"}"#, r#"{"distinct_id":"a\"da","new":true}"#]);
}
