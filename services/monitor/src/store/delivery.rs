//! The outbox: what is to be told, who tells it, and what came of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use observe_core::Entropy;
use sqlx::types::Uuid;
use sqlx::{FromRow, PgPool};

use crate::error::Error;
use crate::incident::EntryKind;
use crate::store::channel;
use crate::webhook::{self, Attempt};

/// How long a claimed message is left to who claimed it: longer than an attempt takes.
const LEASE_S: f64 = 45.0;
/// How long a channel may fail before it is disabled, in days.
const FAILING_DAYS_MAX: i32 = 5;

/// A message that is ours to send.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Claim {
    pub(crate) id: Uuid,
    pub(crate) channel_id: Uuid,
    pub(crate) incident_id: Uuid,
    pub(crate) project_id: Uuid,
    pub(crate) channel_name: String,
    pub(crate) url: String,
    pub(crate) secret: Vec<u8>,
    pub(crate) body: String,
    pub(crate) attempt: i32,
    pub(crate) now: DateTime<Utc>,
}

/// Of one incident and channel only the first message that waits is sent: the others follow it.
const CLAIM: &str = "
    with due as (
        select d.id from delivery d
        where d.state = 0 and d.due_at <= clock_timestamp() and d.lease_until < clock_timestamp()
          and not exists (
              select from delivery e
              where e.channel_id = d.channel_id and e.incident_id = d.incident_id and e.number < d.number and e.state = 0
          )
        order by d.due_at, d.number
        limit $1
        for update of d skip locked
    )
    update delivery d set lease_token = $2, lease_until = clock_timestamp() + $3 * interval '1 second'
    from due, alert_channel c
    where d.id = due.id and c.id = d.channel_id
    returning d.id, d.channel_id, d.incident_id, d.project_id, c.name as channel_name, c.url, c.secret, d.body, d.attempt,
              clock_timestamp() as now";

/// Takes messages that are due, at most `limit`, under a lease of this name.
pub(crate) async fn claim(pool: &PgPool, lease: Uuid, limit: i64) -> Result<Vec<Claim>, Error> {
    let claims =
        sqlx::query_as(CLAIM).bind(limit).bind(lease).bind(LEASE_S).fetch_all(pool).await?;
    Ok(claims)
}

/// What becomes of a message after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Delivered,
    Again(Duration),
    GivenUp,
}

/// Notes what came of an attempt: the message's fate, the channel's, and a line in the incident's timeline. An attempt whose
/// lease another has taken over changes nothing.
pub(crate) async fn finish(
    pool: &PgPool,
    claim: &Claim,
    lease: Uuid,
    attempt: &Attempt,
    entropy: &dyn Entropy,
) -> Result<(), Error> {
    let fate = if attempt.delivered {
        Fate::Delivered
    } else if attempt.gone {
        Fate::GivenUp
    } else {
        match webhook::retry_after(claim.attempt, entropy) {
            Some(wait) => Fate::Again(wait.max(attempt.retry_after.unwrap_or_default())),
            None => Fate::GivenUp,
        }
    };
    let (state, wait) = match fate {
        Fate::Delivered => (1_i16, Duration::ZERO),
        Fate::Again(wait) => (0, wait),
        Fate::GivenUp => (2, Duration::ZERO),
    };
    let mut tx = pool.begin().await?;
    let changed = sqlx::query(
        "update delivery
         set state = $3, attempt = attempt + 1, due_at = clock_timestamp() + $4 * interval '1 second',
             lease_token = null, lease_until = '-infinity'
         where id = $1 and lease_token = $2 and state = 0",
    )
    .bind(claim.id)
    .bind(lease)
    .bind(state)
    .bind(wait.as_secs_f64())
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(());
    }
    channel::note_attempt(&mut tx, claim.channel_id, attempt, claim.now).await?;
    let disabled: Option<String> = sqlx::query_scalar(
        "update alert_channel
         set failing_since = case when $2 then null else coalesce(failing_since, $3) end,
             disabled_reason = case
                 when $2 or disabled_reason <> '' then disabled_reason
                 when $4 then 'the receiver said that it is gone (410)'
                 when failing_since < clock_timestamp() - make_interval(days => $5) then 'it failed for five days'
                 else '' end
         where id = $1
         returning disabled_reason",
    )
    .bind(claim.channel_id)
    .bind(attempt.delivered)
    .bind(claim.now)
    .bind(attempt.gone)
    .bind(FAILING_DAYS_MAX)
    .fetch_optional(&mut *tx)
    .await?;
    if disabled.as_deref().is_some_and(|reason| !reason.is_empty()) {
        // Nothing is sent to a disabled channel; what it missed would be old when it is enabled again.
        sqlx::query("update delivery set state = 2 where channel_id = $1 and state = 0")
            .bind(claim.channel_id)
            .execute(&mut *tx)
            .await?;
    }
    let (kind, text) = line(claim, attempt, fate);
    sqlx::query(
        "insert into incident_entry (incident_id, project_id, at, kind, text) values ($1, $2, clock_timestamp(), $3, $4)",
    )
    .bind(claim.incident_id)
    .bind(claim.project_id)
    .bind(kind as i16)
    .bind(text)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Returns the line of a timeline that tells of an attempt.
fn line(claim: &Claim, attempt: &Attempt, fate: Fate) -> (EntryKind, String) {
    let (name, why) = (&claim.channel_name, &attempt.message);
    match fate {
        Fate::Delivered => (EntryKind::AlertDelivered, format!("{name} was told.")),
        Fate::Again(wait) => {
            let text = format!("{name} could not be told: {why}. Next attempt in {}.", shown(wait));
            (EntryKind::AlertFailed, text)
        }
        Fate::GivenUp => {
            (EntryKind::AlertFailed, format!("{name} could not be told: {why}. Given up."))
        }
    }
}

fn shown(wait: Duration) -> String {
    match wait.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7_199 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

/// Removes messages that have been told or given up for a while. Returns how many.
pub(crate) async fn expire(pool: &PgPool, days: i32, limit: i64) -> Result<u64, Error> {
    let removed = sqlx::query(
        "delete from delivery where id in (
             select id from delivery where state <> 0 and created_at < now() - make_interval(days => $1) limit $2)",
    )
    .bind(days)
    .bind(limit)
    .execute(pool)
    .await?;
    Ok(removed.rows_affected())
}
