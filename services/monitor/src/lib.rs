//! monitor: will own monitors, checks, incidents and alert channels.
//!
//! So far it is a service with its schema, its place in the call graph and its health, and no RPC: a contract holds only
//! what is built.

use observe_core::Secret;
use observe_runtime::config::EnvReader;
use observe_runtime::postgres::{Database, PoolSizes};
use observe_runtime::{Built, Deps, ReadyCheck, StartError};
use tonic::service::Routes;

/// The schema of monitor.
pub const SCHEMA: &str = "monitor";
/// Its migrations: none yet.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate::Migrator::DEFAULT;

/// Connections: only readiness needs one so far.
const POOLS: PoolSizes = PoolSizes { app: 1, worker: 1 };

/// What monitor needs to be told.
#[derive(Clone, Debug)]
pub struct Config {
    /// PostgreSQL.
    pub database_url: Secret,
}

impl Config {
    /// Reads the variables; what is missing becomes a problem of the reader.
    pub fn read(env: &mut EnvReader) -> Self {
        Self { database_url: env.database_url("OBSERVE_MONITOR_DATABASE_URL") }
    }
}

/// Brings the schema up to date.
///
/// # Errors
/// A sentence for the person at the terminal.
pub async fn migrate(url: &Secret) -> Result<(), StartError> {
    observe_runtime::postgres::migrate(url, SCHEMA, &MIGRATOR).await
}

/// Builds the service; nothing runs yet.
///
/// # Errors
/// A sentence if the URL is malformed.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a service takes what it is built from, like every other"
)]
pub fn build(config: Config, _deps: Deps) -> Result<Built, StartError> {
    let database = Database::open(&config.database_url, SCHEMA, POOLS)?;
    let store = ReadyCheck::new("observe.monitor", move || {
        let database = database.clone();
        async move { database.is_up().await }
    });
    Ok(Built { routes: Routes::default(), workers: Vec::new(), ready: vec![store] })
}
