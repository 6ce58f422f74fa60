//! What events needs to be told.

use observe_core::Secret;
use observe_runtime::config::EnvReader;

use crate::trap::Trap;

/// The stores of events.
#[derive(Clone, Debug)]
pub struct Config {
    /// PostgreSQL.
    pub database_url: Secret,
    /// The queue Redis.
    pub queue_redis_url: Secret,
    /// An event that ends its reader, for tests.
    pub trap: Trap,
}

impl Config {
    /// Reads the variables; what is missing becomes a problem of the reader.
    pub fn read(env: &mut EnvReader) -> Self {
        Self {
            database_url: env.database_url("OBSERVE_EVENTS_DATABASE_URL"),
            queue_redis_url: env.required_secret("OBSERVE_QUEUE_REDIS_URL"),
            trap: Trap::read(env),
        }
    }
}
