use observe_core::ProjectId;
use observe_proto::monitor::v1::monitor::State;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::support::{TestMonitor, http, project};
use crate::targets::WebServer;

/// Tables that hold nothing of a tenant.
const WITHOUT_ROW_SECURITY: [&str; 2] = ["_sqlx_migrations", "scheduler"];
const TABLES: [&str; 8] = [
    "monitor",
    "monitor_state",
    "check_slot",
    "check_bucket",
    "incident",
    "incident_entry",
    "alert_channel",
    "delivery",
];

async fn app_role(service: &TestMonitor) -> PgConnection {
    let mut connection = PgConnection::connect(&service.stores.database_url).await.unwrap();
    connection.execute("set role observe_monitor_app; set search_path = monitor").await.unwrap();
    connection
}

async fn scope(connection: &mut PgConnection, project: ProjectId) {
    sqlx::query("select set_config('observe.project_id', $1, false)")
        .bind(project.to_string())
        .execute(connection)
        .await
        .unwrap();
}

async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    let sql = AssertSqlSafe(format!("select count(*) from {table}"));
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

fn sqlstate(error: &sqlx::Error) -> String {
    let error = error.as_database_error().and_then(|error| error.code());
    error.map(|code| code.into_owned()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_has_forced_row_security_with_a_check_for_writes() {
    let service = TestMonitor::start().await;
    let pool = service.sql().await;
    let open: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
         where relnamespace = 'monitor'::regnamespace and relkind in ('r', 'p')
           and not (relrowsecurity and relforcerowsecurity)
         order by 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(open, WITHOUT_ROW_SECURITY);
    let unchecked: Vec<String> = sqlx::query_scalar(
        "select policyname::text from pg_policies where schemaname = 'monitor' and with_check is null and cmd <> 'SELECT'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(unchecked.is_empty(), "{unchecked:?}");
    let mighty: Vec<String> = sqlx::query_scalar(
        "select rolname::text from pg_roles
         where rolname like 'observe_monitor_%' and (rolbypassrls or rolsuper or rolcanlogin)",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(mighty.is_empty(), "{mighty:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_role_sees_and_writes_only_the_project_it_is_bound_to() {
    let (service, shop) = (TestMonitor::start().await, WebServer::start().await);
    shop.set_status(500);
    let made = service.create(http(&shop.url())).await.unwrap();
    service.is(&made.id, State::Down).await;
    let mut app = app_role(&service).await;
    for table in TABLES {
        assert_eq!(count(&mut app, table).await, 0, "{table} without a tenant");
    }
    scope(&mut app, project(2)).await;
    for table in TABLES {
        assert_eq!(count(&mut app, table).await, 0, "{table} of another tenant");
    }
    scope(&mut app, service.project).await;
    for table in ["monitor", "monitor_state", "check_slot", "check_bucket", "incident"] {
        assert!(count(&mut app, table).await > 0, "{table} of its own");
    }
    for statement in [
        "insert into incident (id, project_id, kind, severity, subject, title, detail, link, opened_at)
         values (gen_random_uuid(), '00000000-0000-0000-0000-000000000002', 2, 1, '', '', '', '', now())",
        "update monitor set project_id = gen_random_uuid()",
        "update check_slot set outcome = 1",
        "update alert_channel set secret = ''",
        "update delivery set state = 1",
        "delete from incident",
        "select * from scheduler",
    ] {
        let refused = app.execute(statement).await.expect_err(statement);
        assert_eq!(sqlstate(&refused), "42501", "{statement}");
    }
}
