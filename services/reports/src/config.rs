//! What reports needs to be told.

use observe_core::Secret;
use observe_runtime::config::EnvReader;

/// The store of reports.
#[derive(Clone, Debug)]
pub struct Config {
    /// PostgreSQL.
    pub database_url: Secret,
}

impl Config {
    /// Reads the variables; what is missing becomes a problem of the reader.
    pub fn read(env: &mut EnvReader) -> Self {
        Self { database_url: env.database_url("OBSERVE_REPORTS_DATABASE_URL") }
    }
}
