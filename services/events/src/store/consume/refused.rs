//! Finds the events that PostgreSQL refuses, after it refused a batch for its data.
//!
//! Parts of the batch are tried in transactions of their own that are rolled back, without any lock; no event counts as
//! refused that was not refused alone. One such event among n costs at most 2 log2(n) + 1 of them.

use std::time::{Duration, Instant};

use sqlx::postgres::PgDatabaseError;
use sqlx::{Connection as _, PgConnection, PgPool};

use super::Lease;
use super::error::{ConsumeError, refuses_data};
use super::stage::{self, Staged};
use crate::store::shard;

/// How often the lease is prolonged meanwhile.
const RENEW_INTERVAL: Duration = Duration::from_secs(2);

/// The insert that PostgreSQL may refuse; it takes no keys and no locks.
const TRY: &str = "insert into event (project_id, uuid, name, distinct_id, time, arrival, received_at, session_id, properties,
         shard, sequence)
     select project_id, uuid, name, distinct_id, time, arrival, received_at, session_id, properties, 0, 0
     from pg_temp.stage";

/// An event that PostgreSQL refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its place in the batch.
    pub ordinal: usize,
    /// PostgreSQL's code.
    pub sqlstate: String,
    /// PostgreSQL's words. They may quote the event.
    pub reason: String,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The refused events, by ordinal.
    pub refused: Vec<Refused>,
    /// How many transactions it took.
    pub tries: usize,
}

/// Finds the refused among the events with the given ordinals, of which at least one is refused. Under a lease, which is
/// prolonged as long as that takes; a caller without one (a redrive, the direct way) gives `None`.
///
/// # Errors
/// When PostgreSQL is away, or the lease was lost; nothing is known then.
pub async fn find(
    pool: &PgPool,
    events: &[Staged],
    ordinals: &[usize],
    lease: Option<(Lease, Duration)>,
) -> Result<Found, ConsumeError> {
    let mut found = Found::default();
    // Parts to be looked at, and whether each is known to hold a refused event.
    let mut parts: Vec<(&[usize], bool)> = vec![(ordinals, true)];
    let mut renewed = Instant::now();
    while let Some((part, certain)) = parts.pop() {
        if renewed.elapsed() >= RENEW_INTERVAL {
            prolong(pool, lease).await?;
            renewed = Instant::now();
        }
        if let [ordinal] = part {
            found.tries += 1;
            if let Some(error) = attempt(pool, events, part).await? {
                found.refused.push(refused(*ordinal, &error));
            }
            continue;
        }
        if !certain {
            found.tries += 1;
            if attempt(pool, events, part).await?.is_none() {
                continue;
            }
        }
        let (left, right) = part.split_at(part.len() / 2);
        found.tries += 1;
        match attempt(pool, events, left).await? {
            // What the whole holds must be in the other half, which need not be tried as a whole.
            None => parts.push((right, true)),
            Some(error) => {
                parts.push((right, false));
                match left {
                    [ordinal] => found.refused.push(refused(*ordinal, &error)),
                    _ => parts.push((left, true)),
                }
            }
        }
    }
    found.refused.sort_unstable_by_key(|refused| refused.ordinal);
    Ok(found)
}

async fn prolong(pool: &PgPool, lease: Option<(Lease, Duration)>) -> Result<(), ConsumeError> {
    let Some((Lease { shard, owner, fence }, length)) = lease else { return Ok(()) };
    if shard::renew(pool, shard, owner, fence, length).await? {
        Ok(())
    } else {
        Err(ConsumeError::LeaseLost)
    }
}

/// Tries to store some of the events, and takes it back. Returns the refusal, if they are refused for their data.
async fn attempt(
    pool: &PgPool,
    events: &[Staged],
    ordinals: &[usize],
) -> Result<Option<sqlx::Error>, ConsumeError> {
    let mut connection = pool.acquire().await?;
    let mut tx = connection.begin().await?;
    let tried = insert(&mut tx, events, ordinals).await;
    tx.rollback().await?;
    match tried {
        Ok(()) => Ok(None),
        Err(ConsumeError::Database(error)) if refuses_data(&error) => Ok(Some(error)),
        Err(error) => Err(error),
    }
}

async fn insert(
    tx: &mut PgConnection,
    events: &[Staged],
    ordinals: &[usize],
) -> Result<(), ConsumeError> {
    stage::stage(tx, events, ordinals).await?;
    sqlx::query(TRY).execute(&mut *tx).await?;
    Ok(())
}

fn refused(ordinal: usize, error: &sqlx::Error) -> Refused {
    let database = error.as_database_error();
    let code = database.and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
    let detail = database
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
        .and_then(PgDatabaseError::detail);
    let message = database.map(sqlx::error::DatabaseError::message).unwrap_or_default();
    let reason = match detail {
        Some(detail) => format!("{message}: {detail}"),
        None => message.to_owned(),
    };
    Refused { ordinal, sqlstate: code.into_owned(), reason }
}
