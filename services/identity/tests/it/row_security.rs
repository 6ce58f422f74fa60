use observe_core::ProjectId;
use observe_proto::common::v1::Role;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::harness::{Identity, event, identify, set};

/// Tables that hold nothing of a tenant.
const WITHOUT_ROW_SECURITY: [&str; 1] = ["_sqlx_migrations"];

async fn app_role(identity: &Identity) -> PgConnection {
    let mut connection =
        PgConnection::connect(&identity.stores.database_url).await.expect("connected");
    connection
        .execute("set role observe_identity_app; set search_path = identity")
        .await
        .expect("the role is there");
    connection
}

async fn scope(connection: &mut PgConnection, project: ProjectId) {
    sqlx::query("select set_config('observe.project_id', $1, false)")
        .bind(project.to_string())
        .execute(connection)
        .await
        .expect("set");
}

async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    let sql = AssertSqlSafe(format!("select count(*) from {table}"));
    sqlx::query_scalar(sql).fetch_one(connection).await.expect("it may look")
}

fn sqlstate(error: &sqlx::Error) -> String {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .map(|code| code.into_owned())
        .unwrap_or_default()
}

#[tokio::test]
async fn every_table_has_forced_row_security_with_a_check_for_writes() {
    let identity = Identity::start().await;
    let pool = identity.superuser().await;
    let open: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
         where relnamespace = 'identity'::regnamespace and relkind in ('r', 'p')
           and not (relrowsecurity and relforcerowsecurity)
         order by 1",
    )
    .fetch_all(&pool)
    .await
    .expect("read");
    assert_eq!(open, WITHOUT_ROW_SECURITY);
    let unchecked: Vec<String> = sqlx::query_scalar(
        "select policyname::text from pg_policies where schemaname = 'identity' and with_check is null and cmd <> 'SELECT'",
    )
    .fetch_all(&pool)
    .await
    .expect("read");
    assert!(unchecked.is_empty(), "{unchecked:?}");
    let mighty: Vec<String> = sqlx::query_scalar(
        "select rolname::text from pg_roles
         where rolname like 'observe_identity_%' and (rolbypassrls or rolsuper or rolcanlogin)",
    )
    .fetch_all(&pool)
    .await
    .expect("read");
    assert!(mighty.is_empty(), "{mighty:?}");
}

#[tokio::test]
async fn the_app_role_sees_only_the_tenant_it_is_bound_to() {
    let identity = Identity::start().await;
    let other = identity.other_project().await;
    identity
        .apply(&[
            identify(1, "anon", "usr"),
            set(2, "visitor", &serde_json::json!({"a": 1})),
            identify(3, "null", "usr"),
            event(
                "$groupidentify",
                4,
                "usr",
                &serde_json::json!({"$group_type": "company", "$group_key": "acme"}),
            ),
        ])
        .await;
    let mut app = app_role(&identity).await;
    let tables = [
        "organization",
        "user_account",
        "member",
        "project",
        "api_key",
        "session",
        "invitation",
        "person",
        "person_distinct_id",
        "property_change",
        "refused_merge",
        "refused_merge_count",
        "project_group",
        "project_group_type",
    ];
    for table in tables {
        assert_eq!(count(&mut app, table).await, 0, "{table} without a tenant");
    }
    scope(&mut app, other).await;
    let of_projects = [
        "property_change",
        "refused_merge",
        "refused_merge_count",
        "project_group",
        "project_group_type",
    ];
    for table in ["api_key", "person", "person_distinct_id"].iter().chain(&of_projects) {
        assert_eq!(count(&mut app, table).await, 0, "{table} of another tenant");
    }
    assert_eq!(count(&mut app, "project").await, 1, "its own");
    scope(&mut app, identity.project).await;
    assert_eq!(count(&mut app, "api_key").await, 2);
    assert_eq!(count(&mut app, "person").await, 2);
    for table in of_projects {
        assert_eq!(count(&mut app, table).await, 1, "{table} of its own");
    }
    // A pooled connection keeps the setting as an empty text when the transaction that set it has ended.
    app.execute("set observe.project_id = ''").await.expect("set");
    assert_eq!(count(&mut app, "person").await, 0);
}

