//! Why a batch was not stored.

use observe_runtime::redis::RedisUnavailable;

use crate::queue::ReadError;

/// Classes of SQLSTATE by which PostgreSQL refuses the data itself: cardinality, data, integrity, program limits.
const DATA_CLASSES: [&str; 4] = ["21", "22", "23", "54"];
/// A partition that is missing, and a key that is there already: neither is the data's fault.
const NEVER_DATA: [&str; 2] = ["23514", "23505"];

/// Why a batch was not stored.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// Somebody else reads the shard now; nothing was stored.
    #[error("the lease was lost")]
    LeaseLost,
    /// PostgreSQL refused, or is away.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The queue is away.
    #[error(transparent)]
    Queue(#[from] RedisUnavailable),
    /// An entry cannot be read.
    #[error(transparent)]
    Entry(ReadError),
}

impl From<ReadError> for ConsumeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Redis(error) => Self::Queue(error.into()),
            entry @ ReadError::Entry(..) => Self::Entry(entry),
        }
    }
}

impl From<redis::RedisError> for ConsumeError {
    fn from(error: redis::RedisError) -> Self {
        Self::Queue(error.into())
    }
}

impl ConsumeError {
    /// Returns whether trying again will not help: the data itself is refused, or an entry cannot be read.
    #[must_use]
    pub fn holds_shard(&self) -> bool {
        match self {
            Self::Entry(_) => true,
            Self::Database(error) => refuses_data(error),
            _ => false,
        }
    }
}

/// Returns whether PostgreSQL refused the data itself. An outage, a full disk or a lock that was not available is no such
/// refusal, nor is a partition that is missing or a key that is there already.
#[must_use]
pub fn refuses_data(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| {
        DATA_CLASSES.iter().any(|class| code.starts_with(class))
            && !NEVER_DATA.contains(&code.as_ref())
    })
}
