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
    /// The reader panicked.
    #[error("the reader crashed")]
    Panicked,
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
    /// Returns whether trying again the same way will not help: the data itself is refused, or an entry cannot be read.
    #[must_use]
    pub fn holds_shard(&self) -> bool {
        match self {
            Self::Entry(_) | Self::Panicked => true,
            Self::Database(error) => refuses_data(error),
            Self::LeaseLost | Self::Queue(_) => false,
        }
    }
}

impl ConsumeError {
    /// Returns why events wait, in words that quote nothing of an event; `None` where the one who asks cannot be told either,
    /// because a store is away, and where nothing is wrong.
    #[must_use]
    pub fn stall(&self) -> Option<String> {
        let error = match self {
            Self::Entry(_) | Self::Panicked => return Some(self.to_string()),
            Self::Database(error) => error.as_database_error()?,
            Self::LeaseLost | Self::Queue(_) => return None,
        };
        let code = error.code()?;
        Some(match &code[..code.len().min(2)] {
            "53" => {
                format!("PostgreSQL has no room left, or no more of something it needs ({code})")
            }
            class if DATA_CLASSES.contains(&class) => {
                format!("PostgreSQL refuses a batch, and no single event of it ({code})")
            }
            _ => format!("PostgreSQL answers with an error ({code})"),
        })
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
