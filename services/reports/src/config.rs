//! What reports needs to be told.

use observe_core::Secret;
use observe_runtime::config::EnvReader;

/// The stores of reports.
#[derive(Clone, Debug)]
pub struct Config {
    /// PostgreSQL.
    pub database_url: Secret,
    /// The cache Redis, where answers are kept a little while; without it every question is computed.
    pub cache_redis_url: Option<Secret>,
}

impl Config {
    /// Reads the variables; what is missing becomes a problem of the reader.
    pub fn read(env: &mut EnvReader) -> Self {
        Self {
            database_url: env.database_url("OBSERVE_REPORTS_DATABASE_URL"),
            cache_redis_url: env.secret("OBSERVE_CACHE_REDIS_URL"),
        }
    }
}