#[tokio::test]
async fn the_app_role_cannot_write_into_another_tenant_nor_what_it_need_not() {
    let identity = Identity::start().await;
    let other = identity.other_project().await;
    let mut app = app_role(&identity).await;
    scope(&mut app, identity.project).await;
    let foreign = sqlx::query(
        "insert into api_key (id, project_id, kind, name, token_hash, token_prefix, created_at)
         values (gen_random_uuid(), $1, 'secret', 'x', 'hash', 'obs_sec_', now())",
    )
    .bind(other.uuid())
    .execute(&mut app)
    .await;
    assert_eq!(sqlstate(&foreign.expect_err("refused")), "42501");
    for statement in [
        "update project set change_number = 0",
        "update api_key set token_hash = 'x'",
        "update api_key set exposed_at = now()",
        "delete from api_key",
        "update person set identified = true",
        "insert into change_log (project_id, number, payload, created_at) values (gen_random_uuid(), 1, '', now())",
        "select * from sign_in_failure",
        "select password_hash from user_account",
        "update user_account set password_hash = ''",
        "update user_account set email = 'me@example.com'",
        "update project set organization_id = gen_random_uuid()",
        "update member set organization_id = gen_random_uuid()",
        "update invitation set role = 'owner'",
        "select * from merge_op",
        "update merge_op set undone_at = null",
        "select event from parked_operation",
        "delete from refused_merge",
        "delete from property_change",
        "update project_group set key = 'x'",
    ] {
        let refused = app.execute(statement).await.expect_err(statement);
        assert_eq!(sqlstate(&refused), "42501", "{statement}");
    }
}

#[tokio::test]
async fn the_app_role_sees_and_changes_only_the_organization_it_is_bound_to() {
    let identity = Identity::start().await;
    let other = identity.other_project().await;
    let link = identity.invite(&identity.owner().await, Role::Viewer).await;
    assert!(!link.is_empty());
    let mut app = app_role(&identity).await;
    let scope_to = "select set_config('observe.organization_id', organization_id::text, false)
                    from project where id = nullif(current_setting('observe.project_id'), '')::uuid";
    scope(&mut app, other).await;
    app.execute(scope_to).await.expect("set");
    for table in ["member", "user_account", "invitation"] {
        assert_eq!(count(&mut app, table).await, 0, "{table} of another organization");
    }
    for statement in [
        "update member set role = 'viewer'",
        "update user_account set name = 'Somebody'",
        "delete from member",
        "delete from invitation",
    ] {
        assert_eq!(app.execute(statement).await.expect(statement).rows_affected(), 0);
    }
    let foreign = app
        .execute("update project set name = 'Mine' where name = 'Default'")
        .await
        .expect("nothing to change");
    assert_eq!(foreign.rows_affected(), 0);
    scope(&mut app, identity.project).await;
    app.execute(scope_to).await.expect("set");
    for table in ["member", "user_account", "invitation"] {
        assert_eq!(count(&mut app, table).await, 1, "{table} of its own");
    }
    // A user's own transaction sees the membership and cannot raise it.
    app.execute("select set_config('observe.user_id', (select user_id::text from member), false)")
        .await
        .expect("set");
    app.execute("set observe.organization_id = ''").await.expect("set");
    assert_eq!(count(&mut app, "member").await, 1);
    let raised = app.execute("update member set role = 'admin'").await.expect("none to change");
    assert_eq!(raised.rows_affected(), 0);
}

#[tokio::test]
async fn the_roles_of_identity_cannot_read_another_schema() {
    let identity = Identity::start().await;
    let mut superuser =
        PgConnection::connect(&identity.stores.database_url).await.expect("connected");
    superuser
        .execute("create schema if not exists events; create table events.event (id int); insert into events.event values (1)")
        .await
        .expect("made");
    for role in ["owner", "app", "worker"] {
        superuser
            .execute(AssertSqlSafe(format!("set role observe_identity_{role}")))
            .await
            .expect("set");
        let refused = superuser.execute("select * from events.event").await.expect_err("refused");
        assert_eq!(sqlstate(&refused), "42501", "{role}");
        superuser.execute("reset role").await.expect("reset");
    }
}
