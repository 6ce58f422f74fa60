//! Redis, twice: the queue, which must keep what it was given, and the cache, which may forget. Two types, so that they
//! cannot be confused.

use std::time::Duration;

use deadpool_redis::{Connection, Manager, Pool, Runtime, Timeouts};
use observe_core::Secret;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, ConnectionInfo, IntoConnectionInfo as _, RedisError};

use crate::exit::StartError;

/// How long a command may take before its outcome counts as unknown.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections of one pool; each carries many commands at once.
const POOL_SIZE: usize = 8;

/// The Redis that holds accepted events until they are stored.
#[derive(Clone)]
pub struct QueueRedis {
    pool: Pool,
    client: redis::Client,
}

/// The Redis that may lose everything at any time.
#[derive(Clone)]
pub struct CacheRedis {
    pool: Pool,
}

/// Why no command could be sent.
#[derive(Debug, thiserror::Error)]
pub enum RedisUnavailable {
    /// No connection.
    #[error("no connection: {0}")]
    Pool(#[from] deadpool_redis::PoolError),
    /// The command failed.
    #[error(transparent)]
    Command(#[from] RedisError),
    /// It would not keep what it is given.
    #[error("{0}")]
    Policy(String),
}

impl QueueRedis {
    /// Prepares the pool; nothing is connected yet.
    ///
    /// # Errors
    /// A sentence if the URL is malformed.
    pub fn open(url: &Secret) -> Result<Self, StartError> {
        let client = address(url)
            .and_then(redis::Client::open)
            .map_err(|error| malformed("OBSERVE_QUEUE_REDIS_URL", &error))?;
        Ok(Self { pool: pool(url, "OBSERVE_QUEUE_REDIS_URL")?, client })
    }

    /// Returns a pooled connection for short commands.
    ///
    /// # Errors
    /// When Redis is away.
    pub async fn connection(&self) -> Result<Connection, RedisUnavailable> {
        Ok(self.pool.get().await?)
    }

    /// Opens a connection of its own for blocking reads of up to `block`.
    ///
    /// # Errors
    /// When Redis is away.
    pub async fn dedicated(
        &self,
        block: Duration,
    ) -> Result<MultiplexedConnection, RedisUnavailable> {
        let config = connection_config(block + RESPONSE_TIMEOUT);
        Ok(self.client.get_multiplexed_async_connection_with_config(&config).await?)
    }

    /// Checks that Redis keeps what it is given: `appendonly yes`, `appendfsync always`, `no-appendfsync-on-rewrite no`,
    /// `maxmemory-policy noeviction` and a `maxmemory` (PROTOCOLS section 2).
    ///
    /// # Errors
    /// [`RedisUnavailable::Policy`] with a sentence that names every wrong setting, or the failure to ask.
    pub async fn check_policy(&self) -> Result<(), RedisUnavailable> {
        let mut connection = self.connection().await?;
        let mut wrong = Vec::new();
        for (setting, wanted) in [
            ("appendonly", "yes"),
            ("appendfsync", "always"),
            ("no-appendfsync-on-rewrite", "no"),
            ("maxmemory-policy", "noeviction"),
        ] {
            let found = setting_of(&mut connection, setting).await?;
            if found != wanted {
                wrong.push(format!("{setting} is {found:?} and must be {wanted:?}"));
            }
        }
        if setting_of(&mut connection, "maxmemory").await? == "0" {
            wrong.push("maxmemory is not set and must be, so that a full queue refuses instead of swapping".into());
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(RedisUnavailable::Policy(format!(
            "the queue Redis would lose accepted events: {}; change its configuration, or leave \
             OBSERVE_QUEUE_REDIS_URL unset for a private one",
            wrong.join(", ")
        )))
    }
}

impl CacheRedis {
    /// Prepares the pool; nothing is connected yet.
    ///
    /// # Errors
    /// A sentence if the URL is malformed.
    pub fn open(url: &Secret) -> Result<Self, StartError> {
        Ok(Self { pool: pool(url, "OBSERVE_CACHE_REDIS_URL")? })
    }

    /// Returns a pooled connection.
    ///
    /// # Errors
    /// When Redis is away; callers go on without it.
    pub async fn connection(&self) -> Result<Connection, RedisUnavailable> {
        Ok(self.pool.get().await?)
    }
}

async fn setting_of(connection: &mut Connection, name: &str) -> Result<String, RedisError> {
    let answer: Vec<String> =
        redis::cmd("CONFIG").arg("GET").arg(name).query_async(connection).await?;
    Ok(answer.into_iter().nth(1).unwrap_or_default())
}

fn pool(url: &Secret, name: &str) -> Result<Pool, StartError> {
    // The client's own default gives up after half a second, which a stalled fsync can take.
    let manager = address(url)
        .and_then(|to| Manager::new_with_config(to, connection_config(RESPONSE_TIMEOUT)))
        .map_err(|error| malformed(name, &error))?;
    let timeouts = Timeouts {
        wait: Some(RESPONSE_TIMEOUT),
        create: Some(CONNECT_TIMEOUT),
        recycle: Some(CONNECT_TIMEOUT),
    };
    Pool::builder(manager)
        .max_size(POOL_SIZE)
        .timeouts(timeouts)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| malformed(name, &error))
}

/// Reads a URL. What is sent goes at once: the end of an entry would otherwise wait up to 40 ms for the other end to confirm
/// its beginning.
fn address(url: &Secret) -> Result<ConnectionInfo, RedisError> {
    let address = url.expose().into_connection_info()?;
    Ok(address.set_tcp_settings(TcpSettings::default().set_nodelay(true)))
}

fn connection_config(response_timeout: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(response_timeout))
}

fn malformed(name: &str, error: &dyn std::fmt::Display) -> StartError {
    StartError::new(format!(
        "{name} cannot be read ({error}); give redis://host:6379 or redis+unix:///path"
    ))
}
