//! PostgreSQL: one schema and three roles a service.
//!
//! For the service `events` there are the schema `events` and the NOLOGIN roles `observe_events_owner` (migrations),
//! `observe_events_app` (what a tenant's request runs, under forced row-level security) and `observe_events_worker` (bulk
//! and cross-tenant background work, by its own policies). Every pooled connection does `SET ROLE` before its first use, so
//! the URL's login needs no right but CREATEROLE and CREATE on the database.

use std::time::Duration;

use observe_core::{ProjectId, Secret};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool,
};
use sqlx::{Postgres, Transaction};

use crate::exit::StartError;

/// How long a caller waits for a connection before the store counts as away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an unused connection is kept; an idle backend costs memory.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long one statement of a tenant's request may run.
const APP_STATEMENT_TIMEOUT: &str = "15s";
/// How long one statement of background work may run.
const WORKER_STATEMENT_TIMEOUT: &str = "60s";
/// How long a transaction may stand idle while it holds locks (PROTOCOLS: 5 s).
const IDLE_IN_TRANSACTION_TIMEOUT: &str = "5s";
/// The advisory lock that serialises migrations: "observe" in ASCII, cut to 31 bits.
const MIGRATION_LOCK: i64 = 0x6f62_7365;

/// A service's two ways into its schema.
#[derive(Clone, Debug)]
pub struct Database {
    app: PgPool,
    worker: PgPool,
}

/// How many connections a service may hold in each role.
#[derive(Clone, Copy, Debug)]
pub struct PoolSizes {
    /// For tenants' requests.
    pub app: u32,
    /// For background work.
    pub worker: u32,
}

impl Database {
    /// Prepares the pools. Connections are opened when they are needed, so a database that is away does not keep a
    /// service from starting.
    ///
    /// # Errors
    /// A sentence if the URL is malformed.
    pub fn open(url: &Secret, schema: &'static str, sizes: PoolSizes) -> Result<Self, StartError> {
        let options = parse(url, schema)?;
        let app = pool(options.clone(), schema, "app", APP_STATEMENT_TIMEOUT, sizes.app);
        let worker = pool(options, schema, "worker", WORKER_STATEMENT_TIMEOUT, sizes.worker);
        Ok(Self { app, worker })
    }

    /// Begins a transaction that sees one project's rows and no other: row-level security is bound to it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tenant(&self, project: ProjectId) -> sqlx::Result<Transaction<'static, Postgres>> {
        self.scoped("observe.project_id", project.uuid()).await
    }

    /// Begins a transaction that sees one scope's rows: `setting` is the name that the row policies read, such as
    /// `observe.organization_id`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn scoped(
        &self,
        setting: &'static str,
        id: sqlx::types::Uuid,
    ) -> sqlx::Result<Transaction<'static, Postgres>> {
        let mut tx = self.app.begin().await?;
        sqlx::query("select set_config($1, $2, true)")
            .bind(setting)
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        Ok(tx)
    }

    /// Returns the pool of background and cross-tenant work.
    #[must_use]
    pub fn worker(&self) -> &PgPool {
        &self.worker
    }

    /// Returns whether the database answers.
    pub async fn is_up(&self) -> bool {
        sqlx::query("select 1").execute(&self.worker).await.is_ok()
    }
}

/// Returns whether the same call can succeed later without anybody's doing.
#[must_use]
pub fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Connection trouble, resources, operator intervention, a broken disk, rollbacks by deadlock, a transaction that
        // stood idle, a lock that was not available.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "53", "57", "58", "40", "25P03", "55P03"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}

fn parse(url: &Secret, schema: &str) -> Result<PgConnectOptions, StartError> {
    let options: PgConnectOptions = url.expose().parse().map_err(|error| {
        StartError::new(format!(
            "the database URL of {schema} cannot be read ({error}); give postgres://user:password@host:5432/database"
        ))
    })?;
    // Statements may hold user data; they are never logged.
    Ok(options.application_name("observe").disable_statement_logging())
}

fn pool(
    options: PgConnectOptions,
    schema: &'static str,
    role: &'static str,
    statement_timeout: &'static str,
    size: u32,
) -> PgPool {
    PgPoolOptions::new()
        .min_connections(0)
        .max_connections(size)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(IDLE_TIMEOUT)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                let setup = format!(
                    "set role observe_{schema}_{role}; set search_path = {schema}, pg_temp;
                     set statement_timeout = '{statement_timeout}';
                     set idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION_TIMEOUT}';
                     set synchronous_commit = on; set timezone = 'UTC'"
                );
                // Only names and constants of ours go into the text.
                connection.execute(AssertSqlSafe(setup)).await?;
                Ok(())
            })
        })
        .connect_lazy_with(options)
}

/// Brings a service's schema and roles up to date; safe to run from many processes at once.
///
/// # Errors
/// A sentence if the database is away, the login lacks rights, or the schema is of a newer version.
pub async fn migrate(
    url: &Secret,
    schema: &'static str,
    migrator: &Migrator,
) -> Result<(), StartError> {
    let fail = |error: &dyn std::fmt::Display| {
        StartError::new(format!(
            "the database of {schema} could not be brought up to date: {error}"
        ))
    };
    let mut connection = parse(url, schema)?.connect().await.map_err(|error| {
        StartError::new(format!(
            "the database of {schema} does not answer ({error}); check the URL and that PostgreSQL runs"
        ))
    })?;
    // What is there already is no news.
    connection.execute("set client_min_messages = warning").await.map_err(|error| fail(&error))?;
    let lock = sqlx::query("select pg_advisory_lock($1)").bind(MIGRATION_LOCK);
    lock.execute(&mut connection).await.map_err(|error| fail(&error))?;
    provision(&mut connection, schema).await.map_err(|error| fail(&error))?;
    let owner = format!("set role observe_{schema}_owner; set search_path = {schema}");
    connection.execute(AssertSqlSafe(owner)).await.map_err(|error| fail(&error))?;
    migrator.run(&mut connection).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::VersionMissing(version) => StartError::new(format!(
            "the schema {schema} is of a newer Observe (it has migration {version}); start that version or a later one"
        )),
        other => fail(&other),
    })?;
    connection.close().await.map_err(|error| fail(&error))
}

/// Makes the roles and the schema if they are not there.
async fn provision(connection: &mut PgConnection, schema: &'static str) -> sqlx::Result<()> {
    let wal: String = sqlx::query_scalar("show fsync").fetch_one(&mut *connection).await?;
    if wal != "on" {
        return Err(sqlx::Error::Configuration(
            "fsync is off; set fsync = on, or events can be lost".into(),
        ));
    }
    let mut script = String::new();
    for role in ["owner", "app", "worker"] {
        let name = format!("observe_{schema}_{role}");
        script.push_str(&format!(
            "do $$ begin create role {name} nologin; exception when duplicate_object or unique_violation then null; end $$;
             grant {name} to current_user;"
        ));
    }
    script.push_str(&format!(
        "create schema if not exists {schema};
         do $$ begin
           if (select nspowner from pg_namespace where nspname = '{schema}') <> 'observe_{schema}_owner'::regrole then
             alter schema {schema} owner to observe_{schema}_owner;
           end if;
         end $$;
         grant usage on schema {schema} to observe_{schema}_app, observe_{schema}_worker;"
    ));
    connection.execute(AssertSqlSafe(script)).await?;
    Ok(())
}
